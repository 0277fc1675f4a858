"""`set image`: another image for a container of a rollout (spec/commands.md §5)."""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.session import shown
from kubectl_rollouts.release.set_image import set_image

app = new_app()


@app.command()
def image(ctx: typer.Context, name: str, assignment: str) -> None:
    """Set the image of the containers that `CONTAINER=IMAGE` names; `*` names all."""
    session = session_of(ctx)
    container, _, wanted = assignment.partition("=")
    changed = set_image(session.client(), session.namespace, name, container, wanted)
    session.say(f'{shown(changed.kind.lower())} "{shown(changed.name)}" image updated')
