"""`--state`: a sandbox that dies at any moment goes on with everything that was acknowledged."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.journal import SqliteJournal
from kubectl_rollouts.sandbox.store import Store
from tests.sandbox.conftest import config_map

SERVER = """
import sys, time
from pathlib import Path
from kubectl_rollouts.sandbox.cluster import Sandbox
with Sandbox(state=Path(sys.argv[1])) as sandbox:
    print(sandbox.server.port, flush=True)
    time.sleep(60)
"""


def test_everything_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(state=path) as first:
        first.store.create(config_map("a", x="1"))
        first.store.create(config_map("b"))
        first.store.patch("ConfigMap", "default", "a", {"data": {"x": "2"}})
        first.store.delete("ConfigMap", "default", "b")
        first.wait_idle()
        version = first.store.version
        before = first.store.list("ConfigMap")
    with Sandbox(state=path) as second:
        assert second.store.list("ConfigMap") == before
        assert second.store.version >= version
        made = second.store.create(config_map("c"))
        assert int(made["metadata"]["resourceVersion"]) > version


class Client(threading.Thread):
    """Creates, changes and deletes ConfigMaps of its own until the server is gone; knows what was acknowledged."""

    def __init__(self, port: int, mark: str, count: Callable[[], None]) -> None:
        super().__init__()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)
        self._mark = mark
        self._count = count
        self.acknowledged: dict[str, str | None] = {}
        self.under_way: tuple[str, str | None] | None = None

    def run(self) -> None:
        path = "/api/v1/namespaces/default/configmaps"
        with contextlib.suppress(OSError, HTTPException):
            for number in range(10_000):
                name = f"{self._mark}-{number}"
                self._send("POST", path, config_map(name, n="1"), name, "1")
                self._send("PATCH", f"{path}/{name}", {"data": {"n": "2"}}, name, "2")
                if number % 3 == 0:
                    self._send("DELETE", f"{path}/{name}", None, name, None)
        self._connection.close()

    def _send(self, method: str, path: str, body: object, name: str, state: str | None) -> None:
        self.under_way = (name, state)
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        self._connection.request(method, path, json.dumps(body) if body else None, headers)
        response = self._connection.getresponse()
        response.read()
        assert response.status in (200, 201)
        self.acknowledged[name] = state
        self._count()

    def right(self, stored: dict[str, str]) -> bool:
        """Whether what is stored is what was acknowledged, or what had been asked for when the end came."""
        names = {*self.acknowledged, *(name for name in stored if name.startswith(f"{self._mark}-"))}
        wrong = {name for name in names if stored.get(name) != self.acknowledged.get(name)}
        if self.under_way is None:
            return not wrong
        name, state = self.under_way
        return wrong <= {name} and (not wrong or stored.get(name) == state)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there ends a process as SIGKILL does")
def test_a_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    clients: list[Client] = []
    for round_number in range(3):
        with subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            enough = threading.Semaphore(0)
            started = [Client(port, f"m-{round_number}-{number}", enough.release) for number in range(4)]
            for client in started:
                client.start()
            for _ in range(120 + 37 * round_number):
                assert enough.acquire(timeout=30)
            os.kill(process.pid, signal.SIGKILL)  # three of four clients wait for an answer now
            for client in started:
                client.join(30)
            clients += started
    journal = SqliteJournal(path)
    store = Store(journal=journal)
    stored = {obj["metadata"]["name"]: obj["data"]["n"] for obj in store.list("ConfigMap") if "data" in obj}
    store.close()
    assert sum(len(client.acknowledged) for client in clients) >= 120
    for client in clients:
        assert client.right(stored), (client.under_way, client.acknowledged, stored)


def test_the_file_is_private_and_used_by_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(state=path) as sandbox:
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with pytest.raises(Failure, match="another sandbox uses it"):
            Sandbox(state=path)
        assert sandbox.store.get("Namespace", "", "default")


@pytest.mark.parametrize("content", [b"no database, just some text that is long enough to be read", b"{}" * 2000])
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(Failure, match="no state file"):
        SqliteJournal(path)
    assert path.read_bytes() == content
    with pytest.raises(Failure, match="cannot use the state file"):
        SqliteJournal(tmp_path / "missing" / "state.db")
