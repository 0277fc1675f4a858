"""What changes, printed as it changes: a line of JSON, a YAML document or a line of text for each change."""

from __future__ import annotations

import signal
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.reflector import Reflector
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_rollouts.cli.output.request import Request
    from kubectl_rollouts.cli.session import Session
    from kubectl_rollouts.cluster.client import Listing
    from kubectl_rollouts.cluster.resources import Resource

    Document = dict[str, Any]

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


class Ended(NamedTuple):
    """Why following ended: a signal's number, or None when its time or its source was over."""

    signal: int | None = None


class Follows(Protocol):
    """What prints objects that are followed: documents of a Printer, rows of a list."""

    def key(self, shown: Any) -> tuple[str, str]:
        """Namespace and name."""

    def show(self, shown: Any) -> None:
        """Print an object unless it says what it said."""

    def gone(self, key: tuple[str, str], shown: Any = None) -> None:
        """An object is no longer there; this is what it was last."""

    def all_but(self, present: set[tuple[str, str]]) -> None:
        """All others are no longer there."""


class Printer:
    """Prints what is new of documents: for each, what happened to it since it was printed last."""

    def __init__(self, session: Session, request: Request) -> None:
        assert request.writer is not None
        self._session = session
        self._writer = request.writer
        self._events = request.events
        self._known: dict[tuple[str, str], tuple[Document, Document]] = {}

    def key(self, shown: Document) -> tuple[str, str]:
        """Namespace and name of a document."""
        return _key(shown)

    def begin(self, documents: list[Document]) -> None:
        """Print what is there at first: a table of columns as a whole, so that its rows line up."""
        if self._writer.form.columns is None or self._events:
            for shown in documents:
                self.show(shown)
            return
        self._known = {_key(shown): (_facts(shown), shown) for shown in documents}
        if documents:
            self._session.say(self._writer.text({"items": documents}), end="")

    def show(self, shown: Document) -> None:
        """Print a document unless it says what it said. Its version alone is no news."""
        key, facts = _key(shown), _facts(shown)
        before = self._known.get(key)
        if before is not None and before[0] == facts:
            return
        self._known[key] = (facts, shown)
        self._print(ADDED if before is None else MODIFIED, shown)

    def gone(self, key: tuple[str, str], shown: Document | None = None) -> None:
        """Say that an object is no longer there, with what it was last."""
        before = self._known.pop(key, None)
        if before is not None:
            self._print(DELETED, shown or before[1])

    def all_but(self, present: set[tuple[str, str]]) -> None:
        """Say that all others are no longer there."""
        for key in self._known.keys() - present:
            self.gone(key)

    def _print(self, event: str, document: Document) -> None:
        if self._events and self._writer.form.kind != "name":
            document = {"type": event, "object": document}
        self._session.say(self._writer.line(document), end="")


def _key(document: Document) -> tuple[str, str]:
    meta = document.get("metadata") or {}
    return str(meta.get("namespace", "")), str(meta.get("name", ""))


def _facts(document: Document) -> Document:
    if "argoproj.io" in str(document.get("apiVersion")):
        return document  # an object as stored: every version of it is news
    meta = {name: value for name, value in document["metadata"].items() if name != "resourceVersion"}
    return {**document, "metadata": meta}


# --- Waiting for news ----------------------------------------------------------------------------------------------


class Inbox:
    """News from other threads, and the signals that end the wait for them."""

    def __init__(self, timeout: float | None = None, queue: SimpleQueue[Any] | None = None) -> None:
        self.queue: SimpleQueue[Any] = queue if queue is not None else SimpleQueue()
        self._ends = time.monotonic() + timeout if timeout else None
        self._caught: list[int] = []

    def catch_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP end the wait; a second one ends the process as if nobody caught it."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        self._caught.append(number)
        self.queue.put(Ended(number))

    def items(self) -> Iterator[Any]:
        """Yield what comes until a signal, the end of the time or None; raises exceptions that come. Ends in Ended."""
        while True:
            left = 3600.0 if self._ends is None else self._ends - time.monotonic()
            try:
                item = self.queue.get(timeout=max(left, 0.0))
            except Empty:
                if self._ends is not None:
                    yield Ended()
                    return
                continue
            if item is None or isinstance(item, Ended):
                yield item or Ended()
                return
            if isinstance(item, BaseException):
                raise item
            yield item


def follow_objects(
    session: Session,
    listing: Listing[Any],
    resource: Resource,
    namespace: str,
    type_: Any,
    inbox: Inbox,
    *,
    labels: str = "",
    fields: str = "",
) -> None:
    """Begin to tell of each Change since a list was read, through the inbox, in a thread that ends with the process."""
    reflector: Reflector[Any] = Reflector(
        session.client(),
        resource,
        namespace,
        type_,
        inbox.queue.put,
        label_selector=labels,
        field_selector=fields,
        start=listing,
    )

    def run() -> None:
        try:
            reflector.run()
        except BaseException as error:
            inbox.queue.put(error)

    threading.Thread(target=run, daemon=True).start()


def print_changes(session: Session, inbox: Inbox, printer: Follows, document: Callable[[Any], Any]) -> Ended:
    """Print what the inbox tells of, until the end. `document` makes one of an object; a Failure leaves it out."""

    def made(obj: Any) -> Any:
        try:
            return document(obj)
        except Failure as failure:  # an object that makes no sense: the others go on
            session.log("warning", str(failure))
            return None

    for change in inbox.items():
        if isinstance(change, Ended):
            return change
        if change.kind == "PROBLEM":
            session.log("warning", str(change.problem))
        elif change.kind == "REPLACED":
            documents = [made(obj) for obj in change.objects]
            printer.all_but({printer.key(each) for each in documents if each is not None})
            for each in documents:
                if each is not None:
                    printer.show(each)
        elif change.object is not None and (one := made(change.object)) is not None:
            if change.kind == "DELETED":
                printer.gone(printer.key(one), one)
            else:
                printer.show(one)
    return Ended()


def listed(
    session: Session, resource: Resource, namespace: str, type_: Any, *, labels: str = "", fields: str = ""
) -> Listing[Any]:
    """All objects that match. Raises Failure in the words of `list`."""
    try:
        return session.client().list(resource, namespace, type_, label_selector=labels, field_selector=fields)
    except ApiError as error:
        raise explained(error, resource) from None
