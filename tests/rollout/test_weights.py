"""Steps and weights (spec/view.md §6.2, §13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.weights import current_step_index, set_weight, step_text
from tests.support.objects import facts, replica_set, rollout, typed

Json = dict[str, Any]
STEPS = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 40}]
ROUTED: Json = {"trafficRouting": {}}
WIDE: Json = {"trafficRouting": {"maxTrafficWeight": 1000}}
WEIGHTS: Json = {"canary": {"weights": {"canary": {"weight": 7}}}}


@pytest.mark.parametrize(
    ("canary", "status", "expected"),
    [
        ({"steps": STEPS}, {"currentStepIndex": 1}, ("1/3", "20", "40")),
        ({"steps": STEPS}, {"currentStepIndex": None}, ("", "20", "40")),
        ({"steps": STEPS}, {"currentStepIndex": 3}, ("3/3", "100", "100")),
        ({"steps": STEPS}, {"currentStepIndex": 9}, ("9/3", "100", "100")),
        ({"steps": STEPS}, {"currentStepIndex": 0, "abort": True}, ("0/3", "0", "40")),
        ({"steps": STEPS}, {"currentStepIndex": 3, "abort": True}, ("3/3", "0", "100")),
        ({"steps": [{"pause": {}}, {"setWeight": 30}]}, {"currentStepIndex": 0}, ("0/2", "0", "40")),
        ({"steps": STEPS}, {"currentStepIndex": 0, "stableRS": "c"}, ("0/3", "20", "0")),
        ({"steps": STEPS}, {"currentStepIndex": 0, "availableReplicas": 0}, ("0/3", "20", "0")),
        ({"steps": STEPS, **WIDE}, {"currentStepIndex": 1}, ("1/3", "20", "20")),
        ({"steps": STEPS, **WIDE}, {"currentStepIndex": 3}, ("3/3", "1000", "1000")),
        ({"steps": STEPS, **ROUTED}, {"currentStepIndex": 1, **WEIGHTS}, ("1/3", "20", "7")),
        ({"steps": STEPS, **ROUTED}, {"currentStepIndex": 1, "canary": {"weights": {}}}, ("1/3", "20", "0")),
        ({"steps": STEPS, **ROUTED}, {"currentStepIndex": 1, **WEIGHTS, "availableReplicas": 0}, ("1/3", "20", "0")),
        ({}, {"currentStepIndex": 1}, ("", "100", "100")),
        ({"steps": [None, {"setWeight": 0}, {}]}, {"currentStepIndex": 2}, ("2/3", "0", "40")),
        ({"steps": [{"setWeight": 5}, None]}, {"currentStepIndex": 1}, ("1/2", "5", "40")),
    ],
)
def test_verified_examples(canary: Json, status: Json, expected: tuple[str, str, str]) -> None:
    status = {"availableReplicas": 5, "stableRS": "s", "currentPodHash": "c", **status}
    info = facts(
        rollout({"strategy": {"canary": canary}}, status),
        replica_set("new", "c", 2, replicas=2),
        replica_set("old", "s", 1, replicas=3),
    )
    assert (info.step, info.set_weight, info.actual_weight) == expected


@pytest.mark.parametrize(("available", "of", "weight"), [(1, 3, "33"), (2, 3, "66"), (-1, 3, "-33"), (10**30, 1, None)])
def test_actual_weight_is_cut_not_rounded(available: int, of: int, weight: str | None) -> None:
    info = facts(
        rollout({"strategy": {"canary": {"steps": STEPS}}}, {"availableReplicas": of, "currentPodHash": "c"}),
        replica_set("new", "c", status={"availableReplicas": available}),
    )
    assert info.actual_weight == (weight or str(10**32))


def test_of_several_canaries_the_last_listed_counts() -> None:
    info = facts(
        rollout({"strategy": {"canary": {"steps": STEPS}}}, {"availableReplicas": 10, "currentPodHash": "c"}),
        replica_set("a", "c", 1, replicas=1),
        replica_set("b", "c", 1, replicas=2),
        replica_set("c", "c", 2, replicas=3),
    )
    assert info.actual_weight == "20"


@pytest.mark.parametrize("strategy", [{}, {"blueGreen": {}}, None])
def test_without_a_canary_there_are_none(strategy: Json | None) -> None:
    info = facts(rollout({"strategy": strategy}, {"currentStepIndex": 1}))
    assert (info.step, info.set_weight, info.actual_weight) == ("", "", "")


@pytest.mark.parametrize(
    ("steps", "status", "index", "weight"),
    [
        ([{"setWeight": 10}], {"currentStepIndex": 1}, None, 100),
        ([{"setWeight": 10}], {"currentStepIndex": 0}, 0, 10),
        ([{"setWeight": 10}], {"currentStepIndex": 0, "abort": True}, 0, 0),
        ([], {}, None, 100),
        (None, {"currentStepIndex": 0}, None, 100),
        ([{"pause": {}}], {"currentStepIndex": 0}, 0, 0),
        ([{"pause": {}}], {"currentStepIndex": 1}, None, 100),
        ([{"setWeight": 10}], {}, 0, 10),
    ],
)
def test_unit_cases_of_the_reference(steps: Any, status: Json, index: int | None, weight: int) -> None:
    value = typed(objects.Rollout, rollout({"strategy": {"canary": {"steps": steps}}}, status))
    assert current_step_index(value) == index
    assert set_weight(value) == weight


def test_a_negative_index_is_an_error() -> None:
    value = typed(objects.Rollout, rollout({"strategy": {"canary": {"steps": STEPS}}}, {"currentStepIndex": -1}))
    assert step_text(value) == "-1/3"
    with pytest.raises(Failure, match=r'^Rollout "r": status.currentStepIndex is negative: -1$'):
        set_weight(value)
