"""The Rich writer, for a terminal: the exact writer's words in the same places, cut to the window.

What is too wide loses the end of INFO, then of the other columns, instead of wrapping; of what is too high the header
and the newest revisions stay. Lines of the header, such as a long message, go on in the next line.
Nothing here interprets markup. Importing this module imports Rich: do so only when a terminal is drawn on.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.spans import text_of
from kubectl_rollouts.view.theme import CODES, RICH
from kubectl_rollouts.view.tree import LABEL_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self, TextIO

    from rich.console import RenderableType
    from rich.live import Live

    from kubectl_rollouts.view.spans import Cell, Line, Row, Screen

_GAP = 2
# Columns are not made narrower than this, NAME and the others, as long as there is a choice.
_LEAST = (16, 6, 6, 3)
_INFO_LEAST = 4
# The full header gives way to the brief one where it would leave less of the tree than that.
_ROWS_WANTED = 10
_ROWS_LEAST = 4
# A window narrower than this has no room for an indent below the labels.
_NARROW = 40
# Characters kept for each column of the window: some take none.
_SPARE = 4
# Seconds for which a line said aside stays on a live screen.
_NOTE_TIME = 10.0
_NOTES_KEPT = 20


def print_screen(screen: Screen, color: bool, file: TextIO | None = None) -> None:
    """Draw a screen once on a terminal (default: standard output), cut to its window less a line for the prompt.

    Raises Failure when the terminal has gone.
    """
    file = file or sys.stdout
    width, height = window_size(file)
    console = _console(file, color)
    console.size = (width, height)
    try:
        console.print(fitted(screen, width, max(height - 1, 1)))
    except OSError as error:
        raise Failure(f"cannot write the output: {error.strerror}") from None


def window_size(file: TextIO) -> tuple[int, int]:
    """Columns and rows of the terminal that a file is; 80 × 24 when it does not say."""
    try:
        width, height = os.get_terminal_size(file.fileno())
    except (OSError, ValueError):
        width, height = 0, 0
    return width if width > 0 else 80, height if height > 0 else 24


def _console(file: TextIO, color: bool) -> Console:
    """A console that decides nothing by itself: neither colour nor size come from the environment."""
    return Console(
        file=file,
        force_terminal=True,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )


# --- Cutting to the window -----------------------------------------------------------------------------------------


def fitted(screen: Screen, width: int, height: int) -> Group:
    """The screen as Rich draws it in a window of `width` columns and `height` rows."""
    titles, rows = screen.rows[0], screen.rows[1:]
    header = [line for piece in screen.header for line in _folded(piece, width, height)]
    room = height - len(header) - 1
    if room < min(len(rows), _ROWS_WANTED):
        header = [line for piece in screen.brief for line in _folded(piece, width, height)]
        # However low the window is, there are the titles and one line below them; from some height on, a few rows.
        least = min(len(rows), _ROWS_LEAST) if height >= 2 * _ROWS_LEAST else 1
        header = header[: max(height - 1 - least, 0)]
        room = max(height - len(header) - 1, 0)
    shown = rows if len(rows) <= room else rows[: max(room - 1, 0)]
    parts: list[RenderableType] = [*header, _table([titles, *shown], screen.rows, width)]
    if len(shown) < len(rows) and room:
        parts.append(_text(((f"… {len(rows) - len(shown)} more rows", ""),)))
    return Group(*parts)


def _text(cell: Cell) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for part, style in cell:
        # Of a name that wears several tags the innermost colour is the one that shows.
        text.append(part, RICH[CODES[style.split(" ")[0]]] if style else None)
    return text


def _bounded(cell: Cell, most: int) -> Cell:
    """A cell without what lies beyond `most` characters: drawing megabytes takes seconds, and no window shows them."""
    if sum([len(part) for part, _ in cell]) <= most:
        return cell
    kept = []
    for part, style in cell:
        kept.append((part[:most], style))
        most -= len(kept[-1][0])
    return tuple(kept)


def _first_lines(cell: Cell, most: int) -> Cell:
    """A cell up to the end of its `most`-th line: a message may have a million."""
    kept: list[tuple[str, str]] = []
    for part, style in cell:
        pieces = part.split("\n", most)
        if len(pieces) > most:
            return (*kept, ("\n".join(pieces[:most]), style))
        kept.append((part, style))
        most -= len(pieces) - 1
    return cell


def _folded(line: Line, width: int, height: int) -> list[Text]:
    """A line of the header, on as many lines as it takes (and the window has, and one)."""
    lines: list[Text] = []
    text = _text(_first_lines(_bounded(line, _SPARE * width * (height + 1)), height + 1))
    for index, piece in enumerate(text.split("\n", allow_blank=True)):
        if piece.cell_len <= width:
            lines.append(piece)
        elif index > 0 or width < _NARROW:
            lines.extend(_wrapped(piece, width))
        else:
            label, value = piece.divide([LABEL_WIDTH])
            for part in _wrapped(value, width - LABEL_WIDTH):
                lines.append(label + part)
                label = Text(" " * LABEL_WIDTH)
    return lines


def _wrapped(text: Text, width: int) -> list[Text]:
    text.no_wrap, text.overflow = False, "fold"
    return list(text.wrap(_measure(), width))


@cache
def _measure() -> Console:
    """What Rich asks for where it wraps, for its defaults only."""
    return Console(width=80, _environ={})


def _table(rows: Sequence[Row], all_rows: Sequence[Row], width: int) -> Table:
    """Rows in columns as wide as all rows need, or, where those do not fit, as wide as these rows can have them."""
    widths = _natural(all_rows, width)
    if sum(widths) + _GAP * (len(widths) - 1) > width:
        widths = _fitting(_natural(rows, width), width)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in widths:
        table.add_column(width=column, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*[_text(_bounded(cell, _SPARE * width)) for cell in row[: len(widths)]])
    return table


def _natural(rows: Sequence[Row], width: int) -> list[int]:
    """The room that each column takes by itself, as far as it matters in a window."""
    most = _SPARE * width
    return [max([cell_len(text_of(cell)[:most]) for cell in column]) for column in zip(*rows, strict=True)]


def _fitting(natural: list[int], width: int) -> list[int]:
    """The widths of the columns in a window: INFO gives way first (to nothing), then NAME, then the others."""
    *others, info = natural
    left = width - sum(others) - _GAP * len(others)
    if left >= min(info, _INFO_LEAST):
        return [*others, min(info, left)]
    excess = sum(others) + _GAP * (len(others) - 1) - width
    for column, least in enumerate(_LEAST):
        if excess > 0:
            cut = min(excess, max(others[column] - least, 0))
            others[column] -= cut
            excess -= cut
    while excess > 0 and len(others) > 1:  # a window too narrow for that: the last columns go
        excess -= others.pop() + _GAP
    return others if excess <= 0 else [max(width, 1)]


# --- Watching ------------------------------------------------------------------------------------------------------


class LiveScreen:
    """The display of `--watch` on a terminal, for `live.run_live`: on the alternate screen, drawn over in place.

    Whatever ends it, cursor and screen are given back, then the last frame stands on the normal screen. `say` takes
    lines for the person: they are passed on when the screen is left; the newest shows on it for a while.
    """

    terminal = True
    in_place = True

    def __init__(self, color: bool, say: Callable[[str], None], file: TextIO | None = None) -> None:
        self._color = color
        self._file = file or sys.stdout
        self._say = say
        self._live: Live | None = None
        self._taking = False
        self._last: Screen | None = None
        self._notes: list[str] = []
        self._note_ends = 0.0

    def __enter__(self) -> Self:
        """Begin; the terminal is taken with the first frame."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back and print the last frame on the normal screen."""
        with contextlib.suppress(OSError, Failure):  # after a hang-up there is no terminal any more
            self.suspend()
            if self._last is not None:
                print_screen(self._last, self._color, self._file)
        for note in self._notes:
            self._say(note)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the window, as it is now."""
        return window_size(self._file)

    def show(self, screen: Screen) -> None:
        """Draw a frame over the last one."""
        self._last = screen
        width, height = self.size
        live = self._taken()
        live.console.size = (width, height)
        if self._notes and time.monotonic() < self._note_ends:
            note = _text(((visible(self._notes[-1]), ""),))
            live.update(Group(fitted(screen, width, max(height - 1, 1)), note), refresh=True)
        else:
            live.update(fitted(screen, width, height), refresh=True)

    def say(self, text: str) -> None:
        """Keep a line for later, and show it for a while."""
        if text not in self._notes[-1:]:
            self._notes = [*self._notes, text][-_NOTES_KEPT:]
        self._note_ends = time.monotonic() + _NOTE_TIME

    def _taken(self) -> Live:
        if self._live is None:
            from rich.live import Live

            console = _console(self._file, self._color)
            self._live = Live(
                console=console,
                screen=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
                vertical_overflow="crop",
            )
            self._taking = True
            self._live.start()
            self._taking = False
        return self._live

    def suspend(self) -> None:
        """Leave the alternate screen and show the cursor; the next frame takes them again."""
        if self._taking:  # a signal came while the screen was being taken: Rich cannot undo half of that
            self.abandon()
            self._live, self._taking = None, False
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def abandon(self) -> None:
        """Leave the alternate screen and show the cursor, without anything that could wait."""
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                output = self._file.fileno()
                if select.select([], [output], [], 0)[1]:
                    os.write(output, b"\x1b[?1049l\x1b[?25h")

    def drop(self) -> None:
        """A terminal takes the rest, or the signal that interrupted has discarded it."""


class DumbScreen:
    """The display of `--watch` where TERM=dumb: no control sequences, a frame below the last for each change."""

    terminal = True
    in_place = False

    def __init__(self, color: bool, say: Callable[[str], None]) -> None:
        self._color = color
        self.say = say
        self._first = True

    def __enter__(self) -> Self:
        """Begin; nothing is taken from the terminal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the last frame stands."""

    def show(self, screen: Screen) -> None:
        """Write a frame below the last one."""
        if not self._first:
            print()
        self._first = False
        print_screen(screen, self._color)

    def abandon(self) -> None:
        """Nothing to give back."""

    def drop(self) -> None:
        """A terminal takes the rest, or the signal that interrupted has discarded it."""

    def suspend(self) -> None:
        """Nothing to give back."""
