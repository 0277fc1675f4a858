"""Nothing that a cluster says may steer a terminal (design: "What the cluster says is not trusted")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.view.escape import visible

CONTROLS = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}
BIDIRECTIONAL = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
STEERING = CONTROLS | BIDIRECTIONAL


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", r"\x1b]8;;http://x\x07link\x1b]8;;\x07"),
        ("a\u202eb", r"a\u202eb"),
        ("\u061c\u200e\u2069", r"\u061c\u200e\u2069"),
        ("\x9b31m\x7f\x00", r"\x9b31m\x7f\x00"),
        ("a\nb\tc\rd", r"a\nb\tc\x0dd"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("back\\slash", "back\\slash"),
        ("日本語 é \u00a0\u200b", "日本語 é \u00a0\u200b"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_message_keeps_its_newlines_and_nothing_else() -> None:
    assert visible("one\ntwo\tthree\x1b\n", keep_newlines=True) == "one\ntwo\\tthree\\x1b\n"


@given(st.text() | st.text(st.sampled_from(sorted(STEERING) + list("ab\\é"))))
def test_nothing_that_steers_is_left(text: str) -> None:
    assert not STEERING & set(visible(text))
    assert not (STEERING - {"\n"}) & set(visible(text, keep_newlines=True))
    visible(text).encode()  # no half of a pair is left either


@given(st.text(st.characters(exclude_characters=STEERING, exclude_categories=["Cs"])))
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(), st.text())
def test_what_is_shown_of_a_text_depends_on_nothing_around_it(one: str, other: str) -> None:
    assert visible(one + other) == visible(one) + visible(other)
