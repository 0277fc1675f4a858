"""What a Rollout and its Istio VirtualService must agree on (spec/lint.md §6.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_rollouts.rollout.validation.access import (
    Mapping,
    at,
    integer,
    mapping,
    mappings,
    present,
    sequence,
    string_map,
    text,
)
from kubectl_rollouts.rollout.validation.fields import FieldError, invalid
from kubectl_rollouts.rollout.validation.references import ROUTING, name_of

_PATH = f"{ROUTING}.istio"
_NO_ROUTES = "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"


class RouteError(Exception):
    """What is wrong with the routes of a protocol."""


def split_name(reference: str) -> tuple[str, str]:
    """The (namespace, name) that a `name[.namespace]` means; namespace "" is the Rollout's own."""
    plain = reference.removesuffix(".cluster.local")
    name, dot, namespace = plain.rpartition(".")
    return (namespace, name) if dot else ("", plain)


def virtual_services(rollout: Mapping) -> tuple[str, list[Mapping]]:
    """The path of the errors, and the references to VirtualServices that the Rollout holds."""
    istio = mapping(rollout, "spec", "strategy", "canary", "trafficRouting", "istio")
    if sequence(istio, "virtualServices"):
        return f"{_PATH}.virtualServices.name", mappings(istio, "virtualServices")
    one = istio.get("virtualService")
    return f"{_PATH}.virtualService.name", [one] if isinstance(one, dict) else []


def virtual_service_errors(rollout: Mapping, service: Mapping) -> list[FieldError]:
    """The errors of one VirtualService that the Rollout manages."""
    if not present(rollout, "spec", "strategy", "canary", "trafficRouting", "istio"):
        message = "Rollout object is not configured with Istio traffic routing"
        return [invalid(_PATH, name_of(rollout), message)]
    path, references = virtual_services(rollout)
    for reference in references:
        name = split_name(text(reference, "name"))[1]
        if name == name_of(service):
            return [invalid(path, name, message) for message in _route_problems(rollout, reference, service)]
    return []


def _route_problems(rollout: Mapping, reference: Mapping, service: Mapping) -> list[str]:
    spec = mapping(service, "spec")
    found = [protocol for protocol in ("http", "tls", "tcp") if isinstance(spec.get(protocol), list)]
    if not found:
        return [_NO_ROUTES]
    problems = []
    for protocol in found:
        shown = protocol.upper()
        routes = spec[protocol]
        if not all(_decodable(route, protocol) for route in routes):
            problems.append(f"Unable to get {shown} routes for Istio VirtualService")
            routes = []  # the reference goes on with no routes
            if protocol != "http":
                continue
        try:
            _CHECKS[protocol](rollout, reference, routes)
        except RouteError as problem:
            problems.append(f"Istio VirtualService has invalid {shown} routes. Error: {problem}")
    return problems


def _decodable(route: Any, protocol: str) -> bool:
    """Whether an entry has the types that the reference decodes."""
    if not isinstance(route, dict) or not isinstance(route.get("name", ""), str | None):
        return False
    if not isinstance(route.get("match", []), list | None) or not isinstance(route.get("route", []), list | None):
        return False
    for match in sequence(route, "match"):
        if not isinstance(match, dict):
            return False
        if protocol != "http" and not isinstance(match.get("port", 0), int | float | None):
            return False
    for entry in sequence(route, "route"):
        if not isinstance(entry, dict) or not isinstance(entry.get("destination", {}), dict | None):
            return False
        if not isinstance(entry.get("weight", 0), int | float | None):
            return False
        if any(not isinstance(value, str) for value in (text_or(entry, "host"), text_or(entry, "subset"))):
            return False
    return True


def text_or(entry: Mapping, field: str) -> Any:
    """A field of a route's destination, "" when absent."""
    value = at(entry, "destination", field)
    return "" if value is None else value


def _http(rollout: Mapping, reference: Mapping, routes: list[Mapping]) -> None:
    wanted = sequence(reference, "routes")
    for index in _http_indexes(wanted, routes):
        _check_destinations(rollout, routes[index])
    managed = {
        text(route, "name")
        for route in mappings(rollout, "spec", "strategy", "canary", "trafficRouting", "managedRoutes")
    }
    if not wanted and sum(text(route, "name") not in managed for route in routes) > 1:
        raise RouteError(_one_route_only("http", "routes"))


def _http_indexes(wanted: list[Any], routes: list[Mapping]) -> list[int]:
    found = [text(route, "name") for route in routes]
    if wanted:
        for name in wanted:
            if name not in found:
                raise RouteError(f"HTTP Route '{name}' is not found in the defined Virtual Service.")
        return [found.index(name) for name in wanted]
    if len(routes) == 1:
        return [0]
    return [found.index("")] if "" in found else []


def _tls(rollout: Mapping, reference: Mapping, routes: list[Mapping]) -> None:
    entries = mappings(reference, "tlsRoutes")
    chosen = [
        route
        for entry in entries
        for route in routes
        if _port(route) == (integer(entry, "port") or 0) and _hosts(route) == set(sequence(entry, "sniHosts"))
    ]
    _check_stream(rollout, chosen if entries else None, routes, "tls", "tlsRoutes")


def _tcp(rollout: Mapping, reference: Mapping, routes: list[Mapping]) -> None:
    entries = mappings(reference, "tcpRoutes")
    chosen = [route for entry in entries for route in routes if _port(route) == (integer(entry, "port") or 0)]
    _check_stream(rollout, chosen if entries else None, routes, "tcp", "tcpRoutes")


def _check_stream(
    rollout: Mapping, chosen: list[Mapping] | None, routes: list[Mapping], protocol: str, field: str
) -> None:
    if chosen is None:
        # no first route to look at: the reference crashes here, this check has nothing to say
        for route in routes[:1]:
            _check_destinations(rollout, route)
        if len(routes) > 1:
            raise RouteError(_one_route_only(protocol, field))
        return
    if not chosen:
        raise RouteError(f"No matching {protocol.upper()} routes found in the defined Virtual Service.")
    for route in chosen:
        _check_destinations(rollout, route)


def _one_route_only(protocol: str, field: str) -> str:
    return (
        f"spec.{protocol}[] should be set in VirtualService and it must have exactly one route when omitting "
        f"{_PATH}.virtualService.{field}"
    )


def _port(route: Mapping) -> int | None:
    """The one port of a route's matches: 0 without matches, None when there are several."""
    ports = {integer(match, "port") or 0 for match in mappings(route, "match")}
    return None if len(ports) > 1 else next(iter(ports), 0)


def _hosts(route: Mapping) -> set[Any]:
    return {host for match in mappings(route, "match") for host in sequence(match, "sniHosts")}


def _check_destinations(rollout: Mapping, route: Mapping) -> None:
    destinations = [mapping(entry, "destination") for entry in mappings(route, "route")]
    strategy = mapping(rollout, "spec", "strategy", "canary")
    rule = mapping(strategy, "trafficRouting", "istio", "destinationRule")
    if present(strategy, "trafficRouting", "istio", "destinationRule"):
        subsets = {text(destination, "subset") for destination in destinations}
        for role in ("canary", "stable"):
            name = text(rule, f"{role}SubsetName")
            if not name or name not in subsets:
                raise RouteError(f"{role.capitalize()} DestinationRule subset '{name}' not found in route")
        return
    hosts = {text(destination, "host").split(".")[0] for destination in destinations}
    for role, name in zip(("canary", "stable"), _services(rollout), strict=True):
        if not name or name not in hosts:
            raise RouteError(f"{role.capitalize()} Service '{name}' not found in route")


def _services(rollout: Mapping) -> tuple[str, str]:
    """The Services that now play canary and stable, ping-pong included."""
    strategy = mapping(rollout, "spec", "strategy", "canary")
    canary, stable = text(strategy, "canaryService"), text(strategy, "stableService")
    if canary or stable or not present(strategy, "pingPong"):
        return canary, stable
    services = string_map(strategy, "pingPong")
    ping, pong = services.get("pingService", ""), services.get("pongService", "")
    return (pong, ping) if text(rollout, "status", "canary", "stablePingPong") == "ping" else (ping, pong)


_CHECKS: dict[str, Callable[[Mapping, Mapping, list[Mapping]], None]] = {"http": _http, "tls": _tls, "tcp": _tcp}
