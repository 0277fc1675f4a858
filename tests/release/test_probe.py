"""Looks at the object beside its watches: when they make what is shown stale."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.release.probe import AGAIN, EVERY, PATIENCE, Probe
from kubectl_rollouts.rollout.objects import Rollout
from tests.support.objects import typed


def rollout(version: str) -> Rollout:
    return typed(Rollout, {"metadata": {"name": "web", "resourceVersion": version}})


def asked(answer: Any) -> tuple[Probe, float]:
    """A probe that has just got its first answer, and when."""
    inbox: SimpleQueue[Any] = SimpleQueue()
    probe = Probe("web", lambda: rollout("5"), inbox, 0.0)
    probe.tick(EVERY)
    inbox.get(timeout=10)
    probe.answered(answer, rollout("5"), EVERY)
    return probe, EVERY


def test_a_look_that_is_cut_is_repeated_before_it_counts() -> None:
    cut = ConnectionFailed("GET", "http://x", "EOF", sent=True)
    probe, now = asked(cut)
    assert probe.trouble(now) == ""
    assert probe.wait(now) <= AGAIN
    probe.answered(cut, rollout("5"), now + AGAIN)
    assert "EOF" in probe.trouble(now + AGAIN)
    assert probe.away(now + AGAIN)
    probe.answered(rollout("5"), rollout("5"), now + 2 * AGAIN)
    assert probe.trouble(now + 2 * AGAIN) == ""
    assert not probe.away(now + 2 * AGAIN)


def test_a_look_without_answer_counts_within_fifteen_seconds() -> None:
    probe = Probe("web", lambda: rollout("5"), SimpleQueue(), 0.0)
    probe.tick(EVERY)
    assert probe.trouble(EVERY + PATIENCE) != ""
    assert EVERY + PATIENCE <= 15


def test_a_deleted_object_is_no_failure() -> None:
    probe, now = asked(ApiError(404, "NotFound", 'rollouts.argoproj.io "web" not found'))
    assert not probe.away(now)
    assert probe.behind(now + PATIENCE)
