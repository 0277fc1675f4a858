"""HTTP/1.1 as the sandbox's API server speaks it: requests in, answers and streams out, over plain sockets.

`http.server` would do, but it costs as much to import as the whole rest of a sandbox.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from io import BufferedReader
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

MOST_HEADERS = 100
LONGEST_LINE = 65_536
LARGEST_BODY = 64 * 1024 * 1024
GZIP_FROM = 128 * 1024
"""Answers of at least so many bytes are compressed for those who accept it, as a real server does."""

_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class RefusedError(Exception):
    """What came is no HTTP request that this server takes; `code` says which."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Request(NamedTuple):
    """One request. Header names are lower-case; the last value of a query parameter counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def accepts(self, wanted: str) -> bool:
        """Whether the `Accept` header holds these words."""
        return wanted in self.headers.get("accept", "")


Stream = Callable[[Callable[[bytes], None], Callable[[], bool]], None]
"""stream(send, gone): writes pieces with `send` until it is done or `gone()` says that nobody listens any more."""


class Response(NamedTuple):
    """One answer: a body, or a stream of pieces."""

    code: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    stream: Stream | None = None


def json_response(
    value: Any, code: int = 200, headers: Iterable[tuple[str, str]] = (), content_type: str = "application/json"
) -> Response:
    """An answer that holds a JSON value."""
    return Response(code, msgspec.json.encode(value), content_type, tuple(headers))


def read_request(reader: BufferedReader, send: Callable[[bytes], object]) -> Request | None:
    """Read one request, None at the end of the connection. Raises RefusedError, OSError."""
    line = reader.readline(LONGEST_LINE)
    while line in (b"\r\n", b"\n"):
        line = reader.readline(LONGEST_LINE)
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not line.endswith(b"\n"):
        raise RefusedError(400, "no HTTP request")
    method, target, version = parts
    headers = _read_headers(reader)
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    if headers.get("expect", "").lower() == "100-continue":
        send(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(reader, headers)
    if "://" in target[:8]:
        target = "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"
    path, _, query = target.partition("?")
    return Request(method, path, parse_query(query), headers, body)


def parse_query(text: str) -> dict[str, str]:
    """The parameters of a query string; the last of several counts."""
    found = {}
    for pair in text.split("&"):
        if pair:
            key, _, value = pair.partition("=")
            found[unquote(key.replace("+", " "))] = unquote(value.replace("+", " "))
    return found


def _read_headers(reader: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = reader.readline(LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not line.endswith(b"\n"):
            raise RefusedError(400, "a header line that is none")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers and name == "accept" else value
    raise RefusedError(431, "too many headers")


def _read_body(reader: BufferedReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        pieces: list[bytes] = []
        total = 0
        while True:
            size = _size(reader.readline(LONGEST_LINE).partition(b";")[0].strip(), 16)
            total += size
            if total > LARGEST_BODY:
                raise RefusedError(413, "the request is too large")
            if size == 0:
                while reader.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
                    pass
                return b"".join(pieces)
            pieces.append(_exactly(reader, size))
            reader.readline(LONGEST_LINE)
    length = _size(headers.get("content-length", "0").encode("latin-1"), 10)
    if length > LARGEST_BODY:
        raise RefusedError(413, "the request is too large")
    return _exactly(reader, length) if length else b""


def _size(text: bytes, base: int) -> int:
    try:
        size = int(text, base)
    except ValueError:
        raise RefusedError(400, "a length that is no number") from None
    if size < 0:
        raise RefusedError(400, "a negative length")
    return size


def _exactly(reader: BufferedReader, length: int) -> bytes:
    data = reader.read(length)
    if len(data) != length:
        raise ConnectionError("the request ended early")
    return data


def head(response: Response, length: int | None, extra: Iterable[tuple[str, str]] = ()) -> bytes:
    """Status line and headers; a `length` of None announces a chunked stream."""
    lines = [f"HTTP/1.1 {response.code} {_REASONS.get(response.code, 'Unknown')}"]
    lines.append(f"Content-Type: {response.content_type}")
    lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    lines.append("Cache-Control: no-cache, private")
    lines += [f"{name}: {value}" for name, value in (*response.headers, *extra)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def send_response(connection: socket.socket, request: Request | None, response: Response, close: bool) -> None:
    """Write a whole answer. Raises OSError."""
    body = response.body
    extra = [("Connection", "close")] if close else []
    accepted = request is not None and "gzip" in request.headers.get("accept-encoding", "")
    if accepted and len(body) >= GZIP_FROM:
        import gzip

        body = gzip.compress(body, 1)
        extra += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    without_body = request is not None and request.method == "HEAD"
    connection.sendall(head(response, len(body), extra) + (b"" if without_body else body))


def send_stream(connection: socket.socket, response: Response, stopped: Callable[[], bool]) -> None:
    """Write a stream in chunks until it ends, the server stops or the client has gone. Raises OSError."""
    assert response.stream is not None
    connection.sendall(head(response, None))

    def send(piece: bytes) -> None:
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

    def gone() -> bool:
        return stopped() or _closed(connection)

    response.stream(send, gone)
    connection.sendall(b"0\r\n\r\n")


def _closed(connection: socket.socket) -> bool:
    """Whether the other end has closed; what it may have sent stays unread."""
    timeout = connection.gettimeout()
    try:
        connection.setblocking(False)
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(timeout)
