"""The phase of a rollout and its reason (spec/view.md §6.3, §13.1)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.phase import parse_int, phase
from tests.support.objects import typed

Json = dict[str, Any]
STEPS = [{"setWeight": 10}, {"pause": {"duration": 60}}, {"setWeight": 20}]
CANARY = {"canary": {"steps": STEPS}}
BLUE_GREEN = {"blueGreen": {}}
NEW_IS_STABLE = {"stableRS": "abc", "currentPodHash": "abc"}


def told(spec: Json | None = None, status: Json | None = None, generation: int = 0) -> tuple[str, str]:
    """The phase and message of a rollout with 5 replicas; by default 3 of them updated, 2 available."""
    counts = {"replicas": 4, "readyReplicas": 1, "updatedReplicas": 3, "availableReplicas": 2}
    value = {
        "metadata": {"name": "r", "generation": generation},
        "spec": {"replicas": 5, "strategy": CANARY, **(spec or {})},
        "status": {"currentStepIndex": 1, **counts, **(status or {})},
    }
    found = phase(typed(objects.Rollout, value))
    return found.status, found.message


def counts(updated: int, available: int, replicas: int) -> Json:
    return {"updatedReplicas": updated, "availableReplicas": available, "replicas": replicas}


FULL = counts(5, 5, 5)


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {},
            {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out"}]},
            ("Degraded", "ProgressDeadlineExceeded: timed out"),
        ),
        ({}, {"conditions": [{"reason": "RolloutAborted"}]}, ("Degraded", "RolloutAborted: ")),
        (
            {},
            {"conditions": [None, {"type": "Healthy"}, {"type": "InvalidSpec", "status": "False", "message": "bad"}]},
            ("Degraded", "InvalidSpec: bad"),
        ),
        (
            {},
            {"conditions": [{"reason": "RolloutAborted", "message": "1"}, {"type": "InvalidSpec", "message": "2"}]},
            ("Degraded", "RolloutAborted: 1"),
        ),
        ({"paused": True}, {}, ("Paused", "manually paused")),
        ({}, {"pauseConditions": [{"reason": "CanaryPauseStep"}, {"reason": "x"}]}, ("Paused", "CanaryPauseStep")),
        ({}, {"pauseConditions": [None]}, ("Paused", "")),
        ({}, counts(4, 4, 5), ("Progressing", "more replicas need to be updated")),
        ({}, counts(5, 4, 5), ("Progressing", "updated replicas are still becoming available")),
        ({}, counts(5, 5, 7), ("Progressing", "old replicas are pending termination")),
        ({}, FULL, ("Progressing", "waiting for all steps to complete")),
        ({}, {**FULL, "stableRS": "a", "currentPodHash": "b"}, ("Progressing", "waiting for all steps to complete")),
        ({}, {**FULL, **NEW_IS_STABLE}, ("Healthy", "")),
        ({"strategy": {"canary": {"trafficRouting": {}}}}, {**counts(5, 5, 7), **NEW_IS_STABLE}, ("Healthy", "")),
        ({"strategy": {}}, counts(5, 5, 7), ("Healthy", "")),
        ({"strategy": None}, FULL, ("Healthy", "")),
        (
            {"strategy": BLUE_GREEN},
            {**FULL, "blueGreen": {"activeSelector": "abc"}, "stableRS": "abc", "currentPodHash": "def"},
            ("Progressing", "active service cutover pending"),
        ),
        ({"strategy": BLUE_GREEN}, {**FULL, **NEW_IS_STABLE}, ("Progressing", "active service cutover pending")),
        (
            {"strategy": BLUE_GREEN},
            {**FULL, "blueGreen": {"activeSelector": "def"}, "stableRS": "abc", "currentPodHash": "def"},
            ("Progressing", "waiting for post-promotion verification to complete"),
        ),
        (
            {"strategy": {"blueGreen": {"postPromotionAnalysis": {}}}},
            {**FULL, "blueGreen": {"activeSelector": "def"}, "stableRS": "abc", "currentPodHash": "def"},
            ("Progressing", "waiting for analysis to complete"),
        ),
        (
            {"strategy": {"blueGreen": {"postPromotionAnalysis": {}}}},
            {
                **FULL,
                "blueGreen": {"activeSelector": "d", "postPromotionAnalysisRunStatus": {"status": "Running"}},
                "currentPodHash": "d",
            },
            ("Progressing", "waiting for analysis to complete"),
        ),
        (
            {"strategy": {"blueGreen": {"postPromotionAnalysis": {}}}},
            {
                **FULL,
                "blueGreen": {"activeSelector": "d", "postPromotionAnalysisRunStatus": {"status": "Successful"}},
                "currentPodHash": "d",
            },
            ("Progressing", "waiting for post-promotion verification to complete"),
        ),
        (
            {"strategy": BLUE_GREEN},
            {**counts(5, 5, 9), "blueGreen": {"activeSelector": "abc"}, **NEW_IS_STABLE},
            ("Healthy", ""),
        ),
        (
            {"strategy": {**CANARY, **BLUE_GREEN}},
            {**counts(5, 5, 9), **NEW_IS_STABLE},
            ("Progressing", "active service cutover pending"),
        ),
        (
            {"replicas": None},
            {**counts(0, 0, 0), **NEW_IS_STABLE, "observedGeneration": "0"},
            ("Progressing", "more replicas need to be updated"),
        ),
        ({"replicas": 0}, {**counts(0, 0, 0), **NEW_IS_STABLE}, ("Healthy", "")),
        (
            {"restartAt": "2026-01-01T00:00:00Z"},
            {**FULL, **NEW_IS_STABLE},
            ("Progressing", "rollout is restarting"),
        ),
        (
            {"restartAt": "2026-01-01T00:00:00Z"},
            {**FULL, **NEW_IS_STABLE, "restartedAt": "2025-01-01T00:00:00Z"},
            ("Progressing", "rollout is restarting"),
        ),
        (
            {"restartAt": "2026-01-01T00:00:00Z"},
            {**FULL, **NEW_IS_STABLE, "restartedAt": "2026-01-01T01:00:00+01:00"},
            ("Healthy", ""),
        ),
        (
            {},
            {
                "phase": "Paused",
                "message": "canary pause",
                "controllerPause": True,
                "pauseConditions": [{"reason": "CanaryPauseStep"}],
            },
            ("Paused", "canary pause"),
        ),
        (
            {},
            {"phase": "Paused", "message": "canary pause", "controllerPause": True},
            ("Progressing", "waiting for rollout to unpause"),
        ),
        ({"paused": True}, {"phase": "Odd\n"}, ("Odd\n", "")),
    ],
)
def test_phases(spec: Json, status: Json, expected: tuple[str, str]) -> None:
    assert told(spec, status) == expected


@pytest.mark.parametrize(
    ("observed", "generation", "is_observed"),
    [
        ("1", 2, False),
        ("10", 11, False),
        ("+1", 2, False),
        ("-1", 0, False),
        ("invalid", 2, True),
        ("", 2, True),
        (None, 2, True),
        ("10", 9, True),
        ("10", 10, True),
        ("7d66d4485f", 2, True),
        ("1366344857", 2, True),
        (" 1", 2, True),
        ("1_0", 11, True),
        ("٣", 11, True),
        ("99999999999999999999", 2, True),
        ("-99999999999999999999", 2, True),
    ],
)
def test_observed_generation(observed: str | None, generation: int, is_observed: bool) -> None:
    found = told(status={"observedGeneration": observed, "phase": "Healthy"}, generation=generation)
    waiting = ("Progressing", "waiting for rollout spec update to be observed")
    assert found == (("Healthy", "") if is_observed else waiting)


def test_a_time_that_is_none_names_object_and_field() -> None:
    with pytest.raises(Failure, match=r'^Rollout "r": spec.restartAt is not a time: "soon"$'):
        told({"restartAt": "soon"}, FULL)
    with pytest.raises(Failure, match=r'^Rollout "r": status.restartedAt is not a time: "late"$'):
        told({"restartAt": "2026-01-01T00:00:00Z"}, {**FULL, "restartedAt": "late"})


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_read(number: int) -> None:
    assert parse_int(str(number)) == number


@given(st.text(max_size=12))
def test_other_texts_are_no_numbers(text: str) -> None:
    digits = text[1:] if text[:1] in ("+", "-") else text
    assert (parse_int(text) is None) == (not digits or any(one not in "0123456789" for one in digits))


def test_very_long_numbers_are_none() -> None:
    assert parse_int("9" * 10_000) is None
    assert parse_int("0" * 300 + "7") == 7
