"""Watches: whatever happens on the way, what is shown in the end is what the server has."""

from __future__ import annotations

import contextlib
import difflib
import random
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from kubectl_rollouts.cluster.errors import ConnectionFailed
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.release.waiting import StatusWatch
from kubectl_rollouts.rollout.info import RolloutInfo
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.status import status_followed
from kubectl_rollouts.view.tree import rollout_screen
from tests.release.test_follow_campaign import Life, truth
from tests.support.releases import simple
from tests.torture.campaign import Campaign, Case
from tests.torture.faulty_server import ENDS, FaultyServer, misbehave
from tests.torture.speed import hasty_client, sped_up

T = TypeVar("T")

FACTOR = 20.0  # how much faster than life
STEPS = 60
SETTLED = 35.0 * 2 / FACTOR + 8.0  # seconds after the last fault; the program's own bound is 35 s / FACTOR


class Course(Life):
    """A release's life in which faults come one after the other."""

    def __init__(self, server: FaultyServer, seed: int) -> None:
        super().__init__(server, seed)
        self.faulty = server
        self.faults: list[str] = []
        self.away = False

    def fault(self) -> None:
        """Something goes wrong."""
        server = self.faulty
        what = self.random.random()
        if what < 0.55:
            how = self.random.choice(ENDS)
            server.cut_watches(how)
            self.faults.append(how)
        elif what < 0.65:
            with server.lock:
                server.cut_watches("close")
                server.compact()
            self.faults.append("history forgotten")
        elif what < 0.92:
            self.faults.append(misbehave(server, self.random))
        elif not self.away:
            self.away = True
            server.down()
            self.faults.append("down")

    def step(self) -> None:
        super().step()
        if self.away and self.random.random() < 0.3:
            self.away = False
            self.faulty.up()

    def end(self) -> None:
        """All is well from now on."""
        if self.away:
            self.away = False
            self.faulty.up()
        with self.faulty.lock:
            self.faulty.rules.clear()
            self.faulty.repeats = 0.0


def _shown(info: Any) -> str:
    now = 1_800_000_000.0
    return write_screen(rollout_screen(info, now), color=False)


def _begun(begin: Callable[[], T]) -> T:
    """What is there before the faults begin. A machine that stands still for half a second is none of them."""
    for _ in range(5):
        try:
            return begin()
        except ConnectionFailed:
            continue
    return begin()


def _release(seed: int) -> None:
    """One schedule: a release lives, the server misbehaves, `get rollout --watch` and `status` look on."""
    chance = random.Random(seed)
    # Bookmarks often, seldom or never: a server need not send any.
    bookmarks = chance.choice([0.0, 0.03, 0.3])
    with FaultyServer(simple(), seed=seed, bookmarks=bookmarks) as server, hasty_client(server.url, FACTOR) as client:
        server.repeats = chance.choice([0.0, 0.1, 0.5])
        screens: SimpleQueue[Any] = SimpleQueue()
        statuses: SimpleQueue[Any] = SimpleQueue()
        shown = _begun(lambda: fetch(client, "default", ROLLOUTS, "web", to_follow=True))
        follower = Follower(client, shown, screens.put)
        status = _begun(lambda: StatusWatch(client, "default", "web", statuses))
        follower.start()
        status.start()
        course = Course(server, seed)
        try:
            for _ in range(STEPS):
                course.step()
                if chance.random() < 0.6:
                    time.sleep(chance.random() * 0.03)
            course.end()
            wanted = truth(server)
            _settles_on(screens, wanted, course)
            _status_settles_on(statuses, status, wanted, course)
        finally:
            course.end()
            follower.stop()
            status.stop()


def _settles_on(screens: SimpleQueue[Any], wanted: RolloutInfo, course: Course) -> None:
    newest: Followed | None = None
    deadline = time.monotonic() + SETTLED
    while newest is None or newest.stale or newest.info != wanted:
        try:
            item = screens.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            assert newest is not None, f"nothing was shown; {course.faults}"
            lines = difflib.unified_diff(
                _shown(newest.info).splitlines(), _shown(wanted).splitlines(), "shown", "the truth", "", "", 0, ""
            )
            raise AssertionError("\n".join([f"stale: {newest.stale!r}; {course.faults}", *lines])) from None
        if isinstance(item, BaseException):
            raise item
        newest = item
    assert _shown(newest.info) == _shown(wanted)


def _status_settles_on(statuses: SimpleQueue[Any], status: StatusWatch, wanted: RolloutInfo, course: Course) -> None:
    deadline = time.monotonic() + SETTLED
    while status.phase.status != wanted.status or status.lost is not None:
        try:
            item = statuses.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            line = status_followed(status.phase)
            raise AssertionError(f"status says {line!r}, not {wanted.status!r}; {course.faults}") from None
        if isinstance(item, BaseException):
            raise item
        status.take(item)


@contextlib.contextmanager
def _sped_up() -> Iterator[Case]:
    with sped_up(FACTOR):
        yield _release


CAMPAIGNS = [
    Campaign(
        "watches",
        "after any schedule of faults the screen and the status are what the server has, and not marked stale",
        _sped_up,
        long=1000,
        short=6,
        threads=6,
        processes=2,
    ),
]
