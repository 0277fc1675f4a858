"""`terminate analysisrun` and `terminate experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, EXPERIMENTS
from kubectl_rollouts.rollout.actions import TERMINATE

app = App()


@app.command()
def analysisrun(session: Session, *names: str, keep_going: bool = False) -> int:
    """End analysis runs."""
    return patch_each(session, ANALYSIS_RUNS, names, keep_going, TERMINATE, "analysisRun '{}' terminated")


@app.command()
def experiment(session: Session, *names: str, keep_going: bool = False) -> int:
    """End experiments. The text says "retried", as the reference's does: scripts may wait for it (Q5)."""
    return patch_each(session, EXPERIMENTS, names, keep_going, TERMINATE, "experiment '{}' retried")
