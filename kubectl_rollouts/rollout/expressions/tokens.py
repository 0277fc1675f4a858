"""From text to tokens."""

from __future__ import annotations

from typing import Any, NamedTuple

from kubectl_rollouts.rollout.expressions.errors import ExpressionError

_OPERATORS = (
    ("?.", "??", "**", "..", "==", "!=", "<=", ">=", "&&", "||"),
    ("!", "<", ">", "+", "-", "*", "/", "%", "^", "?", ":", ",", ".", "#", "|", "=", ";"),
)
_WORDS = ("and", "or", "not", "in", "matches", "contains", "startsWith", "endsWith", "let", "if", "else")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\"}
_CODE_LENGTHS = {"x": 2, "u": 4, "U": 8}


class Token(NamedTuple):
    """One token. `kind`: Number, String, Identifier, Operator, Bracket or EOF; `value` is what it stands for."""

    kind: str
    text: str
    value: Any = None

    def __str__(self) -> str:
        return self.kind if self.kind == "EOF" else f'{self.kind}("{self.text}")'


def tokens(source: str) -> list[Token]:
    """The tokens of an expression, ended by EOF. Raises ExpressionError for text that is none."""
    out: list[Token] = []
    at = 0
    while at < len(source):
        char = source[at]
        if char.isspace():
            at += 1
        elif source.startswith("//", at) or source.startswith("/*", at):
            at = _after_comment(source, at)
        elif char.isdigit() or (char == "." and source[at + 1 : at + 2].isdigit() and not _follows_value(out)):
            at = _number(source, at, out)
        elif char in "\"'`":
            at = _string(source, at, out)
        elif char.isalpha() or char in "_$":
            at = _word(source, at, out)
        elif char in "()[]{}":
            out.append(Token("Bracket", char))
            at += 1
        else:
            at = _operator(source, at, out)
    out.append(Token("EOF", ""))
    return out


def _follows_value(out: list[Token]) -> bool:
    """Whether a dot here continues something (`a.5` is no number)."""
    return bool(out) and (out[-1].kind in ("Identifier", "Number", "String") or out[-1].text in ("]", ")", "#"))


def _after_comment(source: str, at: int) -> int:
    if source.startswith("//", at):
        end = source.find("\n", at)
        return len(source) if end < 0 else end + 1
    end = source.find("*/", at + 2)
    if end < 0:
        raise ExpressionError("unclosed comment")
    return end + 2


def _number(source: str, at: int, out: list[Token]) -> int:
    for prefix, base, digits in (("0x", 16, "0123456789abcdef_"), ("0o", 8, "01234567_"), ("0b", 2, "01_")):
        if source[at : at + 2].lower() == prefix:
            end = _span(source.lower(), at + 2, digits)
            return _add_number(source, at, end, out, base)
    end = _span(source, at, "0123456789_")
    whole = True
    # `1..3` is a range, not a number with a dot
    if source[end : end + 1] == "." and source[end : end + 2] != "..":
        whole, end = False, _span(source, end + 1, "0123456789_")
    if source[end : end + 1] in ("e", "E"):
        start = end + 2 if source[end + 1 : end + 2] in ("+", "-") else end + 1
        if source[start : start + 1].isdigit():
            whole, end = False, _span(source, start, "0123456789_")
    return _add_number(source, at, end, out, 10 if whole else 0)


def _add_number(source: str, at: int, end: int, out: list[Token], base: int) -> int:
    text = source[at:end]
    if source[end : end + 1].isalnum() or source[end : end + 1] == "_":
        raise ExpressionError(f'bad number syntax: "{source[at : end + 1]}"')
    digits = text.replace("_", "")
    try:
        value: int | float = int(digits, base) if base else float(digits)
    except ValueError:
        raise ExpressionError(f'bad number syntax: "{text}"') from None
    if isinstance(value, int) and value >= 2**63:
        raise ExpressionError("integer literal is too large")
    out.append(Token("Number", text, value))
    return end


def _span(source: str, at: int, allowed: str) -> int:
    while at < len(source) and source[at] in allowed:
        at += 1
    return at


def _string(source: str, at: int, out: list[Token]) -> int:
    quote = source[at]
    chars: list[str] = []
    end = at + 1
    while end < len(source) and source[end] != quote:
        if source[end] == "\n" and quote != "`":
            break
        if source[end] == "\\" and quote != "`":
            char, end = _escaped(source, end + 1, quote)
            chars.append(char)
        else:
            chars.append(source[end])
            end += 1
    if source[end : end + 1] != quote:
        raise ExpressionError("literal not terminated")
    out.append(Token("String", "".join(chars), "".join(chars)))
    return end + 1


def _escaped(source: str, at: int, quote: str) -> tuple[str, int]:
    char = source[at : at + 1]
    if char in _ESCAPES or char in ("'", '"'):
        return _ESCAPES.get(char, char), at + 1
    length = _CODE_LENGTHS.get(char, 0)
    digits = source[at + 1 : at + 1 + length]
    try:
        if not length or len(digits) < length or not digits.isalnum():
            raise ValueError
        return chr(int(digits, 16)), at + 1 + length
    except (ValueError, OverflowError):
        raise ExpressionError("unable to unescape string") from None


def _word(source: str, at: int, out: list[Token]) -> int:
    end = at + 1
    while end < len(source) and (source[end].isalnum() or source[end] in "_$"):
        end += 1
    word = source[at:end]
    # after a dot every word is a name: `result.in`
    named = bool(out) and out[-1].text in (".", "?.") and out[-1].kind == "Operator"
    out.append(Token("Operator" if word in _WORDS and not named else "Identifier", word))
    return end


def _operator(source: str, at: int, out: list[Token]) -> int:
    for length, known in ((2, _OPERATORS[0]), (1, _OPERATORS[1])):
        text = source[at : at + length]
        if text in known:
            out.append(Token("Operator", text))
            return at + length
    raise ExpressionError(f"unrecognized character: U+{ord(source[at]):04X} '{source[at]}'")
