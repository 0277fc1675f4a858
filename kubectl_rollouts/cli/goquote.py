"""Words quoted as the reference, a Go program, quotes them in its messages."""

from __future__ import annotations

_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def quote(text: str) -> str:
    """Return the text as Go's `%q` writes it: in double quotes, what cannot be printed escaped.

    Bytes of the command line that were no UTF-8 (lone surrogates here) show as `\\xNN`.
    """
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in ('"', "\\"):
        return "\\" + letter
    if letter.isprintable():
        return letter
    if letter in _NAMED:
        return _NAMED[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def raw_quote(text: str) -> str:
    """Return the text as Go's `%#q` writes it: in back quotes where it can be, else as `%q`."""
    if "`" not in text and all(letter.isprintable() or letter == "\t" for letter in text):
        return f"`{text}`"
    return quote(text)
