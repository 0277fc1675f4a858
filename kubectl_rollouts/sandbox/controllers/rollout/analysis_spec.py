"""The spec of an AnalysisRun from the templates that a rollout names (controller.md §9.1, §9.4)."""

from __future__ import annotations

import re
from typing import Any

from kubectl_rollouts.rollout.templates import merged_spec
from kubectl_rollouts.rollout.validation.fields import go_quoted
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.sizes import hash_of
from kubectl_rollouts.sandbox.objects import Object

_FIELD = re.compile(r"\['([^']*)'\]|\[(\d+)\]|\.?([^.\[\]]+)")


def run_spec(release: Release, analysis: Object) -> Object:
    """Metrics, arguments, dry runs and retention of all templates, nested ones too, with the rollout's arguments.

    Raises TemplateError for what validation refuses before.
    """
    found = _templates(release, analysis.get("templates") or (), set())
    found.sort(key=lambda template: template.get("kind") == "ClusterAnalysisTemplate")
    return dict(
        merged_spec(
            found,
            arguments_of(release, analysis.get("args") or ()),
            analysis.get("dryRun") or (),
            analysis.get("measurementRetention") or (),
        )
    )


def _templates(release: Release, references: Any, seen: set[tuple[str, str]]) -> list[Object]:
    """The templates, each once, in the order of their naming; validation has said what is missing."""
    found: list[Object] = []
    for reference in references:
        kind = "ClusterAnalysisTemplate" if reference.get("clusterScope") else "AnalysisTemplate"
        name = reference.get("templateName") or ""
        if (kind, name) in seen:
            continue
        seen.add((kind, name))
        template = release.world.get(kind, "" if reference.get("clusterScope") else release.namespace, name)
        if template is not None:
            found.append(template)
            found += _templates(release, (template.get("spec") or {}).get("templates") or (), seen)
    return found


def arguments_of(release: Release, arguments: Any) -> list[Object]:
    """The rollout's arguments with their values worked out (controller.md §9.4)."""
    return [_resolved(release, argument) for argument in arguments]


def _resolved(release: Release, argument: Object) -> Object:
    source = argument.get("valueFrom") or {}
    made: Object = {"name": argument.get("name") or ""}
    which = source.get("podTemplateHashValue")
    if which == "Latest":
        made["value"] = hash_of(release.new_rs)
    elif which == "Stable":
        made["value"] = hash_of(release.stable_rs)
    elif source.get("fieldRef"):
        made["value"] = field_value(release.rollout, source["fieldRef"].get("fieldPath") or "")
    else:
        made["value"] = argument.get("value") or ""  # always a value, as in the reference
    return made


def field_value(obj: Object, path: str) -> str:
    """The primitive at a path like `metadata.labels['app']` or `spec.replicas`; "" when there is none."""
    found: Any = obj
    for quoted, index, word in _FIELD.findall(path):
        if isinstance(found, list) and index:
            found = found[int(index)] if int(index) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(quoted or word or index)
        else:
            found = None
    if isinstance(found, dict) and path in ("metadata.labels", "metadata.annotations"):
        return "\n".join(f"{key}={go_quoted(str(found[key]))}" for key in sorted(found))  # as the downward API does
    if found is None or isinstance(found, dict | list):
        return ""
    return str(found).lower() if isinstance(found, bool) else str(found)
