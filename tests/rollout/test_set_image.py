"""Which containers `set image` changes (spec/commands.md §5, Q13, Q33)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.set_image import has_image, image_patch, workload_name


def target(**lists: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": "7"}, "spec": {"template": {"spec": lists}}}


ALL = target(
    containers=[{"name": "foo", "image": "f"}, {"name": "web", "image": "w"}],
    initContainers=[{"name": "web"}],
    ephemeralContainers=[{"name": "web", "image": "e"}],
)


def changed(operations: list[dict[str, Any]]) -> list[str]:
    return [operation["path"] for operation in operations if operation["op"] == "add"]


def test_every_list_is_looked_at() -> None:
    base = "/spec/template/spec"
    assert changed(image_patch(ALL, "web", "x")) == [
        f"{base}/initContainers/0/image",
        f"{base}/containers/1/image",
        f"{base}/ephemeralContainers/0/image",
    ]
    assert len(changed(image_patch(ALL, "*", "x"))) == 4


def test_each_change_is_guarded() -> None:
    assert {"op": "test", "path": "/spec/template/spec/containers/1/name", "value": "web"} in image_patch(
        ALL, "web", ""
    )
    assert {"op": "test", "path": "/metadata/resourceVersion", "value": "7"} in image_patch(ALL, "*", "x")


def test_containers_without_a_name() -> None:
    held = target(containers=[{"image": "a"}, {"name": "b"}])
    assert changed(image_patch(held, "", "x")) == ["/spec/template/spec/containers/0/image"]


@pytest.mark.parametrize("held", [target(), target(containers=None), {"spec": None}, {"spec": {"template": None}}, ALL])
def test_a_container_that_is_not_there(held: dict[str, Any]) -> None:
    with pytest.raises(Failure, match='unable to find container named "zz"'):
        image_patch(held, "zz", "x")


@pytest.mark.parametrize("held", [target(containers="x"), target(containers=[1]), {"spec": {"template": []}}])
def test_what_is_no_pod_template(held: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="expected"):
        image_patch(held, "web", "x")


def test_whether_it_is_done() -> None:
    assert has_image(target(containers=[{"name": "a", "image": "x"}, {"name": "b"}]), "a", "x")
    assert not has_image(target(containers=[{"name": "a", "image": "x"}, {"name": "b"}]), "*", "x")
    assert not has_image(target(), "*", "x")


def test_the_referred_deployment() -> None:
    assert workload_name({"spec": {}}) is None
    assert workload_name({"spec": {"workloadRef": {"kind": "Deployment", "name": "d"}}}) == "d"
    assert workload_name({"spec": {"workloadRef": {"kind": "Deployment", "name": ""}}}) == ""


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("d", r"^\.spec\.workloadRef accessor error: d is of the type string, expected map\[string\]interface\{\}$"),
        (None, r"accessor error: <nil> is of the type <nil>, expected"),
        (5, r"accessor error: 5 is of the type int64, expected"),
        ({}, r"^spec\.workloadRef\.name is not a string: <nil>$"),
        ({"name": 5}, r"^spec\.workloadRef\.name is not a string: 5$"),
        ({"name": "d", "kind": "StatefulSet"}, "refers to a StatefulSet"),
    ],
)
def test_references_that_are_none(reference: Any, text: str) -> None:
    with pytest.raises(Failure, match=text):
        workload_name({"spec": {"workloadRef": reference}})
