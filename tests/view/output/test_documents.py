"""The documents of everything that was recorded, held against their schema; and what they say."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from kubectl_rollouts.cli.output.lists import details_of, document_of
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.details import DETAILED_TYPES
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.view.output.documents import view, view_list
from tests.support.objects import NOON, ago, at, meta, pod, replica_set, rollout, typed
from tests.support.recorded import Recorded, recorded
from tests.view.output.views import SCHEMA, check, details

Json = dict[str, Any]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
GETS = recorded("get")
CLUSTERS = {run.case: run for run in recorded("get", "list", "status")}


def test_the_schema_is_one_and_describes_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def described(schema: Json, path: str) -> None:
        for name, inner in schema.get("properties", {}).items():
            assert "const" in inner or "$ref" in inner or inner.get("description"), f"{path}.{name}"
            described(inner, f"{path}.{name}")

    for name, definition in SCHEMA["$defs"].items():
        assert definition["description"], name
        described(definition, name)


@pytest.mark.parametrize("run", GETS, ids=map(str, GETS))
def test_every_recorded_screen_has_a_valid_document_with_the_same_facts(run: Recorded) -> None:
    kind = "Experiment" if run.args[1].startswith("exp") else "Rollout"
    document = check(view(details(run.cluster, kind, run.args[2], run.namespace)))
    assert json.loads(json.dumps(document)) == document
    lines = ANSI.sub("", run.stdout).splitlines()
    said = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines if ":" in line}
    assert document["metadata"]["name"] == said["Name"]
    assert said["Status"].endswith(document["phase"])
    if kind == "Rollout":
        assert document["strategy"] == said["Strategy"]
        assert document["replicas"]["desired"] == int(said["Desired"])
        assert document["replicas"]["available"] == int(said["Available"])
        if document["strategy"] == "Canary":
            assert str(document["weights"]["set"]) == said["SetWeight"]
            assert str(document["weights"]["actual"]) == said["ActualWeight"]
            step = document.get("step")
            assert (f"{step['index']}/{step['total']}" if step else "") == said["Step"]
        shown = [int(line.split(":")[1]) for line in lines if "# revision:" in line and line[:1] in "├└"]
        assert [one["revision"] for one in document["revisions"]] == shown
    parts = document.get("revisions", [document])
    parts += [each for part in parts for each in part.get("experiments", ())]
    sets = [one for part in parts for one in part["replicaSets"]]
    text = ANSI.sub("", run.stdout)
    assert sorted(one["name"] for one in sets) == sorted(re.findall(r"⧉ (\S+)", text))
    assert sorted(one["name"] for each in sets for one in each["pods"]) == sorted(re.findall(r"□ (\S+)", text))
    runs = [one["name"] for part in parts for one in part["analysisRuns"]]
    assert sorted(runs) == sorted(re.findall(r"α (\S+)", text))


@pytest.mark.parametrize("case", CLUSTERS)
def test_every_recorded_rollout_and_experiment_has_a_valid_document_in_lists(case: str) -> None:
    for resource in (ROLLOUTS, EXPERIMENTS):
        objects = [one for one in CLUSTERS[case].cluster if one["kind"] == resource.kind]
        try:
            documents = [document_of(typed(DETAILED_TYPES[resource], one)) for one in objects]
        except Failure:
            continue  # recorded for its error
        assert all("revisions" not in document for document in documents)
        check(view_list(documents, f"{resource.kind}View", "7"))


def canary(steps: list[Json], status: Json, **spec: Any) -> Json:
    return rollout({"strategy": {"canary": {"steps": steps}}, **spec}, status)


def one(made: Json, *others: Json) -> Json:
    return check(view(details([made, *others], "Rollout", "r", "ns")))


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("10m", 600), (90, 90), ("30", 30), ("1h30m", 5400), ("1.5s", 1), (None, None), ("soon", None)],
)
def test_a_pause_ends_when_its_step_says(duration: Any, seconds: float | None) -> None:
    pause = {} if duration is None else {"duration": duration}
    status = {
        "currentStepIndex": 1,
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": ago(60)}],
        "conditions": [{"type": "Progressing", "status": "Unknown", "lastUpdateTime": ago(60)}],
    }
    document = one(canary([{"setWeight": 5}, {"pause": pause}], status))
    ends = {} if seconds is None else {"endsAt": at((NOON - 60 + seconds) // 1)}
    known = {} if seconds is None else {"durationSeconds": seconds}
    assert document["pauses"] == [{"reason": "CanaryPauseStep", "startedAt": ago(60), **ends}]
    assert document["step"] == {"index": 1, "total": 2, "type": "pause", "startedAt": ago(60), **known, **ends}
    assert [step["state"] for step in document["steps"]] == ["done", "current"]
    assert document["conditions"] == [{"type": "Progressing", "status": "Unknown", "lastUpdateTime": ago(60)}]


def test_steps_that_ran_an_analysis_tell_when_they_began() -> None:
    steps = [{"analysis": {}}, {"setWeight": 7}, {"experiment": {}}, {"setCanaryScale": {}}, {"unheard": {}}]
    labels = {"step-index": "0", "rollouts-pod-template-hash": "abc"}
    run = {
        "kind": "AnalysisRun",
        "metadata": meta("r-abc-2-0", "r", 300, labels=labels),
        "status": {
            "phase": "Failed",
            "message": 'metric "errors" assessed Failed',
            "metricResults": [
                {
                    "name": "errors",
                    "phase": "Failed",
                    "successful": 1,
                    "failed": 2,
                    "measurements": [
                        {"phase": "Successful", "value": "0.1"},
                        {"phase": "Failed", "value": "7", "finishedAt": ago(10), "message": "too many"},
                    ],
                }
            ],
        },
    }
    old = {**run, "metadata": meta("r-old-1-0", "r", 900, labels={**labels, "rollouts-pod-template-hash": "old"})}
    document = one(canary(steps, {"currentStepIndex": 1, "currentPodHash": "abc"}), run, old)
    assert [step["type"] for step in document["steps"]] == [
        "analysis", "setWeight", "experiment", "setCanaryScale", "unknown",
    ]  # fmt: skip
    assert document["steps"][0]["startedAt"] == ago(300)
    assert document["step"]["weight"] == 7
    told = next(one for part in document["revisions"] for one in part["analysisRuns"] if one["name"] == "r-abc-2-0")
    assert (told["phase"], told["message"], told["failed"]) == ("Failed", 'metric "errors" assessed Failed', 2)
    [metric] = told["metrics"]
    assert (metric["lastValue"], metric["message"], metric["lastMeasuredAt"]) == ("7", "too many", ago(10))


def test_of_several_tries_the_last_tells_when_its_steps_began() -> None:
    steps = [{"analysis": {}}, {"analysis": {}}, {"analysis": {}}]

    def run(index: int, past: float, suffix: str = "") -> Json:
        labels = {"step-index": str(index), "rollouts-pod-template-hash": "abc"}
        return {"kind": "AnalysisRun", "metadata": meta(f"r-abc-2-{index}{suffix}", "r", past, labels=labels)}

    runs = [run(0, 900), run(1, 800), run(2, 700), run(0, 300, ".1"), run(1, 200, ".1")]
    status = {"currentStepIndex": 1, "currentPodHash": "abc"}
    document = one(canary(steps, status), *runs)
    assert [step.get("startedAt") for step in document["steps"]] == [ago(300), ago(200), None]
    document = one(canary(steps, {**status, "currentStepIndex": 0, "abort": True}), *runs)
    assert [step.get("startedAt") for step in document["steps"]] == [None] * 3


def test_steps_that_ran_an_experiment_or_a_plugin_tell_when_they_began() -> None:
    steps = [{"experiment": {}}, {"plugin": {"name": "p"}}, {"experiment": {}}, {"plugin": {"name": "p"}}]
    plugins = [
        {"index": 1, "name": "p", "operation": "Run", "phase": "Successful", "startedAt": ago(200)},
        {"index": 3, "name": "p", "operation": "Abort", "phase": "Successful", "startedAt": ago(50)},
    ]
    experiments = [
        {"kind": "Experiment", "metadata": meta(name, "r", past)}
        for name, past in (("r-abc-2-0", 300.0), ("r-abc-2-2", 900.0), ("r-abc-2-2.1", 100.0), ("r-abc-1-2", 999.0))
    ]
    canary_status = {"stepPluginStatuses": plugins, "currentExperiment": "r-abc-2-2.1"}
    status = {"currentStepIndex": 2, "currentPodHash": "abc", "canary": canary_status}
    made = canary(steps, status)
    made["metadata"]["annotations"] = {"rollout.argoproj.io/revision": "2"}
    document = one(made, *experiments)
    assert [step.get("startedAt") for step in document["steps"]] == [ago(300), ago(200), ago(100), None]
    assert document["step"]["startedAt"] == ago(100)


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"autoPromotionSeconds": 30}, True),
        ({"autoPromotionEnabled": False, "autoPromotionSeconds": 30}, False),
        ({"autoPromotionEnabled": False}, False),
    ],
)
def test_a_blue_green_pause_ends_by_automatic_promotion_only(fields: Json, ends: bool) -> None:
    status = {"pauseConditions": [{"reason": "BlueGreenPause", "startTime": ago(10)}]}
    document = one(rollout({"strategy": {"blueGreen": {"activeService": "a", **fields}}}, status))
    assert document["pauses"][0].get("endsAt") == (at(NOON + 20) if ends else None)
    assert "step" not in document
    assert "weights" not in document


def test_the_status_of_an_older_generation_is_marked() -> None:
    made = canary([], {"observedGeneration": "1"}, paused=True)
    made["metadata"]["generation"] = 2
    assert one(made)["observed"] is False
    made["metadata"]["generation"] = 1
    assert one(made)["observed"] is True


def test_pods_say_where_they_run() -> None:
    running = pod("p", "s")
    running["spec"] = {**running.get("spec", {}), "nodeName": "node-1"}
    running.setdefault("status", {})["podIP"] = "10.0.0.1"
    document = one(canary([], {}), replica_set("s", "r"), running)
    [told] = document["revisions"][0]["replicaSets"][0]["pods"]
    assert (told["name"], told["node"], told["ip"]) == ("p", "node-1", "10.0.0.1")


def test_what_could_not_be_read_is_said() -> None:
    made = typed(DETAILED_TYPES[ROLLOUTS], canary([], {}))
    document = check(view(details_of(made), [Failure("pods could not be read")]))
    assert document["problems"] == ["pods could not be read"]
