"""What a plain YAML word means to go-yaml v2, which reads the reference's files (spec/lint.md §3.3).

YAML 1.1 with differences that matter: single letters `y` and `n` are booleans, `1e3` is a number, dates and `1:30` stay
text, `0o10` is octal.
"""

from __future__ import annotations

import re

_TAG = "tag:yaml.org,2002:"
STR, INT, FLOAT, BOOL, NULL = (f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null"))
BINARY, TIMESTAMP = f"{_TAG}binary", f"{_TAG}timestamp"
_RESOLVABLE = frozenset(("", STR, INT, FLOAT, BOOL, NULL, TIMESTAMP))

_INFINITY = float("inf")
_MEANINGS: tuple[tuple[str, str, bool | float | None], ...] = (
    ("y Y yes Yes YES true True TRUE on On ON", BOOL, True),
    ("n N no No NO false False FALSE off Off OFF", BOOL, False),
    ("~ null Null NULL", NULL, None),
    (".nan .NaN .NAN", FLOAT, float("nan")),
    (".inf .Inf .INF +.inf +.Inf +.INF", FLOAT, _INFINITY),
    ("-.inf -.Inf -.INF", FLOAT, -_INFINITY),
)
_WORDS = {word: (tag, value) for words, tag, value in _MEANINGS for word in words.split()} | {"": (NULL, None)}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_BASES = {"0x": 16, "0X": 16, "0o": 8, "0O": 8, "0b": 2, "0B": 2}

Value = str | int | float | bool | None


class BadScalarError(ValueError):
    """A word that does not fit its tag; the text is go-yaml's."""


def plain(text: str) -> Value:
    """Return what an untagged plain word means."""
    return _resolve(text)[1]


def tagged(text: str, tag: str) -> Value:
    """Return what a word with a tag means. Raises BadScalarError when it does not fit the tag."""
    if tag in (STR, "!"):
        return text
    if tag == BINARY:
        return _binary(text)
    if tag not in _RESOLVABLE:
        return text
    found, value = _resolve(text)
    if tag == FLOAT and found == INT and isinstance(value, int):
        return float(value)
    if found == tag:
        return value
    raise BadScalarError(f"yaml: cannot decode {_short(found)} `{text}` as a {_short(tag)}")


def _resolve(text: str) -> tuple[str, Value]:
    if not text or text[0] in "+-.0123456789yYnNtTfFoO~":
        if text in _WORDS:
            return _WORDS[text]
        if text[:1] == ".":
            return (FLOAT, _float(text)) if _float(text) is not None else (STR, text)
        if text[:1] in "+-0123456789":
            number = _number(text.replace("_", ""))
            if number is not None:
                return (INT if isinstance(number, int) else FLOAT), number
    return STR, text


def _number(text: str) -> int | float | None:
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    number = _integer(digits)
    if number is not None:
        number = -number if sign == "-" else number
        if -(1 << 63) <= number < (1 << 63) or (not sign and number < 1 << 64):
            return number
    return _float(text)


def _integer(digits: str) -> int | None:
    """An integer as Go's ParseInt reads it with base 0, without a sign."""
    base = _BASES.get(digits[:2], 0)
    if base:
        body = digits[2:]
    elif len(digits) > 1 and digits[0] == "0":
        base, body = 8, digits[1:]
    else:
        base, body = 10, digits
    if not body.isascii() or not body.isalnum():
        return None
    try:
        return int(body, base)
    except ValueError:
        return None


def _float(text: str) -> float | None:
    if not _FLOAT.fullmatch(text):
        return None
    value = float(text)
    return None if value in (_INFINITY, -_INFINITY) else value


def _binary(text: str) -> str:
    import base64
    import binascii

    try:
        return base64.b64decode(text.encode(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise BadScalarError("yaml: !!binary value contains invalid base64 data") from None


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
