"""Label selectors: their syntax (spec/lint.md §4.2), whether they can be matched, and whether they match."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, mappings, sequence, string_map, text
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    forbidden,
    in_order,
    invalid,
    required,
    sorted_map,
)

_SET = ("In", "NotIn")
_EXISTENCE = ("Exists", "DoesNotExist")


def as_json(selector: Any) -> Any:
    """A selector with its keys in Go's order, for messages."""
    if not isinstance(selector, dict):
        return selector
    shown: Mapping = in_order(selector, "matchLabels", "matchExpressions")
    if "matchLabels" in shown:
        shown["matchLabels"] = sorted_map(shown["matchLabels"])
    if "matchExpressions" in shown:
        # key and operator are written even when empty
        shown["matchExpressions"] = [
            {"key": text(item, "key"), "operator": text(item, "operator"), **in_order(item, "values")}
            for item in mappings(selector, "matchExpressions")
        ]
    return shown


def selector_errors(selector: Any, path: str) -> list[FieldError]:
    """The syntax errors of a selector, in the reference's order."""
    errors = []
    for key, value in string_map(selector, "matchLabels").items():
        errors += [invalid(f"{path}.matchLabels", key, message) for message in names.qualified_name(key)]
        errors += [invalid(f"{path}.matchLabels", value, message) for message in names.label_value(value)]
    for index, expression in enumerate(mappings(selector, "matchExpressions")):
        errors += requirement_errors(expression, f"{path}.matchExpressions[{index}]")
    return errors


def requirement_errors(expression: Mapping, path: str) -> list[FieldError]:
    """The syntax errors of one entry of matchExpressions."""
    errors = []
    operator, values = text(expression, "operator"), sequence(expression, "values")
    if operator in _SET:
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in _EXISTENCE:
        if values:
            errors.append(
                forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            )
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = text(expression, "key")
    errors += [invalid(f"{path}.key", key, message) for message in names.qualified_name(key)]
    for index, value in enumerate(values):
        if isinstance(value, str):
            errors += [invalid(f"{path}.values[{index}]", value, message) for message in names.label_value(value)]
    return errors


def can_match(selector: Any) -> bool:
    """Whether the selector can be turned into a matcher (an absent one can: it matches nothing)."""
    return not selector_errors(selector, "")


def is_empty(selector: Any) -> bool:
    """Whether a selector that is present has neither labels nor expressions (it then matches everything)."""
    return not string_map(selector, "matchLabels") and not sequence(selector, "matchExpressions")


def matches(selector: Any, labels: dict[str, str]) -> bool:
    """Whether a valid selector matches the labels; an absent one matches nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in string_map(selector, "matchLabels").items()):
        return False
    return all(_holds(expression, labels) for expression in mappings(selector, "matchExpressions"))


def _holds(expression: Mapping, labels: dict[str, str]) -> bool:
    key, operator, values = (
        text(expression, "key"),
        text(expression, "operator"),
        sequence(expression, "values"),
    )
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    return (key in labels) == (operator == "Exists")
