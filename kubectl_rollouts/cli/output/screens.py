"""`get` with extras on its screen, or as documents; once. What follows a release is in `following.py`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.output.request import Request, number
from kubectl_rollouts.release.details import fetch_details
from kubectl_rollouts.release.fetch import Reader
from kubectl_rollouts.view.extras import Extras, limited, screen_with
from kubectl_rollouts.view.output.documents import view

if TYPE_CHECKING:
    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.cluster.resources import Resource

EXTRA_FLAGS = ("output", "template", "images", "no-pods", "revisions", "steps")


def is_plain(session: Session) -> bool:
    """Whether the reference's own screen is asked for: no flag of output, and no terminal."""
    return not session.is_terminal and not any(name in session.parsed.values for name in EXTRA_FLAGS)


def extras_of(session: Session, wide: bool = False) -> Extras:
    """What the flags ask for. Raises Failure."""
    values = session.parsed.values
    return Extras(
        images=bool(values.get("images")),
        pods=not values.get("no-pods"),
        revisions=number(session, "revisions"),
        steps=bool(values.get("steps")),
        wide=wide,
    )


def show_with_extras(session: Session, root: Resource, name: str, color: bool, namespace: str = "") -> int:
    """Print a screen with extras, or a document; what could not be read is said on stderr, and the status is 1."""
    request = Request(session)
    extras = extras_of(session, request.wide)
    namespace = namespace or session.namespace
    if request.objects:
        document, problems = read_document(session, request, extras, root, name, namespace)
        assert request.writer is not None
        session.say(request.writer.text(document), end="")
    else:
        fetched = fetch_details(session.client(), namespace, root, name)
        problems = fetched.problems
        screen = screen_with(fetched.held.info(), time.time(), extras)  # type: ignore[arg-type]  # of DetailedHeld
        if session.is_terminal and not request.wide:
            from kubectl_rollouts.view.terminal import print_screen

            print_screen(screen, color)
        else:
            from kubectl_rollouts.view.exact import write_screen

            session.say(write_screen(screen, color), end="")
    for problem in problems:
        session.warn(f"Error: {problem}")
    return 1 if problems else 0


def read_document(
    session: Session, request: Request, extras: Extras, root: Resource, name: str, namespace: str
) -> tuple[dict[str, Any], list[Any]]:
    """One release as a document, or the object as stored; and what of it could not be read. Raises Failure."""
    if request.raw:
        return request.stored(Reader(session.client(), namespace, {root: dict}).root(root, name)), []
    fetched = fetch_details(session.client(), namespace, root, name)
    details: Any = fetched.held.info()
    return view(limited(details, extras), fetched.problems), fetched.problems
