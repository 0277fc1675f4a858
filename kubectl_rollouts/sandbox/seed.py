"""What every fresh cluster has: namespaces, a node, the service of the API, the definitions of the custom kinds."""

from __future__ import annotations

import time
from collections.abc import Iterable

from kubectl_rollouts.sandbox.kinds import KINDS, Kind
from kubectl_rollouts.sandbox.objects import Object, time_text
from kubectl_rollouts.sandbox.store import Store

NODE = "sandbox"


def seed(store: Store, now: float | None = None) -> None:
    """Create what is missing; what is there stays as it is."""
    moment = time.time() if now is None else now
    for obj in _objects(moment):
        metadata = obj["metadata"]
        if store.get(obj["kind"], metadata.get("namespace", ""), metadata["name"]) is None:
            status = obj.pop("status", None)
            store.create(obj)
            if status is not None:
                store.patch(obj["kind"], metadata.get("namespace", ""), metadata["name"], {"status": status}, "status")


def _objects(now: float) -> Iterable[Object]:
    for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield _node(now)
    yield {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": NODE, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": NODE, "leaseDurationSeconds": 40, "renewTime": time_text(now)[:-1] + ".000000Z"},
    }
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": "10.96.0.1",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    }
    for kind in KINDS:
        if kind.custom:
            yield _definition(kind, now)


def _node(now: float) -> Object:
    capacity = {"cpu": "64", "memory": "256Gi", "pods": "10000", "ephemeral-storage": "1Ti"}
    text = time_text(now)
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "the sandbox is ready",
        "lastHeartbeatTime": text,
        "lastTransitionTime": text,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE,
            "labels": {
                "kubernetes.io/hostname": NODE,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/control-plane": "",
            },
        },
        "spec": {"podCIDR": "10.244.0.0/16", "podCIDRs": ["10.244.0.0/16"]},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [ready],
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": NODE},
            ],
            "nodeInfo": {
                "kubeletVersion": "v1.32.4+sandbox",
                "kubeProxyVersion": "",
                "osImage": "none",
                "operatingSystem": "linux",
                "architecture": "amd64",
                "containerRuntimeVersion": "none",
                "kernelVersion": "none",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    }


def _definition(kind: Kind, now: float) -> Object:
    subresources: Object = {}
    if kind.status:
        subresources["status"] = {}
    if kind.scale:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.HPAReplicas",
            "labelSelectorPath": ".status.selector",
        }
    version: Object = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    if subresources:
        version["subresources"] = subresources
    names: Object = {
        "plural": kind.plural,
        "singular": kind.singular,
        "kind": kind.kind,
        "listKind": kind.list_kind,
    }
    if kind.short:
        names["shortNames"] = list(kind.short)
    text = time_text(now)
    condition = {"status": "True", "lastTransitionTime": text}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
        "status": {
            "conditions": [
                {"type": "NamesAccepted", "reason": "NoConflicts", "message": "no conflicts found", **condition},
                {
                    "type": "Established",
                    "reason": "InitialNamesAccepted",
                    "message": "the initial names have been accepted",
                    **condition,
                },
            ],
            "acceptedNames": names,
            "storedVersions": [kind.version],
        },
    }
