"""Requests to one API server: connections kept and shared between threads, time limits, retries, logging.

Rules: spec/commands.md §2.5 and design.md "Talking to the cluster". What may be repeated: any request that the server
turned away with 429 or 5xx and a Retry-After; one that was refused with 401 after new credentials were got; a GET
whose connection broke. A write is never repeated when it may have reached the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.cluster.credentials import Credentials
from kubectl_rollouts.cluster.errors import ConfigError, ConnectionFailed
from kubectl_rollouts.cluster.pool import Pool
from kubectl_rollouts.cluster.proxies import authorization
from kubectl_rollouts.cluster.urls import split_url
from kubectl_rollouts.cluster.wire import Head, Wire, WireError

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.requestlog import RequestLog

Headers = list[tuple[str, str]]

_MAX_WAITS = 10  # Retry-After answers that are waited for
_MAX_WAITED = 10.0  # seconds, all of those waits together
_RESET_PAUSES = (0.1, 0.4, 1.0)  # seconds before a GET is sent again over a new connection
_TRICKLE = 64  # bytes that must come in the time that a body may pause
_RETRY_WITHIN = 9.0  # seconds after the first broken connection in which the repeats must end


class Timeouts(Struct, frozen=True):
    """Time limits in seconds. `connect` covers name, TCP, proxy and TLS; `first_byte` the whole head of an answer.

    A body may pause for `between_bytes`; 9 s rather than more, so that a server that dies in the midst of an
    answer is reported within 10 s.
    """

    connect: float = 5.0
    first_byte: float = 8.0
    between_bytes: float = 9.0


class Response:
    """An answer, read whole. `headers` has names in lower case."""

    __slots__ = ("body", "generation", "head", "status")

    def __init__(self, head: Head, body: bytes, generation: int = 0) -> None:
        self.status = head.status
        self.head = head
        self.body = body
        self.generation = generation  # of the credentials that the request carried

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.head.get("content-type").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds of a Retry-After header (dates are ignored, as in the reference)."""
        value = self.head.get("retry-after")
        return float(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


class Stream:
    """The body of an answer, read as it comes, and the connection it comes on."""

    __slots__ = ("pieces", "wire")

    def __init__(self, wire: Wire, pieces: Iterator[bytes]) -> None:
        self.wire = wire
        self.pieces = pieces


class Transport:
    """The connections to one API server. May be used by several threads at once."""

    def __init__(
        self, config: ClusterConfig, *, user_agent: str, log: RequestLog, timeouts: Timeouts | None = None
    ) -> None:
        try:
            self.server = split_url(config.server)
        except ValueError as error:
            raise ConfigError(f"invalid server URL: {error}") from None
        if self.server.scheme not in ("http", "https"):
            raise ConfigError(f'invalid server URL: unsupported scheme "{self.server.scheme}"')
        self.credentials = Credentials(config, self.server, log)
        self.timeouts = timeouts or Timeouts()
        limit = config.request_timeout
        if limit:  # the user's own limit replaces them all
            self.timeouts = Timeouts(limit, limit, limit)
        self._config = config
        self.latency = 0.0  # seconds between the last request and its answer
        self._limit = limit
        self._log = log
        self._pool = Pool(config, self.server, self.credentials, user_agent)
        self._prefix = self.server.path.rstrip("/")
        proxy = self._pool.proxy
        # A plain HTTP request through an HTTP proxy names the whole URL, and carries the proxy's password.
        self._proxied = proxy is not None and self.server.scheme == "http" and proxy.scheme != "socks5"
        self._fixed: Headers = [("Host", self.server.netloc), ("User-Agent", user_agent)]
        if not config.disable_compression:
            self._fixed.append(("Accept-Encoding", "gzip"))
        if proxy is not None and self._proxied:
            self._fixed += authorization(proxy)

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def warm(self, number: int) -> None:
        """Open so many connections in the background, for requests that will soon go out side by side."""
        self._pool.warm(number, self.timeouts.connect)

    def redacted(self, body: bytes) -> bytes:
        """Return what a server says of an error, without the credentials that it may repeat."""
        return self._log.redacted_answer(body)

    # --- requests --------------------------------------------------------------------------------------------------

    def url(self, target: str) -> str:
        """Return the whole URL of a request target, as error texts and logs show it."""
        return self.server.origin + self._prefix + target

    def request(
        self,
        method: str,
        target: str,
        headers: Headers | None = None,
        body: bytes | None = None,
        *,
        persistent: bool = True,
    ) -> Response:
        """Send a request and return the answer, whatever its status; retried as the module's text says.

        `persistent` False: neither broken connections nor Retry-After lead to another attempt.
        `target` is a path with its query below the server's own path. Raises ConnectionFailed, ConfigError.
        """
        waits, waited, breaks, refreshed, moved = 0, 0.0, 0, False, 0
        deadline = time.monotonic() + self._limit if self._limit else None
        broken_at: float | None = None
        while True:
            ends = deadline
            if broken_at is not None:
                ends = min(broken_at + _RETRY_WITHIN, deadline or broken_at + _RETRY_WITHIN)
            try:
                response, _ = self._exchange(method, target, headers or [], body, ends)
            except _BrokenError as broken:
                again = persistent and method == "GET" and broken.repeatable and breaks < len(_RESET_PAUSES)
                now = time.monotonic()
                broken_at = now if broken_at is None else broken_at
                if broken.reused and method == "GET" and broken.repeatable:
                    self._pool.drop_idle()  # the server closed what was kept: the others are stale as well
                    continue
                if not again or now - broken_at > _RETRY_WITHIN / 2:
                    raise self._failed(method, target, broken) from None
                _sleep(_RESET_PAUSES[breaks], deadline)
                breaks += 1
                continue
            if response.status == 401 and not refreshed and self._renewed(response):
                refreshed = True
                continue
            seconds = response.retry_after
            if not persistent and response.status >= 429:
                return response
            if seconds is not None and (response.status == 429 or response.status >= 500):
                if waits < _MAX_WAITS and waited + seconds <= _MAX_WAITED and _in_time(seconds, deadline):
                    _sleep(seconds, deadline)
                    waits, waited, broken_at = waits + 1, waited + seconds, None
                    continue
            elif response.status in (301, 302, 303, 307, 308) and method == "GET" and moved < 10:
                target, moved = self._moved(target, response.head.get("location")), moved + 1
                continue
            return response

    def stream(
        self,
        target: str,
        headers: Headers | None = None,
        *,
        quiet: float,
        opened: Callable[[Wire], None],
        cancelled: Callable[[], bool],
    ) -> tuple[Response, Stream | None]:
        """Open a GET whose body is read as it comes; `quiet` is how long it may say nothing, in seconds.

        Nothing is retried but a kept connection that had gone stale and, once, the credentials. With a status
        other than 200 the answer is read whole and the stream is None. `opened` gets the connection before
        anything is read from it, so that another thread can end it.
        """
        refreshed = False
        while True:
            try:
                response, stream = self._exchange("GET", target, headers or [], None, None, quiet, opened, cancelled)
            except _BrokenError as broken:
                if broken.reused and broken.repeatable and not cancelled():
                    self._pool.drop_idle()
                    continue
                raise self._failed("GET", target, broken) from None
            if response.status == 401 and not refreshed and self._renewed(response):
                refreshed = True
                continue
            return response, stream

    def _exchange(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes | None,
        deadline: float | None,
        quiet: float = 0.0,
        opened: Callable[[Wire], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[Response, Stream | None]:
        """Send one request over one connection and read the answer (`quiet`: only its head, if it is 200)."""
        credentials, generation = self.credentials.headers()
        all_headers = self._fixed + headers + credentials
        limits = self.timeouts
        wire, sent, keep = None, False, False
        note = self._log.request(method, self.url(target), all_headers, body)
        try:
            end = time.monotonic() + limits.connect
            wire = self._pool.take(method, end if deadline is None else min(end, deadline), cancelled)
            wire.deadline = deadline
            if opened is not None:
                opened(wire)
            sent = True
            sent_at = time.monotonic()
            wire.send(
                method,
                self.url(target) if self._proxied else self._prefix + target,
                all_headers,
                body,
                limits.first_byte,
            )
            head = wire.read_head(method, limits.first_byte)
            self.latency = latency = time.monotonic() - sent_at
            if quiet and head.status == 200:
                keep = True
                note.answered(head, None)
                return Response(head, b"", generation), Stream(wire, _decoded(head, wire.body(head, method, quiet)))
            # A late answer that stalls is reported as soon as one that is silent or stalls at once.
            between = max(limits.between_bytes - latency, limits.between_bytes / 8)
            data = b"".join(_decoded(head, _brisk(wire.body(head, method, between), between)))
            if head.status >= 400:
                data = self._log.redacted_answer(data)
            note.answered(head, data)
            keep = head.keep_alive
            if keep:
                self._pool.give_back(wire)
            return Response(head, data, generation), None
        except ValueError as error:
            raise ConnectionFailed(method, self.url(target), str(error), sent=False) from None
        except WireError as error:
            note.failed(error.cause)
            reused = wire is not None and wire.used and not error.answered and not error.timed_out
            raise _BrokenError(error, sent, reused) from None
        finally:
            if wire is not None and not keep:
                wire.close()

    def _renewed(self, response: Response) -> bool:
        """Get other credentials than those that were refused; whether there are any."""
        if not self.credentials.refresh(response.generation):
            return False
        self._pool.drop_idle()  # what was kept is bound to the old client certificate
        return True

    def _failed(self, method: str, target: str, broken: _BrokenError) -> ConnectionFailed:
        error = broken.error
        return ConnectionFailed(
            method,
            self.url(target),
            error.cause,
            sent=broken.sent,
            timed_out=error.timed_out,
            hint=self._hint(error),
        )

    def _hint(self, error: WireError) -> str:
        """Return what may help, where the reference's text alone would not."""
        config = self._config
        if config.assumed:
            if not config.files:
                return "no kubeconfig was found: set KUBECONFIG, or use --kubeconfig or --server"
            if not config.cluster_name:
                return "the kubeconfig has no current context: use --context, or kubectl config use-context"
            return f'the kubeconfig has no server for cluster "{config.cluster_name}"'
        if error.cause.startswith("remote error: tls: ") and "certificate" in error.cause:
            user = config.user
            if not (user.cert_data or user.cert_file or user.exec):
                return f'the server asks for a client certificate, and user "{config.user_name}" has none'
            return f'the server does not accept the client certificate of user "{config.user_name}"'
        if "certificate is not valid for" in error.cause or "any IP SANs" in error.cause:
            return "correct the server in the kubeconfig, or set tls-server-name to a name that the certificate has"
        if "signed by unknown authority" in error.cause:
            if not (config.ca_data or config.ca_file):
                return "no certificate-authority is set for this cluster"
            return f'the certificate-authority of cluster "{config.cluster_name}" is that of another server'
        return ""

    def _moved(self, target: str, location: str) -> str:
        """Return the target of a redirect; raise when it leads to another server."""
        path = location
        if not location.startswith("/") or location.startswith("//"):
            try:
                there = split_url(location)
            except ValueError:
                there = None
            if there is None or there.origin != self.server.origin:
                where = f"redirect to {there.origin}" if there else "redirect that says not where to"
                cause = f"{where} refused: requests go to the server of the kubeconfig only"
                raise ConnectionFailed("GET", self.url(target), cause, sent=True)
            rest = location.partition("://")[2]
            path = rest[rest.index("/") :] if "/" in rest else "/"
        if not path.startswith(self._prefix):
            cause = "redirect out of the server's path refused"
            raise ConnectionFailed("GET", self.url(target), cause, sent=True)
        return path[len(self._prefix) :].partition("#")[0]


class _BrokenError(Exception):
    """A WireError with what decides whether the request may be repeated."""

    def __init__(self, error: WireError, sent: bool, reused: bool) -> None:
        super().__init__(error.cause)
        self.error = error
        self.sent = sent
        self.reused = reused  # a kept connection, broken before a byte of an answer came

    @property
    def repeatable(self) -> bool:
        """Whether a GET may do better over a new connection: it was cut, not refused and not silent."""
        return self.sent and not self.error.timed_out and not self.error.garbled


def _brisk(pieces: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """Yield the pieces; raise when hardly anything comes for so long: a byte now and then is as good as silence."""
    began, got = time.monotonic(), 0
    for piece in pieces:
        yield piece
        got += len(piece)
        spent = time.monotonic() - began
        if got >= _TRICKLE:
            began, got = time.monotonic(), 0
        elif spent > seconds:
            cause = f"net/http: timeout while reading body (only {got} bytes in {spent:.0f} s)"
            raise WireError(cause, timed_out=True, answered=True)


def _decoded(head: Head, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a body without their compression."""
    encoding = head.get("content-encoding").lower()
    if encoding in ("", "identity"):
        return pieces
    if encoding not in ("gzip", "x-gzip"):
        raise WireError(f'unknown Content-Encoding "{encoding}"', garbled=True)
    return _unzipped(pieces)


def _unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    import zlib

    unzip = zlib.decompressobj(31)
    try:
        for piece in pieces:
            left = piece
            while left:
                if unzip.eof:  # one compressed file after another is one text
                    unzip = zlib.decompressobj(31)
                data = unzip.decompress(left)
                if data:
                    yield data
                left = unzip.unused_data
    except zlib.error:
        raise WireError("gzip: invalid header or data", garbled=True) from None
    if not unzip.eof:
        raise WireError("unexpected EOF", answered=True)


def _in_time(seconds: float, deadline: float | None) -> bool:
    return deadline is None or time.monotonic() + seconds < deadline


def _sleep(seconds: float, deadline: float | None) -> None:
    if deadline is not None:
        seconds = min(seconds, max(0.0, deadline - time.monotonic()))
    time.sleep(seconds)
