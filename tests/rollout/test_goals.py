"""Goals on objects: what is reached, what is still open, what will not be; and that no old status is believed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.goals import (
    DEGRADED,
    ERROR,
    NOT_FOUND,
    PAUSED,
    REACHED,
    Facts,
    Run,
    Terms,
    awaits_promotion,
    facts,
    parse_goal,
    progress_line,
    verdict,
)
from kubectl_rollouts.rollout.jsonpath import path_text

STEPS = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10s"}}]


def rollout(
    phase: str = "Healthy", message: str = "", *, generation: int = 2, seen: str = "2", spec: Any = None, **status: Any
) -> dict[str, Any]:
    """A canary of four steps at revision 3, whose status is about generation `seen`."""
    return {
        "metadata": {
            "name": "web",
            "generation": generation,
            "annotations": {"rollout.argoproj.io/revision": "3"},
        },
        "spec": {"replicas": 2, "strategy": {"canary": {"steps": STEPS}}, **(spec or {})},
        "status": {
            "observedGeneration": seen,
            "phase": phase,
            "message": message,
            "currentPodHash": "new",
            "stableRS": "new" if phase == "Healthy" else "old",
            "currentStepIndex": 4 if phase == "Healthy" else 0,
            **status,
        },
    }


def paused(step: int = 1, **more: Any) -> dict[str, Any]:
    condition = {"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}
    return rollout(
        "Paused", "CanaryPauseStep", currentStepIndex=step, pauseConditions=[condition], controllerPause=True, **more
    )


def aborted(**more: Any) -> dict[str, Any]:
    message = "RolloutAborted: Rollout aborted update to revision 3"
    return rollout("Degraded", message, abort=True, abortedAt="2026-01-01T00:00:00Z", **more)


def judge(goal: str, obj: dict[str, Any] | None, *runs: Run, **terms: Any) -> int | None:
    found = facts(obj) if obj is not None else None
    return verdict((parse_goal(goal),), found, runs, Terms(path_text=path_text, **terms)).status


PROGRESSING = rollout("Progressing", "more replicas need to be updated", currentStepIndex=2)
BROKEN = rollout("Degraded", 'ProgressDeadlineExceeded: ReplicaSet "web-1" has timed out progressing.')
BY_HAND = rollout("Paused", "manually paused", spec={"paused": True})
TIMED = paused(3)


@pytest.mark.parametrize(
    ("goal", "obj", "status"),
    [
        ("healthy", rollout(), REACHED),
        ("healthy", PROGRESSING, None),
        ("healthy", BROKEN, DEGRADED),
        ("healthy", aborted(), DEGRADED),
        ("healthy", paused(), PAUSED),
        ("healthy", BY_HAND, PAUSED),
        ("healthy", TIMED, None),
        ("healthy", None, NOT_FOUND),
        ("paused", paused(), REACHED),
        ("paused", BY_HAND, REACHED),
        ("paused", rollout(), None),
        ("paused", aborted(), DEGRADED),
        ("degraded", BROKEN, REACHED),
        ("degraded", aborted(), REACHED),
        ("degraded", paused(), PAUSED),
        ("aborted", aborted(), REACHED),
        ("aborted", BROKEN, None),
        ("step=1", paused(), REACHED),
        ("step=2", paused(), PAUSED),
        ("step=3", PROGRESSING, None),
        ("step=4", rollout(), REACHED),
        ("step=5", rollout(), ERROR),
        ("step=1", aborted(currentStepIndex=3), DEGRADED),
        ("weight=20", paused(), REACHED),
        ("weight=21", paused(), PAUSED),
        ("weight=60", PROGRESSING, None),
        ("weight=20", PROGRESSING, REACHED),
        ("weight=100", rollout(), REACHED),
        ("weight=101", rollout(), ERROR),
        ("weight=0", aborted(), REACHED),
        ("weight=0", PROGRESSING, None),
        ("weight=0", paused(), PAUSED),
        ("revision=3", PROGRESSING, REACHED),
        ("revision=4", rollout(), None),
        ("revision=2", rollout(), ERROR),
        ("available", rollout(conditions=[{"type": "Available", "status": "True"}]), REACHED),
        ("available", rollout(conditions=[{"type": "Available", "status": "False"}]), None),
        ("available", rollout(), None),
        ("condition=Completed", rollout(conditions=[{"type": "Completed", "status": "True"}]), REACHED),
        ("condition=completed=false", rollout(conditions=[{"type": "Completed", "status": "False"}]), REACHED),
        ("condition=Completed=Unknown", rollout(), None),
        ("jsonpath={.status.phase}=Healthy", rollout(), REACHED),
        ("jsonpath=.status.phase=Healthy", PROGRESSING, None),
        ("jsonpath={.spec.replicas}=2", rollout(), REACHED),
        ("deleted", None, REACHED),
        ("deleted", rollout(), None),
    ],
)
def test_goals(goal: str, obj: dict[str, Any] | None, status: int | None) -> None:
    assert judge(goal, obj) == status


@pytest.mark.parametrize("goal", ["healthy", "step=2", "weight=50", "degraded"])
def test_through_pauses(goal: str) -> None:
    assert judge(goal, paused(), through_pauses=True) is None


def test_one_release_is_over_once_it_is_healthy() -> None:
    for goal in ("paused", "degraded", "aborted", "analysis=smoke=successful", "weight=0", "revision=4"):
        assert judge(goal, rollout(), final=True) == ERROR
        assert judge(goal, rollout()) is None


def test_the_weight_that_a_router_tells_counts() -> None:
    routed = {"strategy": {"canary": {"steps": STEPS, "trafficRouting": {"maxTrafficWeight": 1000}}}}
    weights = {"weights": {"canary": {"weight": 200}, "stable": {"weight": 800}}}
    obj = rollout("Progressing", spec=routed, canary=weights, currentStepIndex=3)
    assert facts(obj).weight == 200
    assert judge("weight=201", obj) is None
    assert judge("weight=1001", obj) == ERROR
    assert facts(rollout(spec=routed)).weight == 1000


def test_blue_green_has_no_weights_and_pauses_for_a_time_with_auto_promotion() -> None:
    condition: Any = {"pauseConditions": [{"reason": "BlueGreenPause", "startTime": "2026-01-01T00:00:00Z"}]}
    by_hand = rollout("Paused", spec={"strategy": {"blueGreen": {}}}, **condition)
    timed = rollout("Paused", spec={"strategy": {"blueGreen": {"autoPromotionSeconds": 5}}}, **condition)
    assert (judge("healthy", by_hand), judge("healthy", timed)) == (PAUSED, None)
    assert judge("weight=1", by_hand) == ERROR
    assert (awaits_promotion(facts(by_hand)), awaits_promotion(facts(timed))) == (True, False)


def test_who_awaits_a_promotion() -> None:
    assert awaits_promotion(facts(paused()))
    for other in (TIMED, BY_HAND, rollout(), aborted()):
        assert not awaits_promotion(facts(other))


# --- Several goals -------------------------------------------------------------------------------------------------


def judged(goals: list[str], obj: dict[str, Any] | None, **terms: Any) -> int | None:
    found = facts(obj) if obj is not None else None
    return verdict(tuple(map(parse_goal, goals)), found, (), Terms(**terms)).status


def test_all_goals_must_hold_at_once_or_any_of_them() -> None:
    assert judged(["paused", "step=1"], paused()) == REACHED
    assert judged(["paused", "revision=4"], paused()) is None
    assert judged(["revision=4", "paused"], paused(), any=True) == REACHED
    assert judged(["healthy", "aborted"], aborted(), any=True) == REACHED
    assert judged(["healthy", "revision=4"], aborted(), any=True) is None
    assert judged(["healthy", "step=5"], aborted(), any=True) == DEGRADED
    assert judged(["paused", "deleted"], None) == NOT_FOUND
    assert judged(["paused", "deleted"], None, any=True) == REACHED


# --- Old statuses --------------------------------------------------------------------------------------------------

ABOUT_THE_STATUS = ["healthy", "paused", "degraded", "aborted", "available", "step=0", "weight=0", "revision=3",
                    "condition=Available", "jsonpath={.status.phase}=Healthy", "analysis=step=failed"]  # fmt: skip


@given(
    st.sampled_from(ABOUT_THE_STATUS),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.sampled_from([rollout(), paused(), aborted(), BROKEN, BY_HAND]),
)
def test_no_status_of_an_older_generation_is_believed(goal: str, seen: int, ahead: int, obj: dict[str, Any]) -> None:
    """As strings "9" is above "10": the generations are compared as numbers."""
    available = [{"type": "Available", "status": "True"}]
    old = {
        **obj,
        "metadata": {**obj["metadata"], "generation": seen + ahead},
        "status": {**obj["status"], "observedGeneration": str(seen), "conditions": available},
    }
    assert judge(goal, old) is None
    assert progress_line(facts(old)).startswith("Progressing - waiting for rollout spec update to be observed")


@pytest.mark.parametrize("seen", ["", None])
def test_a_rollout_that_no_controller_has_seen_is_nothing_yet(seen: Any) -> None:
    assert judge("healthy", rollout(seen=seen)) is None


def referring(told: str | None, seen: str | None) -> dict[str, Any]:
    obj = rollout(spec={"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}})
    if told is not None:
        obj["metadata"]["annotations"]["rollout.argoproj.io/workload-generation"] = told
    obj["status"]["workloadObservedGeneration"] = seen
    return obj


@pytest.mark.parametrize(
    ("told", "seen", "generation", "observed"),
    [
        ("10", "10", 0, True),
        ("10", "9", 0, False),
        ("10", "10", 10, True),
        ("10", "10", 11, False),
        ("9", "10", 0, True),
        (None, None, 0, True),
        (None, None, 1, False),
        ("x", "1", 0, True),
    ],
)
def test_the_generation_of_the_workload_counts(
    told: str | None, seen: str | None, generation: int, observed: bool
) -> None:
    assert facts(referring(told, seen), generation).observed is observed


@pytest.mark.parametrize(
    "obj",
    [
        {**rollout(), "status": {**rollout()["status"], "abort": True}},
        rollout("Degraded", "RolloutAborted: Rollout aborted update to revision 3", abort=False),
        rollout("Degraded", "InvalidSpec: x", abortedAt="2026-01-01T00:00:00Z"),
        paused(promoteFull=True),
        rollout("Paused", "CanaryPauseStep", controllerPause=True),
    ],
    ids=["abort", "retry", "retry, another message", "promote --full", "promote"],
)
def test_what_an_action_wrote_into_the_status_is_not_taken_for_its_effect(obj: dict[str, Any]) -> None:
    for goal in ("healthy", "degraded", "aborted", "paused"):
        assert judge(goal, obj) is None


# --- Analysis ------------------------------------------------------------------------------------------------------


def run(name: str, phase: str, *, kind: str = "Step", created: str = "01", pods: str = "new", step: str = "") -> Run:
    import msgspec

    labels = {"rollout-type": kind, "rollouts-pod-template-hash": pods, **({"step-index": step} if step else {})}

    return msgspec.convert(
        {
            "metadata": {
                "name": name,
                "creationTimestamp": f"2026-01-01T00:00:{created}Z",
                "labels": labels,
            },
            "spec": {"metrics": [{"name": "success-rate"}]},
            "status": {"phase": phase, "message": "too many errors"},
        },
        Run,
    )


@pytest.mark.parametrize("name", ["web-new-3-1", "step", "Step", "success-rate"])
def test_an_analysis_is_called_by_run_kind_or_metric(name: str) -> None:
    goal = f"analysis={name}=successful"
    assert judge(goal, PROGRESSING, run("web-new-3-1", "Successful")) == REACHED
    assert judge(goal, PROGRESSING, run("web-new-3-1", "Running")) is None
    assert judge(goal, PROGRESSING, run("web-new-3-1", "Failed")) == DEGRADED
    assert judge(goal, PROGRESSING, run("web-new-3-1", "Successful", pods="old")) is None
    assert judge(f"analysis={name}=failed", PROGRESSING, run("web-new-3-1", "Successful")) == ERROR


def test_the_newest_run_counts_and_its_message_is_told() -> None:
    runs = (run("b", "Failed", created="01"), run("a", "Successful", created="02"))
    assert judge("analysis=step=successful", PROGRESSING, *runs) == REACHED
    found = verdict((parse_goal("analysis=pre-promotion=successful"),), facts(PROGRESSING), runs, Terms())
    assert found.status is None
    failed = verdict((parse_goal("analysis=b=successful"),), facts(PROGRESSING), runs, Terms())
    assert failed.reason == "analysis run b is Failed: too many errors"
    assert judge("analysis=step=successful", aborted()) == DEGRADED


def test_runs_of_a_try_that_was_aborted_tell_nothing_of_the_next_one() -> None:
    """A retry keeps revision and hash: at first the newest runs are those of the try before (controller.md §6.4)."""

    def trying(step: int, **canary: str) -> dict[str, Any]:
        names = {name: {"name": run_name, "status": "Running"} for name, run_name in canary.items()}
        return rollout(
            currentStepIndex=step, phase="Progressing", currentPodHash="new", stableRS="stable", canary=names
        )

    goal = "analysis=step=successful"
    failed = run("web-new-3-1", "Failed", step="1")
    assert judge(goal, trying(0), failed) is None
    assert judge(goal, trying(1), failed) is None
    assert judge(goal, trying(1, currentStepAnalysisRunStatus="web-new-3-1"), failed) == DEGRADED
    assert judge(goal, aborted(), run("web-new-3-1", "Failed", step="1", pods="a")) == DEGRADED
    again = run("web-new-3-1.1", "Running", step="1", created="09")
    assert judge(goal, trying(1, currentStepAnalysisRunStatus="web-new-3-1.1"), failed, again) is None
    passed = run("web-new-3-1", "Successful", step="1")
    assert judge(goal, trying(1), passed) is None
    assert judge(goal, trying(2), passed) == REACHED
    background = run("web-new-3", "Failed", kind="Background")
    assert judge("analysis=background=successful", trying(1), background) is None
    named = trying(1, currentBackgroundAnalysisRunStatus="web-new-3")
    assert judge("analysis=background=successful", named, background) == DEGRADED


# --- Words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "Healthy", "healthy=1", "step", "step=", "step=x", "step=-1", "step=1.5", "weight=", "analysis=x",
     "analysis=x=great", "analysis==failed", "condition=", "condition==True", "condition=x=", "jsonpath=",
     "jsonpath={.a}", "jsonpath==x", "unhealthy"],
)  # fmt: skip
def test_words_that_are_no_goal(text: str) -> None:
    with pytest.raises(Failure, match="cannot wait for"):
        parse_goal(text)


@given(st.text(max_size=20))
def test_any_text_is_a_goal_or_refused(text: str) -> None:
    try:
        goal = parse_goal(text)
    except Failure:
        return
    assert goal.text == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "spec", "status", "strategy", "canary", "steps", "pause", "pauseConditions", "phase",
                 "currentStepIndex", "generation", "observedGeneration", "abort", "paused"]
            ),
            inner,
            max_size=4,
        ),
        max_leaves=12,
    ).filter(lambda obj: isinstance(obj, dict))
)  # fmt: skip
def test_objects_that_make_no_sense_are_said_to(obj: dict[str, Any]) -> None:
    try:
        found: Facts = facts(obj)
        for goal in ABOUT_THE_STATUS:
            judge(goal, obj)
    except Failure:
        return
    assert progress_line(found)
