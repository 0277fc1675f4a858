"""Terminals and pipes: however rough, no traceback, a documented exit status, and the screen is given back."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.api_server import ApiServer
from tests.support.cli import BIN, environment
from tests.support.on_terminal import Terminal, on_terminal
from tests.support.releases import full
from tests.torture.campaign import Campaign, Case

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
WATCHES = ("get rollout web -w", "get experiment web-bbbb-2-0 -w")
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextlib.contextmanager
def _cluster() -> Iterator[tuple[ApiServer, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as folder, ApiServer(full()) as server:
        file = Path(folder) / "config"
        file.write_text(server.kubeconfig())
        yield server, {"KUBECONFIG": str(file)}


# --- Signals on a live screen ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _screens() -> Iterator[Case]:
    def case(seed: int) -> None:
        with _cluster() as (_, env):
            _screen(seed, env)

    yield case


def _screen(seed: int, env: dict[str, str]) -> None:
    """A live screen is resized, stopped and continued at random, then ended by a signal: it leaves all as it was."""
    chance = random.Random(seed)
    command = WATCHES[seed % 2]
    ended_by = ENDS[seed // 2 % 4]
    size = chance.choice([(20, 6), (20, 24), (80, 24), (200, 60), (1, 1), (40, 2)])
    with on_terminal(
        *command.split(), env={**env, "KUBECTL_ROLLOUTS_TRACEBACK": "1"}, columns=size[0], rows=size[1], shell=True
    ) as terminal:
        terminal.until(lambda one: ENTER in one.raw)
        for _ in range(chance.randrange(4)):
            _trouble(terminal, chance)
        terminal.signal(ended_by)
        status = terminal.end(15)
    where = f"{command}, {size}, {ended_by.name}: status {status}\n{terminal.raw[-1500:].decode(errors='replace')}"
    gentle = command.startswith("get rollout") and ended_by in (signal.SIGINT, signal.SIGTERM)
    assert status == (0 if gentle else -ended_by), where
    assert terminal.raw.rfind(LEAVE) >= terminal.raw.rfind(ENTER), where
    assert terminal.raw.rfind(SHOW) >= terminal.raw.rfind(HIDE), where
    assert b"Traceback" not in terminal.raw, where


def _trouble(terminal: Terminal, chance: random.Random) -> None:
    kind = chance.randrange(3)
    if kind == 0:  # a storm of sizes
        for _ in range(60):
            terminal.resize(chance.randrange(1, 250), chance.randrange(1, 80))
            terminal.read(0.001)
    elif kind == 1:
        terminal.signal(signal.SIGTSTP)
        terminal.until(lambda one: one.stopped)
        while terminal.raw.rfind(LEAVE) < terminal.raw.rfind(ENTER):  # what it wrote before it stopped
            assert terminal.read(5.0)
        assert terminal.raw.rfind(SHOW) > terminal.raw.rfind(HIDE), "the cursor is hidden while it is stopped"
        entered = terminal.raw.count(ENTER)
        terminal.signal(signal.SIGCONT)
        terminal.until(lambda one: one.raw.count(ENTER) > entered)
    else:
        for _ in range(5):
            terminal.signal(signal.SIGCONT)
            terminal.signal(signal.SIGWINCH)
            terminal.read(0.01)


# --- Pipes ---------------------------------------------------------------------------------------------------------

COMMANDS = (
    "get rollout web",
    "get rollout web -w --timeout-seconds 1",
    "get experiment web-bbbb-2-0",
    "list rollouts",
    "list experiments",
    "status web --watch=false",
    "status web --timeout 1s",
    "promote web",
    "abort web",
    "version",
    "options",
    "--help",
    "nonsense",
    "get rollout nope",
    "completion bash",
    "__complete get rollout ''",
)
# How the program is run; `{}` is the command line.
WAYS = (
    "{} | head -c 1",
    "{} | head -n 1",
    "{} | true",
    "{} | (sleep 0.3; cat) >/dev/null",
    "{} >&-",
    "{} 2>&-",
    "{} <&-",
    "{} <&- >&-",
    "{} <&- >&- 2>&-",
    "{} >/dev/full",
    "{} 2>/dev/full",
    "{} >/dev/full 2>&1",
    "{} </dev/null >/dev/null",
    "PYTHONIOENCODING=ascii {}",
    "PYTHONIOENCODING=ascii:strict PYTHONUTF8=0 {}",
    "LC_ALL=C {}",
    "LC_ALL=POSIX PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 {}",
    "TERM=dumb {}",
    "env -u TERM {}",
    "env -u HOME {}",
    "COLUMNS=20 LINES=1 {}",
    "COLUMNS=x LINES=-1 {}",
    "PYTHONWARNINGS=error {}",
    "(ulimit -n 32; {})",
    "(trap '' INT TERM HUP PIPE; {} | head -c 1)",
)
STATUSES = (0, 1, 130, 141)  # docs/usage.md, "Exit statuses"


@contextlib.contextmanager
def _pipes() -> Iterator[Case]:
    with _cluster() as (_, env):
        yield lambda seed: _pipe(seed, env)


def _pipe(seed: int, env: dict[str, str]) -> None:
    way, command = WAYS[seed // len(COMMANDS) % len(WAYS)], COMMANDS[seed % len(COMMANDS)]
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "status"
        # The status of the program itself, whatever follows it in the pipe.
        program = f"(trap - PIPE; kubectl-rollouts {command}; echo $? >{noted})"
        line = way.format(program if "|" in way else f"kubectl-rollouts {command}")
        for word in ("PYTHON", "LC_ALL", "TERM", "COLUMNS", "env"):
            if way.startswith(word):
                line = way.format(f"kubectl-rollouts {command}")
        started = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", line],
            env=environment({**env, "PATH": f"{BIN}:{os.environ['PATH']}"}),
            capture_output=True,
            timeout=40,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        seconds = time.monotonic() - started
        status = int(noted.read_text()) if noted.exists() else done.returncode
    said = (done.stdout[-500:] + b"\n" + done.stderr).decode(errors="replace")
    where = f"{line}: status {status}, {seconds:.1f} s\n{said}"
    assert b"Traceback" not in done.stderr, where
    assert b"Exception ignored" not in done.stderr, where
    assert b"internal error" not in done.stderr, where
    assert status in STATUSES, where


CAMPAIGNS = [
    Campaign(
        "screens",
        "a live screen of any size, resized, stopped and continued, gives cursor and screen back on every signal",
        _screens,
        long=96,
        short=4,
        threads=6,
    ),
    Campaign(
        "pipes",
        "closed streams, readers who leave, full disks, poor locales: no traceback, a documented exit status",
        _pipes,
        long=len(WAYS) * len(COMMANDS),
        short=16,
        threads=4,
        seed=0,
    ),
]
