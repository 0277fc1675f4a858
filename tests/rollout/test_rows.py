"""The lines of `list` (spec/view.md §8)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.rows import ExperimentListRow, ListRow, experiment_row, rollout_row
from tests.support.objects import NOON, ago, experiment, rollout, typed

Json = dict[str, Any]
STEPS = [{"setWeight": 10}, {"pause": {}}, {"setWeight": 20}]
COUNTS = {"replicas": 4, "readyReplicas": 1, "updatedReplicas": 3, "availableReplicas": 2}


def row(spec: Json, status: Json) -> ListRow:
    return rollout_row(typed(objects.Rollout, rollout(spec, status)))


def test_a_canary() -> None:
    found = row({"replicas": 5, "strategy": {"canary": {"steps": STEPS}}}, {"currentStepIndex": 1, **COUNTS})
    assert found == ListRow("ns", "r", "Canary", "Progressing", "1/3", "10", "1/4", 5, 3, 2)
    assert found != row({"replicas": 5, "strategy": {"canary": {"steps": STEPS}}}, {"currentStepIndex": 2, **COUNTS})


@pytest.mark.parametrize(
    ("spec", "status", "shown"),
    [
        ({"strategy": {"blueGreen": {}}}, {"currentStepIndex": 1}, ("BlueGreen", "-", "-")),
        ({}, {}, ("unknown", "-", "-")),
        ({"strategy": {"canary": {}}}, {}, ("Canary", "-", "100")),
        ({"strategy": {"canary": {"steps": STEPS}}}, {}, ("Canary", "-", "10")),
        ({"strategy": {"canary": {"steps": STEPS}}}, {"currentStepIndex": 3, "abort": True}, ("Canary", "3/3", "0")),
    ],
)
def test_strategies(spec: Json, status: Json, shown: tuple[str, str, str]) -> None:
    found = row(spec, status)
    assert (found.strategy, found.step, found.set_weight) == shown


@pytest.mark.parametrize(
    ("duration", "status", "expected"),
    [
        ("1h", {"phase": "Running", "availableAt": ago(3600)}, (3600, NOON)),
        ("1h30m", {"phase": "Running", "availableAt": ago(1800)}, (5400, NOON + 3600)),
        ("2h", {"phase": "Successful", "availableAt": ago(1800)}, (7200, None)),
        ("2h", {"phase": "Running"}, (7200, None)),
        ("2h", {}, (7200, None)),
        ("0", {"availableAt": ago(0)}, (0, NOON)),
        ("-5m", {"phase": "Pending"}, (-300, None)),
        ("300", {"phase": "Running", "availableAt": ago(1800)}, (None, None)),
        ("1d", {}, (None, None)),
        ("", {}, (None, None)),
        (None, {}, (None, None)),
    ],
)
def test_experiments(duration: str | None, status: Json, expected: tuple[float | None, float | None]) -> None:
    found = experiment_row(typed(objects.Experiment, experiment("e", status=status, spec={"duration": duration})))
    assert (found.duration, found.ends) == expected
    assert (found.namespace, found.name, found.status) == ("ns", "e", status.get("phase", ""))


def test_null_and_missing_read_as_zero() -> None:
    bare: Json = {"spec": None, "status": None}
    assert experiment_row(typed(objects.Experiment, bare)) == ExperimentListRow("", "", "", None, None, None)
    assert rollout_row(typed(objects.Rollout, bare)) == ListRow(
        "", "", "unknown", "Progressing", "-", "-", "0/0", 1, 0, 0
    )
