"""Servers that answer with the bytes a test says, and clients of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig, User
from kubectl_rollouts.cluster.requestlog import RequestLog
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.cluster.transport import Timeouts
from tests.cluster.raw_server import Handler, RawServer

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
QUICK = Timeouts(connect=0.6, first_byte=0.5, between_bytes=0.4)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """`serve(handler, tls=…)` starts a server for the time of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda handler, **options: stack.enter_context(RawServer(handler, **options))


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """`connect(server, user=User(…), …)` returns a client of a server (or a URL), closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(
            server: RawServer | str,
            *,
            log: Callable[[str], None] | None = None,
            verbosity: int = 0,
            timeouts: Timeouts = QUICK,
            user: User | None = None,
            **settings: Any,
        ) -> Client:
            url = server if isinstance(server, str) else server.url
            config = ClusterConfig(server=url, user=user or User(), **settings)
            client = Client(config, log=RequestLog(log, verbosity), timeouts=timeouts)
            return stack.enter_context(client)

        yield make


def answering(*bodies: Any) -> Handler:
    """Return a handler that answers with one body after the other, the last one for ever."""
    left = list(bodies)

    def handle(exchange: Any) -> None:
        exchange.answer(left.pop(0) if len(left) > 1 else left[0])

    return handle


def widget(name: str = "w", version: str = "1", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": version}, "spec": spec}
