"""Weights and header routes of the Gateway API plugin (controller.md §4.7)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan
from kubectl_rollouts.sandbox.kinds import BY_KIND
from kubectl_rollouts.sandbox.objects import Object, labels_of, name_of
from kubectl_rollouts.sandbox.world import Patch

_IN_PROGRESS = "rollouts.argoproj.io/gatewayapi-canary"
_LISTS = (
    ("HTTPRoute", "httpRoute", "httpRoutes", "httpRouteSelector"),
    ("GRPCRoute", "grpcRoute", "grpcRoutes", "grpcRouteSelector"),
    ("TCPRoute", "tcpRoute", "tcpRoutes", "tcpRouteSelector"),
    ("TLSRoute", "tlsRoute", "tlsRoutes", "tlsRouteSelector"),
)
_SINGLE = {kind: single for kind, single, _, _ in _LISTS}


def apply_gateway(release: Release, config: Object, plan: Plan) -> str:
    """Patch every configured route; the first problem, or ""."""
    namespace = config.get("namespace") or release.namespace
    managed = [r.get("name") for r in ((release.canary or {}).get("trafficRouting") or {}).get("managedRoutes") or ()]
    routes = _routes(release, config, namespace)
    if not routes:
        return (
            "No routes configured. At least one of 'httpRoutes', 'grpcRoutes', 'tcpRoutes' or 'tlsRoutes' must be set"
        )
    for kind, name, with_headers in routes:
        route = release.world.get(kind, namespace, name)
        if route is None:
            return f'{kind.lower()}s.gateway.networking.k8s.io "{name}" not found'
        rules = list((route.get("spec") or {}).get("rules") or [])
        if plan.drop_routes:
            rules = [rule for rule in rules if not _is_managed(rule, managed)]
        elif with_headers and plan.step is not None and plan.step.get("setHeaderRoute") is not None:
            rules = _with_header_rules(rules, plan.step["setHeaderRoute"], plan)
        weighted = [_weighted(rule, managed, plan) for rule in rules]
        if not any(found for _, found in weighted):
            return f"backendRef was not found in {_SINGLE[kind]}"
        _write(release, route, namespace, [rule for rule, _ in weighted], config, plan.weight)
    return ""


def _routes(release: Release, config: Object, namespace: str) -> list[tuple[str, str, bool]]:
    """(kind, name, whether header rules are put into it) of every route that the configuration names."""
    found: list[tuple[str, str, bool]] = []
    for kind, single, several, selector in _LISTS:
        if kind not in BY_KIND:
            continue
        if config.get(single):
            found.append((kind, config[single], True))
        found += [(kind, r.get("name", ""), bool(r.get("useHeaderRoutes"))) for r in config.get(several) or ()]
        wanted = (config.get(selector) or {}).get("matchLabels")
        if wanted:
            listed = release.world.list(kind, namespace)
            found += [(kind, name_of(r), False) for r in listed if wanted.items() <= labels_of(r).items()]
    return found


def _is_managed(rule: Object, managed: list[str | None]) -> bool:
    name = rule.get("name") or ""
    return any(m and (name == m or name.startswith(f"{m}-")) for m in managed)


def _weighted(rule: Object, managed: list[str | None], plan: Plan) -> tuple[Object, bool]:
    """The rule with the plan's weights, and whether it has both backends."""
    backends = rule.get("backendRefs") or []
    names = [backend.get("name") for backend in backends]
    if _is_managed(rule, managed) or names == [plan.canary_service]:
        return rule, False
    shares = {plan.canary_service: plan.weight, plan.stable_service: plan.stable_weight}
    if not all(service in names for service in shares):
        return rule, False
    return {
        **rule,
        "backendRefs": [{**b, "weight": shares.get(b.get("name"), b.get("weight"))} for b in backends],
    }, True


def _with_header_rules(rules: list[Object], step: Object, plan: Plan) -> list[Object]:
    """One rule more for each that has both backends: the same requests, with the headers, to the canary."""
    name = step.get("name") or ""
    rules = [rule for rule in rules if not _is_managed(rule, [name])]
    if not step.get("match"):
        return rules
    headers = [_header(match) for match in step["match"]]
    added: list[Object] = []
    for rule in rules:
        backends = rule.get("backendRefs") or []
        canary = next((b for b in backends if b.get("name") == plan.canary_service), None)
        if canary is None or not any(b.get("name") == plan.stable_service for b in backends):
            continue
        matches = [{**m, "headers": [*(m.get("headers") or ()), *headers]} for m in rule.get("matches") or [{}]]
        target = {key: value for key, value in canary.items() if key != "weight"}
        made = {**rule, "name": name if not added else f"{name}-{len(added)}", "matches": matches}
        added.append({**made, "backendRefs": [target]})
    return [*rules, *added]


def _header(match: Object) -> Object:
    value = match.get("headerValue") or {}
    name = match.get("headerName", "")
    if value.get("exact"):
        return {"type": "Exact", "name": name, "value": value["exact"]}
    text = f"{value['prefix']}.*" if value.get("prefix") else value.get("regex", "")
    return {"type": "RegularExpression", "name": name, "value": text}


def _write(release: Release, route: Object, namespace: str, rules: list[Object], config: Object, weight: int) -> None:
    body: Object = {}
    if rules != ((route.get("spec") or {}).get("rules") or []):
        body["spec"] = {"rules": rules}
    if not config.get("disableInProgressLabel"):
        key = config.get("inProgressLabelKey") or _IN_PROGRESS
        value = (config.get("inProgressLabelValue") or "in-progress") if weight > 0 else None
        if labels_of(route).get(key) != value:
            body["metadata"] = {"labels": {key: value}}
    if body:
        release.add(Patch(route["kind"], namespace, name_of(route), body))
