"""Objects of a release, made for tests: short, and shaped as the controller makes them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
CREATED = "2026-01-01T00:00:00Z"
HASH = "rollouts-pod-template-hash"


def owner(kind: str, name: str) -> list[Object]:
    """The ownerReferences of something that an object owns."""
    return [{"apiVersion": "v1", "kind": kind, "name": name, "uid": f"uid-{kind}-{name}", "controller": True}]


def meta(name: str, **more: Any) -> Object:
    """metadata."""
    return {"name": name, "namespace": "default", "creationTimestamp": CREATED, **more}


def rollout(name: str, current: str = "", stable: str = "", **status: Any) -> Object:
    """A canary rollout of two replicas."""
    return {
        "kind": "Rollout",
        "metadata": meta(name, generation=1),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        },
        "status": {
            "observedGeneration": "1",
            "phase": "Healthy",
            "currentPodHash": current,
            "stableRS": stable or current,
            "replicas": 2,
            "updatedReplicas": 2,
            "readyReplicas": 2,
            "availableReplicas": 2,
            **status,
        },
    }


def replica_set(
    parent: str, hash_: str, revision: int, *, kind: str = "Rollout", replicas: int = 2, name: str = ""
) -> Object:
    """A ReplicaSet of a rollout or an experiment; its labels as the controller sets them."""
    labels = {HASH: hash_} if kind == "Experiment" else {"app": parent, HASH: hash_}
    return {
        "kind": "ReplicaSet",
        "metadata": meta(
            name or f"{parent}-{hash_}",
            generation=1,
            labels=labels,
            annotations={"rollout.argoproj.io/revision": str(revision)},
            ownerReferences=owner(kind, parent),
        ),
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{"name": "main", "image": f"img:{hash_}"}]}},
        },
        "status": {"replicas": replicas, "availableReplicas": replicas, "observedGeneration": 1},
    }


def pod(replica_set_name: str, hash_: str, suffix: str, app: str = "") -> Object:
    """A running pod."""
    return {
        "kind": "Pod",
        "metadata": meta(
            f"{replica_set_name}-{suffix}",
            labels={"app": app or replica_set_name.rsplit("-", 1)[0], HASH: hash_},
            ownerReferences=owner("ReplicaSet", replica_set_name),
        ),
        "spec": {"containers": [{"name": "main", "image": f"img:{hash_}"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "main", "ready": True, "restartCount": 0, "state": {"running": {}}}],
        },
    }


def analysis_run(
    name: str, parent: str, hash_: str = "", *, kind: str = "Rollout", phase: str = "Running", revision: int = 1
) -> Object:
    """An AnalysisRun of a rollout (labelled with the hash) or of an experiment (without)."""
    return {
        "kind": "AnalysisRun",
        "metadata": meta(
            name,
            labels={HASH: hash_} if hash_ else {},
            annotations={"rollout.argoproj.io/revision": str(revision)},
            ownerReferences=owner(kind, parent),
        ),
        "spec": {},
        "status": {"phase": phase, "metricResults": [{"name": "m", "successful": 1}]},
    }


def experiment(
    name: str,
    parent: str,
    hash_: str,
    templates: list[Object],
    runs: list[str] | None = None,
    *,
    phase: str = "Running",
    revision: int = 1,
) -> Object:
    """An Experiment; `templates` are its status.templateStatuses."""
    return {
        "kind": "Experiment",
        "metadata": meta(
            name,
            labels={HASH: hash_} if hash_ else {},
            annotations={"rollout.argoproj.io/revision": str(revision)},
            ownerReferences=owner("Rollout", parent) if parent else [],
        ),
        "spec": {"templates": [{"name": template["name"]} for template in templates]},
        "status": {
            "phase": phase,
            "templateStatuses": templates,
            "analysisRuns": [{"name": run, "analysisRun": run, "phase": "Running"} for run in runs or []],
        },
    }


def simple(name: str = "web", hashes: tuple[str, ...] = ("aaaa", "bbbb"), pods: int = 2) -> list[Object]:
    """A rollout with a ReplicaSet for each hash, oldest first, and pods for the newest two."""
    objects = [rollout(name, hashes[-1], hashes[-2] if len(hashes) > 1 else hashes[-1])]
    for revision, hash_ in enumerate(hashes, 1):
        live = hash_ in hashes[-2:]
        objects.append(replica_set(name, hash_, revision, replicas=pods if live else 0))
        if live:
            objects += [pod(f"{name}-{hash_}", hash_, f"p{i}") for i in range(pods)]
    return objects


def full() -> list[Object]:
    """A rollout with an AnalysisRun and an Experiment that has ReplicaSets, pods and an AnalysisRun of its own."""
    templates = [
        {"name": "base", "replicas": 1, "podTemplateHash": "e111"},
        {"name": "next", "replicas": 1},
    ]
    return [
        *simple("web"),
        analysis_run("web-bbbb-2", "web", "bbbb", revision=2),
        experiment("web-bbbb-2-0", "web", "bbbb", templates, ["web-bbbb-2-0-check"], revision=2),
        replica_set("web-bbbb-2-0", "e111", 0, kind="Experiment", name="web-bbbb-2-0-base", replicas=1),
        replica_set("web-bbbb-2-0", "e222", 0, kind="Experiment", name="web-bbbb-2-0-next", replicas=1),
        pod("web-bbbb-2-0-base", "e111", "x", app="web"),
        pod("web-bbbb-2-0-next", "e222", "y", app="web"),
        analysis_run("web-bbbb-2-0-check", "web-bbbb-2-0", kind="Experiment"),
    ]
