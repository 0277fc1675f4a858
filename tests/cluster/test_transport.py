"""Connections, retries and time limits, against servers that misbehave."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.cluster.kubeconfig import ConfigFlags, User, load_config
from kubectl_rollouts.cluster.transport import Timeouts, _decoded
from kubectl_rollouts.cluster.wire import Head, WireError
from kubectl_rollouts.errors import Failure
from tests.cluster.conftest import WIDGETS, answering, widget
from tests.cluster.raw_server import Exchange, RawServer

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]


def patch(client: Client) -> dict[str, Any]:
    return client.patch(WIDGETS, "ns", "w", {"spec": {"x": 1}})


# --- Connections -------------------------------------------------------------------------------------------------


def test_one_connection_serves_many_requests(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    client = connect(server)
    for _ in range(3):
        client.get(WIDGETS, "ns", "w")
        patch(client)
    assert [r.connection for r in server.requests] == [1] * 6


def test_what_a_request_says(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    patch(connect(server))
    (request,) = server.requests
    assert (request.method, request.target) == ("PATCH", "/apis/example.com/v1/namespaces/ns/widgets/w")
    assert json.loads(request.body) == {"spec": {"x": 1}}
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert request.headers["accept"] == "application/json, */*"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["user-agent"].startswith("kubectl-argo-rollouts/v")
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert "authorization" not in request.headers


def test_the_servers_own_path_comes_first(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    connect(server.url + "/k8s/clusters/c-1/").get(WIDGETS, "ns", "w")
    assert server.requests[0].target == "/k8s/clusters/c-1/apis/example.com/v1/namespaces/ns/widgets/w"


def test_ipv6(serve: Serve, connect: Connect) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    try:
        server = serve(answering(widget()), host="::1")
    except OSError:
        pytest.skip("no IPv6 loopback")
    assert connect(server).get(WIDGETS, "ns", "w") == widget()
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_a_name_with_several_addresses_reaches_the_one_that_listens(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    assert connect(f"http://localhost:{server.port}").get(WIDGETS, "ns", "w") == widget()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_connection_that_the_server_closed(serve: Serve, connect: Connect, how: str) -> None:
    """Each answer is followed by the end of the connection: no request may notice, no write may be sent twice."""

    def handle(exchange: Exchange) -> None:
        exchange.answer(widget())
        getattr(exchange, how)()

    server = serve(handle)
    client = connect(server)
    for _ in range(5):
        client.get(WIDGETS, "ns", "w")
    for _ in range(5):
        threading.Event().wait(0.02)  # the end has arrived here when a write looks
        patch(client)
    assert [r.method for r in server.requests].count("PATCH") == 5


def test_connection_close_is_honoured(serve: Serve, connect: Connect) -> None:
    server = serve(lambda exchange: exchange.answer(widget(), Connection="close"))
    client = connect(server)
    client.get(WIDGETS, "ns", "w")
    client.get(WIDGETS, "ns", "w")
    assert [r.connection for r in server.requests] == [1, 2]


# --- Broken connections ------------------------------------------------------------------------------------------


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_refused(connect: Connect) -> None:
    port = refused_port()
    with pytest.raises(ConnectionFailed) as caught:
        patch(connect(f"http://127.0.0.1:{port}"))
    url = f"http://127.0.0.1:{port}/apis/example.com/v1/namespaces/ns/widgets/w"
    assert str(caught.value) == f'Patch "{url}": dial tcp 127.0.0.1:{port}: connect: connection refused'
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (None, "(no kubeconfig was found: set KUBECONFIG, or use --kubeconfig or --server)"),
        (
            "kind: Config",
            "(the kubeconfig has no current context: use --context, or kubectl config use-context)",
        ),
        (
            "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]",
            '(the kubeconfig has no server for cluster "k")',
        ),
    ],
)
def test_where_nothing_names_a_server_the_error_says_so(tmp_path: Path, text: str | None, hint: str) -> None:
    file = tmp_path / "config"
    if text is not None:
        file.write_text(text)
    environment = {"KUBECONFIG": str(file)}
    quick = Timeouts(connect=0.3, first_byte=0.3)
    with (
        Client(load_config(None, environment), timeouts=quick) as client,
        pytest.raises(ConnectionFailed, match="^Get.*" + re.escape(hint)),
    ):
        client.list(WIDGETS, "ns")
    with (
        Client(load_config(ConfigFlags(server="http://127.0.0.1:1"), environment)) as client,
        pytest.raises(ConnectionFailed, match=r"connection refused$"),
    ):
        client.list(WIDGETS, "ns")


def test_a_name_that_is_not_there(connect: Connect) -> None:
    with pytest.raises(ConnectionFailed, match=r"dial tcp: lookup nowhere\.invalid: ") as caught:
        connect("http://nowhere.invalid:80", timeouts=Timeouts(connect=8.0)).get(WIDGETS, "ns", "w")
    assert not caught.value.sent


def broken(times: int, how: str) -> Callable[[Exchange], None]:
    left = [times]

    def handle(exchange: Exchange) -> None:
        left[0] -= 1
        if left[0] < 0:
            exchange.answer(widget())
            return
        if how == "half":
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            exchange.close()
        elif how == "cut head":
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-")
            exchange.close()
        else:
            getattr(exchange, how)()

    return handle


@pytest.mark.parametrize("how", ["close", "reset", "half", "cut head"])
def test_a_get_survives_broken_connections(serve: Serve, connect: Connect, how: str) -> None:
    server = serve(broken(2, how))
    assert connect(server).get(WIDGETS, "ns", "w") == widget()
    assert len(server.requests) == 3


@pytest.mark.parametrize("how", ["close", "reset", "half", "cut head"])
def test_a_get_gives_up_in_the_end(serve: Serve, connect: Connect, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    server = serve(broken(1000, how))
    with pytest.raises(ConnectionFailed) as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert caught.value.sent
    assert len(server.requests) == 4
    assert slept == [0.1, 0.4, 1.0]


@pytest.mark.parametrize("how", ["close", "reset", "half", "cut head", "silence"])
def test_a_write_is_never_repeated_blindly(serve: Serve, connect: Connect, how: str) -> None:
    server = serve(broken(1000, how))
    with pytest.raises(ConnectionFailed) as caught:
        patch(connect(server))
    assert caught.value.sent
    assert caught.value.timed_out == (how == "silence")
    assert len(server.requests) == 1


def test_silence_is_reported_once(serve: Serve, connect: Connect) -> None:
    server = serve(broken(1000, "silence"))
    with pytest.raises(ConnectionFailed, match="timeout awaiting response headers") as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert caught.value.timed_out
    assert len(server.requests) == 1


def test_a_body_that_stops(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        exchange.silence()

    server = serve(handle)
    with pytest.raises(ConnectionFailed, match="timeout while reading body"):
        connect(server).get(WIDGETS, "ns", "w")
    assert len(server.requests) == 1


def test_a_body_that_trickles_has_an_end(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(200):
            exchange.raw(b" ")
            time.sleep(0.05)

    with pytest.raises(ConnectionFailed, match=r"timeout while reading body \(only \d+ bytes in") as caught:
        connect(serve(handle)).get(WIDGETS, "ns", "w")
    assert caught.value.timed_out


def test_a_body_that_is_slow_is_waited_for(serve: Serve, connect: Connect) -> None:
    body = json.dumps(widget(text="x" * 1000)).encode()

    def handle(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 80):
            exchange.raw(body[at : at + 80])
            time.sleep(0.05)

    assert connect(serve(handle)).get(WIDGETS, "ns", "w") == widget(text="x" * 1000)


def test_a_head_that_trickles_has_an_end(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            exchange.raw(b"X: y\r\n")
            threading.Event().wait(0.05)

    with pytest.raises(ConnectionFailed, match="timeout awaiting response headers"):
        connect(serve(handle)).get(WIDGETS, "ns", "w")


def test_a_full_backlog_is_a_timeout_not_a_hang(connect: Connect) -> None:
    """A listener that accepts nothing: the kernel answers the first connections, then drops the rest."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        clogs = []
        try:
            for _ in range(4):
                clog = socket.socket()
                clog.setblocking(False)
                clog.connect_ex(("127.0.0.1", port))
                clogs.append(clog)
            with pytest.raises(ConnectionFailed) as caught:
                connect(f"http://127.0.0.1:{port}").get(WIDGETS, "ns", "w")
            assert caught.value.timed_out
        finally:
            for clog in clogs:
                clog.close()


def test_request_timeout_is_sent_and_kept(serve: Serve, connect: Connect) -> None:
    server = serve(lambda exchange: exchange.silence())
    client = connect(server, request_timeout=0.3, timeout_text="300ms", timeouts=Timeouts())
    with pytest.raises(ConnectionFailed, match="deadline exceeded") as caught:
        client.get(WIDGETS, "ns", "w")
    assert caught.value.timed_out
    assert server.requests[0].target.endswith("/w?timeout=300ms")


# --- Answers that ask to come again ------------------------------------------------------------------------------


def refusing(times: int, status: int, retry_after: str | None) -> Callable[[Exchange], None]:
    left = [times]

    def handle(exchange: Exchange) -> None:
        left[0] -= 1
        if left[0] >= 0:
            extra = {} if retry_after is None else {"Retry_After": retry_after}
            exchange.answer(b"slow down", status, "text/plain", **extra)
        else:
            exchange.answer(widget())

    return handle


@pytest.mark.parametrize("status", [429, 500, 503])
def test_retry_after_is_honoured_for_any_verb(serve: Serve, connect: Connect, status: int) -> None:
    server = serve(refusing(3, status, "0"))
    assert patch(connect(server)) == widget()
    assert len({(r.method, r.target, r.body) for r in server.requests}) == 1
    assert len(server.requests) == 4


def test_ten_times_at_most(serve: Serve, connect: Connect) -> None:
    server = serve(refusing(1000, 429, "0"))
    with pytest.raises(ApiError) as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert caught.value.too_many
    assert caught.value.retry_after == 0
    assert len(server.requests) == 11


@pytest.mark.parametrize(("status", "after"), [(429, "11"), (503, "3600"), (429, None), (503, "soon"), (409, "0")])
def test_what_is_not_waited_for(serve: Serve, connect: Connect, status: int, after: str | None) -> None:
    server = serve(refusing(1000, status, after))
    with pytest.raises(ApiError) as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert caught.value.code == status
    assert str(caught.value).endswith(f"(the server asks to wait {after} s)") == (after in ("11", "3600"))
    assert len(server.requests) == 1


def test_waits_add_up(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    server = serve(refusing(1000, 429, "4"))
    with pytest.raises(ApiError):
        connect(server).get(WIDGETS, "ns", "w")
    assert slept == [4.0, 4.0]
    assert len(server.requests) == 3


# --- Redirects ---------------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_server_is_followed_for_get(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        if exchange.request.path.startswith("/moved"):
            exchange.answer(widget("there"))
        else:
            exchange.answer(b"", 307, Location="/moved?x=1")

    server = serve(handle)
    client = connect(server)
    assert client.get(WIDGETS, "ns", "w")["metadata"]["name"] == "there"
    with pytest.raises(ApiError) as caught:
        patch(client)
    assert caught.value.code == 307


def test_no_redirect_to_another_server(serve: Serve, connect: Connect) -> None:
    other = serve(answering(widget()))
    for location, text in (
        (f"{other.url}/x?state=secret", f"redirect to {other.url} refused"),
        (f"//127.0.0.1:{other.port}/x", "redirect that says not where to refused"),
        ("", "redirect that says not where to refused"),
        ("ftp://x/", "redirect to ftp://x:0 refused"),
    ):
        server = serve(lambda exchange, to=location: exchange.answer(b"", 302, Location=to))
        with pytest.raises(ConnectionFailed, match=text) as caught:
            connect(server).get(WIDGETS, "ns", "w")
        assert "secret" not in str(caught.value)
    assert other.requests == []


def test_redirects_in_a_circle_end(serve: Serve, connect: Connect) -> None:
    server = serve(lambda exchange: exchange.answer(b"", 302, Location="/again"))
    with pytest.raises(ApiError) as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert caught.value.code == 302
    assert len(server.requests) == 11


# --- Bodies ------------------------------------------------------------------------------------------------------


def test_gzip(serve: Serve, connect: Connect) -> None:
    packed = gzip.compress(json.dumps(widget(text="x" * 200000)).encode())
    server = serve(lambda exchange: exchange.answer(packed, Content_Encoding="gzip"))
    assert connect(server).get(WIDGETS, "ns", "w") == widget(text="x" * 200000)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.data())
def test_compressed_bodies_however_they_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)  # several files behind each other are one
    cuts = sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=8)))
    head = Head(200, "OK", [("content-encoding", "gzip")], True)
    pieces = [packed[start:end] for start, end in zip([0, *cuts], [*cuts, len(packed)], strict=True)]
    assert b"".join(_decoded(head, iter(pieces))) == b"".join(parts)
    short = data.draw(st.integers(len(packed) - len(gzip.compress(parts[-1])) + 1, len(packed) - 1))
    with pytest.raises(WireError):
        list(_decoded(head, iter([packed[:short]])))
    with pytest.raises(WireError):
        list(_decoded(head, iter([packed, b"no more gzip"])))


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_broken_compression(serve: Serve, connect: Connect, encoding: str) -> None:
    server = serve(lambda exchange: exchange.answer(b"not packed", Content_Encoding=encoding))
    with pytest.raises(ConnectionFailed):
        connect(server).get(WIDGETS, "ns", "w")
    assert len(server.requests) == 1


def test_no_compression_when_disabled(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    connect(server, disable_compression=True).get(WIDGETS, "ns", "w")
    assert "accept-encoding" not in server.requests[0].headers


def test_success_that_is_no_json(serve: Serve, connect: Connect) -> None:
    server = serve(lambda exchange: exchange.answer(b"<html>", media="text/html; charset=utf-8"))
    with pytest.raises(BadAnswer) as caught:
        connect(server).get(WIDGETS, "ns", "w")
    assert str(caught.value) == "serializer for text/html doesn't exist"


# --- Identity over plain HTTP, and what is logged ----------------------------------------------------------------

SECRET = "sentinel-0123456789"  # nothing secret


def test_no_credentials_over_plain_http(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    for user in (User(token=SECRET), User(username="u", password=SECRET), User(token_file="/nope")):
        connect(server, user=user).get(WIDGETS, "ns", "w")
    connect(server.url.replace("//", f"//u:{SECRET}@")).get(WIDGETS, "ns", "w")
    assert all("authorization" not in r.headers for r in server.requests)
    assert SECRET not in repr(server.requests)


def test_impersonation(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    user = User(
        impersonate="jane",
        impersonate_uid="7",
        impersonate_groups=["a", "b"],
        impersonate_extra={"Sc/ope": ["x", "y"], "Ü": ["z"]},
    )
    connect(server, user=user).get(WIDGETS, "ns", "w")
    headers = server.requests[0].headers
    assert headers["impersonate-user"] == "jane"
    assert headers["impersonate-uid"] == "7"
    assert headers["impersonate-group"] == "a|b"
    assert headers["impersonate-extra-sc%2fope"] == "x|y"
    assert headers["impersonate-extra-%c3%9c"] == "z"  # the server lowers letters before it decodes them


def test_a_header_cannot_be_smuggled(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget()))
    with pytest.raises(ConnectionFailed, match='invalid header field value for "Impersonate-User"'):
        connect(server, user=User(impersonate="jane\r\nX-Evil: 1")).get(WIDGETS, "ns", "w")
    assert server.requests == []


def test_the_log_at_6(serve: Serve, connect: Connect) -> None:
    lines: list[str] = []
    server = serve(answering(widget()))
    connect(server, log=lines.append, verbosity=6).get(WIDGETS, "ns", "w")
    (line,) = lines
    assert line.startswith(f"GET {server.url}/apis/example.com/v1/namespaces/ns/widgets/w 200 Some Reason in ")
    assert line.endswith(" milliseconds")


def test_the_log_below_6_is_silent(serve: Serve, connect: Connect) -> None:
    lines: list[str] = []
    connect(serve(answering(widget())), log=lines.append, verbosity=5).get(WIDGETS, "ns", "w")
    assert lines == []


def test_the_log_at_8_shows_headers_and_bodies_but_no_secret(serve: Serve, connect: Connect) -> None:
    lines: list[str] = []
    secret = {
        "kind": "Secret",
        "type": "Opaque",
        "data": {"k": SECRET},
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}},
    }
    listed = {"kind": "SecretList", "items": [{"type": "Opaque", "data": {"k": SECRET}, "metadata": {}}]}
    variables = [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "MODE", "value": "visible"}, {"token": SECRET}]
    config = {"spec": {"env": variables, "client-key-data": SECRET, "x": "visible"}}
    for body in (secret, listed, config):
        server = serve(lambda exchange, body=body: exchange.answer(body, Set_Cookie=SECRET))
        connect(server, log=lines.append, verbosity=8).create(WIDGETS, "ns", {**secret, "stringData": {"a": SECRET}})
    text = "\n".join(lines)
    assert SECRET not in text
    assert "visible" in text
    assert "Content-Type: application/json" in text
    assert "Accept: application/json, */*" in text


def test_warnings_are_passed_on(serve: Serve, connect: Connect) -> None:
    lines: list[str] = []
    server = serve(lambda e: e.answer(widget(), Warning='299 - "policy: \\"x\\" is old"'))
    connect(server, log=lines.append).get(WIDGETS, "ns", "w")
    (line,) = lines
    assert line.startswith('time="')
    assert line.endswith('" level=info msg="Warning: policy: \\"x\\" is old"')


# --- Side by side ------------------------------------------------------------------------------------------------


def test_parallel_requests_run_side_by_side(serve: Serve, connect: Connect) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def handle(exchange: Exchange) -> None:
        meeting.wait()  # nobody is answered before all three have asked
        name = exchange.request.path.rpartition("/")[2]
        exchange.answer(widget(name), 404 if name == "b" else 200)

    client = connect(serve(handle), timeouts=Timeouts())
    a, b, c = client.parallel(*(lambda name=name: client.get(WIDGETS, "ns", name) for name in "abc"))
    assert a == widget("a")
    assert isinstance(b, ApiError)
    assert c == widget("c")


def test_parallel_raises_what_is_no_failure(connect: Connect) -> None:
    client = connect("http://127.0.0.1:1")
    with pytest.raises(ZeroDivisionError):
        client.parallel(lambda: 1, lambda: 1 // 0)
    assert client.parallel() == []
    assert client.parallel(lambda: 1) == [1]


def test_a_server_that_repeats_a_credential_does_not_get_it_shown(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        message = f"bad header: {exchange.request.headers['authorization']}"
        exchange.answer({"kind": "Status", "status": "Failure", "message": message, "code": 400}, 400)

    server = serve(handle, tls=True)
    with pytest.raises(ApiError) as caught:
        connect(server, insecure=True, user=User(token="sentinel-token")).get(WIDGETS, "ns", "w")
    assert "sentinel" not in str(caught.value)
    assert "bad header: Bearer REDACTED" in str(caught.value)


@pytest.mark.parametrize("kind", ["ERROR", "{}"])
def test_nor_in_an_event_of_a_watch(serve: Serve, connect: Connect, kind: str) -> None:
    def handle(exchange: Exchange) -> None:
        said = exchange.request.headers["authorization"]
        exchange.stream()
        exchange.event(kind.format(said), {"kind": "Status", "status": "Failure", "message": said, "code": 500})
        exchange.raw(b"0\r\n\r\n")

    client = connect(serve(handle, tls=True), insecure=True, user=User(token="sentinel-token"))
    with pytest.raises(Failure, match="REDACTED") as caught:
        list(client.watch(WIDGETS, "ns"))
    assert "sentinel" not in str(caught.value)
