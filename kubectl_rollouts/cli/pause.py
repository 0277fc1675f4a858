"""`pause`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.actions import PAUSE

app = App()


@app.command()
def pause(session: Session, *names: str, keep_going: bool = False) -> int:
    """Pause rollouts until they are promoted."""
    return patch_each(session, ROLLOUTS, names, keep_going, PAUSE, "rollout '{}' paused")
