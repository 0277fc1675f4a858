"""Manifests as text: the documents of a YAML or JSON file, read as the reference reads them (spec/commands.md §7.1).

YAML goes through PyYAML's parser (libyaml's where it is there), but words get their meaning as go-yaml gives it
(scalars.py), and errors its texts. Every problem is a Failure with the text after `Error: `.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.scalars import BadScalarError, plain, tagged
from kubectl_rollouts.rollout.strict import Literal
from kubectl_rollouts.rollout.validation.fields import go_json, go_quoted

_YAML_TO_JSON = "error converting YAML to JSON: "
_DECODING = "error unmarshaling JSON: while decoding JSON: "
_MOST_VALUES = 1_000_000  # of one file, what aliases repeat included


class Document(NamedTuple):
    """One document: an object, whether it was YAML, and (JSON only) its text."""

    value: dict[str, Any]
    yaml: bool
    source: str = ""

    def failure(self, text: str) -> Failure:
        """The error that decoding the document into its type gives."""
        return Failure(f"{_DECODING}{text}" if self.yaml else text)

    @property
    def group_kind(self) -> tuple[str, str]:
        """The API group ("" for the core) and the kind. Raises Failure when it has no kind."""
        kind, version = self.value.get("kind"), self.value.get("apiVersion")
        version = version if isinstance(version, str) else ""
        if not isinstance(kind, str) or not kind or version.count("/") > 1:
            shown = go_json(_sorted(self.value)) if self.yaml else self.source
            raise self.failure(f"Object 'Kind' is missing in '{shown}'")
        group, slash, _ = version.partition("/")
        return (group if slash else ""), kind


def documents(data: bytes, *, unique_keys: bool = True) -> list[Document]:
    """Return the documents of a file, empty ones left out. Raises Failure.

    What begins with `{` is JSON, one value or several after another; everything else is YAML. `unique_keys` makes a key
    that stands twice in a YAML mapping an error.
    """
    text = _decoded(data)
    if text.lstrip().startswith("{"):
        return list(_json_documents(text))
    found = []
    for value in yaml_values(text, unique_keys=unique_keys):
        if value is None:
            continue
        if not isinstance(value, dict):
            raise Failure(
                f"{_DECODING}json: cannot unmarshal {_json_kind(value)} into Go value of type map[string]interface {{}}"
            )
        found.append(Document(value, True))
    return found


def _decoded(data: bytes) -> str:
    encoding = "utf-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Failure(f"{_YAML_TO_JSON}yaml: invalid leading UTF-8 octet") from None


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "array" if isinstance(value, list) else "string" if isinstance(value, str) else "number"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return sendable(value)


def sendable(value: Any) -> Any:
    """Return a value as it goes to the server: whole floats as integers, which is how Go writes them."""
    if isinstance(value, dict):
        return {key: sendable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sendable(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e21 else float(value)
    return value


# --- JSON ----------------------------------------------------------------------------------------------------------

_AFTER = {
    "Expecting ':' delimiter": "after object key",
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}


def _json_documents(text: str) -> Iterator[Document]:
    decoder = json.JSONDecoder(parse_float=Literal, parse_constant=_no_constant)
    at, yielded = 0, False
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text) or (yielded and text[at] != "{"):
            return  # what follows a value and is no other one is ignored, as by the reference
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Failure(_json_error(text, error)) from None
        except RecursionError:
            raise Failure("json: exceeded max depth") from None
        if not isinstance(value, dict):
            raise Failure(f"json: cannot unmarshal {_json_kind(value)} into Go value of type map[string]interface {{}}")
        yield Document(value, False, text[at:end])
        at, yielded = end, True


def _no_constant(word: str) -> float:
    raise Failure(f"invalid character '{word.lstrip('-')[0]}' looking for beginning of value")


def _json_error(text: str, error: json.JSONDecodeError) -> str:
    """The error as encoding/json says it."""
    if error.pos >= len(text) or error.msg.startswith("Unterminated string") or not text[error.pos :].strip():
        return "unexpected EOF"
    after: str | None = _AFTER.get(error.msg)
    at = error.pos
    if after is None and "',' delimiter" in error.msg:
        after = "after array element" if _in_array(text[:at]) else "after object key:value pair"
    if after is None:
        after = next((words for start, words in _AFTER.items() if error.msg.startswith(start)), "in value")
    if error.msg.startswith("Illegal"):
        at = next((place for place in range(at + 1, len(text)) if text[place] not in " \t\r\n"), at)
    if "escape" in error.msg and at + 1 < len(text):
        at += 1
    character = text[at]
    shown = {"'": "'\\''", '"': "'\"'"}.get(character) or f"'{go_quoted(character)[1:-1]}'"
    return f"invalid character {shown} {after}"


def _in_array(text: str) -> bool:
    """Whether a JSON text breaks off inside an array rather than an object."""
    depth: list[str] = []
    quoted = False
    skip = False
    for character in text:
        if skip:
            skip = False
        elif quoted:
            skip, quoted = character == "\\", character != '"'
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth.append(character)
        elif character in "]}" and depth:
            depth.pop()
    return bool(depth) and depth[-1] == "["


# --- YAML ----------------------------------------------------------------------------------------------------------


def yaml_values(text: str, *, unique_keys: bool) -> Iterator[Any]:
    """Yield the documents of a YAML stream as JSON values. Raises Failure."""
    import yaml

    if "%YAML" in text and any(line.startswith("%YAML") and line.split()[1:2] != ["1.1"] for line in text.splitlines()):
        raise Failure(f"{_YAML_TO_JSON}yaml: found incompatible YAML document")
    try:
        reader = _Reader(text, unique_keys)
        while reader.next_document():
            yield reader.value()
    except yaml.MarkedYAMLError as error:
        raise Failure(_YAML_TO_JSON + _yaml_error(error)) from None
    except yaml.reader.ReaderError:
        raise Failure(f"{_YAML_TO_JSON}yaml: control characters are not allowed") from None
    except BadScalarError as error:
        raise Failure(f"{_YAML_TO_JSON}{error}") from None
    except RecursionError:
        raise Failure(f"{_YAML_TO_JSON}yaml: exceeded max depth") from None


# What PyYAML's own parser says, where libyaml (and so go-yaml) says it otherwise.
_SAME = {
    "mapping values are not allowed here": "mapping values are not allowed in this context",
    "expected '<document start>'": "did not find expected <document start>",
    "expected ',' or ']'": "did not find expected ',' or ']'",
    "expected ',' or '}'": "did not find expected ',' or '}'",
    "expected <block end>": "did not find expected key",
    "expected the node content": "did not find expected node content",
    "sequence entries are not allowed here": "block sequence entries are not allowed in this context",
}


def _yaml_error(error: Any) -> str:
    """The error as go-yaml says it: the first line is not named, others count from 0 unless the scanner failed."""
    from yaml.scanner import ScannerError

    problem = str(error.problem or "unknown problem parsing YAML content")
    if problem.startswith("found character ") and "cannot start any token" in problem:
        problem = "found character that cannot start any token"
    problem = next((ours for theirs, ours in _SAME.items() if problem.startswith(theirs)), problem)
    line = 0
    if error.problem_mark is not None and error.problem_mark.line:
        line = error.problem_mark.line + (1 if isinstance(error, ScannerError) else 0)
    elif error.context_mark is not None:
        line = error.context_mark.line
    return f"yaml: line {line}: {problem}" if line else f"yaml: {problem}"


class _Alias(NamedTuple):
    value: Any
    size: int


class _Reader:
    """Builds values from the events of PyYAML's parser."""

    def __init__(self, text: str, unique_keys: bool) -> None:
        import yaml
        from yaml import events

        parser = getattr(yaml, "CBaseLoader", None) or yaml.BaseLoader
        self.parser = parser(text)
        self.events = events
        self.unique_keys = unique_keys
        self.anchors: dict[str, _Alias] = {}
        self.count = 0
        self.twice: list[str] = []

    def next_document(self) -> bool:
        while True:
            event = self.parser.get_event()
            if isinstance(event, self.events.DocumentStartEvent):
                self.anchors = {}
                return True
            if event is None or isinstance(event, self.events.StreamEndEvent):
                return False

    def value(self) -> Any:
        """Return the value of the document that has begun."""
        value = self.node(self.parser.get_event())
        if self.twice:
            lines = "\n  ".join(self.twice)
            raise Failure(f"{_YAML_TO_JSON}yaml: unmarshal errors:\n  {lines}")
        return _json_value(value)

    def node(self, event: Any) -> Any:
        started = self.count
        self.count += 1
        if isinstance(event, self.events.AliasEvent):
            known = self.anchors.get(str(event.anchor))
            if known is None:
                raise Failure(f"{_YAML_TO_JSON}yaml: unknown anchor '{event.anchor}' referenced")
            self.count += known.size
            if self.count > _MOST_VALUES:
                raise Failure(f"{_YAML_TO_JSON}yaml: document contains excessive aliasing")
            return known.value
        if isinstance(event, self.events.ScalarEvent):
            value = self.scalar(event)
        elif isinstance(event, self.events.SequenceStartEvent):
            value = self.sequence()
        else:
            value = self.mapping()
        if event.anchor is not None:
            self.anchors[event.anchor] = _Alias(value, self.count - started)
        return value

    def scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or (tag == "!" and not event.implicit[0]):
            return plain(event.value) if event.implicit[0] else event.value
        return tagged(event.value, tag)

    def sequence(self) -> list[Any]:
        out = []
        while not isinstance(event := self.parser.get_event(), self.events.SequenceEndEvent):
            out.append(self.node(event))
        return out

    def mapping(self) -> _Pairs:
        pairs = _Pairs()
        seen = set()
        while not isinstance(event := self.parser.get_event(), self.events.MappingEndEvent):
            merge = (
                isinstance(event, self.events.ScalarEvent)
                and event.value == "<<"
                and (event.implicit[0] or event.tag == "tag:yaml.org,2002:merge")
            )
            key = None if merge else self.node(event)
            following = self.parser.get_event()
            line = following.start_mark.line + 1
            value = self.node(following)
            if merge:
                _merge(pairs, value)
                continue
            if isinstance(key, list | _Pairs):
                raise Failure(f"{_YAML_TO_JSON}yaml: invalid map key: {_go_syntax(key)}")
            mark = (type(key), key)
            if self.unique_keys and mark in seen:
                self.twice.append(f"line {line}: key {_go_syntax(key)} already set in map")
                continue
            seen.add(mark)
            pairs.set(key, value)
        return pairs


class _Pairs:
    """A mapping while it is read: keys of any scalar type, told apart by it."""

    def __init__(self) -> None:
        self.held: dict[tuple[type, Any], Any] = {}

    def set(self, key: Any, value: Any) -> None:
        self.held.pop((type(key), key), None)
        self.held[type(key), key] = value


def _merge(pairs: _Pairs, value: Any) -> None:
    """`<<`: what the merged mappings say, the first one of a list before the others."""
    merged = value if isinstance(value, list) else [value]
    for other in reversed(merged):
        if not isinstance(other, _Pairs):
            raise Failure(f"{_YAML_TO_JSON}yaml: map merge requires map or sequence of maps as the value")
        pairs.held.update(other.held)


def _json_value(value: Any) -> Any:
    """A value with text for keys. Raises Failure for what JSON cannot say."""
    if isinstance(value, _Pairs):
        return {_key(key, item): _json_value(item) for (_, key), item in value.held.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        shown = "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
        raise Failure(f"{_YAML_TO_JSON}json: unsupported value: {shown}")
    return value


def _key(key: Any, value: Any) -> str:
    if isinstance(key, str):
        return key
    if key is None:
        raise Failure(f"{_YAML_TO_JSON}unsupported map key of type: %!s(<nil>), key: <nil>, value: {_go_syntax(value)}")
    if isinstance(key, bool):
        return "true" if key else "false"
    return float_text(key) if isinstance(key, float) else str(key)


def float_text(value: float) -> str:
    """Return a float as text where text was expected: shortest at 32-bit precision, Go's `%g` (spec/lint.md §3.3)."""
    import struct

    if value != value or value in (float("inf"), float("-inf")):
        return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    text = next(
        written
        for written in (f"{single:.{digits}e}" for digits in range(18))
        if struct.unpack("f", struct.pack("f", float(written)))[0] == single
    )
    mantissa, _, power = text.partition("e")
    if -4 <= int(power) < 6:
        from decimal import Decimal

        shown = f"{Decimal(text):f}"
        return shown.rstrip("0").rstrip(".") if "." in shown else shown
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{power[0]}{power[1:].zfill(2)}"


def _go_syntax(value: Any) -> str:
    """A value as Go's `%#v` shows it."""
    if isinstance(value, _Pairs):
        pairs = ", ".join(f"{_go_syntax(key)}:{_go_syntax(item)}" for (_, key), item in value.held.items())
        return f"map[interface {{}}]interface {{}}{{{pairs}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return go_quoted(value) if isinstance(value, str) else float_text(value) if isinstance(value, float) else str(value)
