"""`restart`: new pods for a rollout, now or later (spec/commands.md §6)."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.session import shown
from kubectl_rollouts.release.patch_many import patch_object
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.actions import restart_patch

app = new_app()


@app.command()
def restart(ctx: typer.Context, name: str, in_: Annotated[str, typer.Option("--in")] = "") -> None:
    """Restart the pods of a rollout after a while; the text says the duration as it was typed."""
    patch = restart_patch(in_, time.time())
    session = session_of(ctx)
    client = session.client()
    restarted = patch_object(client, ROLLOUTS, client.namespace, name, patch)
    session.say(f"rollout '{shown(restarted)}' restarts in {shown(in_ or '0s')}")
