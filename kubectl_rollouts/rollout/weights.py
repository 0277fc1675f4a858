"""Steps and weights of a canary (spec/view.md §6.2): where it stands and what share of traffic it has."""

from __future__ import annotations

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.objects import CanaryStep, CanaryStrategy, Rollout
from kubectl_rollouts.rollout.phase import NO_STATUS, strategy_of

FULL_WEIGHT = 100


def strategy_name(rollout: Rollout) -> str:
    """`Canary`, `BlueGreen` or nothing; canary is asked first, `{}` counts."""
    strategy = strategy_of(rollout)
    if strategy.canary is not None:
        return "Canary"
    return "BlueGreen" if strategy.blue_green is not None else ""


def max_weight(canary: CanaryStrategy) -> int:
    """The weight that means all traffic: 100 unless the traffic router counts otherwise."""
    routing = canary.traffic_routing
    if routing is None or routing.max_traffic_weight is None:
        return FULL_WEIGHT
    return routing.max_traffic_weight


def step_text(rollout: Rollout) -> str:
    """`1/8`, the current step and how many there are; empty when either is unknown."""
    canary = strategy_of(rollout).canary
    index = (rollout.status or NO_STATUS).current_step_index
    if canary is None or not canary.steps or index is None:
        return ""
    return f"{index}/{len(canary.steps)}"


def current_step_index(rollout: Rollout) -> int | None:
    """The index of the current step; None when there are no steps or all are done.

    Raises Failure when the recorded index is negative (the reference panics).
    """
    canary = strategy_of(rollout).canary
    if canary is None or not canary.steps:
        return None
    index = (rollout.status or NO_STATUS).current_step_index or 0
    if index < 0:
        raise Failure(f'Rollout "{rollout.metadata.name or ""}": status.currentStepIndex is negative: {index}')
    return index if index < len(canary.steps) else None


def set_weight(rollout: Rollout) -> int:
    """The weight that the steps up to the current one ask for, in units of `max_weight`."""
    canary = strategy_of(rollout).canary or CanaryStrategy()
    if (rollout.status or NO_STATUS).abort:
        return 0
    index = current_step_index(rollout)
    if index is None:
        return max_weight(canary)
    steps: list[CanaryStep | None] = canary.steps or []
    for step in reversed(steps[: index + 1]):
        if step is not None and step.set_weight is not None:
            return step.set_weight
    return 0


def actual_weight(rollout: Rollout, canary_available: int | None) -> int:
    """The weight that the canary really has, in units of `max_weight`.

    `canary_available` is the number of available pods of the ReplicaSet tagged canary, None when there is none.
    """
    canary = strategy_of(rollout).canary or CanaryStrategy()
    if current_step_index(rollout) is None:
        return max_weight(canary)
    status = rollout.status or NO_STATUS
    available = status.available_replicas or 0
    if available <= 0:
        return 0
    if canary.traffic_routing is None:
        share = (canary_available or 0) * max_weight(canary)
        return share // available if share >= 0 else -(-share // available)
    weights = status.canary.weights if status.canary else None
    if weights is None:
        return set_weight(rollout)
    return (weights.canary.weight or 0) if weights.canary else 0
