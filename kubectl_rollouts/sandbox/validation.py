"""Objects held against the shapes of their kinds: unknown fields, wrong types, what is required, schema defaults.

Custom resources are treated as a server treats a structural schema (pruned, defaulted, `must be of type`), built-in
kinds as Go's decoder treats them (`cannot unmarshal`). See spec/controller.md §0 and spec/resources.md §1.
"""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.apistatus import Cause, bad_request, invalid
from kubectl_rollouts.sandbox.kinds import Kind
from kubectl_rollouts.sandbox.objects import Object, name_of
from kubectl_rollouts.sandbox.schemas import Type, type_of, types
from kubectl_rollouts.sandbox.schemas.custom import DEFAULTS, ENUMS

_OPENAPI_TYPES = {"int": "integer", "str": "string", "bool": "boolean", "num": "number", "time": "string"}
_GO_TYPES = {"int": "int32", "str": "string", "bool": "bool", "num": "float64", "time": "string"}
_DROP = object()


class Walk:
    """One walk through an object. Afterwards: `unknown` fields by path, `causes` for what is wrong or missing,
    `undecodable` the first value that Go could not decode (built-in kinds only)."""

    def __init__(self, kind: Kind, defaults: bool = True) -> None:
        self.unknown: list[str] = []
        self.causes: list[Cause] = []
        self.undecodable = ""
        self._custom = kind.custom
        self._defaults = DEFAULTS if kind.custom and defaults else {}
        self._types = types()

    def value(self, given: Any, shape: str, path: str, holder: str) -> Any:
        """The value without what its shape does not know, with the schema's defaults."""
        if given is None:
            return self._null(shape, path)
        if shape == "any":
            return given
        if shape.startswith("[]"):
            if not isinstance(given, list):
                return self._wrong(given, "array", path, holder)
            items = (self.value(item, shape[2:], f"{path}[{index}]", holder) for index, item in enumerate(given))
            return [item for item in items if item is not _DROP]
        if shape.startswith("{}"):
            if not isinstance(given, dict):
                return self._wrong(given, "object", path, holder)
            pairs = ((key, self.value(item, shape[2:], f"{path}.{key}", holder)) for key, item in given.items())
            return {key: item for key, item in pairs if item is not _DROP}
        fields = self._types.get(shape)
        if fields is not None:
            if not isinstance(given, dict):
                return self._wrong(given, "object", path, holder)
            return self._object(given, shape, fields, path)
        if not _fits(given, shape):
            return self._wrong(given, _OPENAPI_TYPES.get(shape, "string"), path, holder, _GO_TYPES.get(shape, ""))
        if shape == "quantity" and not isinstance(given, str):
            return _number_text(given)
        return given

    def _object(self, given: Object, name: str, fields: Type, path: str) -> Object:
        found: Object = {}
        for key, item in given.items():
            here = f"{path}.{key}" if path else key
            field = fields.get(key)
            if field is None:
                self.unknown.append(here)
                continue
            allowed = ENUMS.get((name, key))
            if allowed is not None and isinstance(item, str) and item not in allowed:
                known = ", ".join(f'"{word}"' for word in allowed)
                message = f'Unsupported value: "{item}": supported values: {known}'
                self.causes.append(Cause("FieldValueNotSupported", message, here))
            kept = self.value(item, field.shape, here, f"{name}.{key}")
            if kept is not _DROP:
                found[key] = kept
        for key, field in fields.items():
            if key in found:
                continue
            if (name, key) in self._defaults:
                found[key] = self._defaults[(name, key)]
            elif field.required and (given.get(key) is None):
                here = f"{path}.{key}" if path else key
                self.causes.append(Cause("FieldValueRequired", "Required value", here))
        return found

    def _null(self, shape: str, path: str) -> Any:
        if not self._custom or path.startswith("metadata") or shape == "any":
            return None if shape == "any" else _DROP
        expected = _expected(shape, self._types)
        message = f'Invalid value: "null": {path} in body must be of type {expected}: "null"'
        self.causes.append(Cause("FieldValueTypeInvalid", message, path))
        return _DROP

    def _wrong(self, given: Any, expected: str, path: str, holder: str, go_type: str = "") -> Any:
        word = _json_type(given)
        if self._custom and not path.startswith("metadata"):
            message = f'Invalid value: "{word}": {path} in body must be of type {expected}: "{word}"'
            self.causes.append(Cause("FieldValueTypeInvalid", message, path))
        elif not self.undecodable:
            what = {"integer": "number", "boolean": "bool"}.get(word, word)
            target = go_type or ("map" if expected == "object" else "[]" if expected == "array" else expected)
            owner, _, _ = holder.partition(".")
            plain_path = ".".join(part.partition("[")[0] for part in path.split("."))
            self.undecodable = (
                f"json: cannot unmarshal {what} into Go struct field {_go_name(owner)}.{plain_path} of type {target}"
            )
        return given


def check(kind: Kind, obj: Object, mode: str = "Warn") -> tuple[Object, list[str]]:
    """The object as the server would decode it, and what it warns of (unknown fields, in mode "Warn").

    Raises ApiStatus: 400 for what cannot be decoded and, in mode "Strict", for unknown fields; 422 for what a
    schema refuses. `mode` is the request's `fieldValidation`: Ignore, Warn or Strict.
    """
    walk = Walk(kind)
    checked = walk.value(obj, type_of(kind), "", kind.kind)
    prefix = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
    if walk.undecodable:
        raise bad_request(prefix + walk.undecodable)
    complaints = [f'unknown field "{path}"' for path in walk.unknown]
    if complaints and mode == "Strict":
        raise bad_request(prefix + "strict decoding error: " + ", ".join(complaints))
    if walk.causes:
        raise invalid(kind, name_of(obj), walk.causes)
    found: Object = checked
    return found, complaints if mode == "Warn" else []


def prune(kind: Kind, obj: Object) -> Object:
    """The object without unknown fields and with schema defaults, whatever else is wrong with it."""
    pruned: Object = Walk(kind).value(obj, type_of(kind), "", kind.kind)
    return pruned


def _fits(given: Any, shape: str) -> bool:
    if isinstance(given, bool) or shape == "bool":
        return isinstance(given, bool) and shape == "bool"
    if shape in ("str", "bytes"):
        return isinstance(given, str)
    if shape == "int":
        return isinstance(given, int) and -(2**63) <= given < 2**63
    if shape == "num":
        return isinstance(given, int | float)
    if shape == "intstr":
        return isinstance(given, str) or (isinstance(given, int) and -(2**31) <= given < 2**31)
    if shape == "quantity":
        return isinstance(given, str | int | float)
    if shape == "time":
        return isinstance(given, str) and _is_time(given)
    return True


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def _number_text(number: float) -> str:
    return str(int(number)) if isinstance(number, int) or number.is_integer() else f"{number:g}"


def _json_type(given: Any) -> str:
    if isinstance(given, bool):
        return "boolean"
    if isinstance(given, int):
        return "integer"
    if isinstance(given, float):
        return "number"
    if isinstance(given, str):
        return "string"
    return "array" if isinstance(given, list) else "object"


def _expected(shape: str, known: dict[str, Type]) -> str:
    if shape.startswith("[]"):
        return "array"
    if shape.startswith("{}") or shape in known:
        return "object"
    return _OPENAPI_TYPES.get(shape, "string")


def _go_name(type_name: str) -> str:
    return type_name.removeprefix("Core").removeprefix("V1").removeprefix("V2")
