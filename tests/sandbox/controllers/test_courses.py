"""Whole releases of a canary, step by step: the states that last, and where each step settles (controller.md §3 to §8).

A step is (what a user does, what to wait for, the lasting states as "phase message@index", the ReplicaSets as
"hash number: asked/available", with a "*" for a deadline, and the weights with traffic routing).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kubectl_rollouts.sandbox.objects import annotations_of
from tests.conformance.trace import BRIEF
from tests.sandbox.controllers.test_traces import settle
from tests.sandbox.controllers.test_traffic import NGINX, ingress
from tests.sandbox.simulation import Object, Simulation, canary, service

STEPS: list[Object] = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "2s"}}]
HEALTHY, PAUSED, DEGRADED = {"phase": "Healthy"}, {"phase": "Paused"}, {"phase": "Degraded"}
BACK: dict[str, Any] = {**DEGRADED, "available": 4, "replicas": 4}
GROWING = "Progressing more replicas need to be updated"
STARTING = "Progressing updated replicas are still becoming available"
LEAVING = "Progressing old replicas are pending termination"
TO_GO = "Progressing waiting for all steps to complete"
PAUSE = "Paused CanaryPauseStep"
ABORTED = "Degraded RolloutAborted: Rollout aborted update to revision 2"
TIMED_OUT = 'ReplicaSet "web-7b9497dd97" has timed out progressing.'


class Step(NamedTuple):
    """One thing that a user does, and what comes of it."""

    command: str
    until: dict[str, Any]
    lasting: list[str]
    sizes: str
    weights: str = ""


def routed(**strategy: Any) -> Object:
    names = {"canaryService": "canary", "stableService": "stable"}
    steps = strategy.pop("steps", STEPS)
    return canary(steps, trafficRouting={**NGINX, **strategy.pop("routing", {})}, **names, **strategy)


def deployed(index: int | None = 4) -> Step:
    return Step("", HEALTHY, [f"{STARTING}@{index}", f"Healthy@{index}"], "4/4")


UPDATE = Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 1/1")
ROUTED_UPDATE = UPDATE._replace(sizes="4/4 1/1", weights="25/75")
COURSES: dict[str, tuple[Object, list[Step]]] = {
    "rolling update": (
        canary(None),
        [
            deployed(None),
            Step("image hello:2", HEALTHY, [f"{GROWING}@None", f"{STARTING}@None", "Healthy@None"], "0/0 4/4"),
            Step("image hello:bad", {"phase": "Progressing"}, [f"{GROWING}@None"], "0/0 3/3 2/0"),
            Step("image hello:2", HEALTHY, [f"{STARTING}@None", "Healthy@None"], "0/0 4/4 0/0"),
        ],
    ),
    "no surge": (
        canary([{"setWeight": 50}, {"pause": {}}], maxSurge=0, maxUnavailable=1),
        [
            deployed(2),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "2/2 2/2"),
            Step("abort", BACK, [f"{ABORTED}@0"], "4/4 0/0"),
            Step("retry", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "2/2 2/2"),
            Step("promote", HEALTHY, [f"{GROWING}@2", f"{STARTING}@2", "Healthy@2"], "0/0 4/4"),
        ],
    ),
    "nobody may be missing": (
        canary([{"setWeight": 50}, {"pause": {}}], maxSurge=1, maxUnavailable=0),
        [
            deployed(2),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "2/2 2/2"),
            Step("promote", HEALTHY, [f"{GROWING}@2", f"{LEAVING}@2", "Healthy@2"], "0/0 4/4"),
        ],
    ),
    "rollback window": (
        canary(STEPS, spec={"rollbackWindow": {"revisions": 2}}),
        [
            deployed(),
            UPDATE,
            Step("full", HEALTHY, [f"{GROWING}@4", f"{STARTING}@4", "Healthy@4"], "0/0 4/4"),
            Step("image hello:1", HEALTHY, [f"{GROWING}@4", f"{STARTING}@4", "Healthy@4"], "4/4 0/0"),
        ],
    ),
    "deadline that aborts": (
        canary(STEPS, spec={"progressDeadlineSeconds": 4, "progressDeadlineAbort": True}),
        [
            deployed(),
            Step("image hello:bad", BACK, [f"{GROWING}@0", f"{ABORTED}: {TIMED_OUT}@0"], "4/4 0/0"),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 0/0 1/1"),
        ],
    ),
    "paused before the first deploy": (
        canary(STEPS, spec={"paused": True}),
        [
            Step("", PAUSED, ["Paused manually paused@4"], "0/0"),
            Step("resume", HEALTHY, [f"{STARTING}@4", "Healthy@4"], "4/4"),
        ],
    ),
    "no replicas": (
        canary(STEPS, replicas=0),
        [
            Step("", HEALTHY, ["Healthy@4"], "0/0"),
            Step("image hello:2", PAUSED, [f"{PAUSE}@1"], "0/0 0/0"),
            Step("scale 4", {**PAUSED, "available": 4}, [], "3/3 1/1"),
            Step("scale 2", {**PAUSED, "available": 3}, [], "2/2 1/1"),
        ],
    ),
    "restart at a pause": (
        canary(STEPS),
        [deployed(), UPDATE, Step("restart", {**PAUSED, "available": 4}, [], "3/3 1/1")],
    ),
    "next version at a pause": (
        canary(STEPS),
        [
            deployed(),
            UPDATE,
            Step("image hello:3", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 0/0 1/1"),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 1/1 0/0"),
            Step("image hello:1", HEALTHY, [f"{STARTING}@4", "Healthy@4"], "4/4 0/0 0/0"),
        ],
    ),
    "routed, aborted": (
        routed(abortScaleDownDelaySeconds=3),
        [
            deployed()._replace(weights="0/100"),
            ROUTED_UPDATE,
            Step("abort", DEGRADED, [f"{ABORTED}@0"], "4/4 1/1*", "0/100"),
            Step("retry", PAUSED, [f"{PAUSE}@1"], "4/4 1/1", "25/75"),
            Step("abort", {**DEGRADED, "replicas": 4}, [f"{ABORTED}@0"], "4/4 0/0*", "0/100"),
            Step("retry", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "4/4 1/1", "25/75"),
            Step("full", HEALTHY, [f"{TO_GO}@4", "Healthy@4"], "4/4* 4/4", "0/100"),
        ],
    ),
    "routed, back to stable": (
        routed(),
        [
            deployed()._replace(weights="0/100"),
            ROUTED_UPDATE,
            Step("image hello:1", HEALTHY, ["Healthy@4"], "4/4 1/1*", "0/100"),
            Step("image hello:3", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "4/4 1/1* 1/1", "25/75"),
        ],
    ),
    "routed, another number of replicas": (
        routed(minPodsPerReplicaSet=2, routing={"maxTrafficWeight": 50}),
        [
            deployed()._replace(weights="0/50"),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "4/4 2/2", "25/25"),
            Step("scale 8", {**PAUSED, "available": 12}, [], "8/8 4/4", "25/25"),
            Step("scale 1", {**PAUSED, "replicas": 2}, [], "1/1 1/1", "25/25"),
        ],
    ),
    "routed, scale of its own": (
        routed(
            steps=[
                {"setCanaryScale": {"replicas": 3}},
                {"pause": {}},
                {"setWeight": 25},
                {"pause": {}},
                {"setCanaryScale": {"matchTrafficWeight": True}},
                {"pause": {}},
            ]
        ),
        [
            deployed(6)._replace(weights="0/100"),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "4/4 3/3", "0/100"),
            Step("promote", {**PAUSED, "step": 3}, [f"{PAUSE}@3"], "4/4 3/3", "25/75"),
            Step("promote", {**PAUSED, "step": 5}, [f"{PAUSE}@5"], "4/4 1/1", "25/75"),
            Step("promote", HEALTHY, [f"{TO_GO}@6", "Healthy@6"], "4/4* 4/4", "0/100"),
        ],
    ),
    "routed, stable scaled dynamically": (
        routed(dynamicStableScale=True),
        [
            deployed()._replace(weights="0/100"),
            Step("image hello:2", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 1/1", "25/75"),
            Step("abort", {**DEGRADED, "replicas": 4}, [f"{ABORTED}@0"], "4/4 0/0", "0/100"),
            Step("retry", PAUSED, [f"{GROWING}@0", f"{PAUSE}@1"], "3/3 1/1", "25/75"),
            Step(
                "promote",
                {**HEALTHY, "replicas": 4},
                [f"{GROWING}@2", f"{PAUSE}@3", f"{TO_GO}@4", "Healthy@4"],
                "0/0 4/4",
                "0/100",
            ),
        ],
    ),
    "routed, a single pod": (
        routed(replicas=1),
        [
            deployed()._replace(sizes="1/1", weights="0/100"),
            Step("image hello:2", PAUSED, [f"{TO_GO}@0", f"{PAUSE}@1"], "1/1 1/1", "25/75"),
            Step("image hello:3", PAUSED, [f"{TO_GO}@0", f"{PAUSE}@1"], "1/1 0/0 1/1", "25/75"),
        ],
    ),
}


def act(sim: Simulation, command: str) -> None:
    match command.split():
        case ["image", image]:
            sim.set_image("web", image)
        case ["scale", replicas]:
            sim.scale("web", int(replicas))
        case ["full"]:
            sim.promote("web", full=True)
        case ["resume"]:
            sim.patch("Rollout", "web", {"spec": {"paused": False}})
        case [word]:
            getattr(sim, word)("web")


def shown(sim: Simulation) -> str:
    found = []
    for item in sorted(sim.replica_sets("web"), key=lambda i: (i["metadata"]["creationTimestamp"], first(i))):
        deadline = "*" if "scale-down-deadline" in annotations_of(item) else ""
        found.append(f"{item['spec']['replicas']}/{item['status'].get('availableReplicas', 0)}{deadline}")
    return " ".join(found)


def first(item: Object) -> int:
    """The revision that a ReplicaSet was made for."""
    annotations = annotations_of(item)
    history = annotations.get("rollout.argoproj.io/revision-history", "").split(",")[0]
    return int(history or annotations["rollout.argoproj.io/revision"])


@pytest.mark.parametrize("name", COURSES)
def test_course(name: str) -> None:
    made, steps = COURSES[name]
    sim = Simulation()
    sim.apply(service("canary"), service("stable"), ingress(), made)
    seen = 0
    for step in steps:
        if step.command:
            act(sim, step.command)
        settle(sim, step.until)
        states = sim.states["web"][seen:]
        seen += len(states)
        ends = [t for t, _ in states[1:]] + [sim.now]
        lasting = [s for (t, s), end in zip(states, ends, strict=False) if end - t >= BRIEF]
        told = [f"{f'{phase} {message}'.strip()}@{index}" for phase, message, index in lasting]
        assert (step.command, told, shown(sim)) == (step.command, step.lasting, step.sizes)
        weights = (sim.status("web").get("canary") or {}).get("weights") or {}
        assert "/".join(str(weights[side]["weight"]) for side in ("canary", "stable") if weights) == step.weights
