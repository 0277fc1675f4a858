"""`status`, as installed: once, and waiting."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.support.api_server import ApiServer
from tests.support.background import in_background
from tests.support.cli import run_process
from tests.support.releases import rollout

DEGRADED = "Error: The rollout is in a degraded state with message: broken\n"
LATE = "Error: Rollout status watch exceeded timeout\n"


def phase(status: str, message: str = "") -> dict[str, object]:
    return rollout("web", "aaaa", phase=status, message=message)


@pytest.mark.parametrize(
    ("status", "message", "outcome"),
    [
        ("Healthy", "", ("Healthy\n", "", 0)),
        ("Degraded", "broken", ("Degraded\n", DEGRADED, 1)),
        ("Paused", "CanaryPauseStep", ("Paused - CanaryPauseStep\n", "", 0)),
        ("Progressing", "", ("Progressing - \n", "", 0)),
    ],
)
def test_once(given: Callable[..., None], env: dict[str, str], status: str, message: str, outcome: object) -> None:
    given(phase(status, message))
    assert run_process("status", "web", "--watch=false", env=env) == outcome


@pytest.mark.parametrize(
    ("status", "message", "outcome"),
    [
        ("Healthy", "", ("Healthy\n", "", 0)),
        ("Degraded", "broken", ("Degraded - broken\n", DEGRADED, 1)),
        ("Paused", "CanaryPauseStep", ("Paused - CanaryPauseStep\n", LATE, 1)),
        ("Progressing", "", ("Progressing\n", LATE, 1)),
    ],
)
def test_waiting(given: Callable[..., None], env: dict[str, str], status: str, message: str, outcome: object) -> None:
    given(phase(status, message))
    assert run_process("status", "web", "--timeout", "300ms", env=env) == outcome
    assert run_process("status", "web", "-t=-1s", env=env) == outcome


def test_only_the_rollout_is_asked_for(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(phase("Healthy"))
    server.rule("/(pods|replicasets|analysisruns|experiments)", status=403, reason="Forbidden")
    assert run_process("status", "web", "--watch=false", env=env).status == 0
    assert run_process("status", "web", env=env).status == 0
    assert {request.plural for request in server.log} == {"rollouts"}


def test_each_change_is_a_line(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(phase("Progressing", "more replicas"))
    with in_background("status", "web", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 1)
        assert server.wait_watching(1)
        for status, message in (
            ("Progressing", "more replicas"),
            ("Paused", "step"),
            ("Progressing", "going on"),
            ("Progressing", "going on"),
            ("Healthy", ""),
        ):
            server.patch("Rollout", "web", {"status": {"phase": status, "message": message or None}})
        assert command.end() == 0
        assert command.out == "Progressing - more replicas\nPaused - step\nProgressing - going on\nHealthy\n"
        assert command.err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_the_verdict(given: Callable[..., None], env: dict[str, str], number: signal.Signals) -> None:
    given(phase("Paused", "step"))
    with in_background("status", "web", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert command.end(number) == 1
        assert (command.out, command.err) == ("Paused - step\n", LATE)


def test_deleted_while_waiting(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(phase("Paused", "step"))
    with in_background("status", "web", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert server.wait_watching(1)
        server.delete("Rollout", "web")
        command.until(lambda one: "not found" in one.err)
        assert command.end(signal.SIGINT) == 1
        assert command.err.endswith('Error: rollout.argoproj.io "web" not found\n')


@pytest.mark.parametrize("how", ["close", "reset", "410", "midline"])
def test_the_wait_survives_broken_watches(
    server: ApiServer, given: Callable[..., None], env: dict[str, str], how: str
) -> None:
    given(phase("Progressing"))
    with in_background("status", "web", env=env) as command:
        command.until(lambda one: bool(one.out))
        assert server.wait_watching(1)
        server.cut_watches(how)
        server.patch("Rollout", "web", {"status": {"phase": "Healthy"}})
        assert command.end() == 0
        assert command.out == "Progressing\nHealthy\n"
