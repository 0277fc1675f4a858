"""The objects that carry traffic weights: what a router would be told (controller.md §4.3, §4.7; resources.md §2.5).

Each router is a function that turns a plan into merge patches.  The sandbox moves no traffic: it shows in the API what
a real controller would write there, for the kinds that it serves.  The other routers (SMI, Traefik, App Mesh,
Ambassador, APISIX) show in the rollout's status only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.gateway import apply_gateway
from kubectl_rollouts.sandbox.controllers.rollout.numbers import traffic_routing_of
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan
from kubectl_rollouts.sandbox.objects import Object, annotations_of, owner_reference

__all__ = ["GATEWAY_PLUGIN", "Plan", "apply", "verified"]

GATEWAY_PLUGIN = "argoproj-labs/gatewayAPI"


class _Router(NamedTuple):
    key: str
    apply: Callable[[Release, Object, Plan], str]


def apply(release: Release, plan: Plan) -> str:
    """Tell every configured router; the first problem, or ""."""
    routing = traffic_routing_of(release.rollout) or {}
    for router in _ROUTERS:
        config = routing.get(router.key)
        if config is not None and (problem := router.apply(release, config, plan)):
            return problem
    plugins = routing.get("plugins") or {}
    if GATEWAY_PLUGIN in plugins:
        return apply_gateway(release, plugins[GATEWAY_PLUGIN] or {}, plan)
    return ""


def verified(release: Release) -> bool | None:
    """What the routers say of the weight: only the Gateway API plugin verifies it, and always says yes."""
    plugins = (traffic_routing_of(release.rollout) or {}).get("plugins") or {}
    return True if GATEWAY_PLUGIN in plugins else None


def _nginx(release: Release, config: Object, plan: Plan) -> str:
    """A canary copy of each stable Ingress, with annotations for the weight."""
    names = [*(config.get("stableIngresses") or ())] or [config.get("stableIngress") or ""]
    prefix = config.get("annotationPrefix") or "nginx.ingress.kubernetes.io"
    for name in names:
        stable = release.world.get("Ingress", release.namespace, name)
        if stable is None:
            return f'ingress.networking.k8s.io "{name}" not found'
        wanted = {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(plan.weight)}
        if plan.whole != 100:
            wanted[f"{prefix}/canary-weight-total"] = str(plan.whole)
        for key, value in (config.get("additionalIngressAnnotations") or {}).items():
            wanted[key if key.startswith(prefix) else f"{prefix}/{key}"] = value
        wanted.update(config.get("canaryIngressAnnotations") or {})
        canary_name = f"{release.name}-{name}-canary"[:253]
        canary = release.world.get("Ingress", release.namespace, canary_name)
        spec = _renamed(stable.get("spec") or {}, plan.stable_service, plan.canary_service)
        if canary is None:
            metadata = {
                "name": canary_name,
                "namespace": release.namespace,
                "annotations": wanted,
                "ownerReferences": [owner_reference(release.rollout)],
            }
            made = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}
            release.create(made)
        elif any(annotations_of(canary).get(key) != value for key, value in wanted.items()):
            release.patch("Ingress", canary_name, {"metadata": {"annotations": wanted}})
    return ""


def _renamed(value: object, old: str, new: str) -> object:
    """A copy in which every backend of one Service leads to the other."""
    if isinstance(value, dict):
        return {key: _renamed(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, old, new) for item in value]
    return new if value == old else value


def _alb(release: Release, config: Object, plan: Plan) -> str:
    """An annotation of the Ingress that tells the load balancer the shares."""
    prefix = config.get("annotationPrefix") or "alb.ingress.kubernetes.io"
    root = config.get("rootService") or plan.stable_service
    port = str(config.get("servicePort") or 0)
    groups: list[Object] = [
        {"ServiceName": item["serviceName"], "ServicePort": port, "Weight": item["weight"]} for item in plan.additional
    ]
    groups.insert(0, {"ServiceName": plan.canary_service, "ServicePort": port, "Weight": plan.weight})
    groups.append({"ServiceName": plan.stable_service, "ServicePort": port, "Weight": plan.stable_weight})
    forward: Object = {"TargetGroups": groups}
    stickiness = config.get("stickinessConfig") or {}
    if stickiness.get("enabled"):
        forward["TargetGroupStickinessConfig"] = {
            "Enabled": True,
            "DurationSeconds": stickiness.get("durationSeconds"),
        }
    text = json.dumps({"Type": "forward", "ForwardConfig": forward}, separators=(",", ":"))
    for name in [*(config.get("ingresses") or ())] or [config.get("ingress") or ""]:
        ingress = release.world.get("Ingress", release.namespace, name)
        if ingress is None:
            return f'ingress.networking.k8s.io "{name}" not found'
        key = f"{prefix}/actions.{root}"
        if annotations_of(ingress).get(key) != text:
            release.patch("Ingress", name, {"metadata": {"annotations": {key: text}}})
    return ""


def _istio(release: Release, config: Object, plan: Plan) -> str:
    """The weights of a VirtualService's routes and the hashes of a DestinationRule's subsets."""
    rule = config.get("destinationRule") or {}
    services = [*(config.get("virtualServices") or ())] or [config.get("virtualService") or {}]
    for service in services:
        name = service.get("name") or ""
        found = release.world.get("VirtualService", release.namespace, name)
        if found is None:
            continue
        spec = found.get("spec") or {}
        body: Object = {}
        for protocol in ("http", "tls", "tcp"):
            routes = spec.get(protocol)
            if routes:
                chosen = set(service.get("routes") or ()) if protocol == "http" else set()
                body[protocol] = [_istio_route(r, chosen, rule, plan) for r in routes]
        if any(spec.get(key) != value for key, value in body.items()):
            release.patch("VirtualService", name, {"spec": body})
    _istio_subsets(release, rule, plan)
    return ""


def _istio_route(route: Object, chosen: set[str], rule: Object, plan: Plan) -> Object:
    if chosen and route.get("name") not in chosen:
        return route
    weights = {
        (plan.canary_service, rule.get("canarySubsetName")): plan.weight,
        (plan.stable_service, rule.get("stableSubsetName")): plan.stable_weight,
    }
    destinations = []
    for item in route.get("route") or ():
        target = item.get("destination") or {}
        host, subset = str(target.get("host") or "").split(".")[0], target.get("subset")
        for (service, name), weight in weights.items():
            if (subset and subset == name) or (not rule and service and host == service):
                item = {**item, "weight": weight}
                break
        destinations.append(item)
    return {**route, "route": destinations}


def _istio_subsets(release: Release, rule: Object, plan: Plan) -> None:
    name = rule.get("name")
    found = release.world.get("DestinationRule", release.namespace, name) if name else None
    if found is None or name is None:
        return
    hashes = {rule.get("canarySubsetName"): plan.canary_hash, rule.get("stableSubsetName"): plan.stable_hash}
    old = (found.get("spec") or {}).get("subsets") or []
    new = [
        {**s, "labels": {**(s.get("labels") or {}), "rollouts-pod-template-hash": hashes[s.get("name")]}}
        if hashes.get(s.get("name"))
        else s
        for s in old
    ]
    if new != old:
        release.patch("DestinationRule", name, {"spec": {"subsets": new}})


_ROUTERS = (
    _Router("nginx", _nginx),
    _Router("alb", _alb),
    _Router("istio", _istio),
)
