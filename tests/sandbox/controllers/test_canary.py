"""Canary releases without traffic routing: the worked examples and acceptance checks (controller.md §13, §15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.simulation import Object, Simulation, canary, service

GUIDE: list[Object] = [{"setWeight": 20}, {"pause": {}}]
for _weight in (40, 60, 80):
    GUIDE += [{"setWeight": _weight}, {"pause": {"duration": "10s"}}]
SHORT = GUIDE[:4]


def started(steps: list[Object] | None, replicas: int = 5, **more: Any) -> Simulation:
    sim = Simulation()
    sim.apply(canary(steps, replicas=replicas, **more))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    return sim


def messages(sim: Simulation, start: int) -> list[str]:
    """Events about the rollout, without ReplicaSet names."""
    return [e.message.split(" (")[0] for e in sim.events[start:] if e.regarding["kind"] == "Rollout"]


def test_first_deploy_skips_the_steps() -> None:
    sim = started(GUIDE)
    assert [state for _, state in sim.states["web"]] == [
        ["Progressing", "more replicas need to be updated", 0],
        ["Progressing", "more replicas need to be updated", 8],
        ["Progressing", "updated replicas are still becoming available", 8],
        ["Healthy", "", 8],
    ]
    assert sim.reasons() == [
        "RolloutAddedToInformer",
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "RolloutCompleted",
    ]
    assert sim.messages("RolloutCompleted")[0].endswith(": Initial deploy")


def test_release_of_the_guide_from_pause_to_pause() -> None:
    sim = started(GUIDE)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.sizes("web") == {"1": 4, "2": 1}
    assert sim.counters("web") == [5, 5, 1, 5, 5]
    assert sim.conditions("web") == {
        "Healthy": "False/RolloutHealthy",
        "Completed": "False/RolloutCompleted",
        "Available": "True/AvailableReason",
        "Progressing": "Unknown/RolloutPaused",
        "Paused": "True/RolloutPaused",
    }
    start = len(sim.events)
    sim.promote("web")
    sim.run(60)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.sizes("web") == {"1": 0, "2": 5}
    done = [m for m in messages(sim, start) if m.startswith("Rollout")]
    assert done == [
        "Rollout step 2/8 completed",
        *[
            f"Rollout {what}"
            for n in (3, 5, 7)
            for what in (f"step {n}/8 completed", "is paused", f"step {n + 1}/8 completed", "is resumed")
        ],
        "Rollout completed update to revision 2",
    ]
    assert sim.messages("RolloutCompleted")[-1].endswith(": Completed all 8 canary steps")


def test_status_at_the_first_pause_has_exactly_these_keys() -> None:
    sim = started(GUIDE)
    sim.set_image("web", "hello:2")
    sim.run(5)
    status = sim.status("web")
    assert set(status) == {
        *("HPAReplicas", "availableReplicas", "blueGreen", "canary", "conditions", "controllerPause"),
        *("currentPodHash", "currentStepHash", "currentStepIndex", "message", "observedGeneration"),
        *("pauseConditions", "phase", "readyReplicas", "replicas", "selector", "stableRS", "updatedReplicas"),
    }
    assert [c["type"] for c in status["conditions"]] == ["Healthy", "Completed", "Available", "Progressing", "Paused"]
    assert status["currentStepHash"] == "b9b7958d9"
    assert status["selector"] == "app=web"
    assert status["observedGeneration"] == "2"
    assert (status["blueGreen"], status["canary"]) == ({}, {})


def test_a_settled_rollout_is_not_written_again() -> None:
    sim = started(GUIDE)
    sim.set_image("web", "hello:2")
    sim.run(10)
    before = len(sim.writes)
    sim.run(3_600)
    assert sim.writes[before:] == []


def test_abort_retry_and_new_image() -> None:
    sim = started(SHORT)
    sim.set_image("web", "hello:2")
    sim.run(5)
    start = len(sim.events)
    sim.abort("web")
    sim.run(5)
    assert sim.phase("web") == ("Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    assert sim.sizes("web") == {"1": 5, "2": 0}
    assert sim.reasons(start=start) == ["ScalingReplicaSet", "RolloutAborted", "ScalingReplicaSet"]
    assert sim.status("web")["currentStepIndex"] == 0
    assert sim.conditions("web")["Paused"] == "True/RolloutPaused", "stale while aborted, as in the reference"
    start = len(sim.events)
    sim.retry("web")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.reasons(start=start) == ["ScalingReplicaSet"] * 2 + ["RolloutStepCompleted", "RolloutPaused"]
    assert sim.sizes("web") == {"1": 4, "2": 1}
    sim.abort("web")
    sim.run(5)
    start = len(sim.events)
    sim.set_image("web", "hello:3")
    sim.run(5)
    assert sim.sizes("web") == {"1": 4, "2": 0, "3": 1}
    assert "RolloutNotCompleted" not in sim.reasons(start=start)


def test_back_to_stable_during_an_update_is_a_new_revision_without_steps() -> None:
    sim = started(SHORT)
    sim.set_image("web", "hello:2")
    sim.run(5)
    start = len(sim.events)
    sim.set_image("web", "hello:1")
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.sizes("web") == {"2": 0, "3": 5}
    assert sim.status("web")["currentStepIndex"] == 4
    assert sim.reasons(start=start) == [
        "RolloutUpdated",
        "SkipSteps",
        "RolloutResumed",
        "ScalingReplicaSet",
        "ScalingReplicaSet",
    ]
    assert sim.messages("SkipSteps") == ["Rollback to stable ReplicaSets"]


def test_undo_after_promotion_runs_all_steps_again() -> None:
    sim = started(SHORT)
    sim.set_image("web", "hello:2")
    sim.run(5)
    sim.promote("web", full=True)
    sim.run(10)
    sim.set_image("web", "hello:1")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    newest = sim.replica_sets("web")[-1]["metadata"]["annotations"]
    assert newest["rollout.argoproj.io/revision"] == "3"
    assert newest["rollout.argoproj.io/revision-history"] == "1"


def test_full_promotion_skips_everything() -> None:
    sim = started(GUIDE)
    sim.set_image("web", "hello:2")
    sim.run(5)
    start = len(sim.events)
    sim.promote("web", full=True)
    sim.settle()
    assert sim.status("web")["currentStepIndex"] == 8
    sim.run(10)
    assert sim.phase("web") == ("Healthy", "")
    assert "RolloutResumed" in sim.reasons(start=start)
    assert "RolloutStepCompleted" not in sim.reasons(start=start)
    assert sim.messages("RolloutCompleted")[-1].endswith(": Full promotion requested")
    assert "promoteFull" not in sim.status("web")


def test_events_of_the_reference_test_with_one_pod() -> None:
    """controller.md §15, first row."""
    sim = started([{"setWeight": 50}, {"pause": {"duration": "3s"}}], replicas=1)
    sim.set_image("web", "hello:2")
    sim.run(2.5)
    assert sim.phase("web")[0] == "Paused"
    sim.abort("web")
    sim.run(3)
    sim.retry("web")
    sim.run(15)
    assert sim.phase("web") == ("Healthy", "")
    words = """RolloutAddedToInformer RolloutUpdated NewReplicaSetCreated RolloutNotCompleted ScalingReplicaSet
        RolloutCompleted RolloutUpdated NewReplicaSetCreated RolloutNotCompleted ScalingReplicaSet RolloutStepCompleted
        RolloutPaused
        ScalingReplicaSet RolloutAborted ScalingReplicaSet RolloutStepCompleted RolloutPaused RolloutStepCompleted
        RolloutResumed ScalingReplicaSet RolloutCompleted"""
    assert sim.reasons() == words.split()


@pytest.mark.parametrize(
    ("surge", "unavailable", "first", "at_eight", "at_four"),
    [("100%", "25%", (3, 4), (3, 8), (3, 4)), (2, 0, (4, 2), (4, 6), (4, 2))],
)
def test_scaling_while_new_pods_never_start(
    surge: int | str,
    unavailable: int | str,
    first: tuple[int, int],
    at_eight: tuple[int, int],
    at_four: tuple[int, int],
) -> None:
    """Stable and canary pods of a rolling update that is stuck (controller.md §15)."""
    sim = started(None, replicas=4, maxSurge=surge, maxUnavailable=unavailable)
    sim.set_image("web", "hello:bad")
    sim.run(10)
    assert tuple(sim.sizes("web").values()) == first
    sim.scale("web", 8)
    sim.run(10)
    assert tuple(sim.sizes("web").values()) == at_eight
    sim.scale("web", 4)
    sim.run(10)
    assert tuple(sim.sizes("web").values()) == at_four


def test_scaling_at_a_pause_keeps_the_split() -> None:
    sim = started([{"setWeight": 25}, {"pause": {}}], replicas=1)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.sizes("web") == {"1": 1, "2": 1}
    for replicas, sizes in ((8, {"1": 6, "2": 2}), (4, {"1": 3, "2": 1})):
        sim.scale("web", replicas)
        sim.run(10)
        assert sim.sizes("web") == sizes
        assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_weight_hundred_then_zero_is_limited_by_surge() -> None:
    steps: list[Object] = [{"setWeight": 100}, {"pause": {}}, {"setWeight": 0}, {"pause": {}}]
    sim = started(steps, replicas=3, maxSurge=2, maxUnavailable=0)
    sim.set_image("web", "hello:2")
    sim.run(20)
    assert sim.sizes("web") == {"1": 0, "2": 3}
    sim.promote("web")
    sim.settle()
    assert sim.sizes("web") == {"1": 2, "2": 3}


def test_third_revision_drains_the_second_first() -> None:
    sim = started([{"setWeight": 20}, {"pause": {}}], replicas=3)
    for image in ("hello:2", "hello:3"):
        sim.set_image("web", image)
        sim.run(8)
    assert sim.sizes("web") == {"1": 3, "2": 0, "3": 1}
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_bad_image_exceeds_the_deadline_and_a_second_one_replaces_it() -> None:
    sim = started(
        [{"setWeight": 25}, {"pause": {}}], replicas=4, maxUnavailable=0, spec={"progressDeadlineSeconds": 30}
    )
    for revision, tag in ((2, "bad"), (3, "bad2")):
        sim.set_image("web", f"hello:{tag}")
        sim.run(20)
        assert sim.phase("web") == ("Progressing", "more replicas need to be updated")
        sim.run(20)
        name = sim.replica_sets("web")[-1]["metadata"]["name"]
        assert sim.phase("web") == (
            "Degraded",
            f'ProgressDeadlineExceeded: ReplicaSet "{name}" has timed out progressing.',
        )
        assert sim.sizes("web") == {"1": 4, **{str(n): 0 for n in range(2, revision)}, str(revision): 1}
    pod = next(p for p in sim.pods(**{"rollouts-pod-template-hash": name.rpartition("-")[2]}))
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"


def test_deadline_aborts_where_asked_to() -> None:
    spec = {"progressDeadlineSeconds": 10, "progressDeadlineAbort": True}
    sim = started([{"setWeight": 25}, {"pause": {}}], replicas=4, spec=spec)
    start = len(sim.events)
    sim.set_image("web", "hello:crash")
    sim.run(20)
    phase, message = sim.phase("web")
    assert phase == "Degraded"
    assert message.startswith("RolloutAborted: Rollout aborted update to revision 2: ReplicaSet ")
    assert sim.reasons(start=start).count("RolloutAborted") == 2
    assert sim.sizes("web") == {"1": 4, "2": 0}


def test_user_pause_halts_a_canary_and_promoting_it_skips_a_step() -> None:
    sim = started([{"setWeight": 50}], replicas=4)
    sim.pause("web")
    sim.run(2)
    assert sim.phase("web") == ("Paused", "manually paused")
    sim.set_image("web", "hello:2")
    sim.run(10)
    assert sim.phase("web") == ("Paused", "manually paused")
    assert sim.sizes("web") == {"1": 4, "2": 0}
    sim.promote("web")
    sim.run(15)
    assert sim.phase("web") == ("Healthy", "")
    assert "RolloutStepCompleted" not in sim.reasons()


def test_min_ready_seconds_hold_a_step_back() -> None:
    sim = Simulation()
    sim.apply(canary([{"setWeight": 25}, {"pause": {}}], spec={"minReadySeconds": 20}))
    sim.run(10)
    assert sim.phase("web") == ("Progressing", "updated replicas are still becoming available")
    sim.run(15)
    assert sim.phase("web") == ("Healthy", "")
    sim.set_image("web", "hello:2")
    sim.run(15)
    assert sim.status("web")["currentStepIndex"] == 0
    sim.run(10)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_zero_replicas_are_healthy() -> None:
    sim = started(SHORT, replicas=0)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.status("web")["phase"] == "Paused"
    sim.promote("web", full=True)
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.conditions("web")["Healthy"] == "True/RolloutHealthy"


def test_missing_replicas_become_one() -> None:
    sim = Simulation()
    made = canary(SHORT)
    del made["spec"]["replicas"]
    sim.apply(made)
    sim.run(5)
    assert sim.rollout("web")["spec"]["replicas"] == 1
    assert sim.phase("web") == ("Healthy", "")


def test_history_limit_deletes_the_oldest() -> None:
    sim = started(None, replicas=1, spec={"revisionHistoryLimit": 2})
    for number in range(2, 7):
        sim.set_image("web", f"hello:{number}")
        sim.run(10)
    assert list(sim.sizes("web")) == ["4", "5", "6"], "the stable one and two others"


def test_changing_only_the_steps_of_a_promoted_rollout() -> None:
    sim = started(SHORT)
    sim.patch("Rollout", "web", {"spec": {"strategy": {"canary": {"steps": [{"setWeight": 10}]}}}})
    sim.run(2)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.status("web")["currentStepIndex"] == 1
    assert sim.messages("SkipSteps") == ["Rollback to stable ReplicaSets"]


def test_time_runs_faster_but_pods_do_not() -> None:
    sim = Simulation(speed=60)
    sim.apply(canary([{"setWeight": 25}, {"pause": {"duration": "1h"}}]))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(50)
    assert sim.phase("web")[0] == "Paused"
    sim.run(20)
    assert sim.phase("web") == ("Healthy", "")


def test_a_service_does_not_hold_pods_that_the_next_version_needs() -> None:
    """Without a surge a third version comes up only once the second one, which a Service still selects, has gone."""
    sim = Simulation()
    sim.apply(service("canary"), service("stable"))
    names = {"canaryService": "canary", "stableService": "stable"}
    sim.apply(canary(SHORT, maxSurge=0, maxUnavailable=1, **names))
    sim.run(5)
    for image in ("hello:2", "hello:3"):
        sim.set_image("web", image)
        sim.run(10)
        assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.sizes("web") == {"1": 3, "2": 0, "3": 1}
    assert sim.service_hash("canary") == sim.status("web")["currentPodHash"]


def test_a_replica_set_that_is_refused_is_told_of() -> None:
    """A name with room for no hash: the rollout says why there are no pods (controller.md §1.4, §2.2)."""
    sim = Simulation()
    made = canary(SHORT)
    name = made["metadata"]["name"] = "w" * 250
    sim.apply(made)
    sim.run(30)
    assert not sim.store.list("ReplicaSet")
    assert sim.conditions(name)["Progressing"] == "False/ReplicaSetCreateError"
    assert sim.messages("ReplicaSetCreateError")[0].startswith(f'Failed to create new replica set "{name}-')
    assert sim.phase(name) == ("Progressing", "more replicas need to be updated")
    assert "RolloutUpdated" not in sim.reasons()
