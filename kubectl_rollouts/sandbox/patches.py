"""Patches: JSON merge patch (RFC 7386), JSON patch (RFC 6902) and Kubernetes' strategic merge patch.

All are pure: what did not change is shared with the original, not copied.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.sandbox.apistatus import ApiStatus, bad_request
from kubectl_rollouts.sandbox.schemas import MERGE_KEYS, SET_LISTS, types

MOST_OPERATIONS = 10_000


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


def _refused(message: str) -> ApiStatus:
    """422 without details: what a server says of a patch that does not fit the object."""
    return ApiStatus(422, "Invalid", f"the server rejected our request due to an error in our request: {message}")


def json_patch(target: Any, operations: Any) -> Any:
    """Apply an RFC 6902 patch; raises ApiStatus 422 when an operation fails, 400 when it is none."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into a JSON patch")
    if len(operations) > MOST_OPERATIONS:
        raise ApiStatus(
            413, "RequestEntityTooLarge", f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}"
        )
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise bad_request("error decoding patch: an operation needs `op` and `path`")
        target = _operate(target, operation)
    return target


def _operate(target: Any, operation: dict[str, Any]) -> Any:
    op, path = operation.get("op"), _pointer(operation["path"])
    if op in ("add", "replace", "test") and "value" not in operation:
        raise bad_request(f"error decoding patch: operation {op!r} needs a value")
    if op == "add":
        return _changed_at(target, path, "add", operation["value"])
    if op == "remove":
        return _changed_at(target, path, "remove", None)
    if op == "replace":
        return _changed_at(target, path, "replace", operation["value"])
    if op == "test":
        if not equal(_at(target, path), operation["value"]):
            raise _refused(f"testing value {operation['path']} failed")
        return target
    if op in ("move", "copy"):
        source = _pointer(str(operation.get("from") or ""))
        value = _at(target, source)
        if op == "move":
            if path[: len(source)] == source and len(path) > len(source):
                raise _refused(f"cannot move {operation['from']} into itself")
            target = _changed_at(target, source, "remove", None)
        return _changed_at(target, path, "add", value)
    raise bad_request(f"error decoding patch: unknown operation {op!r}")


def equal(left: Any, right: Any) -> bool:
    """JSON equality: true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise bad_request(f"error decoding patch: {text!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _index(key: str, length: int) -> int:
    if not key.isdecimal() or not key.isascii() or (len(key) > 1 and key[0] == "0") or int(key) >= length:
        raise _refused(f"unable to access invalid index: {key}")
    return int(key)


def _at(target: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(target, list):
            target = target[_index(key, len(target))]
        elif isinstance(target, dict) and key in target:
            target = target[key]
        else:
            raise _refused(f"the path does not exist: /{'/'.join(path)}")
    return target


def _changed_at(target: Any, path: list[str], what: str, value: Any) -> Any:
    if not path:
        return None if what == "remove" else value
    key, rest = path[0], path[1:]
    if isinstance(target, list):
        items = list(target)
        if rest:
            index = _index(key, len(items))
            items[index] = _changed_at(items[index], rest, what, value)
        elif what == "add":
            items.insert(len(items) if key == "-" else _index(key, len(items) + 1), value)
        elif what == "remove":
            del items[_index(key, len(items))]
        else:
            items[_index(key, len(items))] = value
        return items
    if not isinstance(target, dict):
        raise _refused(f"the path does not exist: {key}")
    if rest or what != "add":
        if key not in target:
            raise _refused(f"the path does not exist: {key}")
        if what == "remove" and not rest:
            return {k: v for k, v in target.items() if k != key}
    return {**target, key: _changed_at(target.get(key), rest, what, value)}


def strategic_patch(target: Any, patch: Any, type_name: str) -> Any:
    """Apply a strategic merge patch to an object of a type: lists with merge keys are merged item by item.

    Knows the directives `$patch: replace|delete`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
    """
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch must be an object")
    return _strategic(target if isinstance(target, dict) else {}, patch, type_name)


def _strategic(target: dict[str, Any], patch: dict[str, Any], type_name: str) -> dict[str, Any]:
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    if directive == "replace":
        return {key: _plain(value) for key, value in patch.items() if not key.startswith("$") and value is not None}
    fields = types().get(type_name, {})
    found = dict(target)
    retained = patch.get("$retainKeys")
    if retained is not None:
        found = {key: value for key, value in found.items() if key in retained}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            found[name] = [item for item in found.get(name) or () if item not in value]
        if key.startswith("$"):
            continue
        shape = fields[key].shape if key in fields else "any"
        order = patch.get(f"$setElementOrder/{key}")
        if value is None:
            found.pop(key, None)
        elif isinstance(value, list):
            found[key] = _strategic_list(found.get(key) or [], value, shape, order, (type_name, key) in SET_LISTS)
        elif isinstance(value, dict):
            inner = shape[2:] if shape.startswith("{}") else shape
            before = found.get(key)
            if isinstance(before, dict):
                found[key] = _strategic(before, value, inner)
            else:
                found[key] = _strategic({}, value, inner)
        else:
            found[key] = value
    for key, order in patch.items():
        name = key.partition("/")[2]
        if key.startswith("$setElementOrder/") and name not in patch and isinstance(found.get(name), list):
            shape = fields[name].shape if name in fields else "any"
            found[name] = _ordered(found[name], order, _merge_key(shape))
    return found


def _merge_key(shape: str) -> str:
    keys = MERGE_KEYS.get(shape.removeprefix("[]"), ()) if shape.startswith("[]") else ()
    return keys[0] if keys else ""


def _strategic_list(target: list[Any], patch: list[Any], shape: str, order: Any, is_set: bool) -> list[Any]:
    key = _merge_key(shape)
    if is_set:
        merged = [*target, *(item for item in patch if item not in target)]
        return _ordered(merged, order, "") if order else merged
    if not key:
        return [_plain(item) for item in patch if not (isinstance(item, dict) and item.get("$patch"))]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [_plain(item) for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    found = list(target)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        places = [i for i, old in enumerate(found) if isinstance(old, dict) and old.get(key) == item[key]]
        if item.get("$patch") == "delete":
            found = [old for i, old in enumerate(found) if i not in places]
        elif places:
            found[places[0]] = _strategic(found[places[0]], item, shape[2:])
        else:
            found.append(_strategic({}, item, shape[2:]))
    return _ordered(found, order, key) if order else found


def _ordered(items: list[Any], order: list[Any], key: str) -> list[Any]:
    """The items in the order that the client wants; those it does not name stay behind their neighbours."""
    wanted = [entry.get(key) if key and isinstance(entry, dict) else entry for entry in order]
    names = [item.get(key) if key and isinstance(item, dict) else item for item in items]
    listed = sorted((i for i, name in enumerate(names) if name in wanted), key=lambda i: wanted.index(names[i]))
    found = [items[i] for i in listed]
    for i, name in enumerate(names):
        if name not in wanted:
            before = [names[j] for j in range(i)]
            placed = [item.get(key) if key and isinstance(item, dict) else item for item in found]
            at = max((placed.index(other) + 1 for other in before if other in placed), default=0)
            found.insert(at, items[i])
    return found


def _plain(value: Any) -> Any:
    """A value without nulls and directives."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    return [_plain(item) for item in value] if isinstance(value, list) else value
