"""Many rollouts at once: which ones the selection flags choose, in what order, and whether that is really meant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.release.wait import Target
from kubectl_rollouts.rollout.goals import Object, awaits_promotion, facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_rollouts.cli.pflag import Parsed

SELECTION = ("selector", "field-selector", "all", "phase", "awaiting-promotion")
PHASES = ("Healthy", "Progressing", "Paused", "Degraded")
UNASKED = 3
"""So many rollouts are changed without a question."""


class Chosen(NamedTuple):
    """A rollout that the selection flags chose, as it was then."""

    target: Target
    labels: dict[str, str]
    phase: str
    message: str = ""
    waits: bool = False  # paused until a person acts


def selects(parsed: Parsed) -> bool:
    """Whether the line chooses rollouts by flags. Raises Failure when it names some, too."""
    given = [name for name in (*SELECTION, "all-namespaces") if parsed.values.get(name)]
    names = parsed.operands[: len(parsed.operands) - _other_operands(parsed)]
    if given and names:
        raise Failure(f"a name and --{given[0]} exclude each other")
    return bool(given)


def _other_operands(parsed: Parsed) -> int:
    """How many operands are not names: the last one of `set image`."""
    return 1 if parsed.command.path == "set image" else 0


def check_operands(parsed: Parsed) -> None:
    """Raise Failure when there are too few or too many operands."""
    from kubectl_rollouts.cli.main import wrong_operands

    problem = wrong_operands(parsed.command, parsed)
    if problem is not None:
        raise Failure(problem)


def chosen(session: Session, names: Sequence[str]) -> tuple[list[Target], bool]:
    """The rollouts that names or selection flags mean, and whether they may be of several namespaces.

    Raises Failure: none is there that the selection could choose.
    """
    if not selects(session.parsed):
        return [Target(session.namespace, name) for name in dict.fromkeys(names)], False
    found = select(session)
    if not found:
        session.warn("No rollout is in that state now.")
    return [each.target for each in found], bool(session.parsed.values.get("all-namespaces"))


def select(session: Session) -> list[Chosen]:
    """The rollouts that the selection flags choose, in the order of namespaces and names.

    Raises Failure when none is there at all; with some, but none in the states asked for, the list is empty.
    """
    values = session.parsed.values
    namespace = "" if values.get("all-namespaces") else session.namespace
    phases = _phases(str(values.get("phase", "")))
    awaiting = bool(values.get("awaiting-promotion"))
    found: list[Chosen] = []
    any_there = False
    try:
        pages = session.client().list_pages(
            ROLLOUTS,
            namespace,
            dict,
            label_selector=str(values.get("selector", "")),
            field_selector=str(values.get("field-selector", "")),
        )
        for page in pages:
            if page.restarted:
                found = []
            for obj in page.items:
                any_there = True
                each = _chosen(obj, phases, awaiting)
                if each is not None:
                    found.append(each)
    except ApiError as error:
        raise explained(error, ROLLOUTS) from None
    if not any_there:
        where = f"in namespace {quote(namespace)}" if namespace else "in any namespace"
        raise Failure(f"no rollouts match {where}", script_status=6)
    return sorted(found, key=lambda each: each.target)


def _chosen(obj: Object, phases: frozenset[str], awaiting: bool) -> Chosen | None:
    now = facts(obj)
    if phases and now.phase.status not in phases:
        return None
    if awaiting and not awaits_promotion(now):
        return None
    meta = now.rollout.metadata
    labels = {key: value or "" for key, value in (meta.labels or {}).items()}
    return Chosen(
        Target(meta.namespace or "", meta.name or ""),
        labels,
        now.phase.status,
        now.phase.message,
        bool(now.endless_pause),
    )


def shown_status(found: Sequence[Chosen], *, exact: bool) -> int:
    """The exit status of what shows rollouts as they are: for `--exit-code`, or 1 when one of them is degraded."""
    from kubectl_rollouts.release.wait import common_status
    from kubectl_rollouts.rollout.goals import DEGRADED, PAUSED

    if not exact:
        return int(any(each.phase == "Degraded" for each in found))
    return common_status(DEGRADED if each.phase == "Degraded" else PAUSED if each.waits else 0 for each in found)


def _phases(text: str) -> frozenset[str]:
    known = {phase.lower(): phase for phase in PHASES}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word.lower() not in known:
            raise Failure(f'invalid argument {quote(word)} for "--phase" flag: must be of {", ".join(known)}')
    return frozenset(known[word.lower()] for word in words)


# --- Order ---------------------------------------------------------------------------------------------------------


def waves(found: list[Chosen], order: str) -> list[list[Target]]:
    """The rollouts in waves: each line of a file, or each value of a label, one after the other; the rest last.

    Without an order there is one wave. Raises Failure when the file cannot be read, and for a label that none has:
    then it was misspelt, or was to be a file.
    """
    if not order or not found:
        return [[each.target for each in found]] if found else []
    places = _places(order)
    if places is None and not any(order in each.labels for each in found):
        raise Failure(f"--order {order}: there is no such file, and none of the rollouts has that label")
    keyed: dict[tuple[int, float, str], list[Target]] = {}
    for each in found:
        if places is None:
            value = each.labels.get(order)
            key = (1, 0.0, "") if value is None else _rank(value)
        else:
            target = each.target
            place = places.get(f"{target.namespace}/{target.name}", places.get(target.name))
            key = (1, 0.0, "") if place is None else (0, place, "")
        keyed.setdefault(key, []).append(each.target)
    return [keyed[key] for key in sorted(keyed)]


def _rank(value: str) -> tuple[int, float, str]:
    """Numbers by size, before words by alphabet."""
    if value.isascii() and value.isdigit():
        return (0, float(value), "")
    return (0, float("inf"), value)


def _places(order: str) -> dict[str, int] | None:
    """The wave of each name in a file; None when `order` is no file but a label."""
    path = Path(order)
    if not path.is_file():
        if order.endswith((".txt", ".lst")) or order.startswith((".", "/")):
            raise Failure(f"cannot read {order}: no such file")
        return None
    try:
        lines = [line.partition("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {order}: {error}") from None
    return {name: place for place, names in enumerate(filter(None, lines)) for name in names}


# --- Confirmation --------------------------------------------------------------------------------------------------


def confirm(session: Session, verb: str, found: list[Chosen], named: bool) -> bool:
    """Ask before many rollouts are changed; `named`: with their namespaces. Raises Failure where nobody is to ask."""
    if len(found) <= UNASKED or session.parsed.values.get("yes"):
        return True
    if sys.stdin is None or not sys.stdin.isatty() or not session.is_terminal:
        raise Failure(f"{len(found)} rollouts match: say --yes to {verb} more than {UNASKED} without a question")
    for each in found:
        name = f"{each.target.namespace}/{each.target.name}" if named else each.target.name
        session.say(f"  {shown(name)}  {shown(each.phase)}")
    session.say(f"{verb.capitalize()} these {len(found)} rollouts? [y/N] ", end="")
    answer = sys.stdin.readline().strip().lower()
    if answer in ("y", "yes"):
        return True
    session.warn("Nothing was done.")
    return False
