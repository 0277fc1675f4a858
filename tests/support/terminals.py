"""Real terminals (ptys) with an emulator (pyte) behind them: what a person would see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pyte

# How long a test waits for what must come; nothing is asserted about how long it takes.
PATIENCE = 20.0

LEAVE, ENTER = b"\x1b[?1049l", b"\x1b[?1049h"
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """A terminal of so many columns and rows; `screen` is the emulator, `raw` all bytes that came."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.raw = b""
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self._reading = threading.Event()
        self._reading.set()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        while True:
            self._reading.wait()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    def pause(self) -> None:
        """Read no more: the terminal is stuck."""
        self._reading.clear()

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size; the program in it gets SIGWINCH."""
        with self._lock:
            self.screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without the blanks at their ends."""
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    def wait(self, condition: Callable[[], bool], what: str = "what was expected") -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come; on the screen:\n" + "\n".join(self.lines))
            time.sleep(0.01)

    def wait_for(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.wait(lambda: any(text in line for line in self.lines), repr(text))

    @contextlib.contextmanager
    def file(self) -> Iterator[TextIO]:
        """The terminal as a text file, for what runs in this process."""
        with os.fdopen(os.dup(self.slave), "w", encoding="utf-8") as file:
            yield file

    def run(self, *argv: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Run a program in this terminal, as its controlling one."""

        def adopt() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        return subprocess.Popen(
            argv,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})},
            start_new_session=True,
            preexec_fn=adopt,
        )

    def drained(self) -> None:
        """Wait until all that was written has come."""
        marker = f"\x1b]9;{time.monotonic_ns()}\x07".encode()
        os.write(self.slave, marker)
        self.wait(lambda: marker in self.raw, "the marker")

    def close(self) -> None:
        """Close the terminal: programs in it get SIGHUP."""
        self._reading.set()
        for descriptor in (self.slave, self.master):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._thread.join(PATIENCE)


@contextlib.contextmanager
def terminal(columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal for the time of the block."""
    made = Terminal(columns, rows)
    try:
        yield made
    finally:
        made.close()
