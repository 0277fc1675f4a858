"""The recorded screens of the conformance cases, as objects and expected text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.info import (
    ExperimentObjects,
    RolloutObjects,
    experiment_screen_info,
    rollout_info,
)
from kubectl_rollouts.rollout.times import format_time
from kubectl_rollouts.view.spans import Screen
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen
from tests.support.objects import NOON, typed
from tests.support.replayed import CONFORMANCE

Json = dict[str, Any]
T = TypeVar("T")

# The recordings' cluster began at noon; the reference looked half a second later.
LOOKED = NOON + 0.5


class Recorded(NamedTuple):
    """One recorded command line that shows something."""

    case: str
    args: list[str]
    namespace: str
    cluster: list[Json]
    stdout: str

    def __str__(self) -> str:
        return f"{self.case}: {' '.join(self.args)}"

    def of_kind(self, type_: type[T], everywhere: bool = False) -> list[T]:
        """The objects of a kind as the API server lists them."""
        found = [one for one in self.cluster if one["kind"] == type_.__name__]
        if not everywhere:
            found = [one for one in found if one["metadata"].get("namespace") == self.namespace]
        found.sort(key=lambda one: (one["metadata"].get("namespace", ""), one["metadata"]["name"]))
        return [typed(type_, one) for one in found]


def recorded(*commands: str) -> list[Recorded]:
    """The recorded runs of commands ("get", "list", "status") on clusters that stand still; none is left out."""
    return [run for run in _all() if run.args[:1] and run.args[0] in commands]


def _all() -> Iterator[Recorded]:
    for path in sorted(CONFORMANCE.glob("cases/*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        snapshot = case["snapshot"]
        if isinstance(snapshot, str):
            snapshot = json.loads((path.parent / snapshot).read_text(encoding="utf-8"))
        if snapshot.get("timeline"):
            continue
        for run in case["runs"]:
            args, namespace = list(run["args"]), case.get("namespace", "default")
            if "-n" in args:
                at = args.index("-n")
                namespace = args[at + 1]
                del args[at : at + 2]
            # Usage errors and names that are not there show nothing; they are the commands' business.
            if run.get("stdout") and "stdout" not in run.get("ignore", ()):
                yield Recorded(path.stem, args, namespace, _dated(snapshot["objects"]), run["stdout"])


def _dated(value: Any) -> Any:
    """Objects with their times relative to noon filled in."""
    if isinstance(value, dict):
        return {key: _dated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item) for item in value]
    if isinstance(value, str):
        if value.startswith("@ago:"):
            return format_time(NOON - float(value[5:]))
        if value.startswith("@in:"):
            return format_time(NOON + float(value[4:]))
    return value


def recorded_screen(run: Recorded) -> Screen:
    """The screen of a recorded `get`."""
    name = run.args[2]
    if run.args[1].startswith("exp"):
        experiments = [one for one in run.of_kind(objects.Experiment) if one.metadata.name == name]
        found = ExperimentObjects(
            experiments[0],
            run.of_kind(objects.ReplicaSet),
            run.of_kind(objects.Pod),
            run.of_kind(objects.AnalysisRun),
        )
        return experiment_screen(experiment_screen_info(found), LOOKED)
    rollouts = [one for one in run.of_kind(objects.Rollout) if one.metadata.name == name]
    return rollout_screen(
        rollout_info(
            RolloutObjects(
                rollouts[0],
                run.of_kind(objects.ReplicaSet),
                run.of_kind(objects.Pod),
                run.of_kind(objects.Experiment),
                run.of_kind(objects.AnalysisRun),
            )
        ),
        LOOKED,
    )
