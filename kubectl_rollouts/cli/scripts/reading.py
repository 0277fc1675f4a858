"""`get`, `list` and `status` with what scripts ask for: selections, endings, exact exit statuses."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

from kubectl_rollouts.cli.app import app_of
from kubectl_rollouts.cli.scripts.reporting import Reporter
from kubectl_rollouts.cli.scripts.selecting import check_operands, select, selects, shown_status
from kubectl_rollouts.cli.scripts.waiting import path_text_of, reached_text, wish_of
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.wait import Listener, Outcome, Target, Waiter, Wish, common_status, status_of
from kubectl_rollouts.rollout.goals import DEGRADED, ERROR, NOT_FOUND, PAUSED, Terms, facts, parse_goal

if TYPE_CHECKING:
    from queue import SimpleQueue
    from typing import Any


def read(session: Session) -> int:
    """Carry out a line of `get`, `list` or `status` and return the exit status. Raises Failure."""
    parsed = session.parsed
    path, values = parsed.command.path, parsed.values
    if path == "list experiments":
        return _list_experiments(session)
    if path == "list rollouts":
        return _list_rollouts(session)
    if selects(parsed):
        return _get_many(session) if path == "get rollout" else _status_many(session)
    check_operands(parsed)
    if path == "get rollout" and values.get("until"):
        return _get_until(session)
    if path == "status" and (values.get("success-on-pause") or values.get("fail-on-abort")):
        return _status(session)
    return _plain(session)


def _plain(session: Session) -> int:
    """The plain command, its exit status made exact (--exit-code): the status that it showed decides."""
    parsed = session.parsed
    status = app_of(parsed.command).run(session, parsed)
    once = parsed.command.path == "get rollout" or not parsed.value("watch")
    if status or not parsed.values.get("exit-code") or parsed.command.path == "get experiment" or not once:
        return status
    from kubectl_rollouts.release.resources import ROLLOUTS

    return _status_of(session.client().get(ROLLOUTS, session.namespace, parsed.operands[0]))


def _status_of(raw: dict[str, Any]) -> int:
    now = facts(raw)
    if now.phase.status == "Degraded":
        return DEGRADED
    return PAUSED if now.endless_pause else 0


# --- list ----------------------------------------------------------------------------------------------------------


def _list_rollouts(session: Session) -> int:
    from kubectl_rollouts.cli.list_ import NOTHING
    from kubectl_rollouts.release.listing import list_rollouts, name_selector
    from kubectl_rollouts.view.lists import rollouts_table

    values = session.parsed.values
    everywhere, name = bool(values.get("all-namespaces")), str(values.get("name", ""))
    fields = ",".join(filter(None, (name_selector(name), str(values.get("field-selector", "")))))
    labels = str(values.get("selector", ""))
    namespace = "" if everywhere else session.namespace
    states = bool(values.get("phase") or values.get("awaiting-promotion"))
    if values.get("watch"):
        if states:
            raise Failure("--phase and --awaiting-promotion cannot be watched: a rollout would leave the list unseen")
        from kubectl_rollouts.cli.list_watch import watch_rollouts

        return watch_rollouts(session, namespace, name, bool(values.get("timestamps")), labels=labels, fields=fields)
    rows = list_rollouts(session.client(), namespace, fields=fields, labels=labels).rows
    if states and rows:
        there = {each.target for each in select(session)}
        rows = [row for row in rows if Target(row.namespace, row.name) in there]
    if not rows:
        session.warn(NOTHING)
        return 0
    times = [time.time()] * len(rows) if values.get("timestamps") else None
    session.say(rollouts_table(rows, namespaces=everywhere, times=times), end="")
    if not values.get("exit-code"):
        return 0
    return common_status(DEGRADED if row.status == "Degraded" else 0 for row in rows)


def _list_experiments(session: Session) -> int:
    from kubectl_rollouts.cli.list_ import NOTHING
    from kubectl_rollouts.release.listing import list_experiments
    from kubectl_rollouts.view.lists import experiments_table

    values = session.parsed.values
    everywhere = bool(values.get("all-namespaces"))
    rows = list_experiments(
        session.client(),
        "" if everywhere else session.namespace,
        fields=str(values.get("field-selector", "")),
        labels=str(values.get("selector", "")),
    ).rows
    if not rows:
        session.warn(NOTHING)
        return 0
    session.say(experiments_table(rows, time.time(), namespaces=everywhere), end="")
    return 0


# --- get -----------------------------------------------------------------------------------------------------------


def _get_many(session: Session) -> int:
    """The screens of the rollouts chosen, one after the other, a blank line between them."""
    from kubectl_rollouts.cli.get import show
    from kubectl_rollouts.release.resources import ROLLOUTS

    values = session.parsed.values
    if values.get("watch"):
        raise Failure("--watch follows one rollout: name it")
    found = select(session)
    color = session.colored(bool(values.get("no-color")))
    status = 0
    for number, each in enumerate(found):
        if number:
            session.say("")
        status |= show(session, ROLLOUTS, each.target.name, color, each.target.namespace)
    if status or not values.get("exit-code"):
        return status
    return shown_status(found, exact=True)


class _Ends(Listener):
    """Ends a watched screen once a wait beside it is over."""

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self.failure: BaseException | None = None

    def ended(self, target: Target, outcome: Outcome) -> None:
        """Keep how it ended."""
        self.outcome = outcome


def _get_until(session: Session) -> int:
    """`get --watch --until GOAL`: the screen, until the rollout is there or will not be."""
    from kubectl_rollouts.cli.get_watch import watch_rollout
    from kubectl_rollouts.cli.main import INTERRUPTED
    from kubectl_rollouts.cli.output.get_watch import lines_wanted

    parsed = session.parsed
    values = parsed.values
    if not values.get("watch"):
        raise Failure("--until needs --watch")
    goals = (parse_goal(str(values["until"])),)
    seconds = float(cast(int, parsed.value("timeout-seconds")))
    wish = Wish(goals, Terms(path_text=path_text_of(goals)), timeout=0.0)
    target = Target(session.namespace, parsed.operands[0])
    ends = _Ends()
    done = threading.Event()

    def wait(updates: SimpleQueue[Any]) -> None:
        def follow() -> None:
            try:
                Waiter(session.client(), [target], wish, ends).run()
            except BaseException as error:
                ends.failure = error
            time.sleep(_LAST_FRAME if session.is_terminal else 0.0)  # the screen is to show what ended it
            done.set()
            updates.put(None)

        threading.Thread(target=follow, daemon=True).start()

    color = session.colored(bool(values.get("no-color")))
    started = time.monotonic()
    try:
        watch_rollout(session, target.name, color, seconds, until=wait)
    except Failure as failure:
        if goals[0].kind != "deleted" or status_of(failure) != NOT_FOUND:
            raise
        session.warn(f"rollout '{shown(target.name)}' {reached_text(goals)}")
        return 0
    if isinstance(ends.failure, Failure):
        raise ends.failure
    outcome = ends.outcome
    if outcome is not None and not session.is_terminal and not lines_wanted(session):
        _last_frame(session, target.name, color)
    exact = bool(values.get("exit-code"))
    if outcome is None or not done.is_set():  # interrupted, or --timeout-seconds
        if not seconds or time.monotonic() - started < seconds:
            return INTERRUPTED
        raise Failure(f"rollout '{target.name}' timed out: not {goals[0].text}", script_status=4)
    if outcome.status:
        session.warn(f"Error: rollout '{target.name}' {' '.join(outcome.reason.split())}")
        return outcome.status if exact else ERROR
    session.warn(f"rollout '{target.name}' {reached_text(goals)}")
    return 0


_LAST_FRAME = 0.5  # seconds


def _last_frame(session: Session, name: str, color: bool) -> None:
    """Send a pipe the state that ended the watch: its frames come at a pace, and that one may not have been due."""
    from kubectl_rollouts.cli.get import show
    from kubectl_rollouts.release.resources import ROLLOUTS
    from kubectl_rollouts.view.exact import CLEAR

    if not session.client().list(ROLLOUTS, session.namespace, field_selector=f"metadata.name={name}").items:
        return  # deleted: the last frame stands
    session.say(CLEAR, end="")
    show(session, ROLLOUTS, name, color)


# --- status --------------------------------------------------------------------------------------------------------


def _status(session: Session) -> int:
    """`status` of one rollout with more endings."""
    from kubectl_rollouts.cli.status_watch import watch_status

    parsed = session.parsed
    pause, abort = bool(parsed.values.get("success-on-pause")), bool(parsed.values.get("fail-on-abort"))
    timeout = cast(int, parsed.value("timeout")) / 1e9
    name = parsed.operands[0]
    return watch_status(session, name, timeout, pause=pause, abort=abort, once=not parsed.value("watch"))


def _status_many(session: Session) -> int:
    """`status` of the rollouts chosen: a line for each, as they are or, with --watch, once they are settled."""
    parsed = session.parsed
    values = parsed.values
    found = select(session)
    several = bool(values.get("all-namespaces"))
    exact = bool(values.get("exit-code"))
    if not parsed.value("watch"):
        for each in found:
            name = "/".join(each.target) if several else each.target.name
            session.say(shown(f"{name}: {each.phase}" + (f" - {each.message}" if each.message else "")))
        return shown_status(found, exact=exact)
    texts = ("healthy", "paused") if values.get("success-on-pause") else ("healthy",)
    goals = tuple(map(parse_goal, texts))
    wish = wish_of(parsed, goals, final=False)
    terms = wish.terms._replace(any=True, through_pauses=True)
    reporter = Reporter(session, many=several)
    try:
        targets = [each.target for each in found]
        outcomes = Waiter(session.client(), targets, wish._replace(terms=terms), reporter).run()
    finally:
        reporter.finish()
    statuses = [outcome.status for outcome in outcomes.values()]
    return common_status(statuses) if exact else int(any(statuses))
