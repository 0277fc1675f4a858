"""The rules of metrics and of the templates that a Rollout uses (spec/lint.md §8.3, §8.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.expressions import ExpressionError, patterns
from kubectl_rollouts.rollout.templates import (
    TemplateError,
    effective_count,
    merged_spec,
    number_of,
    provider_names,
    resolved,
)
from kubectl_rollouts.rollout.times import parse_duration
from kubectl_rollouts.rollout.validation.access import Mapping, at, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import FieldError, invalid


def check_metrics(metrics: Sequence[Mapping]) -> None:
    """Raise TemplateError with the first thing that is wrong with the (resolved) metrics of a run."""
    if not metrics:
        raise TemplateError("no metrics specified")
    seen = set()
    for index, metric in enumerate(metrics):
        name = text(metric, "name")
        problem = f"duplicate name '{name}'" if name in seen else _metric_problem(metric)
        if problem:
            raise TemplateError(f"metrics[{index}]: {problem}")
        seen.add(name)


def _metric_problem(metric: Mapping) -> str:
    return _limit_problem(metric) or _time_problem(metric) or _provider_problem(metric)


def _limit_problem(metric: Mapping) -> str:
    count, failures = number_of(at(metric, "count")), number_of(at(metric, "failureLimit"))
    successes = number_of(at(metric, "consecutiveSuccessLimit"))
    inconclusive = number_of(at(metric, "inconclusiveLimit"))
    problems = (
        (successes < 0, "consecutiveSuccessLimit must be >= 0"),
        (failures < -1, "failureLimit must be >= 0, or -1 to be disabled"),
        (failures == -1 and successes == 0, "failureLimit and consecutiveSuccessLimit cannot both be disabled"),
        (inconclusive < 0, "inconclusiveLimit must be >= 0"),
        (number_of(at(metric, "consecutiveErrorLimit")) < 0, "consecutiveErrorLimit must be >= 0"),
        (
            count > 0 and failures >= 0 and count < failures + successes,
            f"count ({count}) must be >= failureLimit + consecutiveSuccessLimit "
            f"({failures} + {successes}) if both >= 0",
        ),
        (0 < count < successes, "count must be >= consecutiveSuccessLimit"),
        (0 < count < inconclusive, "count must be >= inconclusiveLimit"),
    )
    return next((message for wrong, message in problems if wrong), "")


def _time_problem(metric: Mapping) -> str:
    if number_of(at(metric, "count")) > 1 and not text(metric, "interval"):
        return "interval must be specified when count > 1"
    for field, shown in (("interval", "interval"), ("initialDelay", "startDelay")):
        if text(metric, field):
            try:
                parse_duration(text(metric, field))
            except Failure as failure:
                return f"invalid {shown} string: {failure}"
    return ""


def _provider_problem(metric: Mapping) -> str:
    providers = len(provider_names(metric))
    if providers == 1:
        return ""
    return "multiple providers specified" if providers else "no provider specified"


def matched_metrics(rules: Sequence[Mapping], metrics: Sequence[Mapping], field: str) -> dict[str, Mapping]:
    """Which rule (of `dryRun` or `measurementRetention`) holds for which metric, by the metric's name.

    The name in a rule is a regular expression, found anywhere in the metric's name; the last rule that fits wins.
    Raises TemplateError for a rule that fits none.
    """
    found: dict[str, Mapping] = {}
    for index, rule in enumerate(rules):
        pattern = text(rule, "metricName")
        try:
            fits = [text(metric, "name") for metric in metrics if patterns.found(pattern, text(metric, "name"))]
        except ExpressionError as error:
            raise TemplateError(f"{field}[{index}]: {error}") from None
        if not fits:
            raise TemplateError(f"{field}[{index}]: Rule didn't match any metric name(s)")
        found.update(dict.fromkeys(fits, rule))
    return found


def template_use_errors(
    templates: Sequence[Mapping], arguments: Sequence[Mapping], path: str, *, background: bool
) -> list[FieldError]:
    """What keeps a Rollout from using these templates (nested ones included) at `path`.

    `arguments` are those of the Rollout. A background analysis may run without end, the others may not.
    """
    names = " ".join(text(template, "metadata", "name") for template in templates)
    try:
        merged_spec(templates, arguments)
    except TemplateError as error:
        return [invalid(path, f"templateNames: [{names}]", str(error))]
    errors: list[FieldError] = []
    for template in templates:
        errors += _background_errors(template, arguments, path) if background else _metric_errors(template, path)
    return errors


def _metric_errors(template: Mapping, path: str) -> list[FieldError]:
    name = text(template, "metadata", "name")
    try:
        arguments = _placeholders(mappings(template, "spec", "args"))
        metrics = [resolved(metric, arguments) for metric in mappings(template, "spec", "metrics")]
    except TemplateError as error:
        return [invalid(path, name, f"AnalysisTemplate {name}: {error}")]
    errors = []
    for metric in metrics:
        if effective_count(metric) is None:
            count = at(metric, "count")
            message = (
                f"AnalysisTemplate {name} has metric {text(metric, 'name')} which runs indefinitely. "
                f"Invalid value for count: {'<nil>' if count is None else count}"
            )
            errors.append(invalid(path, name, message))
    return errors


def _placeholders(arguments: Iterable[Mapping]) -> list[Mapping]:
    """The arguments with a dummy where the value is known only when the run is made."""
    out = []
    for argument in arguments:
        if present(argument, "value") and present(argument, "valueFrom"):
            raise TemplateError(f"arg '{text(argument, 'name')}' has both Value and ValueFrom fields")
        value = argument["value"] if present(argument, "value") else "dummy-value"
        out.append({"name": text(argument, "name"), "value": value})
    return out


def _background_errors(template: Mapping, arguments: Sequence[Mapping], path: str) -> list[FieldError]:
    name = text(template, "metadata", "name")
    given = {text(argument, "name") for argument in arguments}
    errors = []
    for argument in mappings(template, "spec", "args"):
        if present(argument, "value") or present(argument, "valueFrom"):
            continue
        if not arguments:
            errors.append(invalid(path, name, "missing analysis arguments in rollout spec"))
        elif text(argument, "name") not in given:
            errors.append(invalid(path, name, text(argument, "name")))
    return errors
