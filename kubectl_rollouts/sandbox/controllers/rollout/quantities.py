"""Kubernetes quantities in the one form that Go writes them in (controller.md §1.3)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def canonical_quantity(value: Any) -> str:
    """`value` without a fraction and with the largest suffix that allows it; unreadable text stays as it is."""
    text = str(value).strip()
    number = text.rstrip("numkMGTPEi")
    suffix = text[len(number) :]
    try:
        if "e" in number.lower():
            return _exponent_form(number)
        amount = Fraction(number)
    except (ValueError, ZeroDivisionError):
        return text
    if suffix in _BINARY:
        return _binary_form(amount * 2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return _decimal_form(amount * Fraction(10) ** _DECIMAL[suffix])
    return text


def _decimal_form(amount: Fraction) -> str:
    if amount == 0:
        return "0"
    for suffix, power in sorted(_DECIMAL.items(), key=lambda item: -item[1]):
        scaled = amount / Fraction(10) ** power
        if scaled.denominator == 1:
            return f"{scaled.numerator}{suffix}"
    return f"{-(-amount * 10**9 // 1)}n"  # finer than nano is rounded up


def _binary_form(amount: Fraction) -> str:
    if amount == 0:
        return "0"
    if amount.denominator != 1:
        return _decimal_form(amount)
    for suffix, power in sorted(_BINARY.items(), key=lambda item: -item[1]):
        if amount.numerator % 2**power == 0:
            return f"{amount.numerator >> power}{suffix}"
    return str(amount.numerator)


def _exponent_form(number: str) -> str:
    amount = Fraction(number)
    for power in (18, 15, 12, 9, 6, 3, 0, -3, -6, -9):
        scaled = amount / Fraction(10) ** power
        if scaled.denominator == 1:
            return f"{scaled.numerator}e{power}" if power else str(scaled.numerator)
    return number
