"""`resume`: the end of a pause that `pause` made, and nothing else; `promote` would also end the pause of a step."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.each import each
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.patch_many import patch_whole
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.release.writes import metadata_name
from kubectl_rollouts.rollout.actions import RESUME

app = App()


@app.command()
def resume(session: Session, *names: str, keep_going: bool = False) -> int:
    """Lift the manual pause of rollouts; says when another pause goes on."""
    client = session.client()

    def act(name: str) -> str:
        resumed = patch_whole(client, ROLLOUTS, client.namespace, name, RESUME)
        if (resumed.get("status") or {}).get("pauseConditions"):
            session.warn(f"rollout '{name}' is still paused at its step: promote ends that")
        return metadata_name(resumed)

    return each(session, names, keep_going, act, "rollout '{}' resumed")
