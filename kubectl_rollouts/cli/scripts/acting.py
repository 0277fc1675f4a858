"""Actions with what scripts ask for: many rollouts, waits, dry runs, diffs, guards, reports.

The action itself is the plain command: it is called once for each rollout, with a session that catches what it
says and a client that records what it sends. So there is one path, whatever the flags.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple, cast

from kubectl_rollouts.cli.app import app_of
from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.output.objects import ObjectPrinter, object_printer
from kubectl_rollouts.cli.pflag import Parsed
from kubectl_rollouts.cli.scripts.following import RESOURCES, Follows, follows, target_of
from kubectl_rollouts.cli.scripts.reporting import Reporter
from kubectl_rollouts.cli.scripts.selecting import SELECTION, check_operands, chosen, confirm, select, selects, waves
from kubectl_rollouts.cli.scripts.waiting import check_log_format
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.recording import Guards, RecordingClient, Sent
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.release.wait import Target, Wish, common_status, status_of

MOST_PARALLEL = 64
_VERBS = {"set image": "update"}


class Done(NamedTuple):
    """What came of one action: what it said (text and line end), what it sent, or why it failed."""

    target: Target
    said: list[tuple[str, str]]
    sent: list[Sent]
    failure: Failure | None
    seconds: float


class CatchingSession(Session):
    """A session for one call of an action: what it says is kept, its client records and belongs to one namespace."""

    def __init__(self, session: Session, parsed: Parsed, client: Client, tell: Callable[[str], None]) -> None:
        self.__dict__.update(session.__dict__)
        self.parsed = parsed
        self.said: list[tuple[str, str]] = []
        self._client = client
        self._tell = tell

    def say(self, text: str, end: str = "\n") -> None:
        """Keep a result."""
        self.said.append((text, end))

    def warn(self, text: str) -> None:
        """Pass on a line for the person."""
        self._tell(text)


class Action:
    """One command line, to be carried out on any rollout."""

    def __init__(self, session: Session, tell: Callable[[str], None]) -> None:
        """Read the flags. Raises Failure for those that do not go together."""
        parsed = session.parsed
        values = parsed.values
        self.session = session
        self._parsed = parsed
        self._tell = tell
        self.path = parsed.command.path
        self.dry_run = _dry_run(parsed)
        self.diff = bool(values.get("diff"))
        self.version = str(values.get("resource-version", ""))
        self.revision = cast(int, values.get("as-of-revision", 0))
        if self.revision < 0:
            raise Failure("--as-of-revision may not be negative")
        self.wish: Wish | None = None
        self.follows: Follows | None = None
        if "wait" in values:
            self.follows = follows(parsed)
            self.wish = self.follows.wish
            if self.dry_run:
                raise Failure("--wait and --dry-run exclude each other: nothing happens that could be waited for")
        elif given := [name for name in ("timeout", "tolerate", "through-pauses") if name in values]:
            raise Failure(f"--{given[0]} needs --wait")
        if values.get("watch") and (self.dry_run or self.follows):
            other = "--dry-run" if self.dry_run else "--wait"
            raise Failure(f"--watch and {other} exclude each other")
        self.objects: ObjectPrinter | None = object_printer(session)
        self._app = app_of(parsed.command)

    @property
    def exact(self) -> bool:
        """Whether the exit status says what went wrong, rather than that something did."""
        return self.wish is not None or bool(self._parsed.values.get("exit-code"))

    def carry_out(self, target: Target) -> Done:
        """Act on one rollout."""
        resource = RESOURCES.get(self.path, ROLLOUTS)
        guards = Guards(resource, target.namespace, target.name, self.version, self.revision)
        client = RecordingClient(
            self.session.client(), dry_run=self.dry_run, compare=self.diff, guards=guards if guards else None
        )
        client.namespace = target.namespace
        parsed = Parsed(self._parsed.command)
        # A failure is to come out of the call: going on after it is this module's business.
        parsed.values = {name: value for name, value in self._parsed.values.items() if name != "keep-going"}
        parsed.operands = [target.name, self._parsed.operands[-1]] if self.path == "set image" else [target.name]
        if self.path.startswith("create"):
            parsed.operands = []
        session = CatchingSession(self.session, parsed, client, self._tell)
        failure = None
        started = time.monotonic()
        try:
            self._app.run(session, parsed)
        except Failure as caught:
            failure = caught
        return Done(target, session.said, client.sent, failure, time.monotonic() - started)


def act(session: Session) -> int:
    """Carry out an action's line and return the exit status. Raises Failure before anything is done."""
    parsed = session.parsed
    check_log_format(parsed)
    notes: list[Callable[[str], None]] = [session.warn]
    action = Action(session, lambda text: notes[0](text))
    check_operands(parsed)
    many = selects(parsed)
    if many and not any(parsed.values.get(name) for name in SELECTION):
        raise Failure("-A needs --all, or a selection of rollouts")
    parallel, order = _parallel(parsed), str(parsed.values.get("order", ""))
    if many:
        found = select(session)
        named = bool(parsed.values.get("all-namespaces"))
        plan = waves(found, order)
        if not found:
            session.warn("No rollout is in that state now.")
            Reporter(session).finish()
            return 0
        if not action.dry_run and not confirm(session, _VERBS.get(action.path, action.path.split()[0]), found, named):
            return 1
    else:
        if order:
            raise Failure("--order needs a selection of rollouts")
        targets, named = chosen(session, _names(parsed))
        plan = [targets]
        parallel = 1
    count = sum(map(len, plan))
    if action.version and count > 1:
        raise Failure("--resource-version is of one rollout: name it")
    reporter = Reporter(session, many=named, reached=action.follows.reached if action.follows else "")
    reporter.expected = [target for wave in plan for target in wave if target.name]
    notes[0] = reporter.note
    go_on = not parsed.values.get("stop-on-error") if many else bool(parsed.values.get("keep-going"))
    try:
        statuses = _waves(action, plan, parallel, reporter, go_on=go_on)
    finally:
        reporter.finish()
    if many:
        failed = sum(bool(status) for status in statuses)
        left = count - len(statuses)
        session.warn(
            f"{len(statuses) - failed} of {count} done"
            + (f", {failed} failed" if failed else "")
            + (f", {left} not begun" if left else "")
        )
    return common_status(statuses) if action.exact else int(any(statuses))


def _waves(action: Action, plan: list[list[Target]], parallel: int, reporter: Reporter, *, go_on: bool) -> list[int]:
    """Act wave by wave, each waited for before the next one; the exit status of each rollout that was acted on."""
    statuses: list[int] = []
    for wave in plan:
        fine: list[Done] = []
        for done in side_by_side(action.carry_out, wave, parallel, lambda done: go_on or done.failure is None):
            status = _report(action, done, reporter)
            if status:
                statuses.append(status)
            else:
                fine.append(done)
        if action.follows is not None and fine:
            sent = [(done.target, [one.after for one in done.sent]) for done in fine]
            statuses += action.follows.run(action.session.client(), sent, reporter)
        else:
            statuses += [0] * len(fine)
        if any(statuses) and not go_on:
            break
    return statuses


def _report(action: Action, done: Done, reporter: Reporter) -> int:
    """Say what came of one action; the exit status of it. What was done before it failed is said, too."""
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(action.dry_run, "")
    for number, (text, end) in enumerate(done.said):
        said = text if not reporter.many else _with_namespace(text, done.target)
        if action.wish is None and done.failure is None:
            target = done.target if done.target.name else target_of(done.sent[number].after)
            reporter.succeeded(target, said + suffix, done.seconds, end="\n" if suffix else end)
        else:
            reporter.say(said + suffix)
    if action.objects is not None and (done.failure is None or done.said):
        resource = RESOURCES.get(action.path, ROLLOUTS)
        action.objects.show(done.sent, resource, done.target.namespace, done.target.name)
    _show(action, done, reporter)
    if done.failure is not None:
        status = status_of(done.failure) if action.exact else done.failure.exit_status
        text = str(done.failure)
        if done.target.name not in text:
            text = f"rollout '{reporter.name(done.target)}': {text}"
        reporter.failed(done.target, text, status, done.seconds)
        return status
    return 0


def _with_namespace(text: str, target: Target) -> str:
    for mark in "'\"":
        text = text.replace(f"{mark}{shown(target.name)}{mark}", f"{mark}{shown('/'.join(target))}{mark}", 1)
    return text


def _show(action: Action, done: Done, reporter: Reporter) -> None:
    """Show the requests of a dry run, and the differences if they were asked for."""
    for sent in done.sent:
        if action.dry_run == "client":
            import msgspec

            body = msgspec.json.encode(sent.body).decode()
            reporter.say(shown(f"  {sent.method} {sent.path}\n  {body}"))
        if action.diff:
            from kubectl_rollouts.view.diff import object_diff

            kind = str(sent.after.get("kind") or "object").lower()
            meta = sent.after.get("metadata") or {}
            name = meta.get("name") or f"{meta.get('generateName') or ''}…"
            text = object_diff(sent.before, sent.after, f"{kind}/{name}", reporter.colored)
            reporter.say(text or "  no difference")


def side_by_side(
    act: Callable[[Target], Done], targets: Iterable[Target], parallel: int, go_on: Callable[[Done], bool]
) -> Iterator[Done]:
    """Act on all targets, at most `parallel` at a time, and yield what came of each as soon as it is known.

    Once `go_on` says no, nothing more is begun; what was begun is still yielded. An exception that is no Failure is
    raised here.
    """
    todo = list(targets)[::-1]
    if parallel <= 1 or len(todo) <= 1:
        while todo:
            done = act(todo.pop())
            yield done
            if not go_on(done):
                return
        return
    results: SimpleQueue[Any] = SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                target = todo.pop()
            except IndexError:
                break
            try:
                done = act(target)
            except BaseException as error:
                results.put(error)
                break
            if not go_on(done):
                stopped.set()
            results.put(done)
        results.put(None)

    workers = min(parallel, len(todo))
    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    while workers:
        item = results.get()
        if item is None:
            workers -= 1
        elif isinstance(item, BaseException):
            stopped.set()
            raise item
        else:
            yield item


def _names(parsed: Parsed) -> list[str]:
    """The names among the operands."""
    if parsed.command.path == "set image":
        return parsed.operands[:1]
    if parsed.command.path.startswith("create"):
        return [""]
    return parsed.operands


def _dry_run(parsed: Parsed) -> str:
    wanted = str(parsed.values.get("dry-run", "none"))
    if wanted not in ("none", "client", "server"):
        raise Failure(f'invalid argument {quote(wanted)} for "--dry-run" flag: must be none, server or client')
    return "" if wanted == "none" else wanted


def _parallel(parsed: Parsed) -> int:
    number = cast(int, parsed.values.get("parallel", 10))
    if not 1 <= number <= MOST_PARALLEL:
        raise Failure(f'invalid argument "{number}" for "--parallel" flag: must be between 1 and {MOST_PARALLEL}')
    return number
