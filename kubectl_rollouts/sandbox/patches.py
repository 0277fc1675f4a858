"""Patches: JSON merge patch (RFC 7386) and JSON patch (RFC 6902). Pure: what did not change is shared, not copied."""

from __future__ import annotations

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply an RFC 7386 merge patch. Returns `target` itself when nothing changes."""
    if not isinstance(patch, dict):
        return target if type(target) is type(patch) and target == patch else patch
    if not isinstance(target, dict):
        return _without_nulls(patch)
    changed: dict[str, Any] | None = None
    for key, value in patch.items():
        if value is None:
            if key in target:
                changed = dict(target) if changed is None else changed
                del changed[key]
        elif key not in target:
            changed = dict(target) if changed is None else changed
            changed[key] = _without_nulls(value)
        else:
            merged = merge_patch(target[key], value)
            if merged is not target[key]:
                changed = dict(target) if changed is None else changed
                changed[key] = merged
    return target if changed is None else changed


def _without_nulls(value: Any) -> Any:
    """What a merge patch leaves where there was nothing: nulls of objects mean "absent"."""
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(item) for key, item in value.items() if item is not None}
