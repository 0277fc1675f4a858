"""A whole sandbox without threads, sockets or waiting: a store, the controllers, and a clock that tests turn.

    sim = Simulation()
    sim.apply(canary(replicas=4, steps=[{"setWeight": 25}, {"pause": {}}]))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")

Time stands still while there is something to do and jumps from timer to timer, so that a test of an hour's pause
takes milliseconds and its result never depends on the machine.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from kubectl_rollouts.sandbox.admission import admit
from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.controllers import CONTROLLERS
from kubectl_rollouts.sandbox.objects import controller_of, labels_of, name_of, time_text
from kubectl_rollouts.sandbox.runner import FIRST, LAST
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.world import Change, Clock, Controller, Create, Delete, Emit, Patch

Object = dict[str, Any]
Key = tuple[int, str, str]

START = 1_790_000_000.25
NAMESPACE = "default"
MOST_RECONCILES = 5_000
"""Reconciles at one instant after which the cluster counts as spinning."""


class Simulation:
    """One cluster, its clock and its history."""

    def __init__(
        self,
        controllers: Sequence[Controller] | None = None,
        *,
        speed: float = 1.0,
        shuffle: random.Random | None = None,
        watch: Callable[[Simulation, Change], None] | None = None,
    ) -> None:
        self.now = START
        self.speed = speed
        self.store = Store(admit=admit, now=lambda: self.now)
        self.controllers = list(CONTROLLERS if controllers is None else controllers)
        self.events: list[Emit] = []
        self.states: dict[str, list[tuple[float, list[Any]]]] = {}
        self.writes: list[tuple[float, Change]] = []
        self._shuffle = shuffle
        self._watch = watch
        self._changed: deque[Object] = deque()
        self._queue: dict[Key, None] = {}
        self._timers: list[tuple[float, Key]] = []
        self._due: dict[Key, float] = {}
        self.store.listen(self._note)
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})

    # -- what a user does ----------------------------------------------------------------------------------------

    def apply(self, *manifests: Object) -> None:
        """Create objects, or replace them where they exist, status kept."""
        for manifest in manifests:
            cluster_wide = manifest["kind"] in ("Namespace", "ClusterAnalysisTemplate")
            namespace = "" if cluster_wide else manifest["metadata"].get("namespace", NAMESPACE)
            made = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
            old = self.store.get(manifest["kind"], namespace, name_of(manifest))
            if old is None:
                self.store.create(made)
            else:
                self.store.update({**old, **made, "metadata": {**old["metadata"], **made["metadata"]}})

    def patch(self, kind: str, name: str, body: Object, subresource: str = "") -> None:
        """Merge-patch an object."""
        self.store.patch(kind, NAMESPACE, name, body, subresource)

    def set_image(self, name: str, image: str) -> None:
        """`set image` of the first container."""
        containers = self.rollout(name)["spec"]["template"]["spec"]["containers"]
        changed = [{**containers[0], "image": image}, *containers[1:]]
        self.patch("Rollout", name, {"spec": {"template": {"spec": {"containers": changed}}}})

    def scale(self, name: str, replicas: int) -> None:
        """`kubectl scale`."""
        self.patch("Rollout", name, {"spec": {"replicas": replicas}})

    def pause(self, name: str) -> None:
        """`pause`."""
        self.patch("Rollout", name, {"spec": {"paused": True}})

    def abort(self, name: str) -> None:
        """`abort`."""
        self.patch("Rollout", name, {"status": {"abort": True}}, "status")

    def retry(self, name: str) -> None:
        """`retry rollout`."""
        self.patch("Rollout", name, {"status": {"abort": False}}, "status")

    def restart(self, name: str) -> None:
        """`restart`."""
        self.patch("Rollout", name, {"spec": {"restartAt": time_text(self.now)}})

    def promote(self, name: str, *, full: bool = False) -> None:
        """`promote`, as controller.md §5.3 has it."""
        rollout = self.rollout(name)
        status = rollout.get("status") or {}
        canary = (rollout["spec"]["strategy"].get("canary") or {}) if "canary" in rollout["spec"]["strategy"] else None
        if rollout["spec"].get("paused"):
            self.patch("Rollout", name, {"spec": {"paused": False}})
        body: Object = {}
        if full:
            if status.get("currentPodHash") != status.get("stableRS"):
                body["promoteFull"] = True
        elif status.get("pauseConditions"):
            body["pauseConditions"] = None
            run = (status.get("canary") or {}).get("currentStepAnalysisRunStatus") or {}
            if run.get("status") == "Inconclusive":
                body |= {"controllerPause": False, "currentStepIndex": status["currentStepIndex"] + 1}
        elif canary is not None and canary.get("steps"):
            count = len(canary["steps"])
            body = {"pauseConditions": None, "currentStepIndex": min(count, status.get("currentStepIndex", 0) + 1)}
        if body:
            self.patch("Rollout", name, {"status": body}, "status")

    # -- time ----------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        end = self.now + seconds
        self.settle()
        turns, instant = 0, self.now
        while self._timers and self._timers[0][0] <= end:
            when, key = heapq.heappop(self._timers)
            turns, instant = (turns + 1, instant) if when <= instant else (0, when)
            if turns > MOST_RECONCILES:
                raise AssertionError(f"timers do not advance at {instant}: {key}")
            if self._due.get(key) != when:
                continue
            del self._due[key]
            self.now = max(self.now, when)
            self._queue[key] = None
            self.settle()
        self.now = end

    def run_until(self, test: Callable[[], bool], seconds: float = 120.0) -> None:
        """Let time pass until `test` holds; fails after so many seconds."""
        end = self.now + seconds
        self.settle()
        while not test():
            if not self._timers or self._timers[0][0] > end:
                raise AssertionError(f"not reached in {seconds} s; states {self.states}")
            self.run(max(0.0, self._timers[0][0] - self.now))

    def settle(self) -> None:
        """Do everything that is to be done at this instant."""
        for _ in range(MOST_RECONCILES):
            self._take_changes()
            if not self._queue:
                return
            self._reconcile(self._next())
        raise AssertionError(f"spinning at {self.now}: {self.writes[-6:]}")

    # -- what is there -------------------------------------------------------------------------------------------

    def rollout(self, name: str) -> Object:
        """The rollout as stored."""
        found = self.store.get("Rollout", NAMESPACE, name)
        assert found is not None
        return found

    def status(self, name: str) -> Object:
        """Its status."""
        return dict(self.rollout(name).get("status") or {})

    def phase(self, name: str) -> tuple[str, str]:
        """Its phase and message."""
        status = self.status(name)
        return status.get("phase", ""), status.get("message", "")

    def sizes(self, name: str) -> dict[str, int]:
        """`spec.replicas` of its ReplicaSets by revision."""
        found = {}
        for item in self.replica_sets(name):
            found[item["metadata"]["annotations"]["rollout.argoproj.io/revision"]] = item["spec"]["replicas"]
        return dict(sorted(found.items()))

    def replica_sets(self, name: str) -> list[Object]:
        """Its ReplicaSets, oldest revision first."""
        owned = self.store.owned("ReplicaSet", self.rollout(name)["metadata"]["uid"])
        return sorted(owned, key=lambda i: int(i["metadata"]["annotations"]["rollout.argoproj.io/revision"]))

    def counters(self, name: str) -> list[int]:
        """Desired, current, updated, ready and available pods."""
        status, spec = self.status(name), self.rollout(name)["spec"]
        keys = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        return [spec.get("replicas", 1), *(status.get(key, 0) for key in keys)]

    def conditions(self, name: str) -> dict[str, str]:
        """Status and reason of its conditions, by type."""
        return {c["type"]: f"{c['status']}/{c['reason']}" for c in self.status(name).get("conditions", [])}

    def service_hash(self, name: str) -> str:
        """The pod template hash that a Service selects."""
        service = self.store.get("Service", NAMESPACE, name) or {}
        return str(service["spec"]["selector"].get("rollouts-pod-template-hash", ""))

    def reasons(self, kind: str = "Rollout", start: int = 0) -> list[str]:
        """The reasons of the events about objects of a kind, in their order."""
        return [e.reason for e in self.events[start:] if e.regarding["kind"] == kind]

    def messages(self, reason: str) -> list[str]:
        """The messages of all events with that reason."""
        return [e.message for e in self.events if e.reason == reason]

    def pods(self, **labels: str) -> list[Object]:
        """The pods with those labels, the terminating ones left out."""
        listed = self.store.list("Pod", NAMESPACE)
        alive = [pod for pod in listed if not pod["metadata"].get("deletionTimestamp")]
        return [pod for pod in alive if labels.items() <= labels_of(pod).items()]

    # -- the machine ---------------------------------------------------------------------------------------------

    def _note(self, change: Any) -> None:
        obj = change.object
        self._changed.append(obj)
        if obj["kind"] == "Rollout":
            self._note_state(obj)

    def _note_state(self, rollout: Object) -> None:
        status = rollout.get("status") or {}
        if "phase" not in status or status.get("observedGeneration") != str(rollout["metadata"]["generation"]):
            return
        state = [status["phase"], status.get("message") or "", status.get("currentStepIndex")]
        states = self.states.setdefault(name_of(rollout), [])
        if not states or states[-1][1] != state:
            states.append((self.now, state))

    def _take_changes(self) -> None:
        while self._changed:
            obj = self._changed.popleft()
            for index, controller in enumerate(self.controllers):
                for namespace, name in controller.keys(obj["kind"], obj, self.store):
                    self._queue[index, namespace, name] = None

    def _next(self) -> Key:
        """The key whose turn it is: as the runner has it, pods and their ReplicaSets first; or any (`shuffle`)."""
        key = self._shuffle.choice(list(self._queue)) if self._shuffle else min(self._queue, key=self._rank)
        del self._queue[key]
        return key

    def _rank(self, key: Key) -> int:
        return FIRST.get(self.controllers[key[0]].kind, LAST)

    def _reconcile(self, key: Key) -> None:
        index, namespace, name = key
        self._due.pop(key, None)
        outcome = self.controllers[index].reconcile(namespace, name, self.store, Clock(self.now, self.speed))
        for change in outcome.changes:
            try:
                self._apply(change)
            except ApiStatus as error:
                if isinstance(change, Create) and change.refused is not None and not error.conflict:
                    self._come_back(key, 10.0)  # the runner's longest pause
                    return
                if not error.conflict and error.code != 404:
                    raise
                self._queue[key] = None
                return
        if outcome.again_in is not None:
            self._come_back(key, outcome.again_in)

    def _come_back(self, key: Key, seconds: float) -> None:
        when = self.now + seconds + 0.001  # a real clock is never early by a rounding error
        self._due[key] = when
        heapq.heappush(self._timers, (when, key))

    def _apply(self, change: Change) -> None:
        if not isinstance(change, Emit):
            self.writes.append((self.now, change))
        if isinstance(change, Patch):
            self.store.patch(
                change.kind, change.namespace, change.name, change.body, change.subresource, change.resource_version
            )
        elif isinstance(change, Create):
            try:
                self.store.create(change.object)
            except ApiStatus as error:
                if change.refused is not None and not error.conflict:
                    for instead in change.refused(error.message):
                        self._apply(instead)
                raise
        elif isinstance(change, Emit):
            self.events.append(change)
        elif isinstance(change, Delete):
            self.store.delete(change.kind, change.namespace, change.name, change.grace, uid=change.uid)
        if self._watch is not None:
            self._watch(self, change)


def rollout(strategy: Object, *, replicas: int = 4, image: str = "hello:1", name: str = "web", **spec: Any) -> Object:
    """A Rollout with one container."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": strategy,
            "template": template,
            **spec,
        },
    }


def canary(
    steps: list[Object] | None = None, *, replicas: int = 4, spec: Object | None = None, **strategy: Any
) -> Object:
    """A canary Rollout; `strategy` are further keys of `strategy.canary`."""
    return rollout({"canary": {**({"steps": steps} if steps else {}), **strategy}}, replicas=replicas, **(spec or {}))


def blue_green(*, replicas: int = 3, spec: Object | None = None, **strategy: Any) -> Object:
    """A blue-green Rollout over the Services `active` and `preview`."""
    services = {"activeService": "active", "previewService": "preview"}
    return rollout({"blueGreen": {**services, **strategy}}, replicas=replicas, **(spec or {}))


def service(name: str, app: str = "web") -> Object:
    """A Service that selects the pods of an app."""
    spec = {"selector": {"app": app}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def owner_kind(obj: Object) -> str:
    """The kind of an object's controlling owner."""
    return str((controller_of(obj) or {}).get("kind", ""))
