"""The rollout's side of analysis (controller.md §9): the runs' results are given by the test."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.controllers.pods import PodController
from kubectl_rollouts.sandbox.controllers.replica_set import ReplicaSetController
from kubectl_rollouts.sandbox.controllers.rollout import RolloutController
from tests.sandbox.simulation import NAMESPACE, Object, Simulation, blue_green, canary, service

CHECK = {"templates": [{"templateName": "check"}]}


def template() -> Object:
    metric = {"name": "rate", "provider": {"prometheus": {"address": "http://localhost", "query": "{{args.hash}}"}}}
    spec = {"metrics": [metric], "args": [{"name": "hash", "value": "none"}]}
    metadata = {"name": "check"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": metadata, "spec": spec}


def updating(rollout: Object) -> Simulation:
    sim = Simulation([RolloutController(), ReplicaSetController(), PodController()])
    sim.apply(service("active"), service("preview"), template(), rollout)
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert runs(sim) == []
    sim.set_image("web", "hello:2")
    sim.run(5)
    return sim


def runs(sim: Simulation) -> list[str]:
    """Names of the runs without rollout and hash."""
    return [item["metadata"]["name"].split("-", 2)[2] for item in sim.store.list("AnalysisRun", NAMESPACE)]


def ended(sim: Simulation, suffix: str) -> bool:
    return bool(find(sim, suffix)["spec"].get("terminate"))


def find(sim: Simulation, suffix: str) -> Object:
    listed = sim.store.list("AnalysisRun", NAMESPACE)
    return next(item for item in listed if item["metadata"]["name"].split("-", 2)[2] == suffix)


def result(sim: Simulation, suffix: str, phase: str, message: str = "") -> None:
    body = {"phase": phase, **({"message": message} if message else {})}
    sim.patch("AnalysisRun", find(sim, suffix)["metadata"]["name"], {"status": body})
    sim.run(3)


def step_rollout(**more: Any) -> Object:
    arguments = [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}]
    return canary([{"setWeight": 25}, {"analysis": {**CHECK, "args": arguments}}, {"pause": {}}], **more)


def test_step_run_has_labels_arguments_and_owner() -> None:
    sim = updating(step_rollout())
    run = find(sim, "2-1")
    value = sim.status("web")["currentPodHash"]
    assert run["metadata"]["labels"] == {
        "app": "web",
        "rollout-type": "Step",
        "step-index": "1",
        "rollouts-pod-template-hash": value,
    }
    assert run["metadata"]["annotations"] == {"rollout.argoproj.io/revision": "2"}
    assert run["metadata"]["ownerReferences"][0]["kind"] == "Rollout"
    assert run["spec"]["args"] == [{"name": "hash", "value": value}]
    assert sim.status("web")["canary"]["currentStepAnalysisRunStatus"]["name"] == run["metadata"]["name"]


def test_successful_step_goes_on() -> None:
    sim = updating(step_rollout())
    result(sim, "2-1", "Running")
    result(sim, "2-1", "Successful")
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.status("web")["canary"] == {}
    assert [r for r in sim.reasons() if r.startswith("AnalysisRun")] == ["AnalysisRunRunning", "AnalysisRunSuccessful"]
    assert sim.messages("AnalysisRunSuccessful")[0].endswith("Status New: 'Successful' Previous: 'Running'")


def test_failed_step_aborts_and_a_retry_makes_another_run() -> None:
    sim = updating(step_rollout())
    result(sim, "2-1", "Failed", "too slow")
    cause = "Step-based analysis phase error/failed: too slow"
    assert sim.phase("web") == ("Degraded", f"RolloutAborted: Rollout aborted update to revision 2: {cause}")
    assert sim.sizes("web") == {"1": 4, "2": 0}
    sim.retry("web")
    sim.run(5)
    assert runs(sim) == ["2-1", "2-1.1"]
    result(sim, "2-1.1", "Successful")
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_inconclusive_step_pauses_until_the_user_skips_it() -> None:
    sim = updating(step_rollout())
    result(sim, "2-1", "Inconclusive")
    assert sim.phase("web") == ("Paused", "InconclusiveAnalysisRun")
    sim.promote("web")
    sim.run(3)
    assert sim.status("web")["currentStepIndex"] == 2
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_skipping_the_step_ends_its_run() -> None:
    sim = updating(step_rollout())
    sim.promote("web")
    sim.run(3)
    assert ended(sim, "2-1")
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_background_run_begins_at_its_step_and_ends_with_the_update() -> None:
    steps: list[Object] = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
    sim = updating(canary(steps, analysis={**CHECK, "startingStep": 2}))
    assert runs(sim) == []
    sim.promote("web")
    sim.run(5)
    assert runs(sim) == ["2"]
    assert not ended(sim, "2")
    sim.promote("web")
    sim.run(10)
    assert sim.phase("web") == ("Healthy", "")
    assert ended(sim, "2")
    assert sim.status("web")["canary"] == {}


def test_a_background_analysis_of_no_templates_is_none() -> None:
    sim = updating(canary([{"setWeight": 25}, {"pause": {}}], analysis={"templates": []}))
    assert runs(sim) == []
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_a_run_of_somebody_else_is_not_taken_over() -> None:
    sim = updating(step_rollout())
    mine = find(sim, "2-1")
    value = sim.status("web")["currentPodHash"]
    sim.set_image("web", "hello:1")
    sim.run(5)
    sim.apply({**mine, "metadata": {"name": f"web-{value}-4-1"}})
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.status("web")["canary"]["currentStepAnalysisRunStatus"]["name"] == f"web-{value}-4-1.1"


def test_failed_background_run_aborts() -> None:
    sim = updating(canary([{"setWeight": 25}, {"pause": {}}], analysis=CHECK))
    result(sim, "2", "Error")
    assert sim.phase("web")[1].endswith("revision 2: Background analysis phase error/failed")


def test_full_promotion_ends_all_runs() -> None:
    sim = updating(step_rollout())
    sim.promote("web", full=True)
    sim.run(10)
    assert sim.phase("web") == ("Healthy", "")
    assert ended(sim, "2-1")


def test_pre_promotion_run_holds_the_switch() -> None:
    sim = updating(blue_green(autoPromotionEnabled=False, prePromotionAnalysis=CHECK))
    assert runs(sim) == ["2-pre"]
    assert sim.phase("web") == ("Progressing", "active service cutover pending")
    result(sim, "2-pre", "Successful")
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    sim.promote("web")
    sim.run(3)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.status("web")["blueGreen"]["prePromotionAnalysisRunStatus"]["status"] == "Successful"


def test_failed_post_promotion_run_switches_back() -> None:
    sim = updating(blue_green(postPromotionAnalysis=CHECK))
    stable = sim.status("web")["stableRS"]
    assert sim.service_hash("active") != stable
    assert sim.phase("web") == ("Progressing", "waiting for analysis to complete")
    result(sim, "2-post", "Failed", "too slow")
    assert sim.service_hash("active") == stable
    cause = "Blue/green post-promotion analysis phase error/failed: too slow"
    assert sim.phase("web") == ("Degraded", f"RolloutAborted: Rollout aborted update to revision 2: {cause}")


def test_successful_post_promotion_run_promotes() -> None:
    sim = updating(blue_green(postPromotionAnalysis=CHECK))
    result(sim, "2-post", "Successful")
    assert sim.phase("web") == ("Healthy", "")
    sim.run(40)
    assert sim.sizes("web") == {"1": 0, "2": 3}


def test_a_retry_after_a_failed_analysis_before_the_switch_measures_again() -> None:
    sim = updating(blue_green(autoPromotionEnabled=False, prePromotionAnalysis=CHECK, abortScaleDownDelaySeconds=3))
    result(sim, "2-pre", "Failed")
    sim.run(5)
    assert sim.sizes("web") == {"1": 3, "2": 0}
    sim.retry("web")
    sim.run(5)
    assert sim.phase("web") == ("Progressing", "active service cutover pending")
    assert runs(sim) == ["2-pre", "2-pre.1"]
    result(sim, "2-pre.1", "Successful")
    assert sim.phase("web") == ("Paused", "BlueGreenPause")


def test_an_inconclusive_analysis_after_the_switch_pauses_without_endless_writes() -> None:
    sim = updating(blue_green(postPromotionAnalysis=CHECK))
    result(sim, "2-post", "Inconclusive")
    assert sim.phase("web") == ("Paused", "InconclusiveAnalysisRun")
    assert sim.conditions("web")["Progressing"] == "Unknown/RolloutPaused"
    before = len(sim.writes)
    sim.run(60)
    assert sim.writes[before:] == []
    sim.promote("web")
    sim.run(3)
    assert runs(sim) == ["2-post", "2-post.1"]
    result(sim, "2-post.1", "Successful")
    assert sim.phase("web") == ("Healthy", "")
    assert sim.conditions("web")["Progressing"] == "True/NewReplicaSetAvailable"


def test_a_user_may_pause_during_the_analysis_after_the_switch() -> None:
    sim = updating(blue_green(postPromotionAnalysis=CHECK))
    sim.pause("web")
    sim.run(3)
    assert sim.phase("web") == ("Paused", "manually paused")
    result(sim, "2-post", "Successful")
    assert sim.status("web")["stableRS"] == sim.status("web")["currentPodHash"]


def test_arguments_take_fields_of_the_rollout() -> None:
    paths = {"one": "metadata.labels['team']", "all": "metadata.labels", "replicas": "spec.replicas"}
    arguments = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in paths.items()]
    rollout = canary([{"analysis": {**CHECK, "args": [*arguments, {"name": "plain"}]}}])
    rollout["metadata"]["labels"] = {"team": "shop", "area": "north"}
    declared = template()
    declared["spec"]["args"] = [{"name": name, "value": "?"} for name in (*paths, "plain")]
    declared["spec"]["metrics"][0]["provider"]["prometheus"]["query"] = "up"
    sim = Simulation([RolloutController(), ReplicaSetController(), PodController()])
    sim.apply(declared, rollout)
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert {arg["name"]: arg["value"] for arg in find(sim, "2-0")["spec"]["args"]} == {
        "one": "shop",
        "all": 'area="north"\nteam="shop"',
        "replicas": "4",
        "plain": "",
    }


def test_fast_rollback_needs_no_analysis() -> None:
    sim = updating(blue_green(prePromotionAnalysis=CHECK))
    result(sim, "2-pre", "Successful")
    sim.set_image("web", "hello:1")
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert runs(sim) == ["2-pre"]


def test_history_of_runs_is_limited() -> None:
    sim = updating(step_rollout(spec={"analysis": {"unsuccessfulRunHistoryLimit": 2}}))
    for _ in range(4):
        [name] = [n for n in runs(sim) if not find(sim, n).get("status")]
        result(sim, name, "Failed")
        sim.retry("web")
        sim.run(5)
    done = [i for i in sim.store.list("AnalysisRun", NAMESPACE) if (i.get("status") or {}).get("phase") == "Failed"]
    assert len(done) == 2


def test_experiment_step_waits_for_its_experiment() -> None:
    templates = [{"name": "baseline", "specRef": "stable"}, {"name": "canary", "specRef": "canary", "replicas": 2}]
    sim = updating(canary([{"experiment": {"duration": "5m", "templates": templates}}, {"pause": {}}]))
    [experiment] = sim.store.list("Experiment", NAMESPACE)
    assert sim.status("web")["canary"] == {"currentExperiment": experiment["metadata"]["name"]}
    assert experiment["metadata"]["name"].endswith("-2-0")
    images = [t["template"]["spec"]["containers"][0]["image"] for t in experiment["spec"]["templates"]]
    assert images == ["hello:1", "hello:2"]
    sim.patch("Experiment", experiment["metadata"]["name"], {"status": {"phase": "Successful"}})
    sim.run(3)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.status("web")["canary"] == {}


def test_failed_experiment_aborts() -> None:
    templates = [{"name": "canary", "specRef": "canary"}]
    sim = updating(canary([{"experiment": {"templates": templates}}, {"pause": {}}]))
    [experiment] = sim.store.list("Experiment", NAMESPACE)
    sim.patch("Experiment", experiment["metadata"]["name"], {"status": {"phase": "Failed", "message": "no"}})
    sim.run(3)
    assert sim.phase("web")[1].endswith("Experiment analysis phase is error/failed: no")
