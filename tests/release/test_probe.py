"""Looks at the object beside its watches: when they make what is shown stale."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.release.probe import AGAIN, EVERY, GRACE, PATIENCE, Probe
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


def newer() -> Rollout:
    return rollout("6")


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


def test_what_is_marked_stays_marked_until_the_watch_has_caught_up() -> None:
    probe, now = asked(ConnectionFailed("GET", "http://x", "timeout", sent=True, timed_out=True))
    assert probe.trouble(now) != ""
    probe.answered(newer(), rollout("5"), now + 5)
    assert probe.trouble(now + 5) == "the watch has fallen behind"
    probe.heard(newer())
    assert probe.trouble(now + 5) == ""


def test_a_change_that_the_watch_misses_shows_within_fifteen_seconds_of_it() -> None:
    """It may come just after a look; the next one may be slow."""
    for slow in (0.01, PATIENCE - 0.01):
        probe = Probe("web", lambda: rollout("5"), SimpleQueue(), 0.0)
        probe.tick(EVERY)
        answered = EVERY + slow
        probe.answered(newer(), rollout("5"), answered)
        assert probe.trouble(answered) == ""  # the watch may tell of it in this moment
        assert probe.trouble(min(answered + GRACE, 15)) != ""


def test_two_looks_without_a_good_answer_count_as_one() -> None:
    probe = Probe("web", lambda: rollout("5"), SimpleQueue(), 0.0)
    probe.tick(EVERY)
    cut = EVERY + PATIENCE - 0.5
    probe.answered(ConnectionFailed("GET", "http://x", "EOF", sent=True), rollout("5"), cut)
    assert probe.trouble(cut) == ""
    probe.tick(cut + AGAIN)  # and this one is silent
    assert probe.wait(cut) <= 0.5
    assert "EOF" in probe.trouble(EVERY + PATIENCE)
    assert probe.away(EVERY + PATIENCE)
