"""Typed objects from a server: get, lists in pages, writes, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from kubectl_rollouts.cluster.client import JSON_PATCH, Client
from kubectl_rollouts.cluster.decode import decode
from kubectl_rollouts.cluster.errors import ApiError, BadAnswer
from kubectl_rollouts.cluster.transport import Timeouts
from kubectl_rollouts.errors import Failure
from tests.cluster.conftest import WIDGETS, answering, widget
from tests.cluster.raw_server import Exchange, RawServer

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]


class Meta(Struct, rename="camel"):
    name: str | None = None
    resource_version: str | None = None


class Spec(Struct):
    replicas: int | None = None
    names: list[str] | None = None


class Widget(Struct):
    metadata: Meta | None = None
    spec: Spec | None = None


def status(code: int, reason: str, message: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message, **more}


def query(exchange: Exchange) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(exchange.request.target).query).items()}


# --- Reading -----------------------------------------------------------------------------------------------------


def test_get_decodes_what_is_declared(serve: Serve, connect: Connect) -> None:
    server = serve(answering({**widget(replicas=3, other={"deep": [1]}), "status": 7}))
    found = connect(server).get(WIDGETS, "ns", "w", Widget)
    assert found == Widget(Meta("w", "1"), Spec(3))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"spec": {"replicas": "3"}}, 'widgets.example.com "w": spec.replicas: Expected int | null, got str'),
        ({"spec": {"names": [1]}}, 'widgets.example.com "w": spec.names[0]: Expected str, got int'),
        ({"spec": []}, 'widgets.example.com "w": spec: Expected object | null, got array'),
        ([], 'widgets.example.com "w": Expected object, got array'),
        (b"{", 'widgets.example.com "w": the answer of the server is not valid JSON: Input data was truncated'),
        (b"", 'widgets.example.com "w": the answer of the server is empty'),
    ],
)
def test_what_cannot_be_read_is_named(serve: Serve, connect: Connect, body: Any, text: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        connect(serve(answering(body))).get(WIDGETS, "ns", "w", Widget)
    assert str(caught.value) == text


def test_null_reads_as_nothing(serve: Serve, connect: Connect) -> None:
    assert connect(serve(answering(b"null"))).get(WIDGETS, "ns", "w", Widget) == Widget()
    assert connect(serve(answering(b"null"))).get(WIDGETS, "ns", "w") == {}


def test_a_status_object_speaks_for_itself(serve: Serve, connect: Connect) -> None:
    body = status(404, "NotFound", 'widgets.example.com "w" not found', details={"name": "w"})
    with pytest.raises(ApiError) as caught:
        connect(serve(lambda e: e.answer(body, 404))).get(WIDGETS, "ns", "w")
    error = caught.value
    assert str(error) == 'widgets.example.com "w" not found'
    assert (error.code, error.reason, error.details, error.not_found) == (404, "NotFound", {"name": "w"}, True)


def test_a_failure_said_with_success_is_a_failure(serve: Serve, connect: Connect) -> None:
    body = {**status(409, "Conflict", "odd"), "apiVersion": "v1"}
    client = connect(serve(lambda e: e.answer(body, 200)))
    calls: list[Callable[[], Any]] = [
        lambda: client.get(WIDGETS, "ns", "w", Widget),
        lambda: client.list(WIDGETS, "ns"),
        lambda: client.patch(WIDGETS, "ns", "w", {}),
    ]
    for call in calls:
        with pytest.raises(ApiError, match=r"^odd$") as caught:
            call()
        assert caught.value.conflict
    done = {"kind": "Status", "status": "Success"}
    assert connect(serve(answering(done))).delete(WIDGETS, "ns", "w") == done


def test_errors_without_one_are_named_by_the_request(serve: Serve, connect: Connect) -> None:
    client = connect(serve(lambda e: e.answer(b"oops\n", 500, "text/plain")))
    texts = []
    for call in (
        lambda: client.get(WIDGETS, "ns", "w"),
        lambda: client.list(WIDGETS, "ns"),
        lambda: client.patch(WIDGETS, "ns", "w", {}),
        lambda: client.patch(WIDGETS, "ns", "w", {}, typed=False),
        lambda: client.create(WIDGETS, "ns", {}),
    ):
        with pytest.raises(ApiError) as caught:
            call()
        texts.append(str(caught.value).removeprefix('an error on the server ("oops") has prevented the request from '))
    assert texts == [
        "succeeding (get widgets.example.com w)",
        "succeeding (get widgets.example.com)",
        "succeeding (patch widgets.example.com w)",
        "succeeding",
        "succeeding",
    ]


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"kind": "Status", "code": "x"}', b'{"kind":"Pod"}'])
def test_errors_whose_body_is_no_status(serve: Serve, connect: Connect, body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        connect(serve(lambda e: e.answer(body, 404))).get(WIDGETS, "ns", "w")
    assert str(caught.value) == "the server could not find the requested resource (get widgets.example.com w)"


# --- Lists -------------------------------------------------------------------------------------------------------


def paged(total: int, page: int, *, expire_at: int = -1) -> Callable[[Exchange], None]:
    """A list in pages whose tokens are numbers; the token `expire_at` is answered with 410, once."""
    expired = [False]

    def handle(exchange: Exchange) -> None:
        asked = query(exchange)
        start = int(asked.get("continue", 0))
        if start and start == expire_at:
            expired[0] = True
            exchange.answer(status(410, "Expired", "The provided continue parameter is too old"), 410)
            return
        size = page if "limit" in asked else total
        names = [f"w{at}" for at in range(start, min(start + size, total))]
        meta = {"resourceVersion": "8" if expired[0] else "7"}
        if start + size < total:
            meta["continue"] = str(start + size)
        exchange.answer({"metadata": meta, "items": [widget(name) for name in names]})

    return handle


def names(items: list[Widget]) -> list[str | None]:
    return [item.metadata.name if item.metadata else None for item in items]


def test_lists_come_in_pages(serve: Serve, connect: Connect) -> None:
    server = serve(paged(5, 2))
    found = connect(server).list(WIDGETS, "ns", Widget, label_selector="a in (b)", field_selector="metadata.name=x")
    assert names(found.items) == ["w0", "w1", "w2", "w3", "w4"]
    assert found.resource_version == "7"
    assert [r.target.partition("?")[2] for r in server.requests] == [
        "fieldSelector=metadata.name%3Dx&labelSelector=a+in+%28b%29&limit=500",
        "continue=2&fieldSelector=metadata.name%3Dx&labelSelector=a+in+%28b%29&limit=500",
        "continue=4&fieldSelector=metadata.name%3Dx&labelSelector=a+in+%28b%29&limit=500",
    ]


@pytest.mark.parametrize("expire_at", [2, 4])
def test_an_expired_token_leads_to_one_full_list(serve: Serve, connect: Connect, expire_at: int) -> None:
    server = serve(paged(6, 2, expire_at=expire_at))
    found = connect(server).list(WIDGETS, "ns", Widget)
    assert names(found.items) == [f"w{at}" for at in range(6)]
    assert found.resource_version == "8"
    assert ["limit" in r.target for r in server.requests] == [True] * (expire_at // 2 + 1) + [False]


@pytest.mark.parametrize("page", [1, 5, 9])
def test_of_five_thousand_nothing_is_doubled_when_a_token_expires(serve: Serve, connect: Connect, page: int) -> None:
    server = serve(paged(5000, 500, expire_at=500 * page))
    found = connect(server, timeouts=Timeouts()).list(WIDGETS, "ns", Widget)
    assert names(found.items) == [f"w{at}" for at in range(5000)]
    assert found.resource_version == "8"
    assert ["limit" in r.target for r in server.requests] == [True] * (page + 1) + [False]


def test_a_list_that_is_gone_from_the_start_is_an_error(serve: Serve, connect: Connect) -> None:
    server = serve(lambda e: e.answer(status(410, "Expired", "too old"), 410))
    with pytest.raises(ApiError) as caught:
        connect(server).list(WIDGETS, "ns")
    assert caught.value.gone
    assert len(server.requests) == 1


def test_a_server_that_forgets_every_list_is_an_error(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        if "continue" in query(exchange):
            exchange.answer(status(410, "Expired", "too old"), 410)
        else:
            exchange.answer({"metadata": {"continue": "x"}, "items": [widget()]})

    server = serve(handle)
    with pytest.raises(ApiError) as caught:
        connect(server).list(WIDGETS, "ns")
    assert caught.value.gone
    assert len(server.requests) == 4


def test_pages_one_by_one(serve: Serve, connect: Connect) -> None:
    server = serve(paged(5, 2, expire_at=4))
    pages = connect(server).list_pages(WIDGETS, "ns", Widget)
    first = next(pages)
    assert (names(first.items), first.restarted) == (["w0", "w1"], False)
    assert len(server.requests) == 1
    assert [(len(page.items), page.restarted) for page in pages] == [(2, False), (5, True)]


def test_a_token_that_never_changes_does_not_loop(serve: Serve, connect: Connect) -> None:
    body = {"metadata": {"continue": "x"}, "items": [widget()]}
    server = serve(answering(body))
    connect(server).list(WIDGETS, "ns")
    assert len(server.requests) == 2


@pytest.mark.parametrize("body", [{"metadata": {}}, {"items": []}, {"metadata": {}, "items": None}])
def test_empty_lists(serve: Serve, connect: Connect, body: Any) -> None:
    found = connect(serve(answering(body))).list(WIDGETS, "ns", Widget)
    assert (found.items, found.resource_version) == ([], "")


def test_a_null_item_is_an_empty_one(serve: Serve, connect: Connect) -> None:
    found = connect(serve(answering({"items": [None, widget()]}))).list(WIDGETS, "ns", Widget)
    assert found.items == [Widget(), Widget(Meta("w", "1"), Spec())]


def test_the_item_that_cannot_be_read_is_named(serve: Serve, connect: Connect) -> None:
    body = {"items": [widget("good"), widget("bad", replicas="x")]}
    with pytest.raises(BadAnswer) as caught:
        connect(serve(answering(body))).list(WIDGETS, "ns", Widget)
    assert str(caught.value) == 'widgets.example.com "bad": spec.replicas: Expected int | null, got str'
    with pytest.raises(BadAnswer, match=r"widgets\.example\.com item 1: spec: Expected object"):
        connect(serve(answering({"items": [widget(), {"spec": 1}]}))).list(WIDGETS, "ns", Widget)
    with pytest.raises(BadAnswer, match=r"widgets\.example\.com: items: Expected array"):
        connect(serve(answering({"items": {}}))).list(WIDGETS, "ns", Widget)


# --- Odd JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'"a\\ud800b"', "a\ufffdb"),
        (b'"a\\udc00\\ud800"', "a\ufffd\ufffd"),
        (b'"\\ud83d\\ude00 \\\\ud800"', "\U0001f600 \\ud800"),
        (b'"a\xffb\\ud800"', "a\ufffdb\ufffd"),
        (b'"\xed\xa0\x80\\ud800"', "\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_what_is_no_unicode_reads_as_in_go(text: bytes, name: str) -> None:
    found = decode(b'{"metadata": {"name": %s}}' % text, Widget, "w")
    assert found.metadata is not None
    assert found.metadata.name == name


def test_monstrous_objects_are_errors(serve: Serve, connect: Connect) -> None:
    for body in (
        b"[" * 100_000,
        b'{"spec":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"spec": {"replicas": ' + b"9" * 5000 + b"}}",
        b'{"spec": {"replicas": 1e400}}',
    ):
        with pytest.raises(BadAnswer):
            connect(serve(answering(body))).get(WIDGETS, "ns", "w", Widget)
    huge = json.dumps(widget("x" * 3_000_000)).encode()
    assert connect(serve(answering(huge))).get(WIDGETS, "ns", "w", Widget).metadata == Meta("x" * 3_000_000, "1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["metadata", "spec", "x"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_read_or_refused(value: Any) -> None:
    try:
        found = decode(json.dumps(value).encode(), Widget, "w")
    except Failure as failure:
        assert "\n" not in str(failure)
    else:
        assert isinstance(found, Widget)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        decode(data, Widget, "w")
    except Failure as failure:
        assert "\n" not in str(failure)


# --- Writing -----------------------------------------------------------------------------------------------------


def test_writes(serve: Serve, connect: Connect) -> None:
    server = serve(answering(widget(replicas=1)))
    client = connect(server)
    client.patch(WIDGETS, "ns", "w", {"a": 1}, subresource="status")
    client.patch(WIDGETS, "ns", "w", b"[]", content_type=JSON_PATCH, query={"dryRun": "All"})
    client.create(WIDGETS, "ns", {"a": 1})
    client.replace(WIDGETS, "ns", "w", {"a": 1})
    client.delete(WIDGETS, "ns", "w")
    base = "/apis/example.com/v1/namespaces/ns/widgets"
    assert [(r.method, r.target, r.body, r.headers.get("content-type")) for r in server.requests] == [
        ("PATCH", f"{base}/w/status", b'{"a":1}', "application/merge-patch+json"),
        ("PATCH", f"{base}/w?dryRun=All", b"[]", "application/json-patch+json"),
        ("POST", base, b'{"a":1}', "application/json"),
        ("PUT", f"{base}/w", b'{"a":1}', "application/json"),
        ("DELETE", f"{base}/w", b"", None),
    ]
    assert client.patch(WIDGETS, "ns", "w", {}, type_=Widget) == Widget(Meta("w", "1"), Spec(1))


@pytest.mark.parametrize(
    "body", [{}, {"items": None}, {"error": "try later"}, {"type": "ERROR", "object": {"kind": "Status"}}]
)
def test_what_is_no_list_is_not_an_empty_one(serve: Serve, connect: Connect, body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match=r"widgets\.example\.com: the answer of the server is no list"):
        connect(serve(answering(body))).list(WIDGETS, "ns")
