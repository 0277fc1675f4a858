"""Probes, lifecycle hooks and the handlers they share (spec/lint.md §5.3, rows 36-44)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, at, integer, mapping, mappings, present, sequence, text
from kubectl_rollouts.rollout.validation.fields import FieldError, forbidden, invalid, required, unsupported

NOT_NEGATIVE = "must be greater than or equal to 0"
_DEFAULTS = {
    "initialDelaySeconds": 0,
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


def probe_errors(container: Mapping, grace: int, path: str) -> list[FieldError]:
    """The errors of a container's three probes; `grace` is the pod's terminationGracePeriodSeconds."""
    errors = []
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if present(container, name):
            errors += _probe_errors(mapping(container, name), name, grace, f"{path}.{name}")
    return errors


def _probe_errors(probe: Mapping, name: str, grace: int, path: str) -> list[FieldError]:
    errors = handler_errors(probe, grace, path, probe=True)
    values = {field: integer(probe, field) or default for field, default in _DEFAULTS.items()}
    for field, value in values.items():
        if value < 0:
            errors.append(invalid(f"{path}.{field}", value, NOT_NEGATIVE))
    period = integer(probe, "terminationGracePeriodSeconds")
    if period is not None and period <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", period, "must be greater than 0"))
    if name == "readinessProbe":
        if period is not None:
            message = "must not be set for readinessProbes"
            errors.append(invalid(f"{path}.terminationGracePeriodSeconds", period, message))
    elif values["successThreshold"] != 1:
        errors.append(invalid(f"{path}.successThreshold", values["successThreshold"], "must be 1"))
    return errors


def lifecycle_errors(container: Mapping, has_os: bool, grace: int, path: str) -> list[FieldError]:
    """The errors of a container's `lifecycle`; `has_os`: whether the pod says its operating system."""
    if not present(container, "lifecycle"):
        return []
    errors = []
    for name in ("postStart", "preStop"):
        if present(container, "lifecycle", name):
            errors += handler_errors(mapping(container, "lifecycle", name), grace, f"{path}.{name}", probe=False)
    if present(container, "lifecycle", "stopSignal") and not has_os:
        message = "may not be set for containers with empty `spec.os.name`"
        errors.append(forbidden(f"{path}.stopSignal", message))
    return errors


def handler_errors(handler: Mapping, grace: int, path: str, *, probe: bool) -> list[FieldError]:
    """The errors of what a probe or hook does: exactly one of the kinds, each with its own rules."""
    kinds = ("exec", "httpGet", "tcpSocket", "grpc") if probe else ("exec", "httpGet", "tcpSocket", "sleep")
    given = [kind for kind in kinds if present(handler, kind)]
    if not given:
        return [required(path, "must specify a handler type")]
    errors = _action_errors(given[0], mapping(handler, given[0]), grace, f"{path}.{given[0]}")
    return errors + [forbidden(f"{path}.{kind}", "may not specify more than 1 handler type") for kind in given[1:]]


def _action_errors(kind: str, action: Mapping, grace: int, path: str) -> list[FieldError]:
    if kind == "exec":
        return [] if sequence(action, "command") else [required(f"{path}.command")]
    if kind == "sleep":
        seconds = integer(action, "seconds") or 0
        if 0 < seconds <= grace:
            return []
        message = (
            f"must be greater than 0 and less than terminationGracePeriodSeconds ({grace}). "
            "Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep."
        )
        return [invalid(path, seconds, message)]
    errors = port_errors(at(action, "port"), f"{path}.port")
    if kind == "httpGet":
        scheme = text(action, "scheme") or "HTTP"
        if scheme not in ("HTTP", "HTTPS"):
            errors.append(unsupported(f"{path}.scheme", scheme, ["HTTP", "HTTPS"]))
        for header in mappings(action, "httpHeaders"):
            name = text(header, "name")
            errors += [invalid(f"{path}.httpHeaders", name, message) for message in names.http_header(name)]
    return errors


def port_errors(port: Any, path: str) -> list[FieldError]:
    """The errors of a port that may be a number or the name of one."""
    if isinstance(port, str):
        return [invalid(path, port, message) for message in names.port_name(port)]
    number = integer({"port": port}, "port") or 0
    return [invalid(path, number, message) for message in names.port_number(number)]
