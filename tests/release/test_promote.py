"""Promotions of a rollout that moves meanwhile: conflicts, versions, what is said (spec/commands.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.boundaries import BEFORE, Boundaries, Object, boundaries
from tests.support.cli import Outcome, run_cli

CONDITION = [{"reason": "CanaryPauseStep", "startTime": "@ago:60"}]
CONFLICT = {"status": 409, "reason": "Conflict", "message": "the object has been modified"}


@pytest.fixture
def cluster_of(tmp_path: Path) -> Iterator[Callable[..., Boundaries]]:
    """`cluster_of(paused=…, faults=…, **status)` serves a canary of four steps."""
    managers = []

    def serve(*, paused: bool = False, faults: list[Any] | None = None, **status: Any) -> Boundaries:
        obj: Object = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "default", "generation": 1},
            "spec": {"strategy": {"canary": {"steps": [{"setWeight": 1}] * 4}}, "paused": paused},
            "status": {"currentPodHash": "b", "stableRS": "a", **status},
        }
        manager = boundaries(tmp_path, obj, faults=faults or [])
        managers.append(manager)
        return manager.__enter__()

    yield serve
    for manager in managers:
        manager.__exit__(None, None, None)


def promote(cluster: Boundaries, *flags: str) -> Outcome:
    return run_cli("promote", "web", *flags, env=cluster.env)


def patches(cluster: Boundaries) -> list[tuple[str, Object]]:
    """Where each patch went and what it says, without the version."""
    found = []
    for entry in cluster.cluster.log:
        if entry["method"] == "PATCH":
            body = {key: value for key, value in entry["body"].items() if key != "metadata"}
            found.append((entry["path"].rpartition("/web")[2], body))
    return found


def versions(cluster: Boundaries) -> list[str]:
    return [entry["body"]["metadata"]["resourceVersion"] for entry in cluster.cluster.log if entry["method"] == "PATCH"]


def step(index: int) -> Callable[[Object], None]:
    def change(obj: Object) -> None:
        obj["status"]["currentStepIndex"] = index

    return change


def test_the_second_patch_carries_the_version_of_the_first_reply(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(paused=True, currentStepIndex=1)
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert patches(cluster) == [
        ("/status", {"status": {"pauseConditions": None, "currentStepIndex": 2}}),
        ("", {"spec": {"paused": False}}),
    ]
    first, second = versions(cluster)
    assert int(second) == int(first) + 1


def test_a_conflict_is_decided_again(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1, faults=[{"match": "PATCH", "times": 4, **CONFLICT}])
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert cluster.object()["status"]["currentStepIndex"] == 2
    assert cluster.requests.count("GET /apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web") == 5


def test_five_conflicts_are_said(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1, faults=[{"match": "PATCH", "times": 5, **CONFLICT}])
    assert promote(cluster) == ("", "Error: the object has been modified\n", 1)
    assert cluster.object()["status"]["currentStepIndex"] == 1


def test_a_label_that_changes_meanwhile_is_in_nobodys_way(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1)
    cluster.meanwhile(2, lambda obj: obj["metadata"].update(labels={"a": "b"}))
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert cluster.object()["status"]["currentStepIndex"] == 2


def test_a_step_that_ends_meanwhile_is_not_the_next_one_too(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(paused=True, currentStepIndex=1)
    cluster.meanwhile(2, step(2))
    outcome = promote(cluster)
    assert (outcome.stdout, outcome.status) == ("rollout 'web' promoted\n", 0)
    assert outcome.stderr == "rollout 'web' is at step 2 of 4 by now: no further step is skipped\n"
    assert cluster.object()["status"]["currentStepIndex"] == 2
    assert cluster.object()["spec"]["paused"] is False


def test_someone_else_promotes_at_the_same_time(cluster_of: Callable[..., Boundaries]) -> None:
    """The pause is lifted by both, the step that follows is skipped by neither."""
    cluster = cluster_of(currentStepIndex=1, pauseConditions=CONDITION, controllerPause=True)
    cluster.meanwhile(2, lambda obj: obj["status"].pop("pauseConditions"))
    outcome = promote(cluster)
    assert outcome.status == 0
    assert "is being resumed already" in outcome.stderr
    assert cluster.object()["status"]["currentStepIndex"] == 1


def test_twice_in_a_row_skips_no_step_unless_forced(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1, pauseConditions=CONDITION, controllerPause=True)
    promote(cluster)
    outcome = promote(cluster)
    assert outcome.stdout == "rollout 'web' promoted\n"
    assert "--force skips it" in outcome.stderr
    assert cluster.object()["status"]["currentStepIndex"] == 1
    assert promote(cluster, "--force") == ("rollout 'web' promoted\n", "", 0)
    assert cluster.object()["status"]["currentStepIndex"] == 2


def test_another_version_is_not_promoted(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1)
    cluster.meanwhile(2, lambda obj: obj["status"].update(currentPodHash="c", currentStepIndex=0))
    outcome = promote(cluster, "--full")
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert "got another version" in outcome.stderr
    assert "promoteFull" not in cluster.object()["status"]


def test_the_controller_reacts_between_the_two_patches(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(paused=True, currentStepIndex=1)
    cluster.meanwhile(3, step(3))
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert cluster.object()["status"]["currentStepIndex"] == 3
    assert cluster.object()["spec"]["paused"] is False


def at_both_pauses(cluster_of: Callable[..., Boundaries], **snapshot: Any) -> Boundaries:
    return cluster_of(paused=True, currentStepIndex=1, pauseConditions=CONDITION, controllerPause=True, **snapshot)


def test_of_two_pauses_the_manual_one_is_lifted_first(cluster_of: Callable[..., Boundaries]) -> None:
    """The controller would pause the step once more if it saw the other one lifted before."""
    cluster = at_both_pauses(cluster_of)
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert patches(cluster) == [("", {"spec": {"paused": False}}), ("/status", {"status": {"pauseConditions": None}})]
    first, second = versions(cluster)
    assert int(second) == int(first) + 1
    assert "pauseConditions" not in cluster.object()["status"]


def test_what_happens_between_the_two_is_looked_at(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = at_both_pauses(cluster_of)
    cluster.meanwhile(3, lambda obj: obj["metadata"].update(labels={"a": "b"}))
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    assert "pauseConditions" not in cluster.object()["status"]


def test_a_step_that_ends_between_the_two(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = at_both_pauses(cluster_of)
    cluster.meanwhile(3, step(2))
    outcome = promote(cluster)
    assert outcome.stdout == "rollout 'web' promoted\n"
    assert outcome.stderr == "rollout 'web' is at step 2 of 4 by now: no further step is skipped\n"
    assert cluster.object()["status"]["pauseConditions"]  # the pause of that step
    assert cluster.object()["spec"]["paused"] is False


def test_a_status_that_is_refused_after_that(cluster_of: Callable[..., Boundaries]) -> None:
    refusal = {"match": "PATCH .*/status$", "times": 9, "status": 403, "reason": "Forbidden", "message": "no"}
    outcome = promote(at_both_pauses(cluster_of, faults=[refusal]))
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr == (
        "rollout 'web': spec.paused was set to false, but its status was not changed\nError: no\n"
    )


def test_two_pauses_without_a_status_subresource(cluster_of: Callable[..., Boundaries]) -> None:
    missing = {"match": "PATCH .*/status", "times": 9, "status": 404, "reason": "NotFound", "message": "none"}
    cluster = at_both_pauses(cluster_of, faults=[missing])
    assert promote(cluster) == ("rollout 'web' promoted\n", "", 0)
    unified = {"spec": {"paused": False}, "status": {"pauseConditions": None}}
    assert [body for _, body in patches(cluster)][-1] == unified


def test_a_second_patch_that_is_refused_is_not_passed_over(cluster_of: Callable[..., Boundaries]) -> None:
    refusal = {"match": "PATCH .*/web$", "times": 9, "status": 403, "reason": "Forbidden", "message": "no"}
    cluster = cluster_of(paused=True, currentStepIndex=1, faults=[refusal])
    outcome = promote(cluster)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr == (
        "rollout 'web': its status was changed, but spec.paused was not set to false\nError: no\n"
    )


def test_without_a_status_subresource_all_goes_at_once(cluster_of: Callable[..., Boundaries]) -> None:
    missing = {"match": "PATCH .*/status", "times": 9, "status": 404, "reason": "NotFound", "message": "none"}
    cluster = cluster_of(currentStepIndex=1, faults=[missing])
    assert promote(cluster).status == 0
    unified = {"spec": {"paused": False}, "status": {"pauseConditions": None, "currentStepIndex": 2}}
    assert patches(cluster)[1:] == [("", unified)]


def test_a_rollout_that_cannot_be_read(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex="two")
    outcome = promote(cluster)
    assert outcome.status == 1
    assert "status.currentStepIndex" in outcome.stderr


def test_nobody_knows_after_the_server_is_gone(cluster_of: Callable[..., Boundaries]) -> None:
    cluster = cluster_of(currentStepIndex=1)
    for number in range(2, 9):
        cluster.at(number, BEFORE)
    outcome = promote(cluster)
    assert outcome.status == 1
    assert "it is not known whether the promotion" in outcome.stderr
