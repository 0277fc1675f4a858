"""Sets of fields as `managedFields` hold them (`fieldsV1`): which parts of an object somebody set.

A set is a nested map: `f:name` for a field, `k:{…}` for the item of a keyed list, `v:…` for the value of a set, `.` for
the item itself; an empty map is a leaf.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kubectl_rollouts.sandbox.schemas import SET_LISTS, Type, list_keys, types

FieldSet = dict[str, Any]

ATOMIC = frozenset(
    {
        "V1LabelSelector",
        "V1LocalObjectReference",
        "V1ObjectFieldSelector",
        "V1ObjectReference",
        "V1ResourceFieldSelector",
        "V1ConfigMapKeySelector",
        "V1SecretKeySelector",
        "V1NodeSelector",
        "V1OwnerReference",
        "V1TypedLocalObjectReference",
    }
)
"""Objects that have one owner as a whole."""
_KEY_DEFAULTS = {"protocol": "TCP"}


class Shape:
    """Walks through values of a kind: what a list's items are told apart by, and the shapes of fields."""

    def __init__(self, custom: bool) -> None:
        self._custom = custom
        self._types = types()

    def children(
        self, value: Any, shape: str, owner: tuple[str, str]
    ) -> Iterator[tuple[str, Any, str, tuple[str, str]]]:
        """The parts of a value that can have owners of their own: (step, part, its shape, (type, field))."""
        if isinstance(value, dict):
            if shape in ATOMIC:
                return
            fields: Type = self._types.get(shape, {})
            inner = shape[2:] if shape.startswith("{}") else "any"
            for key, item in value.items():
                yield f"f:{key}", item, fields[key].shape if key in fields else inner, (shape, key)
        elif isinstance(value, list):
            inner = shape[2:] if shape.startswith("[]") else "any"
            if owner in SET_LISTS:
                for item in value:
                    yield f"v:{json.dumps(item)}", item, inner, owner
            keys = list_keys(inner, self._custom)
            if keys and all(isinstance(item, dict) for item in value):
                for item in value:
                    yield item_step(item, keys), item, inner, owner


def item_step(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    """`k:{"name":"web"}`: the step to an item of a keyed list."""
    found = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in keys}
    present = {key: value for key, value in sorted(found.items()) if value is not None}
    return "k:" + json.dumps(present, separators=(",", ":"))


def field_set(value: Any, shape: str, walk: Shape, owner: tuple[str, str] = ("", "")) -> FieldSet:
    """All fields of a value."""
    found: FieldSet = {}
    for step, part, inner, holder in walk.children(value, shape, owner):
        below = field_set(part, inner, walk, holder)
        found[step] = {".": {}, **below} if step.startswith("k:") else below
    return found


def changed_fields(old: Any, new: Any, shape: str, walk: Shape, owner: tuple[str, str] = ("", "")) -> FieldSet | None:
    """The fields of `new` that `old` has not, or has with another value; None when there are none."""
    if old is new or (type(old) is type(new) and old == new):
        return None
    before = {step: part for step, part, _, _ in walk.children(old, shape, owner)}
    after = list(walk.children(new, shape, owner))
    if not before and not after:
        return {}
    found: FieldSet = {}
    for step, part, inner, holder in after:
        if step not in before:
            below = field_set(part, inner, walk, holder)
            found[step] = {".": {}, **below} if step.startswith("k:") else below
        else:
            changed = changed_fields(before[step], part, inner, walk, holder)
            if changed is not None:
                found[step] = changed
    return found or None


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """The fields of either set."""
    found = dict(left)
    for step, below in right.items():
        found[step] = union(found[step], below) if step in found else below
    return found


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """The fields of the left set that are not in the right one."""
    found: FieldSet = {}
    for step, below in left.items():
        if step not in right:
            found[step] = below
        elif below and right[step]:
            rest = difference(below, right[step])
            if rest:
                found[step] = rest
    return found


def leaves(fields: FieldSet, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of a set's leaves."""
    for step, below in fields.items():
        if below:
            yield from leaves(below, (*path, step))
        elif step == ".":
            yield path
        else:
            yield (*path, step)


def contains(fields: FieldSet, path: tuple[str, ...]) -> bool:
    """Whether a path, or a leaf above it, is in the set."""
    for step in path:
        if step not in fields:
            return False
        fields = fields[step]
        if not fields:
            return True
    return True


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    """What is at a path; None when there is nothing."""
    for step in path:
        if step.startswith("f:") and isinstance(value, dict):
            value = value.get(step[2:])
        elif step.startswith("k:") and isinstance(value, list):
            value = next((item for item in value if _is_item(item, json.loads(step[2:]))), None)
        elif step.startswith("v:") and isinstance(value, list):
            wanted = json.loads(step[2:])
            return wanted if wanted in value else None
        else:
            return None
    return value


def _is_item(item: Any, keys: dict[str, Any]) -> bool:
    return isinstance(item, dict) and all(item.get(k, _KEY_DEFAULTS.get(k)) == v for k, v in keys.items())


def without(value: Any, fields: FieldSet) -> Any:
    """The value without the fields of a set."""
    if isinstance(value, dict):
        found = dict(value)
        for step, below in fields.items():
            key = step[2:]
            if not step.startswith("f:") or key not in found:
                continue
            if below:
                found[key] = without(found[key], below)
                if found[key] in ({}, []):
                    del found[key]
            else:
                del found[key]
        return found
    if isinstance(value, list):
        kept = []
        for item in value:
            match = next((s for s in fields if s.startswith("k:") and _is_item(item, json.loads(s[2:]))), None)
            if match is not None and "." in fields[match]:
                continue
            if f"v:{json.dumps(item)}" not in fields:
                kept.append(without(item, fields[match]) if match is not None else item)
        return kept
    return value


def shown(path: tuple[str, ...]) -> str:
    """A path as error messages have it: `.spec.containers[name="web"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        elif step.startswith("k:"):
            keys = json.loads(step[2:])
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in keys.items()) + "]"
        else:
            text += f"[={step[2:]}]"
    return text
