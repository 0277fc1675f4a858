"""`list rollouts` and `list experiments` (spec/view.md §8)."""

from __future__ import annotations

import time

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.listing import list_experiments, list_rollouts
from kubectl_rollouts.view.lists import experiments_table, rollouts_table

app = App()

NOTHING = "No resources found."


@app.command()
def rollouts(
    session: Session, *, name: str = "", all_namespaces: bool = False, watch: bool = False, timestamps: bool = False
) -> int:
    """List rollouts; with --watch, then those that change."""
    namespace = _namespace(session, all_namespaces)
    if watch:
        from kubectl_rollouts.cli.list_watch import watch_rollouts

        return watch_rollouts(session, namespace, name, timestamps)
    rows = list_rollouts(session.client(), namespace, name).rows
    if not rows:
        session.warn(NOTHING)
        return 0
    times = [time.time()] * len(rows) if timestamps else None
    session.say(rollouts_table(rows, namespaces=all_namespaces, times=times), end="")
    return 0


@app.command()
def experiments(session: Session, *, all_namespaces: bool = False) -> int:
    """List experiments."""
    rows = list_experiments(session.client(), _namespace(session, all_namespaces)).rows
    if not rows:
        session.warn(NOTHING)
        return 0
    session.say(experiments_table(rows, time.time(), namespaces=all_namespaces), end="")
    return 0


def _namespace(session: Session, everywhere: bool) -> str:
    """The namespace to list, "" for all; `-A` wins over `-n` (spec/commands.md §8.2)."""
    return "" if everywhere else session.namespace
