"""What a line of `list rollouts` and of `list experiments` shows (spec/view.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.objects import ExperimentSpec, ExperimentStatus
from kubectl_rollouts.rollout.owners import created
from kubectl_rollouts.rollout.phase import COMPLETED_ANALYSIS, NO_SPEC, NO_STATUS, desired_replicas, phase
from kubectl_rollouts.rollout.times import object_time, parse_duration
from kubectl_rollouts.rollout.weights import set_weight, step_text, strategy_name

if TYPE_CHECKING:
    from kubectl_rollouts.rollout.objects import Experiment, Rollout


class ListRow(Struct, frozen=True, gc=False):
    """One rollout in a list; equal rows show the same."""

    namespace: str
    name: str
    strategy: str
    status: str
    step: str
    set_weight: str
    ready: str
    desired: int
    up_to_date: int
    available: int


class ExperimentListRow(Struct, frozen=True, gc=False):
    """One experiment in a list.

    `duration` is in seconds (None: unlimited, or no duration), `ends` the instant when it will be over (None: not
    known, or it is over), `created` epoch seconds (None: not said).
    """

    namespace: str
    name: str
    status: str
    duration: float | None
    ends: float | None
    created: float | None


def rollout_row(rollout: Rollout) -> ListRow:
    """What `list rollouts` shows of a rollout. Raises Failure when a time or the step index makes no sense."""
    meta, spec, status = rollout.metadata, rollout.spec or NO_SPEC, rollout.status or NO_STATUS
    strategy = strategy_name(rollout)
    return ListRow(
        namespace=meta.namespace or "",
        name=meta.name or "",
        strategy=strategy or "unknown",
        status=phase(rollout).status,
        step=step_text(rollout) or "-",
        set_weight=str(set_weight(rollout)) if strategy == "Canary" else "-",
        ready=f"{status.ready_replicas or 0}/{status.replicas or 0}",
        desired=desired_replicas(spec),
        up_to_date=status.updated_replicas or 0,
        available=status.available_replicas or 0,
    )


def experiment_row(experiment: Experiment) -> ExperimentListRow:
    """What `list experiments` shows of an experiment. Raises Failure when a time in it is not one."""
    meta, status = experiment.metadata, experiment.status or ExperimentStatus()
    duration = _seconds((experiment.spec or ExperimentSpec()).duration)
    ends = None
    if duration is not None and status.phase not in COMPLETED_ANALYSIS:
        available_at = object_time(status.available_at, "Experiment", meta.name, "status.availableAt")
        ends = None if available_at is None else available_at + duration
    return ExperimentListRow(
        namespace=meta.namespace or "",
        name=meta.name or "",
        status=status.phase or "",
        duration=duration,
        ends=ends,
        created=created(meta, "Experiment"),
    )


def _seconds(duration: str | None) -> float | None:
    try:
        return parse_duration(duration) / 1e9 if duration else None
    except Failure:
        return None
