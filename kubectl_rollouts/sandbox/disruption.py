"""Disruption budgets: which evictions they forbid."""

from __future__ import annotations

from collections.abc import Collection

from kubectl_rollouts.sandbox.objects import Object, deleting, labels_of, namespace_of, uid_of
from kubectl_rollouts.sandbox.selectors import selector_matches
from kubectl_rollouts.sandbox.world import World


def budget_against(pod: Object, world: World, gone: Collection[str] = ()) -> Object | None:
    """The budget that forbids to evict a pod, if any; `gone` are the uids of pods that are being evicted already."""
    namespace = namespace_of(pod)
    for budget in world.list("PodDisruptionBudget", namespace):
        selector = (budget.get("spec") or {}).get("selector")
        if not selector_matches(selector, labels_of(pod)):
            continue
        pods = [item for item in world.list("Pod", namespace) if selector_matches(selector, labels_of(item))]
        healthy = sum(_is_ready(item) and uid_of(item) not in gone for item in pods)
        if not _may_disrupt(budget.get("spec") or {}, len(pods), healthy):
            return budget
    return None


def _may_disrupt(spec: Object, pods: int, healthy: int) -> bool:
    if spec.get("maxUnavailable") is not None:
        return pods - healthy + 1 <= _scaled(spec["maxUnavailable"], pods)
    return healthy - 1 >= _scaled(spec.get("minAvailable", 1), pods)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not deleting(pod) and any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _scaled(value: int | str, total: int) -> int:
    """An int-or-percent of a total, rounded up as disruption budgets do."""
    if isinstance(value, int):
        return value
    percent = value.rstrip("%")
    return -(-int(percent) * total // 100) if percent.isdecimal() else 0
