"""The objects of the cluster: one place that gives out resource versions, and the only one that changes anything.

Stored objects are never changed in place: every write makes a new object that shares what did not change. So reads
need no copies, a watch can hold what it has not sent yet, and "nothing changed" is cheap to see.

Two locks: writers wait for each other while they work out what is to be stored (`lock`), and all share the moment in
which it is put in its place (`_moment`). So whoever reads never waits for a patch, an admission or the disk.
The rules of metadata are those of a real API server (spec/controller.md §0).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from kubectl_rollouts.sandbox.apistatus import already_exists, conflict, forbidden, not_found
from kubectl_rollouts.sandbox.history import WINDOW, Change, History
from kubectl_rollouts.sandbox.kinds import BY_KIND, Kind
from kubectl_rollouts.sandbox.objects import Object
from kubectl_rollouts.sandbox.patches import merge_patch
from kubectl_rollouts.sandbox.writes import (
    delete_at,
    finalized,
    new_metadata,
    new_object,
    next_object,
    random_suffix,
    same,
)

Admit = Callable[[Kind, Object, Object | None, str], Object]
"""admit(kind, new, old, subresource): the object with its defaults; raises ApiStatus for one that breaks the rules."""
Listener = Callable[[Change], None]


class Journal(Protocol):
    """Where a store keeps its objects over restarts; a write is durable when the call returns."""

    def write(self, version: int, kind: str, namespace: str, name: str, obj: Object | None) -> None:
        """Note the new state of an object, None for one that is gone."""
        ...

    def load(self) -> tuple[int, list[Object]]:
        """The last resource version and all objects."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Listing(NamedTuple):
    """The objects of a list, and the resource version at which they are the whole truth."""

    items: list[Object]
    version: int


def _admit_all(kind: Kind, new: Object, old: Object | None, subresource: str) -> Object:
    return new


class Store:
    """All objects, by kind, namespace and name. Every method may be called from any thread.

    The methods that write raise ApiStatus (404, 409, 403 …) as an API server would answer.
    """

    def __init__(
        self,
        admit: Admit = _admit_all,
        journal: Journal | None = None,
        now: Callable[[], float] = time.time,
        window: int = WINDOW,
    ) -> None:
        self.lock = threading.RLock()
        self._moment = threading.Lock()
        self._admit = admit
        self._journal = journal
        self._now = now
        self._listeners: list[Listener] = []
        self._objects: dict[str, dict[str, dict[str, Object]]] = {kind: {} for kind in BY_KIND}
        self._owned: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        self._uids: dict[str, tuple[str, str, str]] = {}
        self._version = 1
        if journal is not None:
            version, objects = journal.load()
            self._version = max(version, 1)
            for obj in objects:
                self._put(obj["kind"], obj, None)
        self._histories = {kind: History(self._moment, self._version, window) for kind in BY_KIND}

    # Reading

    @property
    def version(self) -> int:
        """The newest resource version given out."""
        return self._version

    @property
    def empty(self) -> bool:
        """Whether there is no object at all."""
        return not any(self._objects.values())

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object, or None. Shared: never change it."""
        found = self._objects[kind].get(namespace)
        return found.get(name) if found else None

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """The objects of a kind, by namespace and name; None means all namespaces."""
        spaces = self._objects[kind]
        if namespace is not None:
            found = spaces.get(namespace)
            return _by_name(found) if found else []
        return [obj for _, space in sorted(spaces.items(), key=_FIRST) for obj in _by_name(space)]

    def owned(self, kind: str, owner_uid: str) -> Sequence[Object]:
        """The objects of a kind with an owner reference to that uid, by namespace and name."""
        keys = self._owned.get((kind, owner_uid))
        if not keys:
            return []
        found = (self.get(kind, namespace, name) for namespace, name in sorted(keys))
        return [obj for obj in found if obj is not None]

    def by_uid(self, uid: str) -> Object | None:
        """The object with that uid, of whatever kind."""
        key = self._uids.get(uid)
        return self.get(*key) if key else None

    def dependents(self, uid: str) -> Sequence[Object]:
        """All objects that name that uid as an owner."""
        return [obj for kind in BY_KIND for obj in self.owned(kind, uid)]

    def listing(self, kind: str, namespace: str | None = None) -> Listing:
        """The objects with the resource version from which a watch goes on."""
        with self._moment:
            return Listing(list(self.list(kind, namespace)), self._version)

    # Watching

    def listen(self, listener: Listener) -> None:
        """Call `listener` for every change from now on, inside the write: it must be quick and never write."""
        with self.lock:
            self._listeners.append(listener)

    def changes(self, kind: str, version: int, timeout: float) -> tuple[Sequence[Change], int]:
        """The changes of a kind after `version`, waiting up to `timeout` seconds for the first.

        Returns them with the version to go on from: no change of that kind up to it is missing. Raises
        ApiStatus 410 when the history does not reach back to `version`.
        """
        history = self._histories[kind]
        with self._moment:
            found = history.after(version)
            if not found and timeout > 0:
                history.moved.wait(timeout)
                found = history.after(version)
            return found, max(version, self._version)

    def wake(self) -> None:
        """End all waits in `changes` early (the server stops)."""
        with self._moment:
            for history in self._histories.values():
                history.moved.notify_all()

    # Writing

    def create(self, obj: Object, dry_run: bool = False) -> Object:
        """Store a new object and return it; raises ApiStatus 409 when its name is taken, 404 without its namespace."""
        kind = BY_KIND[obj["kind"]]
        metadata = obj.get("metadata") or {}
        namespace: str = (metadata.get("namespace") or "default") if kind.namespaced else ""
        with self.lock:
            name = metadata.get("name") or ""
            if not name and metadata.get("generateName"):
                name = metadata["generateName"] + random_suffix()
            self._check_namespace(kind, namespace, name)
            new = new_object(kind, obj, new_metadata(kind, metadata, namespace, name, self._now()))
            new = self._admit(kind, new, None, "")
            if self.get(kind.kind, namespace, name) is not None:
                raise already_exists(kind, name)
            return new if dry_run else self._commit(kind, "ADDED", new, None)

    def change(
        self,
        kind_name: str,
        namespace: str,
        name: str,
        edit: Callable[[Object], Object],
        subresource: str = "",
        resource_version: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Replace an object by `edit(object)`, under the rules of the (sub)resource; return what is stored then.

        `edit` is called once, with the lock held, and must not change its argument. An edit that changes nothing
        that may be changed writes nothing: same resource version, no event. A resourceVersion in the edited object
        other than the stored one is a conflict (409), as is `resource_version`.
        """
        kind = BY_KIND[kind_name]
        with self.lock:
            old = self.get(kind_name, namespace, name)
            if old is None:
                raise not_found(kind, name)
            edited = edit(old)
            if edited is old and resource_version is None:
                return old
            stored = old["metadata"]["resourceVersion"]
            metadata = edited.get("metadata") or {}
            if (resource_version or stored) != stored or (metadata.get("resourceVersion") or stored) != stored:
                raise conflict(kind, name)
            uid = old["metadata"]["uid"]
            if (metadata.get("uid") or uid) != uid:
                given = metadata["uid"]
                raise conflict(
                    kind, name, f"Precondition failed: UID in precondition: {given}, UID in object meta: {uid}"
                )
            new = next_object(kind, old, edited, subresource)
            new = self._admit(kind, new, old, subresource)
            new = finalized(kind, old, new)
            if same(old, new):
                return old
            if dry_run:
                return new
            if self._done(kind, new):
                return self._remove(kind, new, old)
            return self._commit(kind, "MODIFIED", new, old)

    def update(self, obj: Object, subresource: str = "", dry_run: bool = False) -> Object:
        """Replace an object (PUT); see `change`."""
        metadata = obj["metadata"]
        namespace = metadata.get("namespace") or ""
        return self.change(obj["kind"], namespace, metadata["name"], lambda _: obj, subresource, dry_run=dry_run)

    def patch(
        self,
        kind_name: str,
        namespace: str,
        name: str,
        body: Object,
        subresource: str = "",
        resource_version: str | None = None,
    ) -> Object:
        """Apply a JSON merge patch; see `change`."""

        def edit(old: Object) -> Object:
            patched: Object = merge_patch(old, body)
            return patched

        return self.change(kind_name, namespace, name, edit, subresource, resource_version)

    def delete(
        self,
        kind_name: str,
        namespace: str,
        name: str,
        grace: int | None = None,
        propagation: str = "Background",
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """Delete an object, or mark it when finalizers or a grace period stand in the way.

        Returns its last state and whether it is gone. Raises ApiStatus 404, or 409 when a precondition fails.
        """
        kind = BY_KIND[kind_name]
        with self.lock:
            old = self.get(kind_name, namespace, name)
            if old is None:
                raise not_found(kind, name)
            metadata = old["metadata"]
            if uid and uid != metadata["uid"]:
                why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}"
                raise conflict(kind, name, why)
            if resource_version and resource_version != metadata["resourceVersion"]:
                why = (
                    f"Precondition failed: ResourceVersion in precondition: {resource_version}, "
                    f"ResourceVersion in object meta: {metadata['resourceVersion']}"
                )
                raise conflict(kind, name, why)
            if kind_name == "Namespace" and name in ("default", "kube-system", "kube-public"):
                raise forbidden(kind, name, "this namespace may not be deleted")
            marked = delete_at(kind, old, self._now(), grace, propagation)
            if marked is None or self._done(kind, marked):
                return (old, True) if dry_run else (self._remove(kind, marked or old, old), True)
            if dry_run or same(old, marked):
                return marked, False
            return self._commit(kind, "MODIFIED", marked, old), False

    def clear(self) -> None:
        """Remove everything at once, finalizers and owners or not; watches are told."""
        with self.lock:
            for kind in BY_KIND.values():
                for obj in self.list(kind.kind):
                    self._remove(kind, obj, obj)

    # Below: the lock is held

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        space = self.get("Namespace", "", namespace)
        if space is None:
            raise not_found(BY_KIND["Namespace"], namespace)
        if space["metadata"].get("deletionTimestamp"):
            error = forbidden(
                kind, name, f"unable to create new content in namespace {namespace} because it is being terminated"
            )
            error.details["causes"] = [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {namespace} is being terminated",
                    "field": "metadata.namespace",
                }
            ]
            raise error

    def _done(self, kind: Kind, obj: Object) -> bool:
        """Whether a deletion has nothing left to wait for."""
        metadata = obj["metadata"]
        if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
            return False
        if kind.kind == "Namespace":
            return not (obj.get("spec") or {}).get("finalizers")
        return not metadata.get("deletionGracePeriodSeconds")

    def _commit(self, kind: Kind, event: str, new: Object, old: Object | None) -> Object:
        version = self._version + 1
        metadata = {**new["metadata"], "resourceVersion": str(version)}
        new = {**new, "metadata": metadata}
        if self._journal is not None:
            self._journal.write(version, kind.kind, metadata.get("namespace") or "", metadata["name"], new)
        change = Change(version, event, new, old)
        with self._moment:
            self._put(kind.kind, new, old)
            self._publish(kind, change)
        self._tell(change)
        return new

    def _remove(self, kind: Kind, last: Object, old: Object) -> Object:
        version = self._version + 1
        last = {**last, "metadata": {**last["metadata"], "resourceVersion": str(version)}}
        metadata = old["metadata"]
        namespace, name = metadata.get("namespace") or "", metadata["name"]
        if self._journal is not None:
            self._journal.write(version, kind.kind, namespace, name, None)
        change = Change(version, "DELETED", last, old)
        with self._moment:
            space = self._objects[kind.kind][namespace]
            del space[name]
            if not space:
                del self._objects[kind.kind][namespace]
            self._uids.pop(metadata["uid"], None)
            self._unown(kind.kind, namespace, name, old)
            self._publish(kind, change)
        self._tell(change)
        return last

    def _publish(self, kind: Kind, change: Change) -> None:
        self._version = change.version
        self._histories[kind.kind].append(change)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)

    def _put(self, kind: str, new: Object, old: Object | None) -> None:
        metadata = new["metadata"]
        namespace, name = metadata.get("namespace") or "", metadata["name"]
        owners = metadata.get("ownerReferences")
        if old is None or old["metadata"].get("ownerReferences") is not owners:
            if old is not None:
                self._unown(kind, namespace, name, old)
            for owner in owners or ():
                self._owned.setdefault((kind, owner.get("uid") or ""), {})[(namespace, name)] = None
        self._uids[metadata["uid"]] = (kind, namespace, name)
        self._objects[kind].setdefault(namespace, {})[name] = new

    def _unown(self, kind: str, namespace: str, name: str, old: Object) -> None:
        for owner in old["metadata"].get("ownerReferences") or ():
            keys = self._owned.get((kind, owner.get("uid") or ""))
            if keys is not None:
                keys.pop((namespace, name), None)
                if not keys:
                    del self._owned[(kind, owner.get("uid") or "")]

    def close(self) -> None:
        """Close the journal; the store can still be read."""
        with self.lock:
            if self._journal is not None:
                self._journal.close()
                self._journal = None


_FIRST: Callable[[tuple[str, Any]], str] = itemgetter(0)


def _by_name(space: dict[str, Object]) -> list[Object]:
    """The objects of a namespace in the order of their names; a write of another thread does no harm."""
    return [obj for _, obj in sorted(space.items(), key=_FIRST)]
