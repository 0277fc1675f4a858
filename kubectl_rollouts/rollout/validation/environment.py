"""The environment of a container: `env` and `envFrom` (spec/lint.md §5.3, rows 17-23)."""

from __future__ import annotations

from kubectl_rollouts.rollout.quantities import canonical_quantity
from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, at, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import FieldError, invalid, required, unsupported

ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_KNOWN_FIELDS = (
    *ENV_FIELDS,
    "metadata.labels",
    "metadata.annotations",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
)
_RESOURCES = tuple(
    f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_CPU_DIVISORS = ("1m", "1")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SEVERAL = "may not have more than one field specified at a time"


def environment_errors(container: Mapping, path: str) -> list[FieldError]:
    """The errors of `env`, then of `envFrom`."""
    errors: list[FieldError] = []
    for index, variable in enumerate(mappings(container, "env")):
        where = f"{path}.env[{index}]"
        name = text(variable, "name")
        if name:
            errors += [invalid(f"{where}.name", name, message) for message in names.env_name(name)]
        else:
            errors.append(required(f"{where}.name"))
        if present(variable, "valueFrom"):
            errors += _source_errors(variable, f"{where}.valueFrom")
    for index, source in enumerate(mappings(container, "envFrom")):
        errors += _bulk_errors(source, f"{path}.envFrom", f"{path}.envFrom[{index}]")
    return errors


def _source_errors(variable: Mapping, path: str) -> list[FieldError]:
    source = mapping(variable, "valueFrom")
    errors: list[FieldError] = []
    if present(source, "fieldRef"):
        errors += field_ref_errors(mapping(source, "fieldRef"), ENV_FIELDS, f"{path}.fieldRef")
    if present(source, "resourceFieldRef"):
        errors += resource_ref_errors(mapping(source, "resourceFieldRef"), f"{path}.resourceFieldRef")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if present(source, kind):
            errors += _key_errors(mapping(source, kind), f"{path}.{kind}")
    given = sum(present(source, kind) for kind in ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"))
    if not given:
        message = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        errors.append(invalid(path, "", message))
    elif text(variable, "value"):
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif given > 1:
        errors.append(invalid(path, "", _SEVERAL))
    return errors


def field_ref_errors(reference: Mapping, allowed: tuple[str, ...], path: str) -> list[FieldError]:
    """The errors of a `fieldRef`: the downward API serves the fields in `allowed` here."""
    field = text(reference, "fieldPath")
    if not field:
        return [required(f"{path}.fieldPath")]
    version = text(reference, "apiVersion") or "v1"
    converting = "error converting fieldPath: "
    if version != "v1":
        return [invalid(f"{path}.fieldPath", field, f"{converting}unsupported pod version: {version}")]
    base, subscript = _subscripted(field)
    if subscript is not None:
        if base not in ("metadata.labels", "metadata.annotations"):
            message = f"{converting}field label does not support subscript: {field}"
            return [invalid(f"{path}.fieldPath", field, message)]
        key = subscript.lower() if base == "metadata.annotations" else subscript
        return [invalid(path, subscript, message) for message in names.qualified_name(key)]
    field = "spec.nodeName" if field == "spec.host" else field
    if field not in _KNOWN_FIELDS:
        return [invalid(f"{path}.fieldPath", field, f"{converting}field label not supported: {field}")]
    return [] if field in allowed else [unsupported(f"{path}.fieldPath", field, sorted(allowed))]


def _subscripted(field: str) -> tuple[str, str | None]:
    """`metadata.labels['key']` as (`metadata.labels`, `key`); anything else as itself."""
    if not field.endswith("']"):
        return field, None
    base, found, key = field[:-2].partition("['")
    return (base, key) if found and base else (field, None)


def resource_ref_errors(reference: Mapping, path: str, *, volume: bool = False) -> list[FieldError]:
    """The errors of a `resourceFieldRef`; in a volume it must name its container."""
    resource = text(reference, "resource")
    if volume and not text(reference, "containerName"):
        errors = [required(f"{path}.containerName")]
    elif not resource:
        errors = [required(f"{path}.resource")]
    elif resource not in _RESOURCES and not resource.startswith(("limits.hugepages-", "requests.hugepages-")):
        errors = [unsupported(f"{path}.resource", resource, _RESOURCES)]
    else:
        errors = []
    return errors + _divisor_errors(reference, resource, path)


def _divisor_errors(reference: Mapping, resource: str, path: str) -> list[FieldError]:
    divisor = at(reference, "divisor")
    try:
        shown = canonical_quantity(divisor) if isinstance(divisor, str | int | float) else "0"
    except ValueError:
        return []
    kind = resource.partition(".")[2].partition("-")[0]
    kind = "ephemeral-storage" if kind == "ephemeral" else kind
    known = _CPU_DIVISORS if kind == "cpu" else _BYTE_DIVISORS
    if shown == "0" or kind not in ("cpu", "memory", "ephemeral-storage", "hugepages") or shown in known:
        return []
    listed = " and ".join(known) if kind == "cpu" else ", ".join(known)
    named = {"ephemeral-storage": "local ephemeral storage"}.get(kind, kind)
    message = f"only divisor's values {listed} are supported with the {named} resource"
    return [invalid(f"{path}.divisor", resource, message)]


def _key_errors(reference: Mapping, path: str) -> list[FieldError]:
    name, key = text(reference, "name"), text(reference, "key")
    errors = [invalid(f"{path}.name", name, message) for message in names.dns_subdomain(name)]
    if not key:
        return [*errors, required(f"{path}.key")]
    return errors + [invalid(f"{path}.key", key, message) for message in names.config_key(key)]


def _bulk_errors(source: Mapping, path: str, where: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if prefix := text(source, "prefix"):
        errors += [invalid(f"{where}.prefix", prefix, message) for message in names.env_name(prefix)]
    given = [kind for kind in ("configMapRef", "secretRef") if present(source, kind)]
    for kind in given:
        name = text(source, kind, "name")
        if not name:
            errors.append(required(f"{where}.{kind}.name"))
        else:
            errors += [invalid(f"{where}.{kind}.name", name, message) for message in names.dns_subdomain(name)]
    if not given:
        errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
    elif len(given) > 1:
        errors.append(invalid(path, "", _SEVERAL))
    return errors
