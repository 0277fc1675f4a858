"""How many pods a canary and its stable side get (controller.md §3.3, §3.4, §4.1): numbers in, numbers out."""

from __future__ import annotations

import math
from typing import NamedTuple


class Counts(NamedTuple):
    """Pods of the new and of the stable ReplicaSet."""

    canary: int
    stable: int


class Size(NamedTuple):
    """What a ReplicaSet is asked for and what of it is available."""

    spec: int
    available: int


def target_counts(replicas: int, weight: int, surge: int, whole: int = 100) -> Counts:
    """The pair of counts that comes nearest to `weight` of `whole` (controller.md §3.3)."""
    if replicas == 0:
        return Counts(0, 0)
    zero_ok = weight in (0, whole) or (replicas == 1 and surge == 0)
    candidates: list[tuple[int, int]] = []  # canary, total
    up, down = -(-replicas * weight // whole), replicas * weight // whole
    for total in (replicas, replicas + 1) if surge > 0 else (replicas,):
        tie = 2 * (total * weight % whole) == whole
        if up < total or zero_ok:
            candidates.append((up, total))
        if not tie and (down != 0 or zero_ok):
            candidates.append((down, total))
    if not candidates:
        return Counts(0, replicas)  # as the reference: S = 0 and a weight that rounds to everything
    canary, total = min(candidates, key=lambda pair: abs(pair[0] * whole / pair[1] - weight))
    return Counts(canary, total - canary)


def bounded_move(
    target: Counts,
    new: Size | None,
    stable: Size | None,
    others: int,
    *,
    replicas: int,
    surge: int,
    unavailable: int,
) -> Counts:
    """One step from what is towards `target`, within surge and unavailable (controller.md §3.4).

    `stable` is None when there is none, or when it is the new ReplicaSet; `others` are the pods asked of all
    further ReplicaSets.
    """
    if stable is None:
        target = Counts(replicas, 0)
    canary_now, stable_now = (new.spec if new else 0), (stable.spec if stable else 0)
    most, floor = replicas + surge, replicas - unavailable
    budget = most - canary_now - stable_now - others
    canary, kept = canary_now, stable_now
    if stable and stable_now < target.stable and budget > 0:  # 2
        kept += min(budget, target.stable - stable_now)
        budget -= kept - stable_now
    if new and canary_now < target.canary and budget > 0:  # 3
        canary += min(budget, target.canary - canary_now)
    if others > 0:  # 4: a third one is in the way
        return Counts(canary, kept)
    growing = new is None or target.canary >= canary_now  # 5
    pool = _share(new, ignore_availability=not growing) + _share(stable, ignore_availability=growing)  # 6
    if pool <= floor:  # 7
        return Counts(canary, kept)
    quota = pool - floor
    if growing:
        if stable is None:
            return Counts(canary, kept)
        if stable_now > target.stable:
            kept = max(target.stable, stable_now - quota)
        kept, canary = _within_limits(stable, kept, new, canary, most, floor)  # 8
        return Counts(canary, kept)
    if canary_now > target.canary:
        canary = max(target.canary, canary_now - quota)
    canary, kept = _within_limits(new, canary, stable, kept, most, floor)
    return Counts(canary, kept)


def _share(size: Size | None, *, ignore_availability: bool) -> int:
    if size is None:
        return 0
    return size.spec if ignore_availability or size.spec < size.available else size.available


def _within_limits(
    drained: Size | None, drained_to: int, other: Size | None, other_to: int, most: int, floor: int
) -> tuple[int, int]:
    """Row 8: both together within `most`, at the cost of the other one unless availability forbids it."""
    excess = drained_to + other_to - most
    if excess <= 0 or other is None:
        return drained_to, other_to
    cut = min(excess, other_to)
    lost = other.available - min(other.available, other_to - cut)
    left = min(other.available, other_to - cut) + min(drained.available if drained else 0, drained_to)
    back = min(lost, max(0, floor - left))
    return max(0, drained_to - back), other_to - cut + back


def routed_canary(replicas: int, weight: int, whole: int = 100) -> int:
    """Pods of a canary whose traffic is routed: its share of the replicas, rounded up."""
    return math.ceil(weight * replicas / whole)
