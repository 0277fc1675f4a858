"""The installed program on a terminal: a pty, and pyte to see what is on the screen."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pexpect
import pyte

from tests.support.cli import BIN, environment

# A shell in small, with job control: the program has a group of its own, in the foreground. Without one nobody could
# continue a stopped program, so the system would not stop it.
SHELL = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
def usual():  # whatever is ignored here, or by who runs the tests in the background
    for number in (signal.SIGTTOU, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
job = subprocess.Popen(sys.argv[1:], process_group=0, preexec_fn=usual)
os.tcsetpgrp(0, job.pid)
status = job.wait()
sys.exit(status if status >= 0 else 128 - status)
"""


class Terminal:
    """A running command and its screen, as a person sees it."""

    def __init__(self, child: pexpect.spawn, columns: int, rows: int, *, shell: bool = False) -> None:
        self.child = child
        self._shell = shell
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
        status: int | None = self.child.exitstatus
        if status is not None and self._shell and status > 128:
            return 128 - status
        return status if status is not None else -(self.child.signalstatus or 0)

    @property
    def process(self) -> int:
        """The number of the program's process."""
        if not self._shell:
            return int(self.child.pid)
        return int(Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()[0])

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self.process, number)

    @property
    def stopped(self) -> bool:
        """Whether the program is stopped."""
        return Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@contextlib.contextmanager
def on_terminal(
    *args: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    columns: int = 100,
    rows: int = 40,
    shell: bool = False,
) -> Iterator[Terminal]:
    """Run the installed program on a terminal of that size; `shell`: below one that can stop and continue it."""
    variables = {**environment(env), "TERM": (env or {}).get("TERM", "xterm-256color")}
    del variables["COLUMNS"]
    words = [str(BIN / "kubectl-rollouts"), *args]
    if shell:
        words = [sys.executable, "-c", SHELL, *words]
    child = pexpect.spawn(words[0], words[1:], env=variables, cwd=cwd, dimensions=(rows, columns), timeout=15)
    try:
        yield Terminal(child, columns, rows, shell=shell)
    finally:
        child.close(force=True)
