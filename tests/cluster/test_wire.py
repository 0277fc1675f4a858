"""One exchange, byte by byte: however an answer is cut into pieces it reads the same; cut short it is an error."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cluster.wire import Head, Wire, WireError

BODY = b'{"a": 1}\n' * 5
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: Chunked\r\nX-A: 1\r\nX-a: 2\r\n\r\n"
    b"9;ext=1\r\n" + BODY[:9] + b"\r\n24\r\n" + BODY[9:] + b"\r\n0\r\nTrailer: x\r\n\r\n"
)
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
INTERIM = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + COUNTED


@contextlib.contextmanager
def wire(timeout: float = 5.0) -> Iterator[tuple[Wire, socket.socket]]:
    ours, theirs = socket.socketpair()
    try:
        yield Wire(ours), theirs
    finally:
        ours.close()
        theirs.close()


def read(one: Wire, method: str = "GET", timeout: float = 5.0) -> tuple[Head, bytes]:
    head = one.read_head(method, timeout)
    return head, b"".join(one.body(head, method, timeout))


@pytest.mark.parametrize("answer", [CHUNKED, COUNTED, INTERIM])
@given(data=st.data())
def test_pieces_do_not_matter(answer: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=6)))
    with wire() as (one, theirs):
        # The socket's own buffer would join the pieces: hand them over one by one.
        pieces = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True) if a < b]

        class Dripping(socket.socket):
            def recv(self, *_: object) -> bytes:
                return pieces.pop(0) if pieces else b""

        one.sock = Dripping(fileno=one.sock.detach())
        try:
            head, body = read(one)
            assert (head.status, body, head.keep_alive) == (200, BODY, True)
            assert pieces == []
        finally:
            one.close()
        theirs.close()


@pytest.mark.parametrize("answer", [CHUNKED, COUNTED])
def test_an_answer_cut_anywhere_is_an_error(answer: bytes) -> None:
    for end in range(len(answer)):
        with wire() as (one, theirs):
            theirs.sendall(answer[:end])
            theirs.close()
            with pytest.raises(WireError) as caught:
                read(one)
            assert caught.value.cause in ("EOF", "unexpected EOF")
            assert caught.value.answered == (end > 0)


@pytest.mark.parametrize(
    ("start", "rest", "text"),
    [(b"0\r\n", b"X: y\r\n", "trailers without end"), (b"", b"0", "a line that trickles")],
)
def test_trailers_and_lines_that_trickle_have_an_end(start: bytes, rest: bytes, text: str) -> None:
    with wire() as (one, theirs):
        lines = iter([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + start])

        class Trickling(socket.socket):
            def recv(self, *_: object) -> bytes:
                time.sleep(0.01)
                return next(lines, rest)

        one.sock = Trickling(fileno=one.sock.detach())
        try:
            with pytest.raises(WireError, match=text):
                read(one, timeout=0.1)
        finally:
            one.close()
        theirs.close()


def test_lines_without_carriage_returns() -> None:
    with wire() as (one, theirs):
        theirs.sendall(b"HTTP/1.1 100 Continue\n\n" + CHUNKED.replace(b"\r\n", b"\n") + COUNTED)
        head, body = read(one)
        assert (body, head.get("x-a"), head.reason) == (BODY, "1", "OK")
        assert read(one)[1] == BODY


bodies = st.binary(max_size=300)
names = st.text("abcXYZ-", min_size=1, max_size=8).map(lambda name: f"X-{name}")
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=12)
headers = st.lists(st.tuples(names, values), max_size=4)


@given(body=bodies, head=headers, interim=st.integers(0, 2), end=st.sampled_from([b"\r\n", b"\n"]), data=st.data())
def test_any_answer_is_read_as_it_was_meant(
    body: bytes, head: list[tuple[str, str]], interim: int, end: bytes, data: st.DataObject
) -> None:
    lines = [f"{name}: {value}".encode("latin-1") for name, value in head]
    if data.draw(st.booleans()):
        cuts = sorted(set(data.draw(st.lists(st.integers(0, len(body)), max_size=5))) - {0, len(body)})
        chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b]
        extension = data.draw(st.sampled_from([b"", b";x", b' ; a="b"']))
        written = b"".join(b"%x%s%s%s%s" % (len(chunk), extension, end, chunk, end) for chunk in chunks)
        sent = written + b"0" + end + data.draw(st.sampled_from([b"", b"Trailer: t" + end])) + end
        lines.append(b"Transfer-Encoding: chunked")
    else:
        sent = body
        lines.append(b"Content-Length: %d" % len(body))
    before = (b"HTTP/1.1 103 Early Hints" + end + b"Link: x" + end + end) * interim
    with wire() as (one, theirs):
        theirs.sendall(before + end.join([b"HTTP/1.1 200 OK", *lines, b"", b""]) + sent + COUNTED)
        found, got = read(one)
        assert got == body
        assert found.headers[: len(head)] == [(name.lower(), value.strip()) for name, value in head]
        assert read(one)[1] == BODY  # nothing was taken from what follows


def test_two_answers_on_one_connection() -> None:
    with wire() as (one, theirs):
        theirs.sendall(CHUNKED + COUNTED + b"HTTP/1.1 204 No Content\r\n\r\n")
        assert read(one)[1] == BODY
        assert read(one)[1] == BODY
        assert read(one)[1] == b""


def test_headers() -> None:
    with wire() as (one, theirs):
        theirs.sendall(CHUNKED)
        head, _ = read(one)
        assert head.get("x-a") == "1"
        assert head.get_all("x-a") == ["1", "2"]
        assert head.get("nothing", "?") == "?"


def test_a_body_up_to_the_end_of_the_connection() -> None:
    with wire() as (one, theirs):
        theirs.sendall(b"HTTP/1.0 200 OK\r\n\r\nabc")
        theirs.close()
        head, body = read(one)
        assert (body, head.keep_alive) == (b"abc", False)


def test_head_answers_have_no_body() -> None:
    with wire() as (one, theirs):
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        assert read(one, "HEAD")[1] == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 5000,
    ],
)
def test_answers_that_are_no_http(answer: bytes) -> None:
    with wire() as (one, theirs):
        theirs.settimeout(5)
        with contextlib.suppress(TimeoutError):
            theirs.setblocking(False)
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            theirs.setblocking(True)
            theirs.sendall(answer)
        theirs.close()
        with pytest.raises(WireError) as caught:
            read(one)
        assert caught.value.cause not in ("EOF", "closed")


@given(st.binary(max_size=200))
def test_garbage_never_surprises(data: bytes) -> None:
    with wire() as (one, theirs):
        theirs.sendall(b"HTTP/1.1 " + data)
        theirs.close()
        with contextlib.suppress(WireError):
            read(one)


def test_silence_ends() -> None:
    with wire() as (one, theirs):
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
        with pytest.raises(WireError) as caught:
            read(one, timeout=0.05)
        assert caught.value.timed_out
    with wire() as (one, theirs):
        theirs.sendall(COUNTED[:-1])
        with pytest.raises(WireError) as caught:
            read(one, timeout=0.05)
        assert caught.value.timed_out


def test_a_header_cannot_carry_another() -> None:
    with wire() as (one, _), pytest.raises(ValueError, match="header"):
        one.send("GET", "/", [("X", "a\r\nY: b")], None, 1)
