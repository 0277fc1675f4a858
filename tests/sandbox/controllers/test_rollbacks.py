"""Rollback windows, restarts, referenced workloads, role metadata (controller.md §6.6, §8, §11.1, §1.7)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.objects import time_text
from tests.sandbox.simulation import NAMESPACE, Object, Simulation, blue_green, canary, rollout, service

PAUSE: list[Object] = [{"setWeight": 25}, {"pause": {}}]


def revisions(steps: list[Object], count: int, *, window: int) -> Simulation:
    """A rollout with so many promoted revisions; revision n has image hello:n."""
    sim = Simulation()
    sim.apply(canary(steps, replicas=2, spec={"rollbackWindow": {"revisions": window}}))
    sim.run(5)
    for number in range(2, count + 1):
        sim.set_image("web", f"hello:{number}")
        sim.run(5)
        sim.promote("web", full=True)
        sim.run(10)
        assert sim.phase("web") == ("Healthy", "")
    return sim


@pytest.mark.parametrize(("back_to", "inside"), [(4, True), (3, True), (2, True), (1, False)])
def test_rollback_window_of_three(back_to: int, inside: bool) -> None:
    sim = revisions(PAUSE, 5, window=3)
    sim.set_image("web", f"hello:{back_to}")
    sim.run(10)
    if inside:
        assert sim.phase("web") == ("Healthy", "")
        assert sim.messages("RolloutCompleted")[-1].endswith(": Rollback within window")
    else:
        assert sim.phase("web") == ("Paused", "CanaryPauseStep")


def test_restart_evicts_as_many_as_may_be_missing() -> None:
    sim = Simulation()
    sim.apply(canary(PAUSE, replicas=4, maxUnavailable="75%"))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(8)
    assert sim.counters("web") == [4, 4, 1, 4, 4]
    old = {pod["metadata"]["uid"] for pod in sim.pods()}
    sim.restart("web")
    sim.settle()
    assert len(old & {pod["metadata"]["uid"] for pod in sim.pods()}) == 1, "three are evicted at once"
    assert sim.counters("web")[3:] == [1, 1]
    sim.run(60)
    assert not old & {pod["metadata"]["uid"] for pod in sim.pods()}
    assert sim.status("web")["restartedAt"] == sim.rollout("web")["spec"]["restartAt"]
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert sim.sizes("web") == {"1": 3, "2": 1}


def test_restart_leaves_pods_alone_that_a_disruption_budget_protects() -> None:
    sim = Simulation()
    sim.apply(canary(PAUSE, replicas=4, maxUnavailable="75%"))
    sim.run(5)
    old = {pod["metadata"]["uid"] for pod in sim.pods()}
    budget = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 3}
    sim.apply({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": budget})
    sim.run(2)
    sim.restart("web")
    sim.settle()
    assert len(old & {pod["metadata"]["uid"] for pod in sim.pods()}) == 3, "one at a time instead of three"
    sim.run(120)
    assert not old & {pod["metadata"]["uid"] for pod in sim.pods()}
    assert sim.phase("web") == ("Healthy", "")


def test_restart_in_the_future_shows_early() -> None:
    sim = Simulation()
    sim.apply(canary(PAUSE, replicas=1))
    sim.run(5)
    before = {pod["metadata"]["uid"] for pod in sim.pods()}
    sim.patch("Rollout", "web", {"spec": {"restartAt": time_text(sim.now + 60)}})
    sim.run(30)
    assert sim.phase("web") == ("Progressing", "rollout is restarting")
    assert {pod["metadata"]["uid"] for pod in sim.pods()} == before
    sim.run(40)
    assert sim.phase("web") == ("Healthy", "")
    assert not {pod["metadata"]["uid"] for pod in sim.pods()} & before


# -- workloadRef -------------------------------------------------------------------------------------------------


def deployment(image: str = "hello:1", replicas: int = 5) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def referring(scale_down: str, steps: list[Object] | None = None) -> Object:
    made = canary(steps, replicas=5)
    del made["spec"]["template"]
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": scale_down}
    made["spec"]["workloadRef"] = reference
    return made


def migrated(scale_down: str, steps: list[Object] | None = None) -> Simulation:
    sim = Simulation()
    sim.apply(deployment())
    sim.run(10)
    sim.apply(referring(scale_down, steps))
    return sim


def deployed(sim: Simulation) -> int:
    found = sim.store.get("Deployment", NAMESPACE, "web")
    assert found is not None
    return int(found["spec"]["replicas"])


@pytest.mark.parametrize(("mode", "after"), [("never", 5), ("onsuccess", 0), ("progressively", 0)])
def test_deployment_is_scaled_down_after_the_first_revision(mode: str, after: int) -> None:
    sim = migrated(mode)
    sim.settle()
    assert deployed(sim) == 5
    sim.run(10)
    assert sim.phase("web") == ("Healthy", "")
    assert deployed(sim) == after


@pytest.mark.parametrize("rollout_first", [True, False])
def test_rollout_and_deployment_of_one_name_do_not_take_each_other_s_replica_sets(rollout_first: bool) -> None:
    sim = Simulation()
    both = [referring("never"), deployment()]
    sim.apply(*(both if rollout_first else reversed(both)))
    sim.run(5)
    assert sim.phase("web") == ("Healthy", "")
    assert "collisionCount" not in sim.status("web")
    found = sim.store.get("Deployment", NAMESPACE, "web")
    assert found is not None
    assert (found["status"]["availableReplicas"], found["status"].get("collisionCount")) == (5, None)


def test_deployment_finds_another_name_when_its_own_is_taken() -> None:
    sim = Simulation()
    sim.apply(deployment())
    sim.run(5)
    [item] = sim.store.list("ReplicaSet", NAMESPACE)
    sim.store.delete("Deployment", NAMESPACE, "web", propagation="Orphan")
    sim.run(2)
    sim.patch("ReplicaSet", item["metadata"]["name"], {"metadata": {"labels": {"app": "other"}}})
    sim.apply(deployment())
    sim.run(5)
    found = sim.store.get("Deployment", NAMESPACE, "web")
    assert found is not None
    assert (found["status"]["availableReplicas"], found["status"]["collisionCount"]) == (5, 1)


def test_changing_the_deployment_starts_an_update() -> None:
    sim = migrated("onsuccess", PAUSE)
    sim.run(10)
    template = {"spec": {"containers": [{"name": "web", "image": "hello:2"}]}}
    sim.patch("Deployment", "web", {"spec": {"template": template}})
    sim.run(10)
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    seen = sim.rollout("web")["metadata"]["annotations"]["rollout.argoproj.io/workload-generation"]
    assert sim.status("web")["workloadObservedGeneration"] == seen
    assert "template" not in sim.rollout("web")["spec"], "resolved in memory only"


def test_missing_workload_is_an_invalid_spec() -> None:
    sim = Simulation()
    sim.apply(referring("never"))
    sim.run(3)
    phase, message = sim.phase("web")
    assert (phase, message) == (
        "Degraded",
        'InvalidSpec: The Rollout "web" is invalid: deployments.apps "web" not found',
    )
    sim.apply(deployment())
    sim.run(10)
    assert sim.phase("web") == ("Healthy", "")


# -- metadata of roles -------------------------------------------------------------------------------------------


def test_canary_metadata_follows_the_role() -> None:
    sim = Simulation()
    role = {"canaryMetadata": {"labels": {"role": "canary"}}, "stableMetadata": {"labels": {"role": "stable"}}}
    sim.apply(canary(PAUSE, replicas=4, **role))
    sim.run(5)
    assert len(sim.pods(role="stable")) == 4
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert (len(sim.pods(role="stable")), len(sim.pods(role="canary"))) == (3, 1)
    sim.promote("web")
    sim.run(15)
    assert (len(sim.pods(role="stable")), len(sim.pods(role="canary"))) == (4, 0)
    assert sim.phase("web") == ("Healthy", "")


def test_preview_metadata_follows_the_role() -> None:
    sim = Simulation()
    role = {"previewMetadata": {"labels": {"role": "preview"}}, "activeMetadata": {"labels": {"role": "active"}}}
    sim.apply(service("active"), service("preview"), blue_green(replicas=2, autoPromotionEnabled=False, **role))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(5)
    assert (len(sim.pods(role="active")), len(sim.pods(role="preview"))) == (2, 2)


def test_anti_affinity_keeps_versions_apart() -> None:
    sim = Simulation()
    required: dict[str, Any] = {"requiredDuringSchedulingIgnoredDuringExecution": {}}
    sim.apply(canary(PAUSE, replicas=2, antiAffinity=required))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(5)
    one, two = sim.replica_sets("web")
    assert "affinity" not in one["spec"]["template"]["spec"]
    terms = two["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    [term] = terms["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchExpressions"][0]["values"] == [sim.status("web")["stableRS"]]
    assert len(sim.replica_sets("web")) == 2
    sim.promote("web", full=True)
    sim.run(5)
    sim.set_image("web", "hello:1")
    sim.run(5)
    first, back = sim.replica_sets("web")
    assert first["metadata"]["name"] == two["metadata"]["name"], "the one of before was taken up again"
    terms = back["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    [term] = terms["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchExpressions"][0]["values"] == [sim.status("web")["stableRS"]]
    writes = len(sim.writes)
    sim.run(60)
    assert len(sim.writes) == writes


def test_deleted_and_created_again_adopts_its_orphans() -> None:
    sim = Simulation()
    made = rollout({"canary": {}}, replicas=2)
    sim.apply(made)
    sim.run(5)
    pods = {pod["metadata"]["uid"] for pod in sim.pods()}
    sim.store.delete("Rollout", NAMESPACE, "web", propagation="Orphan")
    sim.run(2)
    assert {pod["metadata"]["uid"] for pod in sim.pods()} == pods
    assert sim.messages("RolloutDeleted") == ["Rollout web/default is deleted."]
    start = len(sim.writes)
    sim.apply(made)
    sim.run(5)
    assert "FoundNewReplicaSet" in str(sim.writes[start:])
    assert "NewReplicaSetCreated" not in str(sim.writes[start:])
    assert sim.phase("web") == ("Healthy", "")
    assert {pod["metadata"]["uid"] for pod in sim.pods()} == pods


def test_deletion_is_told_once() -> None:
    sim = Simulation()
    sim.apply(rollout({"canary": {}}, replicas=2))
    sim.run(5)
    sim.store.delete("Rollout", NAMESPACE, "web")
    sim.run(5)
    assert sim.messages("RolloutDeleted") == ["Rollout web/default is deleted."]
    assert not sim.store.list("ReplicaSet", NAMESPACE)
