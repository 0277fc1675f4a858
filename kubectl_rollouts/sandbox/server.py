"""The listening side of the sandbox: one thread a connection, on loopback only.

Whoever can open a page in the user's browser must not reach the cluster through it: requests for another host name
(DNS rebinding) and requests from pages of other hosts are refused.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.http import (
    RefusedError,
    Request,
    Response,
    json_response,
    read_request,
    send_response,
    send_stream,
)
from kubectl_rollouts.sandbox.turns import Turns

IDLE_TIMEOUT = 120.0
"""Seconds that a connection may stay without a request, or a client without taking its answer."""
BACKLOG = 256
LAST_ANSWERS = 2.0
"""Seconds that answers under way have when the server stops."""

Handler = Callable[[Request], Response]


class Server:
    """Listens from the moment it is made; answers from `start` to `stop`. Raises Failure when the port is taken."""

    def __init__(self, handler: Handler, port: int = 0, turns: Turns | None = None) -> None:
        self._handler = handler
        self._turns = turns or Turns()
        self._connections: set[socket.socket] = set()
        self._answering: set[int] = set()  # threads; adding and removing are atomic
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(("127.0.0.1", port))
            self._listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            self._listener.close()
            why = getattr(error, "strerror", None) or error
            raise Failure(f"cannot listen on 127.0.0.1:{port}: {why}; name another --port, or none") from error
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="listener", daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called: streams end then."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port, finish the answers that are under way (watches excepted), close all connections."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread.is_alive():
            self._thread.join(5)
        deadline = time.monotonic() + LAST_ANSWERS
        while self._answering and time.monotonic() < deadline:
            time.sleep(0.005)
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self.stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="connection", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(IDLE_TIMEOUT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb", buffering=65_536) as reader:
                while not self.stopping and self._answer(connection, reader):
                    pass
        except (OSError, ValueError):
            pass  # the client went away, or the server stops
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, reader: object) -> bool:
        """Answer one request; return whether the connection goes on."""
        try:
            request = read_request(reader, connection.sendall)  # type: ignore[arg-type]  # a socket's reader
        except RefusedError as error:
            send_response(connection, None, refusal(error.code, str(error)), close=True)
            return False
        if request is None:
            return False
        thread = threading.get_ident()
        self._answering.add(thread)
        try:
            with self._turns:
                response = guard(request) or self._handler(request)
            if response.stream is None:
                close = self.stopping or request.headers.get("connection", "").lower() == "close"
                send_response(connection, request, response, close)
                return not close
        finally:
            self._answering.discard(thread)
        send_stream(connection, response, lambda: self.stopping)
        return True


def refusal(code: int, message: str) -> Response:
    """A refusal below the level of the API."""
    reason = {400: "BadRequest", 403: "Forbidden"}.get(code, "")
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return json_response({**status, "message": message, "reason": reason, "code": code}, code)


def guard(request: Request) -> Response | None:
    """Refuse a request that is not meant for a loopback address or comes from a page of another host."""
    if not _loopback(request.headers.get("host", "")):
        return refusal(403, "the sandbox answers requests for loopback addresses only")
    origin = request.headers.get("origin")
    if origin is not None and not _loopback(origin.partition("://")[2]):
        return refusal(403, "the sandbox answers no requests from pages of other hosts")
    return None


def _loopback(host: str) -> bool:
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] == "[::1"
    name = name.partition(":")[0].removesuffix(".")
    parts = name.split(".")
    if len(parts) == 4 and parts[0] == "127":
        return all(part.isdecimal() and part.isascii() and int(part) < 256 for part in parts)
    return name == "localhost"
