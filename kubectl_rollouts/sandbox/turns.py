"""Requests go first: the controllers step aside while somebody waits for an answer.

Both need the interpreter, and one that reconciles for seconds would take it back every millisecond from a request that
needs three. So a request is answered in one go, and the controllers get what is left, but never nothing.
"""

from __future__ import annotations

import threading
import time

LONGEST_PAUSE = 0.01
"""Seconds that the controllers wait at most before they go on, however many requests there are."""
SHORTEST_TURN = 0.003
"""Seconds that they go on then, at least."""


class Turns:
    """A request is answered within `with turns:`; whoever does long work calls `give_way` now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._nobody = threading.Event()
        self._nobody.set()
        self._since = 0.0

    def __enter__(self) -> None:
        with self._lock:
            self._waiting += 1
            self._nobody.clear()

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                self._nobody.set()

    def give_way(self) -> None:
        """Wait until nobody waits for an answer, or for `LONGEST_PAUSE`; not again within `SHORTEST_TURN`."""
        if not self._nobody.is_set() and time.monotonic() - self._since > SHORTEST_TURN:
            self._nobody.wait(LONGEST_PAUSE)
            self._since = time.monotonic()
