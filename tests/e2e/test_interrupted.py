"""Commands that lose a reply or are killed at any of their requests, and are run again (issue: nothing goes back).

Rows of the promote table that say where to go (5, 3, 2, 7) change nothing further when run again; those that move on
from where they are (1, 4, 6) do not unless the server had taken the first one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.boundaries import AFTER, BEFORE, Boundaries, Object, boundaries
from tests.support.cli import BIN, Outcome, environment, run_cli

CONDITION = [{"reason": "CanaryPauseStep", "startTime": "@ago:60"}]
INCONCLUSIVE = {"currentStepAnalysisRunStatus": {"name": "a", "status": "Inconclusive"}}


def rollout(strategy: str = "canary", *, paused: bool = False, **status: Any) -> Object:
    steps = {"steps": [{"setWeight": weight} for weight in (10, 20, 40, 60)]} if strategy == "canary" else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default", "generation": 1},
        "spec": {"strategy": {strategy: steps}, **({"paused": True} if paused else {})},
        "status": {"currentPodHash": "b", "stableRS": "a", **status},
    }


class Scene(NamedTuple):
    """A command on a rollout; `moves`: it goes on from wherever the rollout is."""

    name: str
    obj: Object
    args: tuple[str, ...] = ("promote", "web")
    moves: bool = False
    old: bool = False  # a cluster without the status subresource


STOPPED = {"currentStepIndex": 1, "pauseConditions": CONDITION, "controllerPause": True}
SCENES = [
    Scene("row 5", rollout(**STOPPED)),
    Scene("row 5, paused by hand too", rollout(paused=True, **STOPPED)),
    Scene("row 5, blue-green", rollout("blueGreen", paused=True, pauseConditions=CONDITION, controllerPause=True)),
    Scene("row 6", rollout(currentStepIndex=1), moves=True),
    Scene("row 6, paused by hand", rollout(paused=True, currentStepIndex=1), moves=True),
    Scene("row 4", rollout(paused=True, canary=INCONCLUSIVE, **STOPPED), moves=True),
    Scene("row 3", rollout(paused=True, **STOPPED), ("promote", "web", "--full")),
    Scene("row 3, blue-green", rollout("blueGreen", paused=True), ("promote", "web", "--full")),
    Scene("row 1", rollout(currentStepIndex=1), ("promote", "web", "-c"), moves=True),
    Scene("row 2", rollout(currentStepIndex=1), ("promote", "web", "-a")),
    Scene("row 7", rollout("blueGreen", paused=True)),
    Scene("row 5, old cluster", rollout(paused=True, **STOPPED), old=True),
    Scene("row 6, old cluster", rollout(currentStepIndex=1), moves=True, old=True),
    Scene("row 3, old cluster", rollout(paused=True, **STOPPED), ("promote", "web", "--full"), old=True),
    Scene("abort", rollout(**STOPPED), ("abort", "web")),
    Scene("abort, old cluster", rollout(**STOPPED), ("abort", "web"), old=True),
    Scene("retry", rollout(abort=True), ("retry", "rollout", "web")),
    Scene("pause", rollout(), ("pause", "web")),
]
NAMES = [scene.name for scene in SCENES]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not wait between two tries of a GET."""
    monkeypatch.setattr("kubectl_rollouts.cluster.transport._RESET_PAUSES", (0.0,))


class Old:
    """An old cluster: the status is part of the object, and has no path of its own."""

    def __init__(self, cluster: Boundaries) -> None:
        self.cluster = cluster
        from tests.support.replayed import conformance_tools

        self.resources = conformance_tools().replay.RESOURCES
        self.held = self.resources["rollouts"]

    def __enter__(self) -> None:
        self.resources["rollouts"] = (*self.held[:3], False)

    def __exit__(self, *_: object) -> None:
        self.resources["rollouts"] = self.held


def undisturbed(scene: Scene, folder: Path) -> tuple[Object, int]:
    """What the command makes of the rollout, and how many requests it takes."""
    with boundaries(folder, scene.obj) as cluster:
        outcome = run(scene, cluster)
        assert outcome.status == 0, outcome
        return cluster.object(), cluster.number


def run(scene: Scene, cluster: Boundaries) -> Outcome:
    if not scene.old:
        return run_cli(*scene.args, env=cluster.env)
    with Old(cluster):
        return run_cli(*scene.args, env=cluster.env)


def index(obj: Object) -> int:
    value: int = obj["status"].get("currentStepIndex", 0)
    return value


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_a_lost_request_or_reply_is_made_up_for(scene: Scene, when: str, tmp_path: Path) -> None:
    """Whatever request loses its connection once, the command ends as it would have, and says so."""
    wanted, requests = undisturbed(scene, tmp_path / "alone")
    for number in range(1, requests + 1):
        with boundaries(tmp_path / f"lost-{number}", scene.obj) as cluster:
            cluster.at(number, when)
            outcome = run(scene, cluster)
            assert outcome.status == 0, (number, outcome)
            assert [line for line in outcome.stderr.splitlines() if not line.startswith("Flag ")] == []
            assert normal(cluster.object()) == normal(wanted), number


def normal(obj: Object) -> Object:
    """Without the times that the server filled in, which differ between two clusters."""
    status = {key: value for key, value in obj["status"].items() if key != "pauseConditions"}
    held = [condition["reason"] for condition in obj["status"].get("pauseConditions", [])]
    return {**obj, "status": {**status, "paused for": held}}


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_run_again_after_it_died_at_a_request(scene: Scene, when: str, tmp_path: Path) -> None:
    """The server is gone for good at a request: the command fails, says what it left half done, and is run again."""
    wanted, requests = undisturbed(scene, tmp_path / "alone")
    for number in range(1, requests + 1):
        with boundaries(tmp_path / f"dead-{number}", scene.obj) as cluster:
            cluster.at(number, when)
            for later in range(number + 1, number + 12):
                cluster.at(later, BEFORE)
            first = run(scene, cluster)
            if first.status == 0:  # the last reply was lost and everything done: nothing was asked after it
                assert normal(cluster.object()) == normal(wanted)
                continue
            assert first.status == 1
            assert first.stdout == ""
            assert first.stderr.count("Error: ") == 1
            between = cluster.object()
            half = scene.args[0] == "promote" and changed_status(between, scene.obj) and between["spec"].get("paused")
            if half:
                assert "status was changed" in first.stderr or "not known whether" in first.stderr
                assert "was not set" not in first.stderr or when == BEFORE  # no claim that may be wrong
            lifted = scene.obj["spec"].get("paused") and not between["spec"].get("paused")
            if lifted and between["status"].get("pauseConditions"):  # half done the other way round
                assert "spec.paused was set to false" in first.stderr or "not known whether" in first.stderr
            cluster.breaks.clear()
            again = run(scene, cluster)
            assert again.status == 0, again
            check_again(scene, wanted, between, cluster.object())


def changed_status(now: Object, before: Object) -> bool:
    return now["status"].get("promoteFull") is True or (
        bool(before["status"].get("pauseConditions")) and not now["status"].get("pauseConditions")
    )


def check_again(scene: Scene, wanted: Object, between: Object, now: Object) -> None:
    assert index(now) >= index(between) >= index({"status": scene.obj["status"]})  # never a step back
    taken = index(between) == index(wanted) and scene.moves
    if not taken:
        assert normal(now) == normal(wanted)
    else:
        assert index(now) <= index(wanted) + 1
        assert not now["spec"].get("paused")


KILLED = (1, 2, 4, 5, 6, 8, 14, 16)  # a row of each sort: those of one request die as others do


@pytest.mark.parametrize("scene", [SCENES[number] for number in KILLED], ids=lambda scene: scene.name)
def test_run_again_after_it_was_killed_at_a_request(scene: Scene, tmp_path: Path) -> None:
    """SIGKILL while the server holds the request, before or after it has done what was asked."""
    wanted, requests = undisturbed(scene, tmp_path / "alone")
    for number in range(1, requests + 1):
        for when in (BEFORE, AFTER):
            with boundaries(tmp_path / f"killed-{number}-{when}", scene.obj) as cluster:
                process = None

                def kill() -> None:
                    assert process is not None  # noqa: B023 - called while this turn lasts
                    process.kill()  # noqa: B023
                    process.wait(10)  # noqa: B023

                cluster.at(number, when, kill)
                with cluster.counting:  # no request is served before `process` is known
                    process = subprocess.Popen(
                        [BIN / "kubectl-rollouts", *scene.args],
                        env=environment(cluster.env),
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                out, _ = process.communicate(timeout=30)
                assert (out, process.returncode) == (b"", -9)
                between = cluster.object()
                again = run_cli(*scene.args, env=cluster.env)
                assert again.status == 0, again
                check_again(scene, wanted, between, cluster.object())
