"""What must hold at every write of the controllers, whatever a user does (controller.md §3.4, §4, §7).

- A basic canary never goes above N + maxSurge by the controller's doing, nor below N - maxUnavailable, and neither
  side grows beyond what the weight of the moment gives it.
- With traffic routing the stable side is N (scaled dynamically: never fewer than its traffic needs), the canary has
  what its weight or its own scale says, and traffic goes up only to pods that are there. Weights sum up to the whole.
- Blue-green sizes the stable pods to N and nothing else, takes no pods from a Service that selects them, and switches
  the active Service only to pods that are all there.
- One ReplicaSet is stable from the first deploy on; nothing is without its owner; what the stable or the active
  Service selects exists.
- A full status speaks of the generation that is there, and none ever goes back to an older one.
- A canary that the user paused is not resized.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.controllers.rollout.arithmetic import routed_canary, target_counts
from kubectl_rollouts.sandbox.controllers.rollout.numbers import max_weight, surge_and_unavailable
from kubectl_rollouts.sandbox.controllers.rollout.steps import (
    canary_scale,
    current_set_weight,
    goes_all_the_way,
)
from kubectl_rollouts.sandbox.objects import Object, controller_of, labels_of, name_of, uid_of
from kubectl_rollouts.sandbox.world import Change, Patch
from tests.sandbox.simulation import NAMESPACE, Simulation

HASH = "rollouts-pod-template-hash"
SERVICES = ("canary", "stable", "active", "preview")
"""Ping and pong are not among them: the one that is idle stays with what it had."""
PARTIAL = frozenset({"conditions", "canary", "blueGreen", "collisionCount"})
"""What is written of a status beside the full ones: a new ReplicaSet's condition, a collision."""


class BrokenPromiseError(AssertionError):
    """An invariant that did not hold."""


class Promises:
    """The invariants of one release, as a `watch` of its simulation."""

    def __init__(self, kind: str, log: list[str]) -> None:
        self.kind = kind
        self.log = log
        self.generation = 0
        self.weights: Object = {}
        self.before: dict[str, tuple[int, int]] = {}

    def require(self, holds: bool, what: str) -> None:
        """Fail with the story so far."""
        if not holds:
            raise BrokenPromiseError(f"{self.kind}: {what}\n" + "\n".join(self.log[-12:]))

    def check(self, sim: Simulation, change: Change) -> None:
        """Called after every write of a controller."""
        if sim.store.get("Rollout", NAMESPACE, "web") is None:
            return
        if isinstance(change, Patch):
            if change.kind == "Rollout" and change.subresource == "status":
                self._status(sim, change.body["status"])
            elif change.kind == "Service":
                self._switch(sim, change)
            elif change.kind == "ReplicaSet" and "replicas" in (change.body.get("spec") or {}):
                self._size(sim, change.name)
        self._owners(sim)
        self.before = {name_of(i): size(i) for i in sim.store.list("ReplicaSet", NAMESPACE)}

    # -- what is there -------------------------------------------------------------------------------------------

    def _owners(self, sim: Simulation) -> None:
        """Nothing is orphaned, at any step: only while the collector still has to come may an owner be gone."""
        for kind, owned_by in (("ReplicaSet", "Rollout"), ("AnalysisRun", "Rollout"), ("Experiment", "Rollout")):
            for item in sim.store.list(kind, NAMESPACE):
                owner = controller_of(item)
                self.require(owner is not None, f"{kind} {name_of(item)} belongs to nobody")
                if owner is not None and owner["kind"] == owned_by:
                    found = sim.store.get(owned_by, NAMESPACE, owner["name"])
                    self.require(found is not None and uid_of(found) == owner["uid"], f"{name_of(item)} is an orphan")

    def everything(self, sim: Simulation) -> None:
        """Between two commands: pods, hashes and Services as well."""
        sets = {item["metadata"]["uid"] for item in sim.store.list("ReplicaSet", NAMESPACE)}
        sets |= {item["metadata"]["uid"] for item in sim.store.list("Job", NAMESPACE)}
        for pod in sim.pods():
            self.require(pod["metadata"]["ownerReferences"][0]["uid"] in sets, "a pod without its ReplicaSet")
        known = [labels_of(item)[HASH] for item in sim.replica_sets("web")]
        self.require(len(known) == len(set(known)), "two ReplicaSets of one template")
        stable = next(
            (i for i in sim.replica_sets("web") if labels_of(i)[HASH] == sim.status("web").get("stableRS")), None
        )
        if stable is None or not size(stable)[1]:
            return  # a Service stays where it was until there are pods to go to
        for name in ("stable", "active"):
            value = sim.service_hash(name)
            self.require(not value or value in known, f"{name} selects pods that nobody makes")

    def at_home(self, sim: Simulation) -> None:
        """At rest, with everything promoted: one ReplicaSet has all pods, and the counters are right."""
        sets = sim.replica_sets("web")
        replicas = sim.rollout("web")["spec"]["replicas"]
        with_pods = [labels_of(item)[HASH] for item in sets if item["spec"]["replicas"]]
        status = sim.status("web")
        self.require(with_pods == [status["stableRS"]] == [status["currentPodHash"]], f"pods at home: {with_pods}")
        self.require(sim.counters("web") == [replicas] * 5, f"counters at home: {sim.counters('web')}")
        limit = sim.rollout("web")["spec"]["revisionHistoryLimit"]
        self.require(len(sets) <= limit + 1, f"{len(sets)} ReplicaSets of at most {limit} + 1")
        for name in SERVICES:
            value = sim.service_hash(name)
            self.require(not value or value == status["stableRS"], f"{name} selects {value} at home")

    # -- statuses ------------------------------------------------------------------------------------------------

    def _status(self, sim: Simulation, body: Object) -> None:
        rollout = sim.rollout("web")
        status = rollout.get("status") or {}
        observed = int(status.get("observedGeneration") or 0)
        newest = rollout["metadata"]["generation"]
        self.require(self.generation <= observed <= newest, f"observed {observed}, was {self.generation}")
        self.require(observed == newest or PARTIAL.issuperset(body), f"status of {observed}, not {newest}: {body}")
        self.generation = observed
        stable = [i for i in sim.replica_sets("web") if labels_of(i)[HASH] == status.get("stableRS")]
        self.require(len(stable) == 1 or not status.get("stableRS"), f"{len(stable)} stable ReplicaSets")
        self.require("stableRS" not in body or bool(body["stableRS"]), "no longer anything stable")
        self._weights(sim, rollout, (status.get("canary") or {}).get("weights") or {})

    def _weights(self, sim: Simulation, rollout: Object, weights: Object) -> None:
        before, self.weights = self.weights, weights
        if not weights or weights == before:
            return
        whole, replicas = max_weight(rollout), rollout["spec"]["replicas"]
        sides = [weights["canary"], weights["stable"], *(weights.get("additional") or ())]
        shares = [side["weight"] for side in sides]
        self.require(sum(shares) == whole, f"weights {shares} do not sum up to {whole}")
        self.require(all(0 <= share <= whole for share in shares), f"weights {shares}")
        now, was = weights["canary"]["weight"], (before.get("canary") or {}).get("weight", 0)
        sizes = {labels_of(i)[HASH]: size(i)[1] for i in sim.replica_sets("web")}
        if now > was:
            self.require(sizes[weights["canary"]["podTemplateHash"]] > 0, "traffic for a canary without pods")
        there = sizes[weights["stable"]["podTemplateHash"]]
        self.require(there >= (whole - now) * replicas // whole, f"{shares} with {there} stable pods of {replicas}")

    # -- Services ------------------------------------------------------------------------------------------------

    def _switch(self, sim: Simulation, change: Patch) -> None:
        value = ((change.body.get("spec") or {}).get("selector") or {}).get(HASH)
        if not value:
            return
        target = next((i for i in sim.replica_sets("web") if labels_of(i)[HASH] == value), None)
        self.require(target is not None, f"{change.name} switched to nothing")
        status = sim.status("web")
        if (
            change.name == "active"
            and target is not None
            and not (value == status.get("stableRS") and status.get("abort"))
        ):
            wanted = sim.rollout("web")["spec"]["replicas"]
            self.require(size(target) == (wanted, wanted), f"switched to {size(target)} of {wanted}")

    # -- sizes ---------------------------------------------------------------------------------------------------

    def _size(self, sim: Simulation, name: str) -> None:
        rollout = sim.rollout("web")
        sets = {name_of(i): i for i in sim.replica_sets("web")}
        if name not in sets:
            return  # of the Deployment or of an experiment
        was, now = self.before.get(name, (0, 0))[0], size(sets[name])[0]
        value, status = labels_of(sets[name])[HASH], rollout.get("status") or {}
        role = "stable" if value == status.get("stableRS") else "other"
        if value == self._newest(sim):
            role = "new"
        if self.kind == "blue-green":
            self._blue_green_size(sim, rollout, value, role, now)
            return
        self.require(not rollout["spec"].get("paused"), f"{name} resized while paused")
        if self.kind in ("basic", "referring"):
            self._basic_size(rollout, {key: size(item) for key, item in sets.items()}, name, role, was)
        else:
            self._routed_size(rollout, value, role, was, now)

    def _newest(self, sim: Simulation) -> str:
        return labels_of(sim.replica_sets("web")[-1])[HASH]

    def _basic_size(self, rollout: Object, sizes: dict[str, tuple[int, int]], name: str, role: str, was: int) -> None:
        """§3.4: within N + S and N - U, and no side beyond its target."""
        replicas, now = rollout["spec"].get("replicas", 1), sizes[name][0]
        surge, unavailable = surge_and_unavailable(rollout)
        total = sum(spec for spec, _ in sizes.values())
        if now > was:
            self.require(total <= replicas + surge, f"{total} pods of {replicas} + {surge}")
            weight = 100 if goes_all_the_way(rollout) else current_set_weight(rollout)
            target = target_counts(replicas, weight, surge)
            stable = (rollout.get("status") or {}).get("stableRS")
            most = replicas if role == "new" and name.endswith(f"-{stable}") else getattr(target, _SIDES[role])
            most = replicas if role == "new" and not stable else most
            self.require(now <= most, f"{role} pods from {was} to {now}, {most} at {weight} %")
        if now < was:
            after = sum(min(pair) for pair in sizes.values())
            before = after - min(sizes[name]) + min(was, sizes[name][1])
            floor = min(before, replicas - unavailable)
            self.require(after >= floor, f"{before} -> {after} available of {replicas} - {unavailable}: {sizes}")

    def _routed_size(self, rollout: Object, value: str, role: str, was: int, now: int) -> None:
        """§4.1: each side has what the weights say; §4.5: former pods only go."""
        replicas, status = rollout["spec"].get("replicas", 1), rollout.get("status") or {}
        whole, least = max_weight(rollout), rollout["spec"]["strategy"]["canary"].get("minPodsPerReplicaSet") or 0
        least = min(least, replicas)
        if role == "other":
            self.require(now < was, f"former pods from {was} to {now}")
            return
        if role == "stable" or value == status.get("stableRS"):
            if self.kind == "routed" or role == "new":
                self.require(now == replicas, f"stable pods to {now} of {replicas}")
            recorded = (status.get("canary") or {}).get("weights") or {}
            carried = (recorded.get("stable") or {}).get("weight", whole) * replicas / whole
            self.require(now >= carried - 1e-9, f"{now} stable pods for {carried}")
            self.require(now <= replicas, f"{now} stable pods of {replicas}")
            return
        scale = canary_scale(rollout)
        weight = whole if goes_all_the_way(rollout) else current_set_weight(rollout)
        if scale is not None and not goes_all_the_way(rollout):
            weight = scale.get("weight", 0)
        wanted = routed_canary(replicas, weight, whole)
        if scale is not None and not goes_all_the_way(rollout) and scale.get("replicas") is not None:
            wanted = scale["replicas"]
            least = least if self.kind == "dynamic" else 0
        wanted = max(wanted, least) if wanted else 0
        sent = routed_canary(
            replicas, ((status.get("canary") or {}).get("weights") or {}).get("canary", {}).get("weight", 0), whole
        )
        held = self.kind == "dynamic" and status.get("abort") and now == max(sent, least)
        self.require(now in (0, wanted) or bool(held), f"canary pods from {was} to {now}, not {wanted}")
        self.require(now == wanted or bool(status.get("abort")), f"canary pods from {was} to {now}, not {wanted}")

    def _blue_green_size(self, sim: Simulation, rollout: Object, value: str, role: str, now: int) -> None:
        """§7: the stable pods are N; the new ones N or the preview's count, or gone after an abort."""
        replicas, status = rollout["spec"].get("replicas", 1), rollout.get("status") or {}
        preview = rollout["spec"]["strategy"]["blueGreen"].get("previewReplicaCount", replicas)
        active = sim.service_hash("active")
        if value == active or value == status.get("stableRS"):
            self.require(now == replicas, f"active or stable pods to {now} of {replicas}")
        elif role == "new":
            allowed = {replicas, preview, 0} if status.get("abort") else {replicas, preview}
            self.require(now in allowed, f"new pods to {now} of {replicas}, preview {preview}")
        else:
            self.require(now in (0, replicas), f"former pods to {now} of {replicas}")
            self.require(value != sim.service_hash("preview"), "pods taken from the preview Service")


_SIDES = {"new": "canary", "stable": "stable", "other": "canary"}


def size(item: Any) -> tuple[int, int]:
    """The pods that a ReplicaSet is asked for, and those of them that are available."""
    return item["spec"]["replicas"], (item.get("status") or {}).get("availableReplicas", 0)
