"""`options`: the flags that every command takes."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.help import flag_usages
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS

app = App()


@app.command()
def options(session: Session) -> None:
    """Print the global flags."""
    session.say("These flags can be given to every command, before or after its name:\n\n" + flag_usages(GLOBAL_FLAGS))
