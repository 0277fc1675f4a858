"""One measurement: what a provider says, and how it is counted (spec/controller.md §9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from kubectl_rollouts.rollout.expressions import ExpressionError
from kubectl_rollouts.rollout.expressions.conditions import assess
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, mappings, text
from kubectl_rollouts.sandbox.controllers.analysis.state import completed
from kubectl_rollouts.sandbox.objects import Object, time_text
from kubectl_rollouts.sandbox.world import Change, Clock, World


class Question(NamedTuple):
    """What is to be measured, and where."""

    run: Object
    metric: Mapping
    """The metric with all its arguments filled in, secrets too: never written anywhere."""
    done: int
    """How many measurements of the metric have ended before, errors included."""
    world: World
    clock: Clock


class Answer(NamedTuple):
    """What a provider found. An answer that is not final (`Running`) is resumed later."""

    phase: str
    value: str = ""
    message: str = ""
    metadata: Mapping | None = None
    changes: Sequence[Change] = ()
    started: float | None = None
    """When the measurement began (epoch seconds); None for now."""


class Provider(Protocol):
    """Where measurements come from. None as an answer: ask again in a moment, nothing is written meanwhile."""

    def begin(self, question: Question) -> Answer | None:
        """Take a measurement, or begin it."""
        ...

    def resume(self, question: Question, measurement: Mapping) -> Answer | None:
        """Go on with a measurement that was begun."""
        ...

    def stop(self, question: Question, measurement: Mapping) -> Answer:
        """End a measurement that was begun, because the run ends."""
        ...


def error(message: str) -> Answer:
    """A measurement that could not be taken."""
    return Answer("Error", message=message)


def judged(metric: Mapping, result: Any, value: str) -> Answer:
    """A measurement by its conditions; `value` is the text that is shown."""
    try:
        phase = assess(result, text(metric, "successCondition"), text(metric, "failureCondition"))
    except ExpressionError as problem:
        return Answer("Error", value, str(problem))
    return Answer(phase, value)


def recorded(answer: Answer, unfinished: Mapping | None, now: float) -> Mapping:
    """The measurement as the status holds it."""
    made: Mapping = dict(unfinished or {"startedAt": time_text(answer.started or now)})
    made["phase"] = answer.phase
    if answer.value:
        made["value"] = answer.value
    if answer.message:
        made["message"] = answer.message
    if answer.metadata:
        made["metadata"] = {**mapping(made, "metadata"), **answer.metadata}
    if completed(answer.phase):
        made["finishedAt"] = time_text(now)
    return made


def counted(result: Mapping, measurement: Mapping, *, goes_on: bool) -> Mapping:
    """The metric's result with a measurement added (or the last one replaced: `goes_on`) and counted."""
    kept = mappings(result, "measurements")
    made = {**result, "measurements": [*(kept[:-1] if goes_on else kept), measurement]}
    phase = text(measurement, "phase")
    if not completed(phase):
        return made
    _add(made, phase.lower())
    if phase == "Error":
        _add(made, "consecutiveError")
    else:
        _add(made, "count")
        made.pop("consecutiveError", None)
    if phase == "Successful":
        _add(made, "consecutiveSuccess")
    else:
        made.pop("consecutiveSuccess", None)
    return made


def _add(result: Mapping, field: str) -> None:
    result[field] = (integer(result, field) or 0) + 1
