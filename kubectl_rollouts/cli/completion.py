"""`completion SHELL`: the script that makes a shell complete this program's commands (spec/commands.md §8.6)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.completion_scripts import script

app = new_app()


@app.command()
def completion(ctx: typer.Context, shell: str) -> None:
    """Print the script for the program as it was called."""
    session = session_of(ctx)
    session.say(script(shell, session.program.file), end="")
