"""Shapes of kinds: pruning, defaults, refusals; defaults of built-in kinds; protobuf."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.defaults import with_defaults
from kubectl_rollouts.sandbox.kinds import KINDS, kind_of
from kubectl_rollouts.sandbox.protobuf import decode
from kubectl_rollouts.sandbox.schemas import type_of, types
from kubectl_rollouts.sandbox.validation import check, prune
from tests.sandbox.conftest import rollout

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_every_shape_is_known() -> None:
    plain = {"str", "int", "num", "bool", "time", "intstr", "quantity", "bytes", "any"}
    known = types()
    for name, fields in known.items():
        for field, (shape, _) in fields.items():
            inner = shape
            while inner[:2] in ("[]", "{}"):
                inner = inner[2:]
            assert inner in plain or inner in known, f"{name}.{field}: {shape}"
    assert all(type_of(kind) in known for kind in KINDS)


def test_the_template_of_a_rollout_keeps_only_labels_and_annotations() -> None:
    odd = rollout()
    odd["spec"]["template"]["metadata"].update(name="x", creationTimestamp=None, annotations={"a": "b"})
    odd["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "whatever": {"is": "kept"}}]
    found, warnings = check(kind_of("Rollout"), odd)
    assert found["spec"]["template"]["metadata"] == {"labels": {"app": "web"}, "annotations": {"a": "b"}}
    assert found["spec"]["template"]["spec"]["volumes"] == odd["spec"]["template"]["spec"]["volumes"]
    assert warnings == [
        'unknown field "spec.template.metadata.name"',
        'unknown field "spec.template.metadata.creationTimestamp"',
    ]


def test_schema_defaults_of_custom_resources() -> None:
    container = {
        "name": "a",
        "ports": [{"containerPort": 1}],
        "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"key": "k"}}}],
        "readinessProbe": {"grpc": {"port": 5}},
    }
    template = {"spec": {"containers": [container], "imagePullSecrets": [{}]}}
    spec = prune(kind_of("Rollout"), rollout(template=template))["spec"]["template"]["spec"]
    found = spec["containers"][0]
    assert found["ports"] == [{"containerPort": 1, "protocol": "TCP"}]
    assert found["env"][0]["valueFrom"]["secretKeyRef"] == {"key": "k", "name": ""}
    assert found["readinessProbe"]["grpc"] == {"port": 5, "service": ""}
    assert spec["imagePullSecrets"] == [{"name": ""}]
    assert "terminationMessagePath" not in found


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"paused": "yes"}, 'must be of type boolean: "string"'),
        ({"strategy": {"canary": {"steps": [{"setWeight": 1.5}]}}}, 'must be of type integer: "number"'),
        ({"strategy": {"canary": {"steps": {}}}}, 'must be of type array: "object"'),
        ({"strategy": {"canary": {"maxSurge": True}}}, '"boolean"'),
        ({"selector": None}, 'must be of type object: "null"'),
        ({"template": {"spec": {"containers": [{}]}}}, "spec.template.spec.containers[0].name: Required value"),
        ({"template": {"spec": {}}}, "spec.template.spec.containers: Required value"),
        ({"restartAt": "soon"}, "spec.restartAt"),
    ],
)
def test_what_a_schema_refuses(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiStatus) as caught:
        check(kind_of("Rollout"), rollout(**spec))
    assert caught.value.code == 422
    assert message in caught.value.message


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(["spec", "status", "metadata", "data", "x"]), JSON))
def test_any_object_is_taken_or_refused(kind: Any, obj: dict[str, Any]) -> None:
    try:
        check(kind, obj)
    except ApiStatus as error:
        assert error.code in (400, 422)


@given(st.dictionaries(st.sampled_from(["replicas", "paused", "strategy", "x"]), JSON))
def test_pruning_twice_changes_nothing(spec: dict[str, Any]) -> None:
    once = prune(kind_of("Rollout"), {"spec": spec})
    assert prune(kind_of("Rollout"), once) == once


def test_defaults_are_written_once() -> None:
    metadata = {"name": "a", "namespace": "default", "uid": "u"}
    template = {"spec": {"containers": [{"name": "a", "image": "a"}], "volumes": [{"name": "v", "configMap": {}}]}}
    for kind, spec in (
        ("Deployment", {"template": template}),
        ("ReplicaSet", {"template": template}),
        ("Job", {"template": template}),
        ("Service", {"ports": [{"port": 80}], "type": "NodePort"}),
        ("Pod", template["spec"]),
    ):
        once = with_defaults(kind_of(kind), {"kind": kind, "metadata": metadata, "spec": spec})
        assert with_defaults(kind_of(kind), once) == once


def test_protobuf_is_read() -> None:
    # `kubectl create configmap settings --from-literal=a=b`, as it was sent
    meta = b"\n\x08settings\x12\x00\x1a\x00\x22\x00*\x002\x008\x00B\x00"
    entry = b"\n\x01a\x12\x01b"
    raw = b"\n" + bytes([len(meta)]) + meta + b"\x12" + bytes([len(entry)]) + entry
    names = b"\n\x02v1\x12\tConfigMap"
    body = b"k8s\x00\n" + bytes([len(names)]) + names + b"\x12" + bytes([len(raw)]) + raw + b'\x1a\x00"\x00'
    assert decode(body, "V1ConfigMap") == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"a": "b"},
    }


@given(st.binary(max_size=60))
@example(b"\x08\x00")  # a number where the type's names should be
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        assert isinstance(decode(b"k8s\x00" + body, "V1Pod"), dict)
    except ApiStatus as error:
        assert error.code == 400
