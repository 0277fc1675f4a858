"""Releases recorded on a real controller, played on the simulator: course and outcome (tests/conformance/trace.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import trace
from tests.sandbox.simulation import NAMESPACE, Simulation

TRACES = sorted((Path(trace.__file__).parent / "traces").glob("*.json"))
FIELDS = {"phase": "phase", "message": "message", "step": "currentStepIndex"}
FIELDS |= {"available": "availableReplicas", "replicas": "replicas"}


class Answers:
    """The two lists that `trace.facts` asks an API server for."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim

    def call(self, method: str, path: str) -> dict[str, Any]:
        kind = {"replicasets": "ReplicaSet", "analysisruns": "AnalysisRun"}[path.rpartition("/")[2]]
        return {"items": list(self.sim.store.list(kind, NAMESPACE))}


def play(sim: Simulation, words: list[str]) -> None:
    """What the command line would do."""
    match words:
        case ["set", "image", name, change]:
            sim.set_image(name, change.partition("=")[2])
        case ["promote", name, *flags]:
            sim.promote(name, full="--full" in flags)
        case ["retry", "rollout", name]:
            sim.retry(name)
        case [("abort" | "pause" | "restart") as verb, name]:
            getattr(sim, verb)(name)
        case _:
            raise AssertionError(words)


def holds(sim: Simulation, until: dict[str, Any]) -> bool:
    rollout = sim.rollout("web")
    status = rollout.get("status") or {}
    if status.get("observedGeneration") != str(rollout["metadata"]["generation"]):
        return False
    return all(status.get(FIELDS[key]) == value for key, value in until.items())


def settle(sim: Simulation, until: dict[str, Any]) -> None:
    """Until the state has stood still for 1.2 s, as the recorder waited."""
    end, since, version = sim.now + 60, sim.now, ""
    while sim.now < end:
        sim.run(0.05)
        now = sim.rollout("web")["metadata"]["resourceVersion"]
        if not holds(sim, until) or now != version:
            since, version = sim.now, now
        elif sim.now - since > 1.2:
            return
    raise AssertionError(f"did not come to {until}: {sim.states['web'][-2:]}")


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_trace(path: Path) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    sim = Simulation()
    for obj in recorded["objects"]:
        sim.apply(obj)
        sim.settle()
    first = 0
    for step in recorded["steps"]:
        play(sim, step["run"]) if "run" in step else sim.apply(*step.get("apply", []))
        settle(sim, step["until"])
        states = sim.states["web"][first:]
        first += len(states)
        ends = [t for t, _ in states[1:]] + [sim.now]
        seen = [{"state": s, "brief": end - t < trace.BRIEF} for (t, s), end in zip(states, ends, strict=False)]
        assert trace.in_order(step["seen"], seen), (step["seen"], seen)
        facts = trace.facts(Answers(sim), NAMESPACE, sim.rollout("web"))
        assert {key: facts[key] for key in step["settled"]} == step["settled"]
