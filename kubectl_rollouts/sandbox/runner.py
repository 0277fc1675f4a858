"""The loop that makes the cluster move: changes become keys, keys are reconciled, what that asks for is written.

One thread, short slices: an API request waits for one reconcile at most. Nothing is lost: a key that fails is
tried again after a pause that grows, a conflict at once, and every change that a reconcile might have missed has put
its key into the queue again.
"""

from __future__ import annotations

import gc
import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.events import Recorder
from kubectl_rollouts.sandbox.history import Change as Stored
from kubectl_rollouts.sandbox.kinds import BY_KIND
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.turns import Turns
from kubectl_rollouts.sandbox.world import Change, Clock, Controller, Create, Delete, Emit, Patch

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 10.0
RESYNC = 900.0
"""Seconds after which every object is looked at again, changed or not."""
YOUNG_EVERY, ALL_EVERY = 0.5, 600.0
"""Seconds between collections of garbage: of what is new, while busy too, and of everything, when idle.
A collection of everything stops the whole process for longer than an answer may take."""
PATIENT_CONFLICTS = 5
"""Conflicts in a row that are retried at once; after that they wait as errors do."""

FIRST = {"Pod": 0, "ReplicaSet": 1}
"""Who goes first when much is to be done; all others come after. What changed at a hundred pods is counted once by
their ReplicaSets then, and once by their rollouts, instead of a hundred times."""
LAST = 2
MOST_IN_A_ROW = 16
"""How often a key goes before the others because of what it has brought about itself: then it waits for its turn."""

QueueKey = tuple[int, str, str]
"""Index of the controller, namespace, name."""


class Runner:
    """Runs controllers over a store, from `start` to `stop`. `log` gets one line per notable thing.

    `turns` says when somebody waits for an answer, who goes first then.
    """

    def __init__(
        self,
        store: Store,
        controllers: Sequence[Controller],
        speed: float = 1.0,
        log: Callable[[str], None] = lambda line: None,
        now: Callable[[], float] = time.time,
        turns: Turns | None = None,
    ) -> None:
        self._store = store
        self._turns = turns or Turns()
        self._controllers = list(controllers)
        self._speed = speed
        self._log = log
        self._now = now
        self._recorder = Recorder(store, now)
        self._changed: deque[tuple[Stored, bool]] = deque()
        self._ranks = [FIRST.get(controller.kind, LAST) for controller in controllers]
        self._queues: list[dict[QueueKey, None]] = [{} for _ in range(LAST + 1)]  # ordered, each key once
        self._begun: dict[QueueKey, None] = {}  # of those who come last: what goes on; the newest first
        self._in_a_row: dict[QueueKey, int] = {}
        self._timers: list[tuple[float, QueueKey]] = []
        self._due: dict[QueueKey, float] = {}
        self._failures: dict[QueueKey, int] = {}
        self._logged: set[tuple[int, str]] = set()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._stopping = False
        self._next_resync = 0.0
        self._collected = self._collected_all = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)

    def start(self) -> None:
        """Look at everything that is there, then follow the changes."""
        self._store.listen(self._note)
        self._thread.start()

    def stop(self) -> None:
        """End the loop; the reconcile that is running is finished."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is left to do now (timers may be pending); False when that took too long."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._idle.wait(0.05) and not self._changed:
                return True
        return False

    def _note(self, change: Stored) -> None:
        own = threading.current_thread() is self._thread
        self._changed.append((change, own))
        if not own:  # the loop looks for its own changes before it rests
            self._idle.clear()
            self._wake.set()

    def _run(self) -> None:
        self._resync()
        while not self._stopping:
            self._take_changes()
            self._take_timers()
            if (key := self._next()) is not None:
                self._turns.give_way()
                self._reconcile(key)
                if time.monotonic() - self._collected > YOUNG_EVERY:
                    self._collect(1)
                continue
            self._wake.clear()
            if self._changed:
                continue
            self._in_a_row.clear()
            self._idle.set()
            if time.monotonic() - self._collected_all > ALL_EVERY:
                self._collect(2)
            self._wake.wait(self._until_next())
            self._idle.clear()

    def _next(self) -> QueueKey | None:
        queues = self._queues
        for queue in queues[:LAST]:
            if queue:
                key = next(iter(queue))
                del queue[key]
                return key
        if self._begun:
            return self._begun.popitem()[0]
        if queues[LAST]:
            key = next(iter(queues[LAST]))
            del queues[LAST][key]
            self._in_a_row.pop(key, None)
            return key
        return None

    def _put(self, key: QueueKey, goes_on: bool = False) -> None:
        """Note that a key is to be reconciled.

        `goes_on`: because of what controllers did. Then it comes before those that have not begun: a hundred releases
        at once are brought to their next pause for pods one after the other, and the first ones' pods start while the
        last ones are looked at, instead of all in step.
        """
        rank = self._ranks[key[0]]
        queue = self._queues[rank]
        if rank == LAST and goes_on and key not in self._begun:
            turns = self._in_a_row.get(key, 0) + 1
            if turns <= MOST_IN_A_ROW:
                self._in_a_row[key] = turns
                queue.pop(key, None)
                self._begun[key] = None
                return
        if key not in self._begun:
            queue[key] = None

    def _collect(self, generation: int) -> None:
        """Collect garbage, if it is this loop's task (`gc` is off while a sandbox runs)."""
        self._collected = time.monotonic()
        if generation == 2:
            self._collected_all = self._collected
        if not gc.isenabled():
            gc.collect(generation)

    def _until_next(self) -> float:
        next_timer = self._timers[0][0] if self._timers else self._next_resync
        return max(0.0, min(next_timer, self._next_resync) - time.monotonic())

    def _resync(self) -> None:
        self._next_resync = time.monotonic() + RESYNC
        for kind in BY_KIND:
            for obj in self._store.list(kind):
                self._enqueue(kind, obj, False)
        self._recorder.forget_old()

    def _take_changes(self) -> None:
        changed = self._changed
        while changed:
            change, own = changed.popleft()
            kind = change.object["kind"]
            if kind != "Event" or change.type == "DELETED":  # a third of all writes, and nobody waits for them
                self._enqueue(kind, change.object, own)

    def _enqueue(self, kind: str, obj: dict[str, object], own: bool) -> None:
        for index, controller in enumerate(self._controllers):
            try:
                for namespace, name in controller.keys(kind, obj, self._store):
                    self._put((index, namespace, name), own)
            except Exception as error:
                self._complain(index, f"{kind}", error)

    def _take_timers(self) -> None:
        now = time.monotonic()
        if now >= self._next_resync:
            self._resync()
        while self._timers and self._timers[0][0] <= now:
            when, key = heapq.heappop(self._timers)
            if self._due.get(key) == when:
                del self._due[key]
                self._put(key)

    def _again(self, key: QueueKey, seconds: float) -> None:
        when = time.monotonic() + seconds
        self._due[key] = when
        heapq.heappush(self._timers, (when, key))

    def _reconcile(self, key: QueueKey) -> None:
        index, namespace, name = key
        controller = self._controllers[index]
        self._due.pop(key, None)
        try:
            outcome = controller.reconcile(namespace, name, self._store, Clock(self._now(), self._speed))
            for change in outcome.changes:
                self._apply(change)
        except ApiStatus as error:
            if not error.conflict:
                self._complain(index, f"{namespace}/{name}", error)
            self._fail(key, patient=error.conflict)
            return
        except Exception as error:
            self._complain(index, f"{namespace}/{name}", error)
            self._fail(key, patient=False)
            return
        self._failures.pop(key, None)
        if outcome.again_in is not None:
            self._again(key, outcome.again_in)

    def _fail(self, key: QueueKey, patient: bool) -> None:
        count = self._failures.get(key, 0) + 1
        self._failures[key] = count
        if patient and count <= PATIENT_CONFLICTS:
            self._put(key)
        else:
            self._again(key, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(count, 20)))

    def _complain(self, index: int, what: str, error: Exception) -> None:
        """Log an error once, with the place in the code that raised it."""
        place = ""
        trace = error.__traceback__
        while trace is not None:
            place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
            trace = trace.tb_next
        mark = (index, f"{type(error).__name__} {place}")
        if mark not in self._logged:
            self._logged.add(mark)
            kind = self._controllers[index].kind
            self._log(f"{kind} controller: {what}: {type(error).__name__}: {error} ({place})")

    def _apply(self, change: Change) -> None:
        store = self._store
        if isinstance(change, Patch):
            store.patch(
                change.kind, change.namespace, change.name, change.body, change.subresource, change.resource_version
            )
        elif isinstance(change, Create):
            try:
                store.create(change.object)
            except ApiStatus as error:
                if change.refused is not None and not error.conflict:
                    for instead in change.refused(error.message):
                        self._apply(instead)
                raise
        elif isinstance(change, Emit):
            self._recorder.record(change)
        elif isinstance(change, Delete):
            try:
                store.delete(change.kind, change.namespace, change.name, change.grace, change.propagation, change.uid)
            except ApiStatus as error:
                if error.code != 404:
                    raise
