"""The garbage collector: what an owner leaves behind goes with it, and namespaces are emptied before they go.

Keys name what is gone or going: ("uid", UID) for an owner that is gone, (uid-of/KIND/NAMESPACE, NAME) for one whose
deletion waits, ("namespace", NAME) for a namespace and (KIND/NAMESPACE, NAME) for an object whose owners may be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_rollouts.sandbox.kinds import BY_KIND, KINDS
from kubectl_rollouts.sandbox.objects import Object, deleting, meta, name_of, namespace_of, uid_of
from kubectl_rollouts.sandbox.world import Change, Clock, Delete, Key, Outcome, Patch, World
from kubectl_rollouts.sandbox.writes import FOREGROUND, ORPHAN

SLICE = 50
"""Deletions in one reconcile, so that requests are answered in between."""


class GarbageCollector:
    """Deletes dependents (background), before their owner (foreground), or lets them go (orphan)."""

    kind = "Garbage"

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """As Controller.keys."""
        metadata = obj["metadata"]
        namespace, name, uid = metadata.get("namespace") or "", metadata["name"], metadata["uid"]
        owners = metadata.get("ownerReferences")
        found: list[Key] = []
        stored = world.get(kind, namespace, name)
        if stored is None or uid_of(stored) != uid:
            found.append(("uid", uid))
            found += [(f"uid-of/{owner.get('kind')}/{namespace}", owner.get("name") or "") for owner in owners or ()]
        elif metadata.get("deletionTimestamp"):
            if metadata.get("finalizers"):
                found.append(("uid-of/" + kind + "/" + namespace, name))
            if kind == "Namespace":
                found.append(("namespace", name))
        elif owners and not all(_present(owner, namespace, world) for owner in owners):
            found.append((f"{kind}/{namespace}", name))
        if kind != "Namespace" and namespace and stored is None:
            space = world.get("Namespace", "", namespace)
            if space is not None and deleting(space):
                found.append(("namespace", namespace))
        return found

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """As Controller.reconcile; see the module for the keys."""
        if namespace == "uid":
            return _collect(name, world)
        if namespace == "namespace":
            return _empty_namespace(name, world)
        if namespace.startswith("uid-of/"):
            _, word, space = namespace.split("/")
            kind = BY_KIND.get(word)
            return _finalize(world.get(word, space if kind.namespaced else "", name), world) if kind else Outcome()
        word, _, space = namespace.partition("/")
        obj = world.get(word, space, name)
        return Outcome(_release(obj, "", world) if obj is not None else ())


def _present(owner: Mapping[str, Any], namespace: str, world: World) -> bool:
    kind = BY_KIND.get(owner.get("kind") or "")
    if kind is None:
        return True  # of a kind that is not served here: nobody can say
    found = world.get(kind.kind, namespace if kind.namespaced else "", owner.get("name") or "")
    return found is not None and uid_of(found) == owner.get("uid")


def _dependents(uid: str, world: World) -> list[Object]:
    return [obj for kind in KINDS for obj in world.owned(kind.kind, uid)]


def _collect(uid: str, world: World) -> Outcome:
    """An object with that uid is gone: delete what it leaves."""
    changes: list[Change] = []
    left = _dependents(uid, world)
    for obj in left[:SLICE]:
        changes += _release(obj, uid, world)
    return Outcome(changes, 0.0 if len(left) > SLICE else None)


def _release(obj: Object, uid: str, world: World) -> list[Change]:
    """Delete an object whose owners are all gone; else drop the references to those that are."""
    owners = meta(obj).get("ownerReferences") or []
    kept = [o for o in owners if o.get("uid") != uid and _present(o, namespace_of(obj), world)]
    if len(kept) == len(owners):
        return []
    if not kept:
        return [] if deleting(obj) else [Delete(obj["kind"], namespace_of(obj), name_of(obj), uid=uid_of(obj))]
    return [_patch_metadata(obj, {"ownerReferences": kept})]


def _finalize(owner: Object | None, world: World) -> Outcome:
    """A deletion that waits for its dependents (foreground), or that leaves them alone (orphan)."""
    if owner is None or not deleting(owner):
        return Outcome()
    finalizers = meta(owner).get("finalizers") or []
    uid = uid_of(owner)
    changes: list[Change] = []
    if ORPHAN in finalizers:
        for obj in _dependents(uid, world):
            kept = [o for o in meta(obj).get("ownerReferences") or () if o.get("uid") != uid]
            changes.append(_patch_metadata(obj, {"ownerReferences": kept or None}))
        return Outcome([*changes, _without(owner, ORPHAN)])
    if FOREGROUND in finalizers:
        left = _dependents(uid, world)
        blocking = [obj for obj in left if _blocks(obj, uid)]
        changes += [
            Delete(obj["kind"], namespace_of(obj), name_of(obj), uid=uid_of(obj), propagation="Foreground")
            for obj in left
            if not deleting(obj)
        ]
        if not blocking:
            changes.append(_without(owner, FOREGROUND))
    return Outcome(changes)


def _blocks(obj: Object, uid: str) -> bool:
    return any(o.get("uid") == uid and o.get("blockOwnerDeletion") for o in meta(obj).get("ownerReferences") or ())


def _without(obj: Object, finalizer: str) -> Patch:
    kept = [item for item in meta(obj).get("finalizers") or () if item != finalizer]
    return _patch_metadata(obj, {"finalizers": kept or None})


def _patch_metadata(obj: Object, metadata: Object) -> Patch:
    return Patch(
        obj["kind"],
        namespace_of(obj),
        name_of(obj),
        {"metadata": metadata},
        resource_version=meta(obj)["resourceVersion"],
    )


def _empty_namespace(name: str, world: World) -> Outcome:
    """Delete all that a terminating namespace holds; when it is empty, let it go."""
    space = world.get("Namespace", "", name)
    if space is None or not deleting(space):
        return Outcome()
    left = [obj for kind in KINDS if kind.namespaced for obj in world.list(kind.kind, name)]
    changes: list[Change] = [
        Delete(obj["kind"], name, name_of(obj), uid=uid_of(obj)) for obj in left if not deleting(obj)
    ]
    if left:
        return Outcome(changes[:SLICE], 0.0 if len(changes) > SLICE else None)
    return Outcome([Patch("Namespace", "", name, {"spec": {"finalizers": None}}, "finalize")])
