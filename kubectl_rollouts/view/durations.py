"""Durations as kubectl writes them (spec/view.md §7)."""

from __future__ import annotations

# Go's longest duration, 2^63 - 1 nanoseconds: what a subtraction of times saturates at.
_LONGEST = 9_223_372_036.0


def human_duration(seconds: float) -> str:
    """A duration in at most two units, such as `119s`, `9m59s`, `7d23h`, `2y1d`; `<invalid>` below -1 s."""
    whole = int(min(seconds, _LONGEST))
    if whole < 120:
        if whole < -1:
            return "<invalid>"
        return f"{whole}s" if whole > 0 else "0s"
    minutes = whole // 60
    if minutes < 10:
        rest = whole % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    years = days // 365
    if years < 2:
        return f"{days}d"
    if years < 8:
        rest = days % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"


def age(created: float | None, now: float) -> str:
    """The time since `created`; of what does not say when it was created, the longest there is (QUIRK 9)."""
    return human_duration(_LONGEST if created is None else now - created)
