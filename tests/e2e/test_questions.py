"""The question before many rollouts are changed, and the line that changes while one is waited for: a real terminal."""

from __future__ import annotations

import signal
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.objects import rollout
from tests.support.api_server import ApiServer
from tests.support.background import in_background
from tests.support.on_terminal import on_terminal

NAMES = ("a", "b", "c", "d")


def changed(server: ApiServer) -> list[str]:
    return sorted(request.path.rpartition("/")[2] for request in server.requests() if request.method == "PATCH")


@pytest.mark.parametrize(("answer", "names", "status"), [("y", NAMES, 0), ("", (), 1), ("no", (), 1)])
def test_the_question(
    given: Callable[..., None],
    server: ApiServer,
    env: dict[str, str],
    answer: str,
    names: tuple[str, ...],
    status: int,
) -> None:
    given(*(rollout(name) for name in NAMES))
    with on_terminal("pause", "--all", env=env) as terminal:
        terminal.until(lambda seen: "Pause these 4 rollouts? [y/N]" in seen.text)
        assert "a  Healthy" in terminal.text
        assert changed(server) == []
        terminal.child.sendline(answer)
        assert terminal.end() == status
        assert ("Nothing was done." in terminal.text) == bool(status)
    assert changed(server) == list(names)


def test_three_are_changed_without_a_question(
    given: Callable[..., None], server: ApiServer, env: dict[str, str]
) -> None:
    given(*(rollout(name) for name in NAMES[:3]))
    with on_terminal("pause", "--all", env=env) as terminal:
        assert terminal.end() == 0
    assert changed(server) == ["a", "b", "c"]


def test_a_wait_on_a_terminal_is_one_line_and_ctrl_c_ends_it(
    given: Callable[..., None], server: ApiServer, env: dict[str, str]
) -> None:
    web: dict[str, Any] = rollout("web")
    web["status"] |= {"phase": "Progressing", "message": "more replicas need to be updated, " * 10}
    given(web)
    with on_terminal("wait", "web", env=env, columns=60) as terminal:
        terminal.until(lambda seen: "web: Progressing - more replicas" in seen.text)
        assert server.wait_watching(1)
        assert len([line for line in terminal.lines if line.strip()]) == 1
        terminal.child.sendintr()
        assert terminal.end() == 130


def test_get_until_leaves_the_last_state_on_the_screen(
    given: Callable[..., None], server: ApiServer, env: dict[str, str]
) -> None:
    web: dict[str, Any] = rollout("web")
    web["status"] |= {"phase": "Progressing"}
    given(web)
    with on_terminal("get", "rollout", "web", "-w", "--until", "healthy", env=env) as terminal:
        terminal.until(lambda seen: "Progressing" in seen.text)
        assert server.wait_watching(2)
        server.patch("Rollout", "web", {"status": {"phase": "Healthy"}})
        assert terminal.end() == 0
        assert "✔ Healthy" in terminal.text
        assert "rollout 'web' is healthy" in terminal.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_report_of_a_wait_that_was_ended_from_outside_says_so(
    given: Callable[..., None], server: ApiServer, env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    web: dict[str, Any] = rollout("web")
    web["status"] |= {"phase": "Progressing"}
    given(web)
    report = tmp_path / "r.xml"
    with in_background("wait", "web", f"--report={report}", env=env) as command:
        assert server.wait_watching(1)
        command.end(number)
    [case] = ET.fromstring(report.read_text()).iter("testcase")
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "it was ended before the result was known"
