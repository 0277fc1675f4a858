"""A document as Go holds it after decoding: canonical keys, no nulls, text where text was expected (lint.md §3.2).

For documents that `strict.strict_error` found to fit.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.documents import float_text
from kubectl_rollouts.rollout.strict import fields_of, shape_of_map

_TEXT = ("s", "t")


def decoded(value: Any, shape: str) -> Any:
    """The value with the names and types of its shape. Unknown fields are left out, free-form values kept."""
    if value is None or shape == "*":
        return value
    if shape.startswith("[]"):
        return [decoded(item, shape[2:]) for item in value] if isinstance(value, list) else None
    inner = shape if shape.startswith("{}") else shape_of_map(shape)
    if inner:
        return {key: decoded(item, inner[2:]) for key, item in value.items()} if isinstance(value, dict) else None
    if shape in _TEXT or shape[0] == "=":
        return _text(value)
    if shape in ("i", "l", "x", "b", "q"):
        return int(value) if isinstance(value, float) and value.is_integer() and shape != "q" else value
    if not isinstance(value, dict):
        return None
    return _object(value, shape)


def _object(value: dict[str, Any], shape: str) -> dict[str, Any]:
    known = fields_of(shape)
    out: dict[str, Any] = {}
    # several spellings of one key: the last in byte order counts, which is the lower-case one
    for key in sorted(value, key=lambda key: key.encode("utf-8", "surrogatepass")):
        field = known.get(key) or known.get(key.casefold())
        if field is None:
            continue
        item = decoded(value[key], field.shape)
        if item is not None:
            out[field.path[-1]] = item
    return out


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    return str(value) if isinstance(value, int) else value
