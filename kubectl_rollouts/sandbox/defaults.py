"""The defaults that an API server writes into the built-in kinds. Pure: objects come in, completed ones go out."""

from __future__ import annotations

from random import Random
from typing import Any

from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object

_RANDOM = Random()
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def with_defaults(kind: Kind, obj: Object) -> Object:
    """The object with the defaults of its kind; custom resources have theirs from their schema."""
    fill = _FILLERS.get(kind.kind)
    return obj if fill is None else fill(obj)


def _set(given: Any, **defaults: Any) -> Object:
    """A copy of a map in which missing and null keys have these values."""
    found = dict(given or {})
    for key, value in defaults.items():
        if found.get(key) is None:
            found[key] = value
    return found


def pod_template(template: Any) -> Object:
    """A pod template with the defaults of its pod spec."""
    found = dict(template or {})
    found["metadata"] = {k: v for k, v in (found.get("metadata") or {}).items() if v is not None}
    found["spec"] = pod_spec(found.get("spec"))
    return found


def pod_spec(spec: Any) -> Object:
    """A pod spec with its defaults."""
    found = _set(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    for key in ("containers", "initContainers"):
        if found.get(key):
            found[key] = [_container(item) for item in found[key]]
    if found.get("volumes"):
        found["volumes"] = [_volume(item) for item in found["volumes"]]
    if found.get("serviceAccountName"):
        found.setdefault("serviceAccount", found["serviceAccountName"])
    return found


def _container(given: Any) -> Object:
    image: str = (given or {}).get("image") or ""
    tag = image.rpartition("/")[2]
    latest = "@" not in tag and (":" not in tag or tag.endswith(":latest"))
    found = _set(
        given,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if latest else "IfNotPresent",
    )
    if found.get("ports"):
        found["ports"] = [_set(port, protocol="TCP") for port in found["ports"]]
    for name in _PROBES:
        if found.get(name):
            found[name] = _probe(found[name])
    if found.get("env"):
        found["env"] = [_variable(item) for item in found["env"]]
    limits = (found["resources"] or {}).get("limits")
    if limits:
        requests = _set(found["resources"].get("requests"), **limits)
        found["resources"] = {**found["resources"], "requests": requests}
    return found


def _probe(given: Any) -> Object:
    probe = _set(given, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if probe.get("httpGet"):
        probe["httpGet"] = _set(probe["httpGet"], path="/", scheme="HTTP")
    if probe.get("grpc"):
        probe["grpc"] = _set(probe["grpc"], service="")
    return probe


def _variable(given: Any) -> Object:
    source = (given.get("valueFrom") or {}).get("fieldRef")
    if source and not source.get("apiVersion"):
        return {**given, "valueFrom": {**given["valueFrom"], "fieldRef": {"apiVersion": "v1", **source}}}
    return dict(given)


def _volume(given: Any) -> Object:
    found = dict(given)
    for key in ("configMap", "secret", "downwardAPI", "projected"):
        if found.get(key):
            found[key] = _set(found[key], defaultMode=420)
    if found.get("hostPath"):
        found["hostPath"] = _set(found["hostPath"], type="")
    return found


def _pod(obj: Object) -> Object:
    spec = pod_spec(obj.get("spec"))
    spec = _set(spec, enableServiceLinks=True, serviceAccountName="default", preemptionPolicy="PreemptLowerPriority")
    spec = _set(spec, priority=0, serviceAccount=spec["serviceAccountName"])
    if spec.get("tolerations") is None:
        keys = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        spec["tolerations"] = [
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300} for key in keys
        ]
    status = obj.get("status") or {"phase": "Pending", "qosClass": _qos(spec)}
    return {**obj, "spec": spec, "status": status}


def _qos(spec: Object) -> str:
    resources = [item.get("resources") or {} for item in spec.get("containers") or ()]
    if not any(item.get("limits") or item.get("requests") for item in resources):
        return "BestEffort"
    guaranteed = all(
        (item.get("limits") or {}).keys() >= {"cpu", "memory"} and item.get("limits") == item.get("requests")
        for item in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _replica_set(obj: Object) -> Object:
    spec = _set(obj.get("spec"), replicas=1)
    spec["template"] = pod_template(spec.get("template"))
    return {**obj, "spec": spec, "status": obj.get("status") or {"replicas": 0}}


def _deployment(obj: Object) -> Object:
    spec = _set(obj.get("spec"), replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = _set(spec.get("strategy"), type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _set(strategy.get("rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    spec["strategy"] = strategy
    spec["template"] = pod_template(spec.get("template"))
    return {**obj, "spec": spec, "status": obj.get("status") or {}}


def _stateful_set(obj: Object) -> Object:
    spec = _set(obj.get("spec"), replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    spec["updateStrategy"] = _set(spec.get("updateStrategy"), type="RollingUpdate")
    spec["template"] = pod_template(spec.get("template"))
    return {**obj, "spec": spec}


def _daemon_set(obj: Object) -> Object:
    spec = _set(obj.get("spec"), revisionHistoryLimit=10)
    spec["updateStrategy"] = _set(spec.get("updateStrategy"), type="RollingUpdate")
    spec["template"] = pod_template(spec.get("template"))
    return {**obj, "spec": spec}


def _job(obj: Object) -> Object:
    spec = _set(
        obj.get("spec"),
        parallelism=1,
        backoffLimit=6,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy="TerminatingOrFailed",
    )
    if "completions" not in spec and spec["parallelism"] == 1:
        spec["completions"] = 1
    uid = obj["metadata"].get("uid", "")
    if spec.get("selector") is None:
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        template = dict(spec.get("template") or {})
        metadata = dict(template.get("metadata") or {})
        own = {
            "batch.kubernetes.io/controller-uid": uid,
            "batch.kubernetes.io/job-name": obj["metadata"].get("name", ""),
            "controller-uid": uid,
            "job-name": obj["metadata"].get("name", ""),
        }
        metadata["labels"] = {**(metadata.get("labels") or {}), **own}
        spec["template"] = {**template, "metadata": metadata}
    spec["template"] = pod_template(spec.get("template"))
    labels = obj["metadata"].get("labels") or spec["template"]["metadata"].get("labels") or {}
    return {**obj, "metadata": {**obj["metadata"], "labels": labels}, "spec": spec}


def _service(obj: Object) -> Object:
    spec = _set(obj.get("spec"), type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    spec["ports"] = [_set(port, protocol="TCP", targetPort=port.get("port")) for port in spec.get("ports") or ()]
    if not spec["ports"]:
        del spec["ports"]
    if spec["type"] != "ExternalName":
        address = spec.get("clusterIP") or f"10.96.{_RANDOM.randint(1, 254)}.{_RANDOM.randint(1, 254)}"
        spec["clusterIP"] = address
        spec = _set(spec, clusterIPs=[address], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec = _set(spec, externalTrafficPolicy="Cluster")
        spec["ports"] = [_set(port, nodePort=_RANDOM.randint(30000, 32767)) for port in spec.get("ports") or ()]
    return {**obj, "spec": spec, "status": obj.get("status") or {"loadBalancer": {}}}


def _namespace(obj: Object) -> Object:
    metadata = obj["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    status = obj.get("status") or {"phase": "Active"}
    spec = obj.get("spec")
    if spec is None and status["phase"] == "Active":
        spec = {"finalizers": ["kubernetes"]}
    return {**obj, "metadata": {**metadata, "labels": labels}, "spec": spec or {}, "status": status}


def _secret(obj: Object) -> Object:
    import base64

    found = _set(obj, type="Opaque")
    plain = found.pop("stringData", None)
    if plain:
        coded = {key: base64.b64encode(str(text).encode()).decode() for key, text in plain.items()}
        found["data"] = {**(found.get("data") or {}), **coded}
    return found


def _autoscaler(obj: Object) -> Object:
    spec = _set(obj.get("spec"), minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**obj, "spec": spec, "status": obj.get("status") or {"currentReplicas": 0, "desiredReplicas": 0}}


def _ingress(obj: Object) -> Object:
    return {**obj, "status": obj.get("status") or {"loadBalancer": {}}}


def _definition(obj: Object) -> Object:
    spec = dict(obj.get("spec") or {})
    names = dict(spec.get("names") or {})
    kind = str(names.get("kind") or "")
    spec["names"] = _set(names, singular=kind.lower(), listKind=f"{kind}List")
    spec["conversion"] = _set(spec.get("conversion"), strategy="None")
    return {**obj, "spec": spec}


_FILLERS = {
    "Pod": _pod,
    "ReplicaSet": _replica_set,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Service": _service,
    "Namespace": _namespace,
    "Secret": _secret,
    "HorizontalPodAutoscaler": _autoscaler,
    "Ingress": _ingress,
    "CustomResourceDefinition": _definition,
}
