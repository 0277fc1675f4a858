"""Following one release: narrowed watches, widened as it grows, put together into its newest state.

The watches are what `plan.needs` calls for: ReplicaSets by selector; pods, AnalysisRuns and Experiments by the hashes
of the ReplicaSets; AnalysisRuns of Experiments one by one (spec/narrowing.md). A new ReplicaSet brings a new hash: what
carries it is listed, then the watch is replaced by a wider one that goes on from where the old one stood, or that list
if it is older. Events that were heard before are known by their versions. So none is lost.

One thread of ours owns the state; the watches' threads only put what they hear into its inbox.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import in_short
from kubectl_rollouts.release.fetch import Reader
from kubectl_rollouts.release.plan import hash_of, needs
from kubectl_rollouts.release.probe import GRACE, Probe
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, DEPLOYMENTS
from kubectl_rollouts.release.selectors import hash_groups
from kubectl_rollouts.release.streams import SEED, STEADY, Stream, Turns, is_older, oldest
from kubectl_rollouts.rollout.phase import COMPLETED_ANALYSIS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.reflector import Change
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.release.fetch import Fetched
    from kubectl_rollouts.rollout.experiments import ExperimentInfo
    from kubectl_rollouts.rollout.info import RolloutInfo

_GRAVES = 5000  # deleted objects that are remembered, lest an old event bring them back


class Followed(NamedTuple):
    """The newest state: the facts, and what keeps them from being up to date ("" = nothing)."""

    info: RolloutInfo | ExperimentInfo
    stale: str


class Follower:
    """Follows what was fetched (`to_follow=True`). `deliver` gets, on a thread of this class, each new Followed
    (the first at once), or an exception that only a fault of this program explains.
    """

    def __init__(self, client: Client, fetched: Fetched, deliver: Callable[[Any], None]) -> None:
        self._client = client
        self._held = fetched.held
        self._namespace = fetched.reader.namespace
        self._reader = fetched.reader
        self._deliver = deliver
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._streams: dict[tuple[Resource, str, str], Stream] = {}  # by selector ("s") or name ("n")
        self._hashed: dict[Resource, list[Stream]] = {}
        self._graves: dict[tuple[Resource, str], str] = {}
        self._stopped = False
        self._told: Followed | None = None
        self._lost = ""  # why there is no newer state than the one told
        self._renewed = False  # whether the watches were begun anew since they fell behind
        self._there = threading.Event()  # unless the API server is away
        self._there.set()
        self._turns = Turns()
        root, name = self._held.root, self._held.name
        looking = Reader(client.once(), self._namespace, self._reader.types)
        self._probe = Probe(name, lambda: looking.one(root, name), self._inbox, time.monotonic())

    def start(self) -> None:
        """Begin, in threads that end with the process."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End the watches."""
        self._stopped = True
        self._inbox.put(None)

    # --- The loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._stream(self._held.root, "n", self._held.name)
            self._adjust()
            self._tell(changed=True)
            while not self._stopped:
                changed = False
                for item in self._received():
                    changed = self._take(item) or changed
                if changed:
                    self._adjust()
                self._look()
                self._tell(changed)
        except BaseException as error:
            self._deliver(error)
        finally:
            for stream in self._all():
                stream.retire()

    def _received(self) -> list[Any]:
        items: list[Any] = []
        try:
            items.append(self._inbox.get(timeout=self._wait(time.monotonic())))
            while len(items) < 10_000:
                items.append(self._inbox.get_nowait())
        except Empty:
            pass
        return items

    def _wait(self, now: float) -> float:
        """Seconds until there is something to do or to say, unless something is heard."""
        ripe = [stream.troubled_at + GRACE - now for stream in self._all() if stream.trouble is not None]
        ripe += [stream.live_since + STEADY - now for stream in self._all() if stream.live_since is not None]
        return min([self._probe.wait(now), *(max(0.02, left) for left in ripe if left > -0.02)])

    def _take(self, item: Any) -> bool:
        """Take one thing from the inbox; whether the state may have changed."""
        if item is None:
            return False
        source, what = item
        if isinstance(what, BaseException) and not isinstance(what, Failure):
            raise what
        if source is self._probe:
            self._probe.answered(what, self._root(), time.monotonic())
            return False
        changed = self._apply(source, what)
        if source.kind is self._held.root:
            self._probe.heard(self._root())
        return changed

    def _root(self) -> Any:
        return self._held.objects[self._held.root].get(self._held.name)

    def _look(self) -> None:
        """Look at the object itself now and then; begin all watches anew when they have missed something."""
        now = time.monotonic()
        behind = self._probe.behind(now)
        if behind and not self._renewed:
            for stream in self._all():
                self._replace(stream, stream.again(version=stream.version))
            self._adjust()
        self._renewed = behind
        self._probe.tick(now)
        steady = [stream for stream in self._all() if stream.steady(now)]
        if steady:
            self._turns.free()
        if self._probe.away(now):
            self._there.clear()
        else:
            self._there.set()

    def _tell(self, changed: bool) -> None:
        """Deliver the state if it is not what was delivered last."""
        told = self._told
        info = told.info if told is not None else None
        if changed or info is None:
            try:
                info, self._lost = self._held.info(), ""
            except Failure as failure:
                self._lost = str(failure)
        if info is None:
            return
        now = Followed(info, self._stale())
        if now != told:
            self._told = now
            self._deliver(now)

    def _stale(self) -> str:
        if self._lost:
            return self._lost
        now = time.monotonic()
        for stream in self._all():
            if stream.trouble is not None and now >= stream.troubled_at + GRACE:
                return f"{stream.kind.plural}: {in_short(stream.trouble)}"
        return self._probe.trouble(now)

    # --- What was heard --------------------------------------------------------------------------------------------

    def _apply(self, stream: Stream, change: Change[Any]) -> bool:
        kind = change.kind
        if not stream.retired and kind != SEED:
            stream.version = change.version or stream.version
        if kind in ("ADDED", "MODIFIED", "DELETED"):
            return self._event(stream, kind, change.object)
        if stream.retired:
            return False  # what took its place began where the last change taken had stood, and hears the same
        if kind == "PROBLEM":
            if stream.trouble is None:
                stream.troubled_at = time.monotonic()
            stream.trouble, stream.live_since = change.problem, None
            return False
        if kind == "LIVE":
            stream.trouble, stream.live_since = None, time.monotonic()
            return False
        if kind == SEED:
            return self._widen(stream, change.version, change.objects or [])
        return self._replaced(stream, change.objects or [])

    def _event(self, stream: Stream, event: str, obj: Any) -> bool:
        kind, name, version = stream.kind, obj.metadata.name or "", obj.metadata.resource_version
        known = self._held.objects[kind].get(name)
        if known is not None and is_older(version, known.metadata.resource_version):
            return False
        if event == "DELETED":
            if len(self._graves) >= _GRAVES:
                self._graves.clear()
            self._graves[kind, name] = version or ""
            stream.members.discard(name)
            self._held.drop(kind, name)
            return known is not None
        if is_older(version, self._graves.get((kind, name))):
            return False
        stream.members.add(name)
        if known is not None and known.metadata.resource_version == version:
            return False
        self._held.add(kind, obj)
        return True

    def _replaced(self, stream: Stream, objects: list[Any]) -> bool:
        """A stream has listed anew: what it told of before and is not in the list is gone."""
        kind = stream.kind
        present = {obj.metadata.name or "" for obj in objects}
        others = [other.members for other in self._all() if other.kind is kind and other is not stream]
        gone = {name for name in stream.members - present if not any(name in members for members in others)}
        for name in gone:
            self._held.drop(kind, name)
        stream.members &= present
        changed = bool(gone)
        for obj in objects:
            changed = self._event(stream, "ADDED", obj) or changed
        first = kind in self._held.unread or kind not in self._held.read
        self._held.read.add(kind)
        self._held.unread.discard(kind)
        stream.trouble = None
        return changed or first

    # --- Which watches ---------------------------------------------------------------------------------------------

    def _all(self) -> list[Stream]:
        return [*self._streams.values(), *(stream for streams in self._hashed.values() for stream in streams)]

    def _adjust(self) -> None:
        """Watch what the state calls for now, and no longer what it does not."""
        asked = needs(self._held)
        wanted = {(self._held.root, "n", self._held.name)}
        wanted |= {(kind, "s", selector) for kind, selector in asked.selectors}
        wanted |= {(kind, "n", name) for kind, name in asked.names if self._may_change(kind, name)}
        for key in wanted - self._streams.keys():
            self._stream(*key)
        for key in self._streams.keys() - wanted:
            self._streams.pop(key).retire()
        for kind, hashes in asked.hashes.items():
            self._grow(kind, hashes)

    def _may_change(self, kind: Resource, name: str) -> bool:
        """Whether an object that is watched by name can still change: not a run that is over, nor (for what it is
        shown for) a Deployment.
        """
        if kind is DEPLOYMENTS:
            return False
        known = self._held.objects[kind].get(name)
        status = known.status if known is not None and kind is ANALYSIS_RUNS else None
        return status is None or status.phase not in COMPLETED_ANALYSIS

    def _stream(self, kind: Resource, how: str, value: str) -> None:
        held = self._held.objects[kind]
        if how == "n":
            members, selector, name = {value} & held.keys(), "", value
        else:
            listing = next((one for want, one in self._reader.listings.items() if want[:2] == (kind, value)), None)
            members = {obj.metadata.name or "" for obj in listing.items} if listing is not None else set()
            selector, name = value, ""
        stream = Stream(
            self._client,
            self._namespace,
            self._inbox,
            kind,
            selector=selector,
            name=name,
            version=self._first_version(kind),
            members=members,
            server_there=self._there,
            turns=self._turns,
            types=self._reader.types,
        )
        self._streams[kind, how, value] = stream
        stream.start()

    def _first_version(self, kind: Resource) -> str:
        """From where a watch of this kind may begin without missing what changed since it was read; "": list first."""
        if self._told is not None or kind in self._held.unread:
            return ""
        return oldest(one.resource_version for want, one in self._reader.listings.items() if want.resource is kind)

    def _grow(self, kind: Resource, hashes: set[str]) -> None:
        """See to it that what carries one of the hashes is watched, in as few watches as request lines allow."""
        streams = self._hashed.setdefault(kind, [])
        new = set(hashes)
        for stream in streams:
            new -= stream.hashes | stream.growing
        if not new:
            return
        for stream in streams:
            if not stream.growing and len(hash_groups(stream.hashes | new)) == 1:
                stream.seed(frozenset(new))
                return
        if any(stream.growing for stream in streams):
            return  # it grows again when that has been answered
        for group in hash_groups(new):
            members = {name for name, obj in self._held.objects[kind].items() if hash_of(obj) in group}
            stream = Stream(
                self._client,
                self._namespace,
                self._inbox,
                kind,
                hashes=group,
                version=self._first_version(kind),
                members=members,
                server_there=self._there,
                turns=self._turns,
                types=self._reader.types,
            )
            streams.append(stream)
            stream.start()

    def _widen(self, old: Stream, version: str, objects: list[Any]) -> bool:
        """What carries new hashes was listed at `version`: hold it, and watch it together with the rest."""
        changed = False
        for obj in objects:
            changed = self._event(old, "ADDED", obj) or changed
        start = oldest((old.version, version)) if old.version else ""
        self._replace(old, old.again(version=start, hashes=old.hashes | old.growing))
        return True

    def _replace(self, old: Stream, new: Stream) -> None:
        old.retire()
        for key, stream in self._streams.items():
            if stream is old:
                self._streams[key] = new
        for streams in self._hashed.values():
            if old in streams:
                streams[streams.index(old)] = new
        new.start()
