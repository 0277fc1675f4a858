"""Experiments, and which images run where (spec/view.md §6.7, §6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.rollout.analysis import AnalysisRunInfo, analysis_icon, analysis_run_infos
from kubectl_rollouts.rollout.objects import ExperimentStatus
from kubectl_rollouts.rollout.owners import age_order, created, revision
from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo, replica_set_infos

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_rollouts.rollout.objects import AnalysisRun, Experiment, Pod, ReplicaSet


class ImageInfo(Struct, frozen=True):
    """An image that runs, and the parts it plays: `stable`, `canary`, …, `Σ:TEMPLATE` in an experiment."""

    image: str
    tags: tuple[str, ...]


class ExperimentInfo(Struct, frozen=True):
    """An Experiment with what it owns; `created` in epoch seconds (None: not said)."""

    name: str
    namespace: str
    created: float | None
    revision: int
    status: str
    icon: str
    message: str
    images: list[ImageInfo]
    replica_sets: list[ReplicaSetInfo]
    analysis_runs: list[AnalysisRunInfo]


def merged_images(parts: Iterable[tuple[str, Sequence[str]]]) -> list[ImageInfo]:
    """Images sorted by name, each once: what came once keeps its tags as they came, else they are sorted (QUIRK 5)."""
    tags: dict[str, tuple[str, ...]] = {}
    for image, more in parts:
        known = tags.get(image)
        tags[image] = tuple(more) if known is None else tuple(sorted({*known, *more}))
    return [ImageInfo(image, tags[image]) for image in sorted(tags)]


def running_images(replica_sets: Iterable[ReplicaSetInfo]) -> Iterable[tuple[ReplicaSetInfo, str]]:
    """The images of the ReplicaSets that have pods, as they are listed."""
    return ((one, image) for one in replica_sets if one.replicas > 0 for image in one.images)


def experiment_info(
    experiment: Experiment,
    replica_sets: dict[str, list[ReplicaSet]],
    pods: dict[str, list[Pod]],
    analysis_runs: dict[str, list[AnalysisRun]],
) -> ExperimentInfo:
    """The facts of one experiment; the rest is what each uid owns (`by_owner`).

    Raises Failure when a time in an object is not one.
    """
    meta, status = experiment.metadata, experiment.status or ExperimentStatus()
    uid, phase = meta.uid or "", status.phase or ""
    sets = replica_set_infos(replica_sets.get(uid, ()), pods)
    return ExperimentInfo(
        name=meta.name or "",
        namespace=meta.namespace or "",
        created=created(meta, "Experiment"),
        revision=revision(meta),
        status=phase,
        icon=analysis_icon(phase),
        message=status.message or "",
        images=merged_images(
            (image, (f"Σ:{one.template}",) if one.template else ()) for one, image in running_images(sets)
        ),
        replica_sets=sets,
        analysis_runs=analysis_run_infos(analysis_runs.get(uid, ())),
    )


def in_order(experiments: Iterable[ExperimentInfo]) -> list[ExperimentInfo]:
    """Newest revision first, then oldest first, then by name (QUIRKS 3 and 4, which are fixed)."""
    return sorted(experiments, key=lambda info: (-info.revision, age_order(info.created), info.name))
