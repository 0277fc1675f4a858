"""TLS: who is trusted, which name is expected, which certificate is shown."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ConfigError, ConnectionFailed
from kubectl_rollouts.cluster.kubeconfig import User
from kubectl_rollouts.cluster.tls import tls_context
from kubectl_rollouts.cluster.transport import Timeouts
from tests.cluster.conftest import WIDGETS, answering, widget
from tests.cluster.raw_server import TLS, RawServer

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]

CA = (TLS / "ca.crt").read_bytes()
OTHER_CA = (TLS / "other-ca.crt").read_bytes()
CERT = (TLS / "client.crt").read_bytes()
KEY = (TLS / "client.key").read_bytes()


@pytest.fixture
def server(serve: Serve) -> RawServer:
    return serve(answering(widget()), tls=True, client_ca="ca.crt")


def test_a_ca_in_the_kubeconfig(server: RawServer, connect: Connect) -> None:
    for _ in range(2):
        assert connect(server, ca_data=b"some text\n" + OTHER_CA + CA).get(WIDGETS, "ns", "w") == widget()
    assert connect(server, ca_file=str(TLS / "ca.crt")).get(WIDGETS, "ns", "w") == widget()
    assert server.client_certificates == [{}, {}, {}] or server.client_certificates == [None] * 3


def test_another_ca_is_not_trusted(server: RawServer, connect: Connect) -> None:
    with pytest.raises(ConnectionFailed, match="x509: certificate signed by unknown authority") as caught:
        connect(server, ca_data=OTHER_CA).get(WIDGETS, "ns", "w")
    assert not caught.value.sent
    with pytest.raises(ConnectionFailed, match="x509: certificate signed by unknown authority"):
        connect(server, timeouts=Timeouts()).get(WIDGETS, "ns", "w")  # the system's, which take long to load
    assert server.requests == []


def test_insecure(server: RawServer, connect: Connect) -> None:
    assert connect(server, insecure=True).get(WIDGETS, "ns", "w") == widget()
    with pytest.raises(ConfigError, match="insecure"):
        connect(server, insecure=True, ca_data=CA).get(WIDGETS, "ns", "w")


def test_the_name_that_is_expected(server: RawServer, connect: Connect) -> None:
    connect(server, ca_data=CA, tls_server_name="api.test").get(WIDGETS, "ns", "w")
    assert server.server_names == ["api.test"]
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"
    with pytest.raises(
        ConnectionFailed, match=r"x509: certificate is not valid for other\.test \(correct .* tls-server-name"
    ):
        connect(server, ca_data=CA, tls_server_name="other.test").get(WIDGETS, "ns", "w")
    assert len(server.requests) == 1


def test_a_client_certificate_inline_and_in_files(server: RawServer, connect: Connect) -> None:
    inline = User(cert_data=CERT, key_data=KEY)
    files = User(cert_file=str(TLS / "client.crt"), key_file=str(TLS / "client.key"))
    mixed = User(cert_data=CERT, cert_file="/nope", key_file=str(TLS / "client.key"))
    for user in (inline, files, mixed):
        connect(server, ca_data=CA, user=user).get(WIDGETS, "ns", "w")
    subjects = [dict(pair[0] for pair in cert["subject"]) for cert in server.client_certificates]
    assert subjects == [{"organizationName": "testers", "commonName": "test only client"}] * 3


@pytest.mark.parametrize(
    ("cert", "key", "text"),
    [
        (b"nonsense", KEY, "failed to find any PEM data in certificate input"),
        (CERT, (TLS / "server.key").read_bytes(), "private key does not match public key"),
        (CERT, b"x", "failed to parse the client certificate or its key"),
        (
            CERT,
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "failed to parse the client certificate or its key",
        ),
    ],
)
def test_certificates_that_do_not_do(cert: bytes, key: bytes, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tls_context(ca_data=CA, cert_data=cert, key_data=key)
    assert str(caught.value) == f"tls: {text}"


@pytest.mark.parametrize(
    "around",
    [
        b"a line that is no certificate\n%s\nanother",
        b"\xff\xfe \xc3\xbc\n%s\n# \x00\x80",
        b"-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n%s",
        b"%s\n-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN X-----\neA==\n-----END X-----\n%s-----BEGIN CERTIFICATE-----\n",
        b"%s%s",
    ],
)
def test_a_bundle_is_worth_its_good_certificates(server: RawServer, connect: Connect, around: bytes) -> None:
    connect(server, ca_data=around.replace(b"%s", CA)).get(WIDGETS, "ns", "w")
    connect(server, ca_data=around.replace(b"%s", CA).replace(b"\n", b"\r\n")).get(WIDGETS, "ns", "w")


@pytest.mark.parametrize(
    "data", [b"x", b"\xff", "ü".encode(), b"-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_without_a_certificate(connect: Connect, data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^unable to load root certificates: unable to parse bytes as PEM block$"):
        connect("https://127.0.0.1:1", ca_data=data).get(WIDGETS, "ns", "w")


def test_a_ca_that_is_none() -> None:
    with pytest.raises(ConfigError, match="unable to load root certificates"):
        tls_context(ca_data=b"nonsense")
    with pytest.raises(ConfigError, match=r"unable to read certificate-authority /nope: .*no such file"):
        tls_context(ca_file="/nope")


def test_an_encrypted_key_asks_nobody(tmp_path: Path) -> None:
    """OpenSSL would ask for the passphrase on the terminal, and wait."""
    key = tmp_path / "key"
    made = subprocess.run(
        ["openssl", "ec", "-aes256", "-passout", "pass:secret", "-in", TLS / "client.key", "-out", key],
        capture_output=True,
        check=False,
        timeout=20,
    )
    if made.returncode:
        pytest.skip("no openssl")
    with pytest.raises(ConfigError, match="failed to parse the client certificate or its key"):
        tls_context(ca_data=CA, cert_data=CERT, key_file=str(key))


def test_plain_http_where_tls_is_spoken(serve: Serve, connect: Connect) -> None:
    tls = serve(answering(widget()), tls=True)
    with pytest.raises(ConnectionFailed):
        connect(tls.url.replace("https:", "http:")).get(WIDGETS, "ns", "w")
    assert tls.requests == []


def test_tls_where_plain_http_is_spoken(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(1000)
                sock.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        with pytest.raises(ConnectionFailed, match="http: server gave HTTP response to HTTPS client"):
            connect(f"https://127.0.0.1:{listener.getsockname()[1]}", insecure=True).get(WIDGETS, "ns", "w")
        thread.join()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("user", "text"),
    [
        (User(), "remote error: tls: .* (the server asks for a client certificate, and user .u. has none)"),
        (
            User(cert_data=CERT, key_data=KEY),
            "tls: unknown certificate authority (the server does not accept the client certificate of user .u.)",
        ),
    ],
)
def test_a_server_that_wants_another_certificate(
    connect: Connect, newest: ssl.TLSVersion, user: User, text: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
    context.load_verify_locations(TLS / "other-ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = newest
    asked: list[int] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def refuse() -> None:
            while not over.is_set():
                try:
                    plain, _ = listener.accept()
                except TimeoutError:
                    continue
                asked.append(1)
                plain.settimeout(5)
                sock = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                with sock, contextlib.suppress(OSError):
                    try:
                        sock.do_handshake()
                    finally:  # the alert is lost when the connection is cut with something unread
                        socket.socket.shutdown(sock, socket.SHUT_WR)
                        while select.select([sock], [], [], 5)[0] and os.read(sock.fileno(), 1000):
                            pass

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        pattern = text.replace("(", r"\(").replace(")", r"\)")
        if newest == ssl.TLSVersion.TLSv1_2:  # OpenSSL says no more than that when there is none at all
            pattern = "remote error: tls: (handshake failure|unknown certificate authority)"
        client = connect(f"https://127.0.0.1:{listener.getsockname()[1]}", ca_data=CA, user=user, user_name="u")
        with pytest.raises(ConnectionFailed, match=pattern):
            client.get(WIDGETS, "ns", "w")
        over.set()
        thread.join()
    assert asked == [1]  # asking again would not help


def test_a_server_that_is_silent_in_the_handshake(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionFailed, match="TLS handshake timeout") as caught:
            connect(f"https://127.0.0.1:{port}", insecure=True).get(WIDGETS, "ns", "w")
        assert caught.value.timed_out


def test_nothing_of_a_key_is_left_in_a_file(tmp_path: Path) -> None:
    """The process is killed while the certificate is loaded: no file may hold the key."""
    code = """
import os, signal, ssl, sys
real = ssl.SSLContext.load_cert_chain
def load(self, *a, **k):
    real(self, *a, **k)
    os.kill(os.getpid(), signal.SIGKILL)
ssl.SSLContext.load_cert_chain = load
from kubectl_rollouts.cluster.tls import tls_context
cert, key = (open(f, "rb").read() for f in sys.argv[1:])
tls_context(insecure=True, cert_data=cert, key_data=key)
"""
    if not hasattr(os, "memfd_create"):
        pytest.skip("needs memfd")
    done = subprocess.run(
        [sys.executable, "-c", code, str(TLS / "client.crt"), str(TLS / "client.key")],
        env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        cwd=tmp_path,
        check=False,
        timeout=30,
    )
    assert done.returncode == -9
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
