"""The rollout's status: rebuilt by every full reconcile, written as the difference (controller.md §2.1)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.controllers.names import REVISION, WORKLOAD_GENERATION
from kubectl_rollouts.sandbox.controllers.rollout import conditions
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.hashes import pod_template_hash
from kubectl_rollouts.sandbox.controllers.rollout.phase import phase_of
from kubectl_rollouts.sandbox.controllers.rollout.sizes import counted, hash_of, total
from kubectl_rollouts.sandbox.controllers.rollout.steps import steps_of
from kubectl_rollouts.sandbox.objects import Object, annotations_of, generation_of


def base_status(release: Release) -> Object:
    """What both strategies derive in the same way; counters as the ReplicaSets reported them."""
    old = release.status
    current = hash_of(release.new_rs) or pod_template_hash(release.spec.get("template"), old.get("collisionCount"))
    return {
        "currentPodHash": current,
        "replicas": total(release.all_rs, "replicas"),
        "updatedReplicas": counted(release.new_rs, "replicas"),
        "readyReplicas": total(release.all_rs, "readyReplicas"),
        "availableReplicas": total(release.all_rs, "availableReplicas"),
        "HPAReplicas": total(release.all_rs, "replicas"),
        "selector": selector_text(release.spec.get("selector") or {}),
        "collisionCount": old.get("collisionCount"),
        "stableRS": old.get("stableRS"),
        "restartedAt": release.restarted_at,
        "promoteFull": bool(old.get("promoteFull")) and old.get("stableRS") != current,
        "canary": dict(release.canary_status),
        "blueGreen": dict(release.blue_green_status),
    }


def reset(release: Release, new: Object) -> None:
    """A new template or new steps: what belonged to the former update goes."""
    release.pauses.clear()
    release.pauses.forget_abort()
    new["promoteFull"] = False
    for key in ("prePromotionAnalysisRunStatus", "postPromotionAnalysisRunStatus", "scaleUpPreviewCheckPoint"):
        new["blueGreen"].pop(key, None)
    for key in ("currentStepAnalysisRunStatus", "currentBackgroundAnalysisRunStatus", "currentExperiment"):
        new["canary"].pop(key, None)
    new["canary"].pop("stepPluginStatuses", None)
    new["currentStepIndex"] = 0 if steps_of(release.rollout) else None


def promote_stable(release: Release, new: Object, reason: str) -> None:
    """The new ReplicaSet becomes the stable one."""
    release.pauses.clear()
    release.pauses.forget_abort()
    new["promoteFull"] = False
    new["blueGreen"].pop("scaleUpPreviewCheckPoint", None)
    if release.canary is not None:
        new["currentStepIndex"] = len(steps_of(release.rollout)) or None
    if new.get("stableRS") == new["currentPodHash"]:
        return
    if (release.canary or {}).get("pingPong"):
        stable_was = release.status.get("canary", {}).get("stablePingPong")
        new["canary"]["stablePingPong"] = "pong" if stable_was == "ping" else "ping"
    new["stableRS"] = new["currentPodHash"]
    revision = annotations_of(release.new_rs or release.rollout).get(REVISION, "0")
    text = f"Rollout completed update to revision {revision} ({new['currentPodHash']}): {reason}"
    release.announce("RolloutCompleted", text)


def persist(release: Release, new: Object) -> None:
    """Conditions, pauses and phase of a new status; then write what differs, if anything does."""
    conditions.calculate(release, new)
    new.update(release.pauses.result())
    _observe(release, new)
    _write(release, new)
    _say_pauses(release, new)
    left = conditions.time_to_deadline(release, new["conditions"])
    if left is not None and left > 0:
        release.look_again(left + 1.0)


def persist_replicas_only(release: Release) -> None:
    """The status of a scaling event: the old one with some counters refreshed (controller.md §11.2)."""
    new = {**release.status}
    new["canary"], new["blueGreen"] = {**(new.get("canary") or {})}, {**(new.get("blueGreen") or {})}
    fresh = base_status(release)
    if release.blue_green is not None:
        account_for_active(release, fresh, new["blueGreen"].get("activeSelector", ""))
    new["availableReplicas"], new["HPAReplicas"] = fresh["availableReplicas"], fresh["HPAReplicas"]
    conditions.calculate(release, new)
    _observe(release, new)
    _write(release, new)


def persist_conditions(release: Release, changed: list[Object]) -> None:
    """Write some conditions only, with the phase that follows from them."""
    new = {**release.status, "conditions": list(release.status.get("conditions") or [])}
    for condition in changed:
        conditions.put(new["conditions"], condition)
    _observe(release, new)
    _write(release, new)


def account_for_active(release: Release, new: Object, active_hash: str) -> None:
    """Blue-green counts the pods of the active ReplicaSet only, where there is one."""
    active = next((item for item in release.all_rs if active_hash and hash_of(item) == active_hash), None)
    if active is None:
        return
    new["HPAReplicas"] = counted(active, "replicas")
    new["availableReplicas"] = counted(active, "availableReplicas")
    new["readyReplicas"] = counted(active, "readyReplicas")
    new["selector"] = selector_text(active["spec"].get("selector") or {})


def selector_text(selector: dict[str, Any]) -> str:
    """A label selector as text: `app=demo,tier in (a,b)`."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or ():
        key, values = item.get("key", ""), ",".join(sorted(item.get("values") or ()))
        words = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(words.get(item.get("operator", ""), f"!{key}"))
    return ",".join(parts)


def _observe(release: Release, new: Object) -> None:
    new["observedGeneration"] = str(generation_of(release.rollout))
    if release.spec.get("workloadRef"):
        seen = annotations_of(release.rollout).get(WORKLOAD_GENERATION)
        if seen:
            new["workloadObservedGeneration"] = seen
    else:
        new["workloadObservedGeneration"] = None
    new["phase"], new["message"] = phase_of(release.rollout, new)


def _write(release: Release, new: Object) -> None:
    body = difference(release.status, as_stored(new))
    if body:
        release.patch_status(body)


def as_stored(status: Object) -> Object:
    """A status as it is serialised: zero values left out, except those that the API keeps."""
    kept = {key: value for key, value in status.items() if value or (key == "currentStepIndex" and value == 0)}
    kept = {key: value for key, value in kept.items() if value is not False}
    kept["canary"] = {k: v for k, v in (status.get("canary") or {}).items() if v}
    kept["blueGreen"] = {k: v for k, v in (status.get("blueGreen") or {}).items() if v}
    return kept


def difference(old: Object, new: Object) -> Object:
    """The JSON merge patch from `old` to `new`: lists whole, what is gone as null."""
    patch: Object = {}
    for key, value in new.items():
        was = old.get(key)
        if was == value and type(was) is type(value):
            continue
        patch[key] = difference(was, value) if isinstance(was, dict) and isinstance(value, dict) else value
    patch.update({key: None for key in old if key not in new})
    return patch


def _say_pauses(release: Release, new: Object) -> None:
    """Events when the list of pauses became non-empty, or the controller emptied it (controller.md §12)."""
    now = new.get("pauseConditions") or []
    if now and not release.pauses.any:
        for pause in now:
            release.announce("RolloutPaused", f"Rollout is paused ({pause['reason']})")
    elif release.pauses.any and not now and not new.get("abort"):
        release.announce("RolloutResumed", "Rollout is resumed")
