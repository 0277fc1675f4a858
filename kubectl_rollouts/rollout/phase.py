"""The phase of a rollout and why: what `get`, `list` and `status` agree on (spec/view.md §6.3)."""

from __future__ import annotations

from msgspec import Struct

from kubectl_rollouts.rollout.objects import (
    BlueGreenStatus,
    BlueGreenStrategy,
    CanaryStrategy,
    Rollout,
    RolloutSpec,
    RolloutStatus,
    Strategy,
)
from kubectl_rollouts.rollout.times import object_time

# Phases after which an analysis run does not change any more.
COMPLETED_ANALYSIS = ("Successful", "Failed", "Error", "Inconclusive")

NO_SPEC = RolloutSpec()
NO_STATUS = RolloutStatus()
NO_STRATEGY = Strategy()


class Phase(Struct, frozen=True, gc=False):
    """`status` is one word, `message` its reason (may be empty, may hold newlines)."""

    status: str
    message: str = ""


def parse_int(text: str | None) -> int | None:
    """The number in a text, as Go's `strconv.Atoi` reads it; None when it is none."""
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if len(digits) > 400 or not digits.isdigit() or not digits.isascii():
        return None
    number = int(text)
    return number if -(1 << 63) <= number < 1 << 63 else None


def strategy_of(rollout: Rollout) -> Strategy:
    """The strategy of a rollout; an empty one when it has none."""
    return (rollout.spec or NO_SPEC).strategy or NO_STRATEGY


def desired_replicas(spec: RolloutSpec) -> int:
    """spec.replicas; nothing said means 1."""
    return 1 if spec.replicas is None else spec.replicas


def phase(rollout: Rollout) -> Phase:
    """The phase that the controller wrote, or, of a controller up to v0.10, the one its status amounts to.

    Raises Failure when a time in the object is not one.
    """
    status = rollout.status or NO_STATUS
    observed = parse_int(status.observed_generation)
    if observed is not None and observed < (rollout.metadata.generation or 0):
        return Phase("Progressing", "waiting for rollout spec update to be observed")
    if status.controller_pause and not status.pause_conditions:
        return Phase("Progressing", "waiting for rollout to unpause")
    if status.phase:
        return Phase(status.phase, status.message or "")
    return _unwritten_phase(rollout, rollout.spec or NO_SPEC, status)


def _unwritten_phase(rollout: Rollout, spec: RolloutSpec, status: RolloutStatus) -> Phase:
    for condition in status.conditions or ():
        if condition is None:
            continue
        # QUIRK 17 of view.md §11: whether the condition is True is not asked.
        if condition.type == "InvalidSpec":
            return Phase("Degraded", f"InvalidSpec: {condition.message or ''}")
        if condition.reason in ("RolloutAborted", "ProgressDeadlineExceeded"):
            return Phase("Degraded", f"{condition.reason}: {condition.message or ''}")
    if spec.paused:
        return Phase("Paused", "manually paused")
    if status.pause_conditions:
        first = status.pause_conditions[0]
        return Phase("Paused", (first.reason or "") if first else "")
    waiting = _unfinished(rollout, spec, status)
    return Phase("Progressing", waiting) if waiting else Phase("Healthy")


def _unfinished(rollout: Rollout, spec: RolloutSpec, status: RolloutStatus) -> str:
    """What a rollout is still waiting for; empty when for nothing."""
    name = rollout.metadata.name
    restart_at = object_time(spec.restart_at, "Rollout", name, "spec.restartAt")
    if restart_at is not None and restart_at != object_time(status.restarted_at, "Rollout", name, "status.restartedAt"):
        return "rollout is restarting"
    updated = status.updated_replicas or 0
    if updated < desired_replicas(spec):
        return "more replicas need to be updated"
    if (status.available_replicas or 0) < updated:
        return "updated replicas are still becoming available"
    strategy = spec.strategy or NO_STRATEGY
    if strategy.blue_green is not None:
        return _unfinished_blue_green(strategy.blue_green, status)
    if strategy.canary is not None:
        return _unfinished_canary(strategy.canary, status)
    return ""


def _promoted(status: RolloutStatus) -> bool:
    """Whether the newest ReplicaSet is the stable one."""
    return bool(status.stable_rs) and status.stable_rs == (status.current_pod_hash or "")


def _unfinished_blue_green(strategy: BlueGreenStrategy, status: RolloutStatus) -> str:
    blue_green = status.blue_green or BlueGreenStatus()
    if not blue_green.active_selector or blue_green.active_selector != (status.current_pod_hash or ""):
        return "active service cutover pending"
    if _promoted(status):
        return ""
    analysis = blue_green.post_promotion_analysis_run_status
    if strategy.post_promotion_analysis is not None and (analysis is None or analysis.status not in COMPLETED_ANALYSIS):
        return "waiting for analysis to complete"
    return "waiting for post-promotion verification to complete"


def _unfinished_canary(strategy: CanaryStrategy, status: RolloutStatus) -> str:
    if strategy.traffic_routing is None and (status.replicas or 0) > (status.updated_replicas or 0):
        return "old replicas are pending termination"
    return "" if _promoted(status) else "waiting for all steps to complete"
