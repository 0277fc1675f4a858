"""The one writer of columns: the layout rule of Go's `text/tabwriter` (spec/view.md §2.4).

Every cell but a row's last forms columns. A column is a run of rows that have such a cell at that place; it is as wide
as its widest cell and the padding. The last cell of a row is neither padded nor counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def column_widths(lengths: Sequence[Sequence[int]], padding: int = 2) -> list[int]:
    """The widths of all columns but the last of a table in which every row has the same number of cells."""
    return [max(column) + padding for column in list(zip(*lengths, strict=True))[:-1]]


def lay_out(
    rows: Sequence[Sequence[str]],
    lengths: Sequence[Sequence[int]] | None = None,
    padding: int = 2,
    minimum: int = 0,
    widest: list[int] | None = None,
) -> str:
    """The table as text, each row ended by a newline; rows may have different numbers of cells.

    `lengths` are the cells' visible lengths where these are not those of the texts (colour codes take no room).
    `minimum` is the least width of a column, its padding included. `widest` are the widths of the tables above this
    one, which it is to line up with: made wider where it needs more.
    """
    if lengths is None:
        lengths = [list(map(len, row)) for row in rows]
    if not rows:
        return ""
    if min(map(len, rows)) == max(map(len, rows)):
        widths = [max(width, minimum) for width in column_widths(lengths, padding)]
        if widest is not None:
            widths = [_remembered(widest, column, width) for column, width in enumerate(widths)]
        return "".join([_line(row, length, widths) for row, length in zip(rows, lengths, strict=True)])
    ragged = _ragged_widths(lengths, padding, minimum, widest)
    return "".join([_line(row, length, widths) for row, length, widths in zip(rows, lengths, ragged, strict=True)])


def _line(row: Sequence[str], lengths: Sequence[int], widths: Sequence[int]) -> str:
    if not row:
        return "\n"
    cells = [text + " " * (width - length) for text, length, width in zip(row, lengths, widths, strict=False)]
    return "".join(cells) + row[-1] + "\n"


def _remembered(widest: list[int], column: int, width: int) -> int:
    """The width of a column that is no narrower than it was above."""
    widest.extend([0] * (column + 1 - len(widest)))
    widest[column] = max(widest[column], width)
    return widest[column]


def _ragged_widths(
    lengths: Sequence[Sequence[int]], padding: int, minimum: int, widest: list[int] | None
) -> list[list[int]]:
    """For each row the widths of its columns."""
    widths: list[list[int]] = [[] for _ in lengths]
    for column in range(max(map(len, lengths)) - 1):
        run: list[int] = []  # the rows of the block under way
        for index in range(len(lengths) + 1):
            if index < len(lengths) and len(lengths[index]) > column + 1:
                run.append(index)
            elif run:
                width = max(minimum, padding + max(lengths[row][column] for row in run))
                if widest is not None:
                    width = _remembered(widest, column, width)
                for row in run:
                    widths[row].append(width)
                run = []
    return widths
