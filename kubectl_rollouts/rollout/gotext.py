"""JSON values as Go's error texts show them."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.errors import Failure


def value_and_type(value: object) -> str:
    """`5 is of the type int64`: how apimachinery's accessors complain."""
    kinds: dict[type, str] = {
        str: "string",
        bool: "bool",
        int: "int64",
        list: "[]interface {}",
        dict: "map[string]interface {}",
        type(None): "<nil>",
    }
    return f"{plain_value(value)} is of the type {kinds.get(type(value), 'float64')}"


def plain_value(value: object) -> str:
    """A value as Go's `%v` shows it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(map(plain_value, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{plain_value(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, float):
        return f"{value:g}" if not value.is_integer() else str(int(value))
    return str(value)


def mapping_at(obj: dict[str, Any], key: str, path: str) -> dict[str, Any]:
    """The mapping that `obj` holds under `key`, {} for none. Raises Failure as apimachinery's accessors do."""
    value = obj.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Failure(f"{path} accessor error: {value_and_type(value)}, expected map[string]interface{{}}")
    return value
