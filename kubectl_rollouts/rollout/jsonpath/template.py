"""Applying a template to an object."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.rollout.jsonpath.errors import JSONPathError
from kubectl_rollouts.rollout.jsonpath.gotext import go_text
from kubectl_rollouts.rollout.jsonpath.parser import Action, Bound, Node, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Values = list[Any]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def relaxed(expression: str) -> str:
    """The template that a path means where kubectl is not strict: `x.y`, `.x.y`, `{x.y}` and `{.x.y}` are one.

    Raises JSONPathError.
    """
    inner = expression
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    path = inner.removeprefix(".")
    if not path and inner:
        path = inner  # a dot alone
    if "{" in inner or "}" in inner or not path:
        raise JSONPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{path}}}"


class Template:
    """A template, read. Raises JSONPathError when it cannot be."""

    def __init__(self, text: str) -> None:
        self.source = text
        try:
            self._parts = parse(text)
        except JSONPathError as error:
            raise JSONPathError(f"error parsing jsonpath {text}, {error}") from None

    def find(self, obj: Any) -> list[Values]:
        """What each part finds in an object, in order; the parts of a range once for each of its values.

        A field that is missing is nothing. Raises JSONPathError when an array is not one, or too short.
        """
        return [[None if value is _NO_VALUE else value for value in values] for values in self._find(obj)]

    def _find(self, obj: Any) -> list[Values]:
        try:
            return _Run(self._parts).run(0, obj)
        except JSONPathError as error:
            raise JSONPathError(f'error executing jsonpath "{self.source}": {error}') from None
        except RecursionError:
            raise JSONPathError(f'error executing jsonpath "{self.source}": the object is nested too deeply') from None

    def text(self, obj: Any, shown: Callable[[str], str] | None = None) -> str:
        """What the template makes of an object. `shown` is applied to what comes from the object, not to its own text.

        Of several values found in one place, blanks stand between them; maps and arrays are JSON.
        """
        quiet = shown or (lambda text: text)

        def told(value: Any) -> str:
            return str(value) if isinstance(value, _Own) else quiet(_printed(value))

        return "".join(" ".join(map(told, values)) for values in self._find(obj))


class _Own(str):
    """Text of the template itself."""

    __slots__ = ()


class _NoValue:
    """What a range makes of a null: Go has lost its type by then, has nothing in it, and prints it differently."""

    def __repr__(self) -> str:
        return "<no value>"


_NO_VALUE = _NoValue()


def _printed(value: Any) -> str:
    if isinstance(value, dict | list):
        from kubectl_rollouts.rollout.jsonpath.gojson import go_json

        return go_json(value)
    return "null" if value is None else go_text(value)


def strict_values(template: str, obj: Any) -> Values:
    """What all parts of a template find in an object, in order; a field that is missing is an error.

    So the `web` provider of an analysis reads it (spec/controller.md §9). Raises JSONPathError in the library's words.
    """
    try:
        return [value for values in _Run(parse(template), strict=True).run(0, obj) for value in values]
    except RecursionError:
        raise JSONPathError("the document is nested too deeply") from None


class _Run:
    """One pass over an object. Ranges nest by position, as kubectl counts them: each end closes the innermost one."""

    def __init__(self, parts: list[Node | Action], strict: bool = False) -> None:
        self.parts = parts
        self.strict = strict
        self.begun = 0  # ranges that have begun in the part under way
        self.inside = 0
        self.ended = 0
        self.last_end = -1

    def run(self, start: int, obj: Any) -> list[Values]:
        found: list[Values] = []
        at = start
        while at < len(self.parts):
            part = self.parts[at]
            values = [_Own(part[1])] if isinstance(part, tuple) else self.follow([obj], part)
            if 0 < self.ended <= self.inside:
                self.ended -= 1
                self.last_end = at
                break
            if self.begun:
                self.begun -= 1
                self.inside += 1
                for value in values:
                    found += self.run(at + 1, _NO_VALUE if value is None else value)
                if not values:
                    self.run(at + 1, None)  # only to find the end
                self.inside -= 1
                if self.last_end > at:
                    at = self.last_end
            else:
                found.append(values)
            at += 1
        return found

    def follow(self, values: Values, action: Iterable[Node]) -> Values:
        """Apply the nodes of an action one after the other."""
        for node in action:
            values = self._apply(values, node)
        return values

    def _apply(self, values: Values, node: Node) -> Values:
        kind = node[0]
        if kind == "field":
            found = [value[node[1]] for value in values if isinstance(value, dict) and node[1] in value]
            if self.strict and not found:
                raise JSONPathError(f"{node[1]} is not found")
            return found
        if kind == "slice":
            return _slices(values, *node[1:])
        if kind == "filter":
            return [item for value in values for item in self._filtered(value, *node[1:])]
        if kind == "each":
            return [item for value in values for item in _children(value)]
        if kind == "descend":
            return [item for value in values for item in _below(value)]
        if kind == "union":
            return [item for action in node[1] for item in self.follow(values, action)]
        if kind == "text":
            return [_Own(node[1])]
        if kind == "word":
            return self._word(values, node[1])
        return [node[1]] * len(values)

    def _word(self, values: Values, word: str) -> Values:
        if word == "range":
            self.begun += 1
            return values
        if word != "end":
            raise JSONPathError(f"unrecognized identifier {word}")
        if not self.inside:
            raise JSONPathError("not in range, nothing to end")
        self.ended += 1
        return []

    def _filtered(self, value: Any, left: Action, sign: str, right: Action) -> Values:
        if not isinstance(value, list):
            raise JSONPathError(f"{go_text(value)} is not array or slice and cannot be filtered")
        if not sign:
            return [item for item in value if self._finds(item, left)]
        kept = []
        for item in value:
            one = self.follow([item], left)
            if len(one) > 1:
                raise JSONPathError("can only compare one element at a time")
            other = self.follow([item], right) if one else []
            if len(other) > 1:
                raise JSONPathError("can only compare one element at a time")
            if not other:
                continue
            if _holds(one[0], sign, other[0]):
                kept.append(item)
        return kept

    def _finds(self, item: Any, action: Action) -> bool:
        try:
            return bool(self.follow([item], action))
        except JSONPathError:
            return True  # what was found before the mistake counts, as for kubectl


def _slices(values: Values, first: Bound, last: Bound, step: Bound) -> Values:
    """The elements that are asked for of each array. As in kubectl none is looked at after one that has none to give:
    `{.x[*].y[*]}` ends at the first `y` that is empty.
    """
    found: Values = []
    for value in values:
        if value is None:
            continue
        items = _sliced(value, first, last, step)
        if not items:
            break
        found += items
    return found


def _sliced(value: Any, first: Bound, last: Bound, step: Bound) -> Values:
    if not isinstance(value, list):
        raise JSONPathError(f"{_go_type(value)} is not array or slice")
    length = len(value)
    begin = first.value + (length if first.value < 0 else 0)
    end = last.value if last.known else length
    if end < 0 or (end == 0 and last.derived):
        end += length
    if begin == end:
        return []
    if not 0 <= begin < length:
        raise JSONPathError(f"array index out of bounds: index {begin}, length {length}")
    if not 0 <= end <= length:
        raise JSONPathError(f"array index out of bounds: index {end - 1}, length {length}")
    if begin > end:
        raise JSONPathError(f"starting index {begin} is greater than ending index {end}")
    if step.known and step.value <= 0:
        raise JSONPathError("step must be > 0")
    return value[begin : end : step.value if step.known else 1]


def _children(value: Any) -> Values:
    """What is in a map, in the order of its keys, or in an array. (kubectl's order of a map's values is random.)"""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return value
    return list(value.encode()) if isinstance(value, str) else []


def _below(value: Any) -> Values:
    """The value and all that is below it, as far as there is something in it."""
    children = _children(value) if not isinstance(value, str) else []
    if not children:
        return [value] if isinstance(value, str) and value else []
    return [value, *(item for child in children for item in _below(child))]


def _holds(one: Any, sign: str, other: Any) -> bool:
    """Compare two values of one kind. Raises JSONPathError for those that cannot be, as kubectl does."""
    kinds = _kind(one), _kind(other)
    if "" in kinds:
        raise JSONPathError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise JSONPathError("incompatible types for comparison")
    if sign in ("==", "!="):
        return bool((one == other) == (sign == "=="))
    if sign not in _ORDER:
        raise JSONPathError(f"unrecognized filter operator {sign}")
    if kinds[0] == "bool":
        raise JSONPathError("invalid type for comparison")
    if isinstance(one, str):  # Go compares bytes
        return _ORDER[sign](one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
    return _ORDER[sign](one, other)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "int"
    return "float" if isinstance(value, float) else ""


def _go_type(value: Any) -> str:
    if isinstance(value, dict):
        return "map[string]interface {}"
    return {"int": "int64", "float": "float64"}.get(_kind(value), _kind(value) or "<nil>")
