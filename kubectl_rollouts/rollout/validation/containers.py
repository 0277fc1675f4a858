"""Containers and init containers of a pod template (spec/lint.md §5.3, rows 5-28, 45-47)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.environment import environment_errors
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)
from kubectl_rollouts.rollout.validation.mounts import device_errors, mount_errors
from kubectl_rollouts.rollout.validation.probes import lifecycle_errors, probe_errors
from kubectl_rollouts.rollout.validation.resources import resource_errors
from kubectl_rollouts.rollout.validation.security import container_security_errors

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_GRACE_SECONDS = 30


def container_list_errors(spec: Mapping, volumes: dict[str, Mapping], claims: set[str], path: str) -> list[FieldError]:
    """The errors of `spec.containers`; `volumes` are those without an error, by name."""
    containers = mappings(spec, "containers")
    if not containers:
        return [required(path)]
    errors: list[FieldError] = []
    seen = set()
    grace, has_os = _grace(spec), bool(text(spec, "os", "name"))
    for index, container in enumerate(containers):
        where = f"{path}[{index}]"
        errors += _common_errors(container, volumes, claims, where)
        name = text(container, "name")
        if name in seen:
            errors.append(duplicate(f"{where}.name", name))
        seen.add(name)
        errors += lifecycle_errors(container, has_os, grace, f"{where}.lifecycle")
        errors += probe_errors(container, grace, where)
        if present(container, "restartPolicy"):
            errors.append(forbidden(f"{where}.restartPolicy", "may not be set for non-init containers"))
    return errors + _host_port_errors(containers, path)


def init_container_errors(spec: Mapping, volumes: dict[str, Mapping], claims: set[str], path: str) -> list[FieldError]:
    """The errors of `spec.initContainers`."""
    errors: list[FieldError] = []
    seen = {text(container, "name") for container in mappings(spec, "containers")}
    grace, has_os = _grace(spec), bool(text(spec, "os", "name"))
    for index, container in enumerate(mappings(spec, "initContainers")):
        where = f"{path}[{index}]"
        errors += _common_errors(container, volumes, claims, where)
        policy = text(container, "restartPolicy")
        if present(container, "restartPolicy") and policy != "Always":
            errors.append(unsupported(f"{where}.restartPolicy", policy, ["Always"]))
        name = text(container, "name")
        if name in seen:
            errors.append(duplicate(f"{where}.name", name))
        elif name:
            seen.add(name)
        # the reference looks at each init container alone, as the first of its own list
        errors += _host_port_errors([container], path)
        if policy == "Always":
            errors += lifecycle_errors(container, has_os, grace, f"{where}.lifecycle")
            errors += probe_errors(container, grace, where)
            continue
        for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if present(container, field):
                message = "may not be set for init containers without restartPolicy=Always"
                errors.append(forbidden(f"{where}.{field}", message))
    return errors


def _grace(spec: Mapping) -> int:
    grace = integer(spec, "terminationGracePeriodSeconds")
    return _GRACE_SECONDS if grace is None else grace


def _common_errors(container: Mapping, volumes: dict[str, Mapping], claims: set[str], path: str) -> list[FieldError]:
    """What holds for every kind of container, in the reference's order."""
    errors = []
    name = text(container, "name")
    if name:
        errors += [invalid(f"{path}.name", name, message) for message in names.dns_label(name)]
    else:
        errors.append(required(f"{path}.name"))
    if not text(container, "image"):
        errors.append(required(f"{path}.image"))
    policy = text(container, "terminationMessagePolicy") or "File"
    if policy not in ("File", "FallbackToLogsOnError"):
        known = ["File", "FallbackToLogsOnError"]
        errors.append(unsupported(f"{path}.terminationMessagePolicy", policy, known))
    errors += _port_errors(mappings(container, "ports"), f"{path}.ports")
    errors += environment_errors(container, path)
    errors += mount_errors(container, volumes, f"{path}.volumeMounts")
    errors += device_errors(container, volumes, f"{path}.volumeDevices")
    pull = text(container, "imagePullPolicy")
    if pull and pull not in _PULL_POLICIES:
        errors.append(unsupported(f"{path}.imagePullPolicy", pull, _PULL_POLICIES))
    errors += resource_errors(mapping(container, "resources"), claims, f"{path}.resources")
    return errors + container_security_errors(mapping(container, "securityContext"), f"{path}.securityContext")


def _port_errors(ports: list[Mapping], path: str) -> list[FieldError]:
    errors = []
    seen = set()
    for index, port in enumerate(ports):
        where = f"{path}[{index}]"
        name = text(port, "name")
        if name:
            wrong = names.port_name(name)
            errors += [invalid(f"{where}.name", name, message) for message in wrong]
            if not wrong and name in seen:
                errors.append(duplicate(f"{where}.name", name))
            elif not wrong:
                seen.add(name)
        number = integer(port, "containerPort") or 0
        if number:
            errors += [invalid(f"{where}.containerPort", number, message) for message in names.port_number(number)]
        else:
            errors.append(required(f"{where}.containerPort"))
        if host := integer(port, "hostPort") or 0:
            errors += [invalid(f"{where}.hostPort", host, message) for message in names.port_number(host)]
        protocol = text(port, "protocol") or "TCP"
        if protocol not in _PROTOCOLS:
            errors.append(unsupported(f"{where}.protocol", protocol, _PROTOCOLS))
    return errors


def _host_port_errors(containers: list[Mapping], path: str) -> list[FieldError]:
    errors = []
    seen = set()
    for index, container in enumerate(containers):
        for place, port in enumerate(mappings(container, "ports")):
            number = integer(port, "hostPort") or 0
            if not number:
                continue
            key = f"{text(port, 'protocol') or 'TCP'}/{text(port, 'hostIP')}/{number}"
            if key in seen:
                errors.append(duplicate(f"{path}[{index}].ports[{place}].hostPort", key))
            seen.add(key)
    return errors
