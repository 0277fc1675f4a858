"""The rules of a canary strategy, before its steps (spec/lint.md §4.4)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation.access import Mapping, flag, integer, mapping, present, text
from kubectl_rollouts.rollout.validation.bluegreen import DUPLICATED_SERVICES, anti_affinity_errors
from kubectl_rollouts.rollout.validation.fields import FieldError, Named, invalid
from kubectl_rollouts.rollout.validation.steps import has_routers, step_errors

PATH = "spec.strategy"
_BOTH_SERVICES = "Canary service and Stable service must to be set to use Traffic Routing"
_NEED_SERVICES = ("smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")


def canary_errors(strategy: Mapping) -> list[FieldError]:
    """The errors of `spec.strategy.canary`: the strategy, its steps, its anti-affinity."""
    errors = []
    surge, unavailable = strategy.get("maxSurge"), strategy.get("maxUnavailable")
    if _evaluated(surge) == 0 and _evaluated(unavailable) == 0:
        shown = Named(surge) if isinstance(surge, str) else surge
        errors.append(invalid(f"{PATH}.maxSurge", shown, "MaxSurge and MaxUnavailable both can not be zero"))
    stable = text(strategy, "stableService")
    if stable and stable == text(strategy, "canaryService"):
        errors.append(invalid(f"{PATH}.stableService", stable, DUPLICATED_SERVICES.format("stable", "canary")))
    errors += _ping_pong_errors(strategy) + _service_errors(strategy) + _routing_errors(strategy)
    return errors + step_errors(strategy) + anti_affinity_errors(strategy)


def _evaluated(value: Any) -> int:
    """An int-or-string as the both-zero rule reads it (spec/resources.md §11): absent counts as 25."""
    if value is None:
        return 25
    if not isinstance(value, str):
        return integer({"value": value}, "value") or 0
    digits = value.removesuffix("%")
    if digits.isascii() and digits.isdigit() and value.count("%") <= 1:
        return int(digits)
    try:
        # Go's Atoi takes neither blanks nor underscores
        return int(value) if value.isascii() and "_" not in value and value == value.strip() else 0
    except ValueError:
        return 0


def _ping_pong_errors(strategy: Mapping) -> list[FieldError]:
    if not present(strategy, "pingPong"):
        return []
    errors = []
    routing = mapping(strategy, "trafficRouting")
    if present(strategy, "trafficRouting") and not has_routers(routing, "alb", "istio", "plugins"):
        message = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only"
        errors.append(invalid(f"{PATH}.trafficRouting.alb", None, message))
    services = mapping(strategy, "pingPong")
    for name in ("pingService", "pongService"):
        if not text(services, name):
            message = "Ping service and Pong service must to be set to use Ping-Pong feature"
            errors.append(invalid(f"{PATH}.pingPong.{name}", "", message))
    ping = text(services, "pingService")
    if ping == text(services, "pongService"):
        errors.append(invalid(f"{PATH}.pingPong.pingService", ping, DUPLICATED_SERVICES.format("ping", "pong")))
    if present(routing, "alb") and not text(routing, "alb", "rootService"):
        message = "Root service field is required for the configuration with ALB and ping-pong feature enabled"
        errors.append(invalid(f"{PATH}.trafficRouting.alb.rootService", "", message))
    return errors


def _service_errors(strategy: Mapping) -> list[FieldError]:
    if not _services_required(strategy):
        return []
    return [
        invalid(f"{PATH}.{name}", "", _BOTH_SERVICES)
        for name in ("stableService", "canaryService")
        if not text(strategy, name)
    ]


def _services_required(strategy: Mapping) -> bool:
    routing = mapping(strategy, "trafficRouting")
    ping_pong = present(strategy, "pingPong")
    if present(routing, "alb") and not ping_pong:
        return True
    if present(routing, "istio") and not present(routing, "istio", "destinationRule") and not ping_pong:
        return True
    return has_routers(routing, *_NEED_SERVICES)


def _routing_errors(strategy: Mapping) -> list[FieldError]:
    errors = []
    delay, dynamic = integer(strategy, "scaleDownDelaySeconds"), flag(strategy, "dynamicStableScale")
    if not present(strategy, "trafficRouting"):
        if delay is not None:
            message = "Canary scaleDownDelaySeconds can only be used with traffic routing"
            errors.append(invalid(f"{PATH}.scaleDownDelaySeconds", delay, message))
        if dynamic:
            message = "Canary dynamicStableScale can only be used with traffic routing"
            errors.append(invalid(f"{PATH}.dynamicStableScale", True, message))
        return errors
    if delay is not None and dynamic:
        message = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        errors.append(invalid(f"{PATH}.dynamicStableScale", True, message))
    routing = mapping(strategy, "trafficRouting")
    weight = integer(routing, "maxTrafficWeight")
    if weight is not None and not has_routers(routing, "nginx", "plugins"):
        message = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
        errors.append(invalid(f"{PATH}.trafficRouting.maxTrafficWeight", weight, message))
    return errors
