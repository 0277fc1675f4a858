"""The Kubernetes objects as far as this program reads them: typed views, decoded straight from the socket.

Only the fields that some rule reads are declared, so that a pod of 4 kB costs a few hundred bytes and decoding skips
the rest. Every field may be missing or null (Go's zero value then); a wrong type is an error of `msgspec` that names
the field. Sources: spec/resources.md §2.1, §2.7, §3, §4.2; spec/view.md §6.
"""

from __future__ import annotations

from msgspec import Struct, field


class OwnerReference(Struct, frozen=True, gc=False):
    """One entry of metadata.ownerReferences."""

    uid: str | None = None
    kind: str | None = None
    name: str | None = None
    controller: bool | None = None


class ObjectMeta(Struct, frozen=True, rename="camel"):
    """metadata, without managedFields and the like."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    generation: int | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None
    owner_references: list[OwnerReference | None] | None = None


class SelectorRequirement(Struct, frozen=True):
    """One entry of a selector's matchExpressions."""

    key: str | None = None
    operator: str | None = None
    values: list[str] | None = None


class LabelSelector(Struct, frozen=True, rename="camel"):
    """spec.selector."""

    match_labels: dict[str, str | None] | None = None
    match_expressions: list[SelectorRequirement] | None = None


class Condition(Struct, frozen=True):
    """One entry of status.conditions, of any kind."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None


# --- Pod templates -------------------------------------------------------------------------------------------------


class Container(Struct, frozen=True, rename="camel"):
    """A container of a pod or of a pod template."""

    name: str | None = None
    image: str | None = None
    restart_policy: str | None = None


class PodSpec(Struct, frozen=True, rename="camel"):
    """The spec of a pod or of a pod template."""

    containers: list[Container | None] | None = None
    init_containers: list[Container | None] | None = None


class PodTemplate(Struct, frozen=True):
    """spec.template of a Rollout, a ReplicaSet or a Deployment."""

    spec: PodSpec | None = None


# --- Rollout -------------------------------------------------------------------------------------------------------


class CanaryStep(Struct, frozen=True, rename="camel"):
    """One canary step, as far as the weight shown depends on it."""

    set_weight: int | None = None


class TrafficRouting(Struct, frozen=True, rename="camel"):
    """spec.strategy.canary.trafficRouting: that it is there, and its unit."""

    max_traffic_weight: int | None = None


class Present(Struct, frozen=True):
    """An object of which only the presence matters."""


class CanaryStrategy(Struct, frozen=True, rename="camel"):
    """spec.strategy.canary."""

    steps: list[CanaryStep | None] | None = None
    traffic_routing: TrafficRouting | None = None
    ping_pong: Present | None = None


class BlueGreenStrategy(Struct, frozen=True, rename="camel"):
    """spec.strategy.blueGreen."""

    post_promotion_analysis: Present | None = None


class Strategy(Struct, frozen=True, rename="camel"):
    """spec.strategy: one of the two is set."""

    canary: CanaryStrategy | None = None
    blue_green: BlueGreenStrategy | None = None


class WorkloadRef(Struct, frozen=True, rename="camel"):
    """spec.workloadRef."""

    api_version: str | None = None
    kind: str | None = None
    name: str | None = None


class RolloutSpec(Struct, frozen=True, rename="camel"):
    """spec of a Rollout."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate | None = None
    workload_ref: WorkloadRef | None = None
    strategy: Strategy | None = None
    paused: bool | None = None
    restart_at: str | None = None


class PauseCondition(Struct, frozen=True, rename="camel"):
    """One entry of status.pauseConditions."""

    reason: str | None = None
    start_time: str | None = None


class AnalysisRunStatusRef(Struct, frozen=True):
    """An analysis run as a rollout's status tells of it."""

    name: str | None = None
    status: str | None = None
    message: str | None = None


class WeightDestination(Struct, frozen=True):
    """The weight of one destination."""

    weight: int | None = None


class TrafficWeights(Struct, frozen=True):
    """status.canary.weights."""

    canary: WeightDestination | None = None


class CanaryStatus(Struct, frozen=True, rename="camel"):
    """status.canary."""

    weights: TrafficWeights | None = None
    stable_ping_pong: str | None = None
    current_step_analysis_run_status: AnalysisRunStatusRef | None = None


class BlueGreenStatus(Struct, frozen=True, rename="camel"):
    """status.blueGreen."""

    active_selector: str | None = None
    preview_selector: str | None = None
    post_promotion_analysis_run_status: AnalysisRunStatusRef | None = None


class RolloutStatus(Struct, frozen=True, rename="camel"):
    """status of a Rollout."""

    phase: str | None = None
    message: str | None = None
    observed_generation: str | None = None
    controller_pause: bool | None = None
    pause_conditions: list[PauseCondition | None] | None = None
    conditions: list[Condition | None] | None = None
    abort: bool | None = None
    restarted_at: str | None = None
    current_step_index: int | None = None
    current_pod_hash: str | None = None
    stable_rs: str | None = field(name="stableRS", default=None)
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    canary: CanaryStatus | None = None
    blue_green: BlueGreenStatus | None = None


class Rollout(Struct, frozen=True):
    """argoproj.io/v1alpha1 Rollout."""

    metadata: ObjectMeta = ObjectMeta()
    spec: RolloutSpec | None = None
    status: RolloutStatus | None = None


# --- What a rollout owns -------------------------------------------------------------------------------------------


class ReplicaSetSpec(Struct, frozen=True):
    """spec of a ReplicaSet."""

    replicas: int | None = None
    template: PodTemplate | None = None


class ReplicaSetStatus(Struct, frozen=True, rename="camel"):
    """status of a ReplicaSet."""

    replicas: int | None = None
    available_replicas: int | None = None
    observed_generation: int | None = None
    conditions: list[Condition | None] | None = None


class ReplicaSet(Struct, frozen=True):
    """apps/v1 ReplicaSet."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ReplicaSetSpec | None = None
    status: ReplicaSetStatus | None = None


class StateWaiting(Struct, frozen=True):
    """state.waiting of a container."""

    reason: str | None = None


class StateTerminated(Struct, frozen=True, rename="camel"):
    """state.terminated of a container."""

    reason: str | None = None
    exit_code: int | None = None
    signal: int | None = None


class ContainerState(Struct, frozen=True):
    """state of a container: one of the three is set."""

    waiting: StateWaiting | None = None
    running: Present | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(Struct, frozen=True, rename="camel"):
    """One entry of a pod's containerStatuses."""

    name: str | None = None
    ready: bool | None = None
    started: bool | None = None
    restart_count: int | None = None
    state: ContainerState | None = None


class PodStatus(Struct, frozen=True, rename="camel"):
    """status of a Pod."""

    phase: str | None = None
    reason: str | None = None
    init_container_statuses: list[ContainerStatus | None] | None = None
    container_statuses: list[ContainerStatus | None] | None = None


class Pod(Struct, frozen=True):
    """v1 Pod."""

    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec | None = None
    status: PodStatus | None = None


class Measurement(Struct, frozen=True, rename="camel"):
    """One measurement of a metric."""

    phase: str | None = None
    started_at: str | None = None
    metadata: dict[str, str | None] | None = None


class MetricResult(Struct, frozen=True):
    """One entry of an AnalysisRun's status.metricResults."""

    name: str | None = None
    successful: int | None = None
    failed: int | None = None
    inconclusive: int | None = None
    error: int | None = None
    measurements: list[Measurement | None] | None = None


class AnalysisRunStatus(Struct, frozen=True, rename="camel"):
    """status of an AnalysisRun."""

    phase: str | None = None
    message: str | None = None
    metric_results: list[MetricResult | None] | None = None


class AnalysisRun(Struct, frozen=True):
    """argoproj.io/v1alpha1 AnalysisRun."""

    metadata: ObjectMeta = ObjectMeta()
    status: AnalysisRunStatus | None = None


class ExperimentTemplate(Struct, frozen=True):
    """One entry of an Experiment's spec.templates."""

    name: str | None = None
    selector: LabelSelector | None = None


class ExperimentSpec(Struct, frozen=True):
    """spec of an Experiment."""

    duration: str | None = None
    templates: list[ExperimentTemplate | None] | None = None


class TemplateStatus(Struct, frozen=True, rename="camel"):
    """One entry of an Experiment's status.templateStatuses."""

    name: str | None = None
    replicas: int | None = None
    pod_template_hash: str | None = None


class ExperimentAnalysisRun(Struct, frozen=True, rename="camel"):
    """One entry of an Experiment's status.analysisRuns."""

    name: str | None = None
    analysis_run: str | None = None


class ExperimentStatus(Struct, frozen=True, rename="camel"):
    """status of an Experiment."""

    phase: str | None = None
    message: str | None = None
    available_at: str | None = None
    template_statuses: list[TemplateStatus | None] | None = None
    analysis_runs: list[ExperimentAnalysisRun | None] | None = None


class Experiment(Struct, frozen=True):
    """argoproj.io/v1alpha1 Experiment."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ExperimentSpec | None = None
    status: ExperimentStatus | None = None


class DeploymentSpec(Struct, frozen=True):
    """spec of a Deployment."""

    selector: LabelSelector | None = None


class Deployment(Struct, frozen=True):
    """apps/v1 Deployment, as a workloadRef names it."""

    metadata: ObjectMeta = ObjectMeta()
    spec: DeploymentSpec | None = None
