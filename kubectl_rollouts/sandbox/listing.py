"""Lists in pages and watches: what GET on a collection answers."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kubectl_rollouts.sandbox.apistatus import ApiStatus, bad_request, gone
from kubectl_rollouts.sandbox.history import Change
from kubectl_rollouts.sandbox.http import Response, Stream
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, labels_of, meta, name_of, namespace_of
from kubectl_rollouts.sandbox.selectors import Is, field_tests, label_tests, labels_pass
from kubectl_rollouts.sandbox.store import Store

BOOKMARK_EVERY = 30.0
LONGEST_WAIT = 1.0
"""Seconds after which a waiting watch looks whether its client is still there."""
GATHER = 0.01
"""Seconds that a watch rests after it has sent something; what happens meanwhile goes out in one piece. The first
change is sent at once. Otherwise a release of many rollouts would wake every watch for each of its thousand writes."""
LONGEST_WATCH = 3_600.0
SNAPSHOTS = 64
SNAPSHOT_LIFE = 300.0

Query = dict[str, str]
_NONE: dict[str, str] = {}


class Filter:
    """Which objects of a kind a request asks for. Raises ApiStatus 400 for selectors that cannot be read."""

    def __init__(self, kind: Kind, namespace: str | None, query: Query, name: str = "") -> None:
        self.namespace = namespace
        self._name = name
        self._labels = label_tests(query.get("labelSelector", ""))
        self._fields = field_tests(kind.kind, query.get("fieldSelector", ""))
        self._all = not (name or self._labels or self._fields)

    def __call__(self, obj: Object) -> bool:
        """Whether the object is asked for."""
        if self.namespace is not None and namespace_of(obj) != self.namespace:
            return False
        if self._name and name_of(obj) != self._name:
            return False
        return labels_pass(self._labels, labels_of(obj)) and all(test(obj) for test in self._fields)

    def pick(self, items: list[Object]) -> list[Object]:
        """Those of the objects of `namespace` that are asked for: as a call for each, in a fraction of the time."""
        if self._all:
            return items
        for test in self._labels:
            if isinstance(test, Is):
                key, value = test.key, test.value
                items = [obj for obj in items if (obj["metadata"].get("labels") or _NONE).get(key) == value]
        return [obj for obj in items if self(obj)]


def number(query: Query, key: str) -> int:
    """A number of the query, 0 when absent; raises ApiStatus 400."""
    text = query.get(key) or "0"
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'invalid value for {key}: "{text}"') from None


def is_true(query: Query, key: str) -> bool:
    """Whether a flag of the query is set."""
    return query.get(key, "").lower() in ("true", "1")


class Pages:
    """Hands out long lists in pages. A list is what it was when its first page was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._rests: dict[str, tuple[float, int, Sequence[Object]]] = {}
        self._next = 0

    def page(self, kind: Kind, wanted: Filter, query: Query) -> tuple[Sequence[Object], Object]:
        """The objects of one page, and the metadata of the list."""
        limit = number(query, "limit")
        token = query.get("continue", "")
        if token:
            version, items = self._rest(token)
        else:
            listing = self._store.listing(kind.kind, wanted.namespace)
            version, items = listing.version, wanted.pick(listing.items)
            asked = number(query, "resourceVersion")
            if asked > version:
                raise ApiStatus(504, "Timeout", f"Too large resource version: {asked}, current: {version}")
        metadata: Object = {"resourceVersion": str(version)}
        if 0 < limit < len(items):
            metadata["continue"] = self._keep(version, items[limit:])
            metadata["remainingItemCount"] = len(items) - limit
            items = items[:limit]
        return items, metadata

    def _keep(self, version: int, rest: Sequence[Object]) -> str:
        with self._lock:
            self._next += 1
            token = str(self._next)
            self._rests[token] = (time.monotonic() + SNAPSHOT_LIFE, version, rest)
            while len(self._rests) > SNAPSHOTS:
                del self._rests[next(iter(self._rests))]
        return base64.urlsafe_b64encode(f'{{"v":"sandbox","rv":{version},"page":{token}}}'.encode()).decode()

    def _rest(self, token: str) -> tuple[int, Sequence[Object]]:
        try:
            decoded = msgspec.json.decode(base64.urlsafe_b64decode(token))
            page = str(decoded["page"])
        except (binascii.Error, msgspec.DecodeError, KeyError, TypeError, ValueError):
            raise bad_request("continue key is not valid") from None
        with self._lock:
            found = self._rests.get(page)
        if found is None or found[0] < time.monotonic():
            raise gone(
                "The provided continue parameter is too old to display a consistent list result. You can start a new "
                "list without the continue parameter."
            )
        return found[1], found[2]


Encode = Callable[[str, Object], bytes]
"""encode(type, object): one line of a watch."""


def encode_plain(event: str, obj: Object) -> bytes:
    """A watch event that holds the object itself."""
    return msgspec.json.encode({"type": event, "object": obj}) + b"\n"


def watch(store: Store, kind: Kind, wanted: Filter, query: Query, encode: Encode) -> Response:
    """Answer a watch; raises ApiStatus 410 when it asks for what is forgotten."""
    text = query.get("resourceVersion", "")
    initial = is_true(query, "sendInitialEvents") or text in ("", "0")
    bookmarks = is_true(query, "allowWatchBookmarks")
    seconds = float(number(query, "timeoutSeconds")) or LONGEST_WATCH
    first: list[Object] = []
    if initial:
        listing = store.listing(kind.kind, wanted.namespace)
        version, first = listing.version, wanted.pick(listing.items)
    else:
        version = number(query, "resourceVersion")
        store.changes(kind.kind, version, 0.0)  # refuses at once what is too old

    def stream(send: Callable[[bytes], None], gone: Callable[[], bool]) -> None:
        for obj in first:
            send(encode("ADDED", obj))
        if is_true(query, "sendInitialEvents"):
            send(encode("BOOKMARK", _bookmark(kind, version, {"k8s.io/initial-events-end": "true"})))
        _follow(store, kind, wanted, version, (send, gone), seconds, bookmarks, encode)

    found: Stream = stream
    return Response(200, stream=found)


def _follow(
    store: Store,
    kind: Kind,
    wanted: Filter,
    version: int,
    client: tuple[Callable[[bytes], None], Callable[[], bool]],
    seconds: float,
    bookmarks: bool,
    encode: Encode,
) -> None:
    send, gone = client
    end = time.monotonic() + seconds
    bookmark_at = time.monotonic() + BOOKMARK_EVERY
    while True:
        now = time.monotonic()
        if now >= end or gone():
            break
        try:
            changes, version = store.changes(kind.kind, version, min(LONGEST_WAIT, end - now))
        except ApiStatus as error:
            send(msgspec.json.encode({"type": "ERROR", "object": error.body()}) + b"\n")
            return
        pieces = [encode(*event) for event in (visible_event(c, wanted) for c in changes) if event is not None]
        if pieces:
            send(b"".join(pieces))
        if changes:
            time.sleep(GATHER)
        if bookmarks and time.monotonic() >= bookmark_at:
            bookmark_at = time.monotonic() + BOOKMARK_EVERY
            send(encode("BOOKMARK", _bookmark(kind, version)))
    if bookmarks and not gone():
        send(encode("BOOKMARK", _bookmark(kind, version)))


def visible_event(change: Change, wanted: Callable[[Object], bool]) -> tuple[str, Object] | None:
    """What a filtered watch says of a change: objects that begin to match are ADDED, those that cease DELETED."""
    before = change.before is not None and wanted(change.before)
    after = change.type != "DELETED" and wanted(change.object)
    if before and after:
        return "MODIFIED", change.object
    if after:
        return "ADDED", change.object
    if not before:
        return None
    if change.type == "DELETED":
        return "DELETED", change.object
    assert change.before is not None
    version = meta(change.object)["resourceVersion"]
    return "DELETED", {**change.before, "metadata": {**change.before["metadata"], "resourceVersion": version}}


def _bookmark(kind: Kind, version: int, annotations: dict[str, str] | None = None) -> Object:
    metadata: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if annotations:
        metadata["annotations"] = annotations
    return {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
