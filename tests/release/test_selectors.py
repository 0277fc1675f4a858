"""Selectors as text: what they match, when they cannot narrow, how long they get."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.release.selectors import HASH_LABEL, LONGEST, hash_selectors, selector_text
from kubectl_rollouts.rollout.objects import LabelSelector, SelectorRequirement
from tests.support.api_server import matches

WORDS = st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,8}[a-z0-9])?", fullmatch=True)
LABELS = st.dictionaries(WORDS, WORDS | st.just(""), max_size=4)


def requirement(key: str, operator: str, *values: str) -> SelectorRequirement:
    return SelectorRequirement(key, operator, list(values))


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (LabelSelector({"b": "2", "a": "1"}), "a=1,b=2"),
        (LabelSelector({"a": None}), "a="),
        (LabelSelector({"app.kubernetes.io/name": "x"}), "app.kubernetes.io/name=x"),
        (LabelSelector({"a": "1"}, [requirement("t", "In", "y", "x")]), "a=1,t in (x,y)"),
        (LabelSelector(None, [requirement("t", "NotIn", "x"), requirement("u", "Exists")]), "t notin (x),u"),
        (LabelSelector(None, [requirement("t", "DoesNotExist")]), "!t"),
    ],
)
def test_written_as_the_server_reads_it(selector: LabelSelector, text: str) -> None:
    assert selector_text(selector) == text


@pytest.mark.parametrize(
    "selector",
    [
        None,
        LabelSelector(),
        LabelSelector({}, []),
        LabelSelector({"a": "1"}, [requirement("t", "Near", "x")]),
        LabelSelector({"a": "1"}, [requirement("t", "In")]),
        LabelSelector({"a": "1"}, [requirement("t", "Exists", "x")]),
        LabelSelector({"a": "1"}, [SelectorRequirement()]),
        LabelSelector({"a": "not a label"}),
        LabelSelector({"a": "x)"}),
        LabelSelector({"": "x"}),
        LabelSelector({"/a": "x"}),
        LabelSelector({"a": "x" * 64}),
        LabelSelector({"a": "é"}),
        LabelSelector({f"key{i}": "v" * 60 for i in range(100)}),
    ],
)
def test_unusable_selectors_narrow_nothing(selector: LabelSelector | None) -> None:
    assert selector_text(selector) == ""


@given(wanted=LABELS, labels=LABELS)
def test_selects_what_has_all_labels(wanted: dict[str, str], labels: dict[str, str]) -> None:
    text = selector_text(LabelSelector(dict(wanted)))
    assert bool(text) == bool(wanted)
    if wanted:
        assert matches(labels, text) == all(labels.get(key) == value for key, value in wanted.items())


@given(st.lists(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), max_size=400))
def test_hashes_are_split_before_a_request_line_grows_too_long(hashes: list[str]) -> None:
    texts = hash_selectors(hashes)
    assert all(len(text) <= LONGEST for text in texts)
    for value in hashes:
        assert sum(matches({HASH_LABEL: value}, text) for text in texts) == 1
    assert bool(texts) == bool(hashes)


def test_many_hashes_need_more_than_one_request() -> None:
    assert len(hash_selectors(f"{number:010}" for number in range(1000))) > 1


def test_what_cannot_be_a_label_is_not_asked_for() -> None:
    assert hash_selectors(["", "a b", "x)"]) == []
