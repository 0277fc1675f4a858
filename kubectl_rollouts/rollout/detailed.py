"""The objects again, with the fields that only structured output and a terminal's extras read.

The plain commands decode `objects.py`; each field here would cost them time. These are the same types with more
fields, so every rule for the plain ones holds for them.
"""

from __future__ import annotations

from msgspec import Struct, field

from kubectl_rollouts.rollout.objects import (
    AnalysisRun,
    AnalysisRunStatus,
    BlueGreenStrategy,
    CanaryStatus,
    CanaryStep,
    CanaryStrategy,
    Condition,
    Measurement,
    MetricResult,
    Pod,
    PodSpec,
    PodStatus,
    Present,
    Rollout,
    RolloutSpec,
    RolloutStatus,
    Strategy,
)

# Decoded and never written to, so that lists of more special items do no harm: hence the ignored assignments.


class Pause(Struct, frozen=True):
    """The pause of a step; without a duration it lasts until somebody promotes."""

    duration: int | float | str | None = None


class DetailedStep(CanaryStep, frozen=True, rename="camel"):
    """One canary step: exactly one field is set."""

    pause: Pause | None = None
    analysis: Present | None = None
    experiment: Present | None = None
    set_canary_scale: Present | None = None
    set_header_route: Present | None = None
    set_mirror_route: Present | None = None
    plugin: Present | None = None


class DetailedCanary(CanaryStrategy, frozen=True, rename="camel"):
    """spec.strategy.canary with whole steps."""

    steps: list[DetailedStep | None] | None = None  # type: ignore[assignment]


class DetailedBlueGreen(BlueGreenStrategy, frozen=True, rename="camel"):
    """spec.strategy.blueGreen with what ends its pause."""

    auto_promotion_enabled: bool | None = None
    auto_promotion_seconds: int | None = None


class DetailedStrategy(Strategy, frozen=True, rename="camel"):
    """spec.strategy."""

    canary: DetailedCanary | None = None
    blue_green: DetailedBlueGreen | None = None


class DetailedSpec(RolloutSpec, frozen=True, rename="camel"):
    """spec of a Rollout."""

    strategy: DetailedStrategy | None = None


class DetailedCondition(Condition, frozen=True, rename="camel"):
    """One entry of status.conditions with its times."""

    last_update_time: str | None = None
    last_transition_time: str | None = None


class DetailedPluginStatus(Struct, frozen=True, rename="camel"):
    """One entry of status.canary.stepPluginStatuses."""

    index: int | None = None
    operation: str | None = None
    started_at: str | None = None


class DetailedCanaryStatus(CanaryStatus, frozen=True, rename="camel"):
    """status.canary."""

    current_experiment: str | None = None
    step_plugin_statuses: list[DetailedPluginStatus | None] | None = None


class DetailedStatus(RolloutStatus, frozen=True, rename="camel"):
    """status of a Rollout."""

    conditions: list[DetailedCondition | None] | None = None  # type: ignore[assignment]
    promote_full: bool | None = None
    canary: DetailedCanaryStatus | None = None


class DetailedRollout(Rollout, frozen=True):
    """A Rollout."""

    spec: DetailedSpec | None = None
    status: DetailedStatus | None = None


class DetailedPodSpec(PodSpec, frozen=True, rename="camel"):
    """spec of a Pod."""

    node_name: str | None = None


class DetailedPodStatus(PodStatus, frozen=True, rename="camel"):
    """status of a Pod."""

    pod_ip: str | None = field(name="podIP", default=None)
    message: str | None = None


class DetailedPod(Pod, frozen=True):
    """A Pod."""

    spec: DetailedPodSpec | None = None
    status: DetailedPodStatus | None = None


class DetailedMeasurement(Measurement, frozen=True, rename="camel"):
    """One measurement with what was measured."""

    value: str | None = None
    message: str | None = None
    finished_at: str | None = None


class DetailedMetric(MetricResult, frozen=True):
    """One entry of status.metricResults with its outcome."""

    phase: str | None = None
    message: str | None = None
    measurements: list[DetailedMeasurement | None] | None = None  # type: ignore[assignment]


class DetailedRunStatus(AnalysisRunStatus, frozen=True, rename="camel"):
    """status of an AnalysisRun."""

    metric_results: list[DetailedMetric | None] | None = None  # type: ignore[assignment]
    started_at: str | None = None


class DetailedRun(AnalysisRun, frozen=True):
    """An AnalysisRun."""

    status: DetailedRunStatus | None = None
