"""How long a pause lasts (spec/resources.md §12)."""

from __future__ import annotations

import pytest

from kubectl_rollouts.rollout.details import pause_seconds


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (None, None),
        (10, 10),
        ("10", 10),
        ("+010", 10),
        ("1m30s", 90),
        ("1500ms", 1),
        ("1ms", 0),
        ("-0.5s", 0),
        ("1d", None),
        ("soon", None),
    ],
)
def test_pause_seconds(duration: int | str | None, seconds: float | None) -> None:
    assert pause_seconds(duration) == seconds
