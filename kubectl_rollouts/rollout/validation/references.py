"""What a Rollout and the Services and Ingresses it names must agree on (spec/lint.md §6.1, §6.2)."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_rollouts.rollout.validation.access import Mapping, mapping, mappings, present, sequence, string_map, text
from kubectl_rollouts.rollout.validation.fields import FieldError, go_quoted, invalid

MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"
HASH_LABEL = "rollouts-pod-template-hash"
ROUTING = "spec.strategy.canary.trafficRouting"

SERVICE_PATHS = {
    "active": "spec.strategy.blueGreen.activeService",
    "preview": "spec.strategy.blueGreen.previewService",
    "canary": "spec.strategy.canary.canaryService",
    "stable": "spec.strategy.canary.stableService",
    "ping": "spec.strategy.canary.pingPong.pingService",
    "pong": "spec.strategy.canary.pingPong.pongService",
}


def service_name(rollout: Mapping, role: str) -> str:
    """The name of the Service that has `role` in the Rollout, "" when the Rollout names none."""
    return text(rollout, *SERVICE_PATHS[role].split("."))


def name_of(obj: Mapping) -> str:
    """`metadata.name`."""
    return text(obj, "metadata", "name")


def manager_of(obj: Mapping) -> str | None:
    """The Rollout that the object's annotation names as its manager; None without the annotation."""
    return string_map(obj, "metadata", "annotations").get(MANAGED_BY)


def service_errors(rollout: Mapping, service: Mapping, role: str) -> list[FieldError]:
    """What keeps a Service from having its role: another manager, labels that the pods do not carry."""
    errors = []
    name, path = name_of(service), SERVICE_PATHS[role]
    manager = manager_of(service)
    if manager is not None and manager != name_of(rollout):
        errors.append(invalid(path, name, f"Service {go_quoted(name)} is managed by another Rollout"))
    labels = string_map(rollout, "spec", "template", "metadata", "labels")
    for key, value in string_map(service, "spec", "selector").items():
        if key != HASH_LABEL and labels.get(key) != value:
            message = f"Service {go_quoted(name)} has unmatch label {go_quoted(key)} in rollout"
            errors.append(invalid(path, name, message))
    return errors


def ingress_backends(ingress: Mapping) -> Iterator[str]:
    """The names of the Services behind an Ingress' paths (networking/v1 and extensions/v1beta1 alike)."""
    for rule in mappings(ingress, "spec", "rules"):
        for path in mappings(rule, "http", "paths"):
            backend = mapping(path, "backend")
            if present(backend, "service"):
                yield text(backend, "service", "name")
            elif "serviceName" in backend:
                yield text(backend, "serviceName")


def routed_service(rollout: Mapping) -> str | None:
    """The Service that the Rollout's Ingress must route to; None when no router of the Rollout uses an Ingress.

    Several routers: nginx, then alb, then smi (spec/lint.md §2).
    """
    strategy = mapping(rollout, "spec", "strategy", "canary")
    routing = mapping(strategy, "trafficRouting")
    stable = text(strategy, "stableService")
    if present(routing, "nginx"):
        return stable
    if present(routing, "alb"):
        return text(routing, "alb", "rootService") or stable
    if present(routing, "smi"):
        return text(routing, "smi", "rootService")
    return None


def ingress_errors(rollout: Mapping, ingress: Mapping) -> list[FieldError]:
    """An Ingress that the Rollout names must have a rule for the Rollout's Service."""
    strategy = mapping(rollout, "spec", "strategy", "canary")
    routing, name = mapping(strategy, "trafficRouting"), name_of(ingress)
    expected = text(strategy, "stableService")
    if present(routing, "nginx"):
        many, one, path = (
            sequence(routing, "nginx", "stableIngresses"),
            text(routing, "nginx", "stableIngress"),
            "nginx",
        )
        plural, singular = f"{ROUTING}.{path}.stableIngresses", f"{ROUTING}.{path}.stableIngress"
    elif present(routing, "alb"):
        many, one = sequence(routing, "alb", "ingresses"), text(routing, "alb", "ingress")
        plural, singular = f"{ROUTING}.alb.ingresses", f"{ROUTING}.alb.ingress"
        expected = text(routing, "alb", "rootService") or expected
    else:
        return []
    named = name in many if many else name == one
    if not named or expected in ingress_backends(ingress):
        return []
    where = plural if many else singular
    return [invalid(where, name, f"ingress `{name}` has no rules using service {expected} backend")]
