"""AnalysisRuns: when metrics are measured, what they come to, what is written (spec/controller.md §9)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.controllers.analysis.run import AnalysisRunController
from kubectl_rollouts.sandbox.controllers.job import JobController
from tests.sandbox.simulation import NAMESPACE, Simulation

Object = dict[str, Any]


def config_map(data: dict[str, str], namespace: str = NAMESPACE) -> Object:
    metadata = {"name": "sandbox-metrics", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def metric(name: str = "m", kind: str = "prometheus", **fields: Any) -> Object:
    return {"name": name, "provider": {kind: {"query": "up"}}, **fields}


class Lab:
    """One AnalysisRun in a cluster with its two controllers."""

    def __init__(self, *metrics: Object, script: dict[str, str] | None = None, speed: float = 1.0, **spec: Any) -> None:
        self.sim = Simulation([AnalysisRunController(), JobController()], speed=speed)
        if script:
            self.sim.apply(config_map(script))
        self.sim.apply(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AnalysisRun",
                "metadata": {"name": "run"},
                "spec": {"metrics": list(metrics), **spec},
            }
        )

    def after(self, seconds: float) -> Object:
        """The status after so many seconds."""
        self.sim.run(seconds)
        return self.status

    @property
    def status(self) -> Object:
        run = self.sim.store.get("AnalysisRun", NAMESPACE, "run")
        assert run is not None
        return dict(run.get("status") or {})

    def result(self, name: str = "m") -> Object:
        return next(item for item in self.status["metricResults"] if item["name"] == name)

    def terminate(self) -> None:
        self.sim.patch("AnalysisRun", "run", {"spec": {"terminate": True}})


GOOD = "result[0] >= 0.9"


def test_a_single_measurement_that_fails_is_written_as_in_the_reference() -> None:
    lab = Lab(metric("success-rate", successCondition=GOOD), script={"success-rate": "0.5"})
    status = lab.after(1)
    when = status.pop("startedAt")
    assert status == {
        "phase": "Failed",
        "message": 'Metric "success-rate" assessed Failed due to failed (1) > failureLimit (0)',
        "completedAt": when,
        "runSummary": {"count": 1, "failed": 1},
        "dryRunSummary": {},
        "metricResults": [
            {
                "name": "success-rate",
                "phase": "Failed",
                "count": 1,
                "failed": 1,
                "metadata": {"ResolvedPrometheusQuery": "up"},
                "measurements": [{"phase": "Failed", "value": "[0.5]", "startedAt": when, "finishedAt": when}],
            }
        ],
    }
    assert lab.sim.reasons("AnalysisRun") == ["MetricFailed", "AnalysisRunFailed"]
    assert lab.sim.messages("MetricFailed") == ["Metric 'success-rate' Completed. Result: Failed"]
    assert [event.type for event in lab.sim.events] == ["Warning", "Warning"]


def test_measurements_come_at_their_interval_until_the_count() -> None:
    lab = Lab(metric(interval="5s", count=3, successCondition=GOOD), script={"m": "0.95"})
    for seconds, count in ((0, 1), (4.9, 1), (0.2, 2), (5.1, 3)):
        lab.after(seconds)
        assert lab.result()["count"] == count
    assert lab.status["phase"] == "Successful"
    assert "message" not in lab.status


def test_an_interval_without_count_runs_until_told_to_end() -> None:
    lab = Lab(metric(interval="1m"), script={"m": "1"})
    assert lab.after(605)["phase"] == "Running"
    lab.terminate()
    assert lab.after(0) | {"phase": "Successful", "message": "Run Terminated"} == lab.status
    assert lab.result()["count"] == 11
    assert len(lab.result()["measurements"]) == 10


def test_the_initial_delay_counts_from_the_start() -> None:
    lab = Lab(metric(initialDelay="30s"), script={"m": "1"})
    assert lab.after(29)["metricResults"] == []
    assert lab.status["phase"] == "Running"
    assert lab.after(2)["phase"] == "Successful"


@pytest.mark.parametrize(("speed", "least", "most"), [(1.0, 2, 2), (60.0, 55, 61)])
def test_speed_shortens_intervals_and_nothing_is_measured_in_between(speed: float, least: int, most: int) -> None:
    lab = Lab(metric(interval="10s"), script={"m": "1"}, speed=speed)
    lab.after(10.05)
    assert least <= lab.result()["count"] <= most


def test_errors_are_retried_after_ten_seconds_and_end_the_run() -> None:
    lab = Lab(metric(consecutiveErrorLimit=1), script={"m": "[{error: boom}]"})
    assert lab.after(9)["phase"] == "Running"
    status = lab.after(2)
    assert status["phase"] == "Error"
    assert status["message"] == (
        'Metric "m" assessed Error due to consecutiveErrors (2) > consecutiveErrorLimit (1): "Error Message: boom"'
    )
    assert lab.result()["error"] == 2
    assert "count" not in lab.result()


def test_a_success_ends_a_streak_of_errors() -> None:
    script = {"m": "[{error: a}, {error: b}, 1, {error: c}]"}
    lab = Lab(metric(interval="1s", consecutiveErrorLimit=2), script=script)
    lab.after(22)
    assert lab.result()["consecutiveError"] == 1
    assert lab.result()["error"] == 3


@pytest.mark.parametrize(
    ("fields", "values", "phase", "message"),
    [
        ({"failureLimit": 1}, "[0, 1, 0]", "Failed", "failed (2) > failureLimit (1)"),
        ({"failureLimit": -1, "consecutiveSuccessLimit": 2}, "[0, 0, 1, 0, 1, 1]", "Successful", ""),
        ({"failureLimit": 9, "count": 12, "consecutiveSuccessLimit": 3}, "[0, 1, 1, 1]", "Successful", ""),
        ({"failureLimit": "1", "count": "2"}, "[0, 1]", "Successful", ""),
    ],
)
def test_limits(fields: Object, values: str, phase: str, message: str) -> None:
    lab = Lab(metric(interval="1s", successCondition="result[0] == 1", **fields), script={"m": values})
    status = lab.after(60)
    assert status["phase"] == phase
    assert status.get("message", "") == (f'Metric "m" assessed {phase} due to {message}' if message else "")


def test_a_streak_that_is_not_reached_is_inconclusive() -> None:
    fields = {"count": 3, "consecutiveSuccessLimit": 2, "failureLimit": 1}
    lab = Lab(metric(interval="1s", successCondition="result[0] == 1", **fields), script={"m": "[1, 0, 1]"})
    assert lab.after(10)["phase"] == "Inconclusive"


def test_neither_condition_holding_is_inconclusive() -> None:
    lab = Lab(metric(successCondition="result[0] > 8", failureCondition="result[0] < 2"), script={"m": "5"})
    status = lab.after(1)
    assert status["phase"] == "Inconclusive"
    assert status["message"] == 'Metric "m" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)'


def test_a_failing_metric_ends_the_others_and_the_worst_counts() -> None:
    script = {"a": "[1, 0]", "b": "1"}
    metrics = (
        metric("a", interval="5s", successCondition="result[0] == 1"),
        metric("b", interval="1s"),
    )
    lab = Lab(*metrics, script=script)
    status = lab.after(30)
    assert status["phase"] == "Failed"
    assert lab.result("b")["phase"] == "Successful"
    assert lab.result("b")["count"] <= 6
    assert status["runSummary"] == {"count": 2, "failed": 1, "successful": 1}


def test_dry_runs_never_count() -> None:
    metrics = (metric("a", successCondition="result[0] == 1"), metric("b"))
    lab = Lab(*metrics, script={"a": "0", "b": "1"}, dryRun=[{"metricName": "^a$"}])
    status = lab.after(1)
    assert status["phase"] == "Successful"
    assert status["runSummary"] == {"count": 1, "successful": 1}
    assert status["dryRunSummary"] == {"count": 1, "failed": 1}
    assert lab.result("a")["dryRun"] is True


def test_more_measurements_are_kept_where_asked_for() -> None:
    retention = [{"metricName": "a", "limit": 12}]
    lab = Lab(metric("a", interval="1s"), metric("b", interval="1s"), script={"a": "1", "b": "1"})
    lab.sim.patch("AnalysisRun", "run", {"spec": {"measurementRetention": retention}})
    lab.after(30)
    assert len(lab.result("a")["measurements"]) == 12
    assert len(lab.result("b")["measurements"]) == 10


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"metrics": []}, "Analysis spec invalid: no metrics specified"),
        (
            {"metrics": [{"name": "m", "provider": {}}]},
            "Analysis spec invalid: metrics[0]: no provider specified",
        ),
        (
            {"metrics": [metric("m"), metric("m")]},
            "Analysis spec invalid: metrics[1]: duplicate name 'm'",
        ),
        (
            {"metrics": [metric(count=2)]},
            "Analysis spec invalid: metrics[0]: interval must be specified when count > 1",
        ),
        (
            {"metrics": [metric(interval="1d")]},
            'Analysis spec invalid: metrics[0]: invalid interval string: time: unknown unit "d" in duration "1d"',
        ),
        (
            {"metrics": [metric()], "dryRun": [{"metricName": "x"}]},
            "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
        ),
        (
            {"metrics": [metric(successCondition="{{args.x}}")]},
            'Unable to resolve metric arguments: argument "x" was not supplied',
        ),
    ],
)
def test_a_spec_that_cannot_be_run(spec: Object, message: str) -> None:
    lab = Lab(**{key: value for key, value in spec.items() if key != "metrics"})
    lab.sim.patch("AnalysisRun", "run", {"spec": {"metrics": spec["metrics"]}, "status": None})
    status = lab.after(1)
    assert (status["phase"], status["message"]) == ("Error", message)


def test_arguments_are_filled_in_and_secrets_stay_secret() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"token": "aHVzaC1odXNo"}}
    arguments = [
        {"name": "least", "value": "0.5"},
        {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}},
    ]
    condition = "result[0] > {{ args.least }} and '{{args.token}}' == 5"
    lab = Lab(metric(successCondition=condition), args=arguments, script={"m": "1"})
    assert lab.status == {}
    status = lab.after(1)
    assert status["message"] == 'Unable to resolve metric arguments: secrets "s" not found'
    lab.sim.apply(secret)
    lab.sim.patch("AnalysisRun", "run", {"status": None})
    lab.after(1)
    (measurement, *_) = lab.result()["measurements"]
    assert measurement["phase"] == "Failed"
    assert "hush-hush" not in str(lab.status)


def test_a_run_lives_for_its_time() -> None:
    lab = Lab(metric(), script={"m": "1"}, ttlStrategy={"secondsAfterCompletion": 5, "secondsAfterSuccess": 20})
    assert lab.after(18)["phase"] == "Successful"
    lab.sim.run(3)
    assert lab.sim.store.get("AnalysisRun", NAMESPACE, "run") is None


def test_nothing_is_written_that_changes_nothing() -> None:
    lab = Lab(metric(interval="1h"), script={"m": "1"})
    lab.after(1)
    writes = len(lab.sim.writes)
    lab.sim.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}})
    lab.sim.patch("AnalysisRun", "run", {"metadata": {"labels": {"a": "b"}}})
    lab.after(60)
    assert len(lab.sim.writes) == writes


# --- Scripts -------------------------------------------------------------------------------------------------------


def value_of(script: str, key: str = "m", kind: str = "prometheus", **spec: Any) -> tuple[str, str]:
    """Value and message of the first measurement that a script answers."""
    lab = Lab(metric(kind=kind), script={key: script}, **spec)
    lab.after(1)
    (first, *_) = lab.result()["measurements"]
    return first.get("value", ""), first.get("message", "")


@pytest.mark.parametrize(
    ("script", "kind", "value"),
    [
        ("0.95", "prometheus", "[0.95]"),
        ("[[0.95, 0.9]]", "prometheus", "[0.95,0.9]"),
        ("{scalar: 0.5}", "prometheus", "0.5"),
        ("3", "datadog", "3"),
        ("{status: ok}", "newRelic", '{"status":"ok"}'),
        ("[{args: {v: b}, value: 1}, {args: {v: a}, values: [2, 3]}]", "datadog", "2"),
        ("[{query: down, value: 1}, {query: up, value: 2}, {value: 3}]", "datadog", "2"),
    ],
)
def test_scripts(script: str, kind: str, value: str) -> None:
    assert value_of(script, kind=kind, args=[{"name": "v", "value": "a"}]) == (value, "")


def test_a_metric_without_a_script_says_how_to_write_one() -> None:
    lab = Lab({"name": "rate", "provider": {"prometheus": {"address": "http://prometheus:9090", "query": "up"}}})
    lab.after(1)
    (measurement,) = lab.result("rate")["measurements"]
    assert measurement["message"] == (
        "the sandbox has no prometheus: script the metric's values, e.g. "
        "kubectl -n default create configmap sandbox-metrics --from-literal=rate=0.99"
    )


def test_a_prometheus_without_address_is_an_error() -> None:
    status = Lab(metric("rate", consecutiveErrorLimit=0)).after(1)
    assert status["message"] == (
        'Metric "rate" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0): '
        '"Error Message: prometheus address is not configured"'
    )


def test_a_script_that_is_not_yaml_is_an_error_of_the_measurement() -> None:
    assert value_of("[1")[1].startswith("ConfigMap default/sandbox-metrics, key m: not YAML: ")


def test_kayenta_judges_by_its_thresholds() -> None:
    provider = {"kayenta": {"threshold": {"pass": 90, "marginal": 75}}}
    for score, phase in (("95", "Successful"), ("80", "Inconclusive"), ("10", "Failed")):
        lab = Lab({"name": "m", "provider": provider}, script={"m": score})
        assert lab.after(1)["phase"] == phase


# --- Jobs ----------------------------------------------------------------------------------------------------------


def job_metric(image: str, **spec: Any) -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "job", "image": image}]}
    return {"name": "check", "provider": {"job": {"spec": {"backoffLimit": 0, "template": {"spec": pod}, **spec}}}}


@pytest.mark.parametrize(
    ("image", "phase", "message"),
    [
        ("job:1", "Successful", ""),
        ("job:fail", "Failed", 'Metric "check" assessed Failed due to failed (1) > failureLimit (0)'),
    ],
)
def test_a_job_decides(image: str, phase: str, message: str) -> None:
    lab = Lab(job_metric(image))
    assert lab.after(0.1)["phase"] == "Running"
    (measurement,) = lab.result("check")["measurements"]
    uid = lab.sim.store.list("AnalysisRun", NAMESPACE)[0]["metadata"]["uid"]
    assert measurement["metadata"] == {"job-name": f"{uid}.check.1"[:63], "job-namespace": NAMESPACE}
    status = lab.after(10)
    assert (status["phase"], status.get("message", "")) == (phase, message)
    job = lab.sim.store.list("Job", NAMESPACE)[0]
    assert job["metadata"]["labels"] == {"analysisrun.argoproj.io/uid": uid}


def test_a_job_whose_pod_never_starts_is_inconclusive() -> None:
    lab = Lab(job_metric("job:bad"))
    status = lab.after(10)
    assert status["phase"] == "Inconclusive"
    assert "ErrImagePull" in status["message"]


def test_ending_a_run_deletes_the_job_under_way() -> None:
    lab = Lab(job_metric("job:1"))
    lab.after(0.1)
    lab.terminate()
    status = lab.after(0.1)
    assert status["phase"] == "Inconclusive"
    assert lab.result("check")["measurements"][0]["message"] == "Metric Terminated"
    assert lab.sim.store.list("Job", NAMESPACE) == []
