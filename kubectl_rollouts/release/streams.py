"""One narrowed watch among those that follow a release: its scope, its thread, and what it has told of."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cluster.client import Listing
from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.reflector import Backoff, Change, Reflector
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.fetch import TYPES
from kubectl_rollouts.release.selectors import hash_selectors

if TYPE_CHECKING:
    from queue import SimpleQueue

    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource

_LOOK_UP = 1.0  # seconds after which a watch that waits for its server looks whether it is still wanted
APART = 15.0  # seconds between attempts of watches that have failed several times
_AT_MOST = 60.0  # seconds that a turn may be away, should many fail for good and one not
STEADY = 4.0  # seconds after which a watch that is live again counts as a sign that the others may be
_OFTEN = 4.0  # seconds; a pause of more than that comes after several failures
SEED = "SEED"  # a Change of our own: a list of what a stream is to be widened by


class Turns:
    """Whose turn it is, of the watches of a release that have failed several times: all together they ask no more often
    than one would. Once one of them is live again and stays so, the others need not wait for theirs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._freed = 0

    def free(self) -> None:
        """Let everybody try at once."""
        with self._lock:
            self._freed += 1
            self._next = 0.0

    def wait(self, ended: threading.Event) -> bool:
        """Wait for a turn; returns True when it is no longer wanted."""
        with self._lock:
            now = time.monotonic()
            mine = min(max(now, self._next), now + _AT_MOST)
            self._next = mine + APART
            freed = self._freed
        while self._freed == freed and (left := mine - time.monotonic()) > 0:
            if ended.wait(min(left, _LOOK_UP)):
                return True
        return ended.is_set()


class Stream:
    """Follows the objects of one kind by `hashes`, by a `selector` ("" = the namespace), or the one called `name`.

    What it hears goes into `inbox` as (stream, Change), on a thread of its own. `version`: the resource version to go
    on from, "" to begin with a list. `members` are the names of the objects that came from here: what a new list
    does not have any more is known by them.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        inbox: SimpleQueue[Any],
        kind: Resource,
        *,
        hashes: frozenset[str] = frozenset(),
        selector: str = "",
        name: str = "",
        version: str = "",
        members: set[str] | None = None,
        server_there: threading.Event | None = None,
        turns: Turns | None = None,
        types: dict[Resource, Any] = TYPES,
    ) -> None:
        self.kind = kind
        self.hashes = hashes
        self.selector = selector
        self.name = name
        self.members: set[str] = members if members is not None else set()
        self.trouble: Failure | None = None
        self.troubled_at = 0.0  # time.monotonic() of the first trouble
        self.live_since: float | None = None  # time.monotonic() of the end of its trouble, until `steady` has said so
        self.retired = False
        self.version = version  # up to which everything that came from here was taken; who takes it keeps it
        self.growing: frozenset[str] = frozenset()  # the hashes that a SEED is under way for
        self._client = client
        self._namespace = namespace
        self._inbox = inbox
        self._ended = threading.Event()
        self._there = server_there
        self._turns = turns
        self._refused = False  # it may not be read: that says nothing of the server's health
        self._types = types
        self._reflector: Reflector[Any] = Reflector(
            client,
            kind,
            namespace,
            self._types[kind],
            self._heard,
            label_selector=hash_selectors(hashes)[0] if hashes else selector,
            field_selector=f"metadata.name={name}" if name else "",
            start=Listing([], version) if version else None,
            wait=self._pause,
        )

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._run, daemon=True).start()

    def retire(self) -> None:
        """End the watch. What was heard before still counts, what is a matter of this watch alone does not."""
        self.retired = True
        self._ended.set()
        self._reflector.stop()

    def seed(self, hashes: frozenset[str]) -> None:
        """List what carries one of the new hashes, in a thread, until it works; the answer comes as SEED."""
        self.growing = hashes
        threading.Thread(target=self._seed, args=(hashes,), daemon=True).start()

    def again(self, *, version: str, hashes: frozenset[str] | None = None) -> Stream:
        """Return a stream of the same scope, or of more hashes, that goes on from `version`."""
        return Stream(
            self._client,
            self._namespace,
            self._inbox,
            self.kind,
            hashes=self.hashes if hashes is None else hashes,
            selector=self.selector,
            name=self.name,
            version=version,
            members=self.members,
            server_there=self._there,
            turns=self._turns,
            types=self._types,
        )

    def steady(self, now: float) -> bool:
        """Whether it has been live for a while after its trouble; said once."""
        if self.live_since is None or now < self.live_since + STEADY:
            return False
        self.live_since = None
        return True

    def _heard(self, change: Change[Any]) -> None:
        if change.kind == "PROBLEM":
            self._refused = isinstance(change.problem, ApiError) and change.problem.forbidden
        self._inbox.put((self, change))

    def _pause(self, seconds: float) -> bool:
        """Wait before another attempt; while the server is away, until it is back: one look at a time is enough to
        find that out. While it is there and fails, watches take turns. Returns True when this one is no longer wanted.
        """
        over = self._ended.wait(seconds)
        while not over and self._there is not None and not self._there.wait(_LOOK_UP):
            over = self._ended.is_set()
        if not over and self._turns is not None and seconds > _OFTEN and not self._refused:
            over = self._turns.wait(self._ended)
        return over

    def _run(self) -> None:
        try:
            self._reflector.run()
        except BaseException as error:  # a fault of this program: whoever follows is to see it
            self._inbox.put((self, error))

    def _seed(self, hashes: frozenset[str]) -> None:
        backoff = Backoff()
        client = self._client.once()
        while not self.retired:
            try:
                listings = [
                    client.list(self.kind, self._namespace, self._types[self.kind], label_selector=selector)
                    for selector in hash_selectors(hashes)
                ]
            except Failure as failure:
                self._inbox.put((self, Change("PROBLEM", problem=failure)))
                self._pause(backoff.next())
                continue
            except BaseException as error:
                self._inbox.put((self, error))
                return
            version = oldest(listing.resource_version for listing in listings)
            objects = [obj for listing in listings for obj in listing.items]
            self._inbox.put((self, Change(SEED, objects=objects, version=version)))
            return


def oldest(versions: Any) -> str:
    """The lowest of some resource versions, "" when there is none or one is no number."""
    known = list(versions)
    if not known or not all(version.isdigit() for version in known):
        return ""
    return str(min(map(int, known)))


def is_older(version: str | None, other: str | None) -> bool:
    """Whether one object's resource version is below another's; False when that cannot be said."""
    return bool(version and other and version.isdigit() and other.isdigit() and int(version) < int(other))
