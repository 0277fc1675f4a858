"""Objects of the cluster as the tests of facts and screens write them: JSON in, typed objects out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.info import (
    ExperimentInfo,
    ExperimentObjects,
    RolloutInfo,
    RolloutObjects,
    experiment_screen_info,
    rollout_info,
)

T = TypeVar("T")
Json = dict[str, Any]

# Noon of some day: what the specification's samples call now.
NOON = datetime(2026, 8, 17, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 86400


def at(epoch: float) -> str:
    """An instant as the API writes it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(seconds: float) -> str:
    """The instant so many seconds before noon."""
    return at(NOON - seconds)


def typed(type_: type[T], value: Json) -> T:
    """An object as it comes through the socket."""
    return msgspec.json.decode(msgspec.json.encode(value), type=type_)


def meta(name: str, owner: str | None = None, age: float | None = HOUR, **more: Any) -> Json:
    """metadata of an object whose uid is its name; `owner` is the uid of its owner."""
    made: Json = {"name": name, "namespace": "ns", "uid": name, **more}
    if owner is not None:
        made["ownerReferences"] = [{"uid": owner}]
    if age is not None:
        made["creationTimestamp"] = ago(age)
    return made


def rollout(spec: Json | None = None, status: Json | None = None, name: str = "r", **more: Any) -> Json:
    """A rollout."""
    return {"kind": "Rollout", "metadata": meta(name, **more), "spec": spec or {}, "status": status or {}}


def replica_set(
    name: str,
    pod_hash: str = "",
    revision: int | str | None = 1,
    *,
    owner: str = "r",
    images: Iterable[str] = (),
    replicas: int = 1,
    status: Json | None = None,
    spec: Json | None = None,
    annotations: Json | None = None,
    **more: Any,
) -> Json:
    """A ReplicaSet, all of its pods available unless `status` says otherwise."""
    notes = {} if revision is None else {"rollout.argoproj.io/revision": str(revision)}
    labels = {"rollouts-pod-template-hash": pod_hash} if pod_hash else {}
    template = {"spec": {"containers": [{"name": image, "image": image} for image in images]}}
    return {
        "kind": "ReplicaSet",
        "metadata": meta(name, owner, labels=labels, annotations={**notes, **(annotations or {})}, **more),
        "spec": {"replicas": replicas, "template": template, **(spec or {})},
        "status": {"replicas": replicas, "availableReplicas": replicas, **(status or {})},
    }


def pod(name: str, owner: str, spec: Json | None = None, status: Json | None = None, **more: Any) -> Json:
    """A pod; unless told otherwise it has one container, which runs and is ready."""
    running = {"name": "c", "ready": True, "restartCount": 0, "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": meta(name, owner, **more),
        "spec": {"containers": [{"name": "c"}]} if spec is None else spec,
        "status": {"phase": "Running", "containerStatuses": [running]} if status is None else status,
    }


def analysis_run(name: str, owner: str = "r", revision: int = 1, status: Json | None = None, **more: Any) -> Json:
    """An AnalysisRun."""
    annotations = {"rollout.argoproj.io/revision": str(revision)}
    return {
        "kind": "AnalysisRun",
        "metadata": meta(name, owner, annotations=annotations, **more),
        "status": {"phase": "Running"} if status is None else status,
    }


def experiment(
    name: str,
    owner: str = "r",
    revision: int = 1,
    status: Json | None = None,
    spec: Json | None = None,
    **more: Any,
) -> Json:
    """An Experiment."""
    annotations = {"rollout.argoproj.io/revision": str(revision)}
    return {
        "kind": "Experiment",
        "metadata": meta(name, owner, annotations=annotations, **more),
        "spec": spec or {},
        "status": {"phase": "Running"} if status is None else status,
    }


def _kind(values: Iterable[Json], type_: type[T]) -> list[T]:
    return [typed(type_, value) for value in values if value["kind"] == type_.__name__]


def rollout_objects(*values: Json) -> RolloutObjects:
    """The first rollout among objects, with all the others."""
    return RolloutObjects(
        rollout=_kind(values, objects.Rollout)[0],
        replica_sets=_kind(values, objects.ReplicaSet),
        pods=_kind(values, objects.Pod),
        experiments=_kind(values, objects.Experiment),
        analysis_runs=_kind(values, objects.AnalysisRun),
    )


def facts(*values: Json) -> RolloutInfo:
    """The facts of the first rollout among objects."""
    return rollout_info(rollout_objects(*values))


def experiment_facts(*values: Json) -> ExperimentInfo:
    """The facts of the first experiment among objects."""
    return experiment_screen_info(
        ExperimentObjects(
            experiment=_kind(values, objects.Experiment)[0],
            replica_sets=_kind(values, objects.ReplicaSet),
            pods=_kind(values, objects.Pod),
            analysis_runs=_kind(values, objects.AnalysisRun),
        )
    )
