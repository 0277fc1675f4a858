"""Built-in functions that take a predicate: `all(result, {# > 0.95})`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.values import compare, is_number, shown, type_name

if TYPE_CHECKING:
    from kubectl_rollouts.rollout.expressions.nodes import Node


class Evaluating(Protocol):
    """What runs a predicate for an element."""

    def value(self, node: Node) -> Any:
        """The value of a node."""
        ...

    def predicate(self, body: Node, pointer: Mapping[str, Any]) -> Any:
        """The value of a predicate for an element."""
        ...


def apply_predicate(evaluation: Evaluating, name: str, arguments: list[Node]) -> Any:
    """Call one of the functions with a predicate. Raises ExpressionError for arguments that do not fit."""
    optional = name in ("count", "sum")
    most = 3 if name in ("reduce", "sortBy") else 2
    if not (1 if optional else 2) <= len(arguments) <= most:
        problem = "too many" if len(arguments) > most else "not enough"
        raise ExpressionError(f"{problem} arguments to call {name}")
    items = evaluation.value(arguments[0])
    if not isinstance(items, list):
        raise ExpressionError(f"builtin {name} takes only array (got {type_name(items)})")
    if name == "reduce":
        return _reduced(evaluation, items, arguments)
    body = arguments[1] if len(arguments) > 1 else None
    pairs = list(enumerate(items))
    if body is None:
        found = list(items)
    else:
        found = [evaluation.predicate(body, {"": item, "index": index}) for index, item in pairs]
    if name == "map":
        return found
    if name == "sum":
        return _total(found)
    if name == "groupBy":
        return _grouped(items, found)
    if name == "sortBy":
        descending = len(arguments) > 2 and evaluation.value(arguments[2]) == "desc"
        return _sorted(items, found, descending)
    for value in found:
        if not isinstance(value, bool):
            raise ExpressionError(f"predicate should return boolean (got {type_name(value)})")
    return _selected(name, items, found)


def _selected(name: str, items: list[Any], found: list[bool]) -> Any:
    if name == "all":
        return all(found)
    if name in ("any", "none"):
        return any(found) == (name == "any")
    if name in ("one", "count"):
        return sum(found) == 1 if name == "one" else sum(found)
    chosen = [index for index, value in enumerate(found) if value]
    if name == "filter":
        return [items[index] for index in chosen]
    if not chosen:
        return -1 if name.endswith("Index") else None
    index = chosen[-1] if "Last" in name else chosen[0]
    return index if name.endswith("Index") else items[index]


def _total(values: list[Any]) -> Any:
    for value in values:
        if not is_number(value):
            raise ExpressionError(f"invalid operation: int + {type_name(value)}")
    return sum(values)


def _grouped(items: list[Any], keys: list[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(key if isinstance(key, str) else shown(key), []).append(item)
    return groups


def _sorted(items: list[Any], keys: list[Any], descending: bool) -> list[Any]:
    return [items[index] for index in sorted_indexes(keys, descending)]


def sorted_indexes(keys: list[Any], descending: bool) -> list[int]:
    """The order of the keys, as indexes. Raises ExpressionError for keys that have none."""
    for key in keys[1:]:
        compare("<", keys[0], key)
    return sorted(range(len(keys)), key=lambda index: keys[index], reverse=descending)


def _reduced(evaluation: Evaluating, items: list[Any], arguments: list[Node]) -> Any:
    start = 0
    if len(arguments) > 2:
        result = evaluation.value(arguments[2])
    elif items:
        result, start = items[0], 1
    else:
        raise ExpressionError("reduce of empty array with no initial value")
    for index in range(start, len(items)):
        pointer = {"": items[index], "index": index, "acc": result}
        result = evaluation.predicate(arguments[1], pointer)
    return result
