"""Weights, header and mirror routes in Istio's VirtualServices, hashes in its DestinationRule (resources.md §2.5)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation.istio import split_name
from kubectl_rollouts.sandbox.controllers.names import HASH
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan, managed_routes
from kubectl_rollouts.sandbox.objects import Object
from kubectl_rollouts.sandbox.world import Patch


def apply_istio(release: Release, config: Object, plan: Plan) -> str:
    """Patch every VirtualService that is named, then the DestinationRule's subsets."""
    rule = config.get("destinationRule") or {}
    for reference in [*(config.get("virtualServices") or ())] or [config.get("virtualService") or {}]:
        namespace, name = split_name(reference.get("name") or "")
        namespace = namespace or release.namespace
        found = release.world.get("VirtualService", namespace, name)
        if found is None:
            return f'virtualservices.networking.istio.io "{name}" not found'
        spec = found.get("spec") or {}
        body: Object = {}
        if spec.get("http"):
            body["http"] = _http(release, spec["http"], reference, rule, plan)
        for protocol in ("tls", "tcp"):
            if spec.get(protocol):
                body[protocol] = [_weighted(route, rule, plan) for route in spec[protocol]]
        if any(spec.get(key) != value for key, value in body.items()):
            release.add(Patch("VirtualService", namespace, name, {"spec": body}))
    _subsets(release, rule, plan)
    return ""


def _http(release: Release, routes: list[Object], reference: Object, rule: Object, plan: Plan) -> list[Object]:
    managed = managed_routes(release)
    chosen = set(reference.get("routes") or ())
    step = plan.step or {}
    header, mirror = step.get("setHeaderRoute"), step.get("setMirrorRoute")
    gone = set(managed) if plan.drop_routes else {item.get("name") for item in (header, mirror) if item is not None}
    routes = [route for route in routes if route.get("name") not in gone]
    plain = [route for route in routes if route.get("name") not in managed]
    first = next((route for route in plain if not chosen or route.get("name") in chosen), None)
    if header is not None and header.get("match"):
        routes.insert(0, _header_route(header, _canary(release, first, rule, plan)))
    if mirror is not None and mirror.get("match"):
        routes.insert(0, _mirror_route(mirror, first, _canary(release, first, rule, plan)))
    order = {name: number for number, name in enumerate(managed)}
    routes.sort(key=lambda route: order.get(route.get("name") or "", len(order)))
    weighted = {*managed, *chosen}
    return [
        _weighted(route, rule, plan)
        if (not chosen or route.get("name") in weighted) and not _is_header_route(route, managed)
        else route
        for route in routes
    ]


def _is_header_route(route: Object, managed: list[str]) -> bool:
    """A route of a header step sends everything to the canary; a mirrored one follows the weights."""
    return route.get("name") in managed and "mirror" not in route


def _weighted(route: Object, rule: Object, plan: Plan) -> Object:
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


def _canary(release: Release, first: Object | None, rule: Object, plan: Plan) -> Object:
    """The canary as a destination: its Service, or its subset of the DestinationRule's host."""
    if not rule:
        made: Object = {"host": plan.canary_service}
    else:
        found = release.world.get("DestinationRule", release.namespace, rule.get("name") or "")
        host = ((found or {}).get("spec") or {}).get("host") or plan.canary_service
        made = {"host": host, "subset": rule.get("canarySubsetName")}
    for item in (first or {}).get("route") or ():
        port = (item.get("destination") or {}).get("port")
        if port is not None:
            return {**made, "port": port}
    return made


def _header_route(step: Object, canary: Object) -> Object:
    matches = [
        {"headers": {match.get("headerName", ""): _matcher(match.get("headerValue"))}} for match in step["match"]
    ]
    return {"name": step.get("name"), "match": matches, "route": [{"destination": canary, "weight": 100}]}


def _mirror_route(step: Object, first: Object | None, canary: Object) -> Object:
    matches = []
    for match in step["match"]:
        made: Object = {}
        if match.get("method"):
            made["method"] = _matcher(match["method"])
        if match.get("path"):
            made["uri"] = _matcher(match["path"])
        if match.get("headers"):
            made["headers"] = {name: _matcher(value) for name, value in match["headers"].items()}
        matches.append(made)
    percentage = step.get("percentage")
    return {
        "name": step.get("name"),
        "match": matches,
        "route": [dict(item) for item in (first or {}).get("route") or ()],
        "mirror": {key: value for key, value in canary.items() if key != "port"},
        "mirrorPercentage": {"value": 100 if percentage is None else percentage},
    }


def _matcher(value: Any) -> Object:
    return {key: text for key, text in (value or {}).items() if text}


def _subsets(release: Release, rule: Object, plan: Plan) -> None:
    name = rule.get("name")
    found = release.world.get("DestinationRule", release.namespace, name) if name else None
    if found is None or name is None:
        return
    hashes = {rule.get("canarySubsetName"): plan.canary_hash, rule.get("stableSubsetName"): plan.stable_hash}
    old = (found.get("spec") or {}).get("subsets") or []
    new = [
        {**s, "labels": {**(s.get("labels") or {}), HASH: hashes[s.get("name")]}} if hashes.get(s.get("name")) else s
        for s in old
    ]
    if new != old:
        release.patch("DestinationRule", name, {"spec": {"subsets": new}})
