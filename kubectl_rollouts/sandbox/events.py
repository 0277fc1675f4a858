"""Events as controllers record them: repeated ones are counted, old ones forgotten after an hour."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.objects import Object, name_of, namespace_of, time_text, uid_of
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.world import Emit

TIME_TO_LIVE = 3_600.0
MOST_REMEMBERED = 4_096

Signature = tuple[str, str, str, str, str]


class Recorder:
    """Writes events to a store."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._known: dict[Signature, tuple[str, str]] = {}

    def record(self, event: Emit) -> None:
        """Store the event, or count up the one that says the same. An event that cannot be stored is dropped."""
        regarding = event.regarding
        signature = (uid_of(regarding), event.component, event.type, event.reason, event.message)
        now = self._now()
        known = self._known.get(signature)
        try:
            if known is not None:
                last = time_text(now)
                self._store.change(
                    "Event", *known, lambda old: {**old, "count": (old.get("count") or 1) + 1, "lastTimestamp": last}
                )
                return
        except ApiStatus:
            del self._known[signature]
        try:
            made = self._store.create(_event(event, now))
        except ApiStatus:
            return  # the namespace is going away
        self._known[signature] = (made["metadata"]["namespace"], made["metadata"]["name"])
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]

    def forget_old(self) -> None:
        """Delete the events whose time is over."""
        from kubectl_rollouts.rollout.times import parse_time

        deadline = self._now() - TIME_TO_LIVE
        for event in self._store.list("Event"):
            seen = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
            if parse_time(seen) < deadline:
                self._store.delete("Event", namespace_of(event), name_of(event))


def _event(event: Emit, now: float) -> Object:
    regarding, metadata, text = event.regarding, event.regarding["metadata"], time_text(now)
    namespace, name = metadata.get("namespace") or "", metadata.get("name") or ""
    involved = {
        "kind": regarding["kind"],
        "apiVersion": regarding["apiVersion"],
        "name": name,
        "uid": metadata.get("uid") or "",
        "resourceVersion": metadata.get("resourceVersion") or "",
    }
    if namespace:
        involved["namespace"] = namespace
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{int(now * 1e9):x}", "namespace": namespace or "default"},
        "involvedObject": involved,
        "reason": event.reason,
        "message": event.message,
        "type": event.type,
        "source": {"component": event.component},
        "reportingComponent": event.component,
        "reportingInstance": "",
        "eventTime": None,
        "count": 1,
        "firstTimestamp": text,
        "lastTimestamp": text,
    }
