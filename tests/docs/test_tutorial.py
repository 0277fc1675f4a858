"""The guided tour, played: every command of docs/tutorial.md on a sandbox, every screen compared.

The chapters of one story are played on a sandbox of their own, between the first chapter (which starts it) and the last
(which stops it). Random and passing things are made alike before a screen is compared: pod names, uids, ages, ports,
processes, paths.

    python -m tests.docs.test_tutorial      writes what the commands print into the page
"""

from __future__ import annotations

import re
import shlex
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.cli import ROOT
from tests.support.on_terminal import on_terminal

PAGE = ROOT / "docs" / "tutorial.md"
TIMEOUT = 90
COLUMNS = 240
"""A window in which no line has to be wrapped."""
FOLDER = "/run/user/1000"
"""What the page has in the place of the folder in which a test keeps its kubeconfig."""
SAME = (
    (r"(-[0-9a-z]{6,10})-[b-z2-9]{5}\b(?=\s+Pod)", r"\1-?????"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\b(\d+[smhd])+\b", "AGE"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\(process \d+", "(process N"),
    (r"KUBECONFIG=\S+", "KUBECONFIG=FILE"),
    (r"  +", "  "),  # columns are as wide as their ages
    (r" +$", ""),
)


class Typed(NamedTuple):
    """A command of the page, and what it is to print."""

    line: int
    command: str
    shown: str


def chapters(page: Path) -> dict[str, list[Typed]]:
    """The commands of each chapter (`## …`), in the order of the page."""
    found: dict[str, list[Typed]] = {}
    title, fenced = "", False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            title = line[3:]
            found[title] = []
        elif line.startswith("```"):
            fenced = line == "```console"
        elif fenced and line.startswith("$ "):
            found[title].append(Typed(number, line[2:], ""))
        elif fenced:
            last = found[title][-1]
            found[title][-1] = last._replace(shown=f"{last.shown}{line}\n")
    return {title: typed for title, typed in found.items() if typed}


class Terminal:
    """Where the commands are typed: the project's folder, and an environment that `export` changes."""

    def __init__(self, folder: Path) -> None:
        own = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), "KUBECTL_ROLLOUTS_COLOR": "never"}
        self._env = dict(own)
        self._exported = ""

    def type(self, command: str) -> str:
        """What is on the screen when a command is done; `export` takes the line that the sandbox said last."""
        words = shlex.split(command)
        if words[0] == "export":
            assert self._exported, "there was no line to copy"
            self._env["KUBECONFIG"] = shlex.split(self._exported)[1].removeprefix("KUBECONFIG=")
            return ""
        if words[0] == "sleep":
            time.sleep(float(words[1]))
            return ""
        assert words[:2] == ["kubectl", "rollouts"], command
        with on_terminal(*words[2:], env=self._env, cwd=ROOT, columns=COLUMNS, rows=60) as terminal:
            terminal.end(TIMEOUT)
            shown = terminal.text.rstrip() + "\n"
        for line in shown.splitlines():
            if line.startswith("export "):
                self._exported = line
        return shown


def alike(text: str) -> str:
    """A screen without what differs between two runs."""
    for pattern, instead in SAME:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    lines = text.splitlines()
    if lines and all(line.startswith("rollout '") for line in lines):
        lines.sort()  # the order in which several came to their goal
    return "\n".join(lines)


CHAPTERS = chapters(PAGE)
START, CANARY, ABORT, FAILING, BLUE_GREEN, MEASURED, END = CHAPTERS
STORIES = ((CANARY, ABORT, FAILING), (BLUE_GREEN,), (MEASURED,))


@pytest.mark.parametrize("story", STORIES, ids=["canary", "bluegreen", "measured"])
def test_tutorial(story: tuple[str, ...], tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    ended = False
    try:
        for chapter in (START, *story, END):
            ended = chapter == END
            for typed in CHAPTERS[chapter]:
                shown = terminal.type(typed.command)
                assert alike(shown) == alike(typed.shown), f"line {typed.line}: {typed.command}\n{shown}"
    finally:
        if not ended:
            terminal.type("kubectl rollouts sandbox stop")


def test_every_kind_of_release_is_toured() -> None:
    commands = [typed.command for chapter in CHAPTERS.values() for typed in chapter]
    for word in ("promote", "abort", "retry", "undo", "hello:bad", "blog", "till", "wait", "status"):
        assert any(word in command for command in commands), word


def test_screens_are_compared() -> None:
    pod = "□ web-6d8f-abcde"
    assert alike("web-5b7d9cc66-x2x4z  Pod  3s\n") == alike("web-5b7d9cc66-bbbbb  Pod    12m  \n")
    assert alike("web-5b7d9cc66-x2x4z  Pod  3s\n") != alike("web-5b7d9cc67-bbbbb  Pod  3s\n")
    assert alike(f"{pod} ready:1/1") != alike(f"{pod} ready:0/1")


def write() -> None:
    """Play the tour and put what is shown into the page."""
    shown: dict[int, str] = {}
    exported = ""
    for story in STORIES:
        with tempfile.TemporaryDirectory() as folder:
            terminal = Terminal(Path(folder))
            try:
                for chapter in (START, *story):
                    for typed in CHAPTERS[chapter]:
                        shown[typed.line] = terminal.type(typed.command).replace(folder, FOLDER)
            finally:
                for typed in CHAPTERS[END]:
                    shown[typed.line] = terminal.type(typed.command)
    lines, fenced = list[str](), False
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = line == "```console"
        if line.startswith("$ export "):
            lines.append(f"$ {exported}")
        elif not fenced or line.startswith(("$ ", "```")):
            lines.append(line)
        for each in shown.get(number, "").splitlines():
            lines.append(each.rstrip())
            exported = each if each.startswith("export ") else exported
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
