"""The rules of a Rollout's spec, in the reference's order (spec/lint.md §4)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation import bluegreen, canary, selectors
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, present
from kubectl_rollouts.rollout.validation.fields import FieldError, internal, invalid, required
from kubectl_rollouts.rollout.validation.pod_template import template_errors

NOT_NEGATIVE = "must be greater than or equal to 0"
PROGRESS_DEADLINE_SECONDS = 600


def validate_rollout(rollout: Mapping, *, resolved: bool = False) -> list[FieldError]:
    """All errors of a Rollout that the Rollout alone can show.

    `resolved`: template and selector were filled in from `spec.workloadRef` (what the controller validates); they are
    then checked as if they stood in the Rollout.
    """
    spec = mapping(rollout, "spec")
    reference = present(spec, "workloadRef") and not resolved
    template = mapping(spec, "template")
    errors = _not_negative(spec, "replicas") + _selector_errors(spec, reference)
    if reference and (mapping(template, "metadata", "labels") or mapping(template, "metadata", "annotations")):
        errors.append(internal("spec.template", "template must be empty for workload reference rollout"))
    selector = spec.get("selector")
    if not selectors.can_match(selector):
        errors.append(invalid("spec.selector", selectors.as_json(selector), "invalid label selector"))
    elif not reference:
        errors += template_errors(template, selector, "spec.template", replicas=_replicas(spec))
    for name in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        errors += _not_negative(spec, name)
    deadline = integer(spec, "progressDeadlineSeconds")
    deadline = PROGRESS_DEADLINE_SECONDS if deadline is None else deadline
    if deadline <= (integer(spec, "minReadySeconds") or 0):
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors + _strategy_errors(spec)


def _replicas(spec: Mapping) -> int:
    replicas = integer(spec, "replicas")
    return 1 if replicas is None else replicas


def _not_negative(spec: Mapping, name: str) -> list[FieldError]:
    value = integer(spec, name)
    return [invalid(f"spec.{name}", value, NOT_NEGATIVE)] if value is not None and value < 0 else []


def _selector_errors(spec: Mapping, reference: bool) -> list[FieldError]:
    if reference:
        return []
    selector = spec.get("selector")
    if selector is None:
        return [required("spec.selector", "Rollout has missing field '.spec.selector'")]
    errors = selectors.selector_errors(selector, "spec.selector")
    if selectors.is_empty(selector):
        shown = selectors.as_json(selector)
        errors.append(invalid("spec.selector", shown, "empty selector is invalid for deployment"))
    return errors


def _strategy_errors(spec: Mapping) -> list[FieldError]:
    has_canary, has_bluegreen = present(spec, "strategy", "canary"), present(spec, "strategy", "blueGreen")
    if has_canary and has_bluegreen:
        value = "blueGreen: true canary: true"
        return [invalid("spec.strategy.strategy", value, "Multiple Strategies can not be listed")]
    if has_canary:
        return canary.canary_errors(mapping(spec, "strategy", "canary"))
    if has_bluegreen:
        return bluegreen.bluegreen_errors(mapping(spec, "strategy", "blueGreen"), spec)
    missing = "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'"
    return [required("spec.strategy.strategy", missing)]
