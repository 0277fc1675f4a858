"""The installed program on a terminal: a pty, and pyte to see what is on the screen."""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pexpect
import pyte

from tests.support.cli import BIN, environment


class Terminal:
    """A running command and its screen, as a person sees it."""

    def __init__(self, child: pexpect.spawn, columns: int, rows: int) -> None:
        self.child = child
        self.raw = b""
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.alternate = False

    def read(self, seconds: float) -> bool:
        """Take what the command writes within some time; False when it has ended."""
        ready, _, _ = select.select([self.child.child_fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.child.child_fd, 65536)
        except OSError:
            data = b""
        if not data:
            return False
        self.raw += data
        for switch in re.findall(rb"\x1b\[\?1049([hl])", data):
            self.alternate = switch == b"h"
        self.stream.feed(data)
        return True

    @property
    def lines(self) -> list[str]:
        """The rows of the screen without the blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.lines)

    def until(self, wanted: Callable[[Terminal], bool], seconds: float = 15) -> None:
        """Read until the screen is as wanted."""
        ends = time.monotonic() + seconds
        while not wanted(self):
            if time.monotonic() > ends or not self.read(0.1):
                raise AssertionError(f"did not come:\n{self.text}\n{self.raw[-300:]!r}")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def end(self, seconds: float = 10) -> int:
        """Wait for the end of the command; its exit status, negative for a signal."""
        ends = time.monotonic() + seconds
        while self.read(0.1):
            if time.monotonic() > ends:
                raise AssertionError(f"does not end:\n{self.text}")
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else -(self.child.signalstatus or 0)


@contextlib.contextmanager
def on_terminal(
    *args: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    columns: int = 100,
    rows: int = 40,
) -> Iterator[Terminal]:
    """Run the installed program on a terminal of that size."""
    variables = {**environment(env), "TERM": (env or {}).get("TERM", "xterm-256color")}
    del variables["COLUMNS"]
    child = pexpect.spawn(
        str(BIN / "kubectl-rollouts"), list(args), env=variables, cwd=cwd, dimensions=(rows, columns), timeout=15
    )
    try:
        yield Terminal(child, columns, rows)
    finally:
        child.close(force=True)
