"""What a server checks of every write, from clients and controllers alike: defaults, names, what must not change."""

from __future__ import annotations

import json
from typing import Any

from kubectl_rollouts.sandbox.apistatus import Cause, invalid
from kubectl_rollouts.sandbox.defaults import with_defaults
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object
from kubectl_rollouts.sandbox.selectors import selector_matches

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_LOOSE_NAMES = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Event")


def admit(kind: Kind, new: Object, old: Object | None, subresource: str) -> Object:
    """The object with its defaults; raises ApiStatus 422 when it breaks a rule. The `Admit` of a store."""
    if subresource not in ("", "finalize"):
        return new
    if old is None or _changed(new, old, "spec") or _changed(new, old, "stringData"):
        if kind.kind == "Service" and old is not None:
            new = _with_allocated(new, old)
        new = with_defaults(kind, new)
    causes: list[Cause] = []
    metadata = new["metadata"]
    if old is None:
        _check_name(kind, metadata.get("name") or "", causes)
    if old is None or metadata.get("labels") is not old["metadata"].get("labels"):
        _check_labels(metadata.get("labels") or {}, "metadata.labels", causes)
    if old is None or _changed(new, old, "spec"):
        _check_spec(kind, new, old, causes)
    if kind.kind in ("ConfigMap", "Secret") and old is not None and old.get("immutable"):
        for key in ("data", "binaryData"):
            if new.get(key) != old.get(key):
                message = "Forbidden: field is immutable when `immutable` is set"
                causes.append(Cause("FieldValueForbidden", message, key))
    if causes:
        raise invalid(kind, metadata.get("name") or "", causes)
    return new


def _with_allocated(new: Object, old: Object) -> Object:
    """A Service that is replaced keeps the addresses and node ports that it was given, where it names none."""
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return new
    if not spec.get("clusterIP"):
        spec = {**spec, "clusterIP": before.get("clusterIP")}
    if not spec.get("clusterIPs") and spec["clusterIP"] == before.get("clusterIP"):
        spec = {**spec, "clusterIPs": before.get("clusterIPs")}
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        given = {_port_key(port): port.get("nodePort") for port in before.get("ports") or ()}
        ports = [{"nodePort": given.get(_port_key(port)), **port} for port in spec.get("ports") or ()]
        spec = {**spec, "ports": [{k: v for k, v in port.items() if v is not None} for port in ports]}
    return {**new, "spec": {key: value for key, value in spec.items() if value is not None}}


def _port_key(port: Object) -> tuple[Any, Any]:
    return port.get("protocol") or "TCP", port.get("port")


def _changed(new: Object, old: Object, key: str) -> bool:
    return new.get(key) is not old.get(key)


def _check_name(kind: Kind, name: str, causes: list[Cause]) -> None:
    if not name:
        causes.append(Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name"))
    elif kind.kind in _LOOSE_NAMES:
        return
    elif len(name) > 253 or not all(_dns_label(part) for part in name.split(".")):
        causes.append(Cause("FieldValueInvalid", f'Invalid value: "{name}": {_SUBDOMAIN}', "metadata.name"))
    elif kind.kind == "Service" and (len(name) > 63 or "." in name or name[0] in "0123456789"):
        message = (
            f"Invalid value: \"{name}\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
            "start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
            "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
        )
        causes.append(Cause("FieldValueInvalid", message, "metadata.name"))


def _dns_label(part: str) -> bool:
    return bool(part) and part[0] in _LOWER and part[-1] in _LOWER and all(c in _LOWER or c == "-" for c in part)


def _check_labels(labels: dict[str, Any], path: str, causes: list[Cause]) -> None:
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        parts = prefix.split(".") if slash else []
        if not _label_word(name) or not name or not all(_dns_label(part) for part in parts):
            message = f"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.'"
            causes.append(Cause("FieldValueInvalid", message, path))
        if not _label_word(str(value)):
            why = "must be no more than 63 characters" if len(str(value)) > 63 else _LABEL_VALUE
            causes.append(Cause("FieldValueInvalid", f'Invalid value: "{value}": {why}', path))


def _label_word(text: str) -> bool:
    if not text:
        return True
    good = all(c in _WORD or c in "-_." for c in text)
    return len(text) <= 63 and good and text[0] in _WORD and text[-1] in _WORD


def _check_spec(kind: Kind, new: Object, old: Object | None, causes: list[Cause]) -> None:
    spec: Object = new.get("spec") or {}
    before: Object = (old or {}).get("spec") or {}
    if kind.kind == "Rollout":
        if before.get("selector") and spec.get("selector") and spec["selector"] != before["selector"]:
            message = 'Invalid value: "object": .spec.selector is immutable'
            causes.append(Cause("FieldValueInvalid", message, "spec.selector"))
        return
    if kind.custom:
        return
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes.append(Cause("FieldValueInvalid", message, "spec.replicas"))
    if kind.kind in _WORKLOADS:
        _check_workload(spec, before, causes)
    if kind.kind in (*_WORKLOADS, "Job"):
        _check_pod_spec((spec.get("template") or {}).get("spec") or {}, "spec.template.spec", causes)
    if kind.kind == "Pod":
        _check_pod_spec(spec, "spec", causes)
        if old is not None and _frozen(spec) != _frozen(before):
            message = (
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                "previously negative)"
            )
            causes.append(Cause("FieldValueForbidden", message, "spec"))
    if kind.kind == "Job" and old is not None:
        changed = (key for key in ("template", "selector", "completions") if spec.get(key) != before.get(key))
        causes.extend(_immutable(f"spec.{key}", spec.get(key)) for key in changed)
    if kind.kind == "Service" and spec.get("type") != "ExternalName":
        address = spec.get("clusterIP")
        if not spec.get("ports") and address != "None":
            causes.append(Cause("FieldValueRequired", "Required value", "spec.ports"))
        if before.get("clusterIP") and address != before["clusterIP"]:
            causes.append(_immutable("spec.clusterIPs[0]", [address]))


def _check_workload(spec: Object, before: Object, causes: list[Cause]) -> None:
    selector = spec.get("selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selector:
        causes.append(Cause("FieldValueRequired", "Required value", "spec.selector"))
    elif not selector_matches(selector, labels):
        shown = json.dumps(labels, separators=(",", ":"), sort_keys=True)
        message = f"Invalid value: {shown}: `selector` does not match template `labels`"
        causes.append(Cause("FieldValueInvalid", message, "spec.template.metadata.labels"))
    if before and selector != before.get("selector"):
        causes.append(_immutable("spec.selector", selector))
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy != "Always":
        message = f'Unsupported value: "{policy}": supported values: "Always"'
        causes.append(Cause("FieldValueNotSupported", message, "spec.template.spec.restartPolicy"))


def _immutable(path: str, value: Any) -> Cause:
    shown = json.dumps(value, separators=(",", ":"))
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: field is immutable", path)


def _check_pod_spec(spec: Object, path: str, causes: list[Cause]) -> None:
    containers = spec.get("containers") or []
    if not containers:
        causes.append(Cause("FieldValueRequired", "Required value", f"{path}.containers"))
    seen: set[str] = set()
    for index, item in enumerate(containers):
        here = f"{path}.containers[{index}]"
        name = item.get("name") or ""
        if not name:
            causes.append(Cause("FieldValueRequired", "Required value", f"{here}.name"))
        elif name in seen:
            causes.append(Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{here}.name"))
        seen.add(name)
        if not item.get("image"):
            causes.append(Cause("FieldValueRequired", "Required value", f"{here}.image"))


def _frozen(spec: Object) -> Object:
    """What of a pod's spec can never change."""
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates")
    kept = {key: value for key, value in spec.items() if key not in free}
    for key in ("containers", "initContainers"):
        if key in kept:
            kept[key] = [{k: v for k, v in item.items() if k != "image"} for item in kept[key]]
    return kept
