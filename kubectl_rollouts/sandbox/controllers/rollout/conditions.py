"""The conditions of a rollout (controller.md §2.2, §2.3, §2.5)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.names import REVISION
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.sizes import by_hash, is_saturated, total
from kubectl_rollouts.sandbox.controllers.rollout.steps import current_step, steps_of
from kubectl_rollouts.sandbox.objects import Object, annotations_of, generation_of, name_of, time_text

Conditions = list[Object]
_UNAVAILABLE = "Rollout does not have minimum availability"


def find(conditions: Conditions | None, kind: str) -> Object | None:
    """The condition of a type, if any."""
    return next((c for c in conditions or () if c.get("type") == kind), None)


def made(kind: str, status: str, reason: str, message: str, now: float) -> Object:
    """A new condition."""
    text = time_text(now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": text,
        "lastTransitionTime": text,
    }


def put(conditions: Conditions, new: Object) -> bool:
    """Set a condition; False when status and reason were the same already, which changes nothing."""
    old = find(conditions, new["type"])
    if old is not None and (old.get("status"), old.get("reason")) == (new["status"], new["reason"]):
        return False
    if old is not None:
        if old.get("status") == new["status"]:
            new = {**new, "lastTransitionTime": old["lastTransitionTime"]}
        conditions.remove(old)
    conditions.append(new)
    return True


def remove(conditions: Conditions, kind: str) -> None:
    """Drop the condition of a type."""
    conditions[:] = [c for c in conditions if c.get("type") != kind]


def pause_changes(release: Release) -> Conditions:
    """What step 8 of a reconcile sets (controller.md §2.3)."""
    conditions = release.status.get("conditions")
    progressing = find(conditions, "Progressing") or {}
    paused_now = release.pauses.any or bool(release.spec.get("paused"))
    aborted_said = progressing.get("reason") == "RolloutAborted"
    now = release.clock.now
    changes: Conditions = []
    said_paused = progressing.get("reason") == "RolloutPaused"
    if paused_now != said_paused and not aborted_said and not release.promoted:
        if paused_now:
            changes.append(made("Progressing", "Unknown", "RolloutPaused", "Rollout is paused", now))
        else:
            changes.append(made("Progressing", "Unknown", "RolloutResumed", "Rollout is resumed", now))
    if aborted_said and not release.status.get("abort"):
        changes.append(made("Progressing", "Unknown", "RolloutRetry", "Retrying Rollout after abort", now))
    paused_said = (find(conditions, "Paused") or {}).get("status") == "True"
    if paused_now != paused_said and not aborted_said:
        text = "True" if paused_now else "False"
        changes.append(made("Paused", text, "RolloutPaused", "Rollout is paused", now))
    return changes


def calculate(release: Release, new: Object) -> None:
    """Bring `new["conditions"]` up to date with the rest of the new status (controller.md §2.2, in its order)."""
    conditions: Conditions = list(release.status.get("conditions") or [])
    new["conditions"] = conditions
    remove(conditions, "InvalidSpec")
    now = release.clock.now
    healthy = is_healthy(release, new)
    became_unhealthy = _set_healthy(release, conditions, healthy, now)
    if release.aborted:
        _say_aborted(release, conditions)
    else:
        _estimate_progress(release, new, conditions, healthy, became_unhealthy)
    minimum = _has_minimum(release, new)
    text = "Rollout has minimum availability" if minimum else _UNAVAILABLE
    put(conditions, made("Available", str(minimum), "AvailableReason", text, now))
    failure = _replica_failure(release)
    if failure is None:
        remove(conditions, "ReplicaFailure")
    else:
        put(conditions, {**failure, "lastUpdateTime": failure["lastTransitionTime"]})
    done = bool(new.get("stableRS")) and new.get("stableRS") == new.get("currentPodHash")
    changed = put(conditions, made("Completed", str(done), "RolloutCompleted", "RolloutCompleted", now))
    if changed and not done:
        revision = annotations_of(release.new_rs or {}).get(REVISION, "0")
        text = f"Rollout not completed, started update to revision {revision} ({new.get('currentPodHash', '')})"
        release.announce("RolloutNotCompleted", text)


def is_healthy(release: Release, new: Object) -> bool:
    """The "healthy" predicate of controller.md §2.2; looks at the generation observed before."""
    replicas = release.replicas
    if new.get("updatedReplicas", 0) != replicas or new.get("availableReplicas", 0) != replicas:
        return False
    if release.status.get("observedGeneration") != str(generation_of(release.rollout)):
        return False
    current = new.get("currentPodHash")
    if release.blue_green is not None:
        selectors = new.get("blueGreen") or {}
        preview = not release.blue_green.get("previewService") or selectors.get("previewSelector") == current
        return preview and selectors.get("activeSelector") == current
    steps = len(steps_of(release.rollout))
    if steps and new.get("currentStepIndex") != steps:
        return False
    return bool(new.get("stableRS") == current and new.get("replicas", 0) == replicas)


def _set_healthy(release: Release, conditions: Conditions, healthy: bool, now: float) -> bool:
    """Set Healthy; whether the rollout turned unhealthy just now."""
    paused = release.pauses.any or release.spec.get("paused")
    if healthy and not paused:
        put(conditions, made("Healthy", "True", "RolloutHealthy", "Rollout is healthy", now))
        return False
    if find(conditions, "Healthy") is None:
        return False
    return put(conditions, made("Healthy", "False", "RolloutHealthy", "Rollout is not healthy", now))


def _say_aborted(release: Release, conditions: Conditions) -> None:
    revision = annotations_of(release.rollout).get(REVISION, "0")
    message = f"Rollout aborted update to revision {revision}"
    if release.pauses.abort_cause:
        message += f": {release.pauses.abort_cause}"
    if put(conditions, made("Progressing", "False", "RolloutAborted", message, release.clock.now)):
        release.announce("RolloutAborted", message, "Warning")


def _estimate_progress(
    release: Release, new: Object, conditions: Conditions, healthy: bool, became_unhealthy: bool
) -> None:
    """Progressing of an update that is not aborted: healthy, else progress, else perhaps timed out."""
    now, name = release.clock.now, name_of(release.new_rs or {})
    paused = release.pauses.any or bool(release.spec.get("paused"))
    if healthy and paused and new.get("stableRS") != new.get("currentPodHash"):
        return  # §2.3 says that it is paused; to say that it is done as well would never end
    if healthy:
        text = f'ReplicaSet "{name}" has successfully progressed.'
        put(conditions, made("Progressing", "True", "NewReplicaSetAvailable", text, now))
        return
    if made_progress(release, new) or became_unhealthy:
        reason, text = "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'
        if not name:
            text = f'Rollout "{release.name}" is progressing.'
        if became_unhealthy and new.get("stableRS") == new.get("currentPodHash"):
            reason, text = "ReplicaSetNotAvailable", _UNAVAILABLE
        progressing = made("Progressing", "True", reason, text, now)
        old = find(conditions, "Progressing")
        if old is not None and old.get("status") == "True":
            progressing["lastTransitionTime"] = old["lastTransitionTime"]
        remove(conditions, "Progressing")
        conditions.append(progressing)
        return
    if timed_out(release, conditions):
        text = f'ReplicaSet "{name}" has timed out progressing.'
        if not name:
            text = f'Rollout "{release.name}" has timed out progressing.'
        put(conditions, made("Progressing", "False", "ProgressDeadlineExceeded", text, now))
        if release.spec.get("progressDeadlineAbort") and new.get("stableRS") != new.get("currentPodHash"):
            release.announce("RolloutAborted", text, "Warning")
            release.pauses.abort(text)
            _say_aborted(release, conditions)


def made_progress(release: Release, new: Object) -> bool:
    """The "progress" predicate of controller.md §2.2: the new status against the stored one."""
    old = release.status

    def number(status: Object, key: str) -> int:
        return int(status.get(key) or 0)

    if number(new, "updatedReplicas") != number(old, "updatedReplicas"):
        return True
    old_pods = number(old, "replicas") - number(old, "updatedReplicas")
    if number(new, "replicas") - number(new, "updatedReplicas") < old_pods:
        return True
    if any(number(new, key) > number(old, key) for key in ("readyReplicas", "availableReplicas")):
        return True
    if release.blue_green is not None:
        now, before = new.get("blueGreen") or {}, old.get("blueGreen") or {}
        # what is stored leaves empty texts out
        return any((now.get(key) or "") != (before.get(key) or "") for key in ("activeSelector", "previewSelector"))
    return any(new.get(key) != old.get(key) for key in ("stableRS", "currentStepIndex", "currentStepHash"))


def deadline_seconds(release: Release) -> float:
    """`progressDeadlineSeconds`, 600 where unset."""
    seconds = release.spec.get("progressDeadlineSeconds")
    return 600.0 if seconds is None else float(seconds)


def timed_out(release: Release, conditions: Conditions) -> bool:
    """Whether the update is stuck (controller.md §2.5)."""
    left = time_to_deadline(release, conditions)
    return left is not None and left <= 0


def time_to_deadline(release: Release, conditions: Conditions) -> float | None:
    """Real seconds until the update counts as stuck; None where that is not judged."""
    progressing = find(conditions, "Progressing")
    if progressing is None or release.aborted:
        return None
    if progressing.get("reason") in ("RolloutAborted", "RolloutPaused", "NewReplicaSetAvailable"):
        return None
    step, _ = current_step(release.rollout)
    if step is not None and any(step.get(key) is not None for key in ("pause", "analysis", "experiment")):
        return None
    if (find(conditions, "Paused") or {}).get("status") == "True":
        return None
    if release.others_delayed:
        return None
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return 0.0
    return release.clock.left_for_pods(parse_time(progressing["lastUpdateTime"]), deadline_seconds(release))


def _has_minimum(release: Release, new: Object) -> bool:
    if release.blue_green is not None:
        active = by_hash(release.all_rs, (new.get("blueGreen") or {}).get("activeSelector", ""))
        return is_saturated(active, release.replicas)
    return total(release.all_rs, "availableReplicas") >= release.replicas


def _replica_failure(release: Release) -> dict[str, Any] | None:
    for item in [release.new_rs, *release.all_rs]:
        found = find(((item or {}).get("status") or {}).get("conditions"), "ReplicaFailure")
        if found is not None:
            return found
    return None
