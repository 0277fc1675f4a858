"""`status`: the phase of a rollout, once or until it is settled (spec/view.md §9)."""

from __future__ import annotations

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.fetch import Reader, read_rollout
from kubectl_rollouts.rollout.phase import Phase, phase
from kubectl_rollouts.view.status import status_once

app = App()

SETTLED = ("Healthy", "Degraded")


@app.command()
def status(session: Session, name: str, *, watch: bool = True, timeout: int = 0) -> int:
    """Print the status of a rollout; with --watch each change of it, until it is healthy or degraded.

    `timeout` is in nanoseconds, 0 for none. Interrupted before the rollout could be read, it prints nothing and
    exits 1 (view.md Q30).
    """
    if watch:
        from kubectl_rollouts.cli.status_watch import watch_status

        return watch_status(session, name, timeout / 1e9)
    try:
        now = phase(read_rollout(Reader(session.client(), session.namespace), name))
    except KeyboardInterrupt:
        return 1
    session.say(status_once(now))
    fail_if_degraded(now)
    return 0


def fail_if_degraded(now: Phase) -> None:
    """Raise the Failure that `status` ends with when the rollout is degraded."""
    if now.status == "Degraded":
        raise Failure(f"The rollout is in a degraded state with message: {now.message}", script_status=3)
