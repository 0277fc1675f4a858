from __future__ import annotations

import re

import pytest

from kubectl_rollouts import __version__
from tests.support.cli import run_cli, run_process


def test_the_lines_are_those_of_the_reference() -> None:
    outcome = run_cli("version")
    assert outcome.status == 0
    assert outcome.stderr == ""
    first, *lines = outcome.stdout.splitlines()
    assert first == f"kubectl-argo-rollouts: v{__version__}+unknown"
    labels = ["BuildDate", "GitCommit", "GitTreeState", "GoVersion", "Compiler", "Platform"]
    assert [re.findall(r"^  (\w+): ", line) for line in lines] == [[label] for label in labels]


def test_short_is_the_first_line() -> None:
    assert run_cli("version", "--short").stdout == f"kubectl-argo-rollouts: v{__version__}+unknown\n"


def test_operands_are_ignored() -> None:
    assert run_cli("version", "x", "y", "--short").status == 0


@pytest.mark.parametrize("program", ["kubectl-rollouts", "kubectl-argo-rollouts"])
def test_the_installed_program_needs_no_kubeconfig(program: str) -> None:
    outcome = run_process("version", "--short", "--kubeconfig", "/nowhere", program=program)
    assert outcome == (f"kubectl-argo-rollouts: v{__version__}+unknown\n", "", 0)
