"""AnalysisTemplates put together: what a run measures, with which arguments (spec/lint.md §8.4, controller.md §9.4).

Used where templates become a run and where a Rollout's templates are checked before. Every problem is a TemplateError
with the reference's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubectl_rollouts.rollout.validation.access import Mapping, at, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import go_json


class TemplateError(Exception):
    """What keeps templates from becoming a run."""


def merged_spec(
    templates: Sequence[Mapping],
    arguments: Iterable[Mapping] = (),
    dry_run: Iterable[Mapping] = (),
    retention: Iterable[Mapping] = (),
) -> Mapping:
    """The spec of the run that `templates` (AnalysisTemplates, then ClusterAnalysisTemplates) make together.

    `arguments`, `dry_run` and `retention` are the Rollout's or Experiment's. Arguments override what a template
    declares; others are dropped. Raises TemplateError for names given twice and arguments without a value.
    """
    metrics = _joined(templates, "metrics", "name", "two metrics have the same name '{}'")
    rules = _rules(templates, "dryRun", dry_run, "two Dry-Run metric rules have the same name '{}'")
    kept = _rules(
        templates, "measurementRetention", retention, "two Measurement Retention metric rules have the same name '{}'"
    )
    declared = merged_arguments(arguments, _declared_arguments(templates))
    spec: Mapping = {"metrics": metrics}
    for name, value in (("args", declared), ("dryRun", rules), ("measurementRetention", kept)):
        if value:
            spec[name] = value
    return spec


def merged_arguments(given: Iterable[Mapping], declared: Iterable[Mapping]) -> list[Mapping]:
    """The declared arguments with the given values. Raises TemplateError when one stays without a value."""
    merged = [dict(argument) for argument in declared]
    by_name = {text(argument, "name"): argument for argument in reversed(merged)}
    for argument in given:
        target = by_name.get(text(argument, "name"))
        if target is None:
            continue
        if present(argument, "value"):
            target["value"] = argument["value"]
        elif present(argument, "valueFrom"):
            target["valueFrom"] = argument["valueFrom"]
    for argument in merged:
        if not present(argument, "value") and not present(argument, "valueFrom"):
            raise TemplateError(f"args.{text(argument, 'name')} was not resolved")
    return merged


def _joined(templates: Sequence[Mapping], field: str, key: str, twice: str) -> list[Mapping]:
    found: dict[str, Mapping] = {}
    for template in templates:
        for item in mappings(template, "spec", field):
            name = text(item, key)
            if name in found:
                raise TemplateError(twice.format(name))
            found[name] = item
    return list(found.values())


def _rules(templates: Sequence[Mapping], field: str, given: Iterable[Mapping], twice: str) -> list[Mapping]:
    own: Mapping = {"spec": {field: list(given)}}
    return _joined([own, *templates], field, "metricName", twice)


def _declared_arguments(templates: Sequence[Mapping]) -> list[Mapping]:
    """The arguments of all templates; where one is declared twice, the one with a value counts."""
    found: dict[str, Mapping] = {}
    for template in templates:
        for argument in mappings(template, "spec", "args"):
            name = text(argument, "name")
            known = found.get(name)
            if known is None or not present(known, "value"):
                found[name] = argument if known is None or present(argument, "value") else known
            elif present(argument, "value") and argument["value"] != known["value"]:
                raise TemplateError(
                    f"Argument `{name}` specified multiple times with different values: "
                    f"'{known['value']}', '{argument['value']}'"
                )
    return list(found.values())


# --- Placeholders --------------------------------------------------------------------------------------------------


def resolved(value: Any, arguments: Iterable[Mapping]) -> Any:
    """`value` (a metric, or any JSON) with `{{args.<name>}}` replaced by the arguments' values.

    Text that is not such a placeholder (`{{templates.…}}`, `{{experiment.…}}`) raises TemplateError too: the caller
    has replaced it by then (spec/controller.md §10). Substitution is textual, inside strings only.
    """
    known: dict[str, str | None] = {}
    for argument in arguments:
        if present(argument, "value") and present(argument, "valueFrom"):
            raise TemplateError(f"arg '{text(argument, 'name')}' has both Value and ValueFrom fields")
        known[f"args.{text(argument, 'name')}"] = text(argument, "value") if present(argument, "value") else None
    return substituted(value, known)


def substituted(value: Any, known: dict[str, str | None], *, partly: bool = False) -> Any:
    """`value` with every `{{name}}` replaced by `known[name]`; with `partly` unknown ones stay as they are."""
    if isinstance(value, str):
        return _filled(value, known, partly) if "{{" in value else value
    if isinstance(value, dict):
        return {key: substituted(item, known, partly=partly) for key, item in value.items()}
    if isinstance(value, list):
        return [substituted(item, known, partly=partly) for item in value]
    return value


def _filled(template: str, known: dict[str, str | None], partly: bool) -> str:
    out = []
    rest = template
    while True:
        before, opened, rest = rest.partition("{{")
        out.append(before)
        if not opened:
            return "".join(out)
        tag, closed, after = rest.partition("}}")
        if not closed:
            raise TemplateError(
                f'Cannot find end tag="}}}}" in the template={go_json(template)} starting from {go_json(rest)}'
            )
        value = known.get(tag.strip())
        if value is not None:
            out.append(value)
        elif partly:
            out.append(f"{{{{{tag}}}}}")
        else:
            raise TemplateError(_unknown(tag))
        rest = after


def _unknown(tag: str) -> str:
    name = tag.strip()
    if name.startswith("args."):
        return f'argument "{name.removeprefix("args.")}" was not supplied'
    return f"failed to resolve {{{{{tag}}}}}"


# --- Metrics -------------------------------------------------------------------------------------------------------


def number_of(value: Any) -> int:
    """An int-or-string as a number (spec/resources.md §11): 0 for text that is none."""
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") else value
        return int(value) if digits.isascii() and digits.isdigit() else 0
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def effective_count(metric: Mapping) -> int | None:
    """How many measurements a metric takes; None for as many as there is time (spec/resources.md §4.4)."""
    count = number_of(at(metric, "count"))
    if count:
        return count
    return None if text(metric, "interval") else 1


def provider_names(metric: Mapping) -> list[str]:
    """The providers that a metric names: exactly one in a valid one."""
    return [name for name, value in mapping(metric, "provider").items() if value is not None]
