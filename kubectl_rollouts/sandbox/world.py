"""What a controller sees and says: a read-only world, changes as data, one clock.

A controller never writes. It is handed the world and returns what it wants changed; the runner applies that to the
store and calls it again when the world has moved. So a reconciler is a pure function that a test can call with a
dictionary of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from kubectl_rollouts.sandbox.objects import Object

Key = tuple[str, str]
"""Namespace ("" for cluster-scoped kinds) and name of the object to reconcile."""


class World(Protocol):
    """The objects of the cluster, newest state. What it returns is shared: never change it in place."""

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object, or None; `kind` is the word of the manifest (`ReplicaSet`)."""
        ...

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind in a namespace, by name; of all namespaces for None."""
        ...

    def owned(self, kind: str, owner_uid: str) -> Sequence[Object]:
        """The objects of a kind that have any owner reference with that uid, by name. Costs no scan."""
        ...


class Create(NamedTuple):
    """Create the object. Where the name is taken, the reconcile is run again on what is there then.

    Where the object itself is refused, `refused(problem)` says what to do instead; the outcome ends there and the
    reconcile is run again after a pause.
    """

    object: Object
    refused: Callable[[str], Sequence[Change]] | None = None


class Patch(NamedTuple):
    """Apply a JSON merge patch. One that changes nothing writes nothing.

    `subresource` "status" patches the status of the kinds that keep it apart (Rollout, ReplicaSet, Deployment, Pod,
    Job …; not AnalysisRun and Experiment). With `resource_version` the patch fails when the object has moved on.
    In every case of conflict the reconcile is run again.
    """

    kind: str
    namespace: str
    name: str
    body: Object
    subresource: str = ""
    resource_version: str | None = None


class Delete(NamedTuple):
    """Delete the object; what it owns goes with it. Nothing happens when it is gone already.

    `grace` is for pods: None asks for the pod's own grace period (the pod gets a deletionTimestamp and the pod
    controller removes it later with grace 0), 0 removes it at once. With `propagation` "Foreground" what the object
    owns goes first.
    """

    kind: str
    namespace: str
    name: str
    grace: int | None = None
    uid: str = ""
    propagation: str = "Background"


class Emit(NamedTuple):
    """Record an Event about the object; a repeated one counts up the `count` of the first."""

    regarding: Object
    type: str
    reason: str
    message: str
    component: str = "rollouts-controller"


Change = Create | Patch | Delete | Emit


class Outcome(NamedTuple):
    """What one reconcile wants: changes, applied in order up to the first that fails, and when to look again.

    `again_in` is in real seconds (`clock.left` computes it); a later reconcile of the same key replaces it.
    """

    changes: Sequence[Change] = ()
    again_in: float | None = None


PODS_NEED = 5.0
"""Real seconds within which pods of the sandbox become ready, with room to spare."""


class Clock(NamedTuple):
    """The time of one reconcile. Timestamps are real time; durations of specs are divided by `speed`."""

    now: float
    """Epoch seconds, with fraction."""
    speed: float = 1.0

    def passed(self, since: float, seconds: float) -> bool:
        """Whether a duration of a spec, begun at `since` (epoch seconds), is over."""
        return self.left(since, seconds) <= 0.0

    def left(self, since: float, seconds: float) -> float:
        """The real seconds until that duration is over, 0.0 when it is."""
        return max(0.0, since + seconds / self.speed - self.now)

    def left_for_pods(self, since: float, seconds: float) -> float:
        """As `left`, for a deadline by which pods must be up: they take real time, which no speed makes shorter."""
        return max(0.0, since + max(seconds / self.speed, min(seconds, PODS_NEED)) - self.now)

    def after(self, seconds: float) -> float:
        """The instant (epoch seconds) at which a duration that begins now is over."""
        return self.now + seconds / self.speed

    def elapsed(self, since: float) -> float:
        """The seconds of the spec's time that have passed since an instant."""
        return (self.now - since) * self.speed


class Controller(Protocol):
    """One control loop. `kind` is what its keys name; the class may keep no state that matters."""

    @property
    def kind(self) -> str:
        """The kind that is reconciled."""
        ...

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The keys to reconcile because that object was added, changed or deleted (then it is its last state)."""
        ...

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """What to change so that the world comes closer to what that object wants; it may be gone."""
        ...


def soonest(*times: float | None) -> float | None:
    """The least of some `again_in` values, None when all are None."""
    known = [time for time in times if time is not None]
    return min(known) if known else None


class Objects:
    """A World over plain objects: for tests of reconcilers, and for whoever needs a frozen world."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = sorted(objects, key=lambda item: item["metadata"]["name"])

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """As World.get."""
        found = (o for o in self.list(kind, namespace) if o["metadata"]["name"] == name)
        return next(found, None)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """As World.list."""
        return [
            o for o in self._objects if o["kind"] == kind and namespace in (None, o["metadata"].get("namespace", ""))
        ]

    def owned(self, kind: str, owner_uid: str) -> Sequence[Object]:
        """As World.owned."""
        return [o for o in self._objects if o["kind"] == kind and owner_uid in _owner_uids(o)]


def _owner_uids(obj: Object) -> set[Any]:
    return {owner.get("uid") for owner in obj["metadata"].get("ownerReferences") or ()}
