"""When a restart is due (spec/commands.md §6)."""

from __future__ import annotations

import pytest

from kubectl_rollouts.rollout.actions import restart_patch

NOON = 1_767_268_800.9  # 2026-01-01T12:00:00.9Z


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        ("", "2026-01-01T12:00:00Z"),
        ("0.2s", "2026-01-01T12:00:01Z"),
        ("10m", "2026-01-01T12:10:00Z"),
        ("-1h", "2026-01-01T11:00:00Z"),
        ("-1s", "2026-01-01T11:59:59Z"),
        ("1h1h", "2026-01-01T14:00:00Z"),
        ("2562047h", "2318-04-13T11:00:00Z"),
    ],
)
def test_restart_at(delay: str, due: str) -> None:
    assert restart_patch(delay, NOON) == {"spec": {"restartAt": due}}
