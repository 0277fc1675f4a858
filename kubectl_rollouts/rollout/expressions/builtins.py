"""Built-in functions over plain values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.predicates import sorted_indexes
from kubectl_rollouts.rollout.expressions.values import (
    as_float,
    as_int,
    compare,
    equal,
    is_number,
    json_text,
    shown,
    type_name,
)

_MANY = 1000
_LONGEST = 100_000


class Function(NamedTuple):
    """A function: what it does, and the least and most arguments it takes."""

    call: Callable[..., Any]
    arity: tuple[int, int]


def _fail(name: str, value: Any) -> ExpressionError:
    return ExpressionError(f"invalid argument for {name} (type {type_name(value)})")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _fail(name, value)
    return value


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _fail(name, value)
    return value


def _map(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _fail(name, value)
    return value


def _number(name: str, value: Any) -> Any:
    if not is_number(value):
        raise _fail(name, value)
    return value


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _fail(name, value)
    return value


def _len(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise _fail("len", value)
    return len(value)


def _type(value: Any) -> str:
    names = {"<nil>": "nil", "float64": "float", "[]interface {}": "array"}
    name = type_name(value)
    return "map" if name.startswith("map") else names.get(name, name)


def _is_nan(value: Any) -> bool:
    return math.isnan(float(_number("isNaN", value)))


def _is_inf(value: Any, sign: Any = 0) -> bool:
    number, wanted = float(_number("isInf", value)), _number("isInf", sign)
    return math.isinf(number) and (wanted == 0 or (number > 0) == (wanted > 0))


def _default(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _int(value: Any) -> int:
    if isinstance(value, str):
        try:
            return as_int(value)
        except ExpressionError:
            raise ExpressionError(f"invalid operation: int({value})") from None
    return as_int(_number("int", value))


def _float(value: Any) -> float:
    if isinstance(value, str):
        try:
            return as_float(value)
        except ExpressionError:
            raise ExpressionError(f"invalid operation: float({value})") from None
    return float(_number("float", value))


def _whole(name: str, how: Callable[[float], float]) -> Callable[[Any], float]:
    def call(value: Any) -> float:
        number = float(_number(name, value))
        return how(number) if math.isfinite(number) else number

    return call


def _round(number: float) -> float:
    """Halves away from zero, as Go rounds."""
    return math.copysign(math.floor(abs(number) + 0.5), number)


def _numbers(name: str, values: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        found += _numbers(name, tuple(value)) if isinstance(value, list) else [_number(name, value)]
    if not found and name in ("min", "max"):
        raise ExpressionError(f"not enough arguments to call {name}")
    return found


def _mean(*values: Any) -> float:
    numbers = _numbers("mean", values)
    return float(sum(numbers)) / len(numbers) if numbers else 0.0


def _median(*values: Any) -> float:
    numbers = sorted(_numbers("median", values))
    half = len(numbers) // 2
    if not numbers:
        return 0.0
    return float(numbers[half]) if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2


def _trim(name: str, how: Callable[[str, str | None], str]) -> Callable[..., str]:
    def call(value: Any, chars: Any = None) -> str:
        return how(_text(name, value), None if chars is None else _text(name, chars))

    return call


def _repeat(value: Any, times: Any) -> str:
    plain, count = _text("repeat", value), _count("repeat", times)
    if count < 0:
        raise ExpressionError("invalid argument for repeat (expected positive integer)")
    if count * max(1, len(plain)) > _LONGEST:
        raise ExpressionError("memory budget exceeded")
    return plain * count


def _split(value: Any, separator: Any, limit: Any = -1) -> list[str]:
    plain, mark, most = _text("split", value), _text("split", separator), _count("split", limit)
    if most == 0:
        return []
    if not mark:
        return list(plain) if most < 0 else [*plain[: most - 1], plain[most - 1 :]]
    return plain.split(mark, most - 1 if most > 0 else -1)


def _replace(value: Any, old: Any, new: Any, limit: Any = -1) -> str:
    plain, mark, other = _text("replace", value), _text("replace", old), _text("replace", new)
    if (plain.count(mark) if mark else len(plain) + 1) * len(other) > _LONGEST:
        raise ExpressionError("memory budget exceeded")
    return plain.replace(mark, other, _count("replace", limit))


def _join(values: Any, separator: Any = "") -> str:
    return _text("join", separator).join(_text("join", value) for value in _list("join", values))


def _first(values: Any) -> Any:
    items = _list("first", values)
    return items[0] if items else None


def _last(values: Any) -> Any:
    items = _list("last", values)
    return items[-1] if items else None


def _get(of: Any, key: Any) -> Any:
    if isinstance(of, dict) and isinstance(key, str):
        return of.get(key)
    if isinstance(of, list) and isinstance(key, int) and -len(of) <= key < len(of):
        return of[key]
    return None


def _take(values: Any, count: Any) -> list[Any]:
    number = _count("take", count)
    if number < 0:
        raise ExpressionError(f"cannot take {number} elements")
    return _list("take", values)[:number]


def _sort(values: Any, order: Any = "asc") -> list[Any]:
    items = _list("sort", values)
    return [items[index] for index in sorted_indexes(items, order == "desc")]


def _flatten(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in _list("flatten", values):
        found += _flatten(value) if isinstance(value, list) else [value]
    return found


def _uniq(values: Any) -> list[Any]:
    found: list[Any] = []
    items = _list("uniq", values)
    if len(items) > _MANY:
        raise ExpressionError("memory budget exceeded")
    for value in items:
        if not any(equal(value, known) for known in found):
            found.append(value)
    return found


def _from_pairs(pairs: Any) -> dict[str, Any]:
    found = {}
    for pair in _list("fromPairs", pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ExpressionError(f"invalid pair {shown(pair)}")
        found[pair[0] if isinstance(pair[0], str) else shown(pair[0])] = pair[1]
    return found


def _from_json(value: Any) -> Any:
    try:
        return json.loads(_text("fromJSON", value), parse_int=float)
    except ValueError as error:
        raise ExpressionError(f"cannot read JSON: {error}") from None


def _extreme(name: str, operator: str) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        found = _numbers(name, values)
        best = found[0]
        for value in found[1:]:
            best = value if compare(operator, value, best) else best
        return best

    return call


def _string(name: str, how: Callable[..., Any], count: int = 1) -> Function:
    def call(*values: Any) -> Any:
        return how(*(_text(name, value) for value in values))

    return Function(call, (count, count))


FUNCTIONS = {
    "asInt": Function(as_int, (1, 1)),
    "asFloat": Function(as_float, (1, 1)),
    "isNaN": Function(_is_nan, (1, 1)),
    "isInf": Function(_is_inf, (1, 2)),
    "isNil": Function(lambda value: value is None, (1, 1)),
    "default": Function(_default, (2, 2)),
    "len": Function(_len, (1, 1)),
    "type": Function(_type, (1, 1)),
    "abs": Function(lambda value: abs(_number("abs", value)), (1, 1)),
    "ceil": Function(_whole("ceil", math.ceil), (1, 1)),
    "floor": Function(_whole("floor", math.floor), (1, 1)),
    "round": Function(_whole("round", _round), (1, 1)),
    "int": Function(_int, (1, 1)),
    "float": Function(_float, (1, 1)),
    "string": Function(shown, (1, 1)),
    "min": Function(_extreme("min", "<"), (1, _MANY)),
    "max": Function(_extreme("max", ">"), (1, _MANY)),
    "mean": Function(_mean, (1, _MANY)),
    "median": Function(_median, (1, _MANY)),
    "trim": Function(_trim("trim", str.strip), (1, 2)),
    "trimPrefix": Function(lambda a, b=" ": _text("trimPrefix", a).removeprefix(_text("trimPrefix", b)), (1, 2)),
    "trimSuffix": Function(lambda a, b=" ": _text("trimSuffix", a).removesuffix(_text("trimSuffix", b)), (1, 2)),
    "upper": _string("upper", str.upper),
    "lower": _string("lower", str.lower),
    "split": Function(_split, (2, 3)),
    "replace": Function(_replace, (3, 4)),
    "repeat": Function(_repeat, (2, 2)),
    "join": Function(_join, (1, 2)),
    "indexOf": _string("indexOf", str.find, 2),
    "lastIndexOf": _string("lastIndexOf", str.rfind, 2),
    "hasPrefix": _string("hasPrefix", str.startswith, 2),
    "hasSuffix": _string("hasSuffix", str.endswith, 2),
    "first": Function(_first, (1, 1)),
    "last": Function(_last, (1, 1)),
    "get": Function(_get, (2, 2)),
    "take": Function(_take, (2, 2)),
    "keys": Function(lambda value: list(_map("keys", value)), (1, 1)),
    "values": Function(lambda value: list(_map("values", value).values()), (1, 1)),
    "toPairs": Function(lambda value: [[key, item] for key, item in _map("toPairs", value).items()], (1, 1)),
    "fromPairs": Function(_from_pairs, (1, 1)),
    "reverse": Function(lambda value: _list("reverse", value)[::-1], (1, 1)),
    "sort": Function(_sort, (1, 2)),
    "flatten": Function(_flatten, (1, 1)),
    "uniq": Function(_uniq, (1, 1)),
    "concat": Function(lambda *lists: [item for value in lists for item in _list("concat", value)], (1, _MANY)),
    "toJSON": Function(json_text, (1, 1)),
    "fromJSON": Function(_from_json, (1, 1)),
}
"""Every function that takes no predicate, by name."""
