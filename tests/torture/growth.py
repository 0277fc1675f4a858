"""Long watches: memory, descriptors, threads and processes after a million events are those of the beginning.

The beginning is early: after the first hundred events, when each kind of event has come once and the modules that
show it are loaded. What the system gives the process grows a little even then, as its allocators find their size; what
Python itself holds does not grow at all.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import ROLLOUTS
from tests.support.releases import pod, simple
from tests.torture.campaign import Campaign, Case

MOST_GROWTH = 5 * 1024 * 1024  # bytes
MOST_TRACED = 256 * 1024  # bytes that Python's own account may differ by
MOST_BLOCKS = 2_000  # objects that may be there more or fewer than before
WARM = 100  # events: one of each kind has come
BATCH = 10_000  # events in one case
PODS = 50  # that come and go


def resident() -> int:
    """The memory of this process that is in use, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class _Measured:
    """What this process uses."""

    def __init__(self) -> None:
        gc.collect()
        self.memory = resident()
        self.blocks = sys.getallocatedblocks()
        self.traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
        self.descriptors = len(list(Path("/proc/self/fd").iterdir()))
        self.threads = threading.active_count()
        self.children = sum(len(file.read_text().split()) for file in Path("/proc/self/task").glob("*/children"))


class Stream:
    """A server of one release whose pods never stop changing; `send` writes events to the watch of the pods."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.objects = [*simple("web", pods=0)]
        self.version = 1000
        self.pods: socket.socket | None = None
        self.ready = threading.Event()
        for obj in self.objects:
            obj["metadata"] |= {"uid": f"uid-{obj['kind']}-{obj['metadata']['name']}", "resourceVersion": "1"}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            while data := sock.recv(65536):
                target = data.split(b" ")[1].decode()
                if "watch=true" in target:
                    sock.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                    if "/pods" in target:
                        self.pods = sock
                        self.ready.set()
                    continue
                kind = {"rollouts": "Rollout", "replicasets": "ReplicaSet"}.get(
                    target.partition("?")[0].rpartition("/")[2]
                )
                items = [obj for obj in self.objects if obj["kind"] == kind]
                if "/rollouts/" in target:
                    body = json.dumps(self.objects[0]).encode()
                else:
                    body = json.dumps({"metadata": {"resourceVersion": "1000"}, "items": items}).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                sock.sendall(head.encode() + body)

    def send(self, count: int) -> str:
        """Send so many events; the name of a pod that only the last of them tells of."""
        assert self.ready.wait(10)
        assert self.pods is not None
        lines: list[bytes] = []
        for number in range(count):
            self.version += 1
            slot = self.version % PODS
            obj = pod("web-bbbb", "bbbb", f"n{slot}", app="web")
            obj["metadata"] |= {"uid": f"u{slot}", "resourceVersion": str(self.version)}
            kind = "DELETED" if self.version // PODS % 7 == 6 else "MODIFIED"
            if number == count - 1:
                kind = "MODIFIED"
                obj["metadata"]["name"] = f"mark{self.version}"
                obj["metadata"]["uid"] = f"m{self.version}"
                mark = obj
            lines.append(json.dumps({"type": kind, "object": obj}).encode() + b"\n")
            if len(lines) == 500 or number == count - 1:
                data = b"".join(lines)
                self.pods.sendall(b"%x\r\n%s\r\n" % (len(data), data))
                lines.clear()
        name = str(mark["metadata"]["name"])
        self.version += 1
        mark["metadata"]["resourceVersion"] = str(self.version)
        self.after = json.dumps({"type": "DELETED", "object": mark}).encode() + b"\n"
        return name

    def forget(self) -> None:
        """Delete the mark."""
        assert self.pods is not None
        self.pods.sendall(b"%x\r\n%s\r\n" % (len(self.after), self.after))


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    server = Stream()
    screens: SimpleQueue[Any] = SimpleQueue()
    with Client(ClusterConfig(server=server.url)) as client:
        follower = Follower(client, fetch(client, "default", ROLLOUTS, "web", to_follow=True), screens.put)
        follower.start()

        def pass_by(count: int) -> None:
            mark = server.send(count)
            seen: Followed | None = None
            while seen is None or mark not in {
                pod.name
                for replica_set in seen.info.replica_sets
                for pod in replica_set.pods  # type: ignore[union-attr]
            }:
                seen = screens.get(timeout=60)
                if isinstance(seen, BaseException):
                    raise seen
            server.forget()

        pass_by(WARM)
        before = _Measured()

        def case(seed: int) -> None:
            pass_by(BATCH)
            now = _Measured()
            grown = now.memory - before.memory
            if tracemalloc.is_tracing():  # its own notes are in the process' memory, too
                traced = now.traced - before.traced
                assert traced <= MOST_TRACED, f"{traced / 1024:.0f} KB more are held after {seed} batches"
            else:
                assert grown <= MOST_GROWTH, f"grown by {grown / 2**20:.1f} MB after {seed} batches"
            blocks = now.blocks - before.blocks
            assert blocks <= MOST_BLOCKS, f"{blocks} more blocks are held after {seed} batches"
            # One look at the object may be under way.
            assert now.descriptors <= before.descriptors + 2, f"{now.descriptors} descriptors, {before.descriptors}"
            assert now.threads <= before.threads + 2, f"{now.threads} threads, {before.threads} before"
            assert now.children == before.children, f"{now.children} processes, {before.children} before"

        yield case
        follower.stop()
        server.listener.close()


@contextlib.contextmanager
def _traced() -> Iterator[Case]:
    tracemalloc.start()
    try:
        with _open() as case:
            yield case
    finally:
        tracemalloc.stop()


CAMPAIGNS = [
    Campaign(
        "a million events",
        "each case is 10,000 events of a release's watch: memory grows by at most 5 MB, descriptors and threads stay",
        _open,
        long=100,
        short=2,
    ),
    Campaign(
        "events, traced",
        "the same with Python's own account of its memory: what is held after 100,000 events is what was held before",
        _traced,
        long=10,
        short=1,
    ),
]
