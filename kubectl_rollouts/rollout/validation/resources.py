"""Requests, limits and claims of a container (spec/lint.md §5.3, rows 29-35)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.quantities import Quantity, parse_quantity
from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, mapping, mappings, text
from kubectl_rollouts.rollout.validation.fields import FieldError, duplicate, forbidden, invalid, not_found, required

_COMPUTE = ("cpu", "memory")
_CONTAINER = ("cpu", "memory", "ephemeral-storage")
_COUNTED = (
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
)
_STANDARD = (
    *_CONTAINER,
    *_COUNTED,
    "storage",
    "requests.storage",
    *(f"{side}.{name}" for side in ("requests", "limits") for name in _CONTAINER),
)


def resource_errors(resources: Mapping, claims: set[str], path: str) -> list[FieldError]:
    """The errors of one `resources` block; `claims` are the names in the pod's `resourceClaims`."""
    errors = []
    limits, requests = _quantities(resources, "limits"), _quantities(resources, "requests")
    for name, quantity in limits.items():
        errors += _one_errors(name, quantity, f"{path}.limits[{name}]")
    for name, quantity in requests.items():
        errors += _one_errors(name, quantity, f"{path}.requests[{name}]")
        errors += _request_errors(name, quantity, limits.get(name), path)
    asked = {*limits, *requests}
    if any(_huge(name) for name in asked) and not asked.intersection(_COMPUTE):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    return errors + _claim_errors(mappings(resources, "claims"), claims, f"{path}.claims")


def _quantities(resources: Mapping, side: str) -> dict[str, Quantity]:
    # a quantity that cannot be read never comes here: decoding refuses it
    return {str(name): _read(value) for name, value in mapping(resources, side).items()}


def _read(value: Any) -> Quantity:
    try:
        return parse_quantity(value if isinstance(value, str | int | float) else 0)
    except ValueError:
        return parse_quantity(0)


def _huge(name: str) -> bool:
    return name.startswith("hugepages-")


def _native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _extended(name: str) -> bool:
    return not _native(name) and not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


def _one_errors(name: str, quantity: Quantity, path: str) -> list[FieldError]:
    errors = [invalid(path, name, message) for message in names.qualified_name(name)]
    if "/" not in name:
        if not errors and name not in _STANDARD and not _huge(name):
            errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
        if name not in _CONTAINER and not _huge(name):
            errors.append(invalid(path, name, "must be a standard resource for containers"))
    elif not _native(name) and not _extended(name):
        errors.append(invalid(path, name, "doesn't follow extended resource name standard"))
    if quantity.value < 0:
        errors.append(invalid(path, str(quantity), "must be greater than or equal to 0"))
    if (_extended(name) or name in _COUNTED) and quantity.value.denominator != 1:
        errors.append(invalid(path, str(quantity), "must be an integer"))
    return errors


def _request_errors(name: str, request: Quantity, limit: Quantity | None, path: str) -> list[FieldError]:
    divisible = _native(name) and not _huge(name)
    if limit is None:
        if divisible:
            return []
        return [required(f"{path}.limits", "Limit must be set for non overcommitable resources")]
    if request.value != limit.value and not divisible:
        return [invalid(f"{path}.requests", str(request), f"must be equal to {name} limit of {limit}")]
    if request.value > limit.value:
        return [invalid(f"{path}.requests", str(request), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _claim_errors(entries: list[Mapping], claims: set[str], path: str) -> list[FieldError]:
    errors = []
    seen = set()
    for index, entry in enumerate(entries):
        name = text(entry, "name")
        if not name:
            errors.append(required(f"{path}[{index}]"))
            continue
        key = f"{name}/{text(entry, 'request')}" if text(entry, "request") else name
        if key in seen:
            errors.append(duplicate(f"{path}[{index}]", key))
        seen.add(key)
        if name not in claims:
            message = "must be one of the names in pod.spec.resourceClaims"
            errors.append(not_found(f"{path}[{index}]", name, message if claims else f"{message} which is empty"))
    return errors
