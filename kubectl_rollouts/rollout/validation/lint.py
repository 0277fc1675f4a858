"""What `lint` finds in the documents of one file: each Rollout by itself, then what the file says of its references.

Which Services, Ingresses and VirtualServices belong to which Rollout is spec/lint.md §2: by name or by backend,
namespaces never compared, marked with the managed-by annotation as the controller would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_rollouts.rollout.validation.access import Mapping, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import FieldError
from kubectl_rollouts.rollout.validation.istio import virtual_service_errors
from kubectl_rollouts.rollout.validation.references import (
    ingress_backends,
    ingress_errors,
    manager_of,
    name_of,
    routed_service,
    service_errors,
    service_name,
)
from kubectl_rollouts.rollout.validation.rollout import validate_rollout


class Documents(NamedTuple):
    """The documents of a file that take part, each kind in the file's order."""

    rollouts: Sequence[Mapping] = ()
    services: Sequence[Mapping] = ()
    ingresses: Sequence[Mapping] = ()
    virtual_services: Sequence[Mapping] = ()


def lint_errors(documents: Documents) -> list[FieldError]:
    """All errors, in the reference's order: per Rollout its own, its Services', Ingresses', VirtualServices'."""
    services = [_service_owner(service, documents.rollouts) for service in documents.services]
    ingresses = _ingress_managers(documents)
    virtual_services = _virtual_service_managers(documents)
    errors = []
    for rollout in documents.rollouts:
        name = name_of(rollout)
        errors += validate_rollout(rollout)
        for service, (manager, role) in zip(documents.services, services, strict=True):
            if (manager or "") == name and role:
                errors += service_errors(rollout, _unmarked(service), role)
        for ingress, manager in zip(documents.ingresses, ingresses, strict=True):
            if manager == name:
                errors += ingress_errors(rollout, ingress)
        for virtual_service, manager in zip(documents.virtual_services, virtual_services, strict=True):
            if manager == name:
                errors += virtual_service_errors(rollout, virtual_service)
    return errors


def _unmarked(service: Mapping) -> Mapping:
    """The Service without its annotations: marked with the Rollout that is looked at, it has no other manager."""
    metadata = {key: value for key, value in mapping(service, "metadata").items() if key != "annotations"}
    return {**service, "metadata": metadata}


def _service_owner(service: Mapping, rollouts: Sequence[Mapping]) -> tuple[str | None, str]:
    """The name of the Rollout that manages the Service, and the Service's role there ("" for none)."""
    manager, role = manager_of(service), ""
    name = name_of(service)
    for rollout in rollouts:
        for candidate in _roles(rollout):
            if service_name(rollout, candidate) == name:
                manager, role = name_of(rollout), candidate
    return manager, role


def _roles(rollout: Mapping) -> list[str]:
    """The roles that the Rollout's strategies can give; a field that is not set still equals a nameless Service."""
    strategy = mapping(rollout, "spec", "strategy")
    roles = ["canary", "stable"] if present(strategy, "canary") else []
    roles += ["ping", "pong"] if present(strategy, "canary", "pingPong") else []
    return roles + (["active", "preview"] if present(strategy, "blueGreen") else [])


def _ingress_managers(documents: Documents) -> list[str]:
    managers = [manager_of(ingress) for ingress in documents.ingresses]
    for rollout in documents.rollouts:
        if not present(rollout, "spec", "strategy", "canary", "trafficRouting"):
            break  # the reference stops marking here, for the Rollouts that follow too
        service = routed_service(rollout) or ""
        for index, ingress in enumerate(documents.ingresses):
            if service in ingress_backends(ingress):
                managers[index] = name_of(rollout)
    return _adopted(managers)


def _virtual_service_managers(documents: Documents) -> list[str]:
    managers = [manager_of(service) for service in documents.virtual_services]
    for rollout in documents.rollouts:
        istio = mapping(rollout, "spec", "strategy", "canary", "trafficRouting", "istio")
        if not present(rollout, "spec", "strategy", "canary", "trafficRouting", "istio"):
            break
        wanted = {text(entry, "name") for entry in mappings(istio, "virtualServices")}
        if present(istio, "virtualService"):
            wanted.add(text(istio, "virtualService", "name"))
        for index, service in enumerate(documents.virtual_services):
            if name_of(service) in wanted:
                managers[index] = name_of(rollout)
    return _adopted(managers)


def _adopted(managers: list[str | None]) -> list[str]:
    """A nameless Rollout adopts what has no annotation: a missing one reads as the empty name."""
    return ["" if manager is None else manager for manager in managers]
