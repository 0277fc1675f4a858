"""The documentation as sessions: fenced `console` blocks with their commands and what they print.

    <!-- cluster: NAME -->      the commands that follow run on a fresh copy of this recorded cluster
    <!-- file: NAME -->         the next fenced block is a file in the folder that they run in

A line that begins with `$ ` is a command (of this program, or `echo $?`); the lines that follow are what it prints,
standard error among them. `...` in them stands for any text of a line, a line `...` alone for any lines; blanks at the
end of a line do not count, nor does the line end that the last line may lack.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.support.cli import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])


class Step(NamedTuple):
    """A command and what it prints."""

    line: int
    command: str
    output: str


class Session(NamedTuple):
    """What happens on one cluster: files that are written, commands that are typed."""

    cluster: str
    parts: list[Step | tuple[str, str]]


def sessions(page: Path) -> list[Session]:
    """The sessions of a page. A console block before any cluster is one without."""
    found: list[Session] = []
    file = ""
    fence: tuple[str, int] | None = None
    held: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence is None:
            if mark := re.fullmatch(r"<!-- (cluster|file): (\S+) -->", line):
                if mark[1] == "cluster":
                    found.append(Session(mark[2], []))
                else:
                    file = mark[2]
            elif line.startswith("```"):
                fence, held = (line[3:].strip(), number), []
            continue
        if line != "```":
            held.append(line)
            continue
        language, start = fence
        fence = None
        if not found and (file or language == "console"):
            found.append(Session("", []))
        if file:
            found[-1].parts.append((file, "\n".join(held) + "\n"))
            file = ""
        elif language == "console":
            found[-1].parts.extend(_steps(held, start))
    return [session for session in found if session.parts]


def _steps(lines: list[str], start: int) -> list[Step]:
    steps: list[Step] = []
    for number, line in enumerate(lines, start + 1):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:], ""))
        else:
            assert steps, f"line {number}: output before a command"
            steps[-1] = steps[-1]._replace(output=f"{steps[-1].output}{line}\n")
    return steps


AGE = re.compile(r"(?<=\\ \\ )(\d+)s(?=\\ |\\\n|$)")  # in a line whose blanks are escaped
LATER = 20
"""Seconds by which an age in a column may exceed the documented one: the command may have begun late."""


def is_like(shown: str, wanted: str) -> bool:
    """Whether an output is as documented."""
    shown = re.sub(r" +$", "", shown, flags=re.MULTILINE)
    if shown and not shown.endswith("\n"):
        shown += "\n"
    pattern = "".join(
        r"(.*\n)*" if line == "...\n" else AGE.sub(_or_later, re.escape(line).replace(r"\.\.\.", ".*"))
        for line in wanted.splitlines(keepends=True)
    )
    return re.fullmatch(pattern, shown) is not None


def _or_later(age: re.Match[str]) -> str:
    first = int(age[1])
    return f"(?:{'|'.join(map(str, range(first, first + LATER + 1)))})s"


def typed_lines(page: Path) -> list[str]:
    """Every command line of this program in a code block of a page."""
    found = []
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            text = line.strip().removeprefix("$ ")
            if re.match(r"(kubectl (argo )?rollouts|kubectl-rollouts)( |$)", text):
                found.append(text)
    return found
