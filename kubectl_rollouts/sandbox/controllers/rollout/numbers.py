"""Numbers of a rollout's spec: replicas, surge and unavailable, durations, defaults (resources.md §6, §11, §12)."""

from __future__ import annotations

import math
from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.times import parse_duration

Object = dict[str, Any]

DEFAULT_DELAY = 30


def desired_replicas(rollout: Object) -> int:
    """N: `spec.replicas`, 1 where unset."""
    replicas = rollout["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def canary_of(rollout: Object) -> Object | None:
    """`spec.strategy.canary`; `canary: {}` counts as present."""
    canary: Object | None = (rollout["spec"].get("strategy") or {}).get("canary")
    return canary


def blue_green_of(rollout: Object) -> Object | None:
    """`spec.strategy.blueGreen`."""
    blue_green: Object | None = (rollout["spec"].get("strategy") or {}).get("blueGreen")
    return blue_green


def traffic_routing_of(rollout: Object) -> Object | None:
    """`trafficRouting` of a canary; None for every other rollout."""
    routing: Object | None = (canary_of(rollout) or {}).get("trafficRouting")
    return routing


def max_weight(rollout: Object) -> int:
    """W: what the weights of a canary sum up to."""
    return int((traffic_routing_of(rollout) or {}).get("maxTrafficWeight") or 100)


def scaled(value: Any, total: int, *, round_up: bool) -> int:
    """An int-or-string of `total`: any string is a percentage, with or without its sign.

    Raises ValueError when the string is no number.
    """
    if isinstance(value, str):
        share = int(value.replace("%", "")) * total / 100
        return math.ceil(share) if round_up else math.floor(share)
    return int(value)


def surge_and_unavailable(rollout: Object) -> tuple[int, int]:
    """S and U of controller.md §3.2; blue-green has no surge."""
    replicas = desired_replicas(rollout)
    canary = canary_of(rollout)
    if canary is None:
        value = (blue_green_of(rollout) or {}).get("maxUnavailable")
        return 0, _unavailable("25" if value is None else value, replicas)
    surge, unavailable = canary.get("maxSurge"), canary.get("maxUnavailable")
    try:
        surge = scaled("25" if surge is None else surge, replicas, round_up=True)
        unavailable = scaled("25" if unavailable is None else unavailable, replicas, round_up=False)
    except ValueError:
        surge = unavailable = 0  # the reference swallows the error
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, replicas)


def _unavailable(value: Any, replicas: int) -> int:
    try:
        return min(scaled(value, replicas, round_up=False), replicas)
    except ValueError:
        return 0


def pause_seconds(pause: Object) -> int:
    """Seconds of a pause step, 0 for an indefinite one, -1 when unreadable (controller.md §5.1)."""
    duration = pause.get("duration")
    if duration is None:
        return 0
    if isinstance(duration, int):
        return duration
    try:
        return int(duration)
    except ValueError:
        pass
    try:
        return int(parse_duration(duration) / 1_000_000_000)
    except Failure:
        return -1


def scale_down_delay(rollout: Object) -> int:
    """Seconds that a former stable or active ReplicaSet keeps its pods."""
    strategy = blue_green_of(rollout) or canary_of(rollout) or {}
    seconds = strategy.get("scaleDownDelaySeconds")
    if seconds is not None:
        return int(seconds)
    basic = blue_green_of(rollout) is None and traffic_routing_of(rollout) is None
    return 0 if basic else DEFAULT_DELAY


def abort_delay(rollout: Object) -> tuple[int | None, bool]:
    """Seconds that an aborted canary or preview keeps its pods (None: for ever), and whether it is the default."""
    strategy = blue_green_of(rollout) or canary_of(rollout) or {}
    seconds = strategy.get("abortScaleDownDelaySeconds")
    if seconds is None:
        return DEFAULT_DELAY, True
    return (int(seconds) or None), False


def revision_limit(rollout: Object) -> int | None:
    """How many old ReplicaSets may sit in their scale-down delay; None for no limit."""
    strategy = blue_green_of(rollout) or canary_of(rollout) or {}
    limit = strategy.get("scaleDownDelayRevisionLimit")
    return None if limit is None else int(limit)
