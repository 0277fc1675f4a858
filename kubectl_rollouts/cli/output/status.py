"""`status` as documents: once, or one for each change until the rollout is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kubectl_rollouts.cli.output.following import Ended, Inbox, Printer, follow_objects
from kubectl_rollouts.cli.output.lists import details_of
from kubectl_rollouts.cli.output.request import Request
from kubectl_rollouts.cli.status import SETTLED, fail_if_degraded
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import not_found
from kubectl_rollouts.release.details import DETAILED_TYPES
from kubectl_rollouts.release.fetch import Reader, Want, read_rollout
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.phase import Phase
from kubectl_rollouts.view.output.documents import view

if TYPE_CHECKING:
    from typing import Any

    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.rollout.details import RolloutDetails


def status(session: Session) -> int:
    """Print the status as a document; with --watch a line for each change, until it is settled. Raises Failure as
    `status` does: degraded, timed out, gone.
    """
    parsed = session.parsed
    request = Request(session)
    assert request.writer is not None
    name, namespace = parsed.operands[0], session.namespace
    reader = Reader(session.client(), namespace, DETAILED_TYPES)
    watch = bool(parsed.value("watch"))
    try:
        details = _details(read_rollout(reader, name, to_follow=watch))
    except KeyboardInterrupt:
        return 1
    if not watch:
        session.say(request.writer.text(view(details)), end="")
        return _verdict(session, details, once=True)
    inbox, printer = Inbox(cast(int, parsed.value("timeout")) / 1e9), Printer(session, request)
    inbox.catch_signals()
    listing = reader.listings.get(Want(ROLLOUTS, name=name))
    if listing is not None:
        fields = f"metadata.name={name}"
        follow_objects(session, listing, ROLLOUTS, namespace, DETAILED_TYPES[ROLLOUTS], inbox, fields=fields)
    return _follow(session, inbox, printer, details, name)


def _details(rollout: Any) -> RolloutDetails:
    return cast("RolloutDetails", details_of(rollout))


def _follow(session: Session, inbox: Inbox, printer: Printer, details: RolloutDetails, name: str) -> int:
    printer.show(view(details))
    lost: Failure | None = None
    if not _settled(session, details):
        for change in inbox.items():
            if isinstance(change, Ended):
                break
            found = change.object
            if change.kind == "REPLACED":
                found = change.objects[0] if change.objects else None
            elif change.kind in ("PROBLEM", "LIVE"):
                if change.problem is not None:
                    session.log("warning", str(change.problem))
                continue
            if change.kind == "DELETED" or found is None:
                lost = not_found(ROLLOUTS, name)
                continue
            details, lost = _details(found), None
            printer.show(view(details))
            if _settled(session, details):
                break
    if lost is not None:
        raise lost
    return _verdict(session, details, once=False)


def _settled(session: Session, details: RolloutDetails) -> bool:
    values = session.parsed.values
    if values.get("success-on-pause") and details.status == "Paused":
        return True
    return details.status in SETTLED or bool(values.get("fail-on-abort") and details.aborted)


def _verdict(session: Session, details: RolloutDetails, *, once: bool) -> int:
    values = session.parsed.values
    if values.get("success-on-pause") and details.status == "Paused":
        return 0
    if values.get("fail-on-abort") and details.aborted:
        raise Failure(f"The rollout was aborted: {details.message}", script_status=3)
    fail_if_degraded(Phase(details.status, details.message))
    if not once and details.status != "Healthy":
        raise Failure("Rollout status watch exceeded timeout", script_status=4)
    return 0
