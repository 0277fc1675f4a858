"""The client in a process of its own: what it imports, and that Ctrl-C ends every wait at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cluster.conftest import answering, widget
from tests.cluster.raw_server import Exchange, RawServer

Serve = Callable[..., RawServer]

SETUP = """
import sys
from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.resources import Resource
WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
client = Client(ClusterConfig(server=sys.argv[1], insecure=sys.argv[1].startswith("https")))
get = lambda: client.get(WIDGETS, "ns", "w")
"""

# What may not be loaded by a request: each costs milliseconds that every command would pay.
HEAVY = (
    "http",
    "http.client",
    "email",
    "json",
    "logging",
    "subprocess",
    "yaml",
    "kubernetes",
    "urllib.parse",
    "asyncio",
)
HEAVY += ("threading", "queue", "concurrent.futures", "zlib", "gzip", "base64", "encodings.idna", "tempfile", "shutil")


def run(code: str, server: RawServer) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + code, server.url], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("tls", [False, True])
def test_what_requests_import(serve: Serve, tls: bool) -> None:
    server = serve(answering({"items": [widget()]}), tls=tls)
    code = """
before = set(sys.modules)
import kubectl_rollouts.cluster.kubeconfig as k, os
k.load_config(k.ConfigFlags(), {"HOME": "/nope"})
client.parallel(get, lambda: client.list(WIDGETS, "ns", dict))
print(",".join(sys.modules))
"""
    loaded = run(code, server).split(",")
    bare = subprocess.run(
        [sys.executable, "-c", "import msgspec, sys; print(','.join(sys.modules))"],
        capture_output=True, text=True, timeout=30, check=True,
    ).stdout.split(",")  # fmt: skip
    allowed = {"base64"} if tls else set()  # ssl itself
    assert (set(loaded) & set(HEAVY)) - set(bare) - allowed == set()
    assert ("ssl" in loaded) == tls


WAITS = {
    "connecting": """
import socket
listener = socket.create_server(("127.0.0.1", 0), backlog=0)  # the kernel answers a few, then drops the rest
port = listener.getsockname()[1]
clogs = [socket.socket() for _ in range(4)]
for clog in clogs:
    clog.setblocking(False)
    clog.connect_ex(("127.0.0.1", port))
client = Client(ClusterConfig(server=f"http://127.0.0.1:{port}"), timeouts=t.Timeouts(connect=1000))
get()
""",
    "the answer": "get()",
    "side by side": "client.parallel(get, get, get)",
    "another's answer": "client.parallel(lambda: 1, get)",
    "a watch": "next(client.watch(WIDGETS, 'ns', timeout_seconds=1000))",
    "another try": "import kubectl_rollouts.cluster.transport as t; t._RESET_PAUSES = (1000,); get()",
}


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_ends_every_wait(serve: Serve, what: str) -> None:
    def handle(exchange: Exchange) -> None:
        if what == "another try":
            exchange.reset()
        elif "watch=" in exchange.request.target:
            exchange.stream()
            exchange.silence()
        else:
            exchange.silence()

    server = serve(handle)
    code = SETUP + (
        f"import kubectl_rollouts.cluster.transport as t\nclient.transport.timeouts = t.Timeouts(1000, 1000, 1000)\n"
        f"print('ready', flush=True)\n{WAITS[what]}\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(100):  # until it waits
            if server.requests or what == "connecting":
                break
            signal.sigtimedwait([], 0.05)
        signal.sigtimedwait([], 0.1)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=8)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail("Ctrl-C was not heard")
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
