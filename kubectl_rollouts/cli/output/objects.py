"""`-o` on actions: the objects that they changed, as the server's replies give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.output.request import Request
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.release.recording import Sent


class ObjectPrinter:
    """Prints what an action has changed, in place of what it says."""

    def __init__(self, session: Session) -> None:
        """Read the flags. Raises Failure."""
        self._session = session
        self._request = Request(session)
        if self._request.form is not None and self._request.form.template:
            from kubectl_rollouts.cli.output.go_template import check_template

            check_template(self._request.form.template)
        if session.parsed.values.get("watch"):
            raise Failure("--output and --watch exclude each other: create the object, then get it with --watch")

    def show(self, sent: list[Sent], resource: Resource, namespace: str, name: str) -> None:
        """Print the objects that were written, each once and as it is after the last write to it.

        Nothing was written where all was as it should be: then the object itself, read for this. Raises Failure.
        """
        changed: dict[str, Any] = {}
        for number, one in enumerate(sent):
            meta = one.after.get("metadata") or {}
            key = str(meta.get("uid") or number) + str(meta.get("name"))
            changed.pop(key, None)
            changed[key] = one.after
        objects = list(changed.values()) or [self._session.client().get(resource, namespace, name)]
        assert self._request.writer is not None
        for obj in objects:
            self._session.say(self._request.writer.text(self._request.stored(obj)), end="")


def object_printer(session: Session) -> ObjectPrinter | None:
    """What prints the objects that an action has changed; None when nobody asked for them. Raises Failure."""
    if not {"output", "template", "show-managed-fields"} & session.parsed.values.keys():
        return None
    printer = ObjectPrinter(session)
    return printer if printer._request.objects else None
