"""Blue-green releases: the worked example, its variants and the acceptance checks (controller.md §7, §13.3, §15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.simulation import Simulation, blue_green, service

MANUAL = {"autoPromotionEnabled": False}


def started(replicas: int = 3, **strategy: Any) -> Simulation:
    sim = Simulation()
    sim.apply(service("active"), service("preview"), blue_green(replicas=replicas, **strategy))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    return sim


def hashes(sim: Simulation) -> list[str]:
    return [i["metadata"]["labels"]["rollouts-pod-template-hash"] for i in sim.replica_sets("web")]


def paused(**strategy: Any) -> Simulation:
    sim = started(**MANUAL, **strategy)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    return sim


def test_first_deploy() -> None:
    sim = started(**MANUAL)
    assert [state[1] for _, state in sim.states["web"]] == [
        "more replicas need to be updated",
        "updated replicas are still becoming available",
        "",
    ]
    assert sim.reasons() == [
        "RolloutAddedToInformer",
        *("RolloutUpdated", "NewReplicaSetCreated", "SwitchService", "ScalingReplicaSet", "RolloutCompleted"),
        "SwitchService",
    ]
    assert sim.service_hash("active") == sim.service_hash("preview") == hashes(sim)[0]
    assert "currentStepIndex" not in sim.status("web")


def test_update_pauses_before_the_switch_and_the_old_pods_stay_a_while() -> None:
    sim = paused()
    first, second = hashes(sim)
    assert sim.counters("web") == [3, 6, 3, 3, 3]
    assert sim.status("web")["blueGreen"] == {"activeSelector": first, "previewSelector": second}
    assert sim.status("web")["selector"] == f"app=web,rollouts-pod-template-hash={first}"
    assert [s[1] for _, s in sim.states["web"]][3:] == [
        "more replicas need to be updated",
        "active service cutover pending",
        "BlueGreenPause",
    ]
    start = len(sim.events)
    sim.promote("web")
    sim.run(1)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.service_hash("active") == second
    assert sim.reasons(start=start) == ["SwitchService", "RolloutCompleted"]
    assert sim.messages("RolloutCompleted")[-1].endswith(": Completed blue-green update")
    sim.run(20)
    assert sim.sizes("web") == {"1": 3, "2": 3}
    sim.run(15)
    assert sim.sizes("web") == {"1": 0, "2": 3}
    assert "scale-down-deadline" not in sim.replica_sets("web")[0]["metadata"]["annotations"]


def test_events_of_automatic_promotion() -> None:
    sim = started()
    start = len(sim.events)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert sim.reasons(start=start) == [
        *("RolloutUpdated", "NewReplicaSetCreated", "SwitchService", "RolloutNotCompleted", "ScalingReplicaSet"),
        *("SwitchService", "RolloutCompleted"),
    ]
    assert sim.phase("web") == ("Healthy", "")
    assert sim.counters("web") == [3, 6, 3, 3, 3]
    assert "Paused" not in {state[0] for _, state in sim.states["web"]}


def test_switch_after_some_seconds() -> None:
    sim = started(autoPromotionSeconds=5)
    sim.set_image("web", "hello:2")
    sim.run(4)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    start = len(sim.events)
    sim.run(6)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.reasons(start=start) == ["SwitchService", "RolloutCompleted", "RolloutResumed"]


def test_promoting_restarts_the_countdown() -> None:
    sim = started(autoPromotionSeconds=10)
    sim.set_image("web", "hello:2")
    sim.run(8)
    began = sim.status("web")["pauseConditions"][0]["startTime"]
    sim.promote("web")
    sim.run(1)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    assert sim.status("web")["pauseConditions"][0]["startTime"] > began


def test_undo_within_the_delay_is_fast() -> None:
    sim = paused()
    sim.promote("web")
    sim.run(3)
    start = len(sim.events)
    sim.set_image("web", "hello:1")
    sim.settle()
    assert sim.phase("web") == ("Healthy", "")
    assert sim.messages("RolloutCompleted")[-1].endswith(": Fast rollback")
    assert "RolloutPaused" not in sim.reasons(start=start)
    assert sim.sizes("web") == {"2": 3, "3": 3}
    sim.run(40)
    assert sim.sizes("web") == {"2": 0, "3": 3}


def test_undo_after_the_delay_pauses_again() -> None:
    sim = paused()
    sim.promote("web")
    sim.run(40)
    sim.set_image("web", "hello:1")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")


def test_abort_keeps_the_preview_for_its_delay_and_retry_starts_over() -> None:
    sim = paused()
    first, second = hashes(sim)
    sim.abort("web")
    sim.run(5)
    assert sim.phase("web")[0] == "Degraded"
    assert (sim.service_hash("active"), sim.service_hash("preview")) == (first, second)
    assert sim.sizes("web") == {"1": 3, "2": 3}
    sim.run(30)
    assert sim.sizes("web") == {"1": 3, "2": 0}
    assert sim.counters("web") == [3, 3, 0, 3, 3]
    assert "scale-down-deadline" in sim.replica_sets("web")[1]["metadata"]["annotations"], "as in the reference"
    sim.retry("web")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    assert "scale-down-deadline" not in sim.replica_sets("web")[1]["metadata"]["annotations"]


def test_explicit_zero_keeps_an_aborted_preview() -> None:
    sim = paused(abortScaleDownDelaySeconds=0)
    sim.abort("web")
    sim.run(300)
    assert sim.sizes("web") == {"1": 3, "2": 3}


def test_back_to_stable_at_the_pause() -> None:
    sim = paused()
    start = len(sim.events)
    sim.set_image("web", "hello:1")
    sim.settle()
    assert sim.phase("web") == ("Healthy", "")
    assert sim.reasons(start=start)[:3] == ["RolloutUpdated", "SwitchService", "RolloutResumed"]
    sim.run(40)
    assert sim.sizes("web") == {"2": 0, "3": 3}


def test_third_image_at_the_pause() -> None:
    sim = paused()
    sim.set_image("web", "hello:3")
    sim.run(5)
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    assert sim.counters("web") == [3, 9, 3, 3, 3]
    sim.run(40)
    assert sim.sizes("web") == {"1": 3, "2": 0, "3": 3}


def test_small_preview_grows_before_the_switch() -> None:
    sim = paused(previewReplicaCount=1)
    assert sim.counters("web") == [3, 4, 1, 3, 3]
    sim.promote("web")
    sim.settle()
    assert sim.status("web")["blueGreen"]["scaleUpPreviewCheckPoint"] is True
    assert sim.sizes("web") == {"1": 3, "2": 3}
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert "scaleUpPreviewCheckPoint" not in sim.status("web")["blueGreen"]


def test_counters_with_a_small_preview() -> None:
    sim = paused(replicas=2, previewReplicaCount=1)
    assert sim.counters("web") == [2, 3, 1, 2, 2]
    sim.promote("web")
    sim.run(5)
    assert sim.counters("web") == [2, 4, 2, 2, 2]


def test_full_promotion_after_an_abort() -> None:
    sim = paused()
    sim.abort("web")
    sim.run(40)
    sim.promote("web", full=True)
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.messages("RolloutCompleted")[-1].endswith(": Full promotion requested")


def test_revision_limit_of_the_delay() -> None:
    sim = started(replicas=1, scaleDownDelaySeconds=86_400, scaleDownDelayRevisionLimit=2)
    for number in (2, 3, 4):
        sim.set_image("web", f"hello:{number}")
        sim.run(5)
    assert sim.sizes("web") == {"1": 0, "2": 1, "3": 1, "4": 1}
    sim.patch("Rollout", "web", {"spec": {"strategy": {"blueGreen": {"scaleDownDelayRevisionLimit": 1}}}})
    sim.run(5)
    assert sim.sizes("web") == {"1": 0, "2": 0, "3": 1, "4": 1}


def test_explicit_zero_delay_keeps_the_old_pods() -> None:
    sim = started(scaleDownDelaySeconds=0)
    sim.set_image("web", "hello:2")
    sim.run(600)
    assert sim.sizes("web") == {"1": 3, "2": 3}


def test_scaling_while_paused_reaches_both_and_the_delayed() -> None:
    sim = paused()
    sim.scale("web", 5)
    sim.run(5)
    assert sim.sizes("web") == {"1": 5, "2": 5}
    assert sim.phase("web") == ("Paused", "BlueGreenPause")
    sim.promote("web")
    sim.run(2)
    sim.scale("web", 2)
    sim.run(5)
    assert sim.sizes("web") == {"1": 2, "2": 2}


def test_user_pause_scales_but_does_not_switch() -> None:
    sim = started()
    sim.pause("web")
    sim.run(2)
    before = sim.service_hash("active")
    sim.set_image("web", "hello:2")
    sim.run(10)
    assert sim.phase("web") == ("Paused", "manually paused")
    assert sim.sizes("web") == {"1": 3, "2": 3}
    assert sim.service_hash("active") == sim.service_hash("preview") == before
    sim.patch("Rollout", "web", {"spec": {"paused": False}})
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert sim.service_hash("active") != before


@pytest.mark.parametrize("name", ["active", "preview"])
def test_missing_service_makes_the_rollout_invalid_until_it_is_there(name: str) -> None:
    sim = Simulation()
    sim.apply(*(service(n) for n in ("active", "preview") if n != name), blue_green())
    sim.run(2)
    phase, message = sim.phase("web")
    assert phase == "Degraded"
    assert message.endswith(f'Invalid value: "{name}": service "{name}" not found')
    assert sim.conditions("web") == {"InvalidSpec": "True/InvalidSpec"}
    before = len(sim.writes)
    sim.run(120)
    assert sim.writes[before:] == []
    sim.apply(service(name))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert "InvalidSpec" not in sim.conditions("web")


def test_deleted_rollout_lets_its_services_go() -> None:
    sim = started()
    sim.store.delete("Rollout", "default", "web")
    sim.run(5)
    kept = sim.store.get("Service", "default", "active") or {}
    assert kept["spec"]["selector"] == {"app": "web"}
    assert not kept["metadata"].get("annotations")
    assert sim.store.list("ReplicaSet", "default") == []


def test_a_service_that_is_no_longer_named_is_let_go() -> None:
    sim = started()
    sim.apply(service("other"))
    sim.patch("Rollout", "web", {"spec": {"strategy": {"blueGreen": {"previewService": "other"}}}})
    sim.run(2)
    former = sim.store.get("Service", "default", "preview") or {}
    assert former["spec"]["selector"] == {"app": "web"}
    assert not former["metadata"].get("annotations")
    assert sim.service_hash("other") == sim.service_hash("active") == hashes(sim)[0]


@pytest.mark.parametrize("speed", [1.0, 60.0, 1000.0])
def test_pods_have_time_to_come_up_at_every_speed(speed: float) -> None:
    sim = Simulation(speed=speed)
    sim.apply(service("active"), service("preview"), blue_green(spec={"progressDeadlineSeconds": 5}))
    sim.run(3)
    sim.set_image("web", "hello:2")
    sim.run(3)
    assert "Degraded" not in {state[0] for _, state in sim.states["web"]}


def test_a_full_promotion_that_the_deadline_aborts_again_and_again_does_not_spin() -> None:
    sim = Simulation(speed=1000.0)
    spec = {"progressDeadlineSeconds": 5, "progressDeadlineAbort": True}
    sim.apply(service("active"), service("preview"), blue_green(spec=spec))
    sim.run(3)
    sim.set_image("web", "hello:bad")
    sim.run(1)
    sim.promote("web", full=True)
    sim.run(60)
    assert 3 < len(sim.messages("RolloutAborted")) < 60
