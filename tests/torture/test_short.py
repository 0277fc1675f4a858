"""A few cases of each campaign; `make torture` runs them all."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import pytest

from tests.support.cli import ROOT
from tests.torture.campaign import Campaign, campaigns, run

PATIENCE = 300  # seconds; none takes a tenth of that


@pytest.mark.parametrize("name", list(campaigns()))
def test_campaign(name: str) -> None:
    """In a process of its own: threads that other tests have left behind would live in a simulated world, too."""
    line = [sys.executable, "-m", "tests.torture", "--short", "--processes", "1", "--only", name]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def test_a_failure_names_its_seed() -> None:
    def case(seed: int) -> None:
        assert seed != 3, "three"

    report = run(Campaign("odd", "fails at 3", lambda: nullcontext(case), 9, 9), 1, 9)
    assert [failed.seed for failed in report.failures] == [3]
