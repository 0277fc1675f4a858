"""`--request-timeout`: reading it, and writing it as the `timeout=` query that the API server gets."""

from __future__ import annotations

from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.times import parse_duration

_HELP = (
    "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a "
    "corresponding time unit (e.g. 1s | 2m | 3h)"
)


def parse_timeout(text: str) -> tuple[float, str]:
    """Return the seconds and Go's spelling of a request timeout; (0.0, "") for none. Raises ConfigError."""
    if text.removeprefix("+").isdigit() and text.isascii() and len(text) < 10:
        nanoseconds = int(text) * 1_000_000_000
    else:
        try:
            nanoseconds = parse_duration(text)
        except Failure:
            raise ConfigError(_HELP) from None
    return (nanoseconds / 1e9, go_duration(nanoseconds)) if nanoseconds > 0 else (0.0, "")


def go_duration(nanoseconds: int) -> str:
    """Return a positive duration as Go's `time.Duration.String` writes it: `1m30s`, `1.5s`, `250ms`."""
    if nanoseconds < 1_000_000_000:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if nanoseconds >= size:
                return _decimal(nanoseconds, size) + unit
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    text = _decimal(rest, 1_000_000_000) + "s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes}m{text}"
        if hours:
            text = f"{hours}h{text}"
    return text


def _decimal(value: int, size: int) -> str:
    whole, part = divmod(value, size)
    digits = str(part).rjust(len(str(size)) - 1, "0").rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)
