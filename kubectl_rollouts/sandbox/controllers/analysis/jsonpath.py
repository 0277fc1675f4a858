"""The JSONPath of the `web` provider: `{$.data[0].ok}`, `{.items[*].name}`, `{[?(@.a==1)]}`, `{..id}`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple


class JSONPathError(Exception):
    """A path that cannot be read, or that leads nowhere."""


class _Step(NamedTuple):
    kind: str
    value: Any = None


_COMPARISONS: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("==", operator.eq),
    ("!=", operator.ne),
    ("<=", operator.le),
    (">=", operator.ge),
    ("<", operator.lt),
    (">", operator.gt),
)


def find(template: str, document: Any) -> list[Any]:
    """What the first `{…}` of a template finds in a JSON document, in order.

    Raises JSONPathError for a template that cannot be read and for a field that is not there.
    """
    opened, closed = template.find("{"), template.rfind("}")
    if opened < 0 or closed < opened:
        raise JSONPathError(f"unclosed action in {template!r}" if opened >= 0 else f"no path in {template!r}")
    return _walk(_steps(template[opened + 1 : closed].strip()), document)


def _walk(steps: list[_Step], document: Any) -> list[Any]:
    found = [document]
    for step in steps:
        found = [item for value in found for item in _follow(step, value)]
        if step.kind == "field" and not found:
            raise JSONPathError(f"{step.value} is not found")
    return found


def _steps(path: str) -> list[_Step]:
    steps: list[_Step] = []
    rest = path.removeprefix("$").removeprefix("@")
    while rest:
        if rest.startswith(".."):
            steps.append(_Step("descend"))
            rest = rest[2:]
            if rest[:1] not in ("[", ""):
                rest = "." + rest
        elif rest.startswith("."):
            name, rest = _name(rest[1:])
            if name == "*":
                steps.append(_Step("wildcard"))
            elif name:
                steps.append(_Step("field", name))
        elif rest.startswith("["):
            inner, rest = _bracket(rest)
            steps.append(_in_brackets(inner))
        else:
            raise JSONPathError(f"unrecognized character in action: {rest[0]!r}")
    return steps


def _name(rest: str) -> tuple[str, str]:
    out = []
    at = 0
    while at < len(rest) and rest[at] not in ".[":
        if rest[at] == "\\" and at + 1 < len(rest):
            at += 1
        out.append(rest[at])
        at += 1
    return "".join(out).strip(), rest[at:]


def _bracket(rest: str) -> tuple[str, str]:
    depth, quote = 0, ""
    for at, char in enumerate(rest):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                return rest[1:at].strip(), rest[at + 1 :]
    raise JSONPathError("unterminated array")


def _in_brackets(inner: str) -> _Step:
    if inner == "*":
        return _Step("wildcard")
    if inner[:1] in ("'", '"') and inner[-1:] == inner[:1] and len(inner) > 1:
        return _Step("field", inner[1:-1])
    if inner.startswith("?(") and inner.endswith(")"):
        return _Step("filter", _condition(inner[2:-1].strip()))
    parts = inner.split(":")
    try:
        numbers = [int(part) if part.strip() else None for part in parts]
    except ValueError:
        raise JSONPathError(f"invalid array index {inner}") from None
    if len(parts) == 1 and numbers[0] is not None:
        return _Step("index", numbers[0])
    if 2 <= len(parts) <= 3 and numbers[-1] != 0:
        return _Step("slice", slice(*numbers))
    raise JSONPathError(f"invalid array index {inner}")


def _condition(source: str) -> Callable[[Any], bool]:
    for sign, compare in _COMPARISONS:
        left, found, right = source.partition(sign)
        if found:
            path, wanted = _steps(left.strip()), _literal(right.strip())
            return lambda item: _holds(item, path, compare, wanted)
    path = _steps(source)
    return lambda item: bool(_quietly(item, path))


def _literal(source: str) -> Any:
    if source[:1] in ("'", '"') and source[-1:] == source[:1]:
        return source[1:-1]
    if source in ("true", "false"):
        return source == "true"
    try:
        return float(source)
    except ValueError:
        raise JSONPathError(f"unrecognized value {source}") from None


def _holds(item: Any, path: list[_Step], compare: Callable[[Any, Any], bool], wanted: Any) -> bool:
    for value in _quietly(item, path):
        known = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        if type(known) is not type(wanted):
            return False
        return compare(known, wanted)
    return False


def _quietly(item: Any, path: list[_Step]) -> list[Any]:
    try:
        return _walk(path, item)
    except JSONPathError:
        return []


def _follow(step: _Step, value: Any) -> list[Any]:
    if step.kind == "field":
        return [value[step.value]] if isinstance(value, dict) and step.value in value else []
    if step.kind == "wildcard":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if step.kind == "descend":
        return _below(value)
    if not isinstance(value, list):
        raise JSONPathError("is not array or slice")
    if step.kind == "index":
        if not -len(value) <= step.value < len(value):
            raise JSONPathError(f"array index out of bounds: index {step.value}, length {len(value)}")
        return [value[step.value]]
    if step.kind == "slice":
        return list(value[step.value])
    return [item for item in value if step.value(item)]


def _below(value: Any) -> list[Any]:
    """The value and everything below it."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop(0)
        found.append(item)
        waiting += list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []
    return found
