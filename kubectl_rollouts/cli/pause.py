"""`pause`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.actions import PAUSE

app = new_app()


@app.command()
def pause(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Pause rollouts until they are promoted."""
    return patch_each(session_of(ctx), ROLLOUTS, names, keep_going, PAUSE, "rollout '{}' paused")
