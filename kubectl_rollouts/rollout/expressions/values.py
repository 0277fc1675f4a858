"""Values as Go sees them: their type names, comparisons, conversions, text."""

from __future__ import annotations

import json
import math
from typing import Any

from kubectl_rollouts.rollout.expressions.errors import ExpressionError


def type_name(value: Any) -> str:
    """Go's %T of a value that came from JSON or from an expression."""
    if value is None:
        return "<nil>"
    names = {bool: "bool", int: "int", float: "float64", str: "string", list: "[]interface {}"}
    return names.get(type(value), "map[string]interface {}")


def is_number(value: Any) -> bool:
    """Whether the value is a number (a boolean is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def wrapped(value: int) -> int:
    """An integer as 64 bits hold it."""
    return (value + 2**63) % 2**64 - 2**63 if not -(2**63) <= value < 2**63 else value


def equal(left: Any, right: Any) -> bool:
    """Equality: numbers by value, everything else by type and value."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def compare(operator: str, left: Any, right: Any) -> bool:
    """One of `== != < <= > >=`. Raises ExpressionError for values that have no order."""
    if operator in ("==", "!="):
        return equal(left, right) == (operator == "==")
    if not (is_number(left) and is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        raise ExpressionError(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    return bool(left > right) if operator == ">" else bool(left >= right)


def as_int(value: Any) -> int:
    """A number as an integer, cut off; text as decimal digits. Raises ExpressionError for anything else."""
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") else value
        if not (digits.isascii() and digits.isdigit()):
            raise ExpressionError(f"strconv.ParseInt: parsing {quoted(value)}: invalid syntax")
        if not -(2**63) <= int(value) < 2**63:
            raise ExpressionError(f"strconv.ParseInt: parsing {quoted(value)}: value out of range")
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and abs(value) < 2**63 else -(2**63)
    if is_number(value):
        return int(value)
    raise ExpressionError(f"asInt() not supported on {type_name(value)} {shown(value)}")


def as_float(value: Any) -> float:
    """A number, or text that is one. Raises ExpressionError for anything else."""
    if isinstance(value, str):
        try:
            if "_" in value or value != value.strip() or not value.isascii():
                raise ValueError
            return float(value)
        except ValueError:
            raise ExpressionError(f"strconv.ParseFloat: parsing {quoted(value)}: invalid syntax") from None
    if is_number(value):
        return float(value)
    raise ExpressionError(f"asFloat() not supported on {type_name(value)} {shown(value)}")


def quoted(value: str) -> str:
    """Text in double quotes, for messages."""
    return json.dumps(value, ensure_ascii=False)


def number_text(value: float) -> str:
    """A number as Go's JSON writes it: the shortest digits, an exponent only beyond 1e21 or below 1e-6."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    size = abs(value)
    if size and (size < 1e-6 or size >= 1e21):
        digits, _, power = repr(value).partition("e")
        if not power:
            digits, _, power = f"{value:e}".partition("e")
            digits = digits.rstrip("0").rstrip(".")
        sign, count = power[0] if power[0] in "+-" else "+", power.lstrip("+-").lstrip("0")
        return f"{digits.removesuffix('.0')}e{sign}{count.rjust(2, '0')}"
    if value == int(value):
        return str(int(value)) if value or math.copysign(1, value) > 0 else "-0"
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, power = text.partition("e")
    return f"{value:.{len(digits.replace('.', '').lstrip('-')) - 1 - int(power)}f}"


def json_text(value: Any) -> str:
    """A value as Go's JSON writes it: keys sorted, `<`, `>`, `&` escaped."""
    if isinstance(value, dict):
        pairs = (f"{json_text(str(key))}:{json_text(value[key])}" for key in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(item) for item in value) + "]"
    if isinstance(value, float):
        return number_text(value)
    text = json.dumps(value, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def shown(value: Any) -> str:
    """A value as Go's %v prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{shown(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(shown(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<nil>"
    return number_text(value) if is_number(value) else str(value)
