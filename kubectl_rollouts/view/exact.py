"""The exact writer: the reference's bytes, for pipes and files. No library, no limit of width (spec/view.md §2-§4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.view.spans import text_of
from kubectl_rollouts.view.table import lay_out
from kubectl_rollouts.view.theme import CODES

if TYPE_CHECKING:
    from kubectl_rollouts.view.spans import Cell, Screen

# What the reference sends before each frame of a watched screen, to a pipe too (QUIRK 23).
CLEAR = "\x1b[H\x1b[2J\x1b[0;0H"


def write_screen(screen: Screen, color: bool) -> str:
    """A screen as text, each line ended by a newline; with `color` the codes that the reference writes."""
    painted = _painted if color else text_of
    header = "".join([painted(line) + "\n" for line in screen.header])
    texts = [list(map(text_of, row)) for row in screen.rows]
    if not color:
        return header + lay_out(texts)
    lengths = [list(map(len, row)) for row in texts]
    return header + lay_out([list(map(_painted, row)) for row in screen.rows], lengths)


# style -> what the reference writes before and after: names of several tags are wrapped once per tag (QUIRK 22).
_WRAPS: dict[str, tuple[str, str]] = {"": ("", "")}


def _painted(cell: Cell) -> str:
    text = ""
    for part, style in cell:
        wrap = _WRAPS.get(style)
        if wrap is None:
            names = style.split(" ")
            before = "".join([f"\x1b[{CODES[name]}m" for name in reversed(names)])
            wrap = _WRAPS[style] = before, "\x1b[0m" * len(names)
        text += wrap[0] + part + wrap[1]
    return text
