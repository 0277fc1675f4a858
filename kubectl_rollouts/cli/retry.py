"""`retry rollout` and `retry experiment`: one patch for each name (spec/commands.md §2.6, §2.7)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.each import patch_each
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.actions import RETRY_EXPERIMENT, RETRY_ROLLOUT

app = App()


@app.command()
def rollout(session: Session, *names: str, keep_going: bool = False) -> int:
    """Try aborted rollouts again."""
    return patch_each(session, ROLLOUTS, names, keep_going, RETRY_ROLLOUT, "rollout '{}' retried", status=True)


@app.command()
def experiment(session: Session, *names: str, keep_going: bool = False) -> int:
    """Run experiments again from their beginning."""
    return patch_each(session, EXPERIMENTS, names, keep_going, RETRY_EXPERIMENT, "experiment '{}' retried")
