"""Typed looks into untyped objects: a missing, null or wrongly typed value is Go's zero value, never a crash."""

from __future__ import annotations

from typing import Any

Mapping = dict[str, Any]


def mapping(value: Any, *path: str) -> Mapping:
    """The mapping at `path` below `value`; an empty one when there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def present(value: Any, *path: str) -> bool:
    """Whether something (not null) stands at `path`: a pointer that is set."""
    return at(value, *path) is not None


def sequence(value: Any, *path: str) -> list[Any]:
    """The list at `path` below `value`; an empty one when there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def mappings(value: Any, *path: str) -> list[Mapping]:
    """The list of mappings at `path`; an element that is none counts as an empty one (it keeps its index)."""
    return [item if isinstance(item, dict) else {} for item in sequence(value, *path)]


def text(value: Any, *path: str) -> str:
    """The string at `path`; "" when there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def integer(value: Any, *path: str) -> int | None:
    """The integer at `path`; None when there is none (3.0 counts as 3)."""
    found = at(value, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    return int(found) if isinstance(found, float) and found.is_integer() else None


def flag(value: Any, *path: str) -> bool:
    """The boolean at `path`; False when there is none."""
    return at(value, *path) is True


def string_map(value: Any, *path: str) -> dict[str, str]:
    """A map of strings, as labels are: null values count as ""."""
    return {str(key): item if isinstance(item, str) else "" for key, item in mapping(value, *path).items()}


def at(value: Any, *path: str) -> Any:
    """What stands at `path`, or None."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
