"""The last changes of one kind, in order: what watches are played from."""

from __future__ import annotations

import threading
from bisect import bisect_right
from typing import NamedTuple

from kubectl_rollouts.sandbox.apistatus import gone
from kubectl_rollouts.sandbox.objects import Object

WINDOW = 5_000
"""How many changes of a kind a watch can go back; older resource versions are 410 Gone."""


class Change(NamedTuple):
    """One change: its resource version, ADDED / MODIFIED / DELETED, the object and what it was before."""

    version: int
    type: str
    object: Object
    before: Object | None


class History:
    """The changes of one kind. The lock guards it; `moved` wakes those who wait for more."""

    def __init__(self, lock: threading.Lock, floor: int, window: int = WINDOW) -> None:
        self.moved = threading.Condition(lock)
        self._window = window
        self._floor = floor
        self._changes: list[Change] = []

    def append(self, change: Change) -> None:
        """Add the newest change, forget the oldest beyond the window, wake the watches."""
        changes = self._changes
        changes.append(change)
        if len(changes) >= 2 * self._window:
            self._floor = changes[-self._window - 1].version
            del changes[: -self._window]
        self.moved.notify_all()

    def after(self, version: int) -> list[Change]:
        """The changes after a resource version; raises ApiStatus 410 when some are forgotten."""
        if version < self._floor:
            raise gone(f"too old resource version: {version} ({self._floor})")
        changes = self._changes
        if not changes or changes[-1].version <= version:
            return []
        return changes[bisect_right(changes, version, key=_version) :]


def _version(change: Change) -> int:
    return change.version
