"""The extras of screens: how long a pause lasts, steps, fewer rows."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.rollout.details import PauseInfo, StepInfo
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.extras import Extras, pause_text, screen_with, step_text
from kubectl_rollouts.view.tree import rollout_screen
from tests.support.objects import NOON, ago, pod, replica_set, rollout
from tests.view.output.views import details

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("pause", "text"),
    [
        (PauseInfo("r", NOON - 400, NOON + 200), "3m20s left, began 6m40s ago"),
        (PauseInfo("r", NOON - 600, NOON), "over, began 10m ago"),
        (PauseInfo("r", NOON - 60, None), "until it is promoted, began 60s ago"),
        (PauseInfo("r", NOON + 3, None), "until it is promoted, began 0s ago"),
        (PauseInfo("r", None, None), "until it is promoted"),
    ],
)
def test_pauses(pause: PauseInfo, text: str) -> None:
    assert pause_text(pause, NOON) == text


@pytest.mark.parametrize(
    ("kind", "weight", "seconds", "text"),
    [
        ("setWeight", 20, None, "setWeight 20"),
        ("pause", None, 600.0, "pause 10m"),
        ("pause", None, None, "pause"),
        ("analysis", None, None, "analysis"),
        ("", None, None, "unknown"),
    ],
)
def test_steps(kind: str, weight: int | None, seconds: float | None, text: str) -> None:
    assert step_text(StepInfo(0, kind, weight, seconds, "done", None)) == text


def release(*steps: Json, status: Json) -> Any:
    sets = [
        replica_set(f"r{number}", "r", annotations={"rollout.argoproj.io/revision": str(number)})
        for number in (1, 2, 3)
    ]
    pods = [pod(f"p{number}", f"r{number}") for number in (1, 2, 3)]
    made = rollout({"strategy": {"canary": {"steps": list(steps)}}}, status)
    return details([made, *sets, *pods], "Rollout", "r", "ns")


PAUSED = {"currentStepIndex": 1, "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": ago(60)}]}


def lines(found: Any, **extras: Any) -> list[str]:
    return write_screen(screen_with(found, NOON, Extras(**extras)), color=False).splitlines()


def test_a_pause_stands_below_the_step() -> None:
    told = lines(release({"setWeight": 5}, {"pause": {"duration": "2m"}}, status=PAUSED))
    at = told.index("  Step:          1/2")
    assert told[at + 1] == "  Pause:         60s left, began 60s ago"


def test_without_extras_the_screen_is_the_references() -> None:
    found = release({"setWeight": 5}, {"pause": {}}, status=PAUSED)
    assert screen_with(found, NOON, Extras(pauses=False)) == rollout_screen(found, NOON)
    still = release(status={})
    assert screen_with(still, NOON, Extras()) == rollout_screen(still, NOON)


def test_steps_in_a_column() -> None:
    told = lines(release(*[{"setWeight": number} for number in range(11)], status={"currentStepIndex": 9}), steps=True)
    steps = [line[17:] for line in told if "setWeight" in line]
    assert steps[0] == "✔  1  setWeight 0"
    assert steps[9:] == ["◌ 10  setWeight 9", "• 11  setWeight 10"]


def test_fewer_revisions_and_no_pods() -> None:
    found = release(status={})
    assert [line for line in lines(found, revisions=2) if "revision:" in line and "#" in line][-1].startswith("└")
    assert "revision:1" not in "\n".join(lines(found, revisions=2))
    assert "□" in "\n".join(lines(found, revisions=2))
    assert "□" not in "\n".join(lines(found, pods=False))
    assert lines(found, revisions=9) == lines(found)


def test_wide_rows_say_images_and_nodes() -> None:
    told = lines(release(status={}), wide=True)
    titles = next(line for line in told if line.startswith("NAME "))
    assert titles.split()[-2:] == ["IMAGES", "NODE"]
