"""What a cluster says is data: none of it may steer a terminal (design: "What the cluster says is not trusted").

Control characters (U+0000-001F, U+007F-009F) and those that turn the direction of writing are shown, not sent.
"""

from __future__ import annotations

_TABLE: dict[int, str] = {}
_LINES: dict[int, str] = {}  # the same, newlines left alone


def visible(text: str, keep_newlines: bool = False) -> str:
    """`text` with what steers a terminal spelled out: `\\x1b`, `\\u202e`, `\\n`, `\\t`.

    `keep_newlines` leaves newlines alone: for messages, which may have several lines.
    """
    if text.isprintable():
        return text
    if not keep_newlines and "\n" in text:  # ten times as quick as the table, should there be a million
        return visible(text.replace("\n", "\\n"))
    if not _TABLE:
        _fill_table()
    return text.translate(_LINES if keep_newlines else _TABLE)


def _fill_table() -> None:
    """Built when first needed: nearly every text is clean."""
    table = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
    table[0x09], table[0x0A] = "\\t", "\\n"
    # Arabic letter mark, left-to-right and right-to-left mark, embeddings and overrides, isolates.
    for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        table[code] = f"\\u{code:04x}"
    # Half of a surrogate pair cannot be encoded at all.
    for code in range(0xD800, 0xE000):
        table[code] = f"\\u{code:04x}"
    # At once, and the table that says whether they are there last: no other thread sees one half full.
    _LINES.update({code: shown for code, shown in table.items() if code != 0x0A})
    _TABLE.update(table)
