"""ReplicaSets: health, parts, order (spec/view.md §6.4, §12.5)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo
from tests.support.objects import NOON, facts, replica_set, rollout

Json = dict[str, Any]
BOTH = ({"canary": {}}, {"blueGreen": {}})


def only(*values: Json) -> ReplicaSetInfo:
    (found,) = facts(*values).replica_sets
    return found


@pytest.mark.parametrize(
    ("spec", "status", "generation", "expected"),
    [
        ({"replicas": 1}, {}, 0, "✔ Healthy"),
        ({"replicas": None}, {"availableReplicas": 0}, 0, "✔ Healthy"),
        ({"replicas": 0}, {"replicas": 1}, 0, "• ScaledDown"),
        ({"replicas": 2}, {"availableReplicas": 1}, 0, "◌ Progressing"),
        ({"replicas": 2}, {"availableReplicas": 3}, 0, "✔ Healthy"),
        ({"replicas": 0}, {"observedGeneration": 1}, 2, "◌ Progressing"),
        ({"replicas": 0}, {"observedGeneration": 2}, 2, "• ScaledDown"),
        ({}, {"conditions": [{"type": "ReplicaFailure", "status": "True"}]}, 0, "✖ ReplicaFailure"),
        ({}, {"conditions": [{"type": "ReplicaFailure", "status": "False"}]}, 0, "✔ Healthy"),
        (
            {},
            {"conditions": [None, {"type": "ReplicaFailure"}, {"type": "ReplicaFailure", "status": "True"}]},
            0,
            "✔ Healthy",
        ),
        ({}, {"conditions": [{"type": "ReplicaFailure", "status": "True"}]}, 1, "◌ Progressing"),
    ],
)
def test_health(spec: Json, status: Json, generation: int, expected: str) -> None:
    info = only(rollout(), replica_set("rs", "h", spec=spec, status=status, generation=generation))
    assert f"{info.icon} {info.status}" == expected


@pytest.mark.parametrize(
    ("strategy", "status", "tags"),
    [
        ({"canary": {}}, {"stableRS": "h", "currentPodHash": "h"}, ("stable",)),
        ({"canary": {}}, {"stableRS": "x", "currentPodHash": "h"}, ("canary",)),
        ({"canary": {}}, {"stableRS": "x", "currentPodHash": "y"}, ()),
        ({"canary": {"pingPong": {}}}, {"stableRS": "h", "canary": {"stablePingPong": "ping"}}, ("stable", "ping")),
        ({"canary": {"pingPong": {}}}, {"stableRS": "h", "canary": {"stablePingPong": "pong"}}, ("stable", "pong")),
        ({"canary": {"pingPong": {}}}, {"stableRS": "h"}, ("stable", "pong")),
        ({"canary": {"pingPong": {}}}, {"currentPodHash": "h"}, ("canary", "ping")),
        (
            {"canary": {"pingPong": {}}},
            {"currentPodHash": "h", "canary": {"stablePingPong": "ping"}},
            ("canary", "pong"),
        ),
        ({"canary": {"pingPong": {}}}, {"currentPodHash": "y", "stableRS": "x"}, ()),
        ({"blueGreen": {}}, {"stableRS": "h", "blueGreen": {"activeSelector": "h"}}, ("stable", "active")),
        (
            {"blueGreen": {}},
            {"blueGreen": {"activeSelector": "x", "previewSelector": "h"}, "stableRS": "x"},
            ("preview",),
        ),
        (
            {"blueGreen": {}},
            {"blueGreen": {"activeSelector": "h", "previewSelector": "h"}, "stableRS": "x"},
            ("active",),
        ),
        ({"blueGreen": {}}, {"stableRS": "h", "blueGreen": {"previewSelector": "h"}}, ("stable", "preview")),
        (
            {"canary": {"pingPong": {}}, "blueGreen": {}},
            {"stableRS": "x", "currentPodHash": "h", "blueGreen": {"activeSelector": "h"}},
            ("canary", "active", "ping"),
        ),
        ({"canary": {}, "blueGreen": {}}, {"stableRS": "h", "blueGreen": {"activeSelector": "x"}}, ("stable",)),
        ({}, {"stableRS": "h", "currentPodHash": "h"}, ()),
    ],
)
def test_tags(strategy: Json, status: Json, tags: tuple[str, ...]) -> None:
    assert only(rollout({"strategy": strategy}, status), replica_set("rs", "h")).tags == tags


def test_without_a_hash_a_replica_set_equals_what_is_not_said() -> None:
    assert only(rollout({"strategy": {"canary": {}}}), replica_set("rs")).tags == ("stable",)
    assert only(rollout({"strategy": {"blueGreen": {}}}), replica_set("rs")).tags == ("stable", "active")


def test_newest_revision_first_then_by_name() -> None:
    info = facts(
        rollout(),
        replica_set("b", revision=2, age=9),
        replica_set("a", revision=2, age=1),
        replica_set("B", revision=2, age=5),
        replica_set("old", revision=-1),
        replica_set("none", revision=None),
        replica_set("odd", revision="1x"),
        replica_set("ten", revision=10),
    )
    assert [(one.name, one.revision) for one in info.replica_sets] == [
        ("ten", 10),
        ("B", 2),
        ("a", 2),
        ("b", 2),
        ("none", 0),
        ("odd", 0),
        ("old", -1),
    ]


def test_only_what_the_rollout_owns_is_listed() -> None:
    adopted = replica_set("adopted")
    adopted["metadata"]["ownerReferences"] = [{"uid": "x", "controller": True}, {"uid": "r", "kind": "Odd"}]
    unowned = replica_set("unowned")
    del unowned["metadata"]["ownerReferences"]
    info = facts(rollout(), replica_set("mine"), replica_set("others", owner="q"), adopted, unowned)
    assert [one.name for one in info.replica_sets] == ["adopted", "mine"]


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("2026-08-17T12:00:29Z", NOON + 29),
        ("2026-08-17T12:00:29.5Z", NOON + 29.5),
        ("2026-08-17T14:00:00+02:00", NOON),
        ("garbage", None),
        ("", None),
    ],
)
def test_scale_down_deadline(text: str, deadline: float | None) -> None:
    info = only(rollout(), replica_set("rs", annotations={"scale-down-deadline": text}))
    assert (info.scale_down, info.scale_down_at) == (text, deadline)


def test_null_and_missing_read_as_zero() -> None:
    bare = {"kind": "ReplicaSet", "metadata": {"ownerReferences": [{"uid": "r"}]}, "spec": None, "status": None}
    info = only(rollout(), bare)
    assert (info.name, info.created, info.revision, info.status, info.images) == ("", None, 0, "Healthy", [])
    nulls = replica_set("rs", spec={"template": {"spec": {"containers": [None, {"image": None}]}}})
    nulls["metadata"] |= {"labels": {"rollouts-pod-template-hash": None}, "annotations": {"scale-down-deadline": None}}
    assert only(rollout(), nulls).images == ["", ""]
