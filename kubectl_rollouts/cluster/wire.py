"""HTTP/1.1 on one socket: a request out, a head and a body in.

Why not http.client: it parses headers with the `email` package (9 ms of a cold start, one bare interpreter) and its
responses cannot be ended from another thread, which a watch must be. What an API server and the proxies before it
send is small: a status line, headers, and a body by length, by chunks or up to the end of the connection.
Every read has a time limit; a body that is cut short is an error, never a short body.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

_PIECE = 65536
_HEAD_LIMIT = 262144  # bytes of status line and headers
_TRAILER_LIMIT = 16384  # bytes of headers behind a body in chunks


class WireError(Exception):
    """The exchange broke. `timed_out`: by a time limit; `answered`: after the first byte of an answer.

    `garbled`: what came is no HTTP; it would come again.
    """

    def __init__(self, cause: str, *, timed_out: bool = False, answered: bool = False, garbled: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.timed_out = timed_out
        self.answered = answered or garbled
        self.garbled = garbled


class Head:
    """Status and headers of an answer; header names in lower case."""

    __slots__ = ("headers", "keep_alive", "reason", "status")

    def __init__(self, status: int, reason: str, headers: list[tuple[str, str]], keep_alive: bool) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.keep_alive = keep_alive

    def get(self, name: str, default: str = "") -> str:
        """Return the first header of that (lower-case) name."""
        for key, value in self.headers:
            if key == name:
                return value
        return default

    def get_all(self, name: str) -> list[str]:
        """Return all headers of that (lower-case) name."""
        return [value for key, value in self.headers if key == name]


class Wire:
    """One connection. Not for two threads at once, but for `interrupt`."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.idle_since = 0.0
        self.deadline: float | None = None  # time.monotonic() at which everything on this wire ends
        self.used = False  # whether an answer was read on it already
        self.interrupted = False
        self._buffer = b""

    def close(self) -> None:
        """Close the socket; only by the thread that reads from it."""
        self.sock.close()

    def interrupt(self) -> None:
        """End what another thread is reading, at once: it gets a WireError."""
        self.interrupted = True
        with suppress(OSError):  # closed already
            # Not SSLSocket.shutdown: that one pulls the TLS state from under the reading thread.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def stale(self) -> bool:
        """Whether an idle connection has been closed by the server, or holds bytes nobody asked for."""
        import select

        try:
            if hasattr(select, "poll"):
                poll = select.poll()
                poll.register(self.sock, select.POLLIN)
                return bool(poll.poll(0))
            return bool(select.select([self.sock], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def send(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes | None, timeout: float
    ) -> None:
        """Send one request. Header values must be free of line breaks: a ValueError otherwise."""
        lines = [f"{method} {target} HTTP/1.1"]
        for key, value in headers:
            if "\r" in value or "\n" in value or "\0" in value:
                raise ValueError(f'net/http: invalid header field value for "{key}"')
            lines.append(f"{key}: {value}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        data = "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape")
        self._limit(timeout)
        try:
            self.sock.sendall(data + body if body else data)
        except OSError as error:
            raise self._error("write", error) from None

    def read_head(self, method: str, timeout: float) -> Head:
        """Read the head of the answer, all of it within `timeout` seconds; interim answers are skipped."""
        end = time.monotonic() + timeout
        while True:
            head = self._read_one_head(method, end, timeout)
            if head.status >= 200 or head.status == 101:
                self.used = True
                return head

    def _read_one_head(self, method: str, end: float, timeout: float) -> Head:
        data = self._buffer
        while not (ends := _blank_line(data)):
            if len(data) > _HEAD_LIMIT:
                raise WireError("net/http: server response headers exceeded 262144 bytes", garbled=True)
            if data and not b"HTTP/".startswith(data[:5]):
                raise WireError(_malformed(data), garbled=True)
            left = end - time.monotonic()
            piece = self._receive(left, "awaiting response headers", bool(data)) if left > 0 else None
            if piece is None:
                raise WireError(
                    f"net/http: timeout awaiting response headers (no complete answer in {timeout:g} s)",
                    timed_out=True,
                    answered=bool(data),
                )
            if not piece:
                raise WireError("unexpected EOF" if data else "EOF", answered=bool(data))
            data += piece
        self._buffer = data[ends[1] :]
        return _parse_head(data[: ends[0]])

    def body(self, head: Head, method: str, between: float) -> Iterator[bytes]:
        """Yield the body in pieces as they arrive; raise WireError when it stops for `between` seconds."""
        if method == "HEAD" or head.status in (204, 304):
            return
        if "chunked" in head.get("transfer-encoding").lower():
            yield from self._chunks(between)
            return
        lengths = set(head.get_all("content-length"))
        if len(lengths) > 1:
            raise WireError("http: message cannot contain multiple Content-Length headers", garbled=True)
        length = lengths.pop() if lengths else ""
        if not length:
            head.keep_alive = False
            if self._buffer:
                yield self._take(len(self._buffer))
            while piece := self._more(between, eof_ok=True):
                yield piece
            return
        if not (length.isascii() and length.isdigit()) or len(length) > 15:
            raise WireError(f'bad Content-Length "{length[:40]}"', garbled=True)
        left = int(length)
        while left > 0:
            piece = self._take(left) if self._buffer else self._more(between)
            if len(piece) > left:
                piece, self._buffer = piece[:left], piece[left:]
            left -= len(piece)
            yield piece

    def _chunks(self, between: float) -> Iterator[bytes]:
        while True:
            line = self._line(between).partition(b";")[0].strip()
            try:
                left = int(line, 16) if line[:1] not in (b"-", b"+") and len(line) < 16 else -1
            except ValueError:
                left = -1
            if left < 0:
                raise WireError("invalid byte in chunk length", garbled=True)
            if left == 0:
                self._skip_trailers(between)
                return
            while left:
                piece = self._take(left) if self._buffer else self._more(between)
                if len(piece) > left:
                    piece, self._buffer = piece[:left], piece[left:]
                left -= len(piece)
                yield piece
            if self._line(between):
                raise WireError("malformed chunked encoding", garbled=True)

    def _skip_trailers(self, between: float) -> None:
        end, size = time.monotonic() + between, 0
        while line := self._line(between):
            size += len(line)
            if size > _TRAILER_LIMIT or time.monotonic() > end:
                raise WireError("malformed chunked encoding: trailers without end", garbled=True)

    def _line(self, between: float) -> bytes:
        began = 0.0
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > 16384:
                raise WireError("malformed chunked encoding: line too long", garbled=True)
            self._buffer += self._more(between)
            now = time.monotonic()
            if began and now - began > between:
                raise WireError(
                    "net/http: timeout while reading body (a line that trickles)", timed_out=True, answered=True
                )
            began = began or now
        line = self._buffer[:at].rstrip(b"\r")
        self._buffer = self._buffer[at + 1 :]
        return line

    def _take(self, count: int) -> bytes:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _more(self, between: float, *, eof_ok: bool = False) -> bytes:
        """Return the next bytes of a body."""
        piece = self._receive(between, "reading body", True)
        if piece is None:
            raise WireError(
                f"net/http: timeout while reading body (nothing for {between:g} s)",
                timed_out=True,
                answered=True,
            )
        if not piece and not eof_ok:
            raise WireError("unexpected EOF", answered=True)
        return piece

    def _receive(self, timeout: float, doing: str, answered: bool) -> bytes | None:
        """Return what comes next (b"": the end), or None when nothing comes in time."""
        self._limit(timeout)
        try:
            return self.sock.recv(_PIECE)
        except TimeoutError:
            self._limit(timeout)  # raises when it was the deadline of the whole request
            return None
        except OSError as error:
            raise self._error("read", error, answered) from None

    def _limit(self, timeout: float) -> None:
        if self.interrupted:
            raise WireError("closed")
        if self.deadline is not None:
            timeout = min(timeout, self.deadline - time.monotonic())
            if timeout <= 0:
                raise WireError(
                    "context deadline exceeded (Client.Timeout exceeded while awaiting the answer)",
                    timed_out=True,
                )
        self.sock.settimeout(max(timeout, 0.001))

    def _error(self, doing: str, error: OSError, answered: bool = False) -> WireError:
        if self.interrupted:
            return WireError("closed")
        if isinstance(error, TimeoutError):
            return WireError(f"{doing} tcp: i/o timeout", timed_out=True, answered=answered)
        if type(error).__name__ in ("SSLEOFError", "SSLZeroReturnError"):
            return WireError("unexpected EOF", answered=answered)
        if type(error).__name__ == "SSLError":  # with TLS 1.3 the server judges our certificate after the handshake
            from kubectl_rollouts.cluster.tls import tls_error

            return WireError(tls_error(error, ""), garbled=True)
        return WireError(f"{doing} tcp: {reason(error)}", answered=answered)


def reason(error: OSError) -> str:
    """Return what Go says for an operating system's error: `connection refused`, `connection reset by peer`."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _malformed(data: bytes) -> str:
    if data[:1] in (b"\x15", b"\x16"):  # a TLS record
        return 'net/http: HTTP/1.x transport connection broken: malformed HTTP response "(TLS)": use https://'
    shown = data[:40].decode("ascii", "backslashreplace").partition("\n")[0].rstrip("\r")
    return f'net/http: HTTP/1.x transport connection broken: malformed HTTP response "{shown}"'


def _blank_line(data: bytes) -> tuple[int, int] | None:
    """Return where a head ends and where what follows it begins. Lines may end without a carriage return, as in Go."""
    at, bare = data.find(b"\n\r\n"), data.find(b"\n\n")
    if bare >= 0 and (at < 0 or bare < at):
        return bare, bare + 2
    return (at, at + 3) if at >= 0 else None


def _parse_head(data: bytes) -> Head:
    first, *lines = data.decode("latin-1").split("\n")
    version, _, rest = first.partition(" ")
    code, _, phrase = rest.strip().partition(" ")
    if not version.startswith("HTTP/1.") or not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise WireError(_malformed(data), garbled=True)
    headers = []
    for line in lines:
        key, mark, value = line.partition(":")
        if mark:
            headers.append((key.strip().lower(), value.strip()))
    head = Head(int(code), phrase, headers, True)
    connection = head.get("connection").lower()
    head.keep_alive = "close" not in connection and (version != "HTTP/1.0" or "keep-alive" in connection)
    return head
