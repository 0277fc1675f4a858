"""Restarting: pods older than `restartAt` are evicted, as many at a time as may be missing (controller.md §11.1)."""

from __future__ import annotations

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.pods import ready_since
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.numbers import surge_and_unavailable
from kubectl_rollouts.sandbox.controllers.rollout.sizes import total_spec
from kubectl_rollouts.sandbox.disruption import budget_against
from kubectl_rollouts.sandbox.objects import Object, created_at, deleting, name_of, uid_of

_RETRY_SECONDS = 30.0


def restart_pods(release: Release) -> bool:
    """Evict what may be evicted now; whether anything was."""
    wanted = release.spec.get("restartAt")
    if not wanted or wanted == release.status.get("restartedAt"):
        return False
    try:
        since = parse_time(wanted)
    except ValueError:
        return False
    if release.clock.now <= since:
        release.look_at(since)
        return False
    pods = [pod for item in release.all_rs for pod in release.world.owned("Pod", uid_of(item))]
    _, unavailable = surge_and_unavailable(release.rollout)
    least = max(release.replicas, total_spec(release.all_rs)) - max(unavailable, 1)
    allowed = sum(_is_available(release, pod) for pod in pods) - least
    old = [pod for pod in pods if created_at(pod) < since]
    evicted: set[str] = set()
    for pod in old:
        if allowed <= 0 or deleting(pod) or budget_against(pod, release.world, evicted) is not None:
            continue
        release.delete("Pod", name_of(pod))
        evicted.add(uid_of(pod))
        allowed -= 1
    if not old:
        release.restarted_at = wanted
    else:
        release.look_again(_RETRY_SECONDS / release.clock.speed)
    return bool(evicted)


def _is_available(release: Release, pod: Object) -> bool:
    since = ready_since(pod)
    if since is None or deleting(pod):
        return False
    return release.clock.passed(since, float(release.spec.get("minReadySeconds") or 0))
