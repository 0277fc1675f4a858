"""The ReplicaSet controller: as many pods as asked for, and a status that counts them (controller.md §14)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from kubectl_rollouts.sandbox.controllers.pods import is_ready, ready_since
from kubectl_rollouts.sandbox.objects import (
    Object,
    controller_of,
    created_at,
    deleting,
    generation_of,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Create, Delete, Emit, Key, Outcome, Patch, World, soonest

NODE = "sandbox"
_COMPONENT = "replicaset-controller"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # those that spell no words, as Kubernetes picks them


class ReplicaSetController:
    """Keeps the pods of every ReplicaSet, whoever owns it."""

    kind = "ReplicaSet"

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The ReplicaSet itself, or the one that owns the pod."""
        if kind == "ReplicaSet":
            return ((namespace_of(obj), name_of(obj)),)
        if kind == "Pod":
            owner = controller_of(obj)
            if owner is not None and owner.get("kind") == "ReplicaSet":
                return ((namespace_of(obj), owner["name"]),)
        return ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """Pods to create or delete; the status counts the pods as they were when this began."""
        replica_set = world.get("ReplicaSet", namespace, name)
        if replica_set is None or deleting(replica_set):
            return Outcome()
        pods = [pod for pod in world.owned("Pod", uid_of(replica_set)) if _active(pod)]
        changes = _manage(replica_set, pods, clock)
        status, again_in = _status(replica_set, pods, clock)
        old = replica_set.get("status") or {}
        body = {key: status.get(key) for key in {*status, *old} if status.get(key) != old.get(key)}
        body = {key: value for key, value in body.items() if key in _COUNTED}
        if body:
            changes.append(Patch("ReplicaSet", namespace, name, {"status": body}, "status"))
        return Outcome(changes, again_in)


_COUNTED = frozenset({"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"})


def _active(pod: Object) -> bool:
    return not deleting(pod) and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _manage(replica_set: Object, pods: list[Object], clock: Clock) -> list[Change]:
    wanted = replica_set["spec"].get("replicas")
    wanted = 1 if wanted is None else int(wanted)
    changes: list[Change] = []
    for index in range(wanted - len(pods)):
        pod = _new_pod(replica_set, f"{clock.now!r}/{len(pods)}/{index}")
        changes += [Create(pod), _event(replica_set, "SuccessfulCreate", f"Created pod: {name_of(pod)}")]
    if len(pods) > wanted:
        for pod in sorted(pods, key=_first_to_go)[: len(pods) - wanted]:
            changes.append(Delete("Pod", namespace_of(pod), name_of(pod), uid=uid_of(pod)))
            changes.append(_event(replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}"))
    return changes


def _first_to_go(pod: Object) -> tuple[Any, ...]:
    """Pending ones, then unready ones, then those ready for the shortest time, then the youngest."""
    status = pod.get("status") or {}
    restarts = sum(c.get("restartCount", 0) for c in status.get("containerStatuses") or ())
    return (
        status.get("phase", "Pending") != "Pending",
        is_ready(pod),
        -(ready_since(pod) or 0.0),
        -restarts,
        -created_at(pod),
        name_of(pod),
    )


def _new_pod(replica_set: Object, seed: str) -> Object:
    """A pod of the template; `seed` is what makes its name another one than those before."""
    template = replica_set["spec"].get("template") or {}
    metadata = template.get("metadata") or {}
    seed = f"{uid_of(replica_set)}/{replica_set['metadata'].get('resourceVersion')}/{seed}"
    digest = hashlib.blake2b(seed.encode(), digest_size=5).digest()
    suffix = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)
    made: Object = {
        "name": f"{name_of(replica_set)}-{suffix}",
        "generateName": f"{name_of(replica_set)}-",
        "namespace": namespace_of(replica_set),
        "ownerReferences": [owner_reference(replica_set)],
    }
    for key in ("labels", "annotations"):
        if metadata.get(key):
            made[key] = dict(metadata[key])
    # The sandbox has one node, so that scheduling is done when the pod is made.
    spec = {**(template.get("spec") or {}), "nodeName": NODE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": spec}


def _status(replica_set: Object, pods: list[Object], clock: Clock) -> tuple[Object, float | None]:
    """The counts, and the real seconds until the next ready pod counts as available."""
    seconds = float(replica_set["spec"].get("minReadySeconds") or 0)
    labels = ((replica_set["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
    ready = available = labelled = 0
    again_in: float | None = None
    for pod in pods:
        own = labels_of(pod)
        labelled += all(own.get(key) == value for key, value in labels.items())
        since = ready_since(pod)
        if since is None:
            continue
        ready += 1
        left = clock.left(since, seconds)
        available += left <= 0
        again_in = soonest(again_in, left if left > 0 else None)
    status: Object = {"replicas": len(pods), "observedGeneration": generation_of(replica_set)}
    for key, value in (
        ("fullyLabeledReplicas", labelled),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ):
        if value:
            status[key] = value
    return status, again_in


def _event(replica_set: Object, reason: str, message: str) -> Emit:
    return Emit(replica_set, "Normal", reason, message, component=_COMPONENT)
