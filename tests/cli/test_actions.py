"""The commands that are one patch: requests, texts, several names (spec/commands.md §2.6, §2.7, §6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cli import run_cli
from tests.support.replayed import Replayed

Serve = Callable[..., Replayed]


def thing(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    api = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind}
    return {**api, "metadata": {"name": name, "namespace": "default", "generation": 1}, "spec": {}, **parts}


def sent(cluster: Replayed) -> list[tuple[str, str, Any]]:
    return [
        (f"{entry['method']} {entry['path'].partition('/default/')[2]}", entry["contentType"], entry["body"])
        for entry in cluster.cluster.log
    ]


MERGE = "application/merge-patch+json"


@pytest.mark.parametrize(
    ("args", "obj", "path", "body", "text"),
    [
        (["abort"], "Rollout", "rollouts/x/status", {"status": {"abort": True}}, "rollout 'x' aborted"),
        (["pause"], "Rollout", "rollouts/x", {"spec": {"paused": True}}, "rollout 'x' paused"),
        (["retry", "ro"], "Rollout", "rollouts/x/status", {"status": {"abort": False}}, "rollout 'x' retried"),
        (["retry", "exp"], "Experiment", "experiments/x", {"status": None}, "experiment 'x' retried"),
        (["terminate", "ar"], "AnalysisRun", "analysisruns/x", {"spec": {"terminate": True}}, "analysisRun 'x' term"),
        (["terminate", "exp"], "Experiment", "experiments/x", {"spec": {"terminate": True}}, "experiment 'x' retried"),
    ],
)
def test_one_request_a_name(
    args: list[str], obj: str, path: str, body: dict[str, Any], text: str, replay: Serve
) -> None:
    cluster = replay(thing(obj, "x", status={"phase": "Running"}))
    outcome = run_cli(*args, "x", env=cluster.env)
    assert (outcome.stderr, outcome.status) == ("", 0)
    assert outcome.stdout.startswith(text)
    assert sent(cluster) == [(f"PATCH {path}", MERGE, body)]


@pytest.mark.parametrize("args", [["abort"], ["retry", "rollout"]])
def test_a_cluster_without_the_status_subresource(args: list[str], replay: Serve) -> None:
    missing = {"match": "PATCH .*/status", "times": 9, "status": 404, "reason": "NotFound", "message": "none"}
    cluster = replay(thing("Rollout", "x"), faults=[missing])
    assert run_cli(*args, "x", env=cluster.env).status == 0
    assert [request.rpartition("/")[2] for request in cluster.requests] == ["status", "x"]


def test_the_first_failure_ends_the_command(replay: Serve) -> None:
    cluster = replay(thing("Rollout", "a"), thing("Rollout", "b"))
    outcome = run_cli("pause", "a", "nope", "b", env=cluster.env)
    assert outcome == ("rollout 'a' paused\n", 'Error: rollouts.argoproj.io "nope" not found\n', 1)
    assert len(cluster.requests) == 2


def test_keep_going_tries_all(replay: Serve) -> None:
    cluster = replay(thing("Rollout", "a"), thing("Rollout", "b"))
    outcome = run_cli("pause", "a", "nope", "b", "--keep-going", env=cluster.env)
    assert outcome.stdout == "rollout 'a' paused\nrollout 'b' paused\n"
    assert outcome.stderr == 'Error: rollouts.argoproj.io "nope" not found\n'
    assert outcome.status == 1
    assert run_cli("pause", "a", "b", "--keep-going", env=cluster.env).status == 0


def test_the_name_of_the_reply_is_said(replay: Serve) -> None:
    reply = {"metadata": {"name": "other\x1b[31m"}}
    cluster = replay(faults=[{"match": "PATCH", "times": 1, "status": 200, "body": reply}])
    assert run_cli("abort", "x", env=cluster.env).stdout == "rollout 'other\\x1b[31m' aborted\n"


def test_a_conflict_is_tried_again(replay: Serve) -> None:
    conflict = {"match": "PATCH", "times": 4, "status": 409, "reason": "Conflict", "message": "m"}
    cluster = replay(thing("Rollout", "x"), faults=[conflict])
    assert run_cli("abort", "x", env=cluster.env).status == 0
    assert len(cluster.requests) == 5


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%b"])
def test_names_that_cannot_be_one(name: str, replay: Serve) -> None:
    cluster = replay()
    outcome = run_cli("abort", name, env=cluster.env)
    assert outcome.status == 1
    assert outcome.stderr.startswith("Error: resource name" if not name else "Error: invalid resource name")
    assert cluster.requests == []


def test_an_experiment_whose_retry_is_in_doubt(replay: Serve) -> None:
    """Its status is there again at once, so nobody can tell the old from the new."""
    cluster = replay(thing("Experiment", "x", status={"phase": "Failed"}), faults=[{"match": "PATCH", "drop": True}])
    outcome = run_cli("retry", "experiment", "x", env=cluster.env)
    assert outcome.status == 1
    assert "it is not known whether the change of experiments.argoproj.io" in outcome.stderr
    assert len([request for request in cluster.requests if request.startswith("PATCH")]) == 1


def test_a_server_that_says_nothing(replay: Serve) -> None:
    """It may have taken the change; reading it back would wait as long again."""
    cluster = replay(thing("Rollout", "x"), faults=[{"match": "PATCH", "delay": 4, "times": 9}])
    outcome = run_cli("abort", "x", "--request-timeout", "1500ms", env=cluster.env)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert 'it is not known whether the change of rollouts.argoproj.io "x" took: look before' in outcome.stderr
    assert len(cluster.requests) == 1


def test_a_server_that_is_not_there(replay: Serve) -> None:
    outcome = run_cli("abort", "x", "-s", "http://127.0.0.1:1", env=replay().env)
    assert outcome.status == 1
    assert outcome.stderr.startswith('Error: Patch "http://127.0.0.1:1/apis/argoproj.io/v1alpha1/namespaces/default/')
    assert "not known" not in outcome.stderr


# --- restart -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["", "10s", "1h30m", "+5m", "-1m", "0", ".5h"])
def test_the_duration_is_said_as_typed(flag: str, replay: Serve) -> None:
    cluster = replay(thing("Rollout", "x"))
    outcome = run_cli("restart", "x", *(["--in", flag] if flag else []), env=cluster.env)
    assert outcome == (f"rollout 'x' restarts in {flag or '0s'}\n", "", 0)
    [(path, _, body)] = sent(cluster)
    assert path == "PATCH rollouts/x"
    assert list(body) == ["spec"]
    assert list(body["spec"]) == ["restartAt"]


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("10", 'time: missing unit in duration "10"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("1h 5m", 'time: unknown unit "h " in duration "1h 5m"'),
        ("not-valid-time", 'time: invalid duration "not-valid-time"'),
        ("9999999h", 'time: invalid duration "9999999h"'),
    ],
)
def test_a_bad_duration_is_an_error_before_any_request(flag: str, text: str, replay: Serve) -> None:
    cluster = replay(thing("Rollout", "x"))
    assert run_cli("restart", "x", "--in", flag, env=cluster.env) == ("", f"Error: {text}\n", 1)
    assert cluster.requests == []
