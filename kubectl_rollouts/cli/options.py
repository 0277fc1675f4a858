"""`options`: the flags that every command takes."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.help import flag_usages
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS

app = new_app()


@app.command()
def options(ctx: typer.Context) -> None:
    """Print the global flags."""
    session_of(ctx).say(
        "These flags can be given to every command, before or after its name:\n\n" + flag_usages(GLOBAL_FLAGS)
    )
