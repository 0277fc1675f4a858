"""What `promote` changes: the decision table of spec/commands.md §3, with the mended quirks of §12.

The decision is made from a rollout as it was read, and names the smallest patches. Carrying them out, and what to do
when the rollout moves meanwhile, is `release/promote.py`; `moved_on` and `took` answer its questions.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from kubectl_rollouts.errors import Failure

Patch = dict[str, Any]


class _Meta(Struct, frozen=True, rename="camel"):
    name: str | None = None
    resource_version: str | None = None


class _Canary(Struct, frozen=True):
    steps: list[Any] | None = None


class _Strategy(Struct, frozen=True, rename="camel"):
    canary: _Canary | None = None
    blue_green: dict[str, Any] | None = None


class _Spec(Struct, frozen=True):
    strategy: _Strategy | None = None
    paused: bool | None = None


class _Analysis(Struct, frozen=True):
    status: str | None = None


class _CanaryStatus(Struct, frozen=True, rename="camel"):
    current_step_analysis_run_status: _Analysis | None = None


class _Status(Struct, frozen=True, rename="camel"):
    pause_conditions: list[Any] | None = None
    controller_pause: bool | None = None
    current_step_index: int | None = None
    current_pod_hash: str | None = None
    stable_rs: str | None = field(name="stableRS", default=None)
    promote_full: bool | None = None
    canary: _CanaryStatus | None = None


class Promotable(Struct, frozen=True):
    """A Rollout as far as the decision depends on it."""

    metadata: _Meta | None = None
    spec: _Spec | None = None
    status: _Status | None = None

    @property
    def name(self) -> str:
        """metadata.name."""
        return (self.metadata and self.metadata.name) or ""

    @property
    def version(self) -> str:
        """metadata.resourceVersion."""
        return (self.metadata and self.metadata.resource_version) or ""

    @property
    def paused(self) -> bool:
        """spec.paused: the pause that a person asked for."""
        return bool(self.spec and self.spec.paused)

    @property
    def state(self) -> _Status:
        """The status; that of a rollout that no controller has seen is empty."""
        return self.status or _Status()

    @property
    def canary(self) -> _Canary | None:
        """spec.strategy.canary; None when it is not there."""
        strategy = self.spec.strategy if self.spec else None
        return strategy.canary if strategy else None

    @property
    def blue_green(self) -> bool:
        """Whether spec.strategy.blueGreen is there."""
        strategy = self.spec.strategy if self.spec else None
        return strategy is not None and strategy.blue_green is not None

    @property
    def step_count(self) -> int:
        """The number of canary steps."""
        return len((self.canary and self.canary.steps) or ())

    @property
    def step(self) -> int | None:
        """The index of the current canary step; None without steps. It may be beyond the last one."""
        return (self.state.current_step_index or 0) if self.step_count else None


class Wish(Struct, frozen=True):
    """How to promote: the flags. `force` moves on though the controller has not reacted to the last promotion."""

    full: bool = False
    skip_current: bool = False
    skip_all: bool = False
    force: bool = False

    def check(self) -> None:
        """Raise Failure for flags that exclude each other; needs no cluster."""
        if self.skip_current and self.skip_all:
            raise Failure("Cannot use skip-current-step and skip-all-steps flags at the same time")


class Promotion(Struct, frozen=True):
    """The patches of one decision; an empty one is not sent.

    `status` goes to the status subresource, then `spec` to the rollout; where there is no such subresource, `unified`
    goes to the rollout in the place of both. `note` is for the person, not part of the result. `spec_first`: the spec
    goes before the status.
    """

    status: Patch = {}
    spec: Patch = {}
    unified: Patch = {}
    note: str = ""
    spec_first: bool = False

    @property
    def target(self) -> int | None:
        """The step index that the promotion sets; None if it sets none."""
        index = self.status.get("status", {}).get("currentStepIndex")
        return index if isinstance(index, int) else None


UNPAUSE: Patch = {"spec": {"paused": False}}


def promotion(rollout: Promotable, wish: Wish) -> Promotion:
    """Decide what promotes the rollout (the rows of the table in commands.md §3, first match).

    Raises Failure when the flags do not fit the rollout.
    """
    wish.check()
    if wish.skip_current or wish.skip_all:
        return _skip(rollout, wish)
    state, step = rollout.state, rollout.step
    spec = UNPAUSE if rollout.paused else {}
    if wish.full:  # row 3
        if (state.current_pod_hash or "") == (state.stable_rs or ""):
            return Promotion(spec=spec)
        return _both({"promoteFull": True}, spec)
    if state.pause_conditions:
        change: Patch = {"pauseConditions": None}
        if not _inconclusive(rollout):  # row 5
            # As long as spec.paused stands, the controller ends no step. It would see that its pause is gone, forget
            # it, and pause the same step once more when spec.paused is lifted (controller.md §5.1, §5.2).
            return _both(change, spec, spec_first=bool(spec))
        change["controllerPause"] = False  # row 4; Q7: also lifted where there are no steps to move along
        if step is not None:
            change["currentStepIndex"] = _next(rollout, step)
        return _both(change, spec)
    if step is None:  # row 7
        return Promotion(spec=spec)
    if state.controller_pause and step < rollout.step_count and not wish.force:  # Q24
        note = (
            f"rollout '{rollout.name}' is being resumed already: the controller has not reacted to the last promotion "
            f"yet, so step {step + 1} of {rollout.step_count} is not skipped (--force skips it)"
        )
        return Promotion(spec=spec, note=note)
    return _both({"pauseConditions": None, "currentStepIndex": _next(rollout, step)}, spec)  # row 6


def _both(change: Patch, spec: Patch, *, spec_first: bool = False) -> Promotion:
    return Promotion({"status": change}, spec, {**UNPAUSE, "status": change}, spec_first=spec_first)


def _skip(rollout: Promotable, wish: Wish) -> Promotion:
    """Rows 1 and 2: the deprecated flags, which touch neither the pause nor `spec`."""
    if rollout.blue_green:
        raise Failure("Cannot skip steps of a bluegreen rollout. Run without a flags")
    step = rollout.step
    if step is None:  # Q6: also without any strategy
        raise Failure("Cannot skip steps of a rollout without steps")
    change = {"status": {"currentStepIndex": rollout.step_count if wish.skip_all else _next(rollout, step)}}
    return Promotion(change, {}, change)


def _next(rollout: Promotable, step: int) -> int:
    return step + 1 if step < rollout.step_count else step


def _inconclusive(rollout: Promotable) -> bool:
    state = rollout.state
    if rollout.canary is None or not state.controller_pause:
        return False
    analysis = state.canary and state.canary.current_step_analysis_run_status
    return bool(analysis and analysis.status == "Inconclusive")


# --- When the rollout was read again -------------------------------------------------------------------------------


def moved_on(before: Promotable, now: Promotable, wish: Wish) -> str:
    """Say why what was asked for `before` is over by `now`, "" when it is not.

    Someone looked at a step and asked to go on from it. When the rollout has passed that step meanwhile, deciding
    anew would skip one that nobody asked to skip. Raises Failure when it has another version to roll out by now:
    nobody asked to promote that one.
    """
    old, new = before.state.current_pod_hash, now.state.current_pod_hash
    if old and new and old != new:
        raise Failure(
            f"rollout '{now.name}' got another version while it was being promoted: nothing was sent for the new one"
        )
    if wish.full or wish.skip_all:  # to the end, from wherever
        return ""
    first, step = before.step, now.step
    if first is not None and step is not None and step > first:
        return f"rollout '{now.name}' is at step {step} of {now.step_count} by now: no further step is skipped"
    return ""


def took(plan: Promotion, before: Promotable, now: Promotable) -> bool:
    """Whether `now` shows what the status patch of `plan` says, or what the controller makes of it."""
    if not plan.status:
        return True
    change = plan.status["status"]
    if before.state.current_pod_hash != now.state.current_pod_hash:
        return False
    if "promoteFull" in change:
        return bool(now.state.promote_full) or now.state.current_pod_hash == now.state.stable_rs
    if plan.target is not None and plan.target != before.step:
        return now.step is not None and now.step >= plan.target
    return not now.state.pause_conditions or (now.step or 0) > (before.step or 0)
