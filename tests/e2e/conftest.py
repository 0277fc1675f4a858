"""A cluster for the installed command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.api_server import ApiServer


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """An empty cluster."""
    with ApiServer() as running:
        yield running


@pytest.fixture
def env(server: ApiServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a command that is to talk to it."""
    config = tmp_path / "kubeconfig"
    config.write_text(server.kubeconfig())
    return {"KUBECONFIG": str(config), "HOME": str(tmp_path)}


@pytest.fixture
def given(server: ApiServer) -> Callable[..., None]:
    """`given(*objects)` puts them into the cluster."""

    def put(*objects: dict[str, object]) -> None:
        for obj in objects:
            server.put(obj)

    return put
