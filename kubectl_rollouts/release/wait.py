"""Waiting until rollouts are where somebody wants them: one watch for each scope, one loop that judges.

What is there is read first, from the server itself and not from a cache, and the watch goes on from that list. So a
wait that follows an action sees what the action has changed; whether the status is about it, `rollout/goals.py` knows.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.resources import (
    ANALYSIS_RUNS,
    DEPLOYMENTS,
    POD_TEMPLATES,
    REPLICA_SETS,
    ROLLOUTS,
)
from kubectl_rollouts.rollout.goals import (
    ERROR,
    FORBIDDEN,
    NOT_FOUND,
    REACHED,
    TIMEOUT,
    Facts,
    Goal,
    Object,
    Run,
    Terms,
    facts,
    progress_line,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubectl_rollouts.cluster.client import Client, Listing
    from kubectl_rollouts.cluster.reflector import Change, Reflector
    from kubectl_rollouts.cluster.resources import Resource

SINGLE = 8
"""Rollouts of one namespace up to which each has a watch of its own; more share one of the namespace."""

_AT_A_TIME = 16

_WORKLOADS: dict[str, Resource] = {
    "Deployment": DEPLOYMENTS,
    "ReplicaSet": REPLICA_SETS,
    "PodTemplate": POD_TEMPLATES,
}


class Target(NamedTuple):
    """A rollout."""

    namespace: str
    name: str


class Outcome(NamedTuple):
    """How it ended for one rollout: the exit status (0: reached), why (without the name), after how many seconds."""

    status: int
    reason: str
    seconds: float


class Wish(NamedTuple):
    """What to wait for. `timeout` and `tolerate` in seconds; a timeout of 0 is none."""

    goals: tuple[Goal, ...]
    terms: Terms = Terms()
    timeout: float = 600.0
    tolerate: float = 0.0


class Listener:
    """What a wait tells while it lasts. `progress`: a rollout stands somewhere else now; `ended`: it is decided."""

    def progress(self, target: Target, line: str) -> None:
        """A rollout stands somewhere else than before."""

    def ended(self, target: Target, outcome: Outcome) -> None:
        """A rollout is where it should be, or will not be."""

    def trouble(self, failure: Failure) -> None:
        """What is told may be out of date."""


class _State:
    """One rollout that is waited for."""

    def __init__(self, target: Target, workload_generation: int) -> None:
        self.target = target
        self.workload_generation = workload_generation
        self.facts: Facts | None = None
        self.failure: Failure | None = None
        self.failing_since: float | None = None
        self.line = ""
        self.outcome: Outcome | None = None


class _Scope(NamedTuple):
    """What one watch covers: a namespace ("" = all), or one name in it."""

    namespace: str
    name: str = ""

    def covers(self, target: Target) -> bool:
        """Whether the watch tells of a rollout."""
        return self.namespace in ("", target.namespace) and self.name in ("", target.name)

    @property
    def field_selector(self) -> str:
        """The field selector of the watch."""
        return f"metadata.name={self.name}" if self.name else ""


class Waiter:
    """Waits for some rollouts at once.

    `workload_generations`: for rollouts that refer to a workload, the generation that its status must be of at least;
    what is not said is asked for.
    """

    def __init__(
        self,
        client: Client,
        targets: Iterable[Target],
        wish: Wish,
        listener: Listener,
        workload_generations: dict[Target, int] | None = None,
    ) -> None:
        self._client = client
        self._wish = wish
        self._listener = listener
        known = workload_generations or {}
        self._known = known
        self._states = {target: _State(target, known.get(target, 0)) for target in targets}
        self._runs: dict[str, dict[str, list[Run]]] = {}  # by namespace, by name of the rollout
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._reflectors: list[Reflector[Any]] = []
        self._told: set[str] = set()
        self._started = time.monotonic()

    def run(self) -> dict[Target, Outcome]:
        """Wait until every rollout is decided, or the time is over. Raises Failure when nothing can be read at all."""
        self._started = time.monotonic()
        try:
            scopes = _scopes(self._states)
            listings = [self._list(scope) for scope in scopes]
            self._ask_workloads()
            runs = self._list_runs()
            for state in self._states.values():
                self._judge(state)
            if self._open():
                self._watch(scopes, listings, runs)
                self._loop()
        finally:
            for reflector in self._reflectors:
                reflector.stop()
        return {target: state.outcome for target, state in self._states.items() if state.outcome is not None}

    def _open(self) -> list[_State]:
        return [state for state in self._states.values() if state.outcome is None]

    # --- Reading ----------------------------------------------------------------------------------------------------

    def _list(self, scope: _Scope) -> Listing[Object]:
        try:
            listing = self._client.list(ROLLOUTS, scope.namespace, dict, field_selector=scope.field_selector)
        except ApiError as error:
            raise explained(error, ROLLOUTS, scope.name) from None
        self._replace(scope, listing.items)
        return listing

    def _replace(self, scope: _Scope, objects: list[Object]) -> None:
        there = {_target(obj): obj for obj in objects}
        for target, state in self._states.items():
            if scope.covers(target):
                self._take(state, there.get(target))

    def _take(self, state: _State, raw: Object | None) -> None:
        state.failure = None
        try:
            state.facts = facts(raw, state.workload_generation) if raw is not None else None
        except Failure as failure:
            state.facts, state.failure = None, failure

    def _ask_workloads(self) -> None:
        """Ask for the generation of each workload that a rollout refers to: its annotation may not tell of it yet."""
        wanted: list[tuple[_State, Resource, str]] = []
        for state in self._states.values():
            spec = state.facts.rollout.spec if state.facts else None
            reference = spec.workload_ref if spec else None
            resource = _WORKLOADS.get((reference.kind if reference else None) or "")
            if reference is not None and resource is not None and state.target not in self._known:
                wanted.append((state, resource, reference.name or ""))

        def asking(state: _State, resource: Resource, name: str) -> Callable[[], Object]:
            return lambda: self._client.get(resource, state.target.namespace, name)

        calls = [asking(*each) for each in wanted]
        answers: list[Object | Failure] = []
        for first in range(0, len(calls), _AT_A_TIME):
            answers += self._client.parallel(*calls[first : first + _AT_A_TIME])
        for (state, _, _), answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Failure) or state.facts is None:
                continue  # not there, or not ours to see: the annotation has to do
            generation = answer.get("metadata", {}).get("generation")
            if isinstance(generation, int):
                state.workload_generation = generation
                self._take(state, state.facts.raw)

    def _list_runs(self) -> dict[str, Listing[Run]]:
        """The AnalysisRuns of each namespace, if a goal asks for them."""
        if not any(goal.kind == "analysis" for goal in self._wish.goals):
            return {}
        found = {}
        for namespace in sorted({target.namespace for target in self._states}):
            listing = self._client.list(ANALYSIS_RUNS, namespace, Run)
            self._replace_runs(namespace, listing.items)
            found[namespace] = listing
        return found

    def _replace_runs(self, namespace: str, runs: list[Run]) -> None:
        self._runs[namespace] = {}
        for run in runs:
            self._take_run(namespace, run)

    def _take_run(self, namespace: str, run: Run, gone: bool = False) -> None:
        by_owner = self._runs.setdefault(namespace, {})
        for owner in run.metadata.owner_references or ():
            if owner.get("kind") == "Rollout":
                mine = by_owner.setdefault(str(owner.get("name")), [])
                mine[:] = [each for each in mine if each.metadata.name != run.metadata.name]
                if not gone:
                    mine.append(run)

    # --- Following --------------------------------------------------------------------------------------------------

    def _watch(
        self, scopes: list[_Scope], listings: list[Listing[Object]], run_listings: dict[str, Listing[Run]]
    ) -> None:
        from kubectl_rollouts.cluster.reflector import Reflector

        for scope, listing in zip(scopes, listings, strict=True):
            if any(scope.covers(state.target) for state in self._open()):
                reflector: Reflector[Any] = Reflector(
                    self._client,
                    ROLLOUTS,
                    scope.namespace,
                    dict,
                    self._hears(scope),
                    field_selector=scope.field_selector,
                    start=listing,
                )
                self._start(reflector)
        for namespace, run_listing in run_listings.items():
            self._start(
                Reflector(self._client, ANALYSIS_RUNS, namespace, Run, self._hears(namespace), start=run_listing)
            )

    def _hears(self, source: _Scope | str) -> Callable[[Change[Any]], None]:
        return lambda change: self._inbox.put((source, change))

    def _start(self, reflector: Reflector[Any]) -> None:
        def follow() -> None:
            try:
                reflector.run()
            except BaseException as error:  # a fault of this program: whoever waits is to see it
                self._inbox.put(error)

        self._reflectors.append(reflector)
        threading.Thread(target=follow, daemon=True).start()

    def _loop(self) -> None:
        while self._open():
            left = self._left()
            if left is not None and left <= 0:
                self._time_out()
                return
            try:
                item = self._inbox.get(timeout=min(left if left is not None else 3600.0, self._patience()))
            except Empty:
                item = None
            if isinstance(item, BaseException):
                raise item
            changed: Iterable[_State] = self._open()
            if item is not None:
                changed = self._heard(*item)
            for state in changed:
                if state.outcome is None:
                    self._judge(state)

    def _left(self) -> float | None:
        if not self._wish.timeout:
            return None
        return self._started + self._wish.timeout - time.monotonic()

    def _patience(self) -> float:
        """Seconds until the first of the failures that are tolerated has lasted too long."""
        now = time.monotonic()
        since = [state.failing_since for state in self._open() if state.failing_since is not None]
        return max(0.0, min(since) + self._wish.tolerate - now) if since else 3600.0

    def _time_out(self) -> None:
        for state in self._open():
            where = progress_line(state.facts) if state.failure is None else str(state.failure)
            self._end(state, TIMEOUT, f"timed out after {spoken(self._wish.timeout)}: {where}")

    def _heard(self, source: _Scope | str, change: Change[Any]) -> list[_State]:
        """Take what a watch tells; returns the rollouts that it may matter to."""
        if change.kind == "PROBLEM":
            failure = change.problem
            if failure is not None and str(failure) not in self._told:
                self._told.add(str(failure))
                self._listener.trouble(failure)
            return []
        if isinstance(source, str):
            if change.kind == "REPLACED":
                self._replace_runs(source, change.objects or [])
            elif change.object is not None:
                self._take_run(source, change.object, gone=change.kind == "DELETED")
            return self._open()
        if change.kind == "REPLACED":
            self._replace(source, change.objects or [])
            return self._open()
        state = self._states.get(_target(change.object)) if change.object is not None else None
        if state is None:
            return []
        self._take(state, None if change.kind == "DELETED" else change.object)
        return [state]

    # --- Judging ----------------------------------------------------------------------------------------------------

    def _judge(self, state: _State) -> None:
        if state.failure is not None:
            self._fail(state, ERROR, f"cannot be judged: {state.failure}", transient=True)
            return
        line = progress_line(state.facts)
        if state.facts is not None and line != state.line:
            state.line = line
            self._listener.progress(state.target, line)
        runs = self._runs.get(state.target.namespace, {}).get(state.target.name, [])
        try:
            found = verdict(self._wish.goals, state.facts, tuple(runs), self._wish.terms)
        except Failure as failure:  # a path that does not fit this object: the others are waited for
            self._fail(state, ERROR, f"cannot be judged: {failure}", transient=True)
            return
        if found.status is None:
            state.failing_since = None
        elif found.status == REACHED:
            self._end(state, REACHED, line)
        else:
            self._fail(state, found.status, found.reason, transient=found.transient)

    def _fail(self, state: _State, status: int, reason: str, *, transient: bool) -> None:
        now = time.monotonic()
        if transient:
            state.failing_since = state.failing_since if state.failing_since is not None else now
            if now - state.failing_since < self._wish.tolerate:
                return
        self._end(state, status, reason)

    def _end(self, state: _State, status: int, reason: str) -> None:
        state.outcome = Outcome(status, reason, time.monotonic() - self._started)
        self._listener.ended(state.target, state.outcome)


def _scopes(targets: Iterable[Target]) -> list[_Scope]:
    """The fewest watches that cover the targets without covering a cluster for a few."""
    by_namespace: dict[str, list[Target]] = {}
    for target in targets:
        by_namespace.setdefault(target.namespace, []).append(target)
    if len(by_namespace) > SINGLE:
        return [_Scope("")]
    scopes = []
    for namespace, those in by_namespace.items():
        if len(those) > SINGLE:
            scopes.append(_Scope(namespace))
        else:
            scopes += [_Scope(namespace, target.name) for target in those]
    return scopes


def _target(obj: Object) -> Target:
    meta = obj.get("metadata") or {}
    return Target(meta.get("namespace") or "", meta.get("name") or "")


def spoken(seconds: float) -> str:
    """A duration as it is typed: 90.0 is `1m30s`."""
    if seconds < 60:
        return f"{round(seconds, 3):g}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def status_of(failure: Failure) -> int:
    """The exit status that a failure has for scripts (docs/exit-statuses.md)."""
    if failure.script_status or failure.exit_status != 1:
        return failure.script_status or failure.exit_status
    if isinstance(failure, ApiError):
        if failure.forbidden or failure.unauthorized:
            return FORBIDDEN
        if failure.not_found:
            return NOT_FOUND
    return ERROR


def common_status(statuses: Iterable[int]) -> int:
    """The exit status of many: 0, the one that all failures share, or 1."""
    failed = {status for status in statuses if status}
    return failed.pop() if len(failed) == 1 else int(bool(failed))
