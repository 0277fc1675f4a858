"""JSONPath templates as kubectl reads them: `{range .items[*]}{.metadata.name}{"\\n"}{end}`.

The grammar is kubectl's, which is not that of any standard: text outside braces stands for itself, ranges have an
end, a filter compares one path with one value, `['a.b']` is two fields unless the dot is escaped. What kubectl
accepts by accident is accepted here too; tests hold both against each other (tests/rollout/jsonpath).
"""

from __future__ import annotations

from kubectl_rollouts.rollout.jsonpath.errors import JSONPathError
from kubectl_rollouts.rollout.jsonpath.gotext import go_text
from kubectl_rollouts.rollout.jsonpath.template import Template, relaxed, strict_values

__all__ = ["JSONPathError", "Template", "go_text", "path_text", "relaxed", "strict_values"]


def path_text(expression: str, obj: object) -> str:
    """What a template makes of an object, fields that are missing being empty. Raises JSONPathError (a Failure)."""
    return Template(expression).text(obj)
