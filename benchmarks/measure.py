"""Whole processes, timed fairly: warmed up, interleaved with the bare interpreter, medians and spread.

Interleaving matters more than the number of runs: a shared machine drifts, and a ratio of two medians taken minutes
apart says little.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """One process: wall seconds, peak resident memory in MB, exit status."""

    seconds: float
    megabytes: float
    status: int


class Summary(NamedTuple):
    """Many runs of one command line."""

    median: float
    spread: float  # half of the interquartile range, as a share of the median
    megabytes: float
    status: int


def run_once(command: Sequence[str], env: dict[str, str], terminal: bool = False) -> Run:
    """Start the command, read all it writes, wait for its end."""
    started = time.perf_counter()
    if terminal:
        leader, follower = pty.openpty()
        process = subprocess.Popen(command, env=env, stdin=follower, stdout=follower, stderr=follower, close_fds=True)
        os.close(follower)
        _drain(leader)
        os.close(leader)
    else:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read()
        process.stderr.read()
        process.stdout.close()
        process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1 / 1024 if sys.platform != "darwin" else 1 / 1024 / 1024
    return Run(seconds, usage.ru_maxrss * scale, process.returncode)


def _drain(leader: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            ready, _, _ = select.select([leader], [], [], 60)
            if not ready or not os.read(leader, 65536):
                return


def summarise(runs: Sequence[Run]) -> Summary:
    """Median, spread, the median of the peak memory, the worst exit status."""
    seconds = sorted(run.seconds for run in runs)
    median = statistics.median(seconds)
    quarter = len(seconds) // 4
    spread = (seconds[-1 - quarter] - seconds[quarter]) / 2 / median
    return Summary(median, spread, statistics.median(run.megabytes for run in runs), max(run.status for run in runs))
