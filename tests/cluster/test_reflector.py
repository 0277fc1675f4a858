"""Following a resource through every kind of fault: what is told in the end is what the server has."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_rollouts.cluster.client import Client, Listing
from kubectl_rollouts.cluster.reflector import FIRST_PAUSE, LONGEST_PAUSE, Backoff, Change, Reflector
from tests.cluster.conftest import WIDGETS, widget
from tests.cluster.raw_server import Exchange, RawServer
from tests.cluster.test_client import query, status

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]


class Clock:
    """Time that passes only while the reflector waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return False


class Follower:
    """What a consumer of a reflector knows."""

    def __init__(self, client: Client, until: Callable[[Follower], bool], **settings: Any) -> None:
        self.objects: dict[str, Any] = {}
        self.changes: list[Change[Any]] = []
        self.clock = Clock()
        self._until = until
        self.reflector: Reflector[Any] = Reflector(
            client,
            WIDGETS,
            "ns",
            dict,
            self.deliver,
            clock=lambda: self.clock.now,
            wait=self.clock.wait,
            **settings,
        )

    def deliver(self, change: Change[Any]) -> None:
        self.changes.append(change)
        if change.kind == "REPLACED":
            self.objects = {obj["metadata"]["name"]: obj for obj in change.objects or []}
        elif change.object is not None:
            name = change.object["metadata"]["name"]
            if change.kind == "DELETED":
                self.objects.pop(name, None)
            else:
                self.objects[name] = change.object
        if self._until(self):
            self.reflector.stop()

    @property
    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def run(self) -> Follower:
        self.reflector.run()
        return self


def listing(*objects: Any, version: str = "1") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": version}, "items": list(objects)}


def script(*steps: Any) -> Callable[[Exchange], None]:
    """Answer the requests in turn: a callable, or a body; the last step for ever."""
    left = list(steps)

    def handle(exchange: Exchange) -> None:
        step = left.pop(0) if len(left) > 1 else left[0]
        if callable(step):
            step(exchange)
        else:
            exchange.answer(step)

    return handle


def watching(*events: tuple[str, Any], then: str = "") -> Callable[[Exchange], None]:
    def handle(exchange: Exchange) -> None:
        exchange.stream()
        for kind, obj in events:
            exchange.event(kind, obj)
        if then:
            getattr(exchange, then)()
        else:
            exchange.raw(b"0\r\n\r\n")

    return handle


def refuse(code: int, reason: str = "", **headers: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(status(code, reason, reason or str(code)), code, **headers)


def asked(server: RawServer) -> list[str]:
    """`list`, or `watch VERSION`, for each request."""
    out = []
    for request in server.requests:
        pairs = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&"))
        out.append(f"watch {pairs['resourceVersion']}" if "watch" in pairs else "list")
    return out


def last(kind: str, name: str = "") -> Callable[[Follower], bool]:
    """Stop when a change of that kind (of that object) was told."""

    def until(follower: Follower) -> bool:
        change = follower.changes[-1]
        return change.kind == kind and (not name or (change.object or {})["metadata"]["name"] == name)

    return until


def test_list_then_watch_then_watch_again(serve: Serve, connect: Connect) -> None:
    server = serve(
        script(
            listing(widget("a", "1"), version="5"),
            watching(("MODIFIED", widget("a", "6")), ("ADDED", widget("b", "7")), ("BOOKMARK", widget("", "9"))),
            watching(("DELETED", widget("a", "10")), ("ADDED", widget("z", "11"))),
        )
    )
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "MODIFIED", "ADDED", "DELETED", "ADDED"]
    assert sorted(follower.objects) == ["b", "z"]
    assert asked(server) == ["list", "watch 5", "watch 9"]


def test_it_goes_on_from_a_list_that_was_read_before(serve: Serve, connect: Connect) -> None:
    server = serve(script(watching(("ADDED", widget("z", "8")))))
    follower = Follower(connect(server), last("ADDED", "z"), start=Listing([], "7")).run()
    assert follower.kinds == ["ADDED"]
    assert asked(server) == ["watch 7"]


def test_duplicates_and_old_events_are_dropped(serve: Serve, connect: Connect) -> None:
    server = serve(
        script(
            listing(version="5"),
            watching(
                ("ADDED", widget("a", "6")),
                ("ADDED", widget("a", "6")),
                ("MODIFIED", widget("old", "4")),
                ("DELETED", widget("a", "3")),
                ("ADDED", widget("z", "7")),
            ),
        )
    )
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "ADDED", "ADDED"]
    assert sorted(follower.objects) == ["a", "z"]


@pytest.mark.parametrize(
    "gone", [refuse(410, "Expired"), watching(("ERROR", status(410, "Gone", "too old resource version")))]
)
def test_gone_lists_once(serve: Serve, connect: Connect, gone: Any) -> None:
    server = serve(
        script(
            listing(widget("a"), version="5"),
            gone,
            listing(widget("b"), version="8"),
            watching(("ADDED", widget("z", "9"))),
        )
    )
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "REPLACED", "ADDED"]
    assert sorted(follower.objects) == ["b", "z"]
    assert asked(server) == ["list", "watch 5", "list", "watch 8"]
    assert follower.clock.pauses == []


def test_gone_again_and_again_slows_down(serve: Serve, connect: Connect) -> None:
    def handle(exchange: Exchange) -> None:
        if "watch" in query(exchange):
            refuse(410, "Expired")(exchange)
        else:
            exchange.answer(listing(version="5"))

    follower = Follower(connect(serve(handle)), lambda f: f.clock.now > 300).run()
    assert follower.kinds.count("REPLACED") < 20
    assert max(follower.clock.pauses) > 20


def test_too_many_watches_again_without_a_list(serve: Serve, connect: Connect) -> None:
    server = serve(
        script(
            listing(version="5"),
            refuse(429, "TooManyRequests", Retry_After="9"),
            watching(("ADDED", widget("z", "6"))),
        )
    )
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "PROBLEM", "LIVE", "ADDED"]
    assert asked(server) == ["list", "watch 5", "watch 5"]
    assert follower.clock.pauses == [9.0]


@pytest.mark.parametrize(
    ("fault", "then"),
    [
        (refuse(500), "list"),
        (refuse(403, "Forbidden"), "list"),
        (watching(("ERROR", status(500, "InternalError", "x"))), "list"),
        (lambda e: e.close(), "watch 5"),
        (lambda e: e.reset(), "watch 5"),
        (lambda e: (e.stream(), e.chunk(b'{"type": "ADD'), e.close()), "watch 5"),
        (lambda e: (e.stream(), e.chunk(b"nonsense\n"), e.close()), "list"),
        (lambda e: e.answer(b"<html>", media="text/html"), "list"),
    ],
)
def test_faults_of_a_watch(serve: Serve, connect: Connect, fault: Any, then: str) -> None:
    def handle(exchange: Exchange) -> None:
        if "watch" not in query(exchange):
            exchange.answer(listing(version="5"), Connection="close")
        elif len(server.requests) == 2:
            fault(exchange)
        else:
            watching(("ADDED", widget("z", "6")))(exchange)

    server = serve(handle)
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert [kind for kind in follower.kinds if kind != "REPLACED"] == ["PROBLEM", "LIVE", "ADDED"]
    assert asked(server)[2] == then
    assert sum(follower.clock.pauses) >= FIRST_PAUSE


def test_a_list_that_fails_is_told_and_tried_again(serve: Serve, connect: Connect) -> None:
    server = serve(script(refuse(403, "Forbidden"), listing(version="5"), watching(("ADDED", widget("z", "6")))))
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["PROBLEM", "REPLACED", "LIVE", "ADDED"]
    assert "Forbidden" in str(follower.changes[0].problem)


def test_a_cut_after_news_is_mended_without_a_word(serve: Serve, connect: Connect) -> None:
    server = serve(
        script(
            listing(version="5"),
            watching(("ADDED", widget("a", "6")), then="close"),
            watching(("ADDED", widget("z", "7"))),
        )
    )
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "ADDED", "ADDED"]


def test_ten_minutes_of_failure_cost_few_requests(connect: Connect) -> None:
    follower = Follower(connect("http://127.0.0.1:1"), lambda f: f.clock.now >= 600).run()
    assert len(follower.changes) <= 600 / 4
    assert follower.kinds == ["PROBLEM"] * len(follower.changes)
    assert max(follower.clock.pauses) <= LONGEST_PAUSE


def test_watches_that_end_at_once_are_not_asked_without_end(serve: Serve, connect: Connect) -> None:
    pauses: list[float] = []

    def handle(exchange: Exchange) -> None:
        if "watch" not in query(exchange):
            exchange.answer(listing(version="5"))
        else:
            exchange.stream()
            if sum(pauses) > 600:
                exchange.event("ADDED", widget("z", "6"))
            exchange.raw(b"0\r\n\r\n")

    server = serve(handle)
    follower = Follower(connect(server), last("ADDED", "z"))
    follower.clock.pauses = pauses
    follower.run()
    assert len(server.requests) <= 600 / 4


def test_watches_that_end_at_once_are_told_of(serve: Serve, connect: Connect) -> None:
    """Nothing is heard in the pauses between them: what is shown may be out of date."""
    ends = [watching()] * 4
    server = serve(script(listing(version="5"), *ends, watching(("ADDED", widget("z", "6")))))
    follower = Follower(connect(server), last("ADDED", "z")).run()
    assert follower.kinds == ["REPLACED", "PROBLEM", "LIVE", "ADDED"]
    assert "ends every watch at once" in str(follower.changes[1].problem)


def test_an_event_without_a_version_is_no_sign_of_health(serve: Serve, connect: Connect) -> None:
    odd = watching(("MODIFIED", {"metadata": {"name": "odd"}}))

    def handle(exchange: Exchange) -> None:
        if "watch" in query(exchange):
            odd(exchange)
        else:
            exchange.answer(listing(version="5"))

    server = serve(handle)
    Follower(connect(server), lambda f: f.clock.now > 600).run()
    assert len(server.requests) <= 600 / 4


def test_backoff() -> None:
    assert [round(Backoff(lambda: 0.0).next(), 3)] == [0.8]
    low, high = Backoff(lambda: 0.0), Backoff(lambda: 1.0)
    assert [low.next() for _ in range(7)] == [0.8, 1.6, 3.2, 6.4, 12.8, 24.0, 24.0]
    assert [high.next() for _ in range(7)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    low.reset()
    assert low.next() == 0.8


def test_stop_from_another_thread(serve: Serve, connect: Connect) -> None:
    server = serve(script(listing(version="5"), watching(then="silence")))
    reflector: Reflector[Any] = Reflector(connect(server), WIDGETS, "ns", dict, lambda _: None)
    stopper = threading.Timer(0.1, reflector.stop)
    stopper.start()
    reflector.run()
    stopper.join()


# --- Seeded schedules of faults ----------------------------------------------------------------------------------


class Chaos:
    """A small API server with a history, that does something wrong with most requests until `calm`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.version = 100
        self.objects: dict[str, Any] = {}
        self.history: list[tuple[int, str, Any]] = []
        self.oldest = 0
        self.faults = 12

    def change(self) -> None:
        self.version += 1
        name = self.random.choice("abcd")
        if name in self.objects and self.random.random() < 0.3:
            obj = {**self.objects.pop(name), "metadata": {"name": name, "resourceVersion": str(self.version)}}
            self.history.append((self.version, "DELETED", obj))
            return
        kind = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = widget(name, str(self.version))
        self.history.append((self.version, kind, self.objects[name]))

    def handle(self, exchange: Exchange) -> None:
        for _ in range(self.random.randrange(3)):
            self.change()
        self.faults -= 1
        asked_for = query(exchange)
        fault = self.random.choice(["none", "410", "500", "429", "close", "reset", "html", "json"])
        if self.faults > 0 and fault != "none" and "watch" not in asked_for:
            self.misbehave(exchange, fault)
        elif "watch" in asked_for:
            self.watch(exchange, int(asked_for["resourceVersion"]), fault)
        else:
            exchange.answer(listing(*self.objects.values(), version=str(self.version)))

    def misbehave(self, exchange: Exchange, fault: str) -> None:
        if fault in ("410", "500", "429"):
            headers = {"Retry_After": "11"} if fault == "429" else {}
            refuse(int(fault), {"410": "Expired"}.get(fault, ""), **headers)(exchange)
        elif fault == "html":
            exchange.answer(b"<html>", media="text/html")
        elif fault == "json":
            exchange.answer(b'{"items": [{]}')
        else:
            getattr(exchange, fault)()

    def watch(self, exchange: Exchange, since: int, fault: str) -> None:
        if self.faults > 0 and fault in ("410", "500", "429", "html") and self.random.random() < 0.5:
            self.misbehave(exchange, fault)
            return
        if since < self.oldest:
            refuse(410, "Expired")(exchange)
            return
        if self.faults <= 0:
            self.version += 1
            self.objects["end"] = widget("end", str(self.version))
            self.history.append((self.version, "ADDED", self.objects["end"]))
        exchange.stream()
        for version, kind, obj in self.history:
            if version <= since and self.random.random() < 0.8:
                continue  # the others are repeated: stale events
            exchange.event(kind, obj)
            if self.random.random() < 0.3:
                exchange.event(kind, obj)
            if self.random.random() < 0.2:
                exchange.event("BOOKMARK", widget("", str(version)) if version > since else widget("", str(since)))
            if self.faults > 0 and self.random.random() < 0.2:
                break
        if self.faults <= 0:
            exchange.raw(b"0\r\n\r\n")
        elif fault == "410":
            exchange.event("ERROR", status(410, "Expired", "too old"))
        elif fault == "500":
            exchange.event("ERROR", status(500, "InternalError", "x"))
        elif fault == "json":
            exchange.chunk(b'{"type": "MODIFIED", "object": {"meta\n')
        elif fault in ("close", "reset"):
            exchange.chunk(b'{"type": "MODIFIED", "obj')
            getattr(exchange, fault)()
        if exchange.open:
            exchange.close() if fault == "html" else exchange.raw(b"0\r\n\r\n")
        if self.random.random() < 0.2:
            self.oldest = self.version - 1  # the history is forgotten


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_the_end_is_right(
    serve: Serve, connect: Connect, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    chaos = Chaos(seed)
    server = serve(chaos.handle)
    follower = Follower(connect(server), lambda f: "end" in f.objects, random_=random.Random(seed).random).run()
    assert json.dumps(follower.objects, sort_keys=True) == json.dumps(chaos.objects, sort_keys=True)
    assert len(server.requests) < 80
