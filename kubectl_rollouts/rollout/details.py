"""What a release is doing beyond what its tree shows: steps, pauses and their ends, conditions, measurements.

Details are infos (`info.py`) with more fields: whatever shows an info shows details, too. Instants, no ages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.detailed import DetailedMetric, DetailedStatus, DetailedStep
from kubectl_rollouts.rollout.experiments import ExperimentInfo
from kubectl_rollouts.rollout.info import RolloutInfo
from kubectl_rollouts.rollout.owners import created, revision
from kubectl_rollouts.rollout.phase import parse_int
from kubectl_rollouts.rollout.rows import experiment_row
from kubectl_rollouts.rollout.times import object_time, parse_duration
from kubectl_rollouts.rollout.weights import current_step_index, max_weight, strategy_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_rollouts.rollout.detailed import DetailedPod, DetailedRollout, DetailedRun, DetailedSpec
    from kubectl_rollouts.rollout.objects import AnalysisRun, Experiment, ObjectMeta, Pod

STEP_INDEX_LABEL = "step-index"
_HASH_LABEL = "rollouts-pod-template-hash"

STEP_KINDS = (
    "setWeight",
    "pause",
    "analysis",
    "experiment",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)
_NO_STEP = DetailedStep()


class MetaInfo(Struct, frozen=True):
    """What identifies an object and its version; `created` in epoch seconds (None: not said)."""

    uid: str = ""
    created: float | None = None
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    deleting: bool = False


class StepInfo(Struct, frozen=True):
    """One step of a canary.

    `kind` is of STEP_KINDS ("" for one that is not known), `weight` that of setWeight, `seconds` how long a pause lasts
    (None: until somebody promotes), `state` done, current or pending, `began` the instant (None: nothing tells).
    """

    index: int
    kind: str
    weight: int | None
    seconds: float | None
    state: str
    began: float | None


class PauseInfo(Struct, frozen=True):
    """A pause under way: its reason, when it began, when it will end by itself (None: never)."""

    reason: str
    began: float | None
    ends: float | None


class ConditionInfo(Struct, frozen=True):
    """A condition; times as the object says them."""

    type: str
    status: str
    reason: str
    message: str
    updated: str
    changed: str


class MetricDetails(Struct, frozen=True):
    """A metric of an analysis run: how its measurements turned out, and the last of them."""

    name: str
    phase: str
    message: str
    successful: int
    failed: int
    inconclusive: int
    error: int
    value: str
    measured: str


class RunDetails(Struct, frozen=True):
    """An analysis run: why it is in its phase, and what it measured."""

    message: str
    metrics: list[MetricDetails]


class PodDetails(Struct, frozen=True):
    """Where a pod runs."""

    node: str
    ip: str


class RolloutDetails(RolloutInfo, frozen=True):
    """A rollout with what its tree does not show. `runs` and `pods` are by name; `whole`: what it owns was read;
    `gone`: it was deleted, and this is what it was last.
    """

    meta: MetaInfo
    observed: bool
    aborted: bool
    promoting_fully: bool
    revision: int
    max_weight: int | None
    step_index: int | None
    steps: list[StepInfo]
    pauses: list[PauseInfo]
    conditions: list[ConditionInfo]
    template_images: list[str]
    runs: dict[str, RunDetails]
    pods: dict[str, PodDetails]
    whole: bool
    gone: bool = False


class ExperimentDetails(ExperimentInfo, frozen=True):
    """An experiment with what its tree does not show; `duration` in seconds, `ends` an instant (None: not known)."""

    meta: MetaInfo
    duration: float | None
    ends: float | None
    runs: dict[str, RunDetails]
    pods: dict[str, PodDetails]
    whole: bool
    gone: bool = False


def rollout_details(
    info: RolloutInfo,
    rollout: DetailedRollout,
    *,
    runs: Sequence[AnalysisRun] = (),
    pods: Sequence[Pod] = (),
    whole: bool = True,
) -> RolloutDetails:
    """The details of a rollout, `info` being its facts. Raises Failure when a time in an object is not one.

    `runs` and `pods` are those of its tree, its experiments' among them. `whole` False: only the rollout was read.
    """
    status = rollout.status or DetailedStatus()
    canary = strategy_name(rollout) == "Canary"
    spec = rollout.spec
    current = current_step_index(rollout) if canary else None
    observed = parse_int(status.observed_generation)
    pauses = _pauses(rollout, current)
    template = spec.template.spec if spec is not None and spec.template is not None else None
    return RolloutDetails(
        **asdict(info),
        meta=meta_info(rollout.metadata, "Rollout"),
        observed=observed is None or observed >= (rollout.metadata.generation or 0),
        aborted=bool(status.abort),
        promoting_fully=bool(status.promote_full),
        revision=revision(rollout.metadata),
        max_weight=_max_weight(spec) if canary else None,
        step_index=current,
        steps=_steps(rollout, current, pauses, runs, info.experiments) if canary else [],
        pauses=pauses,
        conditions=[
            ConditionInfo(
                one.type or "",
                one.status or "",
                one.reason or "",
                one.message or "",
                one.last_update_time or "",
                one.last_transition_time or "",
            )
            for one in status.conditions or ()
            if one is not None
        ],
        template_images=[one.image or "" for one in (template.containers if template else None) or () if one],
        runs=_run_details(runs),
        pods=_pod_details(pods),
        whole=whole,
    )


def experiment_details(
    info: ExperimentInfo,
    experiment: Experiment,
    *,
    runs: Sequence[AnalysisRun] = (),
    pods: Sequence[Pod] = (),
    whole: bool = True,
) -> ExperimentDetails:
    """The details of an experiment, `info` being its facts. Raises Failure when a time in an object is not one."""
    row = experiment_row(experiment)
    return ExperimentDetails(
        **asdict(info),
        meta=meta_info(experiment.metadata, "Experiment"),
        duration=row.duration,
        ends=row.ends,
        runs=_run_details(runs),
        pods=_pod_details(pods),
        whole=whole,
    )


def meta_info(meta: ObjectMeta, kind: str) -> MetaInfo:
    """What identifies an object. Raises Failure when its creation time is no time."""
    return MetaInfo(
        uid=meta.uid or "",
        created=created(meta, kind),
        generation=meta.generation or 0,
        resource_version=meta.resource_version or "",
        labels={key: value or "" for key, value in (meta.labels or {}).items()},
        annotations={key: value or "" for key, value in (meta.annotations or {}).items()},
        deleting=meta.deletion_timestamp is not None,
    )


# --- Steps and pauses ----------------------------------------------------------------------------------------------


def _max_weight(spec: DetailedSpec | None) -> int | None:
    canary = spec.strategy.canary if spec is not None and spec.strategy is not None else None
    return max_weight(canary) if canary is not None else None


def _steps(
    rollout: DetailedRollout,
    current: int | None,
    pauses: list[PauseInfo],
    runs: Sequence[AnalysisRun],
    experiments: Sequence[ExperimentInfo],
) -> list[StepInfo]:
    spec = rollout.spec
    canary = spec.strategy.canary if spec is not None and spec.strategy is not None else None
    steps = (canary.steps if canary is not None else None) or []
    began = {
        **_experiment_begins(rollout, current, experiments),
        **_plugin_begins(rollout),
        **_analysis_begins(rollout, runs),
    }
    if current is not None:
        began = {index: moment for index, moment in began.items() if index <= current}  # later ones are of a former try
        paused = next((pause.began for pause in pauses if pause.reason == "CanaryPauseStep"), None)
        if paused is not None:
            began[current] = paused
    if rollout.status is not None and rollout.status.abort:
        began = {}  # what there is is of the try that was aborted
    return [_step(index, step or _NO_STEP, current, began.get(index)) for index, step in enumerate(steps)]


def _step(index: int, step: DetailedStep, current: int | None, began: float | None) -> StepInfo:
    kind = next((kind for kind in STEP_KINDS if getattr(step, _attribute(kind)) is not None), "")
    state = "done" if current is None or index < current else "current" if index == current else "pending"
    seconds = pause_seconds(step.pause.duration) if step.pause is not None else None
    return StepInfo(index, kind, step.set_weight, seconds, state, began)


def _attribute(kind: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in kind)


def pause_seconds(duration: float | str | None) -> float | None:
    """How long a pause lasts: a number of seconds, as text too, or a Go duration's whole ones (resources.md §12).

    None: nothing ends it.
    """
    if duration is None:
        return None
    if not isinstance(duration, str):
        return float(duration)
    number = parse_int(duration)
    if number is not None:
        return float(number)
    try:
        return float(int(parse_duration(duration) / 1e9))
    except Failure:
        return None


def _pauses(rollout: DetailedRollout, current: int | None) -> list[PauseInfo]:
    status = rollout.status or DetailedStatus()
    name = rollout.metadata.name
    pauses = []
    for one in status.pause_conditions or ():
        if one is None:
            continue
        began = object_time(one.start_time, "Rollout", name, "status.pauseConditions.startTime")
        seconds = _seconds_of(rollout, one.reason or "", current)
        ends = began + seconds if began is not None and seconds is not None else None
        pauses.append(PauseInfo(one.reason or "", began, ends))
    return pauses


def _seconds_of(rollout: DetailedRollout, reason: str, current: int | None) -> float | None:
    """How long a pause lasts (spec/controller.md §5.3): as its step says, or the seconds of automatic promotion."""
    strategy = rollout.spec.strategy if rollout.spec is not None else None
    if strategy is None:
        return None
    if reason == "CanaryPauseStep" and strategy.canary is not None and current is not None:
        step = (strategy.canary.steps or [])[current]
        return pause_seconds(step.pause.duration) if step is not None and step.pause is not None else None
    blue_green = strategy.blue_green
    if reason == "BlueGreenPause" and blue_green is not None and blue_green.auto_promotion_enabled is not False:
        return float(blue_green.auto_promotion_seconds) if blue_green.auto_promotion_seconds else None
    return None


def _analysis_begins(rollout: DetailedRollout, runs: Sequence[AnalysisRun]) -> dict[int, float]:
    """When the steps began that ran an analysis, of the newest revision: of several tries the runs of the last."""
    current = (rollout.status or DetailedStatus()).current_pod_hash or ""
    uid = rollout.metadata.uid
    begins: dict[int, float] = {}
    for run in runs:
        labels = run.metadata.labels or {}
        index = parse_int(labels.get(STEP_INDEX_LABEL))
        mine = any(owner is not None and owner.uid == uid for owner in run.metadata.owner_references or ())
        moment = created(run.metadata, "AnalysisRun")
        if index is None or moment is None or not mine or labels.get(_HASH_LABEL) != current:
            continue
        begins[index] = max(moment, begins.get(index, moment))
    return begins


def _experiment_begins(
    rollout: DetailedRollout, current: int | None, experiments: Sequence[ExperimentInfo]
) -> dict[int, float]:
    """When the steps began that ran an experiment (spec/controller.md §10): the status names that of the current one,
    those before have names of their own unless a step was tried more than once.
    """
    status = rollout.status or DetailedStatus()
    running = (status.canary.current_experiment if status.canary is not None else None) or ""
    prefix = f"{rollout.metadata.name}-{status.current_pod_hash}-{revision(rollout.metadata)}-"
    created = {one.name: one.created for one in experiments if one.created is not None}
    begins = {}
    for name, moment in created.items():
        index = parse_int(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if index is not None and not any(other.startswith(name) for other in created.keys() - {name}):
            begins[index] = moment
    if current is not None:
        begins.pop(current, None)
        if running in created:
            begins[current] = created[running]
    return begins


def _plugin_begins(rollout: DetailedRollout) -> dict[int, float]:
    """When the steps began that ran a plugin: the status says so."""
    canary = (rollout.status or DetailedStatus()).canary
    begins = {}
    for one in (canary.step_plugin_statuses if canary is not None else None) or ():
        if one is not None and one.index is not None and one.operation == "Run":
            field = "status.canary.stepPluginStatuses.startedAt"
            moment = object_time(one.started_at, "Rollout", rollout.metadata.name, field)
            if moment is not None:
                begins[one.index] = moment
    return begins


# --- What it owns --------------------------------------------------------------------------------------------------


def _run_details(runs: Sequence[AnalysisRun]) -> dict[str, RunDetails]:
    return {run.metadata.name or "": _one_run(run) for run in runs}  # type: ignore[arg-type]  # chosen by who reads


def _one_run(run: DetailedRun) -> RunDetails:
    status = run.status
    results = (status.metric_results if status is not None else None) or ()
    return RunDetails(
        message=(status.message if status is not None else None) or "",
        metrics=[_metric(result) for result in results if result is not None],
    )


def _metric(result: DetailedMetric) -> MetricDetails:
    last = next((one for one in reversed(result.measurements or ()) if one is not None), None)
    return MetricDetails(
        name=result.name or "",
        phase=result.phase or "",
        message=result.message or (last.message if last is not None else None) or "",
        successful=result.successful or 0,
        failed=result.failed or 0,
        inconclusive=result.inconclusive or 0,
        error=result.error or 0,
        value=(last.value if last is not None else None) or "",
        measured=(last.finished_at or last.started_at if last is not None else None) or "",
    )


def _pod_details(pods: Sequence[Pod]) -> dict[str, PodDetails]:
    return {pod.metadata.name or "": _one_pod(pod) for pod in pods}  # type: ignore[arg-type]  # chosen by who reads


def _one_pod(pod: DetailedPod) -> PodDetails:
    return PodDetails(
        node=(pod.spec.node_name if pod.spec is not None else None) or "",
        ip=(pod.status.pod_ip if pod.status is not None else None) or "",
    )
