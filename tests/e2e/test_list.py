"""`list`, as installed: once and watched."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import pytest

from tests.support.api_server import ApiServer
from tests.support.background import in_background
from tests.support.cli import run_process
from tests.support.on_terminal import on_terminal
from tests.support.releases import experiment, rollout

TITLES = "NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE\n"
WEB = "web         Canary     Healthy       -     50          2/2    2        2           2        \n"
NOTHING = "No resources found.\n"


def test_rollouts(given: Callable[..., None], env: dict[str, str]) -> None:
    assert run_process("list", "rollouts", env=env) == ("", NOTHING, 0)
    given(rollout("web"), rollout("api", phase="Paused"))
    api = WEB.replace("web", "api").replace("Healthy", "Paused ")
    assert run_process("list", "rollouts", env=env) == (TITLES + api + WEB, "", 0)
    assert run_process("list", "ro", "--name", "web", "ignored", env=env) == (TITLES + WEB, "", 0)
    assert run_process("list", "ro", "--name", "nope", env=env) == ("", NOTHING, 0)
    out = run_process("list", "rollouts", "-A", "--timestamps", env=env).stdout
    assert out.startswith("TIMESTAMP             NAMESPACE  NAME")
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  default    web ", out, re.MULTILINE)


@pytest.mark.parametrize("name", ["a,b", "a=b", "a\\b"])
def test_names_that_no_field_selector_can_say(server: ApiServer, env: dict[str, str], name: str) -> None:
    out, err, status = run_process("list", "rollouts", "--name", name, env=env)
    assert (out, status) == ("", 1)
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert server.log == []


def test_experiments(given: Callable[..., None], env: dict[str, str]) -> None:
    assert run_process("list", "experiments", env=env) == ("", NOTHING, 0)
    one = experiment("e1", "", "", [])
    del one["metadata"]["creationTimestamp"]  # an age of 292 years, whenever the test runs
    given(one)
    assert run_process("list", "exp", env=env).stdout == (
        "NAME        STATUS   DURATION  REMAINING  AGE\ne1          Running  -         -          292y\n"
    )
    assert run_process("list", "exp", "-w", env=env).status == 1


def test_a_long_list_comes_in_pages(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(*(rollout(f"r{number:04}") for number in range(1203)))
    out = run_process("list", "rollouts", env=env).stdout
    assert out.count("\n") == 1204
    assert len(server.log) == 3


# --- Watched -------------------------------------------------------------------------------------------------------


def test_changes_are_lines_of_their_own(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(rollout("web"), rollout("api"))
    with in_background("list", "rollouts", "-w", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 3)
        table = command.out
        assert server.wait_watching(1)
        server.patch("Rollout", "api", {"metadata": {"annotations": {"a": "b"}}})
        server.delete("Rollout", "api")
        server.patch("Rollout", "web", {"status": {"availableReplicas": 1}})
        server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
        command.until(lambda one: one.out.count("\n") == 5)
        first = WEB.removesuffix("2        \n") + "1        \n"
        assert command.out == table + first + first.replace("Healthy", "Paused ")
        assert command.end(signal.SIGINT) == -signal.SIGINT
        assert command.err == ""


def test_on_a_terminal_changes_stand_below_the_titles(
    server: ApiServer, given: Callable[..., None], env: dict[str, str]
) -> None:
    given(rollout("web"), rollout("a-rather-long-name"))
    with on_terminal("list", "rollouts", "-w", env=env, columns=110) as terminal:
        terminal.until(lambda one: "\nweb " in one.text)
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
        terminal.until(lambda one: "Paused" in one.text)
        given(rollout("a-name-that-is-longer-still"))
        terminal.until(lambda one: "a-name-that-is-longer-still" in one.text)
        server.patch("Rollout", "web", {"status": {"phase": "Degraded"}})
        terminal.until(lambda one: "Degraded" in one.text)
        lines = terminal.lines
        terminal.child.sendintr()
    assert lines[3].index("Paused") == lines[0].index("STATUS")
    assert lines[5].index("Degraded") == lines[4].index("Healthy") > lines[0].index("STATUS")


def test_an_empty_list_is_watched_too(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    with in_background("list", "rollouts", "-w", "--name", "web", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert command.out == re.sub(r"  +", "  ", TITLES)
        assert server.wait_watching(1)
        given(rollout("api"), rollout("web"))
        command.until(lambda one: WEB in one.out)
        assert "api" not in command.out
        assert command.end(signal.SIGTERM) == -signal.SIGTERM


@pytest.mark.parametrize("how", ["close", "reset", "midline", "500"])
def test_broken_watches_go_on_where_they_stood(
    server: ApiServer, given: Callable[..., None], env: dict[str, str], how: str
) -> None:
    given(rollout("web"))
    with in_background("list", "rollouts", "-w", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert server.wait_watching(1)
        server.cut_watches(how)
        given(rollout("late"))
        command.until(lambda one: "\nlate " in one.out)
    assert len(server.requests("rollouts", watch=False)) == 1


def test_a_forgotten_history_leads_to_one_new_list(
    server: ApiServer, given: Callable[..., None], env: dict[str, str]
) -> None:
    given(rollout("web"))
    with in_background("list", "rollouts", "-w", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert server.wait_watching(1)
        with server.lock:
            server.cut_watches("close")
            given(rollout("late"))
            server.compact()
        command.until(lambda one: "\nlate " in one.out)
        given(rollout("later"))
        command.until(lambda one: "\nlater " in one.out)
        assert "level=warning" in command.err
    assert len(server.requests("rollouts", watch=False)) == 2
    assert len(server.requests("rollouts", watch=True)) <= 4


def test_seven_failures_in_a_row_end_it(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(rollout("web"))
    server.rule("watch=true", status=500, message="no watching today")
    with in_background("list", "rollouts", "-w", "--loglevel", "warn", env=env) as command:
        assert command.end(seconds=20) == 1
    assert command.out == TITLES + WEB
    lines = command.err.splitlines()
    assert len(lines) == 7
    assert all('level=warning msg="' in line and "no watching today" in line for line in lines[:-1])
    assert lines[-1] == "Error: no watching today"
