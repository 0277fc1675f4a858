"""The computed facts as documents: RolloutView, ExperimentView and their lists (view/schema/v1.json, docs/output.md).

Documents hold instants, never ages, so two of them are equal when nothing has changed. A field whose value is not
known is left out; lists and counts are always there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_rollouts.rollout.details import ExperimentDetails
from kubectl_rollouts.rollout.info import revisions
from kubectl_rollouts.rollout.times import format_time
from kubectl_rollouts.view.output.formats import VIEW_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_rollouts.rollout.analysis import AnalysisRunInfo
    from kubectl_rollouts.rollout.details import (
        MetaInfo,
        MetricDetails,
        PodDetails,
        RolloutDetails,
        RunDetails,
        StepInfo,
    )
    from kubectl_rollouts.rollout.experiments import ExperimentInfo, ImageInfo
    from kubectl_rollouts.rollout.pods import PodInfo
    from kubectl_rollouts.rollout.replica_sets import ReplicaSetInfo

    Document = dict[str, Any]

API_VERSION = f"{VIEW_GROUP}/v1"


def schema_text() -> str:
    """The JSON Schema of all documents, as it is shipped in the package."""
    from importlib.resources import files

    return files("kubectl_rollouts.view").joinpath("schema/v1.json").read_text(encoding="utf-8")


def view(details: RolloutDetails | ExperimentDetails, problems: Iterable[object] = ()) -> Document:
    """The document of one release; `problems` say what of it could not be read."""
    document = experiment_view(details) if isinstance(details, ExperimentDetails) else rollout_view(details)
    said = [str(problem) for problem in problems]
    return {**document, "problems": said} if said else document


def view_list(documents: list[Document], kind: str, resource_version: str) -> Document:
    """A list of documents of one kind ("RolloutView")."""
    return {
        "apiVersion": API_VERSION,
        "kind": f"{kind}List",
        "metadata": _without_blanks(resourceVersion=resource_version),
        "items": documents,
    }


def rollout_view(details: RolloutDetails) -> Document:
    """The document of a rollout. Of one read alone, without what it owns, `revisions` and the actual weight are not in
    it, and `images` are those of its template.
    """
    document: Document = {
        "apiVersion": API_VERSION,
        "kind": "RolloutView",
        "metadata": _meta(details.name, details.namespace, details.meta),
        "phase": details.status,
        "message": details.message,
        "strategy": details.strategy,
        "observed": details.observed,
        "aborted": details.aborted,
        "revision": details.revision,
        "replicas": {
            "desired": details.desired,
            "current": details.current,
            "updated": details.updated,
            "ready": details.ready,
            "available": details.available,
        },
        "pauses": [
            _without_blanks(reason=pause.reason, startedAt=_time(pause.began), endsAt=_time(pause.ends))
            for pause in details.pauses
        ],
        "conditions": [
            _without_blanks(
                type=one.type,
                status=one.status,
                reason=one.reason,
                message=one.message,
                lastUpdateTime=one.updated,
                lastTransitionTime=one.changed,
            )
            for one in details.conditions
        ],
        "images": _images(details.images) if details.whole else _template_images(details.template_images),
    }
    if details.strategy == "Canary":
        document["weights"] = _weights(details)
        document["steps"] = [_step(step) for step in details.steps]
        if details.step:
            document["step"] = _current_step(details)
    if details.whole:
        document["revisions"] = [
            {
                "revision": one.number,
                "replicaSets": [_replica_set(each, details.pods) for each in one.replica_sets],
                "experiments": [_experiment(each, details.pods, details.runs) for each in one.experiments],
                "analysisRuns": [_run(each, details.runs) for each in one.analysis_runs],
            }
            for one in revisions(details)
        ]
    return document


def experiment_view(details: ExperimentDetails) -> Document:
    """The document of an experiment by itself."""
    document: Document = {
        "apiVersion": API_VERSION,
        "kind": "ExperimentView",
        "metadata": _meta(details.name, details.namespace, details.meta),
        "phase": details.status,
        "message": details.message,
        "revision": details.revision,
        **_without_blanks(durationSeconds=_number(details.duration), endsAt=_time(details.ends)),
    }
    if details.whole:
        document["images"] = _images(details.images)
        document["replicaSets"] = [_replica_set(each, details.pods) for each in details.replica_sets]
        document["analysisRuns"] = [_run(each, details.runs) for each in details.analysis_runs]
    return document


# --- Parts ---------------------------------------------------------------------------------------------------------


def _meta(name: str, namespace: str, meta: MetaInfo) -> Document:
    document = _without_blanks(
        name=name,
        namespace=namespace,
        uid=meta.uid,
        creationTimestamp=_time(meta.created),
        resourceVersion=meta.resource_version,
        labels=meta.labels or None,
    )
    document["generation"] = meta.generation
    if meta.deleting:
        document["deleting"] = True
    return document


def _weights(details: RolloutDetails) -> Document:
    weights = {"set": int(details.set_weight), "max": details.max_weight}
    return {**weights, "actual": int(details.actual_weight)} if details.whole else weights


def _current_step(details: RolloutDetails) -> Document:
    """`index` is how many steps are done, as the reference shows it: beyond the last one it is `total`."""
    done, _, total = details.step.partition("/")
    document: Document = {"index": int(done), "total": int(total)}
    if details.step_index is not None:
        step = details.steps[details.step_index]
        document |= {key: value for key, value in _step(step).items() if key not in ("index", "state")}
        ends = next((pause.ends for pause in details.pauses if pause.reason == "CanaryPauseStep"), None)
        document |= _without_blanks(endsAt=_time(ends))
    return document


def _step(step: StepInfo) -> Document:
    return {
        "index": step.index,
        "type": step.kind or "unknown",
        "state": step.state,
        **_without_blanks(weight=step.weight, durationSeconds=_number(step.seconds), startedAt=_time(step.began)),
    }


def _images(images: Iterable[ImageInfo]) -> list[Document]:
    return [{"image": one.image, "tags": list(one.tags)} for one in images]


def _template_images(images: Iterable[str]) -> list[Document]:
    return [{"image": image, "tags": []} for image in sorted(set(images))]


def _replica_set(info: ReplicaSetInfo, pods: dict[str, PodDetails]) -> Document:
    return {
        "name": info.name,
        "revision": info.revision,
        "phase": info.status,
        "tags": list(info.tags),
        "images": info.images,
        "replicas": info.replicas,
        "available": info.available,
        **_without_blanks(
            creationTimestamp=_time(info.created), template=info.template, scaleDownAt=_time(info.scale_down_at)
        ),
        "pods": [_pod(pod, pods.get(pod.name)) for pod in info.pods],
    }


def _pod(info: PodInfo, details: PodDetails | None) -> Document:
    return {
        "name": info.name,
        "phase": info.status,
        "readyContainers": info.ready,
        "containers": info.total,
        "restarts": info.restarts,
        **_without_blanks(
            creationTimestamp=_time(info.created),
            node=details.node if details else "",
            ip=details.ip if details else "",
        ),
    }


def _experiment(info: ExperimentInfo, pods: dict[str, PodDetails], runs: dict[str, RunDetails]) -> Document:
    return {
        "name": info.name,
        "phase": info.status,
        "message": info.message,
        "images": _images(info.images),
        **_without_blanks(creationTimestamp=_time(info.created)),
        "replicaSets": [_replica_set(each, pods) for each in info.replica_sets],
        "analysisRuns": [_run(each, runs) for each in info.analysis_runs],
    }


def _run(info: AnalysisRunInfo, runs: dict[str, RunDetails]) -> Document:
    details = runs.get(info.name)
    return {
        "name": info.name,
        "phase": info.status,
        "message": details.message if details else "",
        "successful": info.successful,
        "failed": info.failed,
        "inconclusive": info.inconclusive,
        "error": info.error,
        **_without_blanks(creationTimestamp=_time(info.created)),
        "metrics": [_metric(metric) for metric in (details.metrics if details else ())],
        "jobs": [
            {"name": job.name, "phase": job.status, **_without_blanks(creationTimestamp=_time(job.created))}
            for job in info.jobs
        ],
    }


def _metric(metric: MetricDetails) -> Document:
    return {
        "name": metric.name,
        "phase": metric.phase,
        "message": metric.message,
        "successful": metric.successful,
        "failed": metric.failed,
        "inconclusive": metric.inconclusive,
        "error": metric.error,
        **_without_blanks(lastValue=metric.value, lastMeasuredAt=metric.measured),
    }


def _time(moment: float | None) -> str:
    return "" if moment is None else format_time(moment)


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


def _without_blanks(**fields: Any) -> Document:
    """The fields that are known: neither None nor an empty text."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
