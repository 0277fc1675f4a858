"""The YAML that tools write kubeconfigs in, read without the yaml package.

Importing PyYAML costs about a fifth of a whole command, and nearly every kubeconfig is block mappings, lists and plain
words, as `kubectl config` writes them. `parse` reads exactly that much, and anything whose meaning could be in doubt
(numbers, tags, anchors, escapes, folded text, comments behind a value …) makes it give up: the caller then asks PyYAML.
A property test holds the two against each other.
"""

from __future__ import annotations

from typing import Any


class _NotSimpleError(Exception):
    """The text needs a real parser."""


# YAML 1.1 reads these words as booleans or null whatever their case; only the common spellings are read here.
_WORDS = {"true": True, "false": False, "null": None, "~": None}
_DOUBTFUL = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null"])


def parse(text: str) -> Any:
    """The document as dicts, lists, strings, booleans and None; raises ValueError when it is not simple enough."""
    try:
        return _Reader(text).document()
    except (_NotSimpleError, IndexError) as error:
        raise ValueError("not simple YAML") from error


class _Reader:
    """A recursive reader over the lines that are neither empty nor comments."""

    def __init__(self, text: str) -> None:
        if not text.isascii() or not text.replace("\n", "").isprintable():  # tabs, carriage returns, control characters
            raise _NotSimpleError
        self.lines: list[tuple[int, str]] = []
        for line in text.split("\n"):
            content = line.strip(" ")
            if content and content[0] != "#":
                self.lines.append((len(line) - len(line.lstrip(" ")), content))
        if self.lines and self.lines[0] == (0, "---"):
            del self.lines[0]
        self.at = 0

    def document(self) -> Any:
        if not self.lines or self.lines[0][0] != 0:
            raise _NotSimpleError
        value = self.block(0)
        if self.at != len(self.lines):
            raise _NotSimpleError
        return value

    def block(self, indent: int) -> Any:
        """The mapping or list whose lines begin at `indent`."""
        return self.items(indent) if self.lines[self.at][1].startswith("- ") else self.mapping(indent)

    def items(self, indent: int) -> list[Any]:
        out: list[Any] = []
        while self.at < len(self.lines):
            depth, content = self.lines[self.at]
            if depth != indent or not content.startswith("- "):
                if depth > indent:
                    raise _NotSimpleError
                break
            rest = content[2:].lstrip(" ")
            inner = indent + len(content) - len(rest)
            if _key_end(rest) < 0:
                self.at += 1
                out.append(_scalar(rest))
            else:
                self.lines[self.at] = (inner, rest)
                out.append(self.mapping(inner))
        return out

    def mapping(self, indent: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while self.at < len(self.lines):
            depth, content = self.lines[self.at]
            if depth < indent or (depth == indent and content.startswith("- ")):
                break
            end = _key_end(content)
            if depth != indent or end < 0:
                raise _NotSimpleError
            key = _scalar(content[:end])
            if not isinstance(key, str) or key in out:
                raise _NotSimpleError
            rest = content[end + 1 :].lstrip(" ")
            self.at += 1
            out[key] = _value(rest) if rest else self.nested(indent)
        return out

    def nested(self, indent: int) -> Any:
        """What follows a key that has nothing behind its colon."""
        if self.at == len(self.lines):
            return None
        depth, content = self.lines[self.at]
        if depth > indent or (depth == indent and content.startswith("- ")):
            return self.block(depth)
        return None


def _key_end(content: str) -> int:
    """Where the colon of `key: …` stands, or -1."""
    if content[0] in "\"'{[":
        return -1
    at = content.find(": ")
    if at < 0 and content[-1] == ":":
        at = len(content) - 1
    return at


def _value(text: str) -> Any:
    if text[0] == "{" and text != "{}":
        return _flow_mapping(text)
    return _scalar(text)


def _flow_mapping(text: str) -> dict[str, Any]:
    """`{a: b, c: "d"}` of plain or quoted words, nothing nested."""
    if text[-1] != "}":
        raise _NotSimpleError
    out: dict[str, Any] = {}
    for part in text[1:-1].split(","):
        key, colon, value = part.strip(" ").partition(": ")
        value = value.strip(" ")
        if not colon or not value or any(mark in key + value for mark in "{}[]?"):  # parsers differ about `?`
            raise _NotSimpleError
        key = _scalar(key)
        if not isinstance(key, str) or key in out:
            raise _NotSimpleError
        out[key] = _scalar(value)
    return out


def _scalar(text: str) -> Any:
    first = text[0]
    if first in "\"'":
        inner = text[1:-1]
        if len(text) < 2 or text[-1] != first or first in inner or "\\" in inner or "#" in inner:
            raise _NotSimpleError
        return inner
    if text in _WORDS:
        return _WORDS[text]
    if text == "{}":
        return {}
    if text == "[]":
        return []
    plain = first.isalpha() or first in "/_" or (text.startswith("--") and text[2:3].isalpha())
    if not plain or text.lower() in _DOUBTFUL:
        raise _NotSimpleError  # numbers, dates, anchors, tags and block scalars begin otherwise
    if ": " in text or " #" in text or text[-1] in ": ":
        raise _NotSimpleError
    return text
