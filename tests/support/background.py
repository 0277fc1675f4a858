"""The installed program running in pipes, for commands that watch: what it wrote so far, and signals to it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from tests.support.cli import BIN, environment


class Background:
    """A running command. `out` and `err` are what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._changed = threading.Condition()
        self._written = [b"", b""]
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(0, process.stdout)),
            threading.Thread(target=self._read, args=(1, process.stderr)),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, which: int, stream: IO[bytes]) -> None:
        while data := stream.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader
            with self._changed:
                self._written[which] += data
                self._changed.notify_all()

    @property
    def out(self) -> str:
        """What it wrote to standard output."""
        return self._written[0].decode()

    @property
    def err(self) -> str:
        """What it wrote to standard error."""
        return self._written[1].decode()

    def until(self, wanted: Callable[[Background], bool], seconds: float = 15) -> None:
        """Wait until what it wrote is as wanted."""
        with self._changed:
            if not self._changed.wait_for(lambda: wanted(self), seconds):
                raise AssertionError(f"did not come:\n{self.out}\n{self.err}")

    def end(self, signal: int = 0, seconds: float = 10) -> int:
        """Send a signal, if one is given, and wait for the end; the exit status, negative for a signal."""
        if signal:
            self.process.send_signal(signal)
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        return status


@contextlib.contextmanager
def in_background(*args: str, env: Mapping[str, str] | None = None) -> Iterator[Background]:
    """Run the installed program in pipes until the end of the block."""
    with subprocess.Popen(
        [BIN / "kubectl-rollouts", *args],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Background(process)
        finally:
            process.kill()
