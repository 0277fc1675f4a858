"""One watch: a long answer, an event a line. Ends cleanly, by an error, or by `close` from any thread.

Following a resource for longer than one watch lasts is the business of `reflector`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Raw, Struct

from kubectl_rollouts.cluster.decode import api_error, decode, status_error
from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.cluster.wire import Wire, WireError

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.transport import Response, Stream

T = TypeVar("T")

_LINE_LIMIT = 64 * 1024 * 1024  # bytes; etcd's objects end at 1.5 MB


class Event(Struct, Generic[T], frozen=True):
    """One change. `kind` is ADDED, MODIFIED, DELETED or BOOKMARK (its object has a resource version only)."""

    kind: str
    object: T
    resource_version: str


class _Line(Struct):
    type: str | None = None
    object: Raw = Raw(b"{}")


class _Meta(Struct, rename="camel"):
    name: str | None = None  # not used here; but whoever takes untyped objects may rely on its type
    resource_version: str | None = None


class _Versioned(Struct):
    metadata: _Meta | None = None


class Watch(Generic[T]):
    """An iterator of events, and a context manager. The request goes out with the first `next` (or `open`).

    Iterating raises ApiError for an ERROR event or a refusal (`.gone`: list again), ConnectionFailed when the
    connection breaks or is silent for too long, BadAnswer for an event that cannot be read; it ends when the
    server ended the watch, or after `close`.
    """

    def __init__(
        self,
        opener: Callable[[Callable[[Wire], None], Callable[[], bool]], tuple[Response, Stream | None]],
        type_: Any,
        what: str,
        url: str,
        group_resource: str,
        redacted: Callable[[bytes], bytes],
    ) -> None:
        self._opener = opener
        self._type = type_
        self._what = what
        self._url = url
        self._group_resource = group_resource
        self._redacted = redacted
        self._wire: Wire | None = None
        self._closed = False
        self._lines: Iterator[bytes] | None = None

    def __enter__(self) -> Watch[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._release()

    def __iter__(self) -> Iterator[Event[T]]:
        return self

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """End the watch at once, from any thread; the iteration then ends without an error."""
        self._closed = True
        wire = self._wire
        if wire is not None:
            wire.interrupt()

    def open(self) -> None:
        """Send the request and read the head of the answer; done by the first `next` otherwise."""
        if self._lines is not None or self._closed:
            return
        try:
            response, stream = self._opener(self._register, lambda: self._closed)
        except ConnectionFailed:
            self._wire = None
            if self.closed:
                return
            raise
        if stream is None:
            self._wire = None
            raise api_error(response, "GET", self._group_resource)
        media = response.content_type
        self._lines = _lines(stream.pieces)
        if media and media != "application/json" and not media.endswith("+json"):
            self._release()
            raise BadAnswer(f"serializer for {media} doesn't exist")

    def __next__(self) -> Event[T]:
        try:
            self.open()
            while self._lines is not None and not self._closed:
                line = next(self._lines, None)
                if line is None or self._closed:
                    break
                if line.strip():
                    return self._event(line)
        except WireError as error:
            self._release()
            if not self._closed:
                raise ConnectionFailed("GET", self._url, error.cause, sent=True, timed_out=error.timed_out) from None
        except BaseException:
            self._release()
            raise
        self._release()
        self._closed = True
        raise StopIteration

    def _register(self, wire: Wire) -> None:
        self._wire = wire
        if self._closed:
            wire.interrupt()

    def _release(self) -> None:
        wire, self._wire, self._lines = self._wire, None, None
        if wire is not None:
            wire.close()

    def _event(self, line: bytes) -> Event[T]:
        event = decode(line, _Line, f"event of {self._what}")
        kind, raw = event.type or "", bytes(event.object)
        if kind == "ERROR":
            raw = self._redacted(raw)  # some servers repeat what they were sent
            raise status_error(raw) or ApiError(500, "InternalError", f"watch of {self._what}: {_text(raw)}")
        if kind not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
            raise BadAnswer(
                f'event of {self._what}: unknown type "{_text(self._redacted(kind.encode("utf-8", "replace")))[:40]}"'
            )
        meta = decode(raw, _Versioned, f"event of {self._what}").metadata
        version = (meta.resource_version if meta else None) or ""
        return Event(kind, decode(raw, self._type, f"event of {self._what}"), version)


def _text(raw: bytes) -> str:
    return raw[:200].decode("utf-8", "replace")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield whole lines; raise WireError when the answer ends in the midst of one."""
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        start = 0
        while (at := piece.find(b"\n", start)) >= 0:
            parts.append(piece[start:at])
            yield b"".join(parts) if len(parts) > 1 else parts[0]
            parts, size, start = [], 0, at + 1
        if start < len(piece):
            parts.append(piece[start:])
            size += len(piece) - start
            if size > _LINE_LIMIT:
                raise WireError(f"an event of more than {_LINE_LIMIT} bytes", answered=True)
    if b"".join(parts).strip():
        raise WireError("unexpected EOF", answered=True)
