"""One release, read once: waves of narrow requests (plan.py), those of a wave side by side.

A secondary kind that cannot be read does not hide the rest: it is named among the problems.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kubectl_rollouts.cluster.errors import ApiError, BadAnswer, ConnectionFailed
from kubectl_rollouts.cluster.urls import quote
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained, is_absent, not_found
from kubectl_rollouts.release.plan import Held, hash_of, needs
from kubectl_rollouts.release.resources import (
    ANALYSIS_RUNS,
    DEPLOYMENTS,
    EXPERIMENTS,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
)
from kubectl_rollouts.release.selectors import hash_selectors
from kubectl_rollouts.rollout.objects import (
    AnalysisRun,
    Deployment,
    Experiment,
    Pod,
    ReplicaSet,
    Rollout,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_rollouts.cluster.client import Client, Listing
    from kubectl_rollouts.cluster.resources import Resource

T = TypeVar("T")

TYPES: dict[Resource, Any] = {
    ROLLOUTS: Rollout,
    REPLICA_SETS: ReplicaSet,
    PODS: Pod,
    EXPERIMENTS: Experiment,
    ANALYSIS_RUNS: AnalysisRun,
    DEPLOYMENTS: Deployment,
}

# When the first answer takes longer than FAR seconds, handshakes do, too. Then the connections for the wave that nearly
# every release has (pods, analysis runs, experiments: WIDTH requests) are opened during the wave before it.
_FAR = 0.02
_WIDTH = 3
_PATIENCE = 4.0  # seconds in which broken connections are no reason to give up the rest
# Seconds before a list is asked for again that the server could not answer for the moment. The reference's caches ask
# for ever (view.md Q31).
_PAUSES = (0.3, 0.9)
_MOMENTARY = (429, 500, 502, 503, 504)


class Want(NamedTuple):
    """A request to be sent: a list narrowed by `selector` ("" = the namespace), or one object by `name`."""

    resource: Resource
    selector: str = ""
    name: str = ""


class Reader:
    """Sends waves of reads for one namespace and remembers what could not be read.

    `problems` maps a kind to its first failure; `listings` holds the lists that were read. Once the
    server is silent, or gone, nothing more is asked: each further wave would wait for its time-out, too.
    """

    def __init__(self, client: Client, namespace: str, types: dict[Resource, Any] | None = None) -> None:
        self.client = client
        self.namespace = namespace
        self.types = types or TYPES  # what the objects of each kind are decoded as
        self.problems: dict[Resource, Failure] = {}
        self.listings: dict[Want, Listing[Any]] = {}
        self._hashes: dict[Resource, set[str]] = {}
        self._asked: set[Want] = set()
        self._lost: ConnectionFailed | None = None
        self._patient = True
        self._started = time.monotonic()

    def root(self, resource: Resource, name: str) -> Any:
        """Read what is to be shown. Raises Failure: not found (the singular word), the API missing, any other error."""
        if name in ("", ".", "..") or "/" in name or "%" in name:
            raise not_found(resource, name)  # no object can have such a name, so none is asked for
        try:
            return self._patiently(lambda: self.one(resource, name))
        except ApiError as error:
            raise explained(error, resource, name) from None

    def listed_root(self, resource: Resource, name: str) -> Any:
        """As `root`, by a list of one: a watch can go on from its resource version, which an object's own is not."""
        if name in ("", ".", "..") or any(mark in name for mark in "/%,=\\"):
            raise not_found(resource, name)
        selector = f"metadata.name={name}"
        try:
            listing = self._patiently(
                lambda: self.client.list(resource, self.namespace, self.types[resource], field_selector=selector)
            )
        except ApiError as error:
            if error.forbidden:
                return self.root(resource, name)
            raise explained(error, resource) from None
        if not listing.items:
            raise not_found(resource, name)
        self.listings[Want(resource, name=name)] = listing
        return listing.items[0]

    def one(self, resource: Resource, name: str) -> Any:
        """GET an object, or, for who may list but not get (the reference needs no more), list it. Raises Failure.

        An odd name is looked for by a list, too: in a path it would be encoded, and not every server decodes it.
        """
        refused: Failure | None = None
        if quote(name) == name:
            try:
                found = self.client.get(resource, self.namespace, name, self.types[resource])
                # A gateway's own JSON, shown, would be a release without anything. (What is read as text has no
                # metadata.)
                meta = getattr(found, "metadata", None)
                if meta is not None and not meta.name:
                    raise BadAnswer(f'{resource.group_resource} "{name}": the answer of the server is no object')
                return found
            except ApiError as error:
                if not error.forbidden:
                    raise
                refused = error
        items: list[Any] = []
        if not any(mark in name for mark in ",=\\"):  # no selector can say those
            try:
                items = self.client.list(
                    resource, self.namespace, self.types[resource], field_selector=f"metadata.name={name}"
                ).items
            except Failure as failure:
                raise (refused or failure) from None
        if not items:
            raise ApiError(404, "NotFound", f'{resource.group_resource} "{name}" not found')
        return items[0]

    def _call(self, want: Want) -> Callable[[], Any]:
        def call() -> Any:
            if want.name:
                return self.one(want.resource, want.name)
            return self.client.list(
                want.resource, self.namespace, self.types[want.resource], label_selector=want.selector
            )

        return lambda: self._patiently(call)

    def _patiently(self, call: Callable[[], T]) -> T:
        """What `call` reads, asked for again where the server fails for a moment; once in vain is enough.

        A Retry-After has been waited for already.
        """
        for pause in _PAUSES:
            try:
                return call()
            except ApiError as error:
                late = time.monotonic() - self._started > _PATIENCE
                if error.code not in _MOMENTARY or error.retry_after is not None or late or not self._patient:
                    raise
            time.sleep(pause)
        try:
            return call()
        except ApiError:
            self._patient = False
            raise

    def wave(self, held: Held) -> bool:
        """Ask for what `held` calls for and was not asked for yet, and add the answers; False when that is nothing."""
        asked = needs(held)
        wants = [Want(kind, name=name) for kind, name in asked.names]
        wants += [Want(kind, selector) for kind, selector in asked.selectors]
        for kind, hashes in asked.hashes.items():
            known = self._hashes.setdefault(kind, set())
            wants += [Want(kind, selector) for selector in hash_selectors(hashes - known)]
            known |= hashes
        wants = sorted(want for want in wants if want not in self._asked)
        if not wants:
            return False
        self._asked.update(wants)
        if self._lost is not None:
            for want in wants:
                self._failed(held, want, self._lost)
            return True
        for want, answer in zip(wants, self.client.parallel(*map(self._call, wants)), strict=True):
            self._answered(held, want, answer)
        return True

    def _answered(self, held: Held, want: Want, answer: Any) -> None:
        if isinstance(answer, Failure):
            if want.name and is_absent(answer, want.name):
                held.absent.add((want.resource, want.name))
            else:
                self._failed(held, want, answer)
        elif want.name:
            held.add(want.resource, answer)
            self._hashes.setdefault(want.resource, set()).add(hash_of(answer))  # known now, need not be listed
        else:
            held.read.add(want.resource)
            self.listings[want] = answer
            for obj in answer.items:
                held.add(want.resource, obj)

    def _failed(self, held: Held, want: Want, failure: Failure) -> None:
        held.unread.add(want.resource)
        self.problems.setdefault(want.resource, failure)
        if isinstance(failure, ConnectionFailed):
            slow = time.monotonic() - self._started > _PATIENCE
            if slow or failure.timed_out or not failure.sent:
                self._lost = failure


class Fetched(NamedTuple):
    """A release as read: the objects, and one line for each kind that could not be read."""

    held: Held
    problems: list[Failure]
    reader: Reader


def fetch(
    client: Client,
    namespace: str,
    root: Resource,
    name: str,
    *,
    to_follow: bool = False,
    held: Held | None = None,
    types: dict[Resource, Any] | None = None,
) -> Fetched:
    """Read one rollout (`root` ROLLOUTS) or experiment (EXPERIMENTS) with all that its tree shows.

    `to_follow`: so that watches can go on from what was read. `held` and `types`: for more than the tree shows, what
    holds the objects and what they are decoded as (`details.py`).
    Raises Failure when the object itself cannot be read; a Deployment that is not there shows in `held.info()`.
    """
    reader = Reader(client, namespace, types)
    held = held or Held(root, name)
    started = time.monotonic()
    held.objects[root][name] = reader.listed_root(root, name) if to_follow else reader.root(root, name)
    if time.monotonic() - started > _FAR:
        client.warm(_WIDTH - 1)
    while reader.wave(held):
        pass
    problems = [
        Failure(f"{resource.plural} could not be read: {failure}") for resource, failure in reader.problems.items()
    ]
    return Fetched(held, problems, reader)


def read_rollout(reader: Reader, name: str, *, to_follow: bool = False) -> Rollout:
    """Read one rollout alone, which is all that its status needs. Raises Failure as `fetch` does.

    A Deployment that it refers to is looked for: without it there is no status (spec/view.md §6.1).
    """
    held = Held(ROLLOUTS, name)
    rollout: Rollout = reader.listed_root(ROLLOUTS, name) if to_follow else reader.root(ROLLOUTS, name)
    held.objects[ROLLOUTS][name] = rollout
    if held.deployment_name:
        reader.root(DEPLOYMENTS, held.deployment_name)
    return rollout
