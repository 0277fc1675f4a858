"""`Table` answers: the columns that `kubectl get` prints, of each kind (spec/resources.md §1 for the custom ones)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, deleting, labels_of, name_of
from kubectl_rollouts.sandbox.selectors import selector_text
from kubectl_rollouts.view.durations import human_duration

Cell = str | int | bool | None


class Column(NamedTuple):
    """One column: `cell(object, now)` is what it shows; `wide` columns show with `-o wide` only."""

    name: str
    cell: Callable[[Object, float], Cell]
    type: str = "string"
    wide: bool = False
    format: str = ""


def table(kind: Kind, items: Iterable[Object], metadata: Object, now: float, include: str = "Metadata") -> Object:
    """A `Table` of the objects; `include` is the request's `includeObject`: None, Metadata or Object."""
    columns = columns_of(kind)
    definitions = [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": "",
            "priority": 1 if column.wide else 0,
        }
        for column in columns
    ]
    rows = [row(kind, obj, columns, now, include) for obj in items]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    }


def row(kind: Kind, obj: Object, columns: list[Column], now: float, include: str) -> Object:
    """One row of a table."""
    found: Object = {"cells": [column.cell(obj, now) for column in columns]}
    if include == "Object":
        found["object"] = obj
    elif include != "None":
        found["object"] = {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": obj["metadata"],
        }
    return found


def columns_of(kind: Kind) -> list[Column]:
    """The columns of a kind; name and age for those that have no others."""
    return [Column("Name", lambda obj, now: name_of(obj), format="name"), *(_COLUMNS.get(kind.kind) or (_AGE,))]


def _at(path: str, default: Cell = "") -> Callable[[Object, float], Cell]:
    keys = path.split(".")

    def cell(obj: Object, now: float) -> Cell:
        found: Any = obj
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
            if found is None:
                return default
        return found if isinstance(found, str | int) else str(found)

    return cell


def _since(text: str | None, now: float) -> str:
    return human_duration(now - parse_time(text)) if text else "<unknown>"


def _age(obj: Object, now: float) -> Cell:
    return _since(obj["metadata"].get("creationTimestamp"), now)


_AGE = Column("Age", _age)


def _number(name: str, path: str) -> Column:
    return Column(name, _at(path, 0), "integer")


def _optional_number(name: str, path: str) -> Column:
    return Column(name, _at(path, None), "integer")


def _pod_spec(obj: Object) -> Any:
    return ((obj.get("spec") or {}).get("template") or {}).get("spec") or {}


_WORKLOAD = (
    Column(
        "Containers",
        lambda o, now: ",".join(c.get("name", "") for c in _pod_spec(o).get("containers") or ()),
        wide=True,
    ),
    Column(
        "Images", lambda o, now: ",".join(c.get("image", "") for c in _pod_spec(o).get("containers") or ()), wide=True
    ),
    Column("Selector", lambda o, now: selector_text((o.get("spec") or {}).get("selector")), wide=True),
)


def _of(first: str, second: str) -> Callable[[Object, float], Cell]:
    left, right = _at(first, 0), _at(second, 0)
    return lambda obj, now: f"{left(obj, now)}/{right(obj, now)}"


def _containers(pod: Object) -> list[Any]:
    return list((pod.get("status") or {}).get("containerStatuses") or ())


def _pod_ready(pod: Object, now: float) -> Cell:
    total = len((pod.get("spec") or {}).get("containers") or ())
    return f"{sum(bool(item.get('ready')) for item in _containers(pod))}/{total}"


def _pod_status(pod: Object, now: float) -> Cell:
    status = pod.get("status") or {}
    if deleting(pod):
        return "Terminating"
    reason = status.get("reason") or status.get("phase") or ""
    for item in reversed(_containers(pod)):
        state = item.get("state") or {}
        for key in ("waiting", "terminated"):
            if (state.get(key) or {}).get("reason"):
                reason = state[key]["reason"]
    return str(reason)


def _restarts(pod: Object, now: float) -> Cell:
    items = _containers(pod)
    count = sum(item.get("restartCount") or 0 for item in items)
    ends = [((item.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for item in items]
    last = max(filter(None, ends), default=None)
    return f"{count} ({_since(last, now)} ago)" if count and last else str(count)


def _service_ports(obj: Object, now: float) -> Cell:
    found = []
    for port in (obj.get("spec") or {}).get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        found.append(f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(found) or "<none>"


def _external_ip(obj: Object, now: float) -> Cell:
    spec = obj.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName") or "")
    return "<pending>" if spec.get("type") == "LoadBalancer" else "<none>"


def _count(*keys: str) -> Callable[[Object, float], Cell]:
    return lambda obj, now: sum(len(obj.get(key) or ()) for key in keys)


def _job_status(obj: Object, now: float) -> Cell:
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed", "Suspended"):
            return str(condition["type"])
    return "Terminating" if deleting(obj) else "Running"


def _job_duration(obj: Object, now: float) -> Cell:
    status = obj.get("status") or {}
    if not status.get("startTime"):
        return ""
    end = parse_time(status["completionTime"]) if status.get("completionTime") else now
    return human_duration(end - parse_time(status["startTime"]))


def _endpoints(obj: Object, now: float) -> Cell:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets") or ()
        for address in subset.get("addresses") or ()
        for port in subset.get("ports") or ()
    ]
    return _shortened(found, "<none>")


def _slice_ports(obj: Object, now: float) -> Cell:
    return _shortened([str(port.get("port")) for port in obj.get("ports") or ()], "<unset>")


def _slice_endpoints(obj: Object, now: float) -> Cell:
    found = [str(address) for item in obj.get("endpoints") or () for address in item.get("addresses") or ()]
    return _shortened(found, "<unset>")


def _shortened(found: list[str], none: str) -> str:
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + more if found else none


def _event_object(obj: Object, now: float) -> Cell:
    involved = obj.get("involvedObject") or {}
    return f"{str(involved.get('kind') or '').lower()}/{involved.get('name') or ''}"


def _event_seen(obj: Object, now: float) -> Cell:
    return _since(obj.get("lastTimestamp") or obj.get("eventTime") or obj["metadata"].get("creationTimestamp"), now)


def _ingress_hosts(obj: Object, now: float) -> Cell:
    hosts = [rule.get("host") or "" for rule in (obj.get("spec") or {}).get("rules") or ()]
    return ",".join(host for host in hosts if host) or "*"


def _joined(path: str) -> Callable[[Object, float], Cell]:
    keys = path.split(".")

    def cell(obj: Object, now: float) -> Cell:
        found: Any = obj
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, list):
            return ""
        return "[" + ",".join(f'"{item}"' for item in found) + "]" if found else ""

    return cell


def _targets(obj: Object, now: float) -> Cell:
    found = []
    for metric in (obj.get("spec") or {}).get("metrics") or ():
        body: Any = next((value for key, value in metric.items() if key != "type"), {})
        target = body.get("target") or {}
        wanted = target.get("averageUtilization")
        shown = f"{wanted}%" if wanted is not None else target.get("averageValue") or target.get("value") or "?"
        found.append(f"{body.get('name', '')}: <unknown>/{shown}".removeprefix(": "))
    return ", ".join(found) or "<none>"


def _reference(obj: Object, now: float) -> Cell:
    target = (obj.get("spec") or {}).get("scaleTargetRef") or {}
    return f"{target.get('kind')}/{target.get('name')}"


def _node_status(obj: Object, now: float) -> Cell:
    ready = [c for c in (obj.get("status") or {}).get("conditions") or () if c.get("type") == "Ready"]
    return "Ready" if ready and ready[0].get("status") == "True" else "NotReady"


def _node_roles(obj: Object, now: float) -> Cell:
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(key[len(prefix) :] for key in labels_of(obj) if key.startswith(prefix))) or "<none>"


def _role(obj: Object, now: float) -> Cell:
    reference = obj.get("roleRef") or {}
    return f"{reference.get('kind')}/{reference.get('name')}"


_CREATED = Column("Created At", _at("metadata.creationTimestamp"), "date")

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "Rollout": (
        _optional_number("Desired", "spec.replicas"),
        _optional_number("Current", "status.replicas"),
        _optional_number("Up-to-date", "status.updatedReplicas"),
        _optional_number("Available", "status.availableReplicas"),
        Column("Age", _age, "date"),
    ),
    "Experiment": (Column("Status", _at("status.phase", None)), Column("Age", _age, "date")),
    "AnalysisRun": (Column("Status", _at("status.phase", None)), Column("Age", _age, "date")),
    "AnalysisTemplate": (Column("Age", _age, "date"),),
    "ClusterAnalysisTemplate": (Column("Age", _age, "date"),),
    "ReplicaSet": (
        _number("Desired", "spec.replicas"),
        _number("Current", "status.replicas"),
        _number("Ready", "status.readyReplicas"),
        _AGE,
        *_WORKLOAD,
    ),
    "Deployment": (
        Column("Ready", _of("status.readyReplicas", "spec.replicas")),
        _number("Up-to-date", "status.updatedReplicas"),
        _number("Available", "status.availableReplicas"),
        _AGE,
        *_WORKLOAD,
    ),
    "StatefulSet": (Column("Ready", _of("status.readyReplicas", "spec.replicas")), _AGE, *_WORKLOAD[:2]),
    "DaemonSet": (
        _number("Desired", "status.desiredNumberScheduled"),
        _number("Current", "status.currentNumberScheduled"),
        _number("Ready", "status.numberReady"),
        _number("Up-to-date", "status.updatedNumberScheduled"),
        _number("Available", "status.numberAvailable"),
        _AGE,
        *_WORKLOAD,
    ),
    "Pod": (
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _restarts),
        _AGE,
        Column("IP", _at("status.podIP", "<none>"), wide=True),
        Column("Node", _at("spec.nodeName", "<none>"), wide=True),
        Column("Nominated Node", _at("status.nominatedNodeName", "<none>"), wide=True),
        Column("Readiness Gates", lambda obj, now: "<none>", wide=True),
    ),
    "Job": (
        Column("Status", _job_status),
        Column("Completions", _of("status.succeeded", "spec.completions")),
        Column("Duration", _job_duration),
        _AGE,
        *_WORKLOAD,
    ),
    "CronJob": (
        Column("Schedule", _at("spec.schedule")),
        Column("Timezone", _at("spec.timeZone", "<none>")),
        Column("Suspend", _at("spec.suspend", False), "boolean"),
        Column("Active", lambda obj, now: len((obj.get("status") or {}).get("active") or ()), "integer"),
        Column("Last Schedule", lambda obj, now: "<none>"),
        _AGE,
    ),
    "Service": (
        Column("Type", _at("spec.type")),
        Column("Cluster-IP", _at("spec.clusterIP", "<none>")),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        _AGE,
        Column(
            "Selector",
            lambda obj, now: selector_text({"matchLabels": (obj.get("spec") or {}).get("selector")}) or "<none>",
            wide=True,
        ),
    ),
    "Endpoints": (Column("Endpoints", _endpoints), _AGE),
    "EndpointSlice": (
        Column("AddressType", _at("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_endpoints),
        _AGE,
    ),
    "Lease": (Column("Holder", _at("spec.holderIdentity")), _AGE),
    "Namespace": (Column("Status", _at("status.phase")), _AGE),
    "ConfigMap": (Column("Data", _count("data", "binaryData"), "integer"), _AGE),
    "Secret": (Column("Type", _at("type")), Column("Data", _count("data"), "integer"), _AGE),
    "ServiceAccount": (Column("Secrets", _count("secrets"), "integer"), _AGE),
    "Event": (
        Column("Last Seen", _event_seen),
        Column("Type", _at("type")),
        Column("Reason", _at("reason")),
        Column("Object", _event_object),
        Column("Subobject", _at("involvedObject.fieldPath"), wide=True),
        Column("Source", _at("source.component"), wide=True),
        Column("Message", lambda obj, now: str(obj.get("message") or "").strip()),
        Column("First Seen", lambda obj, now: _since(obj.get("firstTimestamp"), now), wide=True),
        Column("Count", _at("count", 1), "integer", wide=True),
        Column("Name", lambda obj, now: name_of(obj), wide=True),
    ),
    "Ingress": (
        Column("Class", _at("spec.ingressClassName", "<none>")),
        Column("Hosts", _ingress_hosts),
        Column("Address", lambda obj, now: ""),
        Column("Ports", lambda obj, now: "80, 443" if (obj.get("spec") or {}).get("tls") else "80"),
        _AGE,
    ),
    "HorizontalPodAutoscaler": (
        Column("Reference", _reference),
        Column("Targets", _targets),
        _number("MinPods", "spec.minReplicas"),
        _number("MaxPods", "spec.maxReplicas"),
        _number("Replicas", "status.currentReplicas"),
        _AGE,
    ),
    "PodDisruptionBudget": (
        Column("Min Available", _at("spec.minAvailable", "N/A")),
        Column("Max Unavailable", _at("spec.maxUnavailable", "N/A")),
        _number("Allowed Disruptions", "status.disruptionsAllowed"),
        _AGE,
    ),
    "Node": (
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        _AGE,
        Column("Version", _at("status.nodeInfo.kubeletVersion")),
        Column("OS-Image", _at("status.nodeInfo.osImage"), wide=True),
        Column("Container-Runtime", _at("status.nodeInfo.containerRuntimeVersion"), wide=True),
    ),
    "PersistentVolumeClaim": (
        Column("Status", _at("status.phase")),
        Column("Volume", _at("spec.volumeName")),
        Column("StorageClass", _at("spec.storageClassName")),
        _AGE,
    ),
    "NetworkPolicy": (
        Column("Pod-Selector", lambda obj, now: selector_text((obj.get("spec") or {}).get("podSelector")) or "<none>"),
        _AGE,
    ),
    "Role": (_CREATED,),
    "ClusterRole": (_CREATED,),
    "RoleBinding": (Column("Role", _role), _AGE),
    "ClusterRoleBinding": (Column("Role", _role), _AGE),
    "CustomResourceDefinition": (_CREATED,),
    "Gateway": (
        Column("Class", _at("spec.gatewayClassName")),
        Column("Address", lambda obj, now: None),
        Column("Programmed", lambda obj, now: None),
        Column("Age", _age, "date"),
    ),
    "HTTPRoute": (Column("Hostnames", _joined("spec.hostnames")), Column("Age", _age, "date")),
    "VirtualService": (
        Column("Gateways", _joined("spec.gateways")),
        Column("Hosts", _joined("spec.hosts")),
        Column("Age", _age, "date"),
    ),
    "DestinationRule": (Column("Host", _at("spec.host")), Column("Age", _age, "date")),
}
