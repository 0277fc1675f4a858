"""The decision table of `promote` row by row, as spec/commands.md §3 has it, on every state and with every flag.

The table is written down here a second time, from the page and not from the code.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.promote import Promotable, Wish, promotion

Object = dict[str, Any]
Patches = tuple[Object, Object, Object]
PAUSE = [{"reason": "CanaryPauseStep"}]

STRATEGIES: list[Object | None] = [
    None,
    {},
    {"canary": None},
    {"canary": {}},
    {"canary": {"steps": []}},
    {"canary": {"steps": [{"setWeight": 1}]}},
    {"canary": {"steps": [{"setWeight": 1}, {"pause": {}}, {"setWeight": 2}]}},
    {"blueGreen": {}},
    {"blueGreen": {}, "canary": {"steps": [{"pause": {}}]}},
]
HASHES: list[Object] = [{}, {"currentPodHash": "a", "stableRS": "a"}, {"currentPodHash": "a"}]


def states() -> list[Object]:
    """Every status: index, pauses, analysis, hashes."""
    made = []
    for index, conditions, controller, analysis, hashes in product(
        [None, 0, 1, 3, 4], [None, [], PAUSE], [None, True, False], [None, "Inconclusive", "Running"], HASHES
    ):
        status = {
            "currentStepIndex": index,
            "pauseConditions": conditions,
            "controllerPause": controller,
            "canary": analysis and {"currentStepAnalysisRunStatus": {"name": "a", "status": analysis}},
            **hashes,
        }
        made.append({key: value for key, value in status.items() if value is not None})
    return made


def unified(change: Object) -> Object:
    return {"spec": {"paused": False}, "status": change}


def table(spec: Object, status: Object, wish: Wish) -> Patches | str:
    """Status patch, spec patch, unified patch; or the error."""
    strategy = spec.get("strategy") or {}
    canary = strategy.get("canary")
    n = len((canary or {}).get("steps") or [])
    skip = wish.skip_current or wish.skip_all
    if wish.skip_current and wish.skip_all:
        return "Cannot use skip-current-step and skip-all-steps flags at the same time"
    if skip and strategy.get("blueGreen") is not None:
        return "Cannot skip steps of a bluegreen rollout. Run without a flags"
    if skip and n == 0:  # Q6: without a strategy, too
        return "Cannot skip steps of a rollout without steps"

    index = (status.get("currentStepIndex") or 0) if canary is not None and n else None
    following = None if index is None else index + 1 if index < n else index
    conditions, controller = status.get("pauseConditions"), status.get("controllerPause")
    analysis = ((status.get("canary") or {}).get("currentStepAnalysisRunStatus") or {}).get("status")
    inconclusive = canary is not None and analysis == "Inconclusive" and bool(conditions) and bool(controller)
    unpause: Object = {"spec": {"paused": False}} if spec.get("paused") else {}

    if wish.skip_current:  # 1
        change: Object = {"status": {"currentStepIndex": following}}
        return change, {}, change
    if wish.skip_all:  # 2
        change = {"status": {"currentStepIndex": n}}
        return change, {}, change
    if wish.full:  # 3
        change = {"promoteFull": True} if status.get("currentPodHash", "") != status.get("stableRS", "") else {}
    elif inconclusive:  # 4, 4n; Q7: the pause is lifted without steps as well, and the unified patch has all of it
        change = {"pauseConditions": None, "controllerPause": False}
        if index is not None:
            change["currentStepIndex"] = following
    elif conditions:  # 5
        change = {"pauseConditions": None}
    elif index is not None and not (controller and index < n and not wish.force):  # 6, less Q24
        change = {"pauseConditions": None, "currentStepIndex": following}
    else:  # 7
        change = {}
    return ({"status": change}, unpause, unified(change)) if change else ({}, unpause, {})


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_every_row_on_every_state(strategy: Object | None) -> None:
    wishes = [Wish(*flags) for flags in product([False, True], repeat=4)]
    for status, paused in product(states(), [None, True, False]):
        spec: Object = {key: value for key, value in (("strategy", strategy), ("paused", paused)) if value is not None}
        obj = {"metadata": {"name": "web"}, "spec": spec, "status": status}
        held = msgspec.json.decode(msgspec.json.encode(obj), type=Promotable)
        for wish in wishes:
            try:
                plan = promotion(held, wish)
            except Failure as failure:
                assert str(failure) == table(spec, status, wish), (obj, wish)
            else:
                assert (plan.status, plan.spec, plan.unified) == table(spec, status, wish), (obj, wish)
