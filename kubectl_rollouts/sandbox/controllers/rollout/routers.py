"""The objects that carry traffic weights: what a router would be told (controller.md §4.3, §4.7; resources.md §2.5).

Each router is a function that turns a plan into merge patches.  The sandbox moves no traffic: it shows in the API what
a real controller would write there, for the kinds that it serves.  The other routers (SMI, Traefik, App Mesh,
Ambassador, APISIX) show in the rollout's status only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.rollout.alb import apply_alb
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.gateway import apply_gateway
from kubectl_rollouts.sandbox.controllers.rollout.istio import apply_istio
from kubectl_rollouts.sandbox.controllers.rollout.nginx import apply_nginx
from kubectl_rollouts.sandbox.controllers.rollout.numbers import traffic_routing_of
from kubectl_rollouts.sandbox.controllers.rollout.plan import Plan
from kubectl_rollouts.sandbox.objects import Object

__all__ = ["GATEWAY_PLUGIN", "Plan", "apply", "verified"]

GATEWAY_PLUGIN = "argoproj-labs/gatewayAPI"


class _Router(NamedTuple):
    key: str
    apply: Callable[[Release, Object, Plan], str]


_ROUTERS = (
    _Router("nginx", apply_nginx),
    _Router("alb", apply_alb),
    _Router("istio", apply_istio),
)


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
