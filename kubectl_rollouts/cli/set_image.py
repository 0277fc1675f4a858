"""`set image`: another image for a container of a rollout (spec/commands.md §5)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.release.set_image import set_image

app = App()


@app.command()
def image(session: Session, name: str, assignment: str) -> None:
    """Set the image of the containers that `CONTAINER=IMAGE` names; `*` names all."""
    container, _, wanted = assignment.partition("=")
    changed = set_image(session.client(), session.namespace, name, container, wanted)
    session.say(f'{shown(changed.kind.lower())} "{shown(changed.name)}" image updated')
