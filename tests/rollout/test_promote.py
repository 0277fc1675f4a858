"""The decision table of `promote` (spec/commands.md §3) with its mended quirks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.promote import Promotable, Promotion, Wish, moved_on, promotion, took

CONDITION = [{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}]
INCONCLUSIVE = {"currentStepAnalysisRunStatus": {"name": "a", "status": "Inconclusive"}}
UNPAUSE = {"spec": {"paused": False}}


def rollout(
    steps: int | None = 4, *, strategy: str = "canary", paused: bool | None = None, **status: Any
) -> Promotable:
    inner: dict[str, Any] = {} if steps is None else {"steps": [{"setWeight": 1}] * steps}
    obj: dict[str, Any] = {"metadata": {"name": "web", "resourceVersion": "7"}, "spec": {}, "status": status}
    if strategy:
        obj["spec"]["strategy"] = {strategy: inner}
    if paused is not None:
        obj["spec"]["paused"] = paused
    return msgspec.json.decode(msgspec.json.encode(obj), type=Promotable)


def sent(plan: Promotion) -> tuple[Any, Any, Any]:
    return plan.status, plan.spec, plan.unified


def status(**fields: Any) -> dict[str, Any]:
    return {"status": fields}


def test_a_running_canary_goes_to_its_next_step() -> None:
    plan = promotion(rollout(currentStepIndex=1), Wish())
    change = {"pauseConditions": None, "currentStepIndex": 2}
    assert sent(plan) == (status(**change), {}, {**UNPAUSE, **status(**change)})


def test_without_an_index_the_first_step_is_the_current_one() -> None:
    assert promotion(rollout(), Wish()).target == 1


@pytest.mark.parametrize("index", [4, 5, 9])
def test_beyond_the_last_step_the_index_stays(index: int) -> None:
    assert promotion(rollout(currentStepIndex=index), Wish()).target == index


def test_a_pause_is_ended_without_moving_the_step() -> None:
    plan = promotion(rollout(currentStepIndex=1, pauseConditions=CONDITION, controllerPause=True), Wish())
    assert sent(plan) == (status(pauseConditions=None), {}, {**UNPAUSE, **status(pauseConditions=None)})


def test_a_manual_pause_is_ended_as_well() -> None:
    assert promotion(rollout(paused=True, pauseConditions=CONDITION), Wish()).spec == UNPAUSE
    assert promotion(rollout(paused=True, currentStepIndex=1), Wish()).spec == UNPAUSE


def test_a_blue_green_pause() -> None:
    paused = rollout(None, strategy="blueGreen", pauseConditions=CONDITION, controllerPause=True)
    assert promotion(paused, Wish()).status == status(pauseConditions=None)


@pytest.mark.parametrize(
    "held", [rollout(None, strategy="blueGreen"), rollout(0), rollout(None), rollout(None, strategy="")]
)
def test_nothing_to_change_sends_nothing(held: Promotable) -> None:
    assert sent(promotion(held, Wish())) == ({}, {}, {})


def test_only_the_manual_pause_is_left() -> None:
    held = rollout(None, strategy="blueGreen", paused=True)
    assert sent(promotion(held, Wish())) == ({}, UNPAUSE, {})


def test_an_inconclusive_analysis_is_passed_over() -> None:
    held = rollout(currentStepIndex=2, pauseConditions=CONDITION, controllerPause=True, canary=INCONCLUSIVE)
    change = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 3}
    assert sent(promotion(held, Wish())) == (status(**change), {}, {**UNPAUSE, **status(**change)})


def test_an_inconclusive_analysis_without_steps_is_resumed() -> None:
    held = rollout(0, pauseConditions=CONDITION, controllerPause=True, canary=INCONCLUSIVE)
    assert promotion(held, Wish()).status == status(pauseConditions=None, controllerPause=False)


@pytest.mark.parametrize(
    "change",
    [{"controllerPause": False}, {"canary": {"currentStepAnalysisRunStatus": {"status": "Running"}}}, {"canary": None}],
)
def test_other_pauses_are_not_inconclusive(change: dict[str, Any]) -> None:
    state = {"pauseConditions": CONDITION, "controllerPause": True, "canary": INCONCLUSIVE, **change}
    assert promotion(rollout(currentStepIndex=2, **state), Wish()).status == status(pauseConditions=None)


def test_full_promotion() -> None:
    plan = promotion(rollout(paused=True, currentPodHash="b", stableRS="a", pauseConditions=CONDITION), Wish(full=True))
    assert sent(plan) == (status(promoteFull=True), UNPAUSE, {**UNPAUSE, **status(promoteFull=True)})


@pytest.mark.parametrize(
    "hashes", [{"currentPodHash": "a", "stableRS": "a"}, {}, {"currentPodHash": "", "stableRS": ""}]
)
def test_a_full_promotion_of_the_stable_version_changes_nothing(hashes: dict[str, str]) -> None:
    assert sent(promotion(rollout(**hashes), Wish(full=True))) == ({}, {}, {})


def test_skipping_the_current_step() -> None:
    plan = promotion(rollout(paused=True, currentStepIndex=1, pauseConditions=CONDITION), Wish(skip_current=True))
    assert sent(plan) == (status(currentStepIndex=2), {}, status(currentStepIndex=2))


def test_skipping_all_steps() -> None:
    assert promotion(rollout(currentStepIndex=1), Wish(skip_all=True, full=True)).target == 4


@pytest.mark.parametrize(
    ("held", "wish", "text"),
    [
        (rollout(), Wish(skip_current=True, skip_all=True), "Cannot use skip-current-step and skip-all-steps flags at"),
        (rollout(None, strategy="blueGreen"), Wish(skip_current=True), "Cannot skip steps of a bluegreen rollout. Run"),
        (rollout(None, strategy="blueGreen"), Wish(skip_all=True), "Cannot skip steps of a bluegreen rollout. Run"),
        (rollout(0), Wish(skip_current=True), "Cannot skip steps of a rollout without steps"),
        (rollout(0), Wish(skip_all=True), "Cannot skip steps of a rollout without steps"),
        (rollout(None, strategy=""), Wish(skip_current=True), "Cannot skip steps of a rollout without steps"),
        (rollout(None, strategy=""), Wish(skip_all=True), "Cannot skip steps of a rollout without steps"),
    ],
)
def test_flags_that_do_not_fit(held: Promotable, wish: Wish, text: str) -> None:
    with pytest.raises(Failure, match=text):
        promotion(held, wish)


def test_a_second_promotion_before_the_controller_reacts_skips_no_step() -> None:
    resumed = rollout(currentStepIndex=1, controllerPause=True, paused=True)
    plan = promotion(resumed, Wish())
    assert (plan.status, plan.spec) == ({}, UNPAUSE)
    assert "step 2 of 4 is not skipped (--force skips it)" in plan.note
    assert promotion(resumed, Wish(force=True)).target == 2


def test_after_the_last_step_there_is_none_to_skip() -> None:
    plan = promotion(rollout(currentStepIndex=4, controllerPause=True), Wish())
    assert (plan.target, plan.note) == (4, "")


# --- Read again ----------------------------------------------------------------------------------------------------


def test_what_was_asked_is_over_when_the_step_is_passed() -> None:
    before, now = rollout(currentStepIndex=1), rollout(currentStepIndex=2)
    assert "is at step 2 of 4 by now" in moved_on(before, now, Wish())
    assert moved_on(before, before, Wish()) == ""
    assert moved_on(before, rollout(currentStepIndex=0), Wish()) == ""
    assert moved_on(before, now, Wish(full=True)) == ""


@pytest.mark.parametrize("wish", [Wish(), Wish(full=True)])
def test_a_version_that_nobody_looked_at_is_not_promoted(wish: Wish) -> None:
    with pytest.raises(Failure, match="another version"):
        moved_on(rollout(currentPodHash="b"), rollout(currentPodHash="c"), wish)


def test_whether_a_patch_took() -> None:
    held = rollout(currentStepIndex=1, currentPodHash="b", stableRS="a")
    plan = promotion(held, Wish())
    assert not took(plan, held, held)
    assert took(plan, held, rollout(currentStepIndex=2, currentPodHash="b"))
    assert not took(plan, held, rollout(currentStepIndex=2, currentPodHash="c"))
    full = promotion(held, Wish(full=True))
    assert not took(full, held, held)
    assert took(full, held, rollout(promoteFull=True, currentPodHash="b", stableRS="a"))
    assert took(full, held, rollout(currentPodHash="b", stableRS="b"))


@given(
    steps=st.integers(0, 4),
    index=st.none() | st.integers(0, 6),
    paused=st.booleans(),
    conditions=st.sampled_from([[], CONDITION]),
    controller=st.booleans(),
    inconclusive=st.booleans(),
    full=st.booleans(),
    force=st.booleans(),
)
def test_no_promotion_ever_goes_back(
    steps: int,
    index: int | None,
    paused: bool,
    conditions: list[Any],
    controller: bool,
    inconclusive: bool,
    full: bool,
    force: bool,
) -> None:
    held = rollout(
        steps,
        paused=paused,
        currentStepIndex=index,
        pauseConditions=conditions,
        controllerPause=controller,
        canary=INCONCLUSIVE if inconclusive else {},
        currentPodHash="b",
        stableRS="a",
    )
    plan = promotion(held, Wish(full=full, force=force))
    assert plan.target is None or (index or 0) <= plan.target <= max(steps, index or 0)
    assert bool(plan.spec) == paused
    for patch in (plan.status, plan.unified):
        assert patch == {} or set(patch["status"]) <= {
            "pauseConditions",
            "controllerPause",
            "currentStepIndex",
            "promoteFull",
        }
