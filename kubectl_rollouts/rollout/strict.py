"""Whether a document fits the type of its kind, with the texts of Go's decoder (spec/lint.md §3.1, §3.2, §3.4).

The reference decodes strictly: unknown fields and wrong types are errors, missing fields and nulls are not. The shapes
are data (schema_argo.py, schema_core.py); this module walks a document along them, in the order Go does: one error is
reported, the first, unless a type that decodes itself (int-or-string, quantity, time) fails later: that one stops
everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from kubectl_rollouts.rollout.quantities import parse_quantity
from kubectl_rollouts.rollout.schema_argo import ARGO
from kubectl_rollouts.rollout.schema_core import CORE
from kubectl_rollouts.rollout.validation.fields import go_quoted

_INT32, _INT64 = 1 << 31, 1 << 63
_PLAIN = {"s": "string", "b": "bool", "i": "int32", "l": "int64", "*": "json.RawMessage", "q": "resource.Quantity"}


class Literal(float):
    """A number of a JSON text with a fraction or an exponent: errors show it as it was written."""

    text: str

    def __new__(cls, text: str) -> Literal:
        """Make one of its text."""
        number = super().__new__(cls, text)
        number.text = text
        return number


class _Field(NamedTuple):
    shape: str  # core types with their prefix
    path: tuple[str, ...]  # the embedded type, if any, then the field


class _StopError(Exception):
    """A type that decodes itself failed."""


def strict_error(document: Any, type_name: str, *, yaml: bool, known_only: bool = True) -> str:
    """Return what is wrong with a document of a type of schema_argo.py, "" when it fits.

    In YAML numbers and booleans stand for strings as well, and keys are looked at in sorted order; in JSON they are
    not, and the order is the text's. Without `known_only` unknown fields are fine.
    """
    check = _Check(yaml, known_only)
    try:
        check.value(document, type_name, "", ())
    except _StopError as stop:
        return str(stop)
    return check.first


class _Check:
    def __init__(self, yaml: bool, known_only: bool) -> None:
        self.yaml = yaml
        self.known_only = known_only
        self.first = ""

    def save(self, text: str) -> None:
        self.first = self.first or text

    def value(self, value: Any, shape: str, struct: str, path: tuple[str, ...]) -> None:
        """Check one value; `struct` and `path` are the field it belongs to."""
        if value is None or shape == "*":
            return
        if shape[0] in "xqt" and len(shape) == 1:
            _decode_itself(value, shape, struct, path)
        elif shape.startswith("[]"):
            if not isinstance(value, list):
                self.wrong(value, shape, struct, path)
                return
            for item in value:
                self.value(item, shape[2:], struct, path)
        elif shape.startswith("{}") or shape_of_map(shape):
            if not isinstance(value, dict):
                self.wrong(value, shape, struct, path)
                return
            inner = (shape_of_map(shape) or shape)[2:]
            for key in self.keys(value):
                self.value(value[key], inner, struct, path)
        elif shape[0] == "=" or shape in _PLAIN:
            if not self.fits(value, shape):
                self.wrong(value, shape, struct, path)
        elif isinstance(value, dict):
            self.fields(value, shape, path)
        else:
            self.wrong(value, shape, struct, path)

    def fields(self, value: dict[str, Any], shape: str, path: tuple[str, ...]) -> None:
        known = fields_of(shape)
        name = shape.removeprefix("core.")
        for key in self.keys(value):
            found = known.get(key) or known.get(key.casefold())
            if found is not None:
                self.value(value[key], found.shape, name, path + found.path)
            elif self.known_only:
                self.save(f"json: unknown field {go_quoted(key)}")

    def keys(self, value: dict[str, Any]) -> Iterator[str]:
        return iter(sorted(value, key=lambda key: key.encode("utf-8", "surrogatepass")) if self.yaml else value)

    def fits(self, value: Any, shape: str) -> bool:
        if shape == "b":
            return isinstance(value, bool)
        if shape in ("i", "l"):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            limit = _INT32 if shape == "i" else _INT64
            return _is_integer(value) and -limit <= value < limit
        return isinstance(value, str) or (self.yaml and isinstance(value, bool | int | float))

    def wrong(self, value: Any, shape: str, struct: str, path: tuple[str, ...]) -> None:
        self.save(_wrong_type(_what(value, integer=shape in ("i", "l")), struct, path, go_type(shape)))


def _decode_itself(value: Any, shape: str, struct: str, path: tuple[str, ...]) -> None:
    """Int-or-string, time or quantity. Raises _StopError."""
    if shape == "x":
        fits = isinstance(value, str) or (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and _is_integer(value)
            and -_INT32 <= value < _INT32
        )
        if not fits:
            raise _StopError(_wrong_type(_what(value, integer=True), struct, path, "int32"))
    elif shape == "t":
        if not isinstance(value, str):
            raise _StopError(_wrong_type(_what(value), struct, path, "string"))
        problem = time_error(value)
        if problem:
            raise _StopError(problem)
    else:
        try:
            parse_quantity(value if isinstance(value, int | float | str) and not isinstance(value, bool) else "?")
        except ValueError as error:
            raise _StopError(str(error)) from None


def _wrong_type(what: str, struct: str, path: tuple[str, ...], type_name: str) -> str:
    field = f"Go struct field {struct}.{'.'.join(path)}" if struct else "Go value"
    return f"json: cannot unmarshal {what} into {field} of type {type_name}"


def _is_integer(value: float) -> bool:
    """Whether a number is an integer for Go: one of YAML may be written `3.0`, one of JSON not."""
    return isinstance(value, int) or (not isinstance(value, Literal) and value.is_integer())


def _what(value: Any, *, integer: bool = False) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {number_text(value)}" if integer else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def number_text(value: float) -> str:
    """Return a number as Go writes it into JSON."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    mantissa, _, power = text.partition("e")
    if not power:
        return mantissa.removesuffix(".0")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(text):f}".removesuffix(".0")
    return f"{mantissa.removesuffix('.0')}e{int(power):+d}"


# --- The tables ----------------------------------------------------------------------------------------------------


@cache
def fields_of(type_name: str) -> dict[str, _Field]:
    """Return the fields of a type by name, also by the name folded for comparison without case."""
    core = type_name.startswith("core.")
    text = CORE[type_name.removeprefix("core.")] if core else ARGO[type_name]
    found: dict[str, _Field] = {}
    for item in filter(None, text.split(", ")):
        name, _, shape = item.partition(" ")
        if name.startswith("+"):
            embedded = _qualified(name[1:], core)
            outer = embedded.removeprefix("core.")
            for key, inner in fields_of(embedded).items():
                found.setdefault(key, _Field(inner.shape, (outer, *inner.path)))
        else:
            field = _Field(_qualified(shape, core), (name,))
            found[name] = field
            found[name.casefold()] = field
    return found


@cache
def _qualified(shape: str, core: bool) -> str:
    """A shape of the core table, with the prefix of that table."""
    head = ""
    while shape[:2] in ("[]", "{}"):
        head, shape = head + shape[:2], shape[2:]
    plain = shape in _PLAIN or shape in ("x", "t") or shape[0] == "=" or not core
    return head + (shape if plain else f"core.{shape}")


def shape_of_map(shape: str) -> str:
    """Return the shape of a map type that has a name of its own, "" for other types."""
    if not shape.startswith("core."):
        return ""
    text = CORE[shape.removeprefix("core.")]
    return text if text.startswith("{}") else ""


def go_type(shape: str) -> str:
    """Return the name of a shape's Go type, as error texts have it."""
    if shape.startswith("[]"):
        return f"[]{go_type(shape[2:])}"
    if shape.startswith("{}"):
        return f"map[string]{go_type(shape[2:])}"
    if shape in _PLAIN:
        return _PLAIN[shape]
    if shape[0] == "=":
        return shape[1:] if "." in shape else f"v1alpha1.{shape[1:]}"
    return f"v1.{shape.removeprefix('core.')}" if shape.startswith("core.") else f"v1alpha1.{shape}"


# --- Times ---------------------------------------------------------------------------------------------------------

_LAYOUT = "2006-01-02T15:04:05Z07:00"
_ELEMENTS = ("2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05")
_MOST = {"01": (12, "month"), "02": (31, "day"), "15": (23, "hour"), "04": (59, "minute"), "05": (59, "second")}


def time_error(text: str) -> str:
    """Return what Go's `time.Parse` says of a text that is no RFC 3339 time, "" for one that is."""
    rest = text
    numbers = {}
    for element in _ELEMENTS:
        if not element[0].isdigit():
            if not rest.startswith(element):
                return _cannot_parse(text, rest, element)
            rest = rest[1:]
            continue
        width = len(element)
        if element == "15" and not rest[1:2].isdigit():  # the hour may have one digit
            width = 1
        digits = rest[:width]
        if len(digits) < width or not (digits.isascii() and digits.isdigit()):
            return _cannot_parse(text, rest, element)
        numbers[element] = int(digits)
        rest = rest[width:]
        most, word = _MOST.get(element, (9999, "year"))
        if numbers[element] > most or (element == "01" and not numbers[element]):
            return f"parsing time {go_quoted(text)}: {word} out of range"
    if rest[:1] in (".", ",") and rest[1:2].isdigit():
        rest = rest[1:].lstrip("0123456789")
    if rest[:1] == "Z":
        rest = rest[1:]
    else:
        zone = rest[:6]
        if len(zone) < 6 or zone[0] not in "+-" or zone[3] != ":" or not (zone[1:3] + zone[4:6]).isdigit():
            return _cannot_parse(text, rest, "Z07:00")
        rest = rest[6:]
    if rest:
        return f"parsing time {go_quoted(text)}: extra text: {go_quoted(rest)}"
    from calendar import monthrange

    if not 1 <= numbers["02"] <= monthrange(numbers["2006"] or 4, numbers["01"])[1]:
        return f"parsing time {go_quoted(text)}: day out of range"
    return ""


def _cannot_parse(text: str, rest: str, element: str) -> str:
    return f'parsing time {go_quoted(text)} as "{_LAYOUT}": cannot parse {go_quoted(rest)} as "{element}"'
