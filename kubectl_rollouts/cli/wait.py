"""`wait`: until rollouts are where they should be, with an exit status that says why not (docs/exit-statuses.md)."""

from __future__ import annotations

from typing import Annotated

import typer

from kubectl_rollouts.cli.app import new_app, session_of
from kubectl_rollouts.cli.extended import run_extended

app = new_app()


@app.command()
def wait(
    ctx: typer.Context,
    names: list[str],
    any_: Annotated[bool, typer.Option("--any/--no-any")] = False,
    for_: Annotated[list[str], typer.Option("--for")] = [],  # noqa: B006  Typer's way to say that there is none
    through_pauses: bool = False,
    timeout: int = 600_000_000_000,
    tolerate: int = 0,
) -> int:
    """Wait for rollouts; what is waited for, and how, is read from the session, as for `wait -l`."""
    session = session_of(ctx)
    return run_extended(session, session.parsed)
