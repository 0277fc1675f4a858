"""Watched screens: one loop that draws the newest state, ends when asked to and leaves the terminal as it found it.

The loop is the same for a terminal (`terminal.LiveScreen`) and for a pipe (`Frames`, the reference's bytes).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from kubectl_rollouts.view.exact import CLEAR, write_screen
from kubectl_rollouts.view.pacer import FramePacer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any, Self

    from kubectl_rollouts.view.spans import Screen

T = TypeVar("T")

# Signals that a screen outlives: the window changed, a stop, a continuation. (Windows has none of them.)
_MORE = tuple(getattr(signal, name, None) for name in ("SIGWINCH", "SIGTSTP", "SIGCONT"))


class Display(Protocol):
    """Where frames go. A context manager: however the loop ends, the terminal is left as it was found."""

    # Whether this is a terminal: news are shown as soon as the pace allows, resizing and job control matter.
    terminal: bool
    # Whether a frame takes the place of the last one: then ages advance, and a resized window is filled anew.
    in_place: bool

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def show(self, screen: Screen) -> None:
        """Draw a frame."""

    def say(self, text: str) -> None:
        """Tell a line aside, without harm to the frame."""

    def abandon(self) -> None:
        """Give the terminal back at once, out of a signal handler: the process ends now."""

    def drop(self) -> None:
        """Forget the rest of a frame that was interrupted."""

    def suspend(self) -> None:
        """Give the terminal back until the next frame."""


class Ending(NamedTuple):
    """Why a watched screen ended: by a signal's number, or (None) since its time or its source was over."""

    signal: int | None = None


class Frames:
    """The display of a pipe or file: what the reference writes there, each frame after its clearing sequence.

    `write` takes the text of a frame, `say` a line for the person, apart from it.
    """

    terminal = False
    in_place = True

    def __init__(self, color: bool, write: Callable[[str], None], say: Callable[[str], None]) -> None:
        self._color = color
        self._write = write
        self.say = say

    def __enter__(self) -> Self:
        """Begin; a pipe needs nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the last frame stands."""

    def show(self, screen: Screen) -> None:
        """Write a frame."""
        self._write(CLEAR + write_screen(screen, self._color))

    def abandon(self) -> None:
        """Nothing to give back."""

    def drop(self) -> None:
        """Send the rest of the frame nowhere: whoever reads the pipe may not do so for ever."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)

    def suspend(self) -> None:
        """Nothing to give back."""


def run_live(
    updates: SimpleQueue[Any],
    render: Callable[[T, float], Screen],
    display: Display,
    timeout: float | None = None,
) -> Ending:
    """Draw the newest of what comes through `updates` until a signal, the end of the source or of `timeout` seconds.

    `updates` is filled by other threads with infos (each the whole state, for `render(info, now)`, `now` in epoch
    seconds), a str (a line to say aside), an exception (raised here, after the terminal is left) or None (the source
    is over). It must be a `SimpleQueue`: signal handlers put into it, too.
    SIGINT, SIGTERM, SIGHUP and SIGQUIT end the loop; what that means for the process is the caller's business
    (`end_by`). A second one ends the process at once with status 1. Call it in the main thread.
    """
    with _Signals(updates, display) as signals, display:
        try:
            return _loop(updates, render, display, timeout, signals)
        except _Interrupted:
            display.drop()
            return Ending(signals.ended_by)


def end_by(number: int) -> None:
    """End this process by a signal, as a program that does not handle it would."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _loop(
    updates: SimpleQueue[Any],
    render: Callable[[T, float], Screen],
    display: Display,
    timeout: float | None,
    signals: _Signals,
) -> Ending:
    clock = time.monotonic
    started = clock()
    pacer = FramePacer(started, late=display.terminal, ticks=display.in_place)
    state: list[T] = []  # the newest, once there is one
    while True:
        wait = pacer.wait(clock())
        if timeout is not None:
            wait = min(wait, max(started + timeout - clock(), 0.0))
        draw = False
        ending = None
        for item in _received(updates, wait):
            if isinstance(item, _Caught):
                if item.number == signals.ended_by:
                    ending = Ending(item.number)
                    break
                signals.act(item.number)
                if not display.in_place:
                    continue
            elif item is None:
                ending = Ending()
                break
            elif isinstance(item, BaseException):
                raise item
            elif isinstance(item, str):
                display.say(item)
                if not (display.terminal and display.in_place):
                    continue
            else:
                state = [item]
            draw = pacer.news(clock()) or draw
        if timeout is not None and clock() >= started + timeout:
            ending = ending or Ending()
        if ending:
            # What stays on a terminal is the newest state; the reference sends a pipe nothing more.
            draw = display.terminal and pacer.waiting
        if state and (draw or (ending is None and pacer.due(clock()))):
            signals.draw(display, render(state[0], time.time()))
            pacer.drawn(clock())
        if ending:
            return ending


def _received(updates: SimpleQueue[Any], wait: float) -> list[Any]:
    """What has come within `wait` seconds: all that is there, so that only the newest state is drawn."""
    items: list[Any] = []
    try:
        items.append(updates.get(timeout=wait))
        while True:
            items.append(updates.get_nowait())
    except Empty:
        return items


class _Caught(NamedTuple):
    """A signal, on its way through the queue."""

    number: int


class _Interrupted(BaseException):
    """A signal to end came while a frame was written, which may have to wait for ever."""


class _Signals:
    """The signals of a watched screen while it is watched; afterwards they mean what they meant before."""

    def __init__(self, inbox: SimpleQueue[Any], display: Display) -> None:
        self._inbox = inbox
        self._display = display
        self._previous: dict[int, Any] = {}
        self._drawing = False
        self.ended_by: int | None = None

    def __enter__(self) -> Self:
        names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]
        if self._display.terminal:
            names += ["SIGWINCH", "SIGTSTP", "SIGCONT"]
        for name in names:
            number = getattr(signal, name, None)  # Windows lacks most
            # What was ignored when the program began (nohup, a shell's background job) stays ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._caught)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        if number not in _MORE:
            if self.ended_by is not None:
                self._display.abandon()
                os._exit(1)
            self.ended_by = number
        # Into the queue in any case: what is raised in the midst of a destructor is lost.
        self._inbox.put(_Caught(number))
        if self._drawing and number not in _MORE:
            raise _Interrupted

    def act(self, number: int) -> None:
        """Do what a signal asks for that does not end the loop; the screen is to be drawn again afterwards."""
        if signal.Signals(number).name == "SIGTSTP":
            self._display.suspend()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # stops here, until SIGCONT
            signal.signal(number, self._caught)

    def draw(self, display: Display, screen: Screen) -> None:
        """Draw a frame, which a signal to end may interrupt: a terminal or pipe may take it only later, or never."""
        self._drawing = True
        try:
            display.show(screen)
        finally:
            self._drawing = False
