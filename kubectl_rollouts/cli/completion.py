"""`completion SHELL`: the script that makes a shell complete this program's commands (spec/commands.md §8.6)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.completion_scripts import script
from kubectl_rollouts.cli.session import Session

app = App()


@app.command()
def completion(session: Session, shell: str) -> None:
    """Print the script for the program as it was called."""
    session.say(script(shell, session.program.file), end="")
