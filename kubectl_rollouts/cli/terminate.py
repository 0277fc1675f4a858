"""`terminate analysisrun` and `terminate experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import each
from kubectl_rollouts.release.patch_many import patch_object
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, EXPERIMENTS
from kubectl_rollouts.rollout.actions import TERMINATE

app = new_app()


@app.command()
def analysisrun(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """End analysis runs."""
    session = session_of(ctx)
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, ANALYSIS_RUNS, client.namespace, name, TERMINATE)

    return each(session, names, keep_going, act, "analysisRun '{}' terminated")


@app.command()
def experiment(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """End experiments. The text says "retried", as the reference's does: scripts may wait for it (Q5)."""
    session = session_of(ctx)
    client = session.client()

    def act(name: str) -> str:
        return patch_object(client, EXPERIMENTS, client.namespace, name, TERMINATE)

    return each(session, names, keep_going, act, "experiment '{}' retried")
