"""Random releases with random commands, on the virtual clock, every write of the controllers looked at.

    python -m tests.sandbox.controllers.soak 1000        a thousand releases; ends with the first broken invariant

`Soak` is what a release may be and what is done to it; `Promises` (promises.py) is what must hold at every write.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from kubectl_rollouts.sandbox import writes
from kubectl_rollouts.sandbox.objects import name_of
from tests.sandbox.controllers.promises import BrokenPromiseError, Promises
from tests.sandbox.simulation import NAMESPACE, Object, Simulation, blue_green, canary, service

FAIL = "sandbox.kubectl-rollouts/fail"
KINDS = ["basic", "basic", "referring", "routed", "routed", "dynamic", "blue-green", "blue-green"]
WORDS = [
    *("promote", "promote", "full", "abort", "retry", "image", "image", "bad", "crash", "undo", "scale", "both"),
    *("pause", "resume", "fail", "heal", "kill", "restart", "steps"),
]


class Soak:
    """One release: a random rollout, random commands, every write checked."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        writes._RANDOM.seed(seed)  # uids and names are made of it, and by its uid a pod becomes ready sooner or later
        self.log: list[str] = []
        self.images = 1
        self.kind = self.random.choice(KINDS)
        self.whole = 100
        self.promises = Promises(self.kind, self.log)
        self.sim = Simulation(watch=self.promises.check, shuffle=self.random if seed % 2 else None)
        self.sim.apply(*(service(name) for name in ("canary", "stable", "active", "preview", "ping", "pong")))
        self.sim.apply(_check("passes", "job:1"), _check("fails", "job:fail"), _check("unclear", "job:bad"))
        made = self._manifest()
        self.log.append(str(made["spec"]))
        self.sim.apply(made)

    # -- what is released ----------------------------------------------------------------------------------------

    def _manifest(self) -> Object:
        pick = self.random
        replicas = pick.randint(1, 8)
        spec: Object = {"progressDeadlineSeconds": pick.choice([8, 600]), "revisionHistoryLimit": pick.randint(0, 4)}
        if pick.random() < 0.2:
            spec["rollbackWindow"] = {"revisions": pick.randint(1, 3)}
        if pick.random() < 0.2:
            spec["progressDeadlineAbort"] = True
        if pick.random() < 0.3:
            spec["minReadySeconds"] = pick.randint(1, 3)
        if self.kind == "blue-green":
            return blue_green(replicas=replicas, spec=spec, **self._blue_green(replicas, spec["revisionHistoryLimit"]))
        if self.kind == "routed" and pick.random() < 0.3:
            self.whole = 1000
        steps = self._steps()
        if self.kind in ("basic", "referring"):
            surge, unavailable = pick.choice([(1, 0), (0, 1), ("25%", "25%"), ("50%", 0), (2, 2), ("100%", "50%")])
            services = {"canaryService": "canary", "stableService": "stable"} if pick.random() < 0.3 else {}
            more: Object = {"maxSurge": surge, "maxUnavailable": unavailable, **services}
        else:
            more = self._routed()
        if self.kind != "dynamic" and pick.random() < 0.1:
            more["analysis"] = {**self._analysis(), "startingStep": pick.randint(0, 2)}
        made = canary(steps, replicas=replicas, spec=spec, **more)
        if self.kind == "referring":
            template, selector = made["spec"].pop("template"), made["spec"].pop("selector")
            self.sim.apply(_deployment({"replicas": 2, "template": template, "selector": selector}))
            mode = pick.choice(["never", "onsuccess", "progressively"])
            made["spec"]["workloadRef"] = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": "web",
                "scaleDown": mode,
            }
        return made

    def _blue_green(self, replicas: int, history: int) -> Object:
        pick = self.random
        strategy: Object = {"scaleDownDelaySeconds": pick.choice([1, 5, 30])}
        strategy["autoPromotionEnabled"] = pick.random() < 0.5
        if pick.random() < 0.3:
            strategy["autoPromotionSeconds"] = pick.randint(1, 5)
        if pick.random() < 0.3:
            strategy["previewReplicaCount"] = pick.randint(1, replicas)
        if pick.random() < 0.3:
            strategy["scaleDownDelayRevisionLimit"] = pick.randint(0, min(2, history))
        for stage in ("prePromotionAnalysis", "postPromotionAnalysis"):
            if pick.random() < 0.2:
                strategy[stage] = self._analysis()
        return strategy

    def _routed(self) -> Object:
        pick = self.random
        routing: Object = {"plugins": {"some/router": {}}, "managedRoutes": [{"name": "head"}, {"name": "mirror"}]}
        more: Object = {"canaryService": "canary", "stableService": "stable", "trafficRouting": routing}
        if self.whole != 100:
            routing["maxTrafficWeight"] = self.whole
        if pick.random() < 0.3:
            more["minPodsPerReplicaSet"] = pick.randint(1, 4)
        if pick.random() < 0.2:
            del more["canaryService"], more["stableService"]
            more["pingPong"] = {"pingService": "ping", "pongService": "pong"}
        if self.kind == "dynamic":
            more["dynamicStableScale"] = True
            if pick.random() < 0.3:
                more["abortScaleDownDelaySeconds"] = pick.choice([0, 2])
        elif pick.random() < 0.5:
            more |= {"scaleDownDelaySeconds": 3, "abortScaleDownDelaySeconds": pick.choice([0, 2])}
        return more

    def _steps(self) -> list[Object]:
        return [self._step() for _ in range(self.random.randint(0, 6))]

    def _step(self) -> Object:
        pick = self.random
        choice = pick.random()
        if choice < 0.5:
            return {"setWeight": pick.choice([0, 5, 10, 20, 25, 33, 50, 66, 75, 80, 99, 100]) * self.whole // 100}
        if choice < 0.55:
            return {"analysis": self._analysis()}
        if choice < 0.6:
            return {"experiment": {"duration": "2s", "templates": [{"name": "try", "specRef": "canary"}]}}
        if choice < 0.7 and self.kind in ("routed", "dynamic"):
            scale = pick.choice([{"replicas": 1}, {"weight": self.whole // 2}, {"matchTrafficWeight": True}])
            return {"setCanaryScale": scale}
        if choice < 0.75 and self.kind in ("routed", "dynamic"):
            match = [{"headerName": "x", "headerValue": {"exact": "y"}}]
            mirror = {"name": "mirror", "percentage": 10, "match": [{"path": {"prefix": "/"}}]}
            return pick.choice([{"setHeaderRoute": {"name": "head", "match": match}}, {"setMirrorRoute": mirror}])
        return {"pause": pick.choice([{}, {"duration": "2s"}, {"duration": 1}])}

    def _analysis(self) -> Object:
        return {"templates": [{"templateName": self.random.choice(["passes", "passes", "fails", "unclear"])}]}

    # -- what is done to it --------------------------------------------------------------------------------------

    def play(self, commands: int) -> None:
        """The first deploy, some commands at random moments, then the way home."""
        self.sim.run(self.random.choice([0.0, 0.5, 6.0]))
        for _ in range(commands):
            word = self.random.choice(WORDS)
            self.log.append(f"{self.sim.now:.2f} {word}")
            self._command(word)
            self.sim.run(self.random.choice([0.0, 0.0, 0.3, 1.5, 4.0, 12.0, 40.0]))
            self.promises.everything(self.sim)
        self._home()

    def _command(self, word: str) -> None:
        sim, pick = self.sim, self.random
        if word == "promote":
            sim.promote("web")
        elif word == "full":
            sim.promote("web", full=True)
        elif word in ("abort", "retry", "pause", "restart"):
            getattr(sim, word)("web")
        elif word in ("image", "bad", "crash"):
            self.images += 1
            self._set_image(f"hello:{'' if word == 'image' else word}{self.images}")
        elif word == "undo":
            self._set_image(f"hello:{pick.randint(1, self.images)}")
        elif word in ("scale", "both"):
            if word == "both" and self.kind != "referring":
                self.images += 1
                template = sim.rollout("web")["spec"]["template"]["spec"]["containers"][0]
                changed = {"containers": [{**template, "image": f"hello:{self.images}"}]}
                body = {"replicas": pick.randint(1, 9), "template": {"spec": changed}}
                sim.patch("Rollout", "web", {"spec": body})
            else:
                sim.scale("web", pick.randint(0 if pick.random() < 0.1 else 1, 9))
        elif word == "resume":
            sim.patch("Rollout", "web", {"spec": {"paused": False}})
        elif word in ("fail", "kill") and sim.pods(app="web"):
            pod = pick.choice(sim.pods(app="web"))
            if word == "kill":
                sim.store.delete("Pod", NAMESPACE, name_of(pod))
            else:
                sim.patch("Pod", name_of(pod), {"metadata": {"annotations": {FAIL: "true"}}})
        elif word == "heal":
            self._heal()
        elif word == "steps" and self.kind != "blue-green":
            sim.patch("Rollout", "web", {"spec": {"strategy": {"canary": {"steps": self._steps() or None}}}})

    def _set_image(self, image: str) -> None:
        if self.kind == "referring":
            deployment = self.sim.store.get("Deployment", NAMESPACE, "web")
            assert deployment is not None
            containers = deployment["spec"]["template"]["spec"]["containers"]
            body = {"containers": [{**containers[0], "image": image}]}
            self.sim.patch("Deployment", "web", {"spec": {"template": {"spec": body}}})
        else:
            self.sim.set_image("web", image)

    def _heal(self) -> None:
        for pod in self.sim.pods():
            self.sim.patch("Pod", name_of(pod), {"metadata": {"annotations": {FAIL: None}}})

    def _home(self) -> None:
        """However it stands: a good image, no user pause, and a full promotion must end Healthy."""
        sim, require = self.sim, self.promises.require
        self.images += 1
        self.log.append(f"{sim.now:.2f} home")
        self._heal()
        body = {"paused": False, "restartAt": None}
        sim.patch("Rollout", "web", {"spec": body})
        if not sim.rollout("web")["spec"]["replicas"]:
            sim.scale("web", 2)
        if "InconclusiveAnalysisRun" in {item["reason"] for item in sim.status("web").get("pauseConditions") or ()}:
            sim.promote("web")  # a changed N waits for as long as an analysis leaves doubts (§5.2)
        self._set_image(f"hello:{self.images}")
        sim.run(3)
        sim.promote("web", full=True)
        sim.run(120)
        require(sim.phase("web") == ("Healthy", ""), f"not healthy at home: {sim.phase('web')}")
        generation = str(sim.rollout("web")["metadata"]["generation"])
        require(sim.status("web")["observedGeneration"] == generation, "an old status at home")
        before = len(sim.writes)
        sim.run(120)
        require(len(sim.writes) == before, f"restless at home: {sim.writes[before:][:3]}")
        self.promises.at_home(sim)
        sim.store.delete("Rollout", NAMESPACE, "web")
        if self.kind == "referring":
            sim.store.delete("Deployment", NAMESPACE, "web")
        sim.run(5)
        kinds = ("ReplicaSet", "Pod", "AnalysisRun", "Experiment", "Job")
        left = [f"{kind} {name_of(item)}" for kind in kinds for item in sim.store.list(kind)]
        require(not left, f"left behind: {left}")


def _check(name: str, image: str) -> Object:
    """An AnalysisTemplate whose only metric is a Job with that image."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "job", "image": image}]}
    job = {"spec": {"backoffLimit": 0, "template": {"spec": pod}}}
    spec = {"metrics": [{"name": "check", "provider": {"job": job}}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name},
        "spec": spec,
    }


def _deployment(spec: Object) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def soak(seeds: range, commands: int = 12) -> dict[str, Any]:
    """Play a release for each seed; the number of writes and of events. Raises BrokenPromiseError."""
    written = events = 0
    for seed in seeds:
        release = Soak(seed)
        try:
            release.play(commands)
        except Exception as error:
            raise BrokenPromiseError(f"seed {seed}: {error}\n" + "\n".join(release.log)) from error
        written, events = written + len(release.sim.writes), events + len(release.sim.events)
    return {"releases": len(seeds), "writes": written, "events": events}


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(soak(range(first, first + int(sys.argv[1]))))
