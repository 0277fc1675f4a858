"""Random releases with random commands, on the virtual clock, every write of the controllers looked at.

    python -m tests.sandbox.controllers.soak 1000        a thousand releases; ends with the first broken invariant

What must hold at every step (issue: "the controller never scales below or above …"):

- a basic canary never goes above N + maxSurge by the controller's doing, nor below N - maxUnavailable;
- with traffic routing the stable pods are N, and the weights sum up to the maximum weight;
- blue-green never resizes the active pods to anything but N, nor switches to pods that are not all there;
- a stable hash always belongs to a ReplicaSet; nothing is without its owner; the status never speaks of a generation
  that was not there, nor goes back to an older one;
- a paused canary is not resized; and whatever was done, a good image and a full promotion end Healthy.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from kubectl_rollouts.sandbox.controllers.rollout.numbers import surge_and_unavailable
from kubectl_rollouts.sandbox.objects import labels_of, name_of
from kubectl_rollouts.sandbox.world import Change, Patch
from tests.sandbox.simulation import NAMESPACE, Object, Simulation, blue_green, canary, service

HASH = "rollouts-pod-template-hash"
FAIL = "sandbox.kubectl-rollouts/fail"


class BrokenPromiseError(AssertionError):
    """An invariant that did not hold."""


class Soak:
    """One release: a random rollout, random commands, every write checked."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        random.seed(seed)  # uids and names are made of it
        self.log: list[str] = []
        self.images = 1
        self.kind = self.random.choice(["basic", "basic", "routed", "dynamic", "blue-green"])
        self.generation = 0
        self.before: dict[str, tuple[int, int]] = {}
        self.sim = Simulation(watch=self.check, shuffle=self.random if seed % 2 else None)
        self.sim.apply(*(service(name) for name in ("canary", "stable", "active", "preview")))
        self.sim.apply(self._manifest())

    def _manifest(self) -> Object:
        pick = self.random
        replicas = pick.randint(1, 8)
        spec: Object = {"progressDeadlineSeconds": pick.choice([8, 600]), "revisionHistoryLimit": pick.randint(1, 4)}
        if pick.random() < 0.2:
            spec["rollbackWindow"] = {"revisions": pick.randint(1, 3)}
        if pick.random() < 0.2:
            spec["progressDeadlineAbort"] = True
        if pick.random() < 0.3:
            spec["minReadySeconds"] = pick.randint(1, 3)
        if self.kind == "blue-green":
            strategy: Object = {"scaleDownDelaySeconds": pick.choice([1, 5, 30])}
            strategy["autoPromotionEnabled"] = pick.random() < 0.5
            if pick.random() < 0.3:
                strategy["autoPromotionSeconds"] = pick.randint(1, 5)
            if pick.random() < 0.3:
                strategy["previewReplicaCount"] = pick.randint(1, replicas)
            return blue_green(replicas=replicas, spec=spec, **strategy)
        steps = [self._step() for _ in range(pick.randint(0, 6))]
        if self.kind == "basic":
            surge, unavailable = pick.choice([(1, 0), (0, 1), ("25%", "25%"), ("50%", 0), (2, 2), ("100%", "50%")])
            return canary(steps, replicas=replicas, spec=spec, maxSurge=surge, maxUnavailable=unavailable)
        routing: Object = {"plugins": {"some/router": {}}}
        more: Object = {"canaryService": "canary", "stableService": "stable"}
        if self.kind == "dynamic":
            more["dynamicStableScale"] = True
        elif pick.random() < 0.5:
            more |= {"scaleDownDelaySeconds": 3, "abortScaleDownDelaySeconds": pick.choice([0, 2])}
        return canary(steps, replicas=replicas, spec=spec, trafficRouting=routing, **more)

    def _step(self) -> Object:
        pick = self.random
        choice = pick.random()
        if choice < 0.55:
            return {"setWeight": pick.choice([0, 5, 10, 20, 25, 33, 50, 66, 75, 80, 99, 100])}
        if choice < 0.7 and self.kind == "routed":
            scale = pick.choice([{"replicas": 1}, {"weight": 50}, {"matchTrafficWeight": True}])
            return {"setCanaryScale": scale}
        return {"pause": pick.choice([{}, {"duration": "2s"}, {"duration": 1}])}

    # -- commands ------------------------------------------------------------------------------------------------

    def play(self, commands: int) -> None:
        """The first deploy, some commands at random moments, then the way home."""
        self.sim.run(self.random.choice([0.0, 0.5, 6.0]))
        for _ in range(commands):
            self._command()
            self.sim.run(self.random.choice([0.0, 0.0, 0.3, 1.5, 4.0, 12.0, 40.0]))
            self._at_rest_or_not()
        self._home()

    def _command(self) -> None:
        sim, pick = self.sim, self.random
        words = ["promote", "promote", "full", "abort", "retry", "image", "image", "bad", "crash", "undo", "scale"]
        word = pick.choice([*words, "pause", "resume", "fail", "heal", "restart"])
        self.log.append(f"{sim.now:.2f} {word}")
        if word == "promote":
            sim.promote("web")
        elif word == "full":
            sim.promote("web", full=True)
        elif word in ("abort", "retry", "pause", "restart"):
            getattr(sim, word)("web")
        elif word in ("image", "bad", "crash"):
            self.images += 1
            sim.set_image("web", f"hello:{'' if word == 'image' else word}{self.images}")
        elif word == "undo":
            sim.set_image("web", f"hello:{pick.randint(1, self.images)}")
        elif word == "scale":
            sim.scale("web", pick.randint(0 if pick.random() < 0.1 else 1, 9))
        elif word == "resume":
            sim.patch("Rollout", "web", {"spec": {"paused": False}})
        elif word == "fail" and sim.pods():
            pod = pick.choice(sim.pods())
            sim.patch("Pod", name_of(pod), {"metadata": {"annotations": {FAIL: "true"}}})
        elif word == "heal":
            self._heal()

    def _heal(self) -> None:
        for pod in self.sim.pods():
            self.sim.patch("Pod", name_of(pod), {"metadata": {"annotations": {FAIL: None}}})

    def _home(self) -> None:
        """However it stands: a good image, no user pause, and a full promotion must end Healthy."""
        sim = self.sim
        self.images += 1
        self.log.append(f"{sim.now:.2f} home")
        self._heal()
        body = {"paused": False, "restartAt": None}
        sim.patch("Rollout", "web", {"spec": body})
        if not sim.rollout("web")["spec"]["replicas"]:
            sim.scale("web", 2)
        sim.set_image("web", f"hello:{self.images}")
        sim.run(3)
        sim.promote("web", full=True)
        sim.run(120)
        self.require(sim.phase("web") == ("Healthy", ""), f"not healthy at home: {sim.phase('web')}")
        self.require(
            sim.status("web")["observedGeneration"] == str(sim.rollout("web")["metadata"]["generation"]), "old"
        )
        writes = len(sim.writes)
        sim.run(120)
        self.require(len(sim.writes) == writes, f"restless at home: {sim.writes[writes:][:3]}")
        total = sum(item["spec"]["replicas"] for item in sim.replica_sets("web"))
        self.require(total == sim.rollout("web")["spec"]["replicas"], f"{total} pods at home")
        sim.store.delete("Rollout", NAMESPACE, "web")
        sim.run(5)
        left = [*sim.store.list("ReplicaSet"), *sim.store.list("Pod")]
        self.require(not left, f"left behind: {[name_of(item) for item in left]}")

    # -- invariants ----------------------------------------------------------------------------------------------

    def require(self, holds: bool, what: str) -> None:
        """Fail with the whole story."""
        if not holds:
            raise BrokenPromiseError(f"{self.kind}: {what}\n" + "\n".join(self.log[-12:]))

    def _at_rest_or_not(self) -> None:
        sim = self.sim
        owners = {item["metadata"]["uid"] for item in sim.store.list("ReplicaSet", NAMESPACE)}
        for pod in sim.pods():
            self.require(pod["metadata"]["ownerReferences"][0]["uid"] in owners, "a pod without its ReplicaSet")
        status = sim.status("web")
        known = {labels_of(item).get(HASH) for item in sim.replica_sets("web")}
        self.require(not status.get("stableRS") or status["stableRS"] in known, "a stable hash without ReplicaSet")

    def check(self, sim: Simulation, change: Change) -> None:
        """Called after every write of a controller."""
        if not isinstance(change, Patch) or sim.store.get("Rollout", NAMESPACE, "web") is None:
            return
        if change.kind == "Rollout":
            self._check_status()
        elif change.kind == "Service":
            self._check_switch(change)
        elif change.kind == "ReplicaSet" and "replicas" in (change.body.get("spec") or {}):
            self._check_sizes(change)
        if change.kind == "ReplicaSet":
            self._remember()

    def _remember(self) -> None:
        self.before = {name_of(i): _size(i) for i in self.sim.store.list("ReplicaSet", NAMESPACE)}

    def _check_status(self) -> None:
        rollout = self.sim.rollout("web")
        status = rollout.get("status") or {}
        observed = int(status.get("observedGeneration") or 0)
        self.require(self.generation <= observed <= rollout["metadata"]["generation"], f"observed {observed}")
        self.generation = observed
        weights = (status.get("canary") or {}).get("weights")
        if weights:
            total = weights["canary"]["weight"] + weights["stable"]["weight"]
            self.require(total == 100, f"weights sum up to {total}")

    def _check_switch(self, change: Patch) -> None:
        value = ((change.body.get("spec") or {}).get("selector") or {}).get(HASH)
        if change.name != "active" or not value:
            return
        target = next(i for i in self.sim.replica_sets("web") if labels_of(i)[HASH] == value)
        status = self.sim.status("web")
        if value == status.get("stableRS") and status.get("abort"):
            return
        wanted = self.sim.rollout("web")["spec"]["replicas"]
        self.require(_size(target) == (wanted, wanted), f"switched to {_size(target)} of {wanted}")

    def _check_sizes(self, change: Patch) -> None:
        rollout = self.sim.rollout("web")
        replicas, status = rollout["spec"].get("replicas", 1), rollout.get("status") or {}
        sizes = {name_of(i): _size(i) for i in self.sim.replica_sets("web")}
        was, now = self.before.get(change.name, (0, 0))[0], sizes[change.name][0]
        surge, unavailable = surge_and_unavailable(rollout)
        value = change.name.rpartition("-")[2]
        if self.kind != "blue-green":
            self.require(not rollout["spec"].get("paused"), f"{change.name} resized while paused")
        if self.kind == "basic":
            total = sum(spec for spec, _ in sizes.values())
            self.require(now <= was or total <= replicas + surge, f"{total} pods of {replicas} + {surge}")
            if now < was:
                after = sum(min(pair) for pair in sizes.values())
                before = after - min(sizes[change.name]) + min(was, sizes[change.name][1])
                floor = min(before, replicas - unavailable)
                self.require(after >= floor, f"{before} -> {after} available of {replicas} - {unavailable}: {sizes}")
        elif self.kind == "blue-green":
            active = self.sim.service_hash("active")
            self.require(value != active or now == replicas, f"active pods to {now} of {replicas}")
        else:
            stable = value == status.get("stableRS")
            if stable and self.kind == "routed":
                self.require(now == replicas, f"stable pods to {now} of {replicas}")
            if stable and now < was:
                recorded = (status.get("canary") or {}).get("weights") or {}
                carried = (recorded.get("stable") or {}).get("weight", 100) * replicas / 100
                self.require(now >= carried - 1e-9, f"{now} stable pods for {carried}")


def _size(item: Object) -> tuple[int, int]:
    return item["spec"]["replicas"], (item.get("status") or {}).get("availableReplicas", 0)


def soak(seeds: range, commands: int = 12) -> dict[str, Any]:
    """Play a release for each seed; the number of writes and of events. Raises BrokenPromiseError."""
    writes = events = 0
    for seed in seeds:
        release = Soak(seed)
        try:
            release.play(commands)
        except Exception as error:
            raise BrokenPromiseError(f"seed {seed}: {error}\n" + "\n".join(release.log)) from error
        writes, events = writes + len(release.sim.writes), events + len(release.sim.events)
    return {"releases": len(seeds), "writes": writes, "events": events}


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(soak(range(first, first + int(sys.argv[1]))))
