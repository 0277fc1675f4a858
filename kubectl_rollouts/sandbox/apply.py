"""Server-side apply and the record of who set what (`metadata.managedFields`).

Writes of clients are recorded by field; those of the sandbox's own controllers only on objects that have such a record.
Simplified against a real server: one version a kind, so that field sets are never converted.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.fields import (
    FieldSet,
    Shape,
    changed_fields,
    contains,
    difference,
    field_set,
    item_step,
    leaves,
    shown,
    union,
    value_at,
    without,
)
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, time_text
from kubectl_rollouts.sandbox.schemas import SET_LISTS, list_keys, type_of, types

FIRST = "before-first-apply"
_NOT_OWNED = ("apiVersion", "kind")
_META_NOT_OWNED = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "generateName",
)


def ownable(obj: Object) -> Object:
    """The part of an object that can have owners."""
    found = {key: value for key, value in obj.items() if key not in _NOT_OWNED}
    metadata = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in _META_NOT_OWNED}
    if metadata:
        found["metadata"] = metadata
    else:
        found.pop("metadata", None)
    return found


def _entry(kind: Kind, manager: str, operation: str, subresource: str, fields: FieldSet, now: float) -> Object:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": kind.api_version,
        "time": time_text(now),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **({"subresource": subresource} if subresource else {}),
    }


def _is(entry: Object, manager: str, operation: str, subresource: str) -> bool:
    return (
        entry.get("manager") == manager
        and entry.get("operation") == operation
        and (entry.get("subresource") or "") == subresource
    )


def _fields(entry: Object) -> FieldSet:
    found: FieldSet = entry.get("fieldsV1") or {}
    return found


def _with_entries(obj: Object, entries: list[Object]) -> Object:
    metadata = dict(obj["metadata"])
    kept = [entry for entry in entries if entry.get("fieldsV1")]
    if kept:
        metadata["managedFields"] = kept
    else:
        metadata.pop("managedFields", None)
    return {**obj, "metadata": metadata}


def recorded(kind: Kind, old: Object | None, new: Object, manager: str, subresource: str, now: float) -> Object:
    """The object with the record of an update: the manager owns what it changed, nobody what is gone."""
    walk, shape = Shape(kind.custom), type_of(kind)
    before, after = (_writable(kind, ownable(obj), subresource) if obj is not None else {} for obj in (old, new))
    changed = changed_fields(before, after, shape, walk) or {}
    gone = changed_fields(after, before, shape, walk) or {}
    entries = _entries(new) or (_entries(old) if old is not None else [])
    if not changed and not gone:
        return _with_entries(new, entries)
    found: list[Object] = []
    mine: FieldSet = {}
    for entry in entries:
        kept = difference(_fields(entry), gone) if gone else _fields(entry)
        if _is(entry, manager, "Update", subresource):
            mine = kept
            continue
        found.append({**entry, "fieldsV1": difference(kept, changed)})
    fields = union(mine, changed)
    if fields:
        found.append(_entry(kind, manager, "Update", subresource, fields, now))
    return _with_entries(new, found)


def _writable(kind: Kind, obj: Object, subresource: str) -> Object:
    """What a write through a (sub)resource can change at all: nobody owns a status for what is dropped of a write."""
    if not kind.status or subresource not in ("", "status"):
        return obj
    return {key: value for key, value in obj.items() if (key == "status") == (subresource == "status")}


def _entries(obj: Object | None) -> list[Object]:
    return list(((obj or {}).get("metadata") or {}).get("managedFields") or ())


def applied(
    kind: Kind, live: Object | None, given: Object, manager: str, force: bool, subresource: str, now: float
) -> Object:
    """The object after a server-side apply of `given`; raises ApiStatus 409 when others own what it changes."""
    walk, shape = Shape(kind.custom), type_of(kind)
    if kind.status and not subresource:
        given = {key: value for key, value in given.items() if key != "status"}
    wanted = ownable(given)
    fields = field_set(wanted, shape, walk)
    if live is None:
        made = {**given, "metadata": dict(given.get("metadata") or {})}
        return _with_entries(made, [_entry(kind, manager, "Apply", subresource, fields, now)])
    entries = _entries(live)
    if not entries:
        entries = [_entry(kind, FIRST, "Update", "", field_set(ownable(live), shape, walk), now)]
    others = [entry for entry in entries if not _is(entry, manager, "Apply", subresource)]
    mine = next((entry for entry in entries if _is(entry, manager, "Apply", subresource)), None)
    merged: Object = _merged(live, wanted, shape, kind.custom, ("", ""))
    conflicts = _conflicts(live, merged, fields, others)
    if conflicts and not force:
        raise _conflict_status(conflicts)
    for path, entry in conflicts:
        entry["fieldsV1"] = difference(_fields(entry), _nested(path))
    if mine is not None:
        dropped = difference(_fields(mine), fields)
        for entry in others:
            dropped = difference(dropped, _fields(entry))
        if dropped:
            merged = without(merged, dropped)
    entry = _entry(kind, manager, "Apply", subresource, fields, now)
    if mine is not None and _fields(mine) == fields:
        entry["time"] = mine.get("time") or entry["time"]
    return _with_entries(merged, [*others, entry])


def _nested(path: tuple[str, ...]) -> FieldSet:
    found: FieldSet = {}
    for step in reversed(path):
        found = {step: found}
    return found


def _conflicts(
    live: Object, merged: Object, fields: FieldSet, others: list[Object]
) -> list[tuple[tuple[str, ...], Object]]:
    changing = [path for path in leaves(fields) if _differs(live, merged, path)]
    return [(path, entry) for entry in others for path in changing if contains(_fields(entry), path)]


def _differs(live: Object, merged: Object, path: tuple[str, ...]) -> bool:
    """Whether an apply changes what is at a path; of the item of a list only whether it is there."""
    before, after = value_at(live, path), value_at(merged, path)
    if path and path[-1].startswith("k:"):
        return (before is None) != (after is None)
    return bool(path) and before != after


def _conflict_status(conflicts: list[tuple[tuple[str, ...], Object]]) -> ApiStatus:
    causes, by_manager = [], dict[str, list[str]]()
    for path, entry in conflicts:
        who = f'conflict with "{entry.get("manager")}"'
        if entry.get("subresource"):
            who += f' with subresource "{entry["subresource"]}"'
        if entry.get("operation") == "Update":
            who += f" using {entry.get('apiVersion')}"
        by_manager.setdefault(who, []).append(shown(path))
        causes.append({"reason": "FieldManagerConflict", "message": who, "field": shown(path)})
    count = len(conflicts)
    parts = []
    for who, paths in sorted(by_manager.items()):
        parts.append(f"{who}: {paths[0]}" if len(paths) == 1 else f"{who}:\n- " + "\n- ".join(paths))
    whole = parts[0] if len(parts) == 1 else "conflicts " + "\n".join(part.removeprefix("conflict ") for part in parts)
    if len(parts) == 1 and count > 1:
        whole = "conflicts " + whole.removeprefix("conflict ")
    message = f"Apply failed with {count} conflict{'s' if count > 1 else ''}: {whole}"
    return ApiStatus(409, "Conflict", message, {"causes": causes})


def _merged(live: Any, given: Any, shape: str, custom: bool, owner: tuple[str, str]) -> Any:
    """What an apply makes of a value: maps and keyed lists are merged, everything else is replaced."""
    if isinstance(live, dict) and isinstance(given, dict):
        fields = types().get(shape, {})
        inner = shape[2:] if shape.startswith("{}") else "any"
        found = dict(live)
        for key, value in given.items():
            below = fields[key].shape if key in fields else inner
            found[key] = _merged(live[key], value, below, custom, (shape, key)) if key in live else value
        return found
    if isinstance(live, list) and isinstance(given, list):
        if owner in SET_LISTS:
            return [*live, *(item for item in given if item not in live)]
        keys = list_keys(shape.removeprefix("[]"), custom)
        if keys and all(isinstance(item, dict) for item in (*live, *given)):
            wanted = {item_step(item, keys): item for item in given}
            present = {item_step(item, keys) for item in live}
            items = [
                _merged(item, wanted[item_step(item, keys)], shape[2:], custom, owner)
                if item_step(item, keys) in wanted
                else item
                for item in live
            ]
            return items + [item for step, item in wanted.items() if step not in present]
    return given
