"""`promote`: end the pause of a rollout and go on (spec/commands.md §3)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.session import shown
from kubectl_rollouts.release.promote import promote as carry_out
from kubectl_rollouts.rollout.promote import Wish

app = new_app()


@app.command()
def promote(
    ctx: typer.Context,
    name: str,
    force: bool = False,
    full: bool = False,
    skip_all_steps: bool = False,
    skip_current_step: bool = False,
) -> None:
    """Promote a rollout: to its next step, or with --full to the end."""
    session = session_of(ctx)
    wish = Wish(full=full, skip_current=skip_current_step, skip_all=skip_all_steps, force=force)
    wish.check()
    promoted = carry_out(session.client(), session.namespace, name, wish, session.warn)
    session.say(f"rollout '{shown(promoted)}' {'fully promoted' if full else 'promoted'}")
