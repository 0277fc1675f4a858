"""Security contexts of pods and containers (spec/lint.md §5.3, row 62)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, at, integer, mapping, present, sequence, text
from kubectl_rollouts.rollout.validation.fields import FieldError, in_order, invalid, required, unsupported
from kubectl_rollouts.rollout.validation.volumes import descending_path_errors

_IDENTIFIERS = ("runAsUser", "runAsGroup")
_SECCOMP = ("Localhost", "RuntimeDefault", "Unconfined")


def pod_security_errors(context: Mapping, path: str) -> list[FieldError]:
    """The errors of a pod's `securityContext`."""
    errors = _identifier_errors(context, ("fsGroup", *_IDENTIFIERS), path)
    for index, group in enumerate(sequence(context, "supplementalGroups")):
        value = integer({"group": group}, "group") or 0
        where = f"{path}.supplementalGroups[{index}]"
        errors += [invalid(where, value, message) for message in names.in_range(value, 0, 2**31 - 1)]
    errors += _profile_errors(context, path)
    policy = text(context, "fsGroupChangePolicy")
    if policy and policy not in ("OnRootMismatch", "Always"):
        errors.append(unsupported(f"{path}.fsGroupChangePolicy", policy, ["Always", "OnRootMismatch"]))
    return errors


def container_security_errors(context: Mapping, path: str) -> list[FieldError]:
    """The errors of a container's `securityContext`; `privileged` was cleared before (spec/lint.md §5.1)."""
    errors = _identifier_errors(context, _IDENTIFIERS, path) + _profile_errors(context, path)
    if at(context, "allowPrivilegeEscalation") is False:
        for capability in sequence(context, "capabilities", "add"):
            if capability == "CAP_SYS_ADMIN":
                message = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
                errors.append(invalid(path, in_order(context, *sorted(context)), message))
    return errors


def _identifier_errors(context: Mapping, fields: tuple[str, ...], path: str) -> list[FieldError]:
    errors = []
    for field in fields:
        value = integer(context, field)
        if value is not None:
            errors += [invalid(f"{path}.{field}", value, message) for message in names.in_range(value, 0, 2**31 - 1)]
    return errors


def _profile_errors(context: Mapping, path: str) -> list[FieldError]:
    if not present(context, "seccompProfile"):
        return []
    profile, path = mapping(context, "seccompProfile"), f"{path}.seccompProfile"
    kind, local = text(profile, "type"), at(profile, "localhostProfile")
    if kind == "Localhost":
        if local is None:
            return [required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")]
        return descending_path_errors(text(profile, "localhostProfile"), f"{path}.localhostProfile")
    if local is not None:
        return [invalid(f"{path}.localhostProfile", local, "can only be set when seccomp type is Localhost")]
    if not kind:
        return [required(f"{path}.type", "type is required when seccompProfile is set")]
    return [] if kind in _SECCOMP else [unsupported(f"{path}.type", kind, _SECCOMP)]
