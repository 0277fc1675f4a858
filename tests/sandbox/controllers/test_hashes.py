"""Hashes as real clusters show them (controller.md §1.3)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.sandbox.controllers.rollout.hashes import pod_template_hash, safe_hash, step_hash
from tests.sandbox.simulation import Object, Simulation, canary


def demo_template(color: str, memory: str = "32Mi") -> dict[str, Any]:
    container = {
        "resources": {"requests": {"memory": memory, "cpu": "5m"}},
        "ports": [{"protocol": "TCP", "name": "http", "containerPort": 8080}],
        "image": f"argoproj/rollouts-demo:{color}",
        "name": "rollouts-demo",
    }
    return {"spec": {"containers": [container]}, "metadata": {"labels": {"app": "rollouts-demo"}}}


@pytest.mark.parametrize(
    ("color", "expected"), [("blue", "5cd66ff7ff"), ("yellow", "76ddfb4f47"), ("red", "64fbcbbd74")]
)
def test_template_hash_does_not_depend_on_the_order_of_keys(color: str, expected: str) -> None:
    assert pod_template_hash(demo_template(color)) == expected


def test_collision_count_changes_the_hash() -> None:
    assert pod_template_hash(demo_template("blue"), 1) == "7dd5d94754"


def test_template_of_a_released_controller() -> None:
    container = {
        "name": "canary-scaledowndelay",
        "image": "nginx:1.19-alpine",
        "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
    }
    template = {"metadata": {"labels": {"app": "canary-scaledowndelay"}}, "spec": {"containers": [container]}}
    assert pod_template_hash(template) == "674d8cf959"


def test_recorded_hash_of_the_smallest_template() -> None:
    spec = {"containers": [{"name": "web", "image": "hello:bad"}]}
    assert pod_template_hash({"metadata": {"labels": {"app": "web"}}, "spec": spec}) == "7b9497dd97"


def test_zero_values_do_not_count_but_pointers_to_them_do() -> None:
    plain = demo_template("blue")
    spelled = demo_template("blue")
    spelled["spec"] |= {"hostNetwork": False, "nodeSelector": {}, "volumes": []}
    assert pod_template_hash(spelled) == pod_template_hash(plain)
    spelled["spec"]["terminationGracePeriodSeconds"] = 0
    assert pod_template_hash(spelled) != pod_template_hash(plain)


def test_quantities_are_compared_by_value() -> None:
    assert pod_template_hash(demo_template("blue", "0.03125Gi")) == "5cd66ff7ff"
    assert pod_template_hash(demo_template("blue", "much")) != "5cd66ff7ff"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"setWeight": 10}, {"pause": {}}], "849b756fd4"),
        (None, "5ffbfbbd64"),
        ([], "5ffbfbbd64"),
    ],
)
def test_step_hash(steps: list[dict[str, Any]] | None, expected: str) -> None:
    assert step_hash(steps) == expected


@pytest.mark.parametrize(("duration", "expected"), [(10, "f64cdc9d"), ("10s", "b9b7958d9")])
def test_step_hash_keeps_the_form_of_durations(duration: int | str, expected: str) -> None:
    steps: list[dict[str, Any]] = [{"setWeight": 20}, {"pause": {}}]
    for weight in (40, 60, 80):
        steps += [{"setWeight": weight}, {"pause": {"duration": duration}}]
    assert step_hash(steps) == expected


def test_alphabet_spells_no_words() -> None:
    assert set("".join(safe_hash(bytes([n])) for n in range(256))) <= set("456789bcdf")


def test_a_default_that_is_spelled_out_is_no_new_version() -> None:
    """The ReplicaSet whose template is the same once defaults are in stays the new one (controller.md §1.3, c)."""
    sim = Simulation()
    more: Object = {"antiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}
    more |= {"canaryMetadata": {"labels": {"role": "canary"}}, "stableMetadata": {"labels": {"role": "stable"}}}
    sim.apply(canary([{"setWeight": 50}, {"pause": {}}], **more))
    sim.run(5)
    sim.set_image("web", "hello:2")
    sim.run(5)
    containers = sim.rollout("web")["spec"]["template"]["spec"]["containers"]
    spec = {"restartPolicy": "Always", "containers": [{**containers[0], "imagePullPolicy": "IfNotPresent"}]}
    sim.patch("Rollout", "web", {"spec": {"template": {"spec": spec}}})
    sim.run(5)
    assert sim.sizes("web") == {"1": 2, "2": 2}
    assert sim.phase("web") == ("Paused", "CanaryPauseStep")
    assert "collisionCount" not in sim.status("web")


def test_a_template_taken_over_from_the_workload_is_no_new_version() -> None:
    sim = Simulation()
    made = canary(None)
    template = made["spec"].pop("template")
    spec = {"replicas": 0, "selector": made["spec"]["selector"], "template": template}
    sim.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "old"}, "spec": spec})
    made["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "old"}
    sim.apply(made)
    sim.run(5)
    sim.patch("Rollout", "web", {"spec": {"workloadRef": None, "template": template}})
    sim.run(5)
    assert sim.sizes("web") == {"1": 4}
    assert sim.phase("web") == ("Healthy", "")
    assert "workloadObservedGeneration" not in sim.status("web")
