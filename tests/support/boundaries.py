"""A replayed cluster that loses a request or its reply at a chosen place: the boundaries of a command's requests."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.replayed import Replayed, conformance_tools

Object = dict[str, Any]
Hook = Callable[[], None]

BEFORE, AFTER = "before", "after"  # the server has taken the request


class Boundaries(Replayed):
    """`at(number, when, hook)` runs the hook at a request (from 1), then the connection breaks without an answer.

    BEFORE: the server never sees the request; AFTER: it has done what was asked. `meanwhile` is run on the objects
    before a request is served, as if someone else had been quicker.
    """

    def __init__(self, server: Any, cluster: Any, folder: Path) -> None:
        super().__init__(server, cluster, folder, "default")
        self.number = 0
        self.breaks: dict[int, tuple[str, Hook]] = {}
        self.others: dict[int, Callable[[Object], None]] = {}
        self.counting = threading.Lock()
        server.RequestHandlerClass = self._handler(server.RequestHandlerClass)

    def at(self, number: int, when: str, hook: Hook = lambda: None) -> None:
        """Break the connection at a request, counted from now."""
        self.breaks[self.number + number] = when, hook

    def meanwhile(self, number: int, change: Callable[[Object], None]) -> None:
        """Change the first object just before a request, counted from now, is served."""
        self.others[self.number + number] = change

    def object(self, plural: str = "rollouts", name: str = "") -> Object:
        """An object as it is now, without what the server keeps for itself."""
        for (kind, _, known), obj in self.cluster.objects.items():
            if kind == plural and name in ("", known):
                return conformance_tools().stripped(obj)
        raise KeyError(plural)

    def _handler(self, base: Any) -> Any:
        owner = self

        class Handler(base):  # type: ignore[misc]  # a class of the conformance tools, which are not typed
            def route(self, path: str, query: Object, body: Any) -> None:
                with owner.counting:
                    owner.number += 1
                    number = owner.number
                if change := owner.others.get(number):
                    owner.change(change)
                when, hook = owner.breaks.get(number, ("", lambda: None))
                if when == AFTER:
                    self.answer = lambda *_: None
                    with contextlib.suppress(conformance_tools().replay.Status):
                        super().route(path, query, body)
                if when:
                    hook()
                    self.close_connection = True
                    self.connection.close()
                    raise ConnectionResetError
                super().route(path, query, body)

        return Handler

    def change(self, change: Callable[[Object], None]) -> None:
        """Change the first object as another client would."""
        with self.cluster.lock:
            key, obj = next(iter(self.cluster.objects.items()))
            obj = copy.deepcopy(obj)
            change(obj)
            self.cluster.put(obj, event="MODIFIED")
            assert key in self.cluster.objects


@contextlib.contextmanager
def boundaries(folder: Path, *objects: Object, **snapshot: Any) -> Iterator[Boundaries]:
    """Serve objects for the time of the block."""
    folder.mkdir(exist_ok=True)
    server, cluster = conformance_tools().replay.serve({"objects": list(objects), **snapshot})
    try:
        yield Boundaries(server, cluster, folder)
    finally:
        server.shutdown()
        server.server_close()
