"""Events for watches: other rollouts that change all the time, and marks on `web` whose way to the screen is timed.

Each event of a churning rollout carries a number of its own (status.availableReplicas), each mark a message
`mark-N-`, so that the reader of a screen can tell what arrived, and when it was sent (the monotonic clock is the
machine's, the same in every process).
"""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.parse
from typing import Any

NUMBER = 987654321  # stands in the prepared bytes where an event's number goes
FIRST = 10_000_000  # numbers that no count of replicas reaches


class Churn:
    """One timeline for all watches of rollouts; other watches are held open and stay silent."""

    def __init__(self, objects: list[dict[str, Any]], rate: float, marks: float) -> None:
        self.rate, self.marks = rate, marks
        rollouts = [item for item in objects if item["kind"] == "Rollout"]
        self.prepared = [_prepare(item, {"availableReplicas": NUMBER}) for item in rollouts if _name(item) != "web"]
        self.web = _prepare(next(item for item in rollouts if _name(item) == "web"), {"message": f"mark-{NUMBER}-"})
        self.lock = threading.Lock()
        self.watchers: list[tuple[socket.socket, str]] = []
        self.sent: dict[int, float] = {}
        self.marked: dict[int, float] = {}
        self.silent = 0
        self.running = False

    def stream(self, connection: socket.socket, target: str) -> None:
        """Answer a watch, and keep it open until the client goes."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        if "/rollouts" in target.partition("?")[0]:
            wanted = query.get("fieldSelector", "").removeprefix("metadata.name=")
            with self.lock:
                self.watchers.append((connection, wanted))
                if not self.running:
                    self.running = True
                    threading.Thread(target=self._run, daemon=True).start()
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass
        finally:
            with self.lock:
                self.watchers = [each for each in self.watchers if each[0] is not connection]

    def report(self) -> dict[str, Any]:
        """What was sent since the last report: numbers and marks with their times."""
        with self.lock:
            out = {"sent": self.sent, "marked": self.marked, "kept_away": self.silent}
            self.sent, self.marked, self.silent = {}, {}, 0
        return out

    def _run(self) -> None:
        number, mark = FIRST, FIRST
        time.sleep(0.5)
        started = time.monotonic()
        due_event = started if self.rate else float("inf")
        due_mark = started if self.marks else float("inf")
        while True:
            now = time.monotonic()
            if now >= due_event:
                number += 1
                which = self.prepared[number % len(self.prepared)]
                self._send(which, number, "other", self.sent)
                due_event += 1 / self.rate
            if now >= due_mark:
                mark += 1
                self._send(self.web, mark, "web", self.marked)
                due_mark += self.marks
            time.sleep(max(0.0, min(due_event, due_mark) - time.monotonic()))

    def _send(self, prepared: bytes, number: int, name: str, log: dict[int, float]) -> None:
        line = prepared.replace(str(NUMBER).encode(), str(number).encode())
        chunk = f"{len(line):x}\r\n".encode() + line + b"\r\n"
        with self.lock:
            reached = False
            for connection, wanted in self.watchers:
                if wanted in ("", name):
                    reached = True
                    try:
                        connection.sendall(chunk)
                    except OSError:
                        continue
            if reached:
                log[number] = time.monotonic()
            else:
                self.silent += 1


def _name(item: dict[str, Any]) -> str:
    return str(item["metadata"]["name"])


def _prepare(item: dict[str, Any], status: dict[str, Any]) -> bytes:
    metadata = {**item["metadata"], "resourceVersion": str(NUMBER)}
    changed = {**item, "metadata": metadata, "status": {**item["status"], **status}}
    return json.dumps({"type": "MODIFIED", "object": changed}).encode() + b"\n"
