"""Kubernetes objects as the sandbox holds them: decoded JSON, never changed in place once stored.

The store hands out the very objects it holds, so that a list of a thousand pods copies nothing. Whoever wants another
object makes a new one that shares the unchanged parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_rollouts.rollout.times import format_time, parse_time

Object = dict[str, Any]

HASH_LABEL = "rollouts-pod-template-hash"

FAIL_ANNOTATION = "sandbox.kubectl-rollouts/fail"
"""On a pod: it crashes from now on (`sandbox pods --fail`). The pod controller reads it."""
SETTINGS = ("kube-system", "sandbox-settings")
"""Namespace and name of the ConfigMap by which a running sandbox is told how to behave: `data.podSeconds` is the time
(seconds, not divided by the speed) that pods need to become ready; absent means the default."""


def meta(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of an object, {} when it has none."""
    return obj.get("metadata") or {}


def name_of(obj: Mapping[str, Any]) -> str:
    """`metadata.name`, "" when missing."""
    return meta(obj).get("name") or ""


def namespace_of(obj: Mapping[str, Any]) -> str:
    """`metadata.namespace`, "" for cluster-scoped objects."""
    return meta(obj).get("namespace") or ""


def uid_of(obj: Mapping[str, Any]) -> str:
    """`metadata.uid`, "" for an object that was never stored."""
    return meta(obj).get("uid") or ""


def labels_of(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels of an object, {} when it has none."""
    return meta(obj).get("labels") or {}


def annotations_of(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """The annotations of an object, {} when it has none."""
    return meta(obj).get("annotations") or {}


def generation_of(obj: Mapping[str, Any]) -> int:
    """`metadata.generation`, 0 when missing."""
    return meta(obj).get("generation") or 0


def created_at(obj: Mapping[str, Any]) -> float:
    """The creation time in epoch seconds (whole seconds), 0.0 for an object that was never stored."""
    text = meta(obj).get("creationTimestamp")
    return parse_time(text) if text else 0.0


def born_at(obj: Mapping[str, Any]) -> float:
    """The creation time to the millisecond: the uids that the store gives out begin with it (writes.new_uid)."""
    created, uid = created_at(obj), uid_of(obj)
    if uid[14:15] == "7":
        born = int(uid[:8] + uid[9:13], 16) / 1000
        if created <= born < created + 1:
            return born
    return created


def deleting(obj: Mapping[str, Any]) -> bool:
    """Whether deletion was asked for (`metadata.deletionTimestamp`)."""
    return bool(meta(obj).get("deletionTimestamp"))


def controller_of(obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference that says `controller: true`, if any."""
    for owner in meta(obj).get("ownerReferences") or ():
        if owner.get("controller"):
            found: Mapping[str, Any] = owner
            return found
    return None


def owned_by(obj: Mapping[str, Any], uid: str) -> bool:
    """Whether the controlling owner of the object has that uid."""
    owner = controller_of(obj)
    return owner is not None and owner.get("uid") == uid


def owner_reference(owner: Mapping[str, Any], controller: bool = True) -> Object:
    """The owner reference that a controller puts on what it creates for `owner` (spec/controller.md §1.4)."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        **({"controller": True, "blockOwnerDeletion": True} if controller else {}),
    }


def with_meta(obj: Mapping[str, Any], **changes: object) -> Object:
    """The object with some keys of its metadata set; a value of None removes the key."""
    metadata = dict(meta(obj))
    for key, value in changes.items():
        if value is None:
            metadata.pop(key, None)
        else:
            metadata[key] = value
    return {**obj, "metadata": metadata}


def time_text(epoch: float) -> str:
    """An instant (epoch seconds) as `metadata` and `status` hold it: RFC 3339, UTC, whole seconds."""
    return format_time(epoch)
