"""The connections to one API server: opened through proxies and TLS, kept, shared between threads."""

from __future__ import annotations

import _thread  # built in; `threading` costs 5 ms of a cold start
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.credentials import Credentials
from kubectl_rollouts.cluster.dial import connect
from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.cluster.proxies import proxy_for, socks_tunnel, tunnel
from kubectl_rollouts.cluster.urls import Url
from kubectl_rollouts.cluster.wire import Wire, WireError
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    import socket
    import ssl

    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig

Cancelled = Callable[[], bool]

_WRITE_IDLE = 5.0  # seconds after which a kept connection is not trusted with a write
_KEPT = 16  # connections kept at most


class Pool:
    """Connections to one server. All methods may be called from several threads."""

    def __init__(self, config: ClusterConfig, server: Url, credentials: Credentials, user_agent: str) -> None:
        self.server = server
        try:
            self.proxy = proxy_for(server, config.proxy_url)
        except ValueError as error:
            raise ConfigError(f"invalid proxy: {error}") from None
        if self.proxy is not None and self.proxy.scheme == "https" and server.scheme == "https":
            raise ConfigError(
                f"the proxy {self.proxy.origin} is itself spoken to over TLS, which is not supported for https "
                "servers: name it with http:// or socks5://"
            )
        self._config = config
        self._credentials = credentials
        self._user_agent = user_agent
        self._lock = _thread.allocate_lock()
        self._idle: list[Wire] = []
        self._context: tuple[object, ssl.SSLContext] | None = None
        self._session: tuple[object, ssl.SSLSession] | None = None
        self._closed = False

    def take(self, method: str, end: float, cancelled: Cancelled | None = None) -> Wire:
        """Return a kept connection that is still good, or a new one, opened before `end` (time.monotonic()).

        Raises WireError; a new connection has `used` False.
        """
        while True:
            with self._lock:
                wire = self._idle.pop() if self._idle else None
            if wire is None:
                return self._open(end, cancelled)
            old = method != "GET" and time.monotonic() - wire.idle_since > _WRITE_IDLE
            if not old and not wire.stale():
                return wire
            wire.close()

    def give_back(self, wire: Wire) -> None:
        """Keep a connection whose answer has been read whole."""
        wire.idle_since = time.monotonic()
        if self._session is None and self._context is not None:
            session = getattr(wire.sock, "session", None)  # TLS 1.3 sends it with the first answer
            if session is not None:
                self._session = (self._context[0], session)
        with self._lock:
            if not self._closed and len(self._idle) < _KEPT:
                self._idle.append(wire)
                return
        wire.close()

    def warm(self, number: int, seconds: float) -> None:
        """Open connections ahead of a wave of requests, side by side with what else goes on; failures are left to
        the requests to find.
        """
        for _ in range(number):
            _thread.start_new_thread(self._warm, (time.monotonic() + seconds,))

    def _warm(self, end: float) -> None:
        try:
            wire = self._open(end, None)
        except (WireError, Failure):
            return
        self.give_back(wire)

    def drop_idle(self) -> None:
        """Close all kept connections: the server has closed one, or the certificate has changed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for wire in idle:
            wire.close()

    def close(self) -> None:
        """Close what is kept now and what would be later."""
        self._closed = True
        self.drop_idle()

    def _open(self, end: float, cancelled: Cancelled | None) -> Wire:
        server, proxy = self.server, self.proxy
        near = proxy or server
        context = self._tls() if server.scheme == "https" else None
        try:
            sock = connect(near.host, near.port, end - time.monotonic(), cancelled)
        except WireError as error:
            if proxy is None or error.cause == "closed":
                raise
            doing = "socks connect" if proxy.scheme == "socks5" else "proxyconnect"
            raise WireError(f"{doing} tcp: {error.cause}", timed_out=error.timed_out) from None
        try:
            if proxy is not None and proxy.scheme == "socks5":
                socks_tunnel(sock, proxy, server, max(0.001, end - time.monotonic()))
            elif proxy is not None and proxy.scheme == "https":
                from kubectl_rollouts.cluster.tls import tls_context

                sock = _handshake(sock, tls_context(), proxy.host, end, None)
            elif proxy is not None and server.scheme == "https":
                tunnel(Wire(sock), proxy, server, self._user_agent, end - time.monotonic())
            if context is not None:
                key, tls = context
                known = self._session
                session = known[1] if known is not None and known[0] == key else None
                sock = _handshake(sock, tls, self._config.tls_server_name or server.host, end, session)
        except BaseException:
            sock.close()
            raise
        return Wire(sock)

    def _tls(self) -> tuple[object, ssl.SSLContext]:
        """Return the TLS context, built once for each client certificate, and what it was built for."""
        from kubectl_rollouts.cluster.tls import tls_context

        pair = self._credentials.certificate()
        with self._lock:
            if self._context is None or self._context[0] != pair:
                config, user = self._config, self._config.user
                cert, key = pair or (user.cert_data, user.key_data)
                context = tls_context(
                    ca_data=config.ca_data,
                    ca_file=config.ca_file,
                    insecure=config.insecure,
                    cert_data=cert,
                    cert_file="" if pair else user.cert_file,
                    key_data=key,
                    key_file="" if pair else user.key_file,
                )
                self._context = (pair, context)
            return self._context


def _handshake(
    sock: socket.socket, context: ssl.SSLContext, name: str, end: float, session: ssl.SSLSession | None
) -> socket.socket:
    """Return the socket with TLS on it. The name is given as bytes: for text, Python loads its IDNA codec."""
    from kubectl_rollouts.cluster.tls import tls_error

    left = end - time.monotonic()
    if left <= 0:
        raise WireError("net/http: TLS handshake timeout", timed_out=True)
    sock.settimeout(left)
    expected = name.rstrip(".") if not name.isascii() else name.rstrip(".").encode("ascii")
    try:
        return context.wrap_socket(sock, server_hostname=expected, session=session)
    except TimeoutError:
        raise WireError("net/http: TLS handshake timeout", timed_out=True) from None
    except (OSError, ValueError) as error:
        cause = tls_error(error, name) if isinstance(error, OSError) else f"tls: {error}"
        raise WireError(cause) from None
