"""Pods, ReplicaSets, Deployments and Endpoints (controller.md §14)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.pods import ready_seconds
from kubectl_rollouts.sandbox.objects import born_at
from kubectl_rollouts.sandbox.writes import new_uid
from tests.sandbox.simulation import NAMESPACE, Object, Simulation, service

FAIL = "sandbox.kubectl-rollouts/fail"


def replica_set(image: str = "hello:1", replicas: int = 3, name: str = "web", **spec: object) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name}, "spec": body}


def counted(sim: Simulation, name: str = "web") -> tuple[int, int, int]:
    status = (sim.store.get("ReplicaSet", NAMESPACE, name) or {}).get("status") or {}
    return status.get("replicas", 0), status.get("readyReplicas", 0), status.get("availableReplicas", 0)


def waiting(pod: Object) -> str:
    state = pod["status"]["containerStatuses"][0]["state"]
    return str((state.get("waiting") or {}).get("reason", ""))


def test_pods_come_up_within_two_seconds() -> None:
    sim = Simulation()
    sim.apply(replica_set())
    sim.run(0.5)
    assert {(pod["status"]["phase"], waiting(pod)) for pod in sim.pods()} == {("Pending", "ContainerCreating")}
    assert counted(sim) == (3, 0, 0)
    sim.run(1.5)
    assert {pod["status"]["phase"] for pod in sim.pods()} == {"Running"}
    assert counted(sim) == (3, 3, 3)
    assert len({pod["status"]["podIP"] for pod in sim.pods()}) == 3


def test_pods_count_from_the_moment_they_were_made_not_from_its_second() -> None:
    sim = Simulation()
    sim.run(0.7)  # late in a second
    sim.apply(replica_set())
    sim.run(1.3)
    assert counted(sim) == (3, 0, 0)
    sim.run(0.5)
    assert counted(sim) == (3, 3, 3)


def test_the_pods_of_a_wave_become_ready_at_once() -> None:
    world = Simulation().store
    owner = {"name": "web", "uid": "u", "kind": "ReplicaSet", "controller": True}
    instants = set()
    for milliseconds in (7, 8, 11, 12):
        metadata = {
            "uid": new_uid(1_000_000 + milliseconds / 1000),
            "creationTimestamp": "1970-01-12T13:46:40Z",
            "ownerReferences": [owner],
        }
        pod = {"metadata": metadata}
        instants.add(round(born_at(pod) + ready_seconds(pod, world), 6))
    assert len(instants) == 1


def test_availability_waits_for_min_ready_seconds() -> None:
    sim = Simulation()
    sim.apply(replica_set(minReadySeconds=10))
    sim.run(5)
    assert counted(sim) == (3, 3, 0)
    sim.run(10)
    assert counted(sim) == (3, 3, 3)


def test_slow_pods() -> None:
    sim = Simulation()
    settings = {"name": "sandbox-settings", "namespace": "kube-system"}
    sim.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}})
    sim.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": settings, "data": {"podSeconds": "20"}})
    sim.apply(replica_set())
    sim.run(19)
    assert counted(sim) == (3, 0, 0)
    sim.run(3)
    assert counted(sim) == (3, 3, 3)


def test_image_that_cannot_be_pulled() -> None:
    sim = Simulation()
    sim.apply(replica_set("registry:5000/hello:bad-1", replicas=1))
    sim.run(3)
    assert waiting(sim.pods()[0]) == "ErrImagePull"
    sim.run(600)
    [pod] = sim.pods()
    assert (pod["status"]["phase"], waiting(pod)) == ("Pending", "ImagePullBackOff")
    assert counted(sim) == (1, 0, 0)


def test_container_that_crashes_restarts_less_and_less_often() -> None:
    sim = Simulation()
    sim.apply(replica_set("hello:crash", replicas=1))
    counts = []
    for seconds in (5, 20, 60, 3_600):
        sim.run(seconds)
        status = sim.pods()[0]["status"]["containerStatuses"][0]
        assert waiting(sim.pods()[0]) == "CrashLoopBackOff"
        counts.append(status["restartCount"])
    assert counts == sorted(set(counts))
    assert counts[-1] < 25
    assert counted(sim) == (1, 0, 0)


def test_pod_that_is_told_to_fail_and_to_stop_failing() -> None:
    sim = Simulation()
    sim.apply(replica_set())
    sim.run(5)
    name = sim.pods()[0]["metadata"]["name"]
    sim.patch("Pod", name, {"metadata": {"annotations": {FAIL: "true"}}})
    sim.run(3)
    assert counted(sim) == (3, 2, 2)
    sim.patch("Pod", name, {"metadata": {"annotations": {FAIL: None}}})
    sim.run(3)
    assert counted(sim) == (3, 3, 3)


def test_scaling_down_takes_unready_pods_first_and_leaves_them_a_moment() -> None:
    sim = Simulation()
    sim.apply(replica_set())
    sim.run(5)
    failing = sim.pods()[1]["metadata"]["name"]
    sim.patch("Pod", failing, {"metadata": {"annotations": {FAIL: "true"}}})
    sim.run(2)
    sim.patch("ReplicaSet", "web", {"spec": {"replicas": 2}})
    sim.settle()
    assert failing not in {pod["metadata"]["name"] for pod in sim.pods()}
    assert len(sim.store.list("Pod", NAMESPACE)) == 3, "terminating"
    assert counted(sim)[0] == 2
    sim.run(3)
    assert len(sim.store.list("Pod", NAMESPACE)) == 2


def test_deleted_pod_is_replaced() -> None:
    sim = Simulation()
    sim.apply(replica_set())
    sim.run(5)
    sim.store.delete("Pod", NAMESPACE, sim.pods()[0]["metadata"]["name"])
    sim.settle()
    assert counted(sim) == (3, 2, 2)
    sim.run(5)
    assert counted(sim) == (3, 3, 3)


def test_endpoints_are_the_ready_pods() -> None:
    sim = Simulation()
    sim.apply(service("front"), replica_set())
    sim.run(5)
    sim.patch("Pod", sim.pods()[0]["metadata"]["name"], {"metadata": {"annotations": {FAIL: "true"}}})
    sim.run(2)
    [subset] = (sim.store.get("Endpoints", NAMESPACE, "front") or {})["subsets"]
    assert (len(subset["addresses"]), len(subset["notReadyAddresses"])) == (2, 1)
    sim.patch("ReplicaSet", "web", {"spec": {"replicas": 0}})
    sim.run(5)
    assert not (sim.store.get("Endpoints", NAMESPACE, "front") or {}).get("subsets")


# -- Deployments -------------------------------------------------------------------------------------------------


def deployment(image: str = "hello:1", **spec: object) -> Object:
    made = replica_set(image, replicas=4)
    return {**made, "kind": "Deployment", "spec": {**made["spec"], **spec}}


def sizes(sim: Simulation) -> list[int]:
    found = sim.store.list("ReplicaSet", NAMESPACE)
    key = "deployment.kubernetes.io/revision"
    ordered = sorted(found, key=lambda item: int(item["metadata"]["annotations"][key]))
    return [item["spec"]["replicas"] for item in ordered]


def test_deployment_rolls_within_its_limits() -> None:
    sim = Simulation()
    sim.apply(deployment())
    sim.run(5)
    assert sizes(sim) == [4]
    sim.patch("Deployment", "web", {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "b:2"}]}}}})
    for _ in range(60):
        sim.run(0.1)
        assert sum(sizes(sim)) <= 5
        status = (sim.store.get("Deployment", NAMESPACE, "web") or {})["status"]
        assert status["availableReplicas"] >= 3
    assert sizes(sim) == [0, 4]
    reasons = {c["type"]: c["reason"] for c in status["conditions"]}
    assert reasons == {"Available": "MinimumReplicasAvailable", "Progressing": "NewReplicaSetAvailable"}


def test_deployment_with_a_bad_image_gets_stuck_and_says_so() -> None:
    sim = Simulation()
    sim.apply(deployment(progressDeadlineSeconds=30))
    sim.run(5)
    bad = [{"name": "web", "image": "hello:bad"}]
    sim.patch("Deployment", "web", {"spec": {"template": {"spec": {"containers": bad}}}})
    sim.run(60)
    status = (sim.store.get("Deployment", NAMESPACE, "web") or {})["status"]
    assert status["availableReplicas"] >= 3
    assert {"ProgressDeadlineExceeded"} <= {c["reason"] for c in status["conditions"]}


def test_recreated_deployment_is_down_in_between() -> None:
    sim = Simulation()
    sim.apply(deployment(strategy={"type": "Recreate"}))
    sim.run(5)
    sim.patch("Deployment", "web", {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "b:2"}]}}}})
    sim.run(0.5)
    assert counted_all(sim) == 0
    sim.run(10)
    assert sizes(sim) == [0, 4]


def counted_all(sim: Simulation) -> int:
    return int((sim.store.get("Deployment", NAMESPACE, "web") or {})["status"].get("availableReplicas", 0))
