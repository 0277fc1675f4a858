"""Waiting until analysis runs and experiments are over: `--wait` of the actions that begin or end them.

They have no generation that a status could be behind: what was created, or retried, has no phase until the controller
has seen it (spec/controller.md §9, §10), and a phase that is final stays.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.cluster.reflector import Reflector
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.wait import Listener, Outcome, Target, spoken
from kubectl_rollouts.rollout.goals import DEGRADED, NOT_FOUND, REACHED, TIMEOUT, Object
from kubectl_rollouts.rollout.phase import COMPLETED_ANALYSIS

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.reflector import Change
    from kubectl_rollouts.cluster.resources import Resource

SUCCESSFUL, FINISHED = "successful", "finished"
RUN_GOALS = (SUCCESSFUL, FINISHED)


class Run(NamedTuple):
    """An analysis run or an experiment."""

    resource: Resource
    target: Target


def wait_for_runs(client: Client, runs: list[Run], goal: str, timeout: float, listener: Listener) -> list[Outcome]:
    """Wait until every run is over; with the goal `successful` each must have succeeded. `timeout` 0 is none.

    They are looked at one after the other, which takes no longer: all of them go on meanwhile. Raises Failure when
    nothing can be read.
    """
    started = time.monotonic()
    outcomes = []
    for run in runs:
        outcome = _Waiting(client, run, goal, timeout, started, listener).outcome()
        listener.ended(run.target, outcome)
        outcomes.append(outcome)
    return outcomes


class _Waiting:
    """Waiting for one run."""

    def __init__(self, client: Client, run: Run, goal: str, timeout: float, started: float, listener: Listener) -> None:
        self._client = client
        self._run = run
        self._goal = goal
        self._timeout = timeout
        self._started = started
        self._listener = listener
        self._line = "not found"
        self._told: set[str] = set()

    def outcome(self) -> Outcome:
        """Wait. Raises Failure when nothing can be read."""
        resource, target = self._run
        fields = f"metadata.name={target.name}"
        try:
            listing = self._client.list(resource, target.namespace, dict, field_selector=fields)
        except ApiError as error:
            raise explained(error, resource, target.name) from None
        found = self._judge(listing.items[0] if listing.items else None)
        if found is not None:
            return found
        inbox: SimpleQueue[Any] = SimpleQueue()
        reflector: Reflector[Object] = Reflector(
            self._client, resource, target.namespace, dict, inbox.put, field_selector=fields, start=listing
        )

        def follow() -> None:
            try:
                reflector.run()
            except BaseException as error:  # a fault of this program: whoever waits is to see it
                inbox.put(error)

        threading.Thread(target=follow, daemon=True).start()
        try:
            return self._follow(inbox)
        finally:
            reflector.stop()

    def _follow(self, inbox: SimpleQueue[Any]) -> Outcome:
        while True:
            left = self._started + self._timeout - time.monotonic() if self._timeout else 3600.0
            if left <= 0:
                return self._ended(TIMEOUT, f"timed out after {spoken(self._timeout)}: {self._line}")
            try:
                change = inbox.get(timeout=left)
            except Empty:
                continue
            if isinstance(change, BaseException):
                raise change
            found = self._heard(change)
            if found is not None:
                return found

    def _heard(self, change: Change[Object]) -> Outcome | None:
        if change.kind in ("PROBLEM", "LIVE"):
            if change.problem is not None and str(change.problem) not in self._told:
                self._told.add(str(change.problem))
                self._listener.trouble(change.problem)
            return None
        if change.kind == "REPLACED":
            return self._judge(change.objects[0] if change.objects else None)
        return self._judge(None if change.kind == "DELETED" else change.object)

    def _judge(self, obj: Object | None) -> Outcome | None:
        if obj is None:
            return self._ended(NOT_FOUND, "not found")
        status = obj.get("status")
        status = status if isinstance(status, dict) else {}
        phase, message = str(status.get("phase") or "Pending"), str(status.get("message") or "")
        line = phase + (f" - {message}" if message else "")
        if line != self._line:
            self._line = line
            self._listener.progress(self._run.target, line)
        if phase not in COMPLETED_ANALYSIS:
            return None
        reason = f"is {phase}" + (f": {message}" if message else "")
        failed = self._goal == SUCCESSFUL and phase != "Successful"
        return self._ended(DEGRADED if failed else REACHED, reason)

    def _ended(self, status: int, reason: str) -> Outcome:
        return Outcome(status, reason, time.monotonic() - self._started)


def parse_run_goal(text: str) -> str:
    """What a run can be waited for. Raises Failure, which lists what there is."""
    if text not in RUN_GOALS:
        raise Failure(f'cannot wait for "{text}": goals are {" and ".join(RUN_GOALS)}')
    return text
