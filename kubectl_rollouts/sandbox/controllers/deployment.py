"""The Deployment controller: what a rollout's `workloadRef` points to, and plain workloads (controller.md §14).

Both strategies; the hash label is Kubernetes' `pod-template-hash`, the revisions are in
`deployment.kubernetes.io/revision`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.conditions import find_condition
from kubectl_rollouts.sandbox.controllers.rollout.hashes import deployment_hash
from kubectl_rollouts.sandbox.controllers.rollout.sizes import available, counted, spec_replicas, total, total_spec
from kubectl_rollouts.sandbox.objects import (
    Object,
    annotations_of,
    controller_of,
    created_at,
    deleting,
    generation_of,
    labels_of,
    name_of,
    namespace_of,
    owned_by,
    owner_reference,
    time_text,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Create, Delete, Emit, Key, Outcome, Patch, World

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_DEFAULT_HISTORY = 10
_DEFAULT_DEADLINE = 600.0


class DeploymentController:
    """Rolls Deployments over their ReplicaSets."""

    kind = "Deployment"

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The Deployment itself, or the one that owns the ReplicaSet."""
        if kind == "Deployment":
            return ((namespace_of(obj), name_of(obj)),)
        owner = controller_of(obj) if kind == "ReplicaSet" else None
        if owner is not None and owner.get("kind") == "Deployment":
            return ((namespace_of(obj), owner["name"]),)
        return ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """The new ReplicaSet, the next sizes of all of them, the status."""
        deployment = world.get("Deployment", namespace, name)
        if deployment is None or deleting(deployment):
            return Outcome()
        owned = [s for s in world.owned("ReplicaSet", uid_of(deployment)) if owned_by(s, uid_of(deployment))]
        owned.sort(key=lambda item: (created_at(item), name_of(item)))
        collisions = (deployment.get("status") or {}).get("collisionCount")
        value = deployment_hash(deployment["spec"].get("template"), collisions)
        new = next((item for item in owned if labels_of(item).get(HASH) == value), None)
        old = [item for item in owned if item is not new]
        changes: list[Change] = []
        if new is None and not deployment["spec"].get("paused"):
            if world.get("ReplicaSet", namespace, f"{name}-{value}") is not None:  # somebody else's
                body = {"status": {"collisionCount": int(collisions or 0) + 1}}
                return Outcome([Patch("Deployment", namespace, name, body, "status")])
            changes += _create(deployment, old, value)
        elif new is not None:
            changes += _revise(deployment, new, old)
            changes += _resize(deployment, new, old)
            changes += _forget(deployment, old)
        status, again_in = _status(deployment, new, owned, clock)
        changes += status
        return Outcome(changes, again_in)


def _replicas(deployment: Object) -> int:
    replicas = deployment["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _share(value: Any, replicas: int, *, up: bool) -> int:
    """`maxSurge` or `maxUnavailable`: a number, or a percentage of the replicas."""
    if isinstance(value, str):
        part = float(value.rstrip("%") or 0) * replicas / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value)


def _limits(deployment: Object) -> tuple[int, int]:
    """The most pods there may be, and the least that must be available."""
    replicas = _replicas(deployment)
    strategy = deployment["spec"].get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    surge, unavailable = rolling.get("maxSurge"), rolling.get("maxUnavailable")
    more = _share("25%" if surge is None else surge, replicas, up=True)
    fewer = _share("25%" if unavailable is None else unavailable, replicas, up=False)
    if more == 0 and fewer == 0:
        fewer = 1
    return replicas + more, replicas - min(fewer, replicas)


def _revision(item: Object) -> int:
    text = annotations_of(item).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def _create(deployment: Object, old: Sequence[Object], value: str) -> list[Change]:
    template = deployment["spec"].get("template") or {}
    metadata = template.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), HASH: value}
    selector = deployment["spec"].get("selector") or {}
    revision = str(max((_revision(item) for item in old), default=0) + 1)
    spec: Object = {
        "replicas": 0,
        "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: value}},
        "template": {**template, "metadata": {**metadata, "labels": labels}},
    }
    if deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name_of(deployment)}-{value}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": {REVISION: revision},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": spec,
    }
    return [Create(made), *_note_revision(deployment, revision)]


def _note_revision(deployment: Object, revision: str) -> list[Change]:
    if annotations_of(deployment).get(REVISION) == revision:
        return []
    body = {"metadata": {"annotations": {REVISION: revision}}}
    return [Patch("Deployment", namespace_of(deployment), name_of(deployment), body)]


def _revise(deployment: Object, new: Object, old: Sequence[Object]) -> list[Change]:
    """A ReplicaSet that is taken up again gets the next revision."""
    highest = max((_revision(item) for item in old), default=0)
    if _revision(new) > highest:
        return _note_revision(deployment, str(_revision(new)))
    text = str(highest + 1)
    body = {"metadata": {"annotations": {REVISION: text}}}
    return [Patch("ReplicaSet", namespace_of(new), name_of(new), body), *_note_revision(deployment, text)]


def _scaled(deployment: Object, item: Object, size: int) -> list[Change]:
    before = spec_replicas(item)
    if before == size:
        return []
    text = f"Scaled {'up' if size > before else 'down'} replica set {name_of(item)} from {before} to {size}"
    patch = Patch("ReplicaSet", namespace_of(item), name_of(item), {"spec": {"replicas": size}})
    return [patch, Emit(deployment, "Normal", "ScalingReplicaSet", text, component="deployment-controller")]


def _resize(deployment: Object, new: Object, old: list[Object]) -> list[Change]:
    """The next move: scaling as a whole while paused, else towards the new template by the strategy."""
    replicas, everything = _replicas(deployment), [new, *old]
    if deployment["spec"].get("paused"):
        return []
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        if any(spec_replicas(item) or counted(item, "replicas") for item in old):
            return [change for item in old for change in _scaled(deployment, item, 0)]
        return _scaled(deployment, new, replicas)
    most, least = _limits(deployment)
    size = spec_replicas(new)
    if size > replicas:
        return _scaled(deployment, new, replicas)
    room = most - total_spec(everything)
    if size < replicas and room > 0:
        return _scaled(deployment, new, size + min(room, replicas - size))
    changes: list[Change] = []
    spare = total_spec(everything) - least - (size - available(new))
    for item in old:  # pods that are not available go first
        gone = min(spare, spec_replicas(item) - available(item))
        if gone > 0:
            changes += _scaled(deployment, item, spec_replicas(item) - gone)
            spare -= gone
    if changes:
        return changes
    spare = total(everything, "availableReplicas") - least
    for item in old:
        gone = min(spare, spec_replicas(item))
        if gone > 0:
            changes += _scaled(deployment, item, spec_replicas(item) - gone)
            spare -= gone
    return changes


def _forget(deployment: Object, old: Sequence[Object]) -> list[Change]:
    limit = deployment["spec"].get("revisionHistoryLimit")
    limit = _DEFAULT_HISTORY if limit is None else int(limit)
    idle = [item for item in old if not spec_replicas(item) and not counted(item, "replicas") and not deleting(item)]
    idle.sort(key=_revision)
    return [Delete("ReplicaSet", namespace_of(i), name_of(i)) for i in idle[: max(0, len(idle) - limit)]]


# -- status ------------------------------------------------------------------------------------------------------


def _status(
    deployment: Object, new: Object | None, owned: Sequence[Object], clock: Clock
) -> tuple[list[Change], float | None]:
    old = deployment.get("status") or {}
    replicas = _replicas(deployment)
    there = total(owned, "availableReplicas")
    counts = {
        "replicas": total(owned, "replicas"),
        "updatedReplicas": counted(new, "replicas"),
        "readyReplicas": total(owned, "readyReplicas"),
        "availableReplicas": there,
        "unavailableReplicas": max(0, total_spec(owned) - there),
    }
    status: Object = {key: value for key, value in counts.items() if value}
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    status["observedGeneration"] = generation_of(deployment)
    enough = there >= _limits(deployment)[1]
    conditions, again_in = _conditions(deployment, new, counts, enough, replicas, clock)
    status["conditions"] = conditions
    body = {key: status.get(key) for key in {*old, *status} if old.get(key) != status.get(key)}
    if not body:
        return [], again_in
    patch = Patch("Deployment", namespace_of(deployment), name_of(deployment), {"status": body}, "status")
    return [patch], again_in


def _conditions(
    deployment: Object, new: Object | None, counts: dict[str, int], enough: bool, replicas: int, clock: Clock
) -> tuple[list[Object], float | None]:
    old = deployment.get("status") or {}
    name = name_of(new) if new is not None else ""
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    text = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    conditions = [_condition(old, "Available", str(enough), reason, text, clock, moved=False)]
    complete = counts["updatedReplicas"] == replicas == counts["availableReplicas"] == counts["replicas"]
    moved = any(
        counts[key] > int(old.get(key) or 0) for key in ("updatedReplicas", "readyReplicas", "availableReplicas")
    ) or counts["replicas"] - counts["updatedReplicas"] < int(old.get("replicas") or 0) - int(
        old.get("updatedReplicas") or 0
    )
    known = find_condition(old, "Progressing")
    if complete:
        said = f'ReplicaSet "{name}" has successfully progressed.'
        conditions.append(_condition(old, "Progressing", "True", "NewReplicaSetAvailable", said, clock, moved=False))
        return conditions, None
    if moved or known is None or known.get("reason") == "NewReplicaSetAvailable" or new is None:
        said = f'ReplicaSet "{name}" is progressing.' if name else "Created new replica set."
        conditions.append(_condition(old, "Progressing", "True", "ReplicaSetUpdated", said, clock, moved=moved))
        return conditions, None
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    seconds = _DEFAULT_DEADLINE if seconds is None else float(seconds)
    left = clock.left_for_pods(parse_time(known.get("lastUpdateTime") or known["lastTransitionTime"]), seconds)
    if left > 0 or deployment["spec"].get("paused"):
        return [*conditions, known], left or None
    said = f'ReplicaSet "{name}" has timed out progressing.'
    conditions.append(_condition(old, "Progressing", "False", "ProgressDeadlineExceeded", said, clock, moved=False))
    return conditions, None


def _condition(old: Object, kind: str, status: str, reason: str, message: str, clock: Clock, *, moved: bool) -> Object:
    known = find_condition(old, kind)
    now = time_text(clock.now)
    if known is not None and (known["status"], known["reason"]) == (status, reason) and not moved:
        return known
    same = known is not None and known["status"] == status
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": now,
        "lastTransitionTime": known["lastTransitionTime"] if known is not None and same else now,
    }
