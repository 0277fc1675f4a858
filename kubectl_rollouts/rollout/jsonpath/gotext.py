"""Go's ways of writing values and of reading quoted text, as far as templates show them."""

from __future__ import annotations

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def go_text(value: object) -> str:
    """A JSON value as `fmt.Sprint` writes it: `map[a:1 b:[x y]]`, `<nil>`, text as it is."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and not fits_int64(value)):
        return go_float(float(value))
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)


def fits_int64(value: int) -> bool:
    """Whether Go reads a number as an int64; it reads larger ones as floats."""
    return -(1 << 63) <= value < 1 << 63


def go_float(value: float, least: int = -4, most: int = 6) -> str:
    """A number in its shortest digits, with an exponent below 10 to the `least` and from 10 to the `most` on.

    The bounds of `fmt.Sprint` are the defaults; those of `encoding/json` are -6 and 21.
    """
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    digits, exponent = f"{value!r}", 0
    sign = "-" if digits.startswith("-") else ""
    digits = digits.lstrip("-")
    if "e" in digits:
        digits, _, power = digits.partition("e")
        exponent = int(power)
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" and "e" not in repr(value) else fraction
    mantissa = (whole + fraction).lstrip("0")
    # the value is 0.MANTISSA times ten to the `point`
    point = len(whole) + exponent - (len(whole + fraction) - len(mantissa))
    mantissa = mantissa.rstrip("0") or "0"
    power_of_ten = point - 1
    if power_of_ten < least or power_of_ten >= most:
        rest = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
        return f"{sign}{mantissa[0]}{rest}e{'-' if power_of_ten < 0 else '+'}{abs(power_of_ten):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{mantissa}"
    if point >= len(mantissa):
        return sign + mantissa + "0" * (point - len(mantissa))
    return f"{sign}{mantissa[:point]}.{mantissa[point:]}"


def unquoted(text: str) -> str:
    """The text that a quoted Go string means, in single quotes too. Raises ValueError."""
    quote, inner = text[0], text[1:-1]
    if "\\" not in inner:
        return inner
    out = bytearray()
    at = 0
    while at < len(inner):
        char = inner[at]
        if char == quote or char == "\n":
            raise ValueError(text)
        if char != "\\":
            out += char.encode("utf-8", "surrogateescape")
            at += 1
            continue
        at = _escape(inner, at + 1, quote, out)
    return out.decode("utf-8", "replace")


def _escape(inner: str, at: int, quote: str, out: bytearray) -> int:
    """Read one escape sequence from behind its backslash; returns where it ends."""
    char = inner[at : at + 1]
    if char in _ESCAPES and char:
        out += _ESCAPES[char].encode()
        return at + 1
    if char and char in "'\"":
        if char != quote:
            raise ValueError(inner)
        out += char.encode()
        return at + 1
    length = {"x": 2, "u": 4, "U": 8}.get(char)
    if length is not None:
        digits = inner[at + 1 : at + 1 + length]
        code = _digits(digits, length, 16)
        if char == "x":
            out.append(code)
        elif code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ValueError(inner)
        else:
            out += chr(code).encode()
        return at + 1 + length
    code = _digits(inner[at : at + 3], 3, 8)
    if code > 255:
        raise ValueError(inner)
    out.append(code)
    return at + 3


def _digits(text: str, length: int, base: int) -> int:
    if len(text) != length or not text.isascii() or not text.isalnum():
        raise ValueError(text)
    return int(text, base)
