"""`status` as it waits: a line for each change until the rollout is settled (spec/view.md §9)."""

from __future__ import annotations

import os
import signal
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.cli.status import SETTLED, fail_if_degraded
from kubectl_rollouts.cluster.reflector import Change
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.waiting import StatusWatch
from kubectl_rollouts.view.status import status_followed

if TYPE_CHECKING:
    from types import FrameType


def watch_status(
    session: Session, name: str, timeout: float, *, pause: bool = False, abort: bool = False, once: bool = False
) -> int:
    """Print the status whenever it changes until it is settled, `timeout` seconds have passed (0: never) or a signal.

    `pause`: paused is settled, too, and a success. `abort`: aborted is settled, and a failure, before the controller
    has called it degraded. `once`: print it once, settled or not.

    Then the last status known decides: healthy is 0, all else a Failure. Interrupted before the rollout could be read
    it prints nothing and returns 1 (view.md Q30).
    """
    inbox: SimpleQueue[Any] = SimpleQueue()
    try:
        watch = StatusWatch(session.client(), session.namespace, name, inbox)
    except KeyboardInterrupt:
        return 1
    _catch_signals(inbox)
    watch.start()
    ends = time.monotonic() + timeout if timeout else None
    printed = ""
    while True:
        line = status_followed(watch.phase)
        if line != printed:
            session.say(line)
            printed = line
        if watch.lost is None and (watch.phase.status in SETTLED or once):
            break
        if watch.lost is None and ((pause and watch.phase.status == "Paused") or (abort and watch.aborted)):
            break
        try:
            item = inbox.get(timeout=max(0.0, ends - time.monotonic()) if ends is not None else 3600.0)
        except Empty:
            if ends is not None and time.monotonic() >= ends:
                break
            continue
        if isinstance(item, BaseException):
            raise item
        if not isinstance(item, Change):
            break  # a signal
        problem = watch.take(item)
        if problem is not None:
            session.log("warning", str(problem))
    if watch.lost is None and pause and watch.phase.status == "Paused":
        return 0
    if watch.lost is None and abort and watch.aborted:
        raise Failure(f"The rollout was aborted: {watch.phase.message}", script_status=3)
    if once:
        fail_if_degraded(watch.phase)
        return 0
    return _verdict(watch)


def _verdict(watch: StatusWatch) -> int:
    if watch.lost is not None:
        raise watch.lost
    fail_if_degraded(watch.phase)
    if watch.phase.status != "Healthy":
        raise Failure("Rollout status watch exceeded timeout", script_status=4)
    return 0


def _catch_signals(inbox: SimpleQueue[Any]) -> None:
    """Let SIGINT and SIGTERM end the wait; a second one ends the process at once with status 1."""
    caught: list[int] = []

    def handler(number: int, _frame: FrameType | None) -> None:
        if caught:
            os._exit(1)
        caught.append(number)
        inbox.put(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
