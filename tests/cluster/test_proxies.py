"""Which requests go through a proxy, and that they get there and nowhere else."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ConfigError, ConnectionFailed
from kubectl_rollouts.cluster.kubeconfig import User
from kubectl_rollouts.cluster.proxies import exempt, parse_proxy, proxy_for
from kubectl_rollouts.cluster.urls import split_url
from tests.cluster.conftest import WIDGETS, answering, widget
from tests.cluster.raw_server import TLS, Exchange, RawServer

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]
CA = (TLS / "ca.crt").read_bytes()


@pytest.mark.parametrize(
    ("server", "no_proxy", "direct"),
    [
        ("https://localhost:6443", "", True),
        ("https://127.0.0.1", "", True),
        ("https://127.9.9.9", "", True),
        ("https://[::1]", "", True),
        ("https://128.0.0.1", "", False),
        ("https://api.example.com", "", False),
        ("https://api.example.com", "*", True),
        ("https://api.example.com", "example.com", True),
        ("https://example.com", "example.com", True),
        ("https://notexample.com", "example.com", False),
        ("https://api.example.com", ".example.com", True),
        ("https://example.com", ".example.com", False),
        ("https://api.example.com", "*.example.com", True),
        ("https://API.Example.COM.", " x , EXAMPLE.com ", True),
        ("https://api.example.com:6443", "example.com:6443", True),
        ("https://api.example.com:6443", "example.com:443", False),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", True),
        ("https://10.1.2.3", "10.1.2.3:80", False),
        ("https://10.1.2.3", "2.3", False),
        ("https://[fd00::5]", "fd00::/16", True),
        ("https://[fd00::5]", "FD00:0::5", True),
        ("https://[fd00::5]:1", "[fd00::5]:1", True),
        ("https://[fd00::5]", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.0.0.0/x, 10.0.0.0/99, /", False),
    ],
)
def test_no_proxy(server: str, no_proxy: str, direct: bool) -> None:
    assert exempt(split_url(server), no_proxy) == direct


def test_which_proxy() -> None:
    https, http = split_url("https://api.test:1"), split_url("http://api.test:1")
    environment = {"HTTPS_PROXY": "http://s:1", "http_proxy": "h:2"}
    assert (found := proxy_for(https, "", environment)) and found.address == "s:1"
    assert (found := proxy_for(http, "", environment)) and found.address == "h:2"
    assert proxy_for(https, "", {**environment, "no_proxy": "api.test"}) is None
    assert proxy_for(https, "", {}) is None
    assert (found := proxy_for(https, "", {"HTTPS_PROXY": "socks5h://s"})) and found.scheme == "socks5"
    with pytest.raises(ValueError, match=r"^HTTPS_PROXY of the environment: unsupported scheme"):
        proxy_for(https, "", {"HTTPS_PROXY": "ftp://s"})
    mine = proxy_for(split_url("https://127.0.0.1"), "socks5://mine", {**environment, "NO_PROXY": "*"})
    assert mine is not None
    assert mine.address == "mine:1080"
    for bad in ("ftp://x", "x:1", "http://"):
        with pytest.raises(ValueError, match=r"\w"):
            parse_proxy(bad)


class Relay:
    """A proxy: CONNECT, or SOCKS5, then bytes to and fro to the server it was told of (whatever its name)."""

    def __init__(self, target: int, *, socks: bool = False, refuse: bool = False, login: str = "") -> None:
        self.asked: list[bytes] = []
        self._target, self._socks, self._refuse, self._login = target, socks, refuse, login
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            sock.settimeout(5)
            if not (self._negotiate_socks(sock) if self._socks else self._negotiate(sock)):
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                back = threading.Thread(target=self._copy, args=(far, sock), daemon=True)
                back.start()
                self._copy(sock, far)
                back.join(10)

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _negotiate(self, sock: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(4096)
            if not piece:
                return False
            data += piece
        self.asked.append(data)
        if self._refuse:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return False
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return True

    def _negotiate_socks(self, sock: socket.socket) -> bool:
        methods = sock.recv(2 + 255)
        if not methods:
            return False
        if self._login:
            sock.sendall(b"\x05\x02")
            self.asked.append(sock.recv(1000))
            sock.sendall(b"\x01\x00")
        else:
            sock.sendall(b"\x05\x00")
        self.asked.append(sock.recv(1000))
        sock.sendall(b"\x05" + (b"\x05" if self._refuse else b"\x00") + b"\x00\x01\x00\x00\x00\x00\x00\x00")
        return not self._refuse


@pytest.fixture
def relay() -> Iterator[Callable[..., Relay]]:
    made: list[Relay] = []

    def make(*args: int, **settings: object) -> Relay:
        made.append(Relay(*args, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_https_through_connect(serve: Serve, connect: Connect, relay: Callable[..., Relay]) -> None:
    server = serve(answering(widget()), tls=True)
    proxy = relay(server.port)
    with connect(
        "https://api.test:6443",
        ca_data=CA,
        user=User(token="t"),
        proxy_url=f"http://us%20er:pass@127.0.0.1:{proxy.port}",
    ) as client:
        client.get(WIDGETS, "ns", "w")
        client.get(WIDGETS, "ns", "w")
    (asked,) = proxy.asked
    assert asked.startswith(b"CONNECT api.test:6443 HTTP/1.1\r\nHost: api.test:6443\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"us er:pass") in asked
    assert b"Bearer" not in asked
    assert server.server_names == ["api.test"]
    assert [r.headers.get("authorization") for r in server.requests] == ["Bearer t"] * 2
    assert "proxy-authorization" not in server.requests[0].headers


def test_a_proxy_that_refuses(connect: Connect, relay: Callable[..., Relay]) -> None:
    proxy = relay(1, refuse=True)
    with pytest.raises(ConnectionFailed, match="Proxy Authentication Required") as caught:
        connect("https://api.test", proxy_url=f"http://u:sentinel@127.0.0.1:{proxy.port}").get(WIDGETS, "ns", "w")
    assert "sentinel" not in str(caught.value)
    assert not caught.value.sent


def test_plain_http_through_a_proxy(serve: Serve, connect: Connect) -> None:
    proxy = serve(answering(widget()))
    connect("http://api.test:8080/base", proxy_url=proxy.url.replace("//", "//u:p@")).get(WIDGETS, "ns", "w")
    (request,) = proxy.requests
    assert request.target == "http://api.test:8080/base/apis/example.com/v1/namespaces/ns/widgets/w"
    assert request.headers["host"] == "api.test:8080"
    assert request.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"u:p").decode()


def test_the_environments_proxy(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(answering(widget("by proxy"))), serve(answering(widget("direct")))
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}")
    assert connect("http://api.test").get(WIDGETS, "ns", "w")["metadata"]["name"] == "by proxy"
    assert connect(server).get(WIDGETS, "ns", "w")["metadata"]["name"] == "direct"  # loopback


@pytest.mark.parametrize("login", ["", "user:pass"])
def test_socks(serve: Serve, connect: Connect, relay: Callable[..., Relay], login: str) -> None:
    server = serve(answering(widget()), tls=True)
    proxy = relay(server.port, socks=True, login=login)
    at = f"{login}@" if login else ""
    with connect("https://api.test:6443", ca_data=CA, proxy_url=f"socks5://{at}127.0.0.1:{proxy.port}") as client:
        assert client.get(WIDGETS, "ns", "w") == widget()
    assert proxy.asked[-1] == b"\x05\x01\x00\x03\x08api.test" + (6443).to_bytes(2, "big")
    if login:
        assert proxy.asked[0] == b"\x01\x04user\x04pass"


def test_a_socks_proxy_that_refuses(connect: Connect, relay: Callable[..., Relay]) -> None:
    proxy = relay(1, socks=True, refuse=True)
    with pytest.raises(ConnectionFailed, match=r"socks connect tcp .*: connection refused"):
        connect("https://api.test", proxy_url=f"socks5://127.0.0.1:{proxy.port}").get(WIDGETS, "ns", "w")


def test_a_proxy_that_is_not_there(connect: Connect) -> None:
    cause = r" tcp: dial tcp 127\.0\.0\.1:1: connect: connection refused"
    with pytest.raises(ConnectionFailed, match="socks connect" + cause):
        connect("https://api.test", proxy_url="socks5://127.0.0.1:1").get(WIDGETS, "ns", "w")
    with pytest.raises(ConnectionFailed, match="proxyconnect" + cause) as caught:
        connect("https://api.test", proxy_url="http://127.0.0.1:1").get(WIDGETS, "ns", "w")
    assert not caught.value.sent


def test_a_proxy_over_tls_for_tls_is_refused_clearly(connect: Connect) -> None:
    with pytest.raises(
        ConfigError,
        match=r"the proxy https://127\.0\.0\.1:1 is itself spoken to over TLS, which is not supported .* http:// or socks5://",
    ):
        connect("https://api.test", proxy_url="https://127.0.0.1:1")


def test_no_redirect_takes_credentials_along(serve: Serve, connect: Connect) -> None:
    other = serve(answering(widget()), tls=True)

    def handle(exchange: Exchange) -> None:
        exchange.answer(b"", 302, Location=f"{other.url}/x")

    server = serve(handle, tls=True)
    with pytest.raises(
        ConnectionFailed, match=r"redirect to https://.* refused: requests go to the server of the kubeconfig only"
    ):
        connect(server, ca_data=CA, user=User(token="sentinel")).get(WIDGETS, "ns", "w")
    assert other.connections == 0
