"""Weights by the NGINX ingress controller: a canary copy of each stable Ingress (resources.md §2.5)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan
from kubectl_rollouts.sandbox.objects import Object, annotations_of, owner_reference

_CLASS = "kubernetes.io/ingress.class"


def apply_nginx(release: Release, config: Object, plan: Plan) -> str:
    """Create or update the canary Ingresses; the first problem, or ""."""
    names = [*(config.get("stableIngresses") or ())] or [config.get("stableIngress") or ""]
    prefix = config.get("annotationPrefix") or "nginx.ingress.kubernetes.io"
    for name in names:
        stable = release.world.get("Ingress", release.namespace, name)
        if stable is None:
            return f'ingress.networking.k8s.io "{name}" not found'
        wanted = {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(plan.weight)}
        if plan.whole != 100:
            wanted[f"{prefix}/canary-weight-total"] = str(plan.whole)
        if _CLASS in annotations_of(stable):
            wanted[_CLASS] = annotations_of(stable)[_CLASS]
        for key, value in (config.get("additionalIngressAnnotations") or {}).items():
            wanted[key if key.startswith(prefix) else f"{prefix}/{key}"] = value
        wanted.update(config.get("canaryIngressAnnotations") or {})
        _write(release, f"{release.name}-{name}-canary"[:253], wanted, _spec(stable.get("spec") or {}, plan))
    return ""


def _write(release: Release, name: str, annotations: dict[str, str], spec: Object) -> None:
    canary = release.world.get("Ingress", release.namespace, name)
    if canary is None:
        metadata = {
            "name": name,
            "namespace": release.namespace,
            "annotations": annotations,
            "ownerReferences": [owner_reference(release.rollout)],
        }
        made = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}
        release.create(made)
        return
    body: Object = {}
    if any(annotations_of(canary).get(key) != value for key, value in annotations.items()):
        body["metadata"] = {"annotations": annotations}
    if any((canary.get("spec") or {}).get(key) != value for key, value in spec.items()):
        body["spec"] = spec
    if body:
        release.patch("Ingress", name, body)


def _spec(stable: Object, plan: Plan) -> Object:
    """The rules that lead to the stable Service, leading to the canary one."""
    rules = []
    for rule in stable.get("rules") or ():
        paths = (rule.get("http") or {}).get("paths") or []
        if any(_service(path) == plan.stable_service for path in paths):
            rules.append({**rule, "http": {**rule["http"], "paths": [_turned(path, plan) for path in paths]}})
    kept = {key: stable[key] for key in ("ingressClassName",) if stable.get(key)}
    return {**kept, "rules": rules}


def _service(path: Object) -> str:
    return str(((path.get("backend") or {}).get("service") or {}).get("name") or "")


def _turned(path: Object, plan: Plan) -> Object:
    if _service(path) != plan.stable_service:
        return path
    backend = path["backend"]
    return {**path, "backend": {**backend, "service": {**backend["service"], "name": plan.canary_service}}}
