"""Resource quantities (`500m`, `1.5Gi`, `1e3`): their value and the canonical text that Kubernetes writes.

Source: spec/lint.md §3.1, §5.3 (rows 29-33), spec/controller.md §1.3 ("quantities canonical"). Values are exact.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

BAD_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_NANO = Fraction(1, 10**9)
_LARGEST = 2**63 - 1


class Quantity(NamedTuple):
    """A quantity's exact value (in its base unit) and how it was written."""

    value: Fraction
    binary: bool = False
    exponent: bool = False

    def __str__(self) -> str:
        return _canonical(self)


def parse_quantity(text: str | int | float) -> Quantity:
    """Read a quantity as the API server does: at most nano precision (rounded away from zero), capped at 2^63-1.

    Raises ValueError with the text of spec/lint.md §3.1.
    """
    written = str(text) if not isinstance(text, float) else repr(text)
    number, suffix = _split(written)
    exponent = False
    if suffix in _BINARY:
        scale = Fraction(1024) ** _BINARY[suffix]
    elif suffix in _DECIMAL:
        scale = Fraction(10) ** _DECIMAL[suffix]
    elif suffix[:1] in ("e", "E"):
        scale, exponent = Fraction(10) ** _power(suffix[1:]), True
    else:
        raise ValueError(BAD_QUANTITY)
    value = Fraction(number) * scale
    nanos = value / _NANO
    if nanos.denominator != 1:
        away = -(-abs(nanos.numerator) // nanos.denominator)
        value = (away if nanos > 0 else -away) * _NANO
    limit = Fraction(_LARGEST)
    value = max(-limit, min(limit, value)) if suffix not in ("n", "u", "m") else value
    return Quantity(value, binary=suffix in _BINARY, exponent=exponent)


def canonical_quantity(text: str | int | float) -> str:
    """The canonical text of a quantity: `1000m` → `1`, `0.5` → `500m`, `1.5Gi` → `1536Mi`."""
    return _canonical(parse_quantity(text))


def _split(text: str) -> tuple[str, str]:
    end = 1 if text[:1] in ("+", "-") else 0
    start = end
    while end < len(text) and (text[end] in "0123456789."):
        end += 1
    digits = text[start:end]
    if not digits.isascii() or digits.count(".") > 1 or not digits.replace(".", ""):
        raise ValueError(BAD_QUANTITY)
    if digits.startswith("."):
        digits = "0" + digits
    return text[:start] + digits.removesuffix("."), text[end:]


def _power(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 3:
        raise ValueError(BAD_QUANTITY)
    return int(text)


def _canonical(quantity: Quantity) -> str:
    value = quantity.value
    if not value:
        return "0"
    if quantity.binary and abs(value) >= 1024 and value.denominator == 1:
        number, power = value.numerator, 0
        while power < 6 and number % 1024 == 0:
            number, power = number // 1024, power + 1
        return f"{number}{_BINARY_SUFFIX.get(power, '')}"
    number, power = int(value / _NANO), -9
    while power < 18 and number % 1000 == 0:
        number, power = number // 1000, power + 3
    if quantity.exponent:
        return f"{number}e{power}" if power else str(number)
    return f"{number}{_DECIMAL_SUFFIX[power]}"
