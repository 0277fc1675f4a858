"""How every command makes its Typer application, and how it gets at the session.

`main.py` has understood the command line before a command's module is imported, and hands the application canonical
arguments; so Typer's own help, completion and Rich texts are switched off, which also keeps their imports away.
"""

from __future__ import annotations

import typer

from kubectl_rollouts.cli.session import Session


def new_app() -> typer.Typer:
    """Return an application without the parts that this program has of its own."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def session_of(ctx: typer.Context) -> Session:
    """Return the session that `main.py` put into the context."""
    session = ctx.obj
    assert isinstance(session, Session)
    return session
