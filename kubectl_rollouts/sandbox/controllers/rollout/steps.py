"""Canary steps: the current one, the weight it stands for, its name in events (controller.md §3.1, §3.5, §4.1)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.controllers.rollout.numbers import (
    abort_delay,
    canary_of,
    max_weight,
    traffic_routing_of,
)

Object = dict[str, Any]


def steps_of(rollout: Object) -> list[Object]:
    """The steps of a canary, as stored: never change the list; none for blue-green."""
    steps: list[Object] = (canary_of(rollout) or {}).get("steps") or []
    return steps


def current_step(rollout: Object) -> tuple[Object | None, int | None]:
    """The step being executed and its index: (None, count) when all are done, (None, None) without steps."""
    steps = steps_of(rollout)
    if not steps:
        return None, None
    index = (rollout.get("status") or {}).get("currentStepIndex") or 0
    return (steps[index], index) if index < len(steps) else (None, len(steps))


def current_set_weight(rollout: Object) -> int:
    """The weight that the steps ask for now: rows 2 to 5 of controller.md §3.1."""
    if (rollout.get("status") or {}).get("abort"):
        return 0
    step, index = current_step(rollout)
    if step is None or index is None:
        return max_weight(rollout)
    return weight_at(rollout, index)


def weight_at(rollout: Object, index: int) -> int:
    """The nearest `setWeight` at or before a step; 0 where there is none."""
    for step in reversed(steps_of(rollout)[: index + 1]):
        if step.get("setWeight") is not None:
            return int(step["setWeight"])
    return 0


def goes_all_the_way(rollout: Object) -> bool:
    """Whether the new ReplicaSet is sized for everything: row 1 of controller.md §3.1."""
    status = rollout.get("status") or {}
    stable = status.get("stableRS")
    return bool(status.get("promoteFull")) or not stable or status.get("currentPodHash") == stable


def canary_scale(rollout: Object) -> Object | None:
    """The `setCanaryScale` in force, if any (controller.md §4.1)."""
    if traffic_routing_of(rollout) is None:
        return None
    if (rollout.get("status") or {}).get("abort") and abort_delay(rollout)[0] is not None:
        return None
    step, index = current_step(rollout)
    if step is None or index is None:
        return None
    for earlier in reversed(steps_of(rollout)[: index + 1]):
        scale: Object | None = earlier.get("setCanaryScale")
        if scale is not None:
            return None if scale.get("matchTrafficWeight") else scale
    return None


def step_name(step: Object) -> str:
    """A step as the event `RolloutStepCompleted` prints it."""
    if step.get("setWeight") is not None:
        return f"setWeight: {step['setWeight']}"
    if step.get("pause") is not None:
        duration = step["pause"].get("duration")
        return "pause" if duration is None else f"pause: {duration}"
    if step.get("setCanaryScale") is not None:
        return _scale_name(step["setCanaryScale"])
    for key in ("setHeaderRoute", "setMirrorRoute", "plugin"):
        if step.get(key) is not None:
            return f"{key}: {step[key].get('name', '')}"
    return "experiment" if step.get("experiment") is not None else "analysis"


def _scale_name(scale: Object) -> str:
    if scale.get("matchTrafficWeight"):
        return "setCanaryScale{matchTrafficWeight: true}"
    if scale.get("replicas") is not None:
        return f"setCanaryScale{{replicas: {scale['replicas']}}}"
    return f"setCanaryScale{{weight: {scale.get('weight') or 0}}}"
