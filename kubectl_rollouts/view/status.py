"""The lines of `status` (spec/view.md §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.view.escape import visible

if TYPE_CHECKING:
    from kubectl_rollouts.rollout.phase import Phase


def status_once(phase: Phase) -> str:
    """What `status --watch=false` prints: a settled status alone, any other with its message, if only an empty one."""
    status = visible(phase.status)
    if phase.status in ("Healthy", "Degraded"):
        return status
    return f"{status} - {visible(phase.message, keep_newlines=True)}"


def status_followed(phase: Phase) -> str:
    """What `status` prints each time that it has changed."""
    status = visible(phase.status)
    return f"{status} - {visible(phase.message, keep_newlines=True)}" if phase.message else status
