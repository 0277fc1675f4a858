"""The lines of `status` (spec/view.md §9)."""

from __future__ import annotations

import pytest

from kubectl_rollouts.rollout.phase import Phase
from kubectl_rollouts.view.status import status_followed, status_once


@pytest.mark.parametrize(
    ("phase", "once", "followed"),
    [
        (Phase("Healthy"), "Healthy", "Healthy"),
        (Phase("Healthy", "why not"), "Healthy", "Healthy - why not"),
        (Phase("Degraded", "RolloutAborted: x"), "Degraded", "Degraded - RolloutAborted: x"),
        (Phase("Paused", "BlueGreenPause"), "Paused - BlueGreenPause", "Paused - BlueGreenPause"),
        (Phase("Progressing"), "Progressing - ", "Progressing"),
        (Phase("P\x1b", "a\nb\x1b"), "P\\x1b - a\nb\\x1b", "P\\x1b - a\nb\\x1b"),
    ],
)
def test_lines(phase: Phase, once: str, followed: str) -> None:
    assert status_once(phase) == once
    assert status_followed(phase) == followed
