"""`retry rollout` and `retry experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.actions import RETRY_EXPERIMENT, RETRY_ROLLOUT

app = new_app()


@app.command()
def rollout(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Try aborted rollouts again."""
    return patch_each(session_of(ctx), ROLLOUTS, names, keep_going, RETRY_ROLLOUT, "rollout '{}' retried", status=True)


@app.command()
def experiment(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """Run experiments again from their beginning."""
    return patch_each(session_of(ctx), EXPERIMENTS, names, keep_going, RETRY_EXPERIMENT, "experiment '{}' retried")
