"""`promote`: end the pause of a rollout and go on (spec/commands.md §3)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.release.promote import promote as carry_out
from kubectl_rollouts.rollout.promote import Wish

app = App()


@app.command()
def promote(
    session: Session,
    name: str,
    *,
    force: bool = False,
    full: bool = False,
    skip_all_steps: bool = False,
    skip_current_step: bool = False,
) -> None:
    """Promote a rollout: to its next step, or with --full to the end."""
    wish = Wish(full=full, skip_current=skip_current_step, skip_all=skip_all_steps, force=force)
    wish.check()
    promoted = carry_out(session.client(), session.namespace, name, wish, session.warn)
    session.say(f"rollout '{shown(promoted)}' {'fully promoted' if full else 'promoted'}")
