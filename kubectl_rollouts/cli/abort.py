"""`abort`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import each
from kubectl_rollouts.release.patch_many import patch_object
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.actions import ABORT

app = new_app()


@app.command()
def abort(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Abort rollouts: back to the stable version."""
    session = session_of(ctx)
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, ROLLOUTS, client.namespace, name, ABORT, status=True)

    return each(session, names, keep_going, act, "rollout '{}' aborted")
