"""Field errors: one path, one body, formatted as Kubernetes does (spec/lint.md §7)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class FieldError(NamedTuple):
    """One error. `str()` is `<path>: <body>`; `lint` prints bodies, the controller the whole text."""

    path: str
    body: str

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"


def invalid(path: str, value: Any, message: str) -> FieldError:
    """`Invalid value: <value>: <message>`."""
    return FieldError(path, f"Invalid value: {rendered(value)}: {message}")


def required(path: str, message: str = "") -> FieldError:
    """`Required value[: <message>]`."""
    return FieldError(path, f"Required value: {message}" if message else "Required value")


def forbidden(path: str, message: str) -> FieldError:
    """`Forbidden: <message>`."""
    return FieldError(path, f"Forbidden: {message}")


def duplicate(path: str, value: Any) -> FieldError:
    """`Duplicate value: <value>`."""
    return FieldError(path, f"Duplicate value: {rendered(value)}")


def unsupported(path: str, value: Any, supported: Iterable[str]) -> FieldError:
    """`Unsupported value: <value>: supported values: "a", "b"` (in the order given)."""
    known = ", ".join(go_quoted(item) for item in supported)
    return FieldError(path, f"Unsupported value: {rendered(value)}: supported values: {known}")


def not_found(path: str, value: Any, message: str = "") -> FieldError:
    """`Not found: <value>[: <message>]`."""
    body = f"Not found: {rendered(value)}"
    return FieldError(path, f"{body}: {message}" if message else body)


def internal(path: str, message: str) -> FieldError:
    """`Internal error: <message>`."""
    return FieldError(path, f"Internal error: {message}")


def too_long(path: str, message: str) -> FieldError:
    """`Too long: <message>`."""
    return FieldError(path, f"Too long: {message}")


class Named(str):
    """A string of a named Go type: rendered as JSON, not quoted as Go does."""

    __slots__ = ()


def rendered(value: Any) -> str:
    """A value inside a message: numbers and booleans plain, strings Go-quoted, everything else as Go's JSON."""
    if isinstance(value, Named):
        return go_json(str(value))
    if isinstance(value, str):
        return go_quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if value == value and abs(value) < 1e21 else go_json(value)
    return go_json(value)


def go_json(value: Any) -> str:
    """Compact JSON as Go's encoder writes it: `<`, `>`, `&` escaped, other text kept. Key order is the caller's."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def in_order(value: Any, *names: str) -> Any:
    """A mapping with its keys in the declaration order given and empty optional values left out."""
    if not isinstance(value, dict):
        return value
    return {name: value[name] for name in names if name in value and not _empty(value[name])}


def sorted_map(value: Any) -> Any:
    """A map with its keys sorted; None stays None (`null`)."""
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {} or value is False


_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}


def go_quoted(text: str) -> str:
    """Go's %q: quotes, backslashes and whatever cannot be printed escaped; printable Unicode kept."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_ESCAPES.get(char) or _shown(char) for char in text) + '"'


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
