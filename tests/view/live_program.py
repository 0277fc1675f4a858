"""A program that watches: its updates come line by line through the FIFO named on its command line.

`state NAME PODS [STATUS]` is a new state, `say TEXT` a warning, `fail TEXT` an error of the source, `end` its end;
lines of one write come together. It prints how it ended.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.info import RolloutInfo
from kubectl_rollouts.view.live import Display, Frames, end_by, run_live
from kubectl_rollouts.view.tree import rollout_screen
from tests.support.objects import facts, pod, replica_set, rollout


def state(name: str, pods: str, status: str = "Healthy") -> RolloutInfo:
    """A rollout with so many pods."""
    values = [pod(f"pod-{index}", "rs") for index in range(int(pods))]
    return facts(rollout({}, {"phase": status}, name=name), replica_set("rs", owner=name), *values)


def feed(fifo: Path, updates: SimpleQueue[Any]) -> None:
    """Pass on what comes."""
    with fifo.open(encoding="utf-8") as lines:
        for line in lines:
            word, *rest = line.split()
            if word == "state":
                updates.put(state(*rest))
            elif word == "say":
                updates.put(" ".join(rest))
            elif word == "fail":
                updates.put(Failure(" ".join(rest)))
            elif word == "end":
                updates.put(None)


def write(text: str) -> None:
    """Write a frame to a pipe."""
    sys.stdout.write(text)
    sys.stdout.flush()


def say(text: str) -> None:
    """Tell the person."""
    print(f"said {text}", file=sys.stderr, flush=True)


def main(fifo: str, timeout: str = "") -> None:
    """Watch until the end."""
    updates: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=feed, args=(Path(fifo), updates), daemon=True).start()
    display: Display = Frames(False, write, say)
    if sys.stdout.isatty():
        from kubectl_rollouts.view.terminal import LiveScreen

        display = LiveScreen(True, say)
    try:
        ending = run_live(updates, rollout_screen, display, float(timeout) if timeout else None)
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr, flush=True)
        return
    print(f"ended by {ending.signal}", file=sys.stderr, flush=True)
    if ending.signal is not None:
        end_by(ending.signal)


if __name__ == "__main__":
    main(*sys.argv[1:])
