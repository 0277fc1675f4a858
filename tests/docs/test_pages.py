"""The examples of the documentation do what they say (see pages.py for how they are written)."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from kubectl_rollouts.cli.main import main, wrong_operands
from kubectl_rollouts.cli.pflag import find_command, parse_flags
from kubectl_rollouts.cli.tree import COMMANDS
from tests.docs.pages import PAGES, Session, Step, is_like, sessions, typed_lines
from tests.support.cli import CLEAN, PLAIN, ROOT
from tests.support.replayed import CONFORMANCE, replayed

# The tutorial is played on a sandbox: test_tutorial.py.
REPLAYED = [page for page in PAGES if page.name != "tutorial.md"]
SESSIONS = [(page, number, session) for page in REPLAYED for number, session in enumerate(sessions(page), 1)]
LINES = sorted({(page, line) for page in PAGES for line in typed_lines(page)})


def snapshot(name: str) -> tuple[dict[str, Any], str]:
    """A recorded cluster and the namespace that its context names."""
    if not name:
        return {"objects": []}, "default"
    case = json.loads((CONFORMANCE / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    held = case["snapshot"]
    if isinstance(held, str):
        held = json.loads((CONFORMANCE / "cases" / held).read_text(encoding="utf-8"))
    return held, case.get("namespace", "default")


@pytest.mark.parametrize(
    "session",
    [session for _, _, session in SESSIONS],
    ids=[f"{page.stem}-{number}" for page, number, _ in SESSIONS],
)
def test_examples(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in CLEAN:
        monkeypatch.delenv(name, raising=False)
    cluster, namespace = snapshot(session.cluster)
    with replayed(cluster, tmp_path, namespace) as served:
        for name, value in {**PLAIN, **served.env}.items():
            monkeypatch.setenv(name, value)
        status = 0
        for part in session.parts:
            if not isinstance(part, Step):
                (folder / part[0]).write_text(part[1], encoding="utf-8")
                continue
            if part.command == "echo $?":
                shown = f"{status}\n"
            else:
                shown, status = play(part.command)
            assert is_like(shown, part.output), f"line {part.line}: {part.command}\n{shown}"


def play(command: str) -> tuple[str, int]:
    """Run a command line; everything that it prints, and its exit status."""
    words = shlex.split(command)
    program = words[:2] if words[0] == "kubectl" else words[:1]
    assert program in (["kubectl", "rollouts"], ["kubectl-rollouts"]), command
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        status = main(["kubectl-rollouts", *words[len(program) :]])
    return shown.getvalue(), status


# Where a page shows the form of a command line: its words in capitals, alternatives, brackets.
FORM = re.compile(r"[\[\]|]|\.\.\.|\b[A-Z]{2,}(_[A-Z]+)*\b(?!=)")


@pytest.mark.parametrize("line", [line for _, line in LINES if not FORM.search(line.partition("#")[0])])
def test_every_command_line_can_be_typed(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[2 if words[0] == "kubectl" else 1 :]
    for mark in ("|", ">", "&&", ";"):
        if mark in words:
            words = words[: words.index(mark)]
    command, rest = find_command(words)
    if command.hidden:  # completion: what follows is a line in the making
        return
    parsed = parse_flags(command, rest)
    if command.path != "help" and not parsed.value("help"):
        assert wrong_operands(command, parsed) in (None, "")


DOCUMENTED = {each.path for each in COMMANDS if each.module and not each.hidden and not each.later}


@pytest.mark.parametrize("path", sorted(DOCUMENTED))
def test_every_command_has_a_page_that_names_its_flags(path: str) -> None:
    folder = ROOT / "docs" / "commands"
    [page] = [
        place
        for words in (path.replace(" ", "-"), path.partition(" ")[0])
        if (place := folder / f"{words}.md").exists()
    ][:1]
    text = page.read_text(encoding="utf-8")
    assert f"kubectl rollouts {path}" in text
    [command] = [command for command in COMMANDS if command.path == path]
    for flag in command.flags:
        assert f"--{flag.name}" in text, flag.name


LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = [line for line in page.read_text(encoding="utf-8").splitlines() if not line.startswith("    ")]
    for target in LINK.findall("\n".join(prose)):
        assert "://" in target or (page.parent / target).exists(), target


def test_outputs_are_compared() -> None:
    assert is_like("a 5 b\n", "a ... b\n")
    assert not is_like("a 5 c\n", "a ... b\n")
    assert is_like("a\nb\nc\n", "a\n...\nc\n")
    assert is_like("a", "a\n")
    assert not is_like("a\n", "")
    assert is_like("web  47s  ready\n", "web  45s  ready\n")
    assert not is_like("web  44s  ready\n", "web  45s  ready\n")
    assert not is_like("after 6s\n", "after 5s\n")
