"""What the controller finds wrong with a rollout: its spec, then what the spec refers to (spec/lint.md §8).

Only the first problem is told, as the text of the condition InvalidSpec. References are looked up in the reference's
order: Services, analysis templates, Ingresses, VirtualServices; then the rules that both sides must keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from kubectl_rollouts.rollout.validation.access import (
    Mapping,
    flag,
    mapping,
    mappings,
    present,
    sequence,
    text,
)
from kubectl_rollouts.rollout.validation.fields import FieldError, go_quoted, internal, invalid
from kubectl_rollouts.rollout.validation.istio import split_name, virtual_service_errors, virtual_services
from kubectl_rollouts.rollout.validation.metrics import template_use_errors
from kubectl_rollouts.rollout.validation.references import (
    ROUTING,
    SERVICE_PATHS,
    ingress_errors,
    service_errors,
    service_name,
)
from kubectl_rollouts.rollout.validation.rollout import validate_rollout
from kubectl_rollouts.sandbox.objects import Object, name_of, namespace_of
from kubectl_rollouts.sandbox.world import Key, World

_TEMPLATES = ("AnalysisTemplate", "ClusterAnalysisTemplate")
_WORKLOADS = ("Deployment", "ReplicaSet", "PodTemplate")
_REFERENCED = frozenset(("Service", "Ingress", "VirtualService", *_TEMPLATES, *_WORKLOADS))


def rollout_error(rollout: Object, world: World, *, resolved: bool = True) -> str | None:
    """What is wrong with the rollout (`<path>: <body>`), None when nothing is.

    `resolved`: the template and selector of a `workloadRef` have been filled in, as the controller does before it
    validates; without a workloadRef it makes no difference.
    """
    own = _own_error(msgspec.json.encode(rollout.get("spec") or {}), resolved)
    if own is not None:
        return own
    first = next(_reference_errors(rollout, world), None)
    return None if first is None else str(first)


@lru_cache(maxsize=4096)
def _own_error(spec: bytes, resolved: bool) -> str | None:
    """The first thing that is wrong with a spec by itself: asked for at every reconcile, the spec seldom changes."""
    errors = validate_rollout({"spec": msgspec.json.decode(spec)}, resolved=resolved)
    return str(errors[0]) if errors else None


def invalid_rollouts(kind: str, obj: Object, world: World) -> list[Key]:
    """The rollouts to look at again because `obj` changed: those that are invalid and may have lacked it.

    A rollout controller adds this to its `keys()`; the reference comes back only after its error back-off (≤ 10 s).
    """
    if kind not in _REFERENCED:
        return []
    namespace = namespace_of(obj) or None
    return [
        (namespace_of(rollout), name_of(rollout))
        for rollout in world.list("Rollout", namespace)
        if any(text(item, "type") == "InvalidSpec" for item in mappings(rollout, "status", "conditions"))
    ]


def _reference_errors(rollout: Object, world: World) -> Iterator[FieldError]:
    services: list[tuple[str, Object]] = []
    for role in _roles(rollout):
        name = service_name(rollout, role)
        service = world.get("Service", namespace_of(rollout), name)
        if service is None:
            yield invalid(SERVICE_PATHS[role], name, f"service {go_quoted(name)} not found")
        else:
            services.append((role, service))
    analyses: list[tuple[_Analysis, list[Object]]] = []
    for analysis in _analyses(rollout):
        found: list[Object] = []
        yield from _find_templates(analysis.templates, analysis.path, namespace_of(rollout), world, found, set())
        analyses.append((analysis, found))
    ingresses: list[Object] = []
    yield from _find_ingresses(rollout, world, ingresses)
    meshes: list[Object] = []
    yield from _find_virtual_services(rollout, world, meshes)
    yield from _other_routers(rollout)
    for role, service in services:
        yield from service_errors(rollout, service, role)
    for analysis, found in analyses:
        # AnalysisTemplates are put together before ClusterAnalysisTemplates
        ordered = sorted(found, key=lambda template: template.get("kind") == "ClusterAnalysisTemplate")
        yield from template_use_errors(ordered, analysis.arguments, analysis.path, background=analysis.background)
    for ingress in ingresses:
        yield from ingress_errors(rollout, ingress)
    for mesh in meshes:
        yield from virtual_service_errors(rollout, mesh)


# --- Services ------------------------------------------------------------------------------------------------------


def _roles(rollout: Object) -> list[str]:
    """The roles whose Service must exist; the active Service of a blue-green rollout must even when it has no name."""
    if present(rollout, "spec", "strategy", "blueGreen"):
        return ["active", *(["preview"] if service_name(rollout, "preview") else [])]
    return [role for role in ("stable", "canary", "ping", "pong") if service_name(rollout, role)]


# --- Analysis templates --------------------------------------------------------------------------------------------


class _Analysis(NamedTuple):
    """One use of analysis templates in a rollout."""

    path: str
    templates: list[Mapping]
    arguments: list[Mapping]
    background: bool = False


def _analyses(rollout: Object) -> Iterator[_Analysis]:
    """The analyses of a rollout, in the order in which the reference looks them up."""
    strategy = mapping(rollout, "spec", "strategy")
    for name in ("prePromotionAnalysis", "postPromotionAnalysis"):
        if present(strategy, "blueGreen", name):
            yield _analysis(mapping(strategy, "blueGreen", name), f"spec.strategy.blueGreen.{name}")
    if present(strategy, "blueGreen"):
        return
    for index, step in enumerate(mappings(strategy, "canary", "steps")):
        if present(step, "analysis"):
            yield _analysis(mapping(step, "analysis"), f"spec.strategy.canary.steps[{index}].analysis")
    if present(strategy, "canary", "analysis"):
        found = _analysis(mapping(strategy, "canary", "analysis"), "spec.strategy.canary.analysis")
        yield found._replace(background=True)


def _analysis(analysis: Mapping, path: str) -> _Analysis:
    """One use; an argument of the rollout that says nothing has the empty text, as in the reference."""
    given = mappings(analysis, "args")
    arguments = [arg if present(arg, "value") or present(arg, "valueFrom") else {**arg, "value": ""} for arg in given]
    return _Analysis(f"{path}.templates", mappings(analysis, "templates"), arguments)


def _find_templates(
    references: list[Mapping], path: str, namespace: str, world: World, found: list[Object], seen: set[Key]
) -> Iterator[FieldError]:
    """Look up templates and the ones nested in them; adds them to `found`, each once."""
    for reference in references:
        name, cluster = text(reference, "templateName"), flag(reference, "clusterScope")
        kind = "ClusterAnalysisTemplate" if cluster else "AnalysisTemplate"
        template = world.get(kind, "" if cluster else namespace, name)
        if template is None:
            yield invalid(path, name, f"{kind} '{name}' not found")
            continue
        if (kind, name) in seen:
            continue
        seen.add((kind, name))
        found.append(template)
        nested = mappings(template, "spec", "templates")
        yield from _find_templates(nested, "spec.templates", namespace, world, found, seen)


# --- Traffic routers -----------------------------------------------------------------------------------------------


def _find_ingresses(rollout: Object, world: World, found: list[Object]) -> Iterator[FieldError]:
    routing = mapping(rollout, "spec", "strategy", "canary", "trafficRouting")
    for router, one, many, shown in (
        ("alb", "ingress", "ingresses", "ingresses"),
        ("nginx", "stableIngress", "stableIngresses", "StableIngresses"),
    ):
        if not present(routing, router):
            continue
        single, plural = text(routing, router, one), sequence(routing, router, many)
        if bool(single) == bool(plural):
            which = "Both are" if single else "Neither are"
            title, titles = f"{one[0].upper()}{one[1:]}", f"{many[0].upper()}{many[1:]}"
            message = f"Either {title} or {titles} must be configured. {which} configured."
            yield internal(f"{ROUTING}.{router}", message)
            continue
        path, value = (f"{ROUTING}.{router}.{shown}", plural) if plural else (f"{ROUTING}.{router}.{one}", single)
        for name in plural or [single]:
            ingress = world.get("Ingress", namespace_of(rollout), name)
            if ingress is None:
                yield invalid(path, value, f"ingress.networking.k8s.io {go_quoted(name)} not found")
            else:
                found.append(ingress)


def _find_virtual_services(rollout: Object, world: World, found: list[Object]) -> Iterator[FieldError]:
    istio = mapping(rollout, "spec", "strategy", "canary", "trafficRouting", "istio")
    if not present(rollout, "spec", "strategy", "canary", "trafficRouting", "istio"):
        return
    if present(istio, "virtualService") == bool(sequence(istio, "virtualServices")):
        yield internal(f"{ROUTING}.istio", "either VirtualService or VirtualServices must be configured")
        return
    path, references = virtual_services(rollout)
    for reference in references:
        namespace, name = split_name(text(reference, "name"))
        service = world.get("VirtualService", namespace or namespace_of(rollout), name)
        if service is None:
            message = f"virtualservices.networking.istio.io {go_quoted(name)} not found"
            yield invalid(path, name, message)
        else:
            found.append(service)


def _other_routers(rollout: Object) -> Iterator[FieldError]:
    """Routers whose objects the sandbox does not serve: only what the rollout itself must say is checked."""
    routing: Any = mapping(rollout, "spec", "strategy", "canary", "trafficRouting")
    if present(routing, "ambassador") and not sequence(routing, "ambassador", "mappings"):
        yield invalid(f"{ROUTING}.ambassador.mappings", [], "must provide at least one mapping")
    if present(routing, "appMesh") and not present(routing, "appMesh", "virtualService"):
        yield invalid(f"{ROUTING}.appmesh.virtualService", None, "must provide virtual-service")
