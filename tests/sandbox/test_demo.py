"""What `sandbox demo` says around the release that it shows."""

from __future__ import annotations

import io

import pytest

from kubectl_rollouts.sandbox.demo import DEMOS, Demo, Scene, Stage, play

TALK = Demo(
    "A title", "web", "A note that is longer than a narrow window is wide.", (Scene("A sentence of ten words."),)
)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(out: io.StringIO) -> str:
    play(TALK, Stage(lambda _: None, lambda _: None, {}, "kubectl rollouts", ".venv/bin/kubectl-rollouts", out))
    return out.getvalue()


def test_it_ends_with_what_can_be_typed() -> None:
    text = said(io.StringIO())
    assert TALK.notes in text
    last = "    .venv/bin/kubectl-rollouts sandbox run -- bash\n\n"
    assert text.endswith(f"To try it yourself, in a shell with a cluster of its own:\n\n{last}")


def test_sentences_are_fitted_to_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_rollouts.sandbox.demo.READ", 0)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    lines = said(Screen()).splitlines()
    assert "A note that is longer than a" in lines
    assert all(len(line) < 30 for line in lines if "/" not in line)


def test_a_demo_on_a_terminal_takes_less_than_a_minute() -> None:
    from kubectl_rollouts.sandbox.demo import READ

    assert sum(READ + scene.hold for scene in DEMOS["canary"].scenes) < 30  # and as long again for the release itself
