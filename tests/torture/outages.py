"""Outages: a server that fails for ten minutes is asked seldom, and once it is back all is live again soon."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Any
from unittest import mock

from kubectl_rollouts.cluster import transport
from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.reflector import Change, Reflector
from kubectl_rollouts.cluster.transport import Timeouts
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Follower
from kubectl_rollouts.release.resources import ROLLOUTS
from tests.cluster.conftest import WIDGETS, widget
from tests.cluster.raw_server import Exchange, RawServer
from tests.support.releases import full, pod
from tests.torture.campaign import Campaign, Case
from tests.torture.faulty_server import FaultyServer, status_line
from tests.torture.speed import hasty_client, sped_up

OUTAGE = 600.0  # seconds
MOST_REQUESTS = OUTAGE / 4
LIVE_WITHIN = 35.0  # seconds


# --- One watch, on a simulated clock -------------------------------------------------------------------------------


class Clock:
    """Time that passes while somebody waits, and when the server says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def pass_(self, seconds: float) -> bool:
        """Let time pass; what a reflector waits with, which nobody stops here."""
        self.now += seconds
        return False


def _status(code: int) -> dict[str, Any]:
    reasons = {410: "Expired", 403: "Forbidden", 401: "Unauthorized", 429: "TooManyRequests"}
    reason = reasons.get(code, "InternalError")
    return {"kind": "Status", "status": "Failure", "message": reason, "reason": reason, "code": code}


class Failing:
    """A server that fails from one instant to another, in one way or in all of them."""

    ways = (
        "refused",
        "reset",
        "close",
        "silence",
        "html",
        "json",
        "half",
        "410",
        "403",
        "401",
        "500",
        "503",
        "429",
        "429 come again",
        "503 come again",
        "watch ends",
        "watch cut",
        "watch 410",
        "watch 500",
        "watch garbage",
        "watch silent",
    )

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.clock = clock
        self.chance = chance
        self.way = chance.choice([*self.ways, "any"])
        self.begins = chance.uniform(0, 30)
        self.ends = self.begins + OUTAGE + chance.uniform(0, 30)
        self.requests: list[float] = []
        self.dead_until = 0.0  # when a connection that had died silently can be found out

    def handle(self, exchange: Exchange) -> None:
        """Answer, well or badly."""
        now = self.clock.now
        watch = "watch=true" in exchange.request.target
        failing = self.begins <= now < self.ends
        if failing:
            self.requests.append(now)
            way = self.chance.choice(self.ways) if self.way == "any" else self.way
            if way.startswith("watch "):
                if watch:
                    self.bad_watch(exchange, way)
                    return
            else:
                self.bad_answer(exchange, way)
                return
        self.good(exchange, watch)

    def good(self, exchange: Exchange, watch: bool) -> None:
        """What a server in order says; the watch lasts until the outage begins, or 40 s."""
        now = self.clock.now
        if not watch:
            exchange.answer({"metadata": {"resourceVersion": str(int(now) + 1)}, "items": []})
            return
        exchange.stream()
        if now >= self.ends:
            exchange.event("ADDED", widget("end", str(int(now) + 10)))
            return
        # A healthy watch of 40 s; or it sees the outage begin, or (the server fails in lists only) end.
        nexts = [40.0, *(at - now for at in (self.begins, self.ends) if at > now)]
        self.clock.now += min(nexts)
        exchange.raw(b"0\r\n\r\n")

    def bad_answer(self, exchange: Exchange, way: str) -> None:
        """One of the ways to fail any request."""
        head, _, again = way.partition(" ")
        if head.isdigit():
            headers = {"Retry_After": str(self.chance.randrange(1, 3))} if again else {}
            exchange.answer(_status(int(head)), int(head), **headers)
        elif way == "silence":
            self.clock.now += 8.0  # what the client has patience for
            exchange.silence()
        elif way == "html":
            exchange.answer(b"<html>", 502, media="text/html")
        elif way == "json":
            exchange.answer(b'{"items": [{]}')
        elif way == "half":
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{")
            exchange.close()
        else:
            getattr(exchange, {"refused": "reset"}.get(way, way))()

    def bad_watch(self, exchange: Exchange, way: str) -> None:
        """One of the ways to fail a watch."""
        exchange.stream()
        if way == "watch silent":
            self.clock.now += 44.0
            self.dead_until = self.clock.now
            exchange.silence()
            return
        lines = {"watch 410": status_line(410, "Expired"), "watch 500": status_line(500, "InternalError")}
        if way == "watch garbage":
            exchange.chunk(b"{]\n")
        elif way in lines:
            exchange.chunk(lines[way])
        if way == "watch cut":
            exchange.chunk(b'{"type": "MODI')
            exchange.close()
        else:
            exchange.raw(b"0\r\n\r\n")


def _one_watch(seed: int) -> None:
    clock = Clock()
    chance = random.Random(seed)
    failing = Failing(clock, chance)
    changes: list[tuple[float, Change[Any]]] = []

    def deliver(change: Change[Any]) -> None:
        changes.append((clock.now, change))
        if change.object is not None:
            reflector.stop()

    # The client's patience is short in life; the server lets as much simulated time pass as it would really take.
    limits = Timeouts(connect=2.0, first_byte=0.15, between_bytes=0.15)
    with RawServer(failing.handle) as server, Client(ClusterConfig(server=server.url), timeouts=limits) as client:
        patience = mock.patch("kubectl_rollouts.cluster.client._WATCH_GRACE", 0.15 - 40)
        sleeping = mock.patch.object(transport, "_sleep", lambda seconds, _deadline: clock.pass_(seconds))
        with patience, sleeping:
            reflector: Reflector[Any] = Reflector(
                client,
                WIDGETS,
                "ns",
                dict,
                deliver,
                clock=lambda: clock.now,
                wait=clock.pass_,
                random_=chance.random,
            )
            reflector.run()
    asked = [at for at in failing.requests if at < failing.begins + OUTAGE]
    assert len(asked) <= MOST_REQUESTS, f"{failing.way}: {len(asked)} requests in {OUTAGE:.0f} s"
    live = changes[-1][0] - max(failing.ends, failing.dead_until)
    assert live <= LIVE_WITHIN, f"{failing.way}: live again only after {live:.1f} s"
    told = [change.kind for _, change in changes]
    if failing.way not in ("watch ends", "410", "watch 410"):
        assert "PROBLEM" in told, f"{failing.way}: nobody was told"
    assert "LIVE" in told[len(told) - 1 - told[::-1].index("PROBLEM") :] if "PROBLEM" in told else True


# --- The watches of a whole release, sped up ----------------------------------------------------------------------

FACTOR = 60.0
_WAYS: list[dict[str, Any]] = [
    {},  # refused
    {"drop": True},
    {"silent": True},
    {"status": 500},
    {"status": 503, "headers": {"Retry-After": "1"}},
    {"status": 429, "headers": {"Retry-After": "2"}},
    {"status": 403, "reason": "Forbidden"},
    {"status": 401, "reason": "Unauthorized"},
    {"raw": b"<html>", "status": 502},
]


def _whole_release(seed: int) -> None:
    """Everything that `get rollout --watch` asks for, while nothing works for ten minutes."""
    way = _WAYS[seed % len(_WAYS)]
    attempts = 0

    with FaultyServer(full(), seed=seed) as server, hasty_client(server.url, FACTOR) as client:
        screens: SimpleQueue[Any] = SimpleQueue()
        follower = Follower(client, fetch(client, "default", ROLLOUTS, "web", to_follow=True), screens.put)
        follower.start()
        assert server.wait_watching(5)
        take = client.transport._pool.take

        def counting(*args: Any) -> Any:
            nonlocal attempts
            attempts += 1
            return take(*args)

        with mock.patch.object(client.transport._pool, "take", counting):
            if way:
                server.rule("", **way)
                server.cut_watches("close")
            else:
                server.down()
            time.sleep(OUTAGE / FACTOR)
            asked = attempts
        stale = ""
        with contextlib.suppress(Empty):
            while True:
                stale = screens.get_nowait().stale
        assert stale, f"{way}: the screen is not marked stale"
        assert asked <= MOST_REQUESTS, f"{way}: {asked} requests in {OUTAGE:.0f} s"
        if way:
            server.rules.clear()
        else:
            server.up()
        back = time.monotonic()
        server.put(pod("web-bbbb", "bbbb", "new", app="web"))
        try:
            while "web-bbbb-new" not in _pods(newest := screens.get(timeout=20)) or newest.stale:
                pass
        finally:
            follower.stop()
        # Simulated seconds are short here, so the machine's own delays are let off: a second of life, all in all.
        live = (time.monotonic() - back - 1.0) * FACTOR
        assert live <= LIVE_WITHIN, f"{way}: live again only after {live:.0f} s"


def _pods(followed: Any) -> set[str]:
    return {pod.name for replica_set in followed.info.replica_sets for pod in replica_set.pods}


@contextlib.contextmanager
def _sped_up() -> Iterator[Case]:
    with sped_up(FACTOR):
        yield _whole_release


@contextlib.contextmanager
def _simulated() -> Iterator[Case]:
    yield _one_watch


CAMPAIGNS = [
    Campaign(
        "back-off",
        "ten simulated minutes of failure cost a watch at most a request in 4 s; it is live within 35 s of the end",
        _simulated,
        long=200,
        short=12,
        processes=2,
    ),
    Campaign(
        "outages",
        "ten minutes of failure (60 times as fast) cost the watches of a release together at most a request in 4 s",
        _sped_up,
        long=36,
        short=0,
        threads=9,
        processes=2,
    ),
]
