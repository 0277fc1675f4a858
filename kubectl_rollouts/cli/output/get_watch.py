"""`get --watch` with extras on the screen, or as documents line by line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kubectl_rollouts.cli.output.following import Ended, Inbox, Printer, follow_objects, print_changes
from kubectl_rollouts.cli.output.request import Request
from kubectl_rollouts.cli.output.screens import extras_of, is_plain
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.details import DETAILED_TYPES, DetailedHeld, fetch_details
from kubectl_rollouts.release.fetch import Fetched, Reader, Want, fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.rollout.details import ExperimentDetails, RolloutDetails
from kubectl_rollouts.view.extras import limited, screen_with
from kubectl_rollouts.view.live import Ending
from kubectl_rollouts.view.output.documents import view

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.view.extras import Extras
    from kubectl_rollouts.view.spans import Screen

    Until = Callable[[SimpleQueue[Any]], None]


class WatchedHeld(DetailedHeld):
    """Objects that are followed: of a release that is deleted there are still the last facts, marked `gone`."""

    _last: RolloutDetails | ExperimentDetails | None = None

    def info(self) -> RolloutDetails | ExperimentDetails:
        """The facts with details. Raises Failure as `Held.info` does, if there never were any."""
        if self._last is not None and self.name not in self.objects[self.root]:
            return replace(self._last, gone=True)
        self._last = super().info()
        return self._last


def fetch_to_watch(session: Session, root: Resource, name: str, namespace: str) -> Fetched:
    """Fetch a release with details, so that it can be followed."""
    held = (WatchedHeld if lines_wanted(session) else DetailedHeld)(root, name)
    return fetch(session.client(), namespace, root, name, to_follow=True, held=held, types=DETAILED_TYPES)


def lines_wanted(session: Session) -> bool:
    """Whether documents are asked for, not screens. Raises Failure for flags that do not go together."""
    return Request(session).objects


def renderer(session: Session) -> Callable[[Any, float], Screen] | None:
    """What draws details with the extras that the flags ask for; None where the reference's screen is wanted."""
    if is_plain(session):
        return None
    extras = extras_of(session, Request(session).wide)
    if session.is_terminal:
        extras = extras._replace(images=extras.images or extras.wide, wide=False)  # a live screen has five columns
    return lambda details, now: screen_with(details, now, extras)


def watch_lines(
    session: Session, root: Resource, name: str, timeout: float | None, namespace: str, until: Until | None
) -> tuple[int, Ending]:
    """Print a release as a document, and again whenever it changes; the exit status, and what ended it."""
    request = Request(session)
    inbox, printer = Inbox(timeout), Printer(session, request)
    if request.raw:
        return _watch_stored(session, request, root, name, namespace, inbox, printer, until)
    extras = extras_of(session)
    fetched = fetch_to_watch(session, root, name, namespace)
    fetched.held.info()
    for problem in fetched.problems:
        session.warn(f"Error: {problem}")
    inbox.catch_signals()
    Follower(session.client(), fetched, inbox.queue.put).start()
    if until is not None:
        until(inbox.queue)
    ended = _print_followed(session, inbox, printer, extras)
    if until is not None and ended.signal is None:
        _print_last(session, printer, extras, root, name, namespace)
    return (1 if fetched.problems else 0), Ending(ended.signal)


def _print_last(session: Session, printer: Printer, extras: Extras, root: Resource, name: str, namespace: str) -> None:
    """Print the state that a goal was reached with, unless it was: who judges may hear of it first."""
    with contextlib.suppress(Failure):
        details: Any = fetch_details(session.client(), namespace, root, name).held.info()
        printer.show(view(limited(details, extras)))


def _print_followed(session: Session, inbox: Inbox, printer: Printer, extras: Extras) -> Ended:
    stale = ""
    for followed in inbox.items():
        if isinstance(followed, Ended):
            return followed
        assert isinstance(followed, Followed)
        if followed.stale and followed.stale != stale:
            session.log("warning", followed.stale)
        stale = followed.stale
        details: Any = followed.info
        document = view(limited(details, extras))
        if details.gone:
            printer.gone((details.namespace, details.name), document)
        else:
            printer.show(document)
    return Ended()


def _watch_stored(
    session: Session,
    request: Request,
    root: Resource,
    name: str,
    namespace: str,
    inbox: Inbox,
    printer: Printer,
    until: Until | None,
) -> tuple[int, Ending]:
    reader = Reader(session.client(), namespace, {root: dict})
    printer.show(request.stored(reader.listed_root(root, name)))
    inbox.catch_signals()
    listing = reader.listings[Want(root, name=name)]
    follow_objects(session, listing, root, namespace, dict, inbox, fields=f"metadata.name={name}")
    if until is not None:
        until(inbox.queue)
    ended = print_changes(session, inbox, printer, request.stored)
    if until is not None and ended.signal is None:
        with contextlib.suppress(Failure):
            printer.show(request.stored(reader.root(root, name)))
    return 0, Ending(ended.signal)
