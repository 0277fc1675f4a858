"""`retry rollout` and `retry experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import each
from kubectl_rollouts.release.patch_many import patch_object
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.actions import RETRY_EXPERIMENT, RETRY_ROLLOUT

app = new_app()


@app.command()
def rollout(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Try aborted rollouts again."""
    session = session_of(ctx)
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, ROLLOUTS, client.namespace, name, RETRY_ROLLOUT, status=True)

    return each(session, names, keep_going, act, "rollout '{}' retried")


@app.command()
def experiment(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Run experiments again from their beginning."""
    session = session_of(ctx)
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, EXPERIMENTS, client.namespace, name, RETRY_EXPERIMENT)

    return each(session, names, keep_going, act, "experiment '{}' retried")
