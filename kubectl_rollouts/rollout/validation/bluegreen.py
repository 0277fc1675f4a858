"""The rules of a blue-green strategy, and of the anti-affinity that both strategies share (spec/lint.md §4.3, §4.6)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, present, text
from kubectl_rollouts.rollout.validation.fields import FieldError, invalid

PATH = "spec.strategy"
DUPLICATED_SERVICES = (
    "This rollout uses the same service for the {} and {} services, but two different services are required."
)
REVISION_HISTORY_LIMIT = 10


def bluegreen_errors(strategy: Mapping, spec: Mapping) -> list[FieldError]:
    """The errors of `spec.strategy.blueGreen`."""
    errors = []
    active = text(strategy, "activeService")
    if active == text(strategy, "previewService"):
        errors.append(invalid(f"{PATH}.activeService", active, DUPLICATED_SERVICES.format("active", "preview")))
    history = integer(spec, "revisionHistoryLimit")
    history = REVISION_HISTORY_LIMIT if history is None else history
    kept = integer(strategy, "scaleDownDelayRevisionLimit")
    if kept is not None and kept > history:
        message = "This rollout's revision history limit can not be smaller than the rollout's scale down limit"
        errors.append(invalid(f"{PATH}.scaleDownDelayRevisionLimit", kept, message))
    return errors + anti_affinity_errors(strategy)


def anti_affinity_errors(strategy: Mapping) -> list[FieldError]:
    """The errors of a strategy's `antiAffinity`."""
    if not present(strategy, "antiAffinity"):
        return []
    affinity = mapping(strategy, "antiAffinity")
    preferred = present(affinity, "preferredDuringSchedulingIgnoredDuringExecution")
    mandatory = present(affinity, "requiredDuringSchedulingIgnoredDuringExecution")
    if preferred == mandatory:
        shown = str(preferred).lower()
        value = (
            f"antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {shown} "
            f"antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {shown}"
        )
        return [invalid(f"{PATH}.antiAffinity", value, "AntiAffinity must have exactly one strategy listed")]
    weight = integer(affinity, "preferredDuringSchedulingIgnoredDuringExecution", "weight") or 0
    if preferred and not 1 <= weight <= 100:
        return [invalid(f"{PATH}.antiAffinity.weight", weight, "AntiAffinity weight must be between 1-100")]
    return []
