"""The pod template of a Rollout, as Kubernetes' own validation sees it (spec/lint.md §5).

Only what the reference's conversion keeps is checked: §5.2 names the fields that do not take part. Defaults (§5.1) are
applied where a rule reads the field.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation import names, scheduling, security, selectors, volumes
from kubectl_rollouts.rollout.validation.access import (
    Mapping,
    at,
    integer,
    mapping,
    mappings,
    present,
    string_map,
    text,
)
from kubectl_rollouts.rollout.validation.containers import container_list_errors, init_container_errors
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    forbidden,
    invalid,
    required,
    sorted_map,
    too_long,
    unsupported,
)
from kubectl_rollouts.rollout.validation.resources import resource_errors

_MAX_ANNOTATIONS = 256 * 1024
_MIRROR = "kubernetes.io/config.mirror"
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"


def template_errors(template: Mapping, selector: Any, path: str, *, replicas: int = 1) -> list[FieldError]:
    """The errors of a pod template below a ReplicaSet, in the reference's order. `selector` must be a valid one."""
    spec, metadata = mapping(template, "spec"), mapping(template, "metadata")
    labels = string_map(metadata, "labels")
    errors = []
    if (selector is None or not selectors.is_empty(selector)) and not selectors.matches(selector, labels):
        shown = sorted_map(labels) if present(metadata, "labels") else None
        message = "`selector` does not match template `labels`"
        errors.append(invalid(f"{path}.metadata.labels", shown, message))
    errors += label_errors(labels, f"{path}.labels")
    errors += _annotation_errors(string_map(metadata, "annotations"), spec, f"{path}.annotations")
    errors += _spec_errors(spec, f"{path}.spec")
    if mappings(spec, "ephemeralContainers"):
        message = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", message))
    if replicas > 1:
        errors += volumes.shared_disk_errors(mappings(spec, "volumes"), f"{path}.spec.volumes")
    policy = text(spec, "restartPolicy") or "Always"
    if policy != "Always":
        errors.append(unsupported(f"{path}.spec.restartPolicy", policy, ["Always"]))
    if integer(spec, "activeDeadlineSeconds") is not None:
        message = "activeDeadlineSeconds in ReplicaSet is not Supported"
        errors.append(forbidden(f"{path}.spec.activeDeadlineSeconds", message))
    return errors


def label_errors(labels: dict[str, str], path: str) -> list[FieldError]:
    """The errors of a map of labels."""
    errors = []
    for key, value in labels.items():
        errors += [invalid(path, key, message) for message in names.qualified_name(key)]
        errors += [invalid(path, value, message) for message in names.label_value(value)]
    return errors


def _annotation_errors(annotations: dict[str, str], spec: Mapping, path: str) -> list[FieldError]:
    errors = []
    for key in annotations:
        errors += [invalid(path, key, message) for message in names.qualified_name(key.lower())]
    if sum(names.size(key) + names.size(value) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        errors.append(too_long(path, f"may not be more than {_MAX_ANNOTATIONS} bytes"))
    known = {text(item, "name") for kind in ("initContainers", "containers") for item in mappings(spec, kind)}
    for key, value in annotations.items():
        where = f"{path}[{key}]"
        if key == _MIRROR and not text(spec, "nodeName"):
            errors.append(invalid(where, value, "must set spec.nodeName if mirror pod annotation is set"))
        elif key == _SECCOMP_POD or key.startswith(_SECCOMP_CONTAINER):
            errors += _seccomp_errors(value, where)
        elif key.startswith(_APP_ARMOR):
            container = key.removeprefix(_APP_ARMOR)
            if container not in known:
                errors.append(invalid(where, container, "container not found"))
            if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
                errors.append(invalid(where, value, f'invalid AppArmor profile name: "{value}"'))
    return errors


def _seccomp_errors(profile: str, path: str) -> list[FieldError]:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return []
    if profile.startswith("localhost/"):
        return volumes.descending_path_errors(profile.removeprefix("localhost/"), path)
    return [invalid(path, profile, "must be a valid seccomp profile")]


def _spec_errors(spec: Mapping, path: str) -> list[FieldError]:
    volume_errors, known = volumes.volume_errors(mappings(spec, "volumes"), f"{path}.volumes")
    claims = {text(claim, "name") for claim in mappings(spec, "resourceClaims")}
    errors = volume_errors
    errors += container_list_errors(spec, known, claims, f"{path}.containers")
    errors += init_container_errors(spec, known, claims, f"{path}.initContainers")
    policy = text(spec, "restartPolicy") or "Always"
    if policy not in ("Always", "OnFailure", "Never"):
        errors.append(unsupported(f"{path}.restartPolicy", policy, ["Always", "OnFailure", "Never"]))
    errors += scheduling.dns_policy_errors(spec, f"{path}.dnsPolicy")
    errors += label_errors(string_map(spec, "nodeSelector"), f"{path}.nodeSelector")
    errors += security.pod_security_errors(mapping(spec, "securityContext"), f"{path}.securityContext")
    for index, secret in enumerate(mappings(spec, "imagePullSecrets")):
        if not text(secret, "name"):
            errors.append(required(f"{path}.imagePullSecrets[{index}].name"))
    errors += scheduling.affinity_errors(mapping(spec, "affinity"), f"{path}.affinity")
    errors += scheduling.dns_config_errors(spec, f"{path}.dnsConfig")
    errors += scheduling.gate_errors(spec, path)
    constraints = mappings(spec, "topologySpreadConstraints")
    errors += scheduling.topology_errors(constraints, f"{path}.topologySpreadConstraints")
    return errors + _name_errors(spec, path) + _late_errors(spec, path)


def _name_errors(spec: Mapping, path: str) -> list[FieldError]:
    errors = []
    for name in ("serviceAccountName", "nodeName"):
        if value := text(spec, name):
            errors += [invalid(f"{path}.{name}", value, message) for message in names.dns_subdomain(value)]
    deadline = integer(spec, "activeDeadlineSeconds")
    if deadline is not None:
        for message in names.in_range(deadline, 1, 2**31 - 1):
            errors.append(invalid(f"{path}.activeDeadlineSeconds", deadline, message))
    for name in ("hostname", "subdomain"):
        if value := text(spec, name):
            errors += [invalid(f"{path}.{name}", value, message) for message in names.dns_label(value)]
    return errors


def _late_errors(spec: Mapping, path: str) -> list[FieldError]:
    errors = scheduling.toleration_errors(mappings(spec, "tolerations"), f"{path}.tolerations")
    errors += scheduling.host_alias_errors(mappings(spec, "hostAliases"), f"{path}.hostAliases")
    value = text(spec, "priorityClassName")
    if value:
        errors += [invalid(f"{path}.priorityClassName", value, message) for message in names.dns_subdomain(value)]
    if present(spec, "runtimeClassName"):
        value = text(spec, "runtimeClassName")
        errors += [invalid(f"{path}.runtimeClassName", value, message) for message in names.dns_subdomain(value)]
    if present(spec, "preemptionPolicy"):
        policy = text(spec, "preemptionPolicy")
        if not policy:
            errors.append(required(f"{path}.preemptionPolicy"))
        elif policy not in ("PreemptLowerPriority", "Never"):
            known = ["PreemptLowerPriority", "Never"]
            errors.append(unsupported(f"{path}.preemptionPolicy", policy, known))
    if present(spec, "overhead"):
        errors += resource_errors({"limits": at(spec, "overhead")}, set(), f"{path}.overhead")
    if present(spec, "os"):
        system = text(spec, "os", "name")
        if not system:
            errors.append(required(f"{path}.os.name", "cannot be empty"))
        elif system not in ("linux", "windows"):
            errors.append(unsupported(f"{path}.os", system, ["linux", "windows"]))
    return errors
