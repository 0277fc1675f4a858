"""Whether a screen still tells the truth: a look at the object itself every ten seconds, beside the watches.

A watch whose connection has died silently looks like one in which nothing happens. So the object shown is read on its
own from time to time: when no answer comes, or one that is newer than what the watch told, what is shown is stale.
Pure but for the one thread that reads; the clock is passed in.
"""

from __future__ import annotations

import _thread
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cluster.errors import ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import in_short, is_absent
from kubectl_rollouts.release.streams import is_older

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

EVERY = 10.0  # seconds from one look to the next
PATIENCE = 4.0  # seconds after which an answer counts as missing, those of a repeated look included
AGAIN = 1.0  # seconds after which a look that failed is repeated, once, before it counts
GRACE = 2.0  # seconds in which a watch may recover, or still tell what the look has seen
_AT_LEAST = 0.5  # seconds of those that are left after an answer that was long in coming


class Probe:
    """Reads the object by `read` every ten seconds; the answers come into `inbox` as (probe, object or Failure)."""

    def __init__(self, name: str, read: Callable[[], Any], inbox: SimpleQueue[Any], now: float) -> None:
        self._name = name
        self._read = read
        self._inbox = inbox
        self._due = now + EVERY
        self._asked: float | None = None  # when the look under way began
        self._since: float | None = None  # when the first look began that has had no good answer since
        self._failure: Failure | None = None  # what the last two looks came to
        self._doubt: Failure | None = None  # what the last look came to, the one before having been good
        self._seen: str | None = None  # the version that a look saw before the watch told of it; "" = deleted
        self._judged = 0.0  # when that is held against the watch

    def wait(self, now: float) -> float:
        """Seconds until there is something to do or to say."""
        times = [self._due]
        if self._since is not None:
            times.append(self._since + PATIENCE)
        if self._seen is not None:
            times.append(self._judged)
        return max(0.02, min((time for time in times if time > now), default=now) - now)

    def tick(self, now: float) -> None:
        """Begin a look if it is time for one and none is under way."""
        if now >= self._due:
            self._due = now + EVERY
            if self._asked is None:
                self._asked = now
                self._since = now if self._since is None else self._since
                _thread.start_new_thread(self._look, ())

    def _look(self) -> None:
        try:
            answer = self._read()
        except Failure as failure:
            answer = failure
        except BaseException as error:
            self._inbox.put((None, error))
            return
        self._inbox.put((self, answer))

    def answered(self, answer: Any, held: Any, now: float) -> None:
        """Take an answer; `held` is the object as the watch told of it, None when it is gone."""
        asked, self._asked = self._asked, None
        if isinstance(answer, Failure) and not is_absent(answer, self._name):
            if self._failure is not None or self._doubt is not None or not _passing(answer):
                self._failure = answer
            else:
                self._doubt, self._due = answer, now + AGAIN
            return
        marked = bool(self.trouble(now))
        self._failure = self._doubt = self._since = None
        if isinstance(answer, Failure):
            version = "" if held is not None else None
        else:
            newer = held is None or is_older(held.metadata.resource_version, answer.metadata.resource_version)
            version = answer.metadata.resource_version if newer else None
        if version is None:
            self._seen = None
            return
        if self._seen is None:
            # What is marked already stays so; a slow answer leaves less time, so that 15 s after a change it shows.
            grace = min(GRACE, max(_AT_LEAST, (now if asked is None else asked) + PATIENCE - now))
            self._judged = now if marked else now + grace
        self._seen = version

    def heard(self, held: Any) -> None:
        """The watch has told of the object: it may have caught up."""
        if self._seen is None:
            return
        if held is None:
            self._seen = None if self._seen == "" else self._seen
        elif self._seen == "" or not is_older(held.metadata.resource_version, self._seen):
            self._seen = None

    def behind(self, now: float) -> bool:
        """Whether the watch has missed what a look saw."""
        return self._seen is not None and now >= self._judged

    def away(self, now: float) -> bool:
        """Whether the API server is away, as far as looks can tell: it does not answer, or only with errors."""
        return self._failure is not None or self._unanswered(now)

    def trouble(self, now: float) -> str:
        """What makes the screen stale, "" if nothing."""
        failure = self._failure
        if self._unanswered(now):
            failure = failure or self._doubt
            if failure is None or (self._asked is not None and now >= self._asked + PATIENCE):
                return "the API server does not answer"
        if failure is not None:
            return in_short(failure)
        return "the watch has fallen behind" if self.behind(now) else ""

    def _unanswered(self, now: float) -> bool:
        return self._since is not None and now >= self._since + PATIENCE


def _passing(failure: Failure) -> bool:
    """Whether another look may do better at once: the connection was cut, or the server is overloaded for a moment."""
    return not (isinstance(failure, ConnectionFailed) and failure.timed_out)
