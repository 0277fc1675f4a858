"""`restart`: new pods for a rollout, now or later (spec/commands.md §6)."""

from __future__ import annotations

import time

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.release.patch_many import patch_object
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.actions import restart_patch

app = App()


@app.command()
def restart(session: Session, name: str, *, in_: str = "") -> None:
    """Restart the pods of a rollout after a while; the text says the duration as it was typed."""
    patch = restart_patch(in_, time.time())
    client = session.client()
    restarted = patch_object(client, ROLLOUTS, client.namespace, name, patch)
    session.say(f"rollout '{shown(restarted)}' restarts in {shown(in_ or '0s')}")
