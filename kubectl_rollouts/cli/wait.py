"""`wait`: until rollouts are where they should be, with an exit status that says why not (docs/exit-statuses.md)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.extended import run_extended
from kubectl_rollouts.cli.session import Session

app = App()


@app.command()
def wait(
    session: Session,
    *names: str,
    any_: bool = False,
    for_: Sequence[str] = (),
    through_pauses: bool = False,
    timeout: int = 600_000_000_000,
    tolerate: int = 0,
) -> int:
    """Wait for rollouts; what is waited for, and how, is read from the session, as for `wait -l`."""
    return run_extended(session, session.parsed)
