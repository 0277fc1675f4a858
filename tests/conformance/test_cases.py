"""Every recorded command line, played by the installed program: stdout to the byte, exit status, cluster afterwards.

A test a recorded cluster; its command lines run side by side, as most of their time is waiting.
"""

from __future__ import annotations

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import BIN
from tests.support.replayed import CONFORMANCE, conformance_tools

CLI = [str(BIN / "kubectl-rollouts")]
CASES = sorted((CONFORMANCE / "cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_the_program_does_what_is_recorded(path: Path) -> None:
    tools = conformance_tools()
    case = json.loads(path.read_text(encoding="utf-8"))

    def differences(run: dict[str, Any]) -> str:
        found = tools.differences(run, tools.execute(CLI, path, case, run))
        return "\n".join([shlex.join(run["args"]), *(f"  {line}" for line in found)]) if found else ""

    with ThreadPoolExecutor(4) as pool:
        failed = [text for text in pool.map(differences, case["runs"]) if text]
    assert not failed, "\n".join(failed)


def test_the_cases_are_there() -> None:
    assert sum(len(json.loads(path.read_text(encoding="utf-8"))["runs"]) for path in CASES) == 305
