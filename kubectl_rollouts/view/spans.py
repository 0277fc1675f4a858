"""What a screen is made of: pieces of text with a style each, computed once and drawn by either writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    # (text, style): a style is nothing, one name of `theme`, or several, innermost first ("stable active").
    Span = tuple[str, str]
    # A cell is drawn in one line; so is a line of the header, unless it is a message with newlines.
    Cell = tuple[Span, ...]
    Line = Cell
    Row = tuple[Cell, ...]  # five cells, more in wide tables


class Screen(NamedTuple):
    """The header block, line by line, and the tree table, its row of titles first; `brief` is a header for low windows.

    Every text in it is safe to print: what a cluster said has gone through `escape.visible`.
    """

    header: Sequence[Line]
    rows: Sequence[Row]
    brief: Sequence[Line]


def plain(text: str) -> Cell:
    """A cell or line without style."""
    return ((text, ""),)


def text_of(cell: Cell) -> str:
    """The text of a cell, without style."""
    return cell[0][0] if len(cell) == 1 else "".join([text for text, _ in cell])
