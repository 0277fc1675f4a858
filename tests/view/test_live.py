"""Watched screens as a person has them: a program in a terminal, or in a pipe (spec/view.md §5)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from kubectl_rollouts.view.exact import CLEAR
from kubectl_rollouts.view.live import Ending, Frames, run_live
from kubectl_rollouts.view.spans import Screen
from tests.support.terminals import ENTER, HIDE, LEAVE, PATIENCE, SHOW, Terminal, terminal

PROGRAM = Path(__file__).with_name("live_program.py")
ROOT = Path(__file__).parents[2]


class Watched:
    """The program under way."""

    def __init__(self, process: subprocess.Popen[bytes], fifo: Path) -> None:
        self.process = process
        # Opened for reading too, so that neither side waits for the other to open.
        self._updates = os.open(fifo, os.O_RDWR)

    def tell(self, *lines: str) -> None:
        os.write(self._updates, "".join(line + "\n" for line in lines).encode())

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def status(self) -> int:
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        os.close(self._updates)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "updates"
    os.mkfifo(path)
    return path


@pytest.fixture
def window() -> Iterator[Terminal]:
    with terminal(70, 24) as made:
        yield made


@pytest.fixture
def watched(window: Terminal, fifo: Path) -> Iterator[Watched]:
    made = Watched(window.run(sys.executable, PROGRAM, str(fifo), env={"PYTHONPATH": str(ROOT)}), fifo)
    yield made
    made.close()


def restored(raw: bytes) -> bytes:
    """What came after the alternate screen was left; the cursor must be shown, and no colour be left on."""
    assert raw.count(ENTER) == raw.count(LEAVE)
    assert raw.rindex(SHOW) > raw.rindex(HIDE)
    after = raw[raw.rindex(LEAVE) + len(LEAVE) :]
    codes = re.findall(rb"\x1b\[(\d+)m", after)
    assert not codes or codes[-1] == b"0"
    return after


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_however_it_is_ended_the_terminal_is_left_as_it_was(window: Terminal, watched: Watched, number: int) -> None:
    watched.tell("state demo 2")
    window.wait_for("pod-1")
    assert window.lines[0] == "Name:            demo"
    assert window.screen.cursor.hidden
    watched.signal(number)
    assert watched.status() == -number
    window.drained()
    after = restored(window.raw).decode()
    assert after.count("Name:            demo") == 1
    assert "pod-1" in after
    assert f"ended by {int(number)}" in after


def test_ctrl_c_typed(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 2")
    window.wait_for("pod-1")
    os.write(window.master, b"\x03")
    assert watched.status() == -signal.SIGINT
    window.drained()
    restored(window.raw)


def test_the_newest_state_is_shown_and_stays(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 1")
    window.wait_for("pod-0")
    watched.tell(*[f"state demo {pods}" for pods in (2, 3, 4, 5)], "state demo 6 Paused")
    window.wait_for("॥ Paused")
    assert any("pod-5" in line for line in window.lines)
    watched.tell("state last 0", "end")
    assert watched.status() == 0
    window.drained()
    assert "Name:            last" in restored(window.raw).decode()


def test_ages_tick(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 1")
    window.wait_for("pod-0")
    frames = window.raw.count(b"Name:")
    window.wait(lambda: window.raw.count(b"Name:") > frames, "another frame")


def test_after_a_resize_the_screen_fits_the_window(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 30")
    window.wait_for("more rows")
    window.resize(40, 16)
    window.wait_for("Replicas:        Desired")
    window.wait(lambda: bool(re.fullmatch(r"… \d+ more rows", window.lines[15])), "the last line")
    assert window.lines[0] == "Name:            demo"
    window.resize(100, 60)
    window.wait_for("pod-29")
    assert any("ready:1/1" in line for line in window.lines)
    assert not any("more rows" in line for line in window.lines)


# A shell in small: only a program in a group of its own, whose parent is in another of the same session, can stop.
JOB = "import subprocess, sys; sys.exit(subprocess.Popen(sys.argv[1:], process_group=0).wait())"


def is_stopped(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "T"


def test_stopped_and_continued(window: Terminal, fifo: Path) -> None:
    command = [sys.executable, PROGRAM, str(fifo)]
    watched = Watched(window.run(sys.executable, "-c", JOB, *command, env={"PYTHONPATH": str(ROOT)}), fifo)
    try:
        watched.tell("state demo 1")
        window.wait_for("pod-0")
        shell = watched.process.pid
        child = int(Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="utf-8"))
        os.kill(child, signal.SIGTSTP)
        window.wait(lambda: is_stopped(child), "the stop")
        window.drained()
        restored(window.raw)
        entered = window.raw.count(ENTER)
        watched.tell("state demo 3")
        os.kill(child, signal.SIGCONT)
        window.wait(lambda: window.raw.count(ENTER) == entered + 1, "the alternate screen")
        window.wait_for("pod-2")
        os.kill(child, signal.SIGTERM)
        watched.status()
        window.drained()
        assert "pod-2" in restored(window.raw).decode()
    finally:
        watched.close()


def test_an_error_comes_after_the_terminal_is_left(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 1")
    window.wait_for("pod-0")
    watched.tell("fail it is gone")
    assert watched.status() == 0
    window.drained()
    assert "failed: it is gone" in restored(window.raw).decode()


def test_what_is_said_aside_shows_for_a_while_and_is_passed_on(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 1")
    window.wait_for("pod-0")
    watched.tell("say connection lost")
    window.wait_for("connection lost")
    watched.tell("end")
    assert watched.status() == 0
    window.drained()
    assert "said connection lost" in restored(window.raw).decode()


def test_before_there_is_a_state_the_terminal_is_not_touched(window: Terminal, watched: Watched) -> None:
    watched.tell("end")
    assert watched.status() == 0
    window.drained()
    assert window.lines[0] == "ended by None"
    assert ENTER not in window.raw


def test_a_second_signal_ends_a_program_whose_terminal_is_stuck(window: Terminal, watched: Watched) -> None:
    watched.tell("state demo 3")
    window.wait_for("pod-2")
    window.pause()
    # Frames until nothing more fits: more than a terminal takes unread.
    for pods in range(60):
        watched.tell(f"state demo {pods}")
    for _ in range(int(PATIENCE * 10)):
        watched.signal(signal.SIGTERM)
        if watched.process.poll() is not None:
            break
        time.sleep(0.1)
    assert watched.process.poll() in (1, -signal.SIGTERM)


def piped(fifo: Path, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, PROGRAM, str(fifo), *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_pipe_gets_the_frames_of_the_reference(fifo: Path) -> None:
    watched = Watched(piped(fifo), fifo)
    assert watched.process.stdout
    assert watched.process.stderr
    try:
        watched.tell("state demo 1")
        first = os.read(watched.process.stdout.fileno(), 65536).decode()
        watched.tell("say it is gone")
        assert watched.process.stderr.readline() == b"said it is gone\n"
        watched.signal(signal.SIGINT)
        rest, said = watched.process.communicate(timeout=PATIENCE)
        frames = (first + rest.decode()).split(CLEAR)
        assert frames[0] == ""
        assert len(frames) > 1
        for frame in frames[1:]:
            assert frame.startswith("Name:            demo\nNamespace:       ns\n")
            assert frame.endswith("ready:1/1\n")
            assert "\x1b" not in frame
        assert said == b"ended by 2\n"
        assert watched.status() == -signal.SIGINT
    finally:
        watched.close()


def test_a_timeout_ends_it(fifo: Path) -> None:
    watched = Watched(piped(fifo, "0.3"), fifo)
    try:
        watched.tell("state demo 1")
        shown, said = watched.process.communicate(timeout=PATIENCE)
        assert shown.startswith(CLEAR.encode())
        assert said == b"ended by None\n"
        assert watched.status() == 0
    finally:
        watched.close()


def test_a_signal_ends_a_program_whose_pipe_nobody_reads(fifo: Path) -> None:
    watched = Watched(piped(fifo), fifo)
    assert watched.process.stderr
    try:
        watched.tell("say begun")
        assert watched.process.stderr.readline() == b"said begun\n"
        watched.tell("state demo 5000")  # far more than a pipe holds
        status = Path(f"/proc/{watched.process.pid}/wchan")
        for _ in range(int(PATIENCE * 20)):
            if "pipe" in status.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        watched.signal(signal.SIGTERM)
        assert watched.process.wait(PATIENCE) == -signal.SIGTERM
    finally:
        watched.process.communicate()
        watched.close()


class _Doomed:
    """Gets a signal while it is destroyed: what a handler raises there is lost."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            pass


def _write_and_destroy(_text: str) -> None:
    _Doomed()


def test_a_signal_in_a_destructor_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    frames = Frames(False, _write_and_destroy, print)
    updates: SimpleQueue[Any] = SimpleQueue()
    updates.put(object())
    ending = run_live(updates, lambda _info, _now: Screen([], [], []), frames, timeout=10)
    assert ending == Ending(signal.SIGINT)
