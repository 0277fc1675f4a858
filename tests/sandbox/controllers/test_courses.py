"""Whole releases: the states that a watcher sees, in their order (controller.md §2.4, §7, §9, §10, §13.3).

A state that begins with `~` is passed in a moment; all others last longer than a watcher takes for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance import trace
from tests.sandbox.simulation import Simulation, blue_green, canary, service

Object = dict[str, Any]
Action = Callable[[Simulation], None]

MORE = "Progressing more replicas need to be updated"
CUTOVER = "Progressing active service cutover pending"
ANALYSIS = "Progressing waiting for analysis to complete"
HELD, DOUBT, HEALTHY = "Paused BlueGreenPause", "Paused InconclusiveAnalysisRun", "Healthy "
FAILED = 'Metric "check" assessed Failed due to failed (1) > failureLimit (0)'
CHECK = {"templates": [{"templateName": "check"}]}
SLEEPING = ["sleep", "600"]


def check(tag: str = "1", command: list[str] | None = None, **metric: Any) -> Object:
    """An AnalysisTemplate of one Job."""
    container: Object = {"name": "job", "image": f"job:{tag}", **({"command": command} if command else {})}
    job = {"spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}}
    spec = {"metrics": [{"name": "check", "provider": {"job": job}, **metric}]}
    metadata = {"name": "check"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": metadata, "spec": spec}


def aborted(cause: str = "") -> str:
    return "Degraded RolloutAborted: Rollout aborted update to revision 2" + (f": {cause}" if cause else "")


def image(tag: str) -> Action:
    return lambda sim: sim.set_image("web", f"hello:{tag}")


def promote(sim: Simulation) -> None:
    sim.promote("web")


def promote_full(sim: Simulation) -> None:
    sim.promote("web", full=True)


def abort(sim: Simulation) -> None:
    sim.abort("web")


def retry(sim: Simulation) -> None:
    sim.retry("web")


def mend(sim: Simulation) -> None:
    sim.apply(check())


def terminate(sim: Simulation) -> None:
    for run in sim.store.list("AnalysisRun"):
        if not (run.get("status") or {}).get("completedAt"):
            sim.patch("AnalysisRun", run["metadata"]["name"], {"spec": {"terminate": True}})


def course(sim: Simulation, start: int, end: float) -> list[Object]:
    states = sim.states["web"][start:]
    ends = [since for since, _ in states[1:]] + [end]
    return [
        {"state": f"{phase} {message}", "brief": until - since < trace.BRIEF}
        for (since, (phase, message, _)), until in zip(states, ends, strict=False)
    ]


MANUAL = {"autoPromotionEnabled": False, "abortScaleDownDelaySeconds": 3}
EXPERIMENT = {"experiment": {"duration": "3s", "templates": [{"name": "a", "specRef": "canary"}]}}
COURSES: dict[str, tuple[Object, Object | None, list[tuple[Action, list[str]]]]] = {
    "a pause that ends by itself": (
        blue_green(autoPromotionSeconds=3),
        None,
        [(image("2"), [f"~{MORE}", CUTOVER, HELD, HEALTHY])],
    ),
    "a small preview": (
        blue_green(previewReplicaCount=1, **MANUAL),
        None,
        [(image("2"), [MORE, HELD]), (promote, [f"~{MORE}", CUTOVER, HEALTHY])],
    ),
    "back within the delay": (
        blue_green(**MANUAL),
        None,
        [
            (image("2"), [f"~{MORE}", CUTOVER, HELD]),
            (promote, [f"~{CUTOVER}", HEALTHY]),
            (image("1"), [f"~{CUTOVER}", HEALTHY]),
        ],
    ),
    "an analysis before the switch fails and is done again": (
        blue_green(prePromotionAnalysis=CHECK, **MANUAL),
        check("fail"),
        [
            (
                image("2"),
                [f"~{MORE}", CUTOVER, aborted(f"Blue/green pre-promotion analysis phase error/failed: {FAILED}")],
            ),
            (mend, []),
            (retry, [f"~{MORE}", CUTOVER, HELD]),
            (promote, [f"~{CUTOVER}", HEALTHY]),
        ],
    ),
    "an analysis after the switch fails": (
        blue_green(postPromotionAnalysis=CHECK, abortScaleDownDelaySeconds=3),
        check("fail"),
        [
            (
                image("2"),
                [
                    f"~{MORE}",
                    CUTOVER,
                    ANALYSIS,
                    aborted(f"Blue/green post-promotion analysis phase error/failed: {FAILED}"),
                ],
            ),
            (promote_full, [f"~{MORE}", CUTOVER, HEALTHY]),
        ],
    ),
    "an analysis before the switch is ended by hand": (
        blue_green(prePromotionAnalysis=CHECK, **MANUAL),
        check(command=SLEEPING),
        [
            (image("2"), [f"~{MORE}", CUTOVER]),
            (terminate, [DOUBT]),
            (promote, [CUTOVER]),
            (abort, [aborted()]),
        ],
    ),
    "a background analysis fails during a pause": (
        canary([{"setWeight": 25}, {"pause": {}}], analysis=CHECK),
        check("fail"),
        [
            (
                image("2"),
                [
                    MORE,
                    "Paused CanaryPauseStep",
                    aborted(f"Background analysis phase error/failed: {FAILED}"),
                ],
            )
        ],
    ),
    "a step's analysis is ended by hand and its step skipped": (
        canary([{"setWeight": 25}, {"analysis": CHECK}, {"pause": {}}]),
        check(command=SLEEPING),
        [(image("2"), [MORE]), (terminate, [DOUBT]), (promote, [f"~{DOUBT}", f"~{MORE}", "Paused CanaryPauseStep"])],
    ),
    "an experiment before the first weight": (
        canary([EXPERIMENT, {"setWeight": 25}, {"pause": {}}]),
        None,
        [(image("2"), [MORE, "Paused CanaryPauseStep"]), (abort, [aborted()])],
    ),
    "an experiment that never comes up": (
        canary([EXPERIMENT, {"pause": {}}], spec={"progressDeadlineSeconds": 4}),
        None,
        [
            (
                image("bad"),
                [
                    MORE,
                    aborted(
                        "Experiment analysis phase is error/failed: "
                        "Template 'a' exceeded its progressDeadlineSeconds (4)"
                    ),
                ],
            )
        ],
    ),
}


@pytest.mark.parametrize("name", COURSES)
def test_course(name: str) -> None:
    rollout, template, steps = COURSES[name]
    sim = Simulation()
    sim.apply(service("active"), service("preview"), *([template] if template else []), rollout)
    sim.run(5)
    for action, wanted in steps:
        start = len(sim.states["web"])
        action(sim)
        sim.run(12)
        expected = [{"state": state.removeprefix("~"), "brief": state.startswith("~")} for state in wanted]
        seen = course(sim, start, sim.now)
        # steps of a canary are told apart by their index, which is left out here
        merged = [item for i, item in enumerate(seen) if not i or item["state"] != seen[i - 1]["state"]]
        assert trace.in_order(expected, merged), (action, wanted, seen)
