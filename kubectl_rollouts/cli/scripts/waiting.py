"""`wait`, and what the waiting flags of other commands mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.scripts.reporting import Reporter
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.wait import Waiter, Wish, common_status
from kubectl_rollouts.rollout.goals import PLAIN_GOALS, Goal, Terms, parse_goal

if TYPE_CHECKING:
    from kubectl_rollouts.cli.pflag import Parsed


def wait_for(session: Session) -> int:
    """Carry out `wait`: the names, or what the selection flags choose. Returns the exit status; raises Failure."""
    from kubectl_rollouts.cli.scripts.selecting import chosen

    parsed = session.parsed
    goals = tuple(parse_goal(text) for text in cast(list[str], parsed.value("for")) or ["healthy"])
    wish = wish_of(parsed, goals, final=False)
    check_log_format(parsed)
    targets, several = chosen(session, parsed.operands)
    reporter = Reporter(session, many=several, reached=reached_text(goals, wish.terms.any))
    reporter.expected = targets
    try:
        outcomes = Waiter(session.client(), targets, wish, reporter).run()
    except Failure as failure:
        reporter.abandoned(targets, failure)
        raise
    finally:
        reporter.finish()
    return common_status(outcome.status for outcome in outcomes.values())


def wish_of(parsed: Parsed, goals: tuple[Goal, ...], *, final: bool) -> Wish:
    """What the flags say about how to wait. Raises Failure."""
    values = parsed.values
    timeout = duration(parsed, "timeout")
    tolerate = duration(parsed, "tolerate") if "tolerate" in values else 0.0
    terms = Terms(
        any=bool(values.get("any")),
        through_pauses=bool(values.get("through-pauses")),
        final=final,
        path_text=path_text_of(goals),
    )
    return Wish(goals, terms, timeout, tolerate)


def duration(parsed: Parsed, name: str) -> float:
    """The seconds that a flag says. Raises Failure when they are negative."""
    value = cast(int, parsed.value(name))
    if value < 0:
        raise Failure(f"--{name} may not be negative")
    return value / 1e9


def path_text_of(goals: tuple[Goal, ...]) -> object:
    """What evaluates the JSONPaths of goals; None when there are none. Raises Failure for a path that is none."""
    if not any(goal.kind == "jsonpath" for goal in goals):
        return None
    from kubectl_rollouts.rollout.jsonpath import path_text

    for goal in goals:
        if goal.kind == "jsonpath":
            path_text(goal.name, {})  # a path that is none is an error now, not after a while
    return path_text


def reached_text(goals: tuple[Goal, ...], any_: bool = False) -> str:
    """What is said of a rollout that is there: `is healthy`, `reached step=2, weight=50`."""
    if len(goals) == 1 and goals[0].kind in PLAIN_GOALS:
        return f"is {goals[0].kind}"
    return "reached " + (" or " if any_ else ", ").join(goal.text for goal in goals)


def check_log_format(parsed: Parsed) -> None:
    """Raise Failure for a `--log-format` that is none."""
    wanted = parsed.values.get("log-format", "text")
    if wanted not in ("text", "github"):
        raise Failure(f'invalid argument {quote(str(wanted))} for "--log-format" flag: must be text or github')
