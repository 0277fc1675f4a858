"""The actions that are one patch, whatever state the object is in (spec/commands.md §2.6, §6, §8.1)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.times import format_time, parse_duration

Patch = dict[str, Any]

ABORT: Patch = {"status": {"abort": True}}
RETRY_ROLLOUT: Patch = {"status": {"abort": False}}
PAUSE: Patch = {"spec": {"paused": True}}
RESUME: Patch = {"spec": {"paused": False}}
RETRY_EXPERIMENT: Patch = {"status": None}
TERMINATE: Patch = {"spec": {"terminate": True}}


def restart_patch(delay: str, now: float) -> Patch:
    """Return the patch that restarts a rollout `delay` (a Go duration, "" for none) after `now` (epoch seconds).

    Fractions of a second are cut. Raises Failure with Go's text for what is no duration (Q15), and for a time that a
    calendar of four-digit years cannot say.
    """
    nanoseconds = parse_duration(delay) if delay else 0
    seconds = (int(now * 1_000_000_000) + nanoseconds) // 1_000_000_000
    return {"spec": {"restartAt": format_time(seconds)}}
