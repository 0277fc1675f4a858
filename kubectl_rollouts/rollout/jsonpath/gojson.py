"""JSON as Go writes it: keys in order, `<`, `>` and `&` escaped, numbers in Go's form."""

from __future__ import annotations

from typing import Any

_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_TABLE = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x3C, 0x3E, 0x26, 0x2028, 0x2029)},
    **{ord(char): text for char, text in _NAMED.items()},
}


def go_json(value: Any, indent: int | None = None, safe: bool = False) -> str:
    """A JSON value as Go's `json.Marshal` writes it, or `MarshalIndent` with an indent of so many blanks.

    `safe`: for a terminal, control and bidirectional characters are escaped too; it stays the same JSON.
    """
    out: list[str] = []
    _write(value, "\n" if indent is not None else "", " " * (indent or 0), out, safe)
    return "".join(out)


def _write(value: Any, line: str, indent: str, out: list[str], safe: bool) -> None:
    if isinstance(value, str):
        out.append(go_string(value, safe))
    elif isinstance(value, dict):
        _members([(go_string(key, safe), value[key]) for key in sorted(value)], "{}", line, indent, out, safe)
    elif isinstance(value, list):
        _members([("", item) for item in value], "[]", line, indent, out, safe)
    else:
        out.append(_scalar(value))


def _members(members: list[tuple[str, Any]], braces: str, line: str, indent: str, out: list[str], safe: bool) -> None:
    if not members:
        out.append(braces)
        return
    inner = line + indent
    colon = ": " if line else ":"
    for index, (key, item) in enumerate(members):
        out.append((braces[0] if index == 0 else ",") + inner + (key + colon if key else ""))
        _write(item, inner, indent, out, safe)
    out.append(line + braces[1])


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or not -(1 << 63) <= value < 1 << 63:  # what is no int64 is a float to Go
        from kubectl_rollouts.rollout.jsonpath.gotext import go_float

        text = go_float(float(value), -6, 21)
        # encoding/json writes 1e-7, not 1e-07
        return text.replace("e-0", "e-") if "e-0" in text else text
    return str(value)


def go_string(text: str, safe: bool = False) -> str:
    """A JSON string."""
    if not safe or text.isprintable():
        return f'"{text.translate(_TABLE)}"'
    out = []
    for char in text:
        if char.isprintable() or ord(char) in _TABLE:
            out.append(char.translate(_TABLE))
        elif ord(char) > 0xFFFF:
            pair = char.encode("utf-16-be")
            out.append(f"\\u{pair[:2].hex()}\\u{pair[2:].hex()}")
        else:
            out.append(f"\\u{ord(char):04x}")
    return '"' + "".join(out) + '"'
