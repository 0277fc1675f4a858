"""Label and field selectors: what they choose, and which texts are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.kinds import BY_KIND
from kubectl_rollouts.sandbox.listing import Filter
from kubectl_rollouts.sandbox.selectors import (
    field_tests,
    label_tests,
    labels_pass,
    selector_matches,
    selector_text,
)

KEYS = st.sampled_from(["app", "tier", "example.com/x"])
VALUES = st.sampled_from(["a", "b", "c", ""])
LABELS = st.dictionaries(KEYS, VALUES, max_size=3)
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries({"key": KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    st.fixed_dictionaries(
        {
            "key": KEYS,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
        }
    ),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=3)}
)


@given(SELECTORS, LABELS)
def test_a_selector_and_its_text_choose_the_same(selector: dict[str, Any], labels: dict[str, str]) -> None:
    assert labels_pass(label_tests(selector_text(selector)), labels) == selector_matches(selector, labels)


@pytest.mark.parametrize(
    ("text", "labels", "chosen"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "b"}, True),
        ("a = b , c", {"a": "b", "c": ""}, True),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a", {}, False),
        ("!a", {}, True),
        ("a in (b, c)", {"a": "c"}, True),
        ("a in (b)", {}, False),
        ("a notin (b)", {}, True),
        ("a notin (b)", {"a": "b"}, False),
        ("a>1", {"a": "2"}, True),
        ("a<1", {"a": "2"}, False),
        ("a=", {"a": ""}, True),
        ("a in ()", {"a": ""}, True),
    ],
)
def test_texts(text: str, labels: dict[str, str], chosen: bool) -> None:
    assert labels_pass(label_tests(text), labels) is chosen


@given(SELECTORS, st.lists(LABELS, max_size=4))
def test_a_list_picks_what_a_watch_lets_through(selector: dict[str, Any], labels: list[dict[str, str]]) -> None:
    wanted = Filter(BY_KIND["Pod"], "default", {"labelSelector": selector_text(selector)})
    pods = [{"metadata": {"name": str(n), "namespace": "default", "labels": each}} for n, each in enumerate(labels)]
    assert wanted.pick(pods) == [pod for pod in pods if wanted(pod)]


@pytest.mark.parametrize("text", ["=a", "a in b", "a in (b", "a=b,", "a ~ b", "a>x", "!", ",a"])
def test_texts_that_are_none(text: str) -> None:
    with pytest.raises(ApiStatus) as caught:
        label_tests(text)
    assert caught.value.code == 400


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        label_tests(text)
        field_tests("Pod", text)
    except ApiStatus as error:
        assert error.code == 400


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert not selector_matches(None, {"a": "b"})
    assert selector_matches({}, {"a": "b"})


def test_fields() -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    assert all(test(pod) for test in field_tests("Pod", "status.phase=Running,spec.nodeName!=m"))
    assert not all(test(pod) for test in field_tests("Pod", "status.phase!=Running"))
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Rollout"}, "source": {"component": "c"}}
    assert all(test(event) for test in field_tests("Event", "involvedObject.kind=Rollout,source=c"))
    with pytest.raises(ApiStatus, match=r"field label not supported: spec\.replicas"):
        field_tests("Rollout", "spec.replicas=1")
