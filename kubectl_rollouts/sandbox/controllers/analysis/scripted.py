"""Answers of the providers that are not there: read from a ConfigMap that the user writes.

The ConfigMap `sandbox-metrics` of the run's namespace (or of kube-system, for all namespaces) has a key a metric:

    data:
      success-rate: "0.97"            # every measurement finds that
      error-rate: |                   # one after the other, the last one stays
        [0.01, 0.02, {error: connection refused}, 0.5]
      latency: |                      # the first case that fits the run's arguments or the metric's query
        - args: {service-name: web-canary}
          values: [250]
        - query: http_requests_total
          value: 12
        - value: 80
      web.success-rate: "0.4"         # for the AnalysisRuns of the rollout `web` only

Values are YAML. A list inside the list is a result of several series (`result[1]`); `{scalar: 0.5}` is a number
that a provider with series would otherwise hand over as `[0.5]`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kubectl_rollouts.rollout.expressions.values import json_text, number_text
from kubectl_rollouts.rollout.templates import number_of
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, mappings, string_map, text
from kubectl_rollouts.sandbox.controllers.analysis.measurement import Answer, Question, error, judged
from kubectl_rollouts.sandbox.objects import Object, controller_of, namespace_of
from kubectl_rollouts.sandbox.world import World

CONFIG_MAP = "sandbox-metrics"
SHARED_NAMESPACE = "kube-system"
_SERIES = ("prometheus", "graphite", "influxdb")
_CASE_KEYS = frozenset(("args", "query", "value", "values"))


class NoScriptError(Exception):
    """Why there is no answer."""


class _Item(NamedTuple):
    """One answer of a script."""

    value: Any = None
    scalar: bool = False
    error: str = ""


class ScriptedProvider:
    """Answers from the script; a measurement never takes time."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def begin(self, question: Question) -> Answer | None:
        """The answer for this measurement, by how many were taken before."""
        try:
            item = scripted_item(question, self._kind)
        except NoScriptError as problem:
            return error(str(problem))
        if item.error:
            return error(item.error)
        if self._kind == "kayenta":
            return _scored(question.metric, item.value)
        result = item.value
        if self._kind in _SERIES and not isinstance(result, list) and not item.scalar and result is not None:
            result = [result]
        return judged(question.metric, result, _value_text(result))

    def resume(self, question: Question, measurement: Mapping) -> Answer | None:
        """Never in flight: asked again, it answers."""
        return self.begin(question)

    def stop(self, question: Question, measurement: Mapping) -> Answer:
        """Never in flight."""
        return Answer("Successful")


def has_script(question: Question) -> bool:
    """Whether the user has written an answer for the metric."""
    return _entry(question) is not None


def scripted_item(question: Question, kind: str) -> _Item:
    """The scripted answer of this measurement. Raises NoScriptError, which says how to write one."""
    found = _entry(question)
    name, namespace = text(question.metric, "name"), namespace_of(question.run)
    if found is None:
        if kind == "prometheus" and not text(question.metric, "provider", kind, "address"):
            raise NoScriptError("prometheus address is not configured")
        raise NoScriptError(
            f"the sandbox has no {kind}: script the metric's values, e.g. "
            f"kubectl -n {namespace} create configmap {CONFIG_MAP} --from-literal={name}=0.99"
        )
    where, source = found
    try:
        values = _values(_loaded(source), question)
    except ValueError as problem:
        raise NoScriptError(f"{where}: {problem}") from None
    if not values:
        raise NoScriptError(f"{where}: no value for this run")
    return _item(values[min(question.done, len(values) - 1)])


def _entry(question: Question) -> tuple[str, str] | None:
    """Where the script of the metric stands, and its text."""
    name = text(question.metric, "name")
    owner = controller_of(question.run)
    keys = [f"{owner['name']}.{name}", name] if owner is not None else [name]
    for namespace in (namespace_of(question.run), SHARED_NAMESPACE):
        data = _data(question.world, namespace)
        for key in keys:
            if key in data:
                return f"ConfigMap {namespace}/{CONFIG_MAP}, key {key}", data[key]
    return None


def _data(world: World, namespace: str) -> dict[str, str]:
    found: Object | None = world.get("ConfigMap", namespace, CONFIG_MAP)
    return string_map(found, "data")


def _loaded(source: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise ValueError(f"not YAML: {' '.join(str(problem).split())}") from None


def _values(script: Any, question: Question) -> list[Any]:
    """The values one after the other."""
    if not isinstance(script, list):
        return [script]
    if script and all(isinstance(item, dict) and item and item.keys() <= _CASE_KEYS for item in script):
        for case in script:
            if _fits(case, question):
                values = case.get("values", case.get("value"))
                return values if "values" in case and isinstance(values, list) else [values]
        return []
    return script


def _fits(case: Mapping, question: Question) -> bool:
    arguments = {text(item, "name"): text(item, "value") for item in mappings(question.run, "spec", "args")}
    for name, value in mapping(case, "args").items():
        if arguments.get(str(name)) != str(value):
            return False
    wanted = case.get("query")
    return wanted is None or str(wanted) in json_text(_plain(mapping(question.metric, "provider")))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _item(value: Any) -> _Item:
    if isinstance(value, dict) and value.keys() == {"error"}:
        return _Item(error=str(value["error"]))
    if isinstance(value, str) and value.startswith("error:"):
        return _Item(error=value.removeprefix("error:").strip())
    if isinstance(value, dict) and value.keys() == {"scalar"}:
        return _Item(_measured(value["scalar"]), scalar=True)
    if isinstance(value, dict) and value.keys() == {"value"}:
        return _Item(_measured(value["value"]))
    return _Item(_measured(value))


def _measured(value: Any) -> Any:
    """A value as providers hand it over: numbers are floats, whatever JSON does not know is text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, dict):
        return {str(key): _measured(item) for key, item in value.items()}
    return [_measured(item) for item in value] if isinstance(value, list) else str(value)


def _value_text(result: Any) -> str:
    if isinstance(result, list) and all(isinstance(item, float) for item in result):
        return "[" + ",".join(number_text(item) for item in result) + "]"
    if isinstance(result, float):
        return number_text(result)
    return result if isinstance(result, str) else json_text(result)


def _scored(metric: Mapping, value: Any) -> Answer:
    """Kayenta judges by a score and two thresholds."""
    score = number_of(value)
    threshold = mapping(metric, "provider", "kayenta", "threshold")
    if score >= (integer(threshold, "pass") or 0):
        phase = "Successful"
    else:
        phase = "Inconclusive" if score >= (integer(threshold, "marginal") or 0) else "Failed"
    return Answer(phase, str(score))
