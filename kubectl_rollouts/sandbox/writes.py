"""What a write does to metadata, generation and status: pure functions, the rules of spec/controller.md §0."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, time_text

SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes random names of: no vowels, no words by accident."""
# One of its own: threads of a sandbox do not disturb whoever seeded the module's (tests do).
_RANDOM = Random()
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
DEFAULT_GRACE = 30

# What a client cannot write.
_SYSTEM = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


def random_suffix(length: int = 5) -> str:
    """Random letters for a generated name."""
    return "".join(_RANDOM.choices(SUFFIX_LETTERS, k=length))


def new_uid(now: float) -> str:
    """A unique id (RFC 9562, version 7): it begins with the milliseconds since 1970, see `objects.born_at`."""
    high = int(now * 1000) << 16 | 7 << 12 | _RANDOM.getrandbits(12)
    digits = f"{high << 64 | 0b10 << 62 | _RANDOM.getrandbits(62):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_metadata(kind: Kind, given: Mapping[str, Any], namespace: str, name: str, now: float) -> Object:
    """The metadata of a new object; the resource version comes when it is stored."""
    metadata = {key: value for key, value in given.items() if key not in _SYSTEM and value is not None}
    metadata["name"] = name
    if kind.namespaced:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    metadata["uid"] = new_uid(now)
    metadata["creationTimestamp"] = time_text(now)
    if kind.counts != "never":
        metadata["generation"] = 1
    return metadata


def new_object(kind: Kind, given: Object, metadata: Object) -> Object:
    """A new object: as given, in a real server's order of keys; a status that is kept apart is dropped."""
    rest = {key: value for key, value in given.items() if key not in ("apiVersion", "kind", "metadata")}
    if kind.status:
        rest.pop("status", None)
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **rest}


def next_object(kind: Kind, old: Object, edited: Object, subresource: str) -> Object:
    """What is stored when `old` is replaced by `edited` through a (sub)resource: the rest stays as it was."""
    if subresource == "status":
        return _with_part(old, "status", edited.get("status"))
    before = old["metadata"]
    metadata = before
    given = edited.get("metadata") or {}
    if given is not before:
        metadata = {key: value for key, value in given.items() if key not in _SYSTEM and value is not None}
        metadata.update((key, before[key]) for key in _SYSTEM if key in before)
        metadata["name"] = before["name"]
        if "namespace" in before:
            metadata["namespace"] = before["namespace"]
        for key in ("labels", "annotations", "ownerReferences", "finalizers", "managedFields"):
            if not metadata.get(key):
                metadata.pop(key, None)  # empty and missing are the same
    new: Object = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    new.update((key, value) for key, value in edited.items() if key not in new)
    if kind.status:
        new = _with_part(new, "status", old.get("status"))
    return new


def _with_part(obj: Object, key: str, value: Any) -> Object:
    if value is None:
        return {k: v for k, v in obj.items() if k != key}
    return {**obj, key: value}


def finalized(kind: Kind, old: Object, new: Object) -> Object:
    """The object with the generation that the change from `old` gives it."""
    if kind.counts == "never" or not _counts(kind, old, new):
        return new
    metadata = {**new["metadata"], "generation": (old["metadata"].get("generation") or 0) + 1}
    return {**new, "metadata": metadata}


def _counts(kind: Kind, old: Object, new: Object) -> bool:
    if kind.kind == "Deployment" and (old["metadata"].get("annotations") or {}) != (
        new["metadata"].get("annotations") or {}
    ):
        return True  # Deployments count their annotations, too
    ignored = ("metadata", "status") if kind.counts == "spec" else ("metadata",)
    keys = [key for key in {**old, **new} if key not in ignored]
    return any(old.get(key) is not new.get(key) and old.get(key) != new.get(key) for key in keys)


def same(old: Object, new: Object) -> bool:
    """Whether two states of an object differ in nothing but the times of its managed fields."""
    if old is new:
        return True
    if old.keys() != new.keys():
        return False
    for key, value in new.items():
        if key != "metadata" and value is not old[key] and value != old[key]:
            return False
    before, after = old["metadata"], new["metadata"]
    return before is after or _without_times(before) == _without_times(after)


def _without_times(metadata: Mapping[str, Any]) -> Object:
    kept = dict(metadata)
    managed = kept.pop("managedFields", None)
    if managed:
        kept["managedFields"] = [{k: v for k, v in entry.items() if k != "time"} for entry in managed]
    return kept


def delete_at(kind: Kind, old: Object, now: float, grace: int | None, propagation: str) -> Object | None:
    """The object with the marks of a deletion; None when it may go at once."""
    metadata = dict(old["metadata"])
    finalizers = list(metadata.get("finalizers") or ())
    if propagation == "Foreground" and FOREGROUND not in finalizers:
        finalizers.append(FOREGROUND)
    if propagation == "Orphan" and ORPHAN not in finalizers:
        finalizers.append(ORPHAN)
    seconds = _grace(old, grace) if kind.kind == "Pod" else 0
    if kind.kind == "Namespace":
        if metadata.get("deletionTimestamp"):
            return old
        status = {**(old.get("status") or {}), "phase": "Terminating"}
        return {**old, "metadata": {**metadata, "deletionTimestamp": time_text(now)}, "status": status}
    if not finalizers and not seconds:
        return None
    if metadata.get("deletionTimestamp"):
        left = metadata.get("deletionGracePeriodSeconds") or 0
        if seconds >= left and finalizers == list(metadata.get("finalizers") or ()):
            return old  # a deletion can be hurried, not slowed
        seconds = min(seconds, left)
    elif metadata.get("generation"):
        metadata["generation"] += 1
    metadata["deletionTimestamp"] = time_text(now + seconds)
    metadata["deletionGracePeriodSeconds"] = seconds
    if finalizers:
        metadata["finalizers"] = finalizers
    return {**old, "metadata": metadata}


def _grace(pod: Object, asked: int | None) -> int:
    """Seconds that a pod has to stop: none before it was placed on a node or after it ended."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked is not None:
        return max(asked, 0)
    own = spec.get("terminationGracePeriodSeconds")
    return DEFAULT_GRACE if own is None else int(own)
