"""The API server of the conformance tools, as a fixture: objects in, requests logged, faults on demand."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

CONFORMANCE = Path(__file__).parents[1] / "conformance"


def conformance_tools() -> ModuleType:
    """Return the conformance tools' `run` module (its `replay` attribute is the server), imported from their folder."""
    saved, written = list(sys.path), sys.dont_write_bytecode
    try:
        sys.path.insert(0, str(CONFORMANCE))
        import run
    finally:
        sys.path[:], sys.dont_write_bytecode = saved, written
    return run


class Replayed:
    """A served cluster: `env` points a command to it, `requests` is what came in."""

    def __init__(self, server: Any, cluster: Any, folder: Path, namespace: str) -> None:
        self.server = server
        self.cluster = cluster
        self.folder = folder
        self.port: int = server.server_address[1]
        self.kubeconfig = folder / "kubeconfig"
        text = conformance_tools().KUBECONFIG.format(port=self.port, namespace=namespace)
        self.kubeconfig.write_text(text, encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that is to talk to this cluster."""
        return {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder)}

    @property
    def requests(self) -> list[str]:
        """`METHOD PATH` of every request, in order."""
        return [f"{entry['method']} {entry['path']}" for entry in self.cluster.log]


@contextlib.contextmanager
def replayed(snapshot: dict[str, Any], folder: Path, namespace: str = "default") -> Iterator[Replayed]:
    """Serve a snapshot ({"objects": […], "faults": […]}) on loopback for the time of the block."""
    server, cluster = conformance_tools().replay.serve(snapshot)
    try:
        yield Replayed(server, cluster, folder, namespace)
    finally:
        server.shutdown()
        server.server_close()
