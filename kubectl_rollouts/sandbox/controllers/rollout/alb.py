"""Weights and header routes of the AWS load balancer: annotations of its Ingress (resources.md §2.5)."""

from __future__ import annotations

import json

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan, managed_routes
from kubectl_rollouts.sandbox.objects import Object, annotations_of

_USE_ANNOTATION = {"name": "use-annotation"}


def apply_alb(release: Release, config: Object, plan: Plan) -> str:
    """Write the action of the root Service, and those of header routes; the first problem, or ""."""
    prefix = config.get("annotationPrefix") or "alb.ingress.kubernetes.io"
    root = config.get("rootService") or plan.stable_service
    action = _action(config, plan)
    for name in [*(config.get("ingresses") or ())] or [config.get("ingress") or ""]:
        ingress = release.world.get("Ingress", release.namespace, name)
        if ingress is None:
            return f'ingress.networking.k8s.io "{name}" not found'
        annotations: dict[str, str | None] = {f"{prefix}/actions.{root}": action}
        rules = (ingress.get("spec") or {}).get("rules") or []
        wanted = rules
        step = (plan.step or {}).get("setHeaderRoute")
        gone = managed_routes(release) if plan.drop_routes else []
        if step is not None and not step.get("match"):
            gone = [step.get("name", "")]
        for route in gone:
            annotations |= {f"{prefix}/actions.{route}": None, f"{prefix}/conditions.{route}": None}
            wanted = [_without(rule, route) for rule in wanted]
        if step is not None and step.get("match"):
            route = step.get("name", "")
            target = {"ServiceName": plan.canary_service, "ServicePort": _port(config), "Weight": 100}
            annotations[f"{prefix}/actions.{route}"] = _text(
                {"Type": "forward", "ForwardConfig": {"TargetGroups": [target]}}
            )
            annotations[f"{prefix}/conditions.{route}"] = _text([_condition(match) for match in step["match"]])
            wanted = [_with(_without(rule, route), route, root, managed_routes(release)) for rule in wanted]
        _write(release, ingress, annotations, wanted)
    return ""


def _action(config: Object, plan: Plan) -> str:
    port = _port(config)
    groups: list[Object] = [
        {"ServiceName": item["serviceName"], "ServicePort": port, "Weight": item["weight"]} for item in plan.additional
    ]
    groups.insert(0, {"ServiceName": plan.canary_service, "ServicePort": port, "Weight": plan.weight})
    groups.append({"ServiceName": plan.stable_service, "ServicePort": port, "Weight": plan.stable_weight})
    forward: Object = {"TargetGroups": groups}
    stickiness = config.get("stickinessConfig") or {}
    if stickiness.get("enabled"):
        seconds = stickiness.get("durationSeconds")
        forward["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": seconds}
    return _text({"Type": "forward", "ForwardConfig": forward})


def _condition(match: Object) -> Object:
    value = (match.get("headerValue") or {}).get("exact", "")
    header = {"httpHeaderName": match.get("headerName", ""), "values": [value]}
    return {"field": "http-header", "httpHeaderConfig": header}


def _without(rule: Object, route: str) -> Object:
    """The rule without the paths of a managed route."""
    paths = (rule.get("http") or {}).get("paths") or []
    kept = [path for path in paths if not _leads_to(path, route)]
    return rule if len(kept) == len(paths) else {**rule, "http": {**rule["http"], "paths": kept}}


def _with(rule: Object, route: str, root: str, managed: list[str]) -> Object:
    """The rule with a path of a managed route before those that it narrows; managed ones in their order."""
    paths = (rule.get("http") or {}).get("paths") or []
    if not any(_leads_to(path, root) for path in paths):
        return rule
    backend = {"service": {"name": route, "port": dict(_USE_ANNOTATION)}}
    made = {"path": "/*", "pathType": "ImplementationSpecific", "backend": backend}
    order = {name: number for number, name in enumerate(managed)}
    paths = sorted([made, *paths], key=lambda path: order.get(_service(path), len(order)))
    return {**rule, "http": {**rule["http"], "paths": paths}}


def _leads_to(path: Object, service: str) -> bool:
    return _service(path) == service


def _service(path: Object) -> str:
    return str(((path.get("backend") or {}).get("service") or {}).get("name") or "")


def _port(config: Object) -> str:
    return str(config.get("servicePort") or 0)


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _write(release: Release, ingress: Object, annotations: dict[str, str | None], rules: list[Object]) -> None:
    body: Object = {}
    if any(annotations_of(ingress).get(key) != value for key, value in annotations.items()):
        body["metadata"] = {"annotations": annotations}
    if rules != ((ingress.get("spec") or {}).get("rules") or []):
        body["spec"] = {"rules": rules}
    if body:
        release.patch("Ingress", ingress["metadata"]["name"], body)
