"""One-shots: whatever the server does, a command ends in time, says what went wrong, and writes nothing twice."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

from tests.support.api_server import ApiServer
from tests.support.cli import Outcome, run_cli, run_process
from tests.support.releases import full
from tests.torture.campaign import Campaign, Case
from tests.torture.faulty_server import FaultyServer
from tests.torture.simulated import Network, World, world

IN_TIME = 10.0  # seconds
BUSY = 20.0  # seconds, with all that a busy machine adds; the exact bound is that of the simulated clock

READS = (
    "get rollout web --no-color",
    "get experiment web-bbbb-2-0 --no-color",
    "list rollouts",
    "list experiments",
    "status web --watch=false",
)
WRITES = (
    "promote web",
    "promote web --full",
    "abort web",
    "pause web",
    "restart web",
    "retry rollout web",
    "set image web main=img:new",
    "undo web",
    "retry experiment web-bbbb-2-0",
    "terminate analysisrun web-bbbb-2",
    "terminate experiment web-bbbb-2-0",
)
# How each request is answered; "fails" is whether a command can succeed all the same.
WAYS: dict[str, dict[str, Any]] = {
    "refused": {},
    "backlog full": {},
    "silent": {"silent": True},
    "silent to writes": {"pattern": "^PATCH", "silent": True},
    "reset": {"drop": True},
    "reset writes": {"pattern": "^PATCH", "drop": True},
    "reset twice": {"drop": True, "times": 2, "pattern": "^GET"},
    "half an answer": {"half": True, "pattern": "^GET"},
    "forbidden": {"status": 403, "reason": "Forbidden"},
    "forbidden pods": {"pattern": "/pods", "status": 403, "reason": "Forbidden"},
    "forbidden replica sets": {"pattern": "/replicasets", "status": 403, "reason": "Forbidden"},
    "forbidden analysis runs": {"pattern": r"/analysisruns\?", "status": 403, "reason": "Forbidden"},
    "forbidden experiments": {"pattern": r"/experiments\?", "status": 403, "reason": "Forbidden"},
    "silent pods": {"pattern": "/pods", "silent": True},
    "error": {"status": 500},
    "unavailable for a moment": {"status": 503, "headers": {"Retry-After": "1"}, "times": 2},
    "unavailable": {"status": 503, "headers": {"Retry-After": "3"}},
    "too many for a moment": {"status": 429, "headers": {"Retry-After": "1"}, "times": 2},
    "too many": {"status": 429, "headers": {"Retry-After": "100"}},
    "a page": {"raw": b"<html>sign in</html>"},
    "late": {"delay": 2.0, "times": 2},
    "stalling": {"stall": True, "pattern": "^GET"},
    "late and stalling": {"stall": True, "delay": 4.0, "pattern": "^GET"},
    "very late and stalling": {"stall": True, "delay": 7.9, "pattern": "^GET"},
    "stalling pods": {"stall": True, "delay": 3.0, "pattern": "/pods"},
    "stalling writes": {"stall": True, "pattern": "^PATCH"},
}
CASES = [(command, way) for way in WAYS for command in (*READS, *WRITES)]
HEALED = ("reset twice", "unavailable for a moment", "too many for a moment", "late")


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda seed: _case(seed, Path(folder) / str(seed))


def _case(seed: int, folder: Path) -> None:
    command, way = CASES[seed * 37 % len(CASES)]  # 37 and their number have no factor in common: all of them come
    rule = {"pattern": "", **WAYS[way]}
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ApiServer([*full()]))
        url = server.url
        if way == "refused":
            server.stop()
        elif way == "backlog full":
            url = f"http://127.0.0.1:{_full_backlog(stack)}"
        else:
            server.rule(**rule)
        config = json.loads(server.kubeconfig())
        config["clusters"][0]["cluster"]["server"] = url
        file = folder / "config"
        file.write_text(json.dumps(config))
        done = run_process(*command.split(), env={"KUBECONFIG": str(file)}, timeout=BUSY)
        _judge(f"{command}, {way}", command, way, done, server)


# --- The same on a simulated clock: how long it takes, to the millisecond -------------------------------------------


@contextlib.contextmanager
def _simulated() -> Iterator[Case]:
    yield _in_time


def _in_time(seed: int) -> None:
    command, way = CASES[seed * 37 % len(CASES)]

    def play(made: World, network: Network) -> None:
        with FaultyServer([*full()], seed=seed) as server, tempfile.TemporaryDirectory() as folder:
            if way == "refused":
                server.down()
            elif way == "backlog full":
                network.hole = True
            else:
                server.rule(**{"pattern": "", **WAYS[way]})
            file = Path(folder) / "config"
            file.write_text(server.kubeconfig())
            began = made.now
            done = run_cli(*command.split(), env={"KUBECONFIG": str(file)})
            took = made.now - began
            assert took <= IN_TIME, f"{command}, {way}: {took:.2f} s\n{done.stderr}"
            _judge(f"{command}, {way}", command, way, done, server)

    with world(seed) as (made, network), contextlib.ExitStack() as stack:
        # All of the command line is in the world, so its clock is that of the world wherever it is read.
        real = {name: getattr(time, name) for name in ("monotonic", "sleep")}
        inside = {"monotonic": lambda: made.now, "sleep": made.sleep}
        for name in real:

            def either(*args: Any, name: str = name) -> Any:
                return (inside if made.is_here() else real)[name](*args)

            stack.enter_context(mock.patch.object(time, name, either))
        made.run(lambda: play(made, network))


def _judge(where: str, command: str, way: str, done: Outcome, server: ApiServer) -> None:
    told = f"{where}: exit {done.status}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, told
    assert "internal error" not in done.stderr, told
    assert done.status in (0, 1), told
    if done.status == 1:
        assert re.match(r"Error: \S", done.stderr), told
    else:
        assert done.stdout, told
        assert "Error" not in done.stderr, told
    asked = {request.plural for request in server.requests()}
    if way in HEALED and not command.startswith(("undo", "set")):  # JSON patches are more than this server knows
        assert done.status == 0, told
    elif way.startswith("forbidden "):
        plural = way.removeprefix("forbidden ").replace(" ", "")
        if command.startswith("get rollout") and plural in asked:
            assert done.status == 1, told
            assert f"{plural} could not be read" in done.stderr, told
            assert done.stdout.startswith("Name:"), told
    elif way in (
        "refused",
        "backlog full",
        "silent",
        "reset",
        "forbidden",
        "error",
        "unavailable",
        "too many",
        "a page",
    ) or (way.endswith("stalling") and any(request.method == "GET" for request in server.requests())):
        assert done.status == 1, told
    if way in ("silent to writes", "reset writes", "stalling writes"):
        # Sent again only after a look at the object has shown that the first one did not take.
        log = server.requests()
        places = [number for number, request in enumerate(log) if request.method == "PATCH"]
        for before, after in pairwise(places):
            looked = any(request.method == "GET" for request in log[before + 1 : after])
            assert looked or log[before].path != log[after].path, told


def _full_backlog(stack: contextlib.ExitStack) -> int:
    """A port whose server accepts nobody: connections hang, as behind a firewall that drops them."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    port: int = listener.getsockname()[1]
    for _ in range(4):
        one = stack.enter_context(socket.socket())
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect(("127.0.0.1", port))
    return port


CAMPAIGNS = [
    Campaign(
        "time limits",
        "whatever the server does a command ends within 10 s, to the millisecond of a simulated clock",
        _simulated,
        long=len(CASES),
        short=9,
        processes=2,
        seed=4,  # so that the short run has one that is late and stalls
    ),
    Campaign(
        "one-shots",
        "whatever the server does a process ends, done or with a clear error; no write is repeated blindly",
        _open,
        long=len(CASES),
        short=7,
        threads=14,
    ),
]
