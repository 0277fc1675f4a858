"""Following a resource for ever: list, watch, watch again from where the last one stood, list again when that is gone.

The course of client-go's reflector, with its numbers: pauses of 0.8 s doubling to 30 s, with jitter, counted from the
start of the attempt, so that a server that is back is noticed within 30 s. A watch that ends cleanly is followed by the
next one at once. 410 leads to one new list; 429 and broken connections to a new watch without a list; any other
answer to a list after a pause. Events that are not newer than what was delivered (duplicates, replays) are dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client, Listing
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.cluster.watch import Watch

T = TypeVar("T")

FIRST_PAUSE = 0.8  # seconds
LONGEST_PAUSE = 30.0  # seconds, jitter included
_JITTER = 0.25
_HEALTHY = 4.0  # seconds after which a watch that ends was no failure


class Change(Struct, Generic[T], frozen=True):
    """What a reflector tells. `kind` decides which field is set:

    ADDED, MODIFIED, DELETED: `object`. REPLACED: `objects`, the whole truth; what is not in it is gone.
    PROBLEM: `problem`; what was told may be out of date from now on. LIVE: it is up to date again.
    `version` is the resource version up to which everything was told with this change ("" = as before).
    """

    kind: str
    object: T | None = None
    objects: list[T] | None = None
    problem: Failure | None = None
    version: str = ""


# One of its own: a thread that follows does not disturb whoever seeded the module's.
_RANDOM = Random()


class Backoff:
    """Growing pauses between attempts."""

    def __init__(self, random_: Callable[[], float] = _RANDOM.random) -> None:
        self._random = random_
        self._base = FIRST_PAUSE

    def reset(self) -> None:
        """Begin with short pauses again."""
        self._base = FIRST_PAUSE

    def next(self) -> float:
        """Return the next pause in seconds."""
        pause = self._base * (1 + _JITTER * self._random())
        self._base = min(self._base * 2, LONGEST_PAUSE / (1 + _JITTER))
        return pause


class Reflector(Generic[T]):
    """Tells `deliver` of every change of the objects that match, in the thread that calls `run`.

    `start`: a list that was read before; the first watch goes on from it, and REPLACED is not told for it.
    `clock`, `wait` (sleeps, returns True when it is over because of `stop`) and `random_` are replaced in tests.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        namespace: str,
        type_: Any,
        deliver: Callable[[Change[T]], None],
        *,
        label_selector: str = "",
        field_selector: str = "",
        start: Listing[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
        random_: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._client = client.once()  # the back-off is here
        self._resource = resource
        self._namespace = namespace
        self._type = type_
        self._deliver = deliver
        self._labels = label_selector
        self._fields = field_selector
        self.version = start.resource_version if start is not None else ""
        self._clock = clock
        self._stop = threading.Event()
        self._wait = wait or self._stop.wait
        self._backoff = Backoff(random_)
        self._watch: Watch[T] | None = None
        self._troubled = False  # a PROBLEM was told and no LIVE since
        self._gone = False  # the last thing heard was a 410

    def stop(self) -> None:
        """End `run` at once, from any thread."""
        self._stop.set()
        watch = self._watch
        if watch is not None:
            watch.close()

    def run(self) -> None:
        """Follow until `stop`. What `deliver` raises ends it, too."""
        listing = not self.version
        while not self._stop.is_set():
            started = self._clock()
            failure: Failure | None = None
            self._fresh = False
            try:
                if listing:
                    self._list()
                    listing = False
                    started = self._clock()
                self._follow()
            except ApiError as error:
                failure = error
                listing = listing or not error.too_many
            except Failure as error:
                failure = error
                listing = listing or isinstance(error, BadAnswer)
            if self._stop.is_set():
                return
            pause = self._pause(failure, self._clock() - started)
            if pause > 0 and self._wait(pause):
                return

    def _pause(self, failure: Failure | None, lasted: float) -> float:
        """Tell of a failure that is one, and return the seconds to wait before the next attempt."""
        healthy = self._fresh or (lasted >= _HEALTHY and not _silent(failure))
        if healthy:
            self._backoff.reset()
            self._gone = False
        if isinstance(failure, ApiError) and failure.gone and not self._gone:
            self._gone = True
            return 0.0
        if failure is None or (healthy and isinstance(failure, ConnectionFailed)):
            if lasted >= _HEALTHY:
                return 0.0
        else:
            self._troubled = True
            self._deliver(Change("PROBLEM", problem=failure))
        wished = failure.retry_after if isinstance(failure, ApiError) else None
        pause = max(self._backoff.next() - lasted, wished or 0.0, FIRST_PAUSE / 4)
        if failure is None and pause > _HEALTHY:
            # Again and again: nothing is heard in the pauses, and who watches should know.
            self._troubled = True
            self._deliver(Change("PROBLEM", problem=Failure("the API server ends every watch at once")))
        return pause

    def _list(self) -> None:
        found = self._client.list(
            self._resource,
            self._namespace,
            self._type,
            label_selector=self._labels,
            field_selector=self._fields,
        )
        self.version = found.resource_version
        self._deliver(Change("REPLACED", objects=found.items, version=found.resource_version))

    def _follow(self) -> None:
        """Watch until the watch ends; tell what changes."""
        watch: Watch[T] = self._client.watch(
            self._resource,
            self._namespace,
            self._type,
            self.version,
            label_selector=self._labels,
            field_selector=self._fields,
        )
        self._watch = watch
        try:
            with watch:
                if self._stop.is_set():
                    return
                watch.open()
                if self._troubled:
                    self._troubled = False
                    self._deliver(Change("LIVE"))
                for event in watch:
                    if not self._advances(event.resource_version):
                        continue
                    if event.resource_version:  # else it may be the same each time
                        self._gone = False
                        self._fresh = True
                    if event.kind != "BOOKMARK":
                        self._deliver(Change(event.kind, object=event.object, version=event.resource_version))
        finally:
            self._watch = None

    def _advances(self, version: str) -> bool:
        """Whether an event is news, and if so, remember where we stand."""
        if version.isdigit() and self.version.isdigit() and int(version) <= int(self.version):
            return False
        self.version = version or self.version
        return True


def _silent(failure: Failure | None) -> bool:
    """Whether nothing came for too long: a dead connection is no sign of health, however long it lasted."""
    return isinstance(failure, ConnectionFailed) and failure.timed_out
