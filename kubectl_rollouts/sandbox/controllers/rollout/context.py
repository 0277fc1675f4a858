"""One reconcile of a rollout: what it was handed, what it has found out, what it wants changed.

The objects here are the reconcile's own copies.  A change is noted for the runner and made in the copy at once, so
that a later rule of the same reconcile sees what an earlier one did, as in the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kubectl_rollouts.sandbox.controllers.names import HASH
from kubectl_rollouts.sandbox.controllers.rollout.numbers import blue_green_of, canary_of, desired_replicas
from kubectl_rollouts.sandbox.controllers.rollout.pauses import Pauses
from kubectl_rollouts.sandbox.objects import Object, name_of, namespace_of, uid_of
from kubectl_rollouts.sandbox.world import Change, Clock, Create, Delete, Emit, Outcome, Patch, World, soonest


class Release:
    """The working set of one reconcile."""

    def __init__(self, rollout: Object, world: World, clock: Clock) -> None:
        self.rollout = rollout
        self.world = world
        self.clock = clock
        self.name = name_of(rollout)
        self.namespace = namespace_of(rollout)
        self.uid = uid_of(rollout)
        self.status: Object = rollout.get("status") or {}
        self.replicas = desired_replicas(rollout)
        self.canary = canary_of(rollout)
        self.blue_green = blue_green_of(rollout)
        self.pauses = Pauses(self.status, clock)
        self.new_rs: Object | None = None
        self.stable_rs: Object | None = None
        self.other_rs: list[Object] = []
        self.all_rs: list[Object] = []
        self.others_delayed = False  # whether one of them sat in its scale-down delay as this reconcile began
        self.fast_rollback = False
        self.in_window = False
        self.restarted_at: str | None = self.status.get("restartedAt")
        self.canary_status: Object = {}
        self.blue_green_status: Object = {}
        self.runs: dict[str, Object] = {}  # current analysis runs by the key of their status
        self.experiment: Object | None = None
        self._services: dict[str, Object | None] = {}
        self._changes: list[Change] = []
        self._announcements: list[Change] = []
        self._again_in: float | None = None
        self._touched = False

    # -- what is wanted ------------------------------------------------------------------------------------------

    def add(self, change: Change) -> None:
        """Any change, of any object."""
        self._changes.append(change)

    def create(self, obj: Object, refused: Callable[[str], Sequence[Change]] | None = None) -> None:
        """Create an object; `refused` as in Create."""
        self._changes.append(Create(obj, refused))

    def delete(self, kind: str, name: str) -> None:
        """Delete an object of the rollout's namespace."""
        self._changes.append(Delete(kind, self.namespace, name))

    def patch(self, kind: str, name: str, body: Object) -> None:
        """Merge-patch an object of the rollout's namespace."""
        self._changes.append(Patch(kind, self.namespace, name, body))

    def patch_rollout(self, body: Object) -> None:
        """Merge-patch the rollout itself (not its status)."""
        self._touched = True
        self.patch("Rollout", self.name, body)

    def patch_status(self, body: Object) -> None:
        """Merge-patch the rollout's status, and only if nobody wrote the rollout since this reconcile began."""
        version = None if self._touched else self.rollout["metadata"].get("resourceVersion")
        self._changes.append(Patch("Rollout", self.namespace, self.name, {"status": body}, "status", version))
        self._touched = True

    def say(self, reason: str, message: str, kind: str = "Normal") -> None:
        """Record an event about what was done just now."""
        self._changes.append(Emit(self.rollout, kind, reason, message))

    def announce(self, reason: str, message: str, kind: str = "Normal") -> None:
        """Record an event about the status, after the status is written."""
        self._announcements.append(Emit(self.rollout, kind, reason, message))

    def look_again(self, seconds: float | None) -> None:
        """Come back in so many real seconds, if nothing happens before."""
        self._again_in = soonest(self._again_in, seconds)

    def look_at(self, instant: float) -> None:
        """Come back at an instant (epoch seconds), a moment later so that it has passed."""
        self.look_again(max(0.0, instant - self.clock.now) + 0.01)

    def outcome(self) -> Outcome:
        """Everything wanted so far, announcements last."""
        return Outcome([*self._changes, *self._announcements], self._again_in)

    # -- what is there -------------------------------------------------------------------------------------------

    @property
    def aborted(self) -> bool:
        """Whether the update is aborted, by the user or by this reconcile."""
        return self.pauses.aborted

    @property
    def promoted(self) -> bool:
        """Whether the stored status says that the update is done."""
        stable = self.status.get("stableRS")
        return bool(stable) and stable == self.status.get("currentPodHash")

    @property
    def spec(self) -> Object:
        """The rollout's spec, template and selector resolved."""
        spec: Object = self.rollout["spec"]
        return spec

    @property
    def halted(self) -> bool:
        """Whether no ReplicaSet of a canary may be resized: the user or an inconclusive analysis paused it."""
        return bool(self.spec.get("paused")) or self.pauses.has("InconclusiveAnalysisRun")

    def service(self, name: str | None) -> Object | None:
        """The reconcile's copy of a Service of the namespace."""
        if not name:
            return None
        if name not in self._services:
            found = self.world.get("Service", self.namespace, name)
            self._services[name] = None if found is None else {**found, "spec": {**(found.get("spec") or {})}}
        return self._services[name]

    def service_hash(self, name: str | None) -> str:
        """The pod template hash that a Service selects now, "" when it selects by none."""
        service = self.service(name)
        selector: dict[str, Any] = ((service or {}).get("spec") or {}).get("selector") or {}
        return str(selector.get(HASH, ""))
