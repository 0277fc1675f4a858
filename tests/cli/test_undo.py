"""`undo` on a cluster: requests, targets, texts (spec/commands.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cli import run_cli
from tests.support.replayed import Replayed

Serve = Callable[..., Replayed]


def template(image: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "c", "image": image}]}}


def rollout(reference: dict[str, Any] | None = None, current: str = "c") -> dict[str, Any]:
    spec: dict[str, Any] = {"selector": {"matchLabels": {"app": "web"}}}
    spec |= {"workloadRef": reference} if reference else {"template": template(f"web:{current}")}
    meta = {"name": "web", "namespace": "default", "uid": "u", "generation": 1}
    status = {"currentPodHash": current}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": meta, "spec": spec, "status": status}


def history(*hashes: str) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"web-{hash_}",
                "namespace": "default",
                "labels": {"app": "web", "rollouts-pod-template-hash": hash_},
                "annotations": {"rollout.argoproj.io/revision": str(number)},
                "ownerReferences": [{"kind": "Rollout", "name": "web", "uid": "u", "controller": True}],
            },
            "spec": {"template": template(f"web:{hash_}", **{"rollouts-pod-template-hash": hash_})},
        }
        for number, hash_ in enumerate(hashes, 1)
    ]


def other(kind: str, api: str = "apps/v1") -> dict[str, Any]:
    meta = {"name": "target", "namespace": "default", "uid": "t", "generation": 1}
    inner = {"template": template("web:now")}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **(inner if kind == "PodTemplate" else {"spec": inner})}


def test_the_revision_before(replay: Serve) -> None:
    cluster = replay(rollout(), *history("a", "b", "c"))
    assert run_cli("undo", "web", env=cluster.env) == ("rollout 'web' undo\n", "", 0)
    get, listing, patch = cluster.cluster.log
    assert (get["method"], get["path"]) == ("GET", "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web")
    assert listing["path"] == "/apis/apps/v1/namespaces/default/replicasets"
    assert listing["query"]["labelSelector"] == "app=web"
    assert patch["contentType"] == "application/json-patch+json"
    restored = template("web:b")
    restored["spec"]["containers"][0]["resources"] = {}
    assert patch["body"] == [{"op": "replace", "path": "/spec/template", "value": restored}]


def test_nothing_to_undo(replay: Serve) -> None:
    cluster = replay(rollout(), *history("a", "b", "c"))
    outcome = run_cli("undo", "web", "--to-revision=3", env=cluster.env)
    assert outcome == ("skipped rollback (current template already matches revision 3)", "", 0)
    assert len(cluster.requests) == 2


@pytest.mark.parametrize(
    ("kind", "path", "pointer"),
    [
        ("Deployment", "/apis/apps/v1/namespaces/default/deployments/target", "/spec/template"),
        ("ReplicaSet", "/apis/apps/v1/namespaces/default/replicasets/target", "/spec/template"),
        ("PodTemplate", "/api/v1/namespaces/default/podtemplates/target", "/template"),
    ],
)
def test_a_template_that_lives_elsewhere(kind: str, path: str, pointer: str, replay: Serve) -> None:
    target = other(kind, "v1" if kind == "PodTemplate" else "apps/v1")
    cluster = replay(rollout({"kind": kind, "name": "target"}), target, *history("a", "b"))
    assert run_cli("undo", "web", env=cluster.env) == ("rollout 'web' undo\n", "", 0)
    patch = cluster.cluster.log[-1]
    assert (patch["method"], patch["path"]) == ("PATCH", path)
    assert patch["body"][0]["path"] == pointer


def test_another_kind(replay: Serve) -> None:
    cluster = replay(rollout({"kind": "StatefulSet", "name": "target"}), *history("a", "b"))
    outcome = run_cli("undo", "web", "--to-revision=1", env=cluster.env)
    text = "Error: failed restoring revision 1: workload of type StatefulSet is not supported\n"
    assert outcome == ("", text, 1)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("GET .*/replicasets", "failed to retrieve replica sets from rollout web: no"),
        ("PATCH", "failed restoring revision 0: no"),
        ("GET .*/rollouts", "no"),
    ],
)
def test_what_fails_is_named(fault: str, text: str, replay: Serve) -> None:
    fault_ = {"match": fault, "times": 9, "status": 403, "reason": "Forbidden", "message": "no"}
    cluster = replay(rollout(), *history("a", "b", "c"), faults=[fault_])
    assert run_cli("undo", "web", env=cluster.env) == ("", f"Error: {text}\n", 1)


def test_a_selector_that_is_none(replay: Serve) -> None:
    obj = rollout()
    obj["spec"]["selector"] = {"matchExpressions": [{"key": "a", "operator": "Bad"}]}
    outcome = run_cli("undo", "web", env=replay(obj).env)
    text = 'failed to retrieve replica sets from rollout web: "Bad" is not a valid label selector operator'
    assert outcome == ("", f"Error: {text}\n", 1)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["web", "--to-revision=9"], "unable to find specified revision 9 in history"),
        (["web", "--to-revision", "-1"], 'no revision found for rollout "web"'),
        (["nope"], 'rollouts.argoproj.io "nope" not found'),
        ([""], "name is required"),
        (
            ["web", "--to-revision=9223372036854775808"],
            'invalid argument "9223372036854775808" for "--to-revision" flag: '
            'strconv.ParseInt: parsing "9223372036854775808": value out of range',
        ),
    ],
)
def test_errors(args: list[str], text: str, replay: Serve) -> None:
    cluster = replay(rollout(), *history("a", "b", "c"))
    assert run_cli("undo", *args, env=cluster.env) == ("", f"Error: {text}\n", 1)


def test_a_lost_reply(replay: Serve) -> None:
    cluster = replay(rollout(), *history("a", "b", "c"), faults=[{"match": "PATCH", "drop": True}])
    assert run_cli("undo", "web", env=cluster.env) == ("rollout 'web' undo\n", "", 0)
    assert [request.partition(" ")[0] for request in cluster.requests] == ["GET", "GET", "PATCH", "GET", "PATCH"]
