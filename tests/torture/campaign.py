"""What a campaign is, and how its cases are run: by seed, side by side, each failure with the seed that repeats it."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib import import_module
from typing import NamedTuple

Case = Callable[[int], None]  # runs the case of a seed; an AssertionError (or any other) is its failure

MODULES: tuple[str, ...] = (
    "watches",
    "in_time",
    "expiring",
    "one_shots",
    "hostile",
    "mutants",
    "terminals",
    "secrets_kept",
    "growth",
    "against_sandbox",
    "two_views",
)


class Campaign(NamedTuple):
    """A claim and the cases that put it to the test.

    `open()` yields the function that runs the case of one seed; cases share what was opened. A campaign whose cases
    are all there is has a `total`: seed S is then case S modulo total. Cases run in `threads` of each of `processes`.
    """

    name: str
    claim: str
    open: Callable[[], AbstractContextManager[Case]]
    long: int
    short: int
    threads: int = 1
    processes: int = 1
    seed: int = 1


class Failed(NamedTuple):
    """A case that failed."""

    seed: int
    text: str


class Report(NamedTuple):
    """What came of a campaign."""

    name: str
    seed: int
    count: int
    failures: list[Failed]
    seconds: float


def campaigns() -> dict[str, Campaign]:
    """All campaigns by name, in the order of the table."""
    found: list[Campaign] = []
    for module in MODULES:
        found += import_module(f"tests.torture.{module}").CAMPAIGNS
    return {campaign.name: campaign for campaign in found}


def run(campaign: Campaign, seed: int, count: int) -> Report:
    """Run the cases `seed` … `seed + count - 1`."""
    started = time.monotonic()
    if campaign.processes > 1 and count >= 2 * campaign.processes:
        context = multiprocessing.get_context("spawn")
        # Blocks in turn, so that a slow stretch of seeds does not leave a process without work.
        block = max(campaign.threads, count // (campaign.processes * 4))
        starts = range(0, count, block)
        with ProcessPoolExecutor(
            campaign.processes, mp_context=context, initializer=_end_with, initargs=(os.getpid(),)
        ) as pool:
            parts: list[Future[list[Failed]]] = [
                pool.submit(_run_named, campaign.name, seed + start, min(block, count - start)) for start in starts
            ]
            failures = [failed for part in parts for failed in part.result()]
    else:
        failures = _run_here(campaign, seed, count)
    return Report(campaign.name, seed, count, failures, time.monotonic() - started)


def _end_with(parent: int) -> None:
    """See to it that a worker does not outlive who started it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_named(name: str, seed: int, count: int) -> list[Failed]:
    return _run_here(campaigns()[name], seed, count)


def _run_here(campaign: Campaign, seed: int, count: int) -> list[Failed]:
    failures: list[Failed] = []
    hook = threading.excepthook

    def unexpected(args: threading.ExceptHookArgs) -> None:
        # A thread of the program that dies is a silent end: it counts, whichever case it belongs to.
        failures.append(Failed(-1, "".join(traceback.format_exception(args.exc_value))))

    threading.excepthook = unexpected
    try:
        with campaign.open() as case:

            def attempt(number: int) -> None:
                try:
                    case(number)
                except Exception as error:
                    text = str(error) if isinstance(error, AssertionError) else ""
                    failures.append(Failed(number, text or "".join(traceback.format_exception(error))))

            seeds = range(seed, seed + count)
            if campaign.threads > 1:
                with ThreadPoolExecutor(campaign.threads) as pool:
                    list(pool.map(attempt, seeds))
            else:
                for number in seeds:
                    attempt(number)
    except Exception as error:  # what the cases share could not be opened or closed
        failures.append(Failed(seed, "".join(traceback.format_exception(error))))
    finally:
        threading.excepthook = hook
    return failures
