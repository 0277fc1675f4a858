"""Command lines as a person types them: `run_cli` in this process, `run_process` as the installed program.

Both run the real entry point and return what came of it as one value.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kubectl_rollouts.cli.main import main
from kubectl_rollouts.cli.session import prepare_streams

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]

# What a test must not inherit from whoever runs it; the values are those of the conformance tools.
CLEAN = ("NO_COLOR", "KUBECTL_ROLLOUTS_COLOR", "KUBECTL_ROLLOUTS_TRACEBACK", "KUBECONFIG", "HTTP_PROXY", "HTTPS_PROXY")
PLAIN = {"TERM": "xterm", "COLUMNS": "200", "LC_ALL": "C.UTF-8", "NO_PROXY": "127.0.0.1"}


class Outcome(NamedTuple):
    """What a command line did."""

    stdout: str
    stderr: str
    status: int


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process' environment without what would change a command's output, and `env` over it."""
    kept = {name: value for name, value in os.environ.items() if name not in CLEAN}
    return {**kept, **PLAIN, **(env or {})}


class _Stream(io.TextIOWrapper):
    """A standard stream into memory."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def _replaced(env: Mapping[str, str], streams: tuple[_Stream, _Stream], stdin: str) -> Iterator[None]:
    saved, saved_hook, before = (sys.stdin, sys.stdout, sys.stderr), sys.excepthook, dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    sys.stdin, (sys.stdout, sys.stderr) = io.StringIO(stdin), streams
    try:
        prepare_streams()
        yield
    finally:
        (sys.stdin, sys.stdout, sys.stderr), sys.excepthook = saved, saved_hook
        os.environ.clear()
        os.environ.update(before)


def run_cli(
    *args: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    terminal: bool = False,
    program: str = "kubectl-rollouts",
) -> Outcome:
    """Run a command line in this process, as the console script of that name would."""
    out, err = _Stream(terminal), _Stream(terminal)
    with _replaced(environment(env), (out, err), stdin):
        status = main([program, *args])
    return Outcome(out.text(), err.text(), status)


def run_process(
    *args: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    cwd: Path | None = None,
    program: str = "kubectl-rollouts",
    timeout: float = 30,
) -> Outcome:
    """Run the installed program in a process of its own, in pipes."""
    done = subprocess.run(
        [BIN / program, *args],
        env=environment(env),
        input=stdin.encode(),
        cwd=cwd,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    decoded = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
    return Outcome(*decoded, done.returncode)
