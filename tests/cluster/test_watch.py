"""Watches: events as they come, ends of every kind, and `close` from another thread."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.cluster.transport import Timeouts
from tests.cluster.conftest import WIDGETS, widget
from tests.cluster.raw_server import Exchange, RawServer
from tests.cluster.test_client import Widget, status

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]


def streaming(*events: tuple[str, Any], end: str = "clean") -> Callable[[Exchange], None]:
    def handle(exchange: Exchange) -> None:
        exchange.stream()
        for kind, obj in events:
            exchange.event(kind, obj)
        if end == "clean":
            exchange.chunk(b"") if not events else exchange.raw(b"0\r\n\r\n")
        else:
            getattr(exchange, end)()

    return handle


def test_events(serve: Serve, connect: Connect) -> None:
    server = serve(streaming(("ADDED", widget("a", "2")), ("BOOKMARK", widget("", "5")), ("DELETED", widget("a", "6"))))
    client = connect(server)
    with client.watch(WIDGETS, "ns", Widget, "1", label_selector="x=y") as watch:
        seen = [(e.kind, e.object.metadata.name if e.object.metadata else "", e.resource_version) for e in watch]
    assert seen == [("ADDED", "a", "2"), ("BOOKMARK", "", "5"), ("DELETED", "a", "6")]
    assert server.requests[0].target == (
        "/apis/example.com/v1/namespaces/ns/widgets"
        "?allowWatchBookmarks=true&labelSelector=x%3Dy&resourceVersion=1&timeoutSeconds=40&watch=true"
    )


def test_an_event_in_many_pieces_and_many_events_in_one(serve: Serve, connect: Connect) -> None:
    big = widget("b", "2", text="x" * 3_000_000)
    lines = b"".join(
        json.dumps({"type": "MODIFIED", "object": obj}).encode() + b"\n" for obj in (widget("a", "1"), big, widget("c"))
    )

    def handle(exchange: Exchange) -> None:
        exchange.stream()
        for at in range(0, len(lines), 70_001):
            exchange.chunk(lines[at : at + 70_001])
        exchange.raw(b"0\r\n\r\n")

    with connect(serve(handle)).watch(WIDGETS, "ns") as watch:
        assert [e.object for e in watch] == [widget("a", "1"), big, widget("c")]


@pytest.mark.parametrize(
    ("end", "error"),
    [("clean", None), ("close", ConnectionFailed), ("reset", ConnectionFailed), ("silence", ConnectionFailed)],
)
def test_how_a_watch_ends(serve: Serve, connect: Connect, end: str, error: type[Exception] | None) -> None:
    watch = connect(serve(streaming(("ADDED", widget()), end=end))).watch(WIDGETS, "ns", timeout_seconds=-3)
    assert next(watch).kind == "ADDED"  # -3 and 4 seconds of grace: one second of silence
    if error is None:
        assert list(watch) == []
        return
    with pytest.raises(error) as caught:
        next(watch)
    assert getattr(caught.value, "timed_out", None) == (end == "silence")


def test_a_line_that_is_cut_is_no_event(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        exchange.stream()
        exchange.event("ADDED", widget())
        exchange.chunk(b'{"type": "ADDED", "object": {}}')  # without its line break
        exchange.raw(b"0\r\n\r\n")

    watch = connect(serve(handle)).watch(WIDGETS, "ns")
    assert next(watch).kind == "ADDED"
    with pytest.raises(ConnectionFailed, match="unexpected EOF"):
        next(watch)


@pytest.mark.parametrize(
    "line",
    [
        b"{\n",
        b"[]\n",
        b'{"type": "WHAT", "object": {}}\n',
        b'{"type": "ADDED", "object": {"spec": 1}}\n',
        b'{"type":"ADDED","object":{"metadata":{"name":7}}}\n',
        b"\xff\n",
    ],
)
def test_lines_that_cannot_be_read(serve: Serve, connect: Connect, line: bytes) -> None:
    def handle(exchange: Exchange) -> None:
        exchange.stream()
        exchange.chunk(line)
        exchange.silence()

    with pytest.raises(BadAnswer, match=r"event of widgets\.example\.com"):
        next(connect(serve(handle)).watch(WIDGETS, "ns", Widget))


def test_error_events(serve: Serve, connect: Connect) -> None:
    gone = status(410, "Expired", "too old resource version: 1 (9)")
    with pytest.raises(ApiError, match="too old") as caught:
        next(connect(serve(streaming(("ERROR", gone)))).watch(WIDGETS, "ns", Widget))
    assert caught.value.gone
    with pytest.raises(ApiError, match="strange"):
        next(connect(serve(streaming(("ERROR", {"strange": 1})))).watch(WIDGETS, "ns", Widget))


def test_a_refused_watch(serve: Serve, connect: Connect) -> None:
    server = serve(lambda e: e.answer(b"later", 429, "text/plain", Retry_After="7"))
    with pytest.raises(ApiError) as caught:
        next(connect(server).watch(WIDGETS, "ns"))
    assert (caught.value.too_many, caught.value.retry_after) == (True, 7.0)
    assert len(server.requests) == 1
    server = serve(lambda e: e.answer(b"<html>", media="text/html"))
    with pytest.raises(BadAnswer, match="serializer for text/html doesn't exist"):
        next(connect(server).watch(WIDGETS, "ns"))


def test_a_stale_kept_connection_is_no_failure(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        if "watch" in exchange.request.target:
            streaming(("ADDED", widget()))(exchange)
        else:
            exchange.answer(widget())
            exchange.close()

    client = connect(serve(handle))
    for _ in range(5):
        client.get(WIDGETS, "ns", "w")
        assert [e.kind for e in client.watch(WIDGETS, "ns")] == ["ADDED"]


@pytest.mark.parametrize("tls", [False, True])
def test_close_from_another_thread_ends_it_at_once(serve: Serve, connect: Connect, tls: bool) -> None:
    server = serve(streaming(("ADDED", widget()), end="silence"), tls=tls)
    watch = connect(server, insecure=tls, timeouts=Timeouts()).watch(WIDGETS, "ns", timeout_seconds=1000)
    assert next(watch).kind == "ADDED"
    closer = threading.Timer(0.05, watch.close)
    closer.start()
    assert list(watch) == []  # a test that hangs has failed
    closer.join()
    assert watch.closed


def test_close_before_and_while_opening(serve: Serve, connect: Connect) -> None:
    server = serve(lambda e: e.silence())
    watch = connect(server).watch(WIDGETS, "ns")
    watch.close()
    assert list(watch) == []
    assert server.requests == []
    watch = connect(server, timeouts=Timeouts(first_byte=1000)).watch(WIDGETS, "ns")
    closer = threading.Timer(0.05, watch.close)
    closer.start()
    assert list(watch) == []
    closer.join()
