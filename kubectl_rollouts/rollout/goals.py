"""What a rollout can be waited for, and whether it is there yet, still may be, or can no longer be.

Pure: an object goes in, a verdict comes out. The rule above all others: the status is believed only when it is of the
generation that the object has now. `observedGeneration` is a string in Rollouts; a rollout that refers to a workload
has a second one, for the generation of the workload (spec/resources.md §2.7, W1 and W3). Some actions change the
status itself, which no generation tells of: what the controller has not reacted to yet is known by the traces that it
leaves (spec/controller.md §2.1, §6.1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.objects import Rollout
from kubectl_rollouts.rollout.phase import COMPLETED_ANALYSIS, NO_STATUS, Phase, parse_int, phase, strategy_of
from kubectl_rollouts.rollout.weights import max_weight, set_weight
from kubectl_rollouts.typed import convert

Object = dict[str, Any]

REVISION = "rollout.argoproj.io/revision"
WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
HASH_LABEL = "rollouts-pod-template-hash"

# Exit statuses (docs/exit-statuses.md).
REACHED, ERROR, DEGRADED, TIMEOUT, PAUSED, NOT_FOUND, FORBIDDEN = 0, 1, 3, 4, 5, 6, 7

PLAIN_GOALS = ("healthy", "paused", "degraded", "aborted", "available", "deleted")
NUMBER_GOALS = ("step", "weight", "revision")


class Goal(NamedTuple):
    """One thing to wait for: `kind` is its first word; `name` and `value` are what else it says."""

    text: str
    kind: str
    name: str = ""
    value: str = ""
    number: int = 0


def parse_goal(text: str) -> Goal:
    """Return the goal that a text means. Raises Failure, which lists what there is."""
    kind, equals, rest = text.partition("=")
    if kind in PLAIN_GOALS and not equals:
        return Goal(text, kind)
    if kind in NUMBER_GOALS and rest.isascii() and rest.isdigit() and len(rest) < 10:
        return Goal(text, kind, number=int(rest))
    if kind == "analysis":
        name, _, wanted = rest.rpartition("=")
        if name and wanted.lower() in _ANALYSIS_PHASES:
            return Goal(text, kind, name, _ANALYSIS_PHASES[wanted.lower()])
    if kind == "condition" and rest:
        name, equals, value = rest.partition("=")
        if name and (value or not equals):
            return Goal(text, kind, name.lower(), (value or "True").lower())
    if kind == "jsonpath":
        path, value = _path_and_value(rest)
        if path:
            return Goal(text, kind, path, value)
    raise Failure(
        f'cannot wait for "{text}": goals are healthy, paused, degraded, aborted, available, deleted, step=N, '
        "weight=N, revision=N, analysis=NAME=successful, condition=TYPE[=STATUS] and jsonpath=PATH=VALUE"
    )


_ANALYSIS_PHASES = {word.lower(): word for word in ("Pending", "Running", *COMPLETED_ANALYSIS)}


def _path_and_value(text: str) -> tuple[str, str]:
    """Split `{.status.phase}=Healthy` or `.status.phase=Healthy`; filters in braces may hold `=` themselves."""
    if text.startswith("{") and "}" in text:
        inner, _, rest = text.rpartition("}=")
        if not inner:
            return "", ""
        return f"{inner}}}", rest
    path, equals, value = text.partition("=")
    return (f"{{{path if path.startswith('.') else '.' + path}}}", value) if path and equals else ("", "")


class Run(msgspec.Struct, frozen=True, rename="camel"):
    """An AnalysisRun as far as a goal asks for it."""

    class _Meta(msgspec.Struct, frozen=True, rename="camel"):
        name: str = ""
        namespace: str = ""
        creation_timestamp: str | None = None
        labels: dict[str, str | None] | None = None
        owner_references: list[dict[str, Any]] | None = None

    class _Metric(msgspec.Struct, frozen=True):
        name: str = ""

    class _Spec(msgspec.Struct, frozen=True):
        metrics: list[Run._Metric] | None = None

    class _Status(msgspec.Struct, frozen=True):
        phase: str | None = None
        message: str | None = None

    metadata: Run._Meta = _Meta()
    spec: Run._Spec | None = None
    status: Run._Status | None = None

    def is_called(self, name: str) -> bool:
        """Whether a goal's NAME means this run: its own name, its part in the release, or one of its metrics."""
        kind = (self.metadata.labels or {}).get("rollout-type") or ""
        metrics = (self.spec.metrics if self.spec else None) or []
        return (
            name == self.metadata.name
            or (bool(kind) and name.replace("-", "").lower() == kind.lower())
            or any(metric.name == name for metric in metrics)
        )


class Facts(NamedTuple):
    """A rollout as far as goals ask for it. `observed` False: its status is about something older."""

    raw: Object
    rollout: Rollout
    observed: bool
    phase: Phase
    aborted: bool
    endless_pause: str
    step: int
    steps: int
    weight: int
    revision: int


def facts(raw: Object, workload_generation: int = 0) -> Facts:
    """Return what goals ask for of a rollout. Raises Failure when the object makes no sense.

    `workload_generation` is the generation of the workload that it refers to, as far as it is known: the status must
    be of that one or a later one.
    """
    meta = _mapping(raw, "metadata")
    try:
        rollout = convert(raw, Rollout)
    except msgspec.ValidationError as error:
        raise Failure(f'rollout "{meta.get("name")}" cannot be understood: {error}') from None
    status = rollout.status or NO_STATUS
    waits_for = _not_observed(raw, rollout, workload_generation)
    found = Phase("Progressing", waits_for) if waits_for else phase(rollout)
    canary = strategy_of(rollout).canary
    steps = len((canary and canary.steps) or ())
    annotations = rollout.metadata.annotations or {}
    return Facts(
        raw=raw,
        rollout=rollout,
        observed=not waits_for,
        phase=found,
        aborted=bool(status.abort) and not waits_for,
        endless_pause=_endless_pause(raw) if found.status == "Paused" else "",
        step=status.current_step_index or 0,
        steps=steps,
        weight=_weight(rollout),
        revision=parse_int(annotations.get(REVISION)) or 0,
    )


def _not_observed(raw: Object, rollout: Rollout, workload_generation: int) -> str:
    """What the status is still waiting for the controller to see; "" when it is about the object as it is."""
    status = rollout.status or NO_STATUS
    if not status.observed_generation:
        return "waiting for the controller to see the rollout"
    observed = parse_int(status.observed_generation)
    if observed is not None and observed < (rollout.metadata.generation or 0):
        return "waiting for rollout spec update to be observed"
    if rollout.spec is not None and rollout.spec.workload_ref is not None:
        told = parse_int((rollout.metadata.annotations or {}).get(WORKLOAD_GENERATION))
        seen = parse_int(_text(_mapping(raw, "status").get("workloadObservedGeneration")))
        behind = told is not None and seen is not None and seen < told
        if behind or (told or 0) < workload_generation:
            return "waiting for rollout spec update to be observed for the reference workload"
    return _not_reacted(_mapping(raw, "status"), rollout)


def _not_reacted(raw: Object, rollout: Rollout) -> str:
    """What an action has written into the status and the controller has not reacted to."""
    status = rollout.status or NO_STATUS
    aborting = _mentions(rollout, "RolloutAborted")
    if status.abort and not (raw.get("abortedAt") or aborting):
        return "waiting for the controller to abort"
    if not status.abort and (raw.get("abortedAt") or aborting):
        return "waiting for the controller to retry"
    if raw.get("promoteFull") and (status.pause_conditions or status.abort):
        return "waiting for the controller to promote fully"
    return ""


def _mentions(rollout: Rollout, reason: str) -> bool:
    """Whether the phase that the controller wrote has that reason."""
    status = rollout.status or NO_STATUS
    return status.phase == "Degraded" and (status.message or "").startswith(reason)


def _endless_pause(raw: Object) -> str:
    """Why a paused rollout stays paused until somebody acts; "" when the pause ends by itself."""
    spec, status = _mapping(raw, "spec"), _mapping(raw, "status")
    strategy = _mapping(spec, "strategy")
    reasons = [each.get("reason") for each in status.get("pauseConditions") or () if isinstance(each, dict)]
    for reason in reasons:
        if reason == "CanaryPauseStep":
            steps, index = _mapping(strategy, "canary").get("steps") or [], status.get("currentStepIndex") or 0
            step = steps[index] if isinstance(steps, list) and 0 <= index < len(steps) else {}
            pause = step.get("pause") if isinstance(step, dict) else None
            if isinstance(pause, dict) and pause.get("duration") is not None:
                continue
        elif reason == "BlueGreenPause" and _mapping(strategy, "blueGreen").get("autoPromotionSeconds"):
            continue
        return _text(reason) or "paused"
    return "manually paused" if spec.get("paused") or not reasons else ""


def awaits_promotion(found: Facts) -> bool:
    """Whether a rollout is paused until somebody promotes it: not by hand, and not for a time."""
    return found.phase.status == "Paused" and found.endless_pause not in ("", "manually paused")


def _weight(rollout: Rollout) -> int:
    """The weight that the new version has reached.

    With a traffic router that is what it says; without one the weight of the last step that is completed, for a step
    is completed only once the pods are there.
    """
    canary = strategy_of(rollout).canary
    status = rollout.status or NO_STATUS
    if canary is None:
        return 0
    if status.stable_rs and status.stable_rs == status.current_pod_hash:
        return max_weight(canary)
    if canary.traffic_routing is not None and status.canary is not None and status.canary.weights is not None:
        destination = status.canary.weights.canary
        return (destination.weight or 0) if destination else 0
    index = status.current_step_index or 0
    if status.abort or not canary.steps or index <= 0:
        return 0
    if index >= len(canary.steps):
        return set_weight(rollout)
    weights = [step.set_weight for step in canary.steps[:index] if step is not None and step.set_weight is not None]
    return weights[-1] if weights else 0


class Verdict(NamedTuple):
    """`status` None: not there yet. 0: reached. Else the exit status of why it will not be reached, and `reason`.

    `transient`: it may still come right by itself; how long to wait for that is the caller's business.
    """

    status: int | None
    reason: str = ""
    transient: bool = False


WAITING = Verdict(None)
DONE = Verdict(REACHED)


class Terms(NamedTuple):
    """How goals are meant. `through_pauses`: pauses without an end are no reason to give up.

    `final`: one release is meant, begun by an action: once it is over, nothing more is to come.
    `path_text` evaluates a JSONPath on an object.
    """

    any: bool = False
    through_pauses: bool = False
    final: bool = False
    path_text: Any = None


def verdict(goals: tuple[Goal, ...], found: Facts | None, runs: tuple[Run, ...], terms: Terms) -> Verdict:
    """Judge a rollout (None: it is not there) by all goals, or with `terms.any` by whichever is reached."""
    judged = [_judge(goal, found, runs, terms) for goal in goals]
    if terms.any:
        if any(each.status == REACHED for each in judged):
            return DONE
        open_ones = [each for each in judged if each.status is None]
        return open_ones[0] if open_ones else judged[0]
    failed = [each for each in judged if each.status]
    if failed:
        return min(failed, key=lambda each: each.transient)
    return WAITING if any(each.status is None for each in judged) else DONE


def _judge(goal: Goal, found: Facts | None, runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if found is None:
        return DONE if goal.kind == "deleted" else Verdict(NOT_FOUND, "not found")
    if goal.kind == "deleted" or not found.observed:
        return WAITING
    return _RULES[goal.kind](goal, found, runs, terms)


def _healthy(_goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    return DONE if found.phase.status == "Healthy" else _obstacle(found, terms)


def _paused(_goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if found.phase.status == "Paused":
        return DONE
    return _over(found, terms, "finished without a pause") or _obstacle(found, terms)


def _degraded(_goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if found.phase.status == "Degraded":
        return DONE
    return _over(found, terms, "is healthy") or _pause(found, terms)


def _aborted(_goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if found.aborted:
        return DONE
    return _over(found, terms, "is healthy: there was nothing to abort") or _pause(found, terms)


def _available(_goal: Goal, found: Facts, _runs: tuple[Run, ...], _terms: Terms) -> Verdict:
    return DONE if _condition_of(found, "available").lower() == "true" else WAITING


def _step(goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if goal.number > found.steps:
        return Verdict(ERROR, f"has {found.steps} steps")
    if found.aborted:
        return _obstacle(found, terms)
    return DONE if found.step >= goal.number else _obstacle(found, terms)


def _weight_reached(goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    canary = strategy_of(found.rollout).canary
    if canary is None:
        return Verdict(ERROR, "has no weights: it is no canary")
    if goal.number > max_weight(canary):
        return Verdict(ERROR, f"never has a weight above {max_weight(canary)}")
    if goal.number == 0:
        return DONE if found.weight == 0 else _over(found, terms, "is healthy") or _pause(found, terms)
    return DONE if found.weight >= goal.number else _obstacle(found, terms)


def _revision(goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    if found.revision > goal.number:
        return Verdict(ERROR, f"is at revision {found.revision} already")
    if found.revision == goal.number:
        return DONE
    return _over(found, terms, f"is healthy at revision {found.revision}") or WAITING


def _analysis(goal: Goal, found: Facts, runs: tuple[Run, ...], terms: Terms) -> Verdict:
    current = (found.rollout.status or NO_STATUS).current_pod_hash
    mine = [
        run
        for run in runs
        if run.is_called(goal.name)
        and (not current or (run.metadata.labels or {}).get(HASH_LABEL) == current)
        and _is_of_this_try(run, found)
    ]
    if not mine:
        return _over(found, terms, f"finished without an analysis {goal.name}") or _obstacle(found, terms)
    newest = max(mine, key=lambda run: (run.metadata.creation_timestamp or "", run.metadata.name))
    reached = (newest.status.phase if newest.status else None) or "Pending"
    if reached == goal.value:
        return DONE
    if reached not in COMPLETED_ANALYSIS:
        return WAITING
    message = (newest.status.message if newest.status else None) or ""
    reason = f"analysis run {newest.metadata.name} is {reached}" + (f": {message}" if message else "")
    return Verdict(ERROR if reached == "Successful" else DEGRADED, reason)


_NAMED_BY = {
    "Step": ("canary", "currentStepAnalysisRunStatus"),
    "Background": ("canary", "currentBackgroundAnalysisRunStatus"),
    "PrePromotion": ("blueGreen", "prePromotionAnalysisRunStatus"),
    "PostPromotion": ("blueGreen", "postPromotionAnalysisRunStatus"),
}


def _is_of_this_try(run: Run, found: Facts) -> bool:
    """Whether a run belongs to the release that is under way, and not to one of the same revision that was aborted and
    is tried again (spec/controller.md §6.4, §9.3): the status names the runs of this one while it is at them.
    """
    labels = run.metadata.labels or {}
    kind = labels.get("rollout-type") or ""
    status = found.rollout.status or NO_STATUS
    if kind not in _NAMED_BY or found.aborted or (status.stable_rs and status.stable_rs == status.current_pod_hash):
        return True
    part, name = _NAMED_BY[kind]
    named = _mapping(_mapping(_mapping(found.raw, "status"), part), name).get("name") == run.metadata.name
    if kind != "Step":
        return named
    index = parse_int(labels.get("step-index"))
    return index is None or index < found.step or (index == found.step and named)


def _condition(goal: Goal, found: Facts, _runs: tuple[Run, ...], _terms: Terms) -> Verdict:
    return DONE if _condition_of(found, goal.name).lower() == goal.value else WAITING


def _json_path(goal: Goal, found: Facts, _runs: tuple[Run, ...], terms: Terms) -> Verdict:
    return DONE if terms.path_text(goal.name, found.raw) == goal.value else WAITING


_RULES = {
    "healthy": _healthy,
    "paused": _paused,
    "degraded": _degraded,
    "aborted": _aborted,
    "available": _available,
    "step": _step,
    "weight": _weight_reached,
    "revision": _revision,
    "analysis": _analysis,
    "condition": _condition,
    "jsonpath": _json_path,
}


def _obstacle(found: Facts, terms: Terms) -> Verdict:
    """Why going on is not to be expected: aborted, degraded, or a pause that only a person ends."""
    if found.aborted:
        return Verdict(DEGRADED, f"is aborted: {found.phase.message}" if found.phase.message else "is aborted")
    if found.phase.status == "Degraded":
        return Verdict(DEGRADED, f"is degraded: {found.phase.message}", transient=True)
    return _pause(found, terms)


def _pause(found: Facts, terms: Terms) -> Verdict:
    if found.endless_pause and not terms.through_pauses:
        where = f" at step {found.step}/{found.steps}" if found.steps else ""
        return Verdict(PAUSED, f"is paused{where} until somebody promotes it ({found.endless_pause})")
    return WAITING


def _over(found: Facts, terms: Terms, why: str) -> Verdict | None:
    """The failure of a goal that the release of an action has passed by."""
    return Verdict(ERROR, why) if terms.final and found.phase.status == "Healthy" else None


def _condition_of(found: Facts, name: str) -> str:
    for condition in (found.rollout.status or NO_STATUS).conditions or ():
        if condition is not None and (condition.type or "").lower() == name:
            return condition.status or ""
    return ""


def _mapping(obj: Object, key: str) -> Object:
    value = obj.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def progress_line(found: Facts | None) -> str:
    """Where a rollout stands, in a line: `Progressing - more replicas … (step 1/4, weight 25)`."""
    if found is None:
        return "not found"
    text = found.phase.status
    if found.phase.message:
        text += f" - {found.phase.message}"
    if not found.steps:
        return text
    return f"{text} (step {min(found.step, found.steps)}/{found.steps}, weight {found.weight})"
