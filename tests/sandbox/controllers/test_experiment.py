"""Experiments: templates, Services, analyses, durations, ends (spec/controller.md §10)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.controllers.analysis.run import AnalysisRunController
from kubectl_rollouts.sandbox.controllers.experiment.controller import ExperimentController
from kubectl_rollouts.sandbox.controllers.pods import PodController
from kubectl_rollouts.sandbox.controllers.replica_set import ReplicaSetController
from tests.sandbox.simulation import NAMESPACE, Simulation

Object = dict[str, Any]


def template(name: str, image: str = "hello:1", **fields: Any) -> Object:
    labels = {"app": name}
    container = {"name": "c", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {"name": name, "selector": {"matchLabels": labels}, "template": pods, **fields}


def analysis(name: str = "check", **fields: Any) -> Object:
    return {"name": name, "templateName": "rate", **fields}


class Bench:
    """One Experiment and the controllers that it needs."""

    def __init__(self, rate: str = "0.99", **spec: Any) -> None:
        controllers = [ExperimentController(), AnalysisRunController(), ReplicaSetController(), PodController()]
        self.sim = Simulation(controllers)
        metric = {"name": "rate", "successCondition": "result[0] > 0.9", "provider": {"prometheus": {"query": "q"}}}
        self.sim.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sandbox-metrics"}, "data": {"rate": rate}},
            self.manifest("AnalysisTemplate", "rate", {"metrics": [metric], "args": [{"name": "hash", "value": ""}]}),
            self.manifest("Experiment", "exp", {"templates": [template("a")], **spec}),
        )

    @staticmethod
    def manifest(kind: str, name: str, spec: Object) -> Object:
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}

    def after(self, seconds: float) -> Object:
        self.sim.run(seconds)
        found = self.sim.store.get("Experiment", NAMESPACE, "exp")
        assert found is not None
        return dict(found.get("status") or {})

    def templates(self) -> dict[str, str]:
        return {item["name"]: item["status"] for item in self.after(0)["templateStatuses"]}

    def sizes(self) -> dict[str, int]:
        sets = self.sim.store.list("ReplicaSet", NAMESPACE)
        return {item["metadata"]["name"]: item["spec"]["replicas"] for item in sets}

    def reasons(self) -> list[str]:
        return self.sim.reasons("Experiment")


def test_an_experiment_runs_for_its_duration_and_cleans_up() -> None:
    bench = Bench(templates=[template("a", service={}), template("b", replicas=2)], duration="20s")
    status = bench.after(0)
    assert status["phase"] == "Pending"
    assert bench.sizes() == {"exp-a": 1, "exp-b": 2}
    status = bench.after(5)
    assert (status["phase"], bench.templates()) == ("Running", {"a": "Running", "b": "Running"})
    assert status["availableAt"]
    assert status["templateStatuses"][0]["serviceName"] == "exp-a"
    assert status["conditions"][0]["message"] == 'Experiment "exp" is running.'
    status = bench.after(20)
    assert (status["phase"], bench.templates()) == ("Successful", {"a": "Successful", "b": "Successful"})
    assert bench.sizes() == {"exp-a": 1, "exp-b": 2}
    assert [item["metadata"]["name"] for item in bench.sim.store.list("Service", NAMESPACE)] == ["exp-a"]
    bench.after(35)
    assert bench.sizes() == {"exp-a": 0, "exp-b": 0}
    assert bench.sim.store.list("Service", NAMESPACE) == []
    progress = bench.after(0)["conditions"][-1]
    assert (progress["status"], progress["reason"]) == ("False", "ExperimentCompleted")


def test_replica_sets_and_services_are_named_and_marked_for_the_experiment() -> None:
    bench = Bench(templates=[template("a", service={"name": "front"})])
    bench.after(5)
    (replica_set,) = bench.sim.store.list("ReplicaSet", NAMESPACE)
    value = replica_set["metadata"]["labels"]["rollouts-pod-template-hash"]
    assert replica_set["metadata"]["annotations"] == {
        "experiment.argoproj.io/name": "exp",
        "experiment.argoproj.io/template-name": "a",
    }
    labels = {"app": "a", "rollouts-pod-template-hash": value}
    assert replica_set["spec"]["selector"]["matchLabels"] == labels
    (service,) = bench.sim.store.list("Service", NAMESPACE)
    assert (service["metadata"]["name"], service["spec"]["selector"]) == ("front", labels)
    assert service["spec"]["ports"][0]["port"] == 8080


def test_the_events_tell_the_course() -> None:
    bench = Bench(duration="5s", scaleDownDelaySeconds=1)
    bench.after(20)
    assert bench.reasons() == [
        "TemplateProgressing",
        "ExperimentPending",
        "ScalingReplicaSet",
        "TemplateRunning",
        "ExperimentRunning",
        "TemplateSuccessful",
        "ExperimentSuccessful",
        "ScalingReplicaSet",
    ]
    assert bench.sim.messages("ScalingReplicaSet") == [
        "Scaled up ReplicaSet exp-a from 0 to 1",
        "Scaled down ReplicaSet exp-a from 1 to 0",
    ]
    assert bench.sim.messages("ExperimentRunning") == ["Experiment transitioned from Pending -> Running"]


def test_a_template_that_never_comes_up_fails_the_experiment() -> None:
    bench = Bench(templates=[template("a"), template("b", "hello:bad")], progressDeadlineSeconds=30)
    assert bench.after(25)["phase"] == "Pending"
    status = bench.after(10)
    assert (status["phase"], status["message"]) == ("Failed", "Template 'b' exceeded its progressDeadlineSeconds (30)")
    assert bench.after(1) == status | {"templateStatuses": bench.after(0)["templateStatuses"]}
    assert bench.templates() == {"a": "Successful", "b": "Failed"}


def test_without_a_duration_it_runs_until_it_is_told_to_end() -> None:
    bench = Bench()
    assert bench.after(3600)["phase"] == "Running"
    bench.sim.patch("Experiment", "exp", {"spec": {"terminate": True}})
    assert bench.after(1)["phase"] == "Successful"


def test_analyses_begin_when_the_pods_are_there() -> None:
    bench = Bench(analyses=[analysis(args=[{"name": "hash", "value": "{{templates.a.podTemplateHash}}"}])])
    assert bench.after(0)["analysisRuns"][0]["phase"] == "Pending"
    assert bench.sim.store.list("AnalysisRun", NAMESPACE) == []
    status = bench.after(5)
    assert status["analysisRuns"] == [{"name": "check", "analysisRun": "exp-check", "phase": "Successful"}]
    (run,) = bench.sim.store.list("AnalysisRun", NAMESPACE)
    assert run["spec"]["args"][0]["value"] == status["templateStatuses"][0]["podTemplateHash"]
    assert status["phase"] == "Running"


@pytest.mark.parametrize(
    ("rate", "required", "phase", "message"),
    [
        ("0.99", True, "Successful", "Required AnalysisRuns completed"),
        ("0.1", True, "Failed", 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)'),
        ("0.1", False, "Failed", 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)'),
    ],
)
def test_analyses_decide(rate: str, required: bool, phase: str, message: str) -> None:
    bench = Bench(rate, analyses=[analysis(requiredForCompletion=required)])
    status = bench.after(10)
    assert (status["phase"], status["message"]) == (phase, message)


def test_a_missing_template_is_an_error_before_anything_runs() -> None:
    bench = Bench(analyses=[{"name": "check", "templateName": "nope"}])
    status = bench.after(1)
    assert status["phase"] == "Error"
    assert status["message"] == (
        "AnalysisTemplate verification failed for analysis 'check': analysistemplate.argoproj.io \"nope\" not found"
    )


def test_a_retry_runs_it_again() -> None:
    bench = Bench("0.1", analyses=[analysis(requiredForCompletion=True)])
    assert bench.after(10)["phase"] == "Failed"
    config = {"data": {"rate": "0.99"}}
    bench.sim.patch("ConfigMap", "sandbox-metrics", config)
    bench.sim.patch("Experiment", "exp", {"status": None})
    status = bench.after(10)
    assert status["phase"] == "Successful"
    assert status["analysisRuns"][0]["analysisRun"] == "exp-check.1"


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ([{"name": "a", "template": {}}], "Rollout has missing field '.Spec.Templates[0].Selector'"),
        (
            [{**template("a"), "selector": {}}],
            "This experiment is selecting all pods at index 0. A non-empty selector is required.",
        ),
        (
            [template("a", minReadySeconds=601)],
            "MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index 0",
        ),
        ([template("")], "Experiment exp has empty template name at index 0"),
        ([template("a"), template("a")], "Experiment exp has repeated template name 'a' in templates"),
    ],
)
def test_invalid_specs(templates: list[Object], message: str) -> None:
    bench = Bench(templates=templates)
    status = bench.after(1)
    (condition,) = status["conditions"]
    assert (condition["type"], condition["message"]) == ("InvalidSpec", message)
    assert "phase" not in status
    bench.sim.patch("Experiment", "exp", {"spec": {"templates": [template("z")]}})
    status = bench.after(5)
    assert status["phase"] == "Running"
    assert [item["type"] for item in status["conditions"]] == ["Progressing"]


def test_nothing_is_written_that_changes_nothing() -> None:
    bench = Bench()
    bench.after(10)
    writes = len(bench.sim.writes)
    bench.sim.patch("Experiment", "exp", {"metadata": {"labels": {"x": "y"}}})
    bench.after(60)
    assert len(bench.sim.writes) == writes
