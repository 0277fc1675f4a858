"""Pause reasons and the abort flag, as one reconcile changes them (controller.md §5.1, §2.1)."""

from __future__ import annotations

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.rollout.numbers import pause_seconds
from kubectl_rollouts.sandbox.objects import Object, time_text
from kubectl_rollouts.sandbox.world import Clock

CANARY_STEP = "CanaryPauseStep"
BLUE_GREEN = "BlueGreenPause"
INCONCLUSIVE_RUN = "InconclusiveAnalysisRun"
INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment"


class Pauses:
    """What the status says about pauses and aborting, and what this reconcile decides about them."""

    def __init__(self, status: Object, clock: Clock) -> None:
        self._status = status
        self._clock = clock
        self._conditions: list[Object] = list(status.get("pauseConditions") or [])
        self._added: list[str] = []
        self._removed: set[str] = set()
        self._cleared = False
        self._abort = bool(status.get("abort"))
        self.abort_cause = ""

    @property
    def any(self) -> bool:
        """Whether the stored status has a pause condition."""
        return bool(self._conditions)

    @property
    def resumed(self) -> bool:
        """Whether the user took away the pause that the controller had made."""
        return bool(self._status.get("controllerPause")) and not self._conditions

    @property
    def adding(self) -> bool:
        """Whether this reconcile adds a pause."""
        return bool(self._added)

    @property
    def aborted(self) -> bool:
        """Whether the update is aborted."""
        return self._abort

    def has(self, reason: str) -> bool:
        """Whether the stored status has that pause condition."""
        return self.find(reason) is not None

    def find(self, reason: str) -> Object | None:
        """The stored pause condition of that reason."""
        return next((c for c in self._conditions if c.get("reason") == reason), None)

    def add(self, reason: str) -> None:
        """Pause for a reason; the time of one that is there already stays."""
        self._added.append(reason)

    def remove(self, reason: str) -> None:
        """End the pause of a reason."""
        self._removed.add(reason)

    def clear(self) -> None:
        """End all pauses."""
        self._cleared = True

    def abort(self, cause: str = "") -> None:
        """Abort the update; `cause` ends the message when the controller decided it."""
        self._abort = True
        self.abort_cause = cause

    def forget_abort(self) -> None:
        """The update goes on, or is done."""
        self._abort = False

    def over(self, condition: Object, seconds: int) -> bool:
        """Whether a pause of so many seconds has passed (strictly)."""
        return self._clock.now > parse_time(condition["startTime"]) + seconds / self._clock.speed

    def ends_at(self, condition: Object, seconds: int) -> float:
        """The instant (epoch seconds) at which a pause ends."""
        return parse_time(condition["startTime"]) + seconds / self._clock.speed

    def canary_step_over(self, pause: Object) -> bool:
        """Whether a pause step is complete: the user resumed it, or its time has passed."""
        condition = self.find(CANARY_STEP)
        if condition is None:
            return bool(self._status.get("controllerPause"))
        return pause.get("duration") is not None and self.over(condition, pause_seconds(pause))

    def result(self) -> Object:
        """The keys of the new status: abort and abortedAt, or pauseConditions and controllerPause, or none."""
        now = time_text(self._clock.now)
        if self._abort:
            return {"abort": True, "abortedAt": self._status.get("abortedAt") or now}
        if self._cleared:
            return {}
        kept = [c for c in self._conditions if c.get("reason") not in self._removed]
        known = {c.get("reason") for c in self._conditions}
        added = [{"reason": r, "startTime": now} for r in dict.fromkeys(self._added) if r not in known]
        if not kept and not added:
            return {}
        owned = bool(added) or bool(self._status.get("controllerPause"))
        return {"pauseConditions": [*kept, *added], **({"controllerPause": True} if owned else {})}
