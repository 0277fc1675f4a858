"""Watches on a simulated clock: what is shown in the course and in the end, how soon, at the cost of how many requests.

The program and the server are the real ones; clock, threads and network are those of `simulated`, so the bounds are
exact and a seed gives the same course each time.
"""

from __future__ import annotations

import contextlib
import difflib
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from unittest import mock

import msgspec

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.reflector import Change, Reflector
from kubectl_rollouts.cluster.transport import Transport
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import PODS, ROLLOUTS
from kubectl_rollouts.release.waiting import StatusWatch
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.tree import rollout_screen
from tests.release.test_follow_campaign import TYPES, Life, truth
from tests.support.api_server import Object
from tests.support.releases import full, pod, simple
from tests.torture.campaign import Campaign, Case
from tests.torture.faulty_server import ENDS, FaultyServer, misbehave
from tests.torture.simulated import Network, Queue, World, world

LIVE_WITHIN = 35.0  # seconds after the server's return
MARKED_WITHIN = 15.0  # seconds from the death of a connection to the mark on the screen
REPLACED_WITHIN = 45.0  # seconds from the death of a connection to its successor
OUTAGE = 600.0  # seconds
MOST_REQUESTS = OUTAGE / 4


class Remembering(FaultyServer):
    """A server that knows all that it ever said of an object."""

    def __init__(self, world: World, objects: list[Object], **settings: Any) -> None:
        self.world = world
        self.said: dict[tuple[str, str, str], Object] = {}
        self.since: dict[tuple[str, str, str], float] = {}  # when each version was made
        self._truth: tuple[int, Any] = (-1, None)
        super().__init__(objects, **settings)

    def truth(self) -> Any:
        """What a screen has to show now."""
        if self._truth[0] != self.version:
            self._truth = (self.version, truth(self))
        return self._truth[1]

    def put(self, obj: Object, *, event: bool = True) -> Object:
        made = super().put(obj, event=event)
        key = (made["kind"], made["metadata"]["name"], made["metadata"]["resourceVersion"])
        self.said[key], self.since[key] = made, self.world.now
        return made


class Screen:
    """What a person who runs `get rollout --watch` sees, and whether it may be so."""

    def __init__(self, world: World, server: Remembering, client: Client) -> None:
        self.world, self.server = world, server
        self.newest: Followed | None = None
        self.marked = ""  # the first mark of being out of date, until somebody forgets it
        self.faults: list[str] = []  # what must not be
        self._last: dict[tuple[str, str], int] = {}  # the version of each object that was shown last
        self._held: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str, str]] = set()
        self.disturbed = 0.0  # when something went wrong last: from then on counts how long the screen may be wrong
        self._wrong_since: float | None = None
        self.follower = Follower(client, fetch(client, "default", ROLLOUTS, "web", to_follow=True), self._take)
        self.follower.start()
        world.spawn(self._observe, "observer")

    def _take(self, item: Any) -> None:
        if isinstance(item, BaseException):
            self.faults.append(f"the follower ended: {item!r}")
            return
        self.newest = item
        self.marked = self.marked or item.stale
        self._look()

    def _look(self) -> None:
        """Everything that is held is what the server said once, and nothing has become older."""
        held = {
            (kind.kind, name): obj
            for kind, objects in self.follower._held.objects.items()
            for name, obj in objects.items()
        }
        for (kind, name), obj in held.items():
            version = obj.metadata.resource_version
            key = (kind, name, version)
            if key not in self._known:
                said = self.server.said.get(key)
                if said is None or msgspec.convert(said, TYPES[kind]) != obj:
                    self.faults.append(f"never said by the server: {kind} {name} at {version}: {obj}")
                self._known.add(key)
            last = self._last.get((kind, name), 0)
            if int(version) < last:
                self.faults.append(f"{kind} {name} went back from {last} to {version}")
            if int(version) == last and (kind, name) not in self._held:
                self.faults.append(f"{kind} {name} at {version} came back after it had gone")
            self._last[kind, name] = int(version)
        self._held = set(held)

    def right(self) -> bool:
        """Whether it shows what the server has, and does not say that it may not."""
        return self.newest is not None and not self.newest.stale and self.newest.info == self.server.truth()

    def _observe(self) -> None:
        """See to it that nothing wrong is shown unmarked for long."""
        while True:
            now = self.world.now
            newest = self.newest
            wrong = newest is not None and not newest.stale and newest.info != self.server.truth()
            if not wrong:
                self._wrong_since = None
            elif self._wrong_since is None:
                self._wrong_since = now
            elif now - max(self._wrong_since, self.disturbed) > REPLACED_WITHIN:
                self.faults.append(f"wrong and unmarked for {now - self._wrong_since:.1f} s")
                self._wrong_since = None
            rollout = self.follower._root()
            if newest is not None and not newest.stale and rollout is not None:
                newer = [
                    since
                    for (kind, _, version), since in self.server.since.items()
                    if kind == "Rollout" and int(version) > int(rollout.metadata.resource_version)
                ]
                if newer and now - min(newer) > MARKED_WITHIN:
                    self.faults.append(f"the rollout is {now - min(newer):.1f} s old and nothing says so")
            self.world.sleep(0.5)

    def settled(self, within: float) -> float:
        """Wait until it is right; the seconds that it took. Raises AssertionError when it is not in time."""
        began = self.world.now
        if not self.world.wait(self.right, within + 600.0):
            raise AssertionError(f"never right again: {self.difference()}")
        took = self.world.now - began
        assert took <= within, f"right again only after {took:.1f} s"
        return took

    def difference(self) -> str:
        """What is shown and should not be, and the other way round."""
        if self.newest is None:
            return "nothing was shown"
        lines = difflib.unified_diff(
            _shown(self.newest.info), _shown(self.server.truth()), "shown", "the truth", "", "", 0, ""
        )
        return "\n".join([f"stale: {self.newest.stale!r}", *lines])

    def check_end(self) -> None:
        """No thread has ended that should go on, and nothing was wrong on the way."""
        alive = Counter(task.name for task in self.world.tasks)
        watches = len(self.follower._all())
        assert alive["Follower._run"] == 1, alive
        assert alive["Stream._run"] >= watches, f"{watches} watches, {alive}"
        assert not self.faults, "\n".join(self.faults[:5])
        newest = self.newest
        assert newest is not None
        assert _shown(newest.info) == _shown(self.server.truth()), self.difference()


def _shown(info: Any) -> list[str]:
    return write_screen(rollout_screen(info, 1_800_000_000.0), color=False).splitlines()


_NOTED = {"_list": "list", "_follow": "watch"}


class Steps:
    """What each reflector did, in order, and what came of it."""

    def __init__(self) -> None:
        self.taken: dict[int, list[tuple[str, str]]] = {}
        self._kept: list[Any] = []  # so that no two have the same id

    def noting(self, what: str, method: Callable[[Any], None]) -> Callable[[Any], None]:
        """A method of reflectors, noted."""

        def noted(reflector: Any) -> None:
            self._kept.append(reflector)
            steps = self.taken.setdefault(id(reflector), [])
            outcome = "cut"
            try:
                method(reflector)
                outcome = "ok"
            except ApiError as error:
                outcome = "gone" if error.gone else "too many" if error.too_many else "error"
                raise
            finally:
                steps.append((what, outcome))

        return noted

    def check(self) -> None:
        """410 leads to a list, 429 to a watch without one; a list that worked to a watch."""
        wanted = {("watch", "gone"): "list", ("watch", "too many"): "watch", ("list", "ok"): "watch"}
        for steps in self.taken.values():
            for (what, outcome), (then, _) in pairwise(steps):
                must = wanted.get((what, outcome), then)
                assert then == must, f"after {what}, {outcome} came a {then}: {steps}"


def _in_world(play: Callable[[int, World, Network], None]) -> Callable[[], Any]:
    """A campaign's `open` for cases that play in a world of their own."""

    @contextlib.contextmanager
    def open_() -> Iterator[Case]:
        def case(seed: int) -> None:
            steps = Steps()
            noted = {name: steps.noting(what, getattr(Reflector, name)) for name, what in _NOTED.items()}
            with world(seed) as (made, network), mock.patch.multiple(Reflector, **noted):
                made.run(lambda: play(seed, made, network))
            steps.check()

        yield case

    return open_


# --- A release lives, everything breaks --------------------------------------------------------------------------


class Course(Life):
    """A release's life in which faults come one after the other."""

    def __init__(self, server: Remembering, network: Network, seed: int) -> None:
        super().__init__(server, seed)
        self.faulty, self.network = server, network
        self.faults: list[str] = []
        self.away = False
        self.silent_until = 0.0  # when the last dead connection can have been found out

    def fault(self) -> None:
        """Something goes wrong."""
        server = self.faulty
        what = self.random.random()
        if what < 0.5:
            how = self.random.choice(ENDS)
            server.cut_watches(how)
            if how == "freeze":
                self.silent_until = server.world.now + REPLACED_WITHIN
            self.faults.append(how)
        elif what < 0.6:
            with server.lock:
                server.cut_watches("close")
                server.compact()
            self.faults.append("history forgotten")
        elif what < 0.85:
            self.faults.append(misbehave(server, self.random))
            if "silence" in self.faults[-1]:
                self.silent_until = server.world.now + REPLACED_WITHIN
        elif what < 0.92:
            for sock in list(self.network.open):
                sock.freeze()
            self.silent_until = server.world.now + REPLACED_WITHIN
            self.faults.append("connections died")
        elif not self.away:
            self.away = True
            if self.random.random() < 0.5:
                server.down()
                self.faults.append("down")
            else:
                self.network.cut_off()
                self.faults.append("cut off")

    def step(self) -> None:
        super().step()
        if self.away and self.random.random() < 0.2:
            self.back()

    def back(self) -> None:
        """The server is there again, or the way to it."""
        self.away = False
        if self.network.hole:
            self.network.hole = False
            self.silent_until = self.faulty.world.now + REPLACED_WITHIN
        else:
            self.faulty.up()

    def end(self) -> None:
        """All is well from now on."""
        if self.away:
            self.back()
        with self.faulty.lock:
            self.faulty.rules.clear()
            self.faulty.repeats = 0.0


STEPS = 80


def _life(seed: int, made: World, network: Network) -> None:
    """One schedule: a release lives, the server misbehaves, `get rollout --watch` and `status` look on."""
    chance = random.Random(seed)
    pause = chance.choice([0.05, 0.5, 3.0, 12.0])  # seconds from one thing to the next, on average
    server = Remembering(made, simple(), seed=seed, bookmarks=chance.choice([0.0, 5.0, 60.0]))
    server.repeats = chance.choice([0.0, 0.1, 0.5])
    server.poll = 5.0
    with server, Client(ClusterConfig(server=server.url)) as client:
        screen = Screen(made, server, client)
        statuses = Queue(made)
        status = StatusWatch(client, "default", "web", statuses)
        status.start()
        course = Course(server, network, seed)
        try:
            for _ in range(STEPS):
                before = len(course.faults), course.away
                course.step()
                if (len(course.faults), course.away) != before:
                    screen.disturbed = made.now
                made.sleep(chance.expovariate(1 / pause))
            course.end()
            within = max(LIVE_WITHIN, course.silent_until - made.now)
            screen.settled(within)
            _status_settled(status, statuses, server.truth().status, made, within)
            screen.check_end()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{course.faults}") from None


def _status_settled(status: StatusWatch, statuses: Queue, wanted: str, made: World, within: float) -> None:
    end = made.now + within
    while status.phase.status != wanted or status.lost is not None:
        left = end - made.now
        assert left > 0, f"status says {status.phase.status}, not {wanted}"
        if made.wait(lambda: not statuses.empty(), left):
            item = statuses.get()
            if isinstance(item, BaseException):
                raise item
            status.take(item)


# --- Dead connections ---------------------------------------------------------------------------------------------


def _half_open(seed: int, made: World, network: Network) -> None:
    """Connections die without a word: the screen is marked in time, and the watches are replaced in time."""
    chance = random.Random(seed)
    server = Remembering(made, full(), seed=seed, bookmarks=chance.choice([0.0, 7.0, 60.0]))
    server.poll = 5.0
    whole = chance.random() < 0.5  # everything is cut off; or old connections only are dead, as behind a lost NAT entry
    changes = chance.random() < 0.7
    with _counted(made) as attempts, server, Client(ClusterConfig(server=server.url)) as client:
        screen = Screen(made, server, client)
        made.sleep(chance.uniform(1.0, 100.0))
        died = made.now
        dead = set(network.open)
        watched = {sock for sock in dead if sock.peer in _watching(server)}
        if whole:
            network.cut_off()
        else:
            for sock in dead:
                sock.freeze()
        made.sleep(chance.uniform(0.0, 5.0))
        changed = made.now
        if changes:
            server.patch("Rollout", "web", {"status": {"phase": "Degraded", "message": "new"}})
            server.put(pod("web-bbbb", "bbbb", "new", app="web"))
        if whole or changes:
            marked = made.wait(lambda: bool(screen.newest and screen.newest.stale), 60.0)
            took = made.now - (died if whole else changed)
            assert marked or screen.right(), "never marked"
            assert took <= MARKED_WITHIN, f"marked only after {took:.1f} s"
        if whole:
            made.sleep(chance.uniform(0.0, 60.0))
            network.hole = False
            screen.settled(max(LIVE_WITHIN, died + REPLACED_WITHIN - made.now))
        replaced = made.wait(lambda: not watched & network.open, 300.0)
        took = made.now - max(died, 0.0)
        if not whole:
            assert replaced, "never replaced"
            assert took <= REPLACED_WITHIN, f"replaced only after {took:.1f} s"
            screen.settled(max(0.0, died + REPLACED_WITHIN - made.now))
        healthy = made.now
        made.sleep(60.0)
        looks = [at for at, target in attempts if at > healthy and target.endswith("/rollouts/web")]
        assert 5 <= len(looks) <= 7, looks
        assert all(9.5 <= after - before <= 10.5 for before, after in pairwise(looks)), looks
        screen.check_end()


def _watching(server: Remembering) -> set[Any]:
    return set(server.http.open)


# --- Ten minutes of failure ---------------------------------------------------------------------------------------

_WAYS: dict[str, dict[str, Any]] = {
    "refused": {},
    "cut off": {},
    "dropped": {"drop": True},
    "silent": {"silent": True},
    "500": {"status": 500},
    "503": {"status": 503},
    "503, come again": {"status": 503, "headers": {"Retry-After": "1"}},
    "429": {"status": 429},
    "429, come again": {"status": 429, "headers": {"Retry-After": "2"}},
    "403": {"status": 403, "reason": "Forbidden"},
    "401": {"status": 401, "reason": "Unauthorized"},
    "410": {"status": 410, "reason": "Expired"},
    "a page": {"raw": b"<html>", "status": 502},
    "a good page": {"raw": b"<html>"},
    "watches end at once": {"pattern": "watch=true", "lines": []},
    "watches refused": {"pattern": "watch=true", "status": 503},
    "pods refused": {"pattern": "/pods", "status": 403, "reason": "Forbidden"},
    "half answers": {"half": True},
}


# Where a part of the requests fails, these are the ones that the failure causes.
_CAUSED = {
    "watches end at once": r"/\w+\?",
    "watches refused": r"/\w+\?",
    "pods refused": r"/pods\?",
    "half answers": r"^(?!.*watch=true)",
}


@contextlib.contextmanager
def _counted(made: World) -> Iterator[list[tuple[float, str]]]:
    """When each request was made, and its target; whether it got through or not."""
    attempts: list[tuple[float, str]] = []
    exchange = Transport._exchange

    def counting(self: Transport, method: str, target: str, *args: Any) -> Any:
        attempts.append((made.now, target))
        return exchange(self, method, target, *args)

    with mock.patch.object(Transport, "_exchange", counting):
        yield attempts


def _outage(seed: int, made: World, network: Network) -> None:
    """Everything that `get rollout --watch` asks for, while nothing works for ten minutes."""
    chance = random.Random(seed)
    name = list(_WAYS)[seed % len(_WAYS)]
    rule = {"pattern": "", **_WAYS[name]}
    server = Remembering(made, full(), seed=seed, bookmarks=chance.choice([0.0, 7.0, 60.0]))
    server.poll = 5.0
    with _counted(made) as attempts, server, Client(ClusterConfig(server=server.url)) as client:
        screen = Screen(made, server, client)
        made.sleep(chance.uniform(1.0, 60.0))
        began = made.now
        attempts.clear()
        if name == "refused":
            server.down()
        elif name == "cut off":
            network.cut_off()
        else:
            server.rule(**rule)
            server.cut_watches(chance.choice(["close", "reset"]))
        marked = made.wait(lambda: bool(screen.newest and screen.newest.stale), MARKED_WITHIN)
        assert marked, f"{name}: the screen is not marked after {MARKED_WITHIN:.0f} s"
        made.sleep(began + OUTAGE - made.now)
        asked = [at for at, target in attempts if re.search(_CAUSED.get(name, ""), target)]
        assert len(asked) <= MOST_REQUESTS, f"{name}: {len(asked)} requests in {OUTAGE:.0f} s"
        made.sleep(chance.uniform(0.0, 60.0))
        if name == "refused":
            server.up()
        network.hole = False
        server.rules.clear()
        server.patch("Rollout", "web", {"status": {"phase": "Degraded", "message": "new"}})
        server.put(pod("web-bbbb", "bbbb", "new", app="web"))
        try:
            screen.settled(LIVE_WITHIN)
            made.sleep(60.0)
            screen.check_end()
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


# --- One watch, which nobody helps by looking ---------------------------------------------------------------------


def _one_watch(seed: int, made: World, network: Network) -> None:
    """One watch alone, as of `status` or `wait`, through ten minutes of one kind of failure, or of all in turn."""
    chance = random.Random(seed)
    kinds = [*_WAYS, *ENDS, "any"]
    kind = kinds[seed % len(kinds)]
    server = Remembering(made, full(), seed=seed, bookmarks=chance.choice([0.0, 7.0]))
    server.poll = 5.0
    told: list[tuple[float, str]] = []
    objects: dict[str, Any] = {}

    def deliver(change: Change[Any]) -> None:
        told.append((made.now, change.kind))
        if change.kind == "REPLACED":
            objects.clear()
            objects.update({obj["metadata"]["name"]: obj for obj in change.objects or []})
        elif change.kind == "DELETED":
            objects.pop(change.object["metadata"]["name"])
        elif change.object is not None:
            objects[change.object["metadata"]["name"]] = change.object

    def fail() -> None:
        one = chance.choice(kinds[:-1]) if kind == "any" else kind
        with server.lock:
            server.rules.clear()
        network.hole = False
        if one == "cut off":
            network.cut_off()
        elif one == "refused" and kind != "any":
            server.down()
        elif one in ENDS:
            server.ends_with = one
            server.cut_watches(one)
        elif _WAYS.get(one):
            server.rule(**{"pattern": "", **_WAYS[one]})
            server.cut_watches(chance.choice(["close", "reset"]))

    with _counted(made) as attempts, server, Client(ClusterConfig(server=server.url)) as client:
        watching: Reflector[Any] = Reflector(
            client, PODS, "default", dict, deliver, wait=lambda seconds: made.wait(lambda: False, seconds)
        )
        task = made.spawn(watching.run, "reflector")
        made.sleep(chance.uniform(1.0, 60.0))
        began = made.now
        attempts.clear()
        while made.now < began + OUTAGE:
            fail()
            made.sleep(min(chance.uniform(1.0, 40.0) if kind == "any" else OUTAGE, began + OUTAGE - made.now))
        asked = [at for at, _ in attempts]
        assert len(asked) <= MOST_REQUESTS, f"{kind}: {len(asked)} requests in {OUTAGE:.0f} s"
        server.ends_with = ""
        network.hole = False
        server.rules.clear()
        if kind == "refused":
            server.up()
        dead = kind in ("cut off", "freeze", "silent", "any")  # it may have died just now, and that is found out later
        server.put(pod("web-bbbb", "bbbb", "new", app="web"))
        back = made.now
        live = made.wait(lambda: "web-bbbb-new" in objects, 300.0)
        assert live, f"{kind}: never live again: {told[-5:]}"
        within = REPLACED_WITHIN if dead else LIVE_WITHIN
        assert made.now - back <= within, f"{kind}: live again only after {made.now - back:.1f} s"
        made.sleep(100.0)
        assert {name: obj["metadata"]["resourceVersion"] for name, obj in objects.items()} == {
            name: obj["metadata"]["resourceVersion"] for (of, _, name), obj in server.objects.items() if of == "Pod"
        }, kind
        assert not task.done, f"{kind}: it has ended"


CAMPAIGNS = [
    Campaign(
        "back-off",
        "ten minutes of failure of any kind cost a watch at most a request in 4 s; it is live within 35 s of the end",
        _in_world(_one_watch),
        long=300,
        short=10,
        processes=2,
    ),
    Campaign(
        "courses",
        "nothing is shown that the server never said, nor wrong and unmarked; 35 s after the last fault all is right",
        _in_world(_life),
        long=1000,
        short=6,
        processes=2,
    ),
    Campaign(
        "half-open",
        "dead connections are marked on the screen within 15 s and replaced within 45 s; a look every 10 s",
        _in_world(_half_open),
        long=300,
        short=4,
        processes=2,
    ),
    Campaign(
        "outages",
        "ten minutes of failure cost the watches of a release together a request in 4 s at most; live 35 s later",
        _in_world(_outage),
        long=180,
        short=6,
        processes=2,
        seed=12,  # so that the short run has those that fail in part
    ),
]
