"""`undo`: back to the pod template of an earlier revision (spec/commands.md §4)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.release.undo import undo as carry_out

app = App()


@app.command()
def undo(session: Session, name: str, *, to_revision: int = 0) -> None:
    """Go back to a revision; the text without a line end is the reference's (Q11)."""
    client = session.client()
    undone = carry_out(client, client.namespace, name, to_revision)
    if undone.changed:
        session.say(f"rollout '{shown(undone.name)}' undo")
    else:
        session.say(f"skipped rollback (current template already matches revision {to_revision})", end="")
