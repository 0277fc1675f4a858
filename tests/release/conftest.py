"""Fixtures: an API server on loopback and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ConfigFlags, load_config
from kubectl_rollouts.cluster.transport import Timeouts
from tests.support.api_server import ApiServer


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """An empty cluster."""
    with ApiServer() as running:
        yield running


@pytest.fixture
def client(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of `server` that loses patience soon."""
    for name in ("KUBECONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    config = load_config(ConfigFlags(server=server.url, namespace="default"))
    with Client(config, timeouts=Timeouts(2.0, 1.0, 1.0)) as made:
        yield made
