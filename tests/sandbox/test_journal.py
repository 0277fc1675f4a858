"""`--state`: a sandbox that dies at any moment goes on with everything that was acknowledged."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
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


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there ends a process as SIGKILL does")
def test_a_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    acknowledged: list[str] = []
    for round_number in range(3):
        with subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            connection = HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=10)
            for number in range(200):
                name = f"m-{round_number}-{number}"
                if number == 60 + 40 * round_number:
                    os.kill(process.pid, signal.SIGKILL)
                try:
                    connection.request("POST", "/api/v1/namespaces/default/configmaps", json.dumps(config_map(name)))
                    response = connection.getresponse()
                    response.read()
                except (OSError, HTTPException):
                    break
                assert response.status == 201
                acknowledged.append(name)
            connection.close()
    journal = SqliteJournal(path)
    store = Store(journal=journal)
    stored = {obj["metadata"]["name"] for obj in store.list("ConfigMap")}
    store.close()
    assert len(acknowledged) >= 180
    assert set(acknowledged) <= stored
    assert len(stored - set(acknowledged)) <= 3, "at most the request that was under way, a round"


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
