"""One reconcile of an Experiment: what it was handed, what it wants changed."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, mappings, present, text
from kubectl_rollouts.sandbox.controllers.analysis.state import Instants, completed, seconds
from kubectl_rollouts.sandbox.objects import Object, name_of, namespace_of, uid_of
from kubectl_rollouts.sandbox.world import Change, Clock, Emit, World, soonest

KIND = "Experiment"
_TEMPLATE_ENDS = ("Successful", "Failed", "Error")
_ANALYSIS_FAILURES = ("Failed", "Error", "Inconclusive")


class Trial:
    """The working set of one reconcile."""

    def __init__(self, experiment: Object, world: World, clock: Clock, instants: Instants) -> None:
        self.experiment = experiment
        self.world = world
        self.clock = clock
        self.instants = instants
        self.name = name_of(experiment)
        self.namespace = namespace_of(experiment)
        self.uid = uid_of(experiment)
        self.spec: Mapping = mapping(experiment, "spec")
        self.status: Mapping = mapping(experiment, "status")
        self.changes: list[Change] = []
        self.again_in: float | None = None

    @property
    def finished(self) -> bool:
        """Whether the experiment has its final phase."""
        return completed(text(self.status, "phase"))

    @property
    def ending(self) -> bool:
        """Whether it is over: told to end, a template has ended, an analysis has not gone well."""
        if self.spec.get("terminate") is True or self.finished:
            return True
        if any(text(item, "status") in _TEMPLATE_ENDS for item in mappings(self.status, "templateStatuses")):
            return True
        return any(text(item, "phase") in _ANALYSIS_FAILURES for item in mappings(self.status, "analysisRuns"))

    def duration_over(self) -> bool:
        """Whether the experiment has run for its duration; asks to be looked at again when it has not."""
        available = text(self.status, "availableAt")
        if not available or not text(self.spec, "duration"):
            return False
        since = self.instants.exact(self.uid, "availableAt", available)
        left = self.clock.left(since, seconds(self.spec["duration"]))
        if left > 0:
            self.look_again(left)
        return left == 0.0

    def look_again(self, left: float | None) -> None:
        """Come back in so many real seconds."""
        self.again_in = soonest(self.again_in, left)

    def say(self, reason: str, message: str, kind: str = "Normal") -> None:
        """Record an event about the experiment."""
        self.changes.append(Emit(self.experiment, kind, reason, message))

    def seconds_or(self, field: str, otherwise: int) -> int:
        """A number of seconds of the spec, with its default."""
        value = integer(self.spec, field)
        return otherwise if value is None else value


def entry(items: list[Mapping], name: str) -> Mapping | None:
    """The entry of a list of statuses with that name."""
    return next((item for item in items if text(item, "name") == name), None)


def spec_problem(experiment: Object) -> str:
    """What is wrong with the spec, "" when nothing is (spec/lint.md §8.5)."""
    seen: set[str] = set()
    deadline = integer(experiment, "spec", "progressDeadlineSeconds")
    deadline = 600 if deadline is None else deadline
    for index, template in enumerate(mappings(experiment, "spec", "templates")):
        name = text(template, "name")
        selector: Any = template.get("selector")
        if not present(template, "selector"):
            return f"Rollout has missing field '.Spec.Templates[{index}].Selector'"
        if not mapping(selector, "matchLabels") and not mappings(selector, "matchExpressions"):
            return f"This experiment is selecting all pods at index {index}. A non-empty selector is required."
        if (integer(template, "minReadySeconds") or 0) > deadline:
            return f"MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index {index}"
        if not name:
            return f"Experiment {name_of(experiment)} has empty template name at index {index}"
        if name in seen:
            return f"Experiment {name_of(experiment)} has repeated template name '{name}' in templates"
        seen.add(name)
    return ""
