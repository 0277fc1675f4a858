"""Every recorded screen of the reference: the exact writer to the byte, the Rich writer word for word."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.phase import phase
from kubectl_rollouts.rollout.rows import experiment_row, rollout_row
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.lists import experiments_table, rollouts_table
from kubectl_rollouts.view.status import status_followed, status_once
from kubectl_rollouts.view.terminal import fitted
from tests.support.recorded import LOOKED, Recorded, recorded, recorded_screen

GETS, LISTS, STATUSES = recorded("get"), recorded("list"), recorded("status")


def test_there_are_recordings() -> None:
    assert (len(GETS) > 60, len(LISTS) > 30, len(STATUSES) > 20) == (True, True, True)


@pytest.mark.parametrize("run", GETS, ids=str)
def test_get_to_the_byte(run: Recorded) -> None:
    assert write_screen(recorded_screen(run), color="--no-color" not in run.args) == run.stdout


@pytest.mark.parametrize("run", GETS, ids=str)
def test_both_writers_agree(run: Recorded) -> None:
    console = Console(file=io.StringIO(), width=300, color_system=None)
    console.print(fitted(recorded_screen(run), width=300, height=1000))
    output = console.file
    assert isinstance(output, io.StringIO)
    uncoloured = re.sub(r"\x1b\[\d+m", "", run.stdout)
    assert [line.rstrip() for line in output.getvalue().splitlines()] == [
        line.rstrip() for line in uncoloured.splitlines()
    ]


@pytest.mark.parametrize("run", LISTS, ids=str)
def test_list_to_the_byte(run: Recorded) -> None:
    everywhere = "-A" in run.args or "--all-namespaces" in run.args
    if run.args[1].startswith("exp"):
        experiments = [experiment_row(one) for one in run.of_kind(objects.Experiment, everywhere)]
        assert experiments_table(experiments, LOOKED, namespaces=everywhere) == run.stdout
        return
    rows = [rollout_row(one) for one in run.of_kind(objects.Rollout, everywhere)]
    if "--name" in run.args:
        rows = [row for row in rows if row.name == run.args[run.args.index("--name") + 1]]
    assert rollouts_table(rows, namespaces=everywhere) == run.stdout


@pytest.mark.parametrize("run", STATUSES, ids=str)
def test_status_to_the_byte(run: Recorded) -> None:
    (found,) = [phase(one) for one in run.of_kind(objects.Rollout) if one.metadata.name == run.args[1]]
    line = status_once(found) if "--watch=false" in run.args else status_followed(found)
    assert line + "\n" == run.stdout
