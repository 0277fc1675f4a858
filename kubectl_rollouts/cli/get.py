"""`get rollout` and `get experiment`: one release, once or followed (spec/view.md §1-§5)."""

from __future__ import annotations

import time

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.info import RolloutInfo
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen

app = App()


@app.command()
def rollout(
    session: Session, name: str, *, watch: bool = False, no_color: bool = False, timeout_seconds: int = 0
) -> int:
    """Show a rollout and everything it owns.

    Interrupted before it could be read, it shows nothing and exits 1 (view.md Q30).
    """
    if watch:
        from kubectl_rollouts.cli.get_watch import watch_rollout

        return watch_rollout(session, name, session.colored(no_color), timeout_seconds)
    try:
        return show(session, ROLLOUTS, name, session.colored(no_color))
    except KeyboardInterrupt:
        return 1


@app.command()
def experiment(session: Session, name: str, *, watch: bool = False, no_color: bool = False) -> int:
    """Show an experiment with its ReplicaSets, pods and AnalysisRuns."""
    if watch:
        from kubectl_rollouts.cli.get_watch import watch_experiment

        return watch_experiment(session, name, session.colored(no_color))
    return show(session, EXPERIMENTS, name, session.colored(no_color))


def show(session: Session, root: Resource, name: str, color: bool, namespace: str = "") -> int:
    """Print the screen; what could not be read is named after it, and the exit status is 1.

    `namespace` "" is the session's.
    """
    if session.is_terminal or session.parsed.more:
        from kubectl_rollouts.cli.output.screens import is_plain, show_with_extras

        if not is_plain(session):
            return show_with_extras(session, root, name, color, namespace)
    fetched = fetch(session.client(), namespace or session.namespace, root, name)
    info = fetched.held.info()
    now = time.time()
    screen = rollout_screen(info, now) if isinstance(info, RolloutInfo) else experiment_screen(info, now)
    session.say(write_screen(screen, color), end="")
    for problem in fetched.problems:
        session.warn(f"Error: {problem}")
    return 1 if fetched.problems else 0
