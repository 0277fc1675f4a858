"""`get` on a real terminal: what a person sees, at several sizes, and what is left when it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.support.api_server import ApiServer
from tests.support.on_terminal import Terminal, on_terminal
from tests.support.releases import full, simple

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


def left_as_found(terminal: Terminal) -> bool:
    """Whether the alternate screen and the hidden cursor were given back."""
    return not terminal.alternate and terminal.raw.rfind(SHOW) >= terminal.raw.rfind(HIDE)


def test_once(given: Callable[..., None], env: dict[str, str]) -> None:
    given(*full())
    with on_terminal("get", "rollout", "web", env=env) as terminal:
        assert terminal.end() == 0
        assert terminal.lines[0] == "Name:            web"
        assert any("├──⧉ web-bbbb" in line for line in terminal.lines)
        assert b"\x1b[32m" in terminal.raw
        assert b"1049" not in terminal.raw
    with on_terminal("get", "rollout", "web", "--no-color", env=env) as terminal:
        assert terminal.end() == 0
        assert b"\x1b[3" not in terminal.raw


def test_a_small_window_and_a_resize(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(*full())
    with on_terminal("get", "rollout", "web", "-w", env=env, columns=60, rows=20) as terminal:
        terminal.until(lambda one: "more rows" in one.text)
        assert terminal.alternate
        assert terminal.lines[0] == "Name:            web"
        assert any("⧉ web-bbbb " in line for line in terminal.lines)
        assert not any("web-aaaa " in line for line in terminal.lines)
        terminal.resize(110, 45)
        terminal.until(lambda one: "web-aaaa-p1" in one.text and "more rows" not in one.text)
        server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
        terminal.until(lambda one: "॥ Paused" in one.text)
        terminal.resize(20, 8)
        terminal.until(lambda one: "more rows" in one.text)
        assert terminal.alternate
        terminal.child.kill(signal.SIGINT)
        assert terminal.end() == 0
        assert left_as_found(terminal)


def test_ctrl_c_prints_the_last_screen_once_more(given: Callable[..., None], env: dict[str, str]) -> None:
    given(*simple())
    with on_terminal("get", "rollout", "web", "--watch", env=env) as terminal:
        terminal.until(lambda one: "web-bbbb-p1" in one.text)
        terminal.child.sendintr()
        assert terminal.end() == 0
        assert left_as_found(terminal)
        after = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert after.count("web-bbbb-p1") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_experiment_ends_by_the_signal(
    given: Callable[..., None], env: dict[str, str], number: signal.Signals
) -> None:
    given(*full())
    with on_terminal("get", "experiment", "web-bbbb-2-0", "-w", env=env) as terminal:
        terminal.until(lambda one: "web-bbbb-2-0-check" in one.text)
        terminal.child.kill(number)
        assert terminal.end() == -number
        assert left_as_found(terminal)


def test_a_stale_screen_says_so(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(*simple())
    with on_terminal("get", "rollout", "web", "-w", env=env) as terminal:
        terminal.until(lambda one: "web-bbbb-p1" in one.text)
        away = server.rule("watch=true", status=503, message="away \x1b[5mfor a while")
        server.cut_watches("close")
        terminal.until(lambda one: "Stale:" in one.text and "away \\x1b[5mfor a while" in one.text)
        away.times = 0
        terminal.until(lambda one: "Stale:" not in one.text)


def test_a_dumb_terminal_gets_a_frame_for_each_change_and_no_control_sequence(
    server: ApiServer, given: Callable[..., None], env: dict[str, str]
) -> None:
    given(*simple())
    with on_terminal("get", "rollout", "web", "-w", env={**env, "TERM": "dumb"}) as terminal:
        terminal.until(lambda one: "web-bbbb-p1" in one.text)
        server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
        terminal.until(lambda one: "॥ Paused" in one.text)
        terminal.child.sendintr()
        assert terminal.end() == 0
    assert b"\x1b" not in terminal.raw
    assert terminal.raw.count(b"Name: ") == 2


def test_a_watch_that_cannot_begin_leaves_the_terminal_alone(env: dict[str, str]) -> None:
    with on_terminal("get", "rollout", "nope", "-w", env=env) as terminal:
        assert terminal.end() == 1
        assert terminal.lines[0] == 'Error: rollout.argoproj.io "nope" not found'
        assert b"1049" not in terminal.raw
