"""From the text of a template to its nodes.

A template is a list of parts: text, and actions in braces. An action is a list of nodes, each of which is applied to
what the one before it has found. A node is a tuple, its kind first:

    ("text", str)  ("int", int)  ("float", float)  ("bool", bool)  ("word", str): range, end or an error
    ("field", str)  ("each",)  ("descend",)  ("slice", Bound, Bound, Bound)  ("union", [action, …])
    ("filter", action, operator, action): an operator of "" asks whether the first one finds anything
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kubectl_rollouts.rollout.jsonpath.errors import JSONPathError
from kubectl_rollouts.rollout.jsonpath.gotext import unquoted

Node = tuple[Any, ...]
Action = list[Node]

_END = ""
_TERMINATORS = frozenset(" \t\r\n.,[]$@{}")
_COMPARISON = frozenset("!<>=")


class Bound(NamedTuple):
    """One number of a slice. Not `known`: as far as the array goes. `derived`: the end of a single index."""

    value: int = 0
    known: bool = False
    derived: bool = False


def parse(template: str) -> list[Node | Action]:
    """Return the parts of a template: text nodes and actions. Raises JSONPathError."""
    parts: list[Node | Action] = []
    at = 0
    while at < len(template):
        opened = template.find("{", at)
        if opened < 0:
            opened = len(template)
        if opened > at:
            parts.append(("text", template[at:opened]))
        if opened == len(template):
            break
        reader = _Reader(template, opened + 1)
        parts.append(reader.action())
        at = reader.at
    return parts


def _parse_action(text: str) -> Action:
    """Read a text as if it stood in braces; what follows a brace in it does not count."""
    return _Reader(text + "}", 0).action()


class _Reader:
    """Reads one action, from behind its opening brace to behind its closing one."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.nodes: Action = []

    def action(self) -> Action:
        while True:
            rest = self.text[self.at : self.at + 3]
            if rest.startswith("}"):
                self.at += 1
                return self.nodes
            if rest == "[?(":
                self._filter()
            elif rest.startswith(".."):
                self._descend()
            else:
                self._one(self._next())

    def _one(self, char: str) -> None:
        if char in (_END, "\n", "\r"):
            raise JSONPathError("unclosed action")
        if char in " @$":
            return
        if char == "[":
            self._brackets()
        elif char in "\"'":
            self._quoted(char)
        elif char == ".":
            self._field()
        elif char in "+-" or char.isdecimal():
            self._number()
        elif _is_letter(char):
            self._word()
        else:
            raise JSONPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _next(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return char

    def _field(self) -> None:
        """A name up to a terminator that no backslash stands before; `*` alone is everything."""
        begin = self.at
        while True:
            char = self._next()
            if char == "\\":
                self.at += 1
            elif char == _END or char in _TERMINATORS:
                break
        self.at = min(self.at - 1, len(self.text))
        name = self.text[begin : self.at]
        self.nodes.append(("each",) if name == "*" else ("field", name.replace("\\", "")))

    def _descend(self) -> None:
        if self.nodes and self.nodes[-1][0] == "descend":
            raise JSONPathError("invalid multiple recursive descent")
        self.at += 2
        self.nodes.append(("descend",))
        if _is_letter(self.text[self.at : self.at + 1]):
            self._field()

    def _word(self) -> None:
        begin = self.at - 1
        while (char := self._next()) != _END and char not in _TERMINATORS:
            pass
        self.at -= 1
        word = self.text[begin : self.at]
        self.nodes.append(("bool", word == "true") if word in ("true", "false") else ("word", word))

    def _number(self) -> None:
        begin = self.at - 1
        while (char := self._next()) == "." or char.isdecimal():
            pass
        self.at -= 1
        text = self.text[begin : self.at]
        if text.lstrip("+-").isdecimal() and -(1 << 63) <= int(text) < 1 << 63:
            self.nodes.append(("int", int(text)))
            return
        try:
            self.nodes.append(("float", float(text)))
        except ValueError:
            raise JSONPathError(f"cannot parse number {text}") from None

    def _quoted(self, quote: str) -> None:
        begin = self.at - 1
        while True:
            char = self._next()
            if char in (_END, "\n"):
                raise JSONPathError("unterminated quoted string")
            if char == quote and self.text[self.at - 2] != "\\":
                break
        text = self.text[begin : self.at]
        try:
            self.nodes.append(("text", unquoted(text)))
        except ValueError:
            raise JSONPathError(f"unquote string {text} error invalid syntax") from None

    def _brackets(self) -> None:
        begin = self.at
        while (char := self._next()) != "]":
            if char in (_END, "\n"):
                raise JSONPathError("unterminated array")
        text = self.text[begin : self.at - 1]
        if "," in text:
            self.nodes.append(("union", [_parse_action(f"[{part.strip(' ')}]") for part in text.split(",")]))
        elif len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1]:
            self.nodes += _parse_action(f".{text[1:-1]}")
        else:
            self.nodes.append(("slice", *_bounds(":" if text == "*" else text)))

    def _filter(self) -> None:
        self.at += 3
        begin = self.at
        opened = closed = False
        quote = ""
        while True:
            char = self._next()
            if char in (_END, "\n"):
                raise JSONPathError("unterminated filter")
            if char in "\"'":
                if not opened:
                    opened, quote = True, char
                elif char == quote and self.text[self.at - 2] != "\\":
                    closed = True
            elif char == ")" and opened == closed:
                break
        text = self.text[begin : self.at - 1]
        if self._next() != "]":
            raise JSONPathError("unclosed array expect ]")
        left, operator, right = _split_comparison(text)
        if operator:
            self.nodes.append(("filter", _parse_action(left), operator, _parse_action(right)))
        else:
            self.nodes.append(("filter", _parse_action(text), "", []))


def _split_comparison(text: str) -> tuple[str, str, str]:
    """Split at the first run of comparison signs that has something on both sides; no operator: no comparison.

    Of a run at the very end the last sign is what stands on the right.
    """
    begin = next((at for at, char in enumerate(text) if char in _COMPARISON), 0)
    end = begin
    while end < len(text) and text[end] in _COMPARISON:
        end += 1
    if end == len(text):
        end -= 1
    if begin == 0 or end <= begin:
        return "", "", ""
    return text[:begin], text[begin:end], text[end:]


def _bounds(text: str) -> tuple[Bound, Bound, Bound]:
    """The numbers of `1`, `-1`, `1:3`, `::2`; a single index is the slice of one element."""
    parts = text.split(":")
    if len(parts) > 3 or not all(part in ("", "-") or part.removeprefix("-").isdecimal() for part in parts):
        raise JSONPathError(f"invalid array index {text}")
    numbers = [_number(part) for part in parts]
    first = numbers[0]
    last = numbers[1] if len(numbers) > 1 else Bound(first.value + 1, known=True, derived=True)
    return first, last, numbers[2] if len(numbers) > 2 else Bound()


def _number(text: str) -> Bound:
    if not text:
        return Bound()
    if text == "-" or len(text) > 19:
        raise JSONPathError(f"array index {text} is not a number")
    return Bound(int(text), known=True)


def _is_letter(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()
