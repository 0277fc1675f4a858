"""`terminate analysisrun` and `terminate experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, EXPERIMENTS
from kubectl_rollouts.rollout.actions import TERMINATE

app = new_app()


@app.command()
def analysisrun(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """End analysis runs."""
    return patch_each(session_of(ctx), ANALYSIS_RUNS, names, keep_going, TERMINATE, "analysisRun '{}' terminated")


@app.command()
def experiment(ctx: typer.Context, names: list[str], keep_going: bool = False) -> int:
    """End experiments. The text says "retried", as the reference's does: scripts may wait for it (Q5)."""
    return patch_each(session_of(ctx), EXPERIMENTS, names, keep_going, TERMINATE, "experiment '{}' retried")
