"""The clusters that are measured, as plain objects of the size that real ones have.

Sizes follow what the reference was measured on: a pod of about 3.8 kB, a rollout of about 11 kB; the crowded namespace
is 180 rollouts, 900 ReplicaSets and 9,000 pods.
"""

from __future__ import annotations

import hashlib
from typing import Any

Object = dict[str, Any]
NAMESPACE = "default"
CREATED = "2026-01-01T00:00:00Z"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _uid(*parts: object) -> str:
    digits = hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def _fields(kind: str, depth: int) -> Object:
    """What a server adds to metadata.managedFields: bytes that a client has to skip."""
    return {
        "manager": kind,
        "operation": "Update",
        "apiVersion": "v1",
        "time": CREATED,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {f"f:field{i}": {".": {}, "f:name": {}, "f:value": {}} for i in range(depth)}},
    }


def _template(name: str, image: str, labels: dict[str, str]) -> Object:
    return {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [
                {
                    "name": name,
                    "image": image,
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "env": [{"name": f"SETTING_{i}", "value": f"value-of-setting-{i}"} for i in range(8)],
                    "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "Always",
                }
            ],
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    }


def rollout(name: str, revisions: int, pods: int) -> list[Object]:
    """One canary rollout at its first pause, with `revisions` ReplicaSets; the newest two share `pods` pods."""
    uid = _uid("rollout", name)
    hashes = [_hash(f"{name}/{revision}") for revision in range(1, revisions + 1)]
    stable, canary = hashes[-2], hashes[-1]
    labels = {"app": name}
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    canary_pods = max(1, pods // 5)
    steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]
    objects: list[Object] = [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "uid": uid,
                "generation": revisions,
                "resourceVersion": "1000",
                "creationTimestamp": CREATED,
                "labels": labels,
                "annotations": {"rollout.argoproj.io/revision": str(revisions)},
                "managedFields": [_fields("kubectl", 40), _fields("rollouts-controller", 60)],
            },
            "spec": {
                "replicas": pods,
                "selector": {"matchLabels": labels},
                "strategy": {"canary": {"steps": steps}},
                "template": _template(name, f"registry.test/{name}:{revisions}", labels),
            },
            "status": {
                "HPAReplicas": pods,
                "availableReplicas": pods,
                "readyReplicas": pods,
                "replicas": pods,
                "updatedReplicas": canary_pods,
                "canary": {},
                "blueGreen": {},
                "currentPodHash": canary,
                "stableRS": stable,
                "currentStepIndex": 1,
                "currentStepHash": "6b9b5d4f6c",
                "controllerPause": True,
                "observedGeneration": str(revisions),
                "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": CREATED}],
                "phase": "Paused",
                "message": "CanaryPauseStep",
                "selector": f"app={name}",
                "conditions": [
                    {
                        "type": kind,
                        "status": "True",
                        "reason": f"{kind}Reason",
                        "message": f"Rollout {name} has the condition {kind}, as a controller would word it",
                        "lastUpdateTime": CREATED,
                        "lastTransitionTime": CREATED,
                    }
                    for kind in ("Available", "Progressing", "Paused", "Completed", "Healthy")
                ],
            },
        }
    ]
    counts = {stable: pods - canary_pods, canary: canary_pods}
    for revision, digest in enumerate(hashes, 1):
        replicas = counts.get(digest, 0)
        rs_name, rs_uid = f"{name}-{digest}", _uid("rs", name, digest)
        rs_labels = {**labels, "rollouts-pod-template-hash": digest}
        objects.append(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": rs_name,
                    "namespace": NAMESPACE,
                    "uid": rs_uid,
                    "generation": 2,
                    "creationTimestamp": CREATED,
                    "labels": rs_labels,
                    "annotations": {"rollout.argoproj.io/revision": str(revision)},
                    "ownerReferences": [owner],
                    "managedFields": [_fields("rollouts-controller", 40)],
                },
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": rs_labels},
                    "template": _template(name, f"registry.test/{name}:{revision}", rs_labels),
                },
                "status": {
                    "replicas": replicas,
                    "readyReplicas": replicas,
                    "availableReplicas": replicas,
                    "observedGeneration": 2,
                },
            }
        )
        objects += [_pod(name, rs_name, rs_uid, rs_labels, revision, index) for index in range(replicas)]
    return objects


def _pod(app: str, rs_name: str, rs_uid: str, labels: dict[str, str], revision: int, index: int) -> Object:
    name = f"{rs_name}-{_hash(f'{rs_name}/{index}')[:5]}"
    template = _template(app, f"registry.test/{app}:{revision}", labels)
    started = {"running": {"startedAt": CREATED}}
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": f"{rs_name}-",
            "namespace": NAMESPACE,
            "uid": _uid("pod", name),
            "creationTimestamp": CREATED,
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": rs_name,
                    "uid": rs_uid,
                    "controller": True,
                }
            ],
            "managedFields": [_fields("rollouts-controller", 20), _fields("kubelet", 20)],
        },
        "spec": {**template["spec"], "nodeName": f"node-{index % 7}", "serviceAccountName": "default"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": CREATED} for kind in conditions],
            "hostIP": "10.0.0.1",
            "podIP": f"10.1.{index // 250}.{index % 250}",
            "startTime": CREATED,
            "containerStatuses": [
                {
                    "name": app,
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "state": started,
                    "lastState": {},
                    "image": template["spec"]["containers"][0]["image"],
                    "imageID": f"registry.test/{app}@sha256:{hashlib.sha256(app.encode()).hexdigest()}",
                    "containerID": f"containerd://{hashlib.sha256(name.encode()).hexdigest()}",
                }
            ],
        },
    }


def small() -> list[Object]:
    """Two rollouts of five pods: a namespace as most are."""
    return rollout("web", 2, 5) + rollout("api", 2, 5)


def crowded() -> list[Object]:
    """10,080 objects: 180 rollouts, 900 ReplicaSets, 9,000 pods; `web` is one of them."""
    return [item for index in range(180) for item in rollout("web" if index == 90 else f"app-{index}", 5, 50)]


def many_rollouts() -> list[Object]:
    """5,180 rollouts; `web` has its ReplicaSets and pods, the others are the rollout alone."""
    objects = rollout("web", 2, 5)
    for index in range(5179):
        objects.append(rollout(f"app-{index}", 2, 5)[0])
    return objects


CLUSTERS = {"small": small, "crowded": crowded, "rollouts": many_rollouts}
