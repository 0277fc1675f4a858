"""When a watched screen is drawn anew (spec/view.md §5). Pure: the clock is passed in."""

from __future__ import annotations

# Seconds: the least time from one frame's end to the next, and how often ages advance.
GAP = 0.2
TICK = 1.0


class FramePacer:
    """Says when to draw: at once on the first news, then at most every 200 ms, and once a second for the ages.

    All times are seconds of one monotonic clock. `late` decides on news that come within 200 ms of a frame: True shows
    them as soon as the 200 ms are over, False (what the reference does in a pipe) with the next tick or news.
    Without `ticks` frames are drawn for news only.
    """

    def __init__(self, now: float, *, late: bool, ticks: bool = True) -> None:
        self._late = late
        self._ticks = ticks
        # Whether there is something new that no frame shows yet.
        self.waiting = False
        self._last = float("-inf")
        self._next_tick = now + TICK

    def news(self, now: float) -> bool:
        """There is something new to show: whether to draw it now."""
        self.waiting = True
        return now > self._last + GAP

    def due(self, now: float) -> bool:
        """Whether time alone calls for a frame now."""
        if now >= self._next_tick:
            # Ticks that were missed are not made up for.
            self._next_tick += TICK * ((now - self._next_tick) // TICK + 1)
            if self._ticks and now > self._last + GAP:
                return True
        return self._late and self.waiting and now >= self._last + GAP

    def drawn(self, now: float) -> None:
        """A frame has just been finished."""
        self._last = now
        self.waiting = False

    def wait(self, now: float) -> float:
        """Seconds until `due` is worth asking again."""
        until = self._next_tick
        if self._late and self.waiting:
            until = min(until, self._last + GAP)
        return max(until - now, 0.0)
