"""The tests' API server with more ways to misbehave: down for a while, duplicates, stale and broken events, silence."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

from tests.support import api_server
from tests.support.api_server import ApiServer, Object


class _Handler(api_server._Handler):
    """Repeats events now and then (`repeats`), the last one or an old one of the same watch."""

    owner: FaultyServer

    def do_GET(self) -> None:
        token = self.owner.token
        if token and self.headers.get("Authorization") != token:
            self.owner.refused += 1
            self.status(401, "Unauthorized", "Unauthorized")
            return
        super().do_GET()

    def follow(self, *args: Any) -> None:
        self.told: list[bytes] = []  # by this watch: a connection may serve several, one after the other
        if how := self.owner.ends_with:
            self.end(how, "v1", "Pod")
            return
        super().follow(*args)

    def event(self, kind: str, obj: Object) -> bytes:
        line = super().event(kind, obj)
        server = self.owner
        if kind not in ("ADDED", "MODIFIED") or server.repeats <= 0:
            return line
        self.told.append(line)
        more = b""
        with server.lock:
            if server.chance.random() < server.repeats:
                more += line
            if server.chance.random() < server.repeats:
                more += server.chance.choice(self.told)
        return line + more

    def end(self, how: str, api: str, kind: str) -> None:
        broken = {
            "json": b'{"type":"MODIFIED","object":{"metadata":{]}\n',
            "nonsense": b"\x00\xff<html>\n",
            "unknown": b'{"type":"SURPRISE","object":{}}\n',
            "null": b"null\n",
            "number": b'{"type":"MODIFIED","object":{"metadata":{"name":7}}}\n',
        }
        if how not in broken:
            super().end(how, api, kind)
            return
        self.chunk(broken[how])
        self.wfile.write(b"0\r\n\r\n")


ENDS = ("close", "reset", "midline", "410", "500", "freeze", "json", "nonsense", "unknown", "null", "number")


class FaultyServer(ApiServer):
    """`repeats` is the chance that an event comes twice, and that an old one comes again."""

    def __init__(self, objects: list[Object] | None = None, *, seed: int = 0, bookmarks: float = 0) -> None:
        self.chance = random.Random(seed)
        self.repeats = 0.0
        self.token = ""  # what Authorization must say, if anything
        self.refused = 0
        self.ends_with = ""  # how every watch ends soon after it began; "" = as it should
        super().__init__(objects, bookmarks=bookmarks)
        self.http.RequestHandlerClass = type("Handler", (_Handler,), {"owner": self})

    def down(self) -> None:
        """Be gone: connections are cut, new ones refused."""
        self.http.shutdown()
        self.http.server_close()
        self.http.close_all()
        self.thread.join(5)
        self.cut_watches("close")

    def up(self) -> None:
        """Be back, at the same address."""
        old = self.http
        self.http = api_server._Http(old.server_address, old.RequestHandlerClass)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()


def status_line(code: int, reason: str) -> bytes:
    """An ERROR event as a line."""
    status = {"kind": "Status", "status": "Failure", "message": reason, "reason": reason, "code": code}
    return json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"


def misbehave(server: FaultyServer, chance: random.Random) -> str:
    """Let something go wrong with the next requests; what it is, in a word."""
    target = chance.choice(["watch=true", "watch=true", "/pods", "replicasets", "rollouts", "analysisruns", ""])
    times = chance.randrange(1, 6)
    kinds: dict[str, dict[str, Any]] = {
        "gone": {"status": 410, "reason": "Expired"},
        "gone in the stream": {"lines": [status_line(410, "Expired")]},
        "error in the stream": {"lines": [status_line(500, "InternalError")]},
        "too many": {"status": 429, "headers": {"Retry-After": str(chance.randrange(1, 4))}},
        "too many, no word when": {"status": 429},
        "unavailable": {"status": chance.choice([500, 502, 503, 504])},
        "unavailable, come again": {"status": 503, "headers": {"Retry-After": "1"}},
        "forbidden": {"status": 403, "reason": "Forbidden"},
        "unauthorized": {"status": 401, "reason": "Unauthorized"},
        "a page of HTML": {"raw": b"<html>proxy</html>", "status": 502},
        "cut": {"drop": True},
        "half an answer": {"half": True},
        "late": {"delay": 0.05},
        "ends at once": {"lines": []},
        "silence": {"silent": True},
    }
    name = chance.choice(list(kinds))
    server.rule(target, times=1 if name == "silence" else times, **kinds[name])
    return f"{name} ({target or 'any'})"
