"""The facts that a screen shows of one rollout or experiment (spec/view.md §6).

Infos hold instants, never ages: two infos are equal when the screen need not change but for the time that passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.rollout.analysis import AnalysisRunInfo, analysis_run_infos
from kubectl_rollouts.rollout.experiments import (
    ExperimentInfo,
    ImageInfo,
    experiment_info,
    in_order,
    merged_images,
    running_images,
)
from kubectl_rollouts.rollout.objects import (
    AnalysisRun,
    Deployment,
    Experiment,
    Pod,
    ReplicaSet,
    Rollout,
)
from kubectl_rollouts.rollout.owners import by_owner, created
from kubectl_rollouts.rollout.phase import NO_SPEC, NO_STATUS, desired_replicas, phase
from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo, replica_set_infos
from kubectl_rollouts.rollout.weights import actual_weight, set_weight, step_text, strategy_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_ICONS = {
    "Progressing": "◌",
    "Error": "⚠",
    "InvalidSpec": "⚠",
    "Paused": "॥",
    "Healthy": "✔",
    "Degraded": "✖",
    "Unknown": "?",
    "ScaledDown": "•",
}


class RolloutObjects(Struct, frozen=True):
    """A rollout and the objects of its namespace that it, or what it owns, may own; others do no harm."""

    rollout: Rollout
    replica_sets: list[ReplicaSet] = []
    pods: list[Pod] = []
    experiments: list[Experiment] = []
    analysis_runs: list[AnalysisRun] = []
    deployment: Deployment | None = None


class ExperimentObjects(Struct, frozen=True):
    """An experiment and the objects of its namespace that it, or what it owns, may own; others do no harm."""

    experiment: Experiment
    replica_sets: list[ReplicaSet] = []
    pods: list[Pod] = []
    analysis_runs: list[AnalysisRun] = []


class RolloutInfo(Struct, frozen=True):
    """A rollout; `created` in epoch seconds (None: not said); step and weights are texts, empty unless a canary."""

    name: str
    namespace: str
    created: float | None
    status: str
    icon: str
    message: str
    strategy: str
    step: str
    set_weight: str
    actual_weight: str
    images: list[ImageInfo]
    desired: int
    current: int
    updated: int
    ready: int
    available: int
    replica_sets: list[ReplicaSetInfo]
    experiments: list[ExperimentInfo]
    analysis_runs: list[AnalysisRunInfo]


class Revision(Struct, frozen=True):
    """What belongs to one revision of a rollout, each list in its own order."""

    number: int
    replica_sets: list[ReplicaSetInfo]
    experiments: list[ExperimentInfo]
    analysis_runs: list[AnalysisRunInfo]


def rollout_info(objects: RolloutObjects) -> RolloutInfo:
    """The facts of one rollout. Raises Failure when a time or a step index in an object makes no sense."""
    rollout = objects.rollout
    meta, spec, status = rollout.metadata, rollout.spec or NO_SPEC, rollout.status or NO_STATUS
    uid, now = meta.uid or "", phase(rollout)
    sets, pods, runs = by_owner(objects.replica_sets), by_owner(objects.pods), by_owner(objects.analysis_runs)
    replica_sets = replica_set_infos(sets.get(uid, ()), pods, rollout)
    experiments = in_order(experiment_info(one, sets, pods, runs) for one in by_owner(objects.experiments).get(uid, ()))
    strategy = strategy_name(rollout)
    canary = strategy == "Canary"
    return RolloutInfo(
        name=meta.name or "",
        namespace=meta.namespace or "",
        created=created(meta, "Rollout"),
        status=now.status,
        icon=rollout_icon(now.status),
        message=now.message,
        strategy=strategy,
        step=step_text(rollout) if canary else "",
        set_weight=str(set_weight(rollout)) if canary else "",
        actual_weight=str(actual_weight(rollout, _canary_available(replica_sets))) if canary else "",
        images=_images(replica_sets, experiments),
        desired=desired_replicas(spec),
        current=status.replicas or 0,
        updated=status.updated_replicas or 0,
        ready=status.ready_replicas or 0,
        available=status.available_replicas or 0,
        replica_sets=replica_sets,
        experiments=experiments,
        analysis_runs=analysis_run_infos(runs.get(uid, ())),
    )


def experiment_screen_info(objects: ExperimentObjects) -> ExperimentInfo:
    """The facts of one experiment by itself. Raises Failure when a time in an object is not one."""
    return experiment_info(
        objects.experiment,
        by_owner(objects.replica_sets),
        by_owner(objects.pods),
        by_owner(objects.analysis_runs),
    )


def rollout_icon(status: str) -> str:
    """The icon of a rollout's status; a space when none fits."""
    return _ICONS.get(status, " ")


def revisions(info: RolloutInfo) -> list[Revision]:
    """What a rollout owns, by revision, newest first (view.md §6.10)."""
    found: dict[int, Revision] = {}

    def of(number: int) -> Revision:
        if number not in found:
            found[number] = Revision(number, [], [], [])
        return found[number]

    for replica_set in info.replica_sets:
        of(replica_set.revision).replica_sets.append(replica_set)
    for experiment in info.experiments:
        of(experiment.revision).experiments.append(experiment)
    for run in info.analysis_runs:
        of(run.revision).analysis_runs.append(run)
    return [found[number] for number in sorted(found, reverse=True)]


def _canary_available(replica_sets: Iterable[ReplicaSetInfo]) -> int | None:
    """The available pods of the canary: of several ReplicaSets tagged so the last one counts."""
    available = None
    for one in replica_sets:
        if "canary" in one.tags:
            available = one.available
    return available


def _images(replica_sets: list[ReplicaSetInfo], experiments: list[ExperimentInfo]) -> list[ImageInfo]:
    parts = [(image, one.tags) for one, image in running_images(replica_sets)]
    parts.extend((image.image, image.tags) for experiment in experiments for image in experiment.images)
    return merged_images(parts)
