"""Calls side by side in threads, without `concurrent.futures` (it costs 30 ms and holds up Ctrl-C).

Threads are started only when they pay: against a server that answers in a millisecond, four requests over the one
connection that is there are done before four TLS handshakes are. So the calls are begun in order in this thread, and
the others get threads of their own when the first ones are not done after a moment.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def run_all(calls: list[Callable[[], T]], head_start: float) -> list[T]:
    """Return the results of all calls, in order; other threads help after `head_start` seconds.

    An exception of one is raised when all have ended. KeyboardInterrupt is raised at once; what the threads still
    do is lost, they do not hold up the end of the process.
    """
    results: list[tuple[T | None, BaseException | None]] = [(None, None)] * len(calls)
    done = [_locked() for _ in calls]
    over = _locked()
    todo = list(range(len(calls)))[::-1]

    def work() -> None:
        while True:
            try:
                at = todo.pop()
            except IndexError:
                return
            try:
                results[at] = (calls[at](), None)
            except KeyboardInterrupt:
                todo.clear()
                raise
            except BaseException as error:
                results[at] = (None, error)
            finally:
                done[at].release()

    def help_out() -> None:
        if not over.acquire(timeout=head_start):
            for _ in range(len(todo)):
                _thread.start_new_thread(work, ())

    _thread.start_new_thread(help_out, ())
    try:
        work()
    finally:
        over.release()
    for lock in done:
        while not lock.acquire(timeout=0.5):  # on Windows only a bounded wait can be interrupted
            pass
    out: list[T] = []
    for value, error in results:
        if error is not None:
            raise error
        out.append(value)  # type: ignore[arg-type]  # no error: it is the call's result
    return out


def _locked() -> _thread.LockType:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock
