"""The extras of screens: the end of a pause, steps, images, fewer rows, more columns.

A terminal shows when a pause ends without being asked; all else, and all of it in a pipe, is there only if a flag asks
for it: what a pipe gets otherwise is the reference's to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.structs import replace

from kubectl_rollouts.rollout.details import ExperimentDetails, RolloutDetails
from kubectl_rollouts.view.durations import human_duration
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.spans import Screen, plain, text_of
from kubectl_rollouts.view.theme import icon_style
from kubectl_rollouts.view.tree import LABEL_WIDTH, experiment_screen, rollout_screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_rollouts.rollout.details import PauseInfo, StepInfo
    from kubectl_rollouts.rollout.experiments import ExperimentInfo
    from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo
    from kubectl_rollouts.view.spans import Cell, Line

Details = RolloutDetails | ExperimentDetails
D = TypeVar("D", RolloutDetails, ExperimentDetails)

_ICONS = {"done": "✔", "current": "◌", "pending": "•"}
_STEP_LABEL = "  Step:"


class Extras(NamedTuple):
    """What a screen is to show beside, or instead of, the usual. `revisions` 0: all."""

    pauses: bool = True
    images: bool = False
    pods: bool = True
    revisions: int = 0
    steps: bool = False
    wide: bool = False


def limited(details: D, extras: Extras) -> D:
    """The details without the pods and revisions that are not wanted."""
    if isinstance(details, ExperimentDetails):
        if extras.pods:
            return details
        return replace(details, replica_sets=_podless(details.replica_sets), pods={})
    if extras.revisions:
        owned = (*details.replica_sets, *details.experiments, *details.analysis_runs)
        kept = set(sorted({one.revision for one in owned}, reverse=True)[: extras.revisions])
        details = replace(
            details,
            replica_sets=[one for one in details.replica_sets if one.revision in kept],
            experiments=[one for one in details.experiments if one.revision in kept],
            analysis_runs=[one for one in details.analysis_runs if one.revision in kept],
        )
    if extras.pods:
        return details
    experiments = [replace(one, replica_sets=_podless(one.replica_sets)) for one in details.experiments]
    return replace(details, replica_sets=_podless(details.replica_sets), experiments=experiments, pods={})


def _podless(replica_sets: list[ReplicaSetInfo]) -> list[ReplicaSetInfo]:
    return [replace(one, pods=[]) for one in replica_sets]


def screen_with(details: Details, now: float, extras: Extras) -> Screen:
    """The screen of a release at the instant `now` with extras."""
    if isinstance(details, RolloutDetails):
        details = limited(details, extras)
        screen = rollout_screen(details, now)
        lines = list(_timing(details, now, extras))
        if lines:
            screen = screen._replace(
                header=_with_lines(screen.header, lines), brief=_with_lines(screen.brief, lines[:1])
            )
    else:
        details = limited(details, extras)
        screen = experiment_screen(details, now)
    if extras.images or extras.wide:
        screen = screen._replace(rows=_with_notes(screen, details, extras))
    return screen


# --- Pauses and steps ----------------------------------------------------------------------------------------------


def pause_text(pause: PauseInfo, now: float) -> str:
    """`3m20s left, began 6m40s ago`, or that a pause ends only when somebody promotes."""
    began = f"began {human_duration(max(now - pause.began, 0.0))} ago" if pause.began is not None else ""
    if pause.ends is None:
        return ", ".join(filter(None, ("until it is promoted", began)))
    left = pause.ends - now
    return ", ".join(filter(None, (f"{human_duration(left)} left" if left > 0 else "over", began)))


def step_text(step: StepInfo) -> str:
    """`setWeight 20`, `pause 10m`, `analysis`."""
    if step.kind == "setWeight":
        return f"setWeight {step.weight}"
    if step.kind == "pause":
        return "pause" if step.seconds is None else f"pause {human_duration(step.seconds)}"
    return step.kind or "unknown"


def _timing(details: RolloutDetails, now: float, extras: Extras) -> Iterator[Line]:
    """The lines below that of the step (or the strategy)."""
    current = details.steps[details.step_index] if details.step_index is not None else None
    if extras.pauses:
        for pause in details.pauses:
            yield plain("  Pause:".ljust(LABEL_WIDTH) + pause_text(pause, now))
        if not details.pauses and current is not None and current.began is not None and current.kind != "pause":
            age = human_duration(max(now - current.began, 0.0))
            yield plain("  Step began:".ljust(LABEL_WIDTH) + f"{age} ago ({step_text(current)})")
    if not extras.steps:
        return
    label = "  Steps:"
    width = len(str(len(details.steps)))
    for step in details.steps:
        icon = _ICONS[step.state]
        text = f" {step.index + 1:>{width}}  {step_text(step)}"
        if step.began is not None:
            text += f"  (began {human_duration(max(now - step.began, 0.0))} ago)"
        yield ((label.ljust(LABEL_WIDTH), ""), (icon, icon_style(icon)), (text, ""))
        label = ""


def _with_lines(header: object, lines: list[Line]) -> list[Line]:
    out: list[Line] = list(header)  # type: ignore[call-overload]  # a sequence of lines
    labels = [text_of(line)[:LABEL_WIDTH].rstrip() for line in out]
    at = labels.index(_STEP_LABEL) if _STEP_LABEL in labels else labels.index("Strategy:")
    return [*out[: at + 1], *lines, *out[at + 1 :]]


# --- Images and more columns ---------------------------------------------------------------------------------------


def _with_notes(screen: Screen, details: Details, extras: Extras) -> list[tuple[Cell, ...]]:
    """The rows with images in INFO, or with columns of their own for images and nodes (wide)."""
    rows: list[tuple[Cell, ...]] = []
    notes = list(_notes(details))
    for row, note in zip(screen.rows, [None, *_aligned(screen, notes)], strict=True):
        if extras.wide:
            titles = row is screen.rows[0]
            images, place = ("IMAGES", "NODE") if titles else note or ("", "")
            rows.append((*row, plain(visible(images)), plain(visible(place))))
        elif note is not None and note[0]:
            info = (*row[4], (("," if text_of(row[4]) else "") + visible(note[0]), ""))
            rows.append((*row[:4], info))
        else:
            rows.append(row)
    return rows


def _aligned(screen: Screen, notes: list[tuple[str, str, str]]) -> Iterator[tuple[str, str] | None]:
    """The note of each row below the titles: rows of ReplicaSets and pods come in the order of the notes."""
    left = iter(notes)
    for row in screen.rows[1:]:
        kind = text_of(row[1])
        if kind in ("ReplicaSet", "Pod"):
            told, images, place = next(left)
            assert told == kind
            yield images, place
        else:
            yield None


def _notes(details: Details) -> Iterator[tuple[str, str, str]]:
    """Kind, images and node of every ReplicaSet and pod in the order of the tree."""
    if isinstance(details, ExperimentDetails):
        yield from _of_sets(details, details.replica_sets)
        return
    from kubectl_rollouts.rollout.info import revisions

    for revision in revisions(details):
        yield from _of_sets(details, revision.replica_sets)
        for experiment in revision.experiments:
            yield from _of_experiment(details, experiment)


def _of_experiment(details: Details, experiment: ExperimentInfo) -> Iterator[tuple[str, str, str]]:
    yield from _of_sets(details, experiment.replica_sets)


def _of_sets(details: Details, replica_sets: list[ReplicaSetInfo]) -> Iterator[tuple[str, str, str]]:
    for one in replica_sets:
        yield "ReplicaSet", ",".join(one.images), ""
        for pod in one.pods:
            place = details.pods.get(pod.name)
            yield "Pod", "", place.node if place is not None else ""
