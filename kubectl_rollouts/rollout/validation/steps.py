"""The rules of the canary steps (spec/lint.md §4.5)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.times import parse_duration
from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import (
    Mapping,
    at,
    integer,
    mapping,
    mappings,
    present,
    sequence,
    text,
)
from kubectl_rollouts.rollout.validation.fields import FieldError, in_order, invalid, required

PATH = "spec.strategy"
INVALID_STEP = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
_EXCLUSIVE = (
    ("Experiment", "experiment"),
    ("Pause", "pause"),
    ("SetWeight", "setWeight"),
    ("Analysis", "analysis"),
)
_OTHERS = (
    ("SetCanaryScale", "setCanaryScale"),
    ("SetHeaderRoute", "setHeaderRoute"),
    ("SetMirrorRoute", "setMirrorRoute"),
    ("Plugin", "plugin"),
)
_NO_MATCHER = "StringMatch value missed, match value must have one of the following: exact, regex, prefix"
_MANY_MATCHERS = "StringMatch match value must have exactly one of the following: exact, regex, prefix"
_UNKNOWN_ROUTE = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"
_MATCHERS = ("exact", "prefix", "regex")
_DOWNWARD = ("metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations")


def has_routers(routing: Mapping, *routers: str) -> bool:
    """Whether one of the traffic routers is configured; `plugins` counts only when it names one."""
    return any(bool(mapping(routing, name)) if name == "plugins" else present(routing, name) for name in routers)


def pause_seconds(duration: Any) -> int:
    """The seconds of a `pause.duration` (spec/resources.md §12): 0 when absent, -1 when it cannot be read."""
    if duration is None:
        return 0
    if not isinstance(duration, str):
        return integer({"value": duration}, "value") or 0
    try:
        if not (duration.isascii() and "_" not in duration and duration == duration.strip()):
            raise ValueError
        seconds = int(duration)
        if -(2**31) <= seconds < 2**31:
            return seconds
    except ValueError:
        pass
    try:
        nanoseconds = parse_duration(duration)
    except Failure:
        return -1
    seconds = abs(nanoseconds) // 10**9 * (1 if nanoseconds > 0 else -1)
    return seconds if -(2**31) <= seconds < 2**31 else -(2**31)


def step_errors(strategy: Mapping) -> list[FieldError]:
    """The errors of `spec.strategy.canary.steps`."""
    errors = []
    for index, step in enumerate(mappings(strategy, "steps")):
        path = f"{PATH}.steps[{index}]"
        errors += _kind_errors(step, path) + _weight_errors(step, strategy, path)
        if present(step, "setCanaryScale") and not present(strategy, "trafficRouting"):
            errors.append(required(f"{PATH}.trafficRouting", "SetCanaryScale requires TrafficRouting to be set"))
        errors += _header_route_errors(step, strategy, path) + _mirror_route_errors(step, strategy, path)
        errors += _managed_route_errors(step, strategy, path) + _experiment_errors(step, strategy, path)
        errors += _argument_errors(step, path)
    return errors


def _kind_errors(step: Mapping, path: str) -> list[FieldError]:
    if sum(present(step, key) for _, key in _EXCLUSIVE) > 1:
        value = " ".join(f"step.{name}: {str(present(step, key)).lower()}" for name, key in _EXCLUSIVE)
        return [invalid(path, value, INVALID_STEP)]
    if not any(present(step, key) for _, key in _EXCLUSIVE + _OTHERS):
        # here the reference prints which kinds are absent: all
        value = " ".join(f"step.{name}: true" for name, _ in _EXCLUSIVE + _OTHERS)
        return [invalid(path, value, INVALID_STEP)]
    return []


def _weight_errors(step: Mapping, strategy: Mapping, path: str) -> list[FieldError]:
    errors = []
    weight = integer(step, "setWeight")
    most = integer(strategy, "trafficRouting", "maxTrafficWeight")
    most = 100 if most is None else most
    if weight is not None and not 0 <= weight <= most:
        errors.append(invalid(f"{path}.setWeight", weight, f"SetWeight needs to be between 0 and {most}"))
    if (seconds := pause_seconds(at(step, "pause", "duration"))) < 0:
        errors.append(invalid(f"{path}.pause.duration", seconds, "Duration needs to be greater than 0"))
    return errors


# --- Routes --------------------------------------------------------------------------------------------------------


def _matcher_json(matcher: Any) -> Any:
    return in_order(matcher, *_MATCHERS)


def _header_route_json(route: Mapping) -> Mapping:
    shown: Mapping = in_order(route, "name")
    if sequence(route, "match"):
        shown["match"] = [
            {"headerName": text(match, "headerName"), "headerValue": _matcher_json(match.get("headerValue"))}
            for match in mappings(route, "match")
        ]
    return shown


def _mirror_route_json(route: Mapping) -> Mapping:
    shown: Mapping = {"name": text(route, "name")}
    if sequence(route, "match"):
        shown["match"] = [_route_match_json(match) for match in mappings(route, "match")]
    if integer(route, "percentage") is not None:
        shown["percentage"] = integer(route, "percentage")
    return shown


def _route_match_json(match: Mapping) -> Mapping:
    shown = {name: _matcher_json(match[name]) for name in ("method", "path") if present(match, name)}
    headers = mapping(match, "headers")
    if headers:
        shown["headers"] = {name: _matcher_json(headers[name]) for name in sorted(headers)}
    return shown


def _header_route_errors(step: Mapping, strategy: Mapping, path: str) -> list[FieldError]:
    if not present(step, "setHeaderRoute"):
        return []
    route, routing = mapping(step, "setHeaderRoute"), mapping(strategy, "trafficRouting")
    path += ".setHeaderRoute"
    if not has_routers(routing, "istio", "alb", "apisix", "plugins"):
        message = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix"
        return [invalid(path, _header_route_json(route), message)]
    errors = []
    for index, match in enumerate(mappings(route, "match")):
        where = f"{path}.match[{index}]"
        if present(routing, "alb"):
            errors += _alb_matcher_errors(match.get("headerValue"), where)
        elif not present(match, "headerValue"):
            errors.append(invalid(where, None, _NO_MATCHER))
        else:
            errors += _matcher_errors(match.get("headerValue"), where)
    return errors


def _alb_matcher_errors(matcher: Any, path: str) -> list[FieldError]:
    if matcher is None:
        return [invalid(path, None, _NO_MATCHER)]
    if not text(matcher, "exact") or text(matcher, "regex") or text(matcher, "prefix"):
        message = "SetHeaderRoute match value invalid. ALB supports 'exact' value only"
        return [invalid(path, _matcher_json(matcher), message)]
    return []


def _matcher_errors(matcher: Any, path: str) -> list[FieldError]:
    if matcher is None:
        return []
    given = sum(bool(text(matcher, name)) for name in _MATCHERS)
    if given == 1:
        return []
    return [invalid(path, _matcher_json(matcher), _MANY_MATCHERS if given else _NO_MATCHER)]


def _mirror_route_errors(step: Mapping, strategy: Mapping, path: str) -> list[FieldError]:
    if not present(step, "setMirrorRoute"):
        return []
    route = mapping(step, "setMirrorRoute")
    path += ".setMirrorRoute"
    if not has_routers(mapping(strategy, "trafficRouting"), "istio", "plugins"):
        message = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins"
        return [invalid(path, _mirror_route_json(route), message)]
    errors = []
    for index, match in enumerate(mappings(route, "match")):
        # the reference checks the method twice and the headers never
        for name in ("method", "path", "method"):
            errors += _matcher_errors(match.get(name), f"{path}.match[{index}]")
    return errors


def _managed_route_errors(step: Mapping, strategy: Mapping, path: str) -> list[FieldError]:
    kinds = [name for name in ("setHeaderRoute", "setMirrorRoute") if present(step, name)]
    if not kinds or not present(strategy, "trafficRouting"):
        return []
    if not present(strategy, "trafficRouting", "managedRoutes"):
        message = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'"
        return [required(f"{PATH}.trafficRouting.managedRoutes", message)]
    known = {text(route, "name") for route in mappings(strategy, "trafficRouting", "managedRoutes")}
    return [
        invalid(f"{path}.{kind}", text(step, kind, "name"), _UNKNOWN_ROUTE)
        for kind in kinds
        if text(step, kind, "name") not in known
    ]


# --- Experiments and arguments -------------------------------------------------------------------------------------


def _experiment_errors(step: Mapping, strategy: Mapping, path: str) -> list[FieldError]:
    errors = []
    routing = mapping(strategy, "trafficRouting")
    for index, template in enumerate(mappings(step, "experiment", "templates")):
        weight = integer(template, "weight")
        if weight is None:
            continue
        where = f"{path}.experiment.templates[{index}].weight"
        if not present(strategy, "trafficRouting"):
            message = "Experiment template weight cannot be set unless TrafficRouting is enabled"
            errors.append(invalid(where, weight, message))
        elif not has_routers(routing, "alb", "smi", "istio", "plugins"):
            message = (
                "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins "
                "at this time"
            )
            errors.append(invalid(where, weight, message))
    return errors


def _argument_errors(step: Mapping, path: str) -> list[FieldError]:
    arguments = [
        argument for analysis in mappings(step, "experiment", "analyses") for argument in mappings(analysis, "args")
    ]
    arguments += mappings(step, "analysis", "args")
    message = "Analyses arguments must refer to valid object metadata supported by downwardAPI"
    shown = [argument_json(argument) for argument in arguments]
    return [
        invalid(f"{path}.analyses", shown, message)
        for argument in arguments
        if not _readable(text(argument, "valueFrom", "fieldRef", "fieldPath"))
    ]


def argument_json(argument: Mapping) -> Mapping:
    """An argument of an analysis with its keys in Go's order."""
    shown: Mapping = {"name": text(argument, "name"), **in_order(argument, "value")}
    if present(argument, "valueFrom"):
        source = mapping(argument, "valueFrom")
        shown["valueFrom"] = in_order(source, "podTemplateHashValue")
        if present(source, "fieldRef"):
            shown["valueFrom"]["fieldRef"] = {"fieldPath": text(source, "fieldRef", "fieldPath")}
    return shown


def _readable(field_path: str) -> bool:
    """Whether a path below `metadata` is one that the downward API serves; other paths are not checked here."""
    if not field_path.startswith("metadata") or field_path in _DOWNWARD:
        return True
    for prefix in ("metadata.labels['", "metadata.annotations['"):
        if field_path.startswith(prefix) and field_path.endswith("']"):
            key = field_path[len(prefix) : -2]
            return not names.qualified_name(key.lower() if "annotations" in prefix else key)
    return False
