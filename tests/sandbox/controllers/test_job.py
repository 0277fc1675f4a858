"""Jobs and their pods (spec/controller.md §14)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.controllers.job import JobController
from tests.sandbox.simulation import NAMESPACE, Simulation, canary

Object = dict[str, Any]


def job_spec(image: str = "job:fail", policy: str = "Never", command: list[str] | None = None, **spec: Any) -> Object:
    container: Object = {"name": "job", "image": image, **({"command": command} if command else {})}
    return {"template": {"spec": {"restartPolicy": policy, "containers": [container]}}, **spec}


def job_in(image: str = "job:1", policy: str = "Never", command: list[str] | None = None, **spec: Any) -> Simulation:
    sim = Simulation([JobController()])
    made = job_spec(image, policy, command, **spec)
    sim.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": made})
    return sim


def status_of(sim: Simulation) -> Object:
    job = sim.store.get("Job", NAMESPACE, "j")
    return dict(job["status"]) if job is not None else {}


def conditions(sim: Simulation) -> dict[str, str]:
    return {item["type"]: item["reason"] for item in status_of(sim).get("conditions", [])}


def test_a_pod_runs_for_a_moment_and_the_job_is_complete() -> None:
    sim = job_in()
    sim.run(0.1)
    (pod,) = sim.pods(**{"job-name": "j"})
    assert pod["status"]["phase"] == "Pending"
    assert status_of(sim)["active"] == 1
    sim.run(5)
    assert sim.pods()[0]["status"]["phase"] == "Succeeded"
    assert conditions(sim) == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}
    assert status_of(sim)["succeeded"] == 1
    assert "active" not in status_of(sim)
    assert status_of(sim)["completionTime"]


@pytest.mark.parametrize("late", [0.0, 0.4, 0.7])
def test_a_job_is_done_after_pods_that_were_made_with_it_are_ready(late: float) -> None:
    steps: list[Object] = [{"setWeight": 25}, {"pause": {}}]
    job = {"spec": job_spec(backoffLimit=0)}
    template = {"metadata": {"name": "check"}, "spec": {"metrics": [{"name": "check", "provider": {"job": job}}]}}
    sim = Simulation()
    sim.apply({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", **template})
    sim.apply(canary(steps, analysis={"templates": [{"templateName": "check"}]}))
    sim.run(5 + late)
    sim.set_image("web", "hello:2")
    sim.run_until(lambda: sim.phase("web")[0] == "Degraded")
    (began, _), (ended, _) = sim.states["web"][-2:]
    assert sim.states["web"][-2][1] == ["Paused", "CanaryPauseStep", 1]
    assert ended - began > 0.3


def test_failures_back_off_up_to_the_limit() -> None:
    sim = job_in("job:fail-3", backoffLimit=2)
    sim.run(9)
    assert len(sim.pods()) == 1
    sim.run(6)
    assert len(sim.pods()) == 2
    sim.run(60)
    assert len(sim.pods()) == 3
    assert status_of(sim)["failed"] == 3
    assert conditions(sim)["Failed"] == "BackoffLimitExceeded"


def test_a_restarting_pod_fails_its_job_too() -> None:
    sim = job_in("job:fail", policy="OnFailure", backoffLimit=1)
    sim.run(8)
    assert sim.pods()[0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    sim.run(30)
    assert conditions(sim)["Failed"] == "BackoffLimitExceeded"
    assert sim.pods() == []


def test_the_deadline_ends_a_job() -> None:
    sim = job_in("job:bad", activeDeadlineSeconds=20)
    sim.run(10)
    assert sim.pods()[0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"
    sim.run(15)
    assert conditions(sim)["Failed"] == "DeadlineExceeded"
    assert sim.pods() == []


def test_several_pods_side_by_side() -> None:
    sim = job_in(parallelism=2, completions=3)
    sim.run(0.1)
    assert len(sim.pods()) == 2
    sim.run(10)
    assert status_of(sim)["succeeded"] == 3
    assert len(sim.pods()) == 3


@pytest.mark.parametrize(
    ("command", "phase"),
    [
        (["sh", "-c", "echo hello; exit 1"], "Failed"),
        (["sh", "-c", "exit 0"], "Succeeded"),
        (["false"], "Failed"),
        (["sleep", "1"], "Succeeded"),
    ],
)
def test_plain_commands_are_believed(command: list[str], phase: str) -> None:
    sim = job_in(command=command, backoffLimit=0)
    sim.run(6)
    statuses = {pod["status"]["phase"] for pod in sim.pods()}
    assert statuses == {phase}


def test_a_finished_job_goes_after_its_time() -> None:
    sim = job_in(ttlSecondsAfterFinished=10)
    sim.run(8)
    assert status_of(sim)
    sim.run(10)
    assert status_of(sim) == {}
    assert sim.store.list("Pod", NAMESPACE) == []


def test_a_deleted_pod_is_removed_at_once_and_made_anew() -> None:
    sim = job_in(command=["sleep", "100"])
    sim.run(3)
    (pod,) = sim.pods()
    sim.store.delete("Pod", NAMESPACE, pod["metadata"]["name"], 30)
    sim.run(1)
    (other,) = sim.store.list("Pod", NAMESPACE)
    assert other["metadata"]["uid"] != pod["metadata"]["uid"]
