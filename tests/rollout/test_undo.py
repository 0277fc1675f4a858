"""Which revision `undo` goes back to, and when there is nothing to undo (spec/commands.md §4)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.objects import LabelSelector, ObjectMeta
from kubectl_rollouts.rollout.undo import (
    HASH_LABEL,
    Revision,
    Undoable,
    chosen_revision,
    derives,
    matches,
    restored_template,
    selector_query,
    undoable,
)

ROLLOUT = ObjectMeta(name="web", uid="u")


def owned(name: str, revision: str | None, *, uid: str = "u", template: Any = None, hash_: str = "") -> Revision:
    annotations = {} if revision is None else {"rollout.argoproj.io/revision": revision}
    obj = {
        "metadata": {
            "name": name,
            "annotations": annotations,
            "labels": {"rollouts-pod-template-hash": hash_},
            "ownerReferences": [{"uid": "other"}, {"uid": uid, "controller": True}],
        },
        "spec": {"template": template or {}},
    }
    return msgspec.json.decode(msgspec.json.encode(obj), type=Revision)


def chosen(*sets: Revision, to: int = 0) -> str | None:
    return chosen_revision(sets, ROLLOUT, to).metadata.name


def test_the_one_before_the_newest() -> None:
    assert chosen(owned("c", "31"), owned("a", "29"), owned("b", "30")) == "b"
    assert chosen(owned("a", "1"), owned("b", "9"), owned("c", "10")) == "b"


def test_of_two_newest_the_later_one_is_the_one_before() -> None:
    assert chosen(owned("a", "2"), owned("b", "2"), owned("c", "1")) == "b"


def test_a_revision_by_number() -> None:
    assert chosen(owned("a", "2"), owned("b", "3"), owned("c", "3"), to=3) == "b"


@pytest.mark.parametrize("revision", ["", "two", "1.0", "1_0", " 1", "9" * 30, "9223372036854775808", "²"])
def test_what_is_no_revision_is_passed_over(revision: str) -> None:
    with pytest.raises(Failure, match='no revision found for rollout "web"'):
        chosen(owned("a", revision), owned("b", "5"))


@pytest.mark.parametrize("to", [0, -1])
def test_no_second_revision(to: int) -> None:
    with pytest.raises(Failure, match='no revision found for rollout "web"'):
        chosen(owned("a", "1"), owned("b", None), owned("c", "7", uid="x"), to=to)


def test_no_such_revision() -> None:
    with pytest.raises(Failure, match="unable to find specified revision 7 in history"):
        chosen(owned("a", "1"), owned("c", "7", uid="x"), to=7)


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "1", "a": None}}, "a=,b=1"),
        (
            {
                "matchLabels": {"app": "g"},
                "matchExpressions": [
                    {"key": "x", "operator": "In", "values": ["b", "a"]},
                    {"key": "z", "operator": "Exists"},
                    {"key": "c", "operator": "DoesNotExist"},
                    {"key": "d", "operator": "NotIn", "values": ["q"]},
                ],
            },
            "app=g,!c,d notin (q),x in (a,b),z",
        ),
    ],
)
def test_selectors(selector: dict[str, Any], query: str) -> None:
    assert selector_query(msgspec.convert(selector, LabelSelector)) == query


def test_a_bad_operator() -> None:
    selector = msgspec.convert({"matchExpressions": [{"key": "x", "operator": "Bad"}]}, LabelSelector)
    with pytest.raises(Failure, match=r'^"Bad" is not a valid label selector operator$'):
        selector_query(selector)


def test_the_template_to_restore() -> None:
    template = {
        "metadata": {"labels": {"app": "g", "rollouts-pod-template-hash": "h"}, "creationTimestamp": None},
        "spec": {
            "containers": [
                {"name": "a", "resources": {"limits": {"cpu": "1000m", "memory": 1024, "bad": "x"}}, "newer": {"x": 1}}
            ],
            "initContainers": [{"name": "i"}],
        },
        "unknown": 1,
    }
    assert restored_template(owned("a", "1", template=template)) == {
        "metadata": {"labels": {"app": "g"}},
        "spec": {
            "containers": [
                {"name": "a", "resources": {"limits": {"cpu": "1", "memory": "1024", "bad": "x"}}, "newer": {"x": 1}}
            ],
            "initContainers": [{"name": "i", "resources": {}}],
        },
        "unknown": 1,
    }


@pytest.mark.parametrize(
    ("template", "where"),
    [
        ("x", ".spec.template"),
        ({"metadata": "x"}, ".spec.template.metadata"),
        ({"metadata": {"labels": ["x"]}}, ".spec.template.metadata.labels"),
        ({"spec": 5}, ".spec.template.spec"),
        ({"spec": {"containers": [{"resources": "x"}]}}, ".spec.template.spec.containers[].resources"),
    ],
)
def test_a_template_that_is_none(template: Any, where: str) -> None:
    with pytest.raises(Failure) as caught:
        restored_template(owned("a", "1", template=template))
    assert str(caught.value).startswith(f"{where} accessor error: ")


@pytest.mark.parametrize("template", [None, {}, {"metadata": None, "spec": None}])
def test_an_empty_template(template: Any) -> None:
    assert restored_template(owned("a", "1", template=template)) == {"metadata": {}, "spec": {}}


@pytest.mark.parametrize("odd", [{"metadata": ""}, {"metadata": {"labels": []}}, {"spec": {"containers": [""]}}])
def test_an_odd_template_of_the_rollout_is_not_the_same(odd: Any) -> None:
    held = owned("a", "1", hash_="h", template={"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{}]}})
    assert not matches(current(odd, ""), held, restored_template(held))


def current(template: Any, hash_: str = "h") -> Undoable:
    return undoable({"spec": {"template": template}, "status": {"currentPodHash": hash_}})


def test_the_current_template_is_not_restored() -> None:
    held = owned("a", "1", hash_="h")
    assert matches(current({"spec": {"a": 1}}), held, {"spec": {"a": 1, "defaulted": True}})
    assert not matches(current({"spec": {"a": 2}}), held, {"spec": {"a": 1}})


def test_a_removal_can_be_undone() -> None:
    """The current template derives from the old one, but the old ReplicaSet is not the one that runs (Q12)."""
    assert not matches(current({"spec": {"a": 1}}, "new"), owned("a", "1", hash_="h"), {"spec": {"a": 1, "b": 2}})


@pytest.mark.parametrize("hash_", ["", "new"])
def test_the_same_template_is_not_restored_whatever_the_status_says(hash_: str) -> None:
    """The controller has not reacted to an undo yet: the second one has nothing to do."""
    labels = {"app": "g"}
    spec = {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": "1"}}}, {"name": "b"}]}
    held = owned("a", "1", hash_="h", template={"metadata": {"labels": {**labels, HASH_LABEL: "h"}}, "spec": spec})
    template = restored_template(held)
    assert matches(current({"metadata": {"labels": labels}, "spec": spec}, hash_), held, template)
    assert matches(current(template, hash_), held, template)
    changed = {"metadata": {"labels": labels}, "spec": {"containers": spec["containers"][:1]}}
    assert not matches(current(changed, hash_), held, template)
    timed = {**template, "metadata": {**template["metadata"], "creationTimestamp": None}}
    assert not matches(current(timed, hash_), held, template)  # as by the reference, for which a null is a value


def test_a_template_that_lives_elsewhere_is_always_restored() -> None:
    assert not matches(undoable({"spec": {"workloadRef": {"kind": "Deployment"}}}), owned("a", "1"), {})


@pytest.mark.parametrize("obj", [{"spec": []}, {"metadata": {"name": 5}}, {"spec": {"selector": "x"}}])
def test_what_is_no_rollout(obj: dict[str, Any]) -> None:
    with pytest.raises(Failure, match=r"^Invalid rollout object$"):
        undoable(obj)


@pytest.mark.parametrize(
    ("part", "whole", "wanted"),
    [
        ({}, {"a": 1}, True),
        ({}, "x", True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": None}, {"a": 1}, True),
        ({"a": None}, {}, False),
        ({"a": 1, "b": 1}, {"a": 1}, False),
        ([], [1], True),
        ([1], [1, 2], True),
        ([1, 2], [1], False),
        ("", "x", True),
        ("x", "y", False),
        (0, 1, False),
        (False, True, False),
        (False, 0, False),
        (1, 1.0, False),
        ("1000m", "1", False),
        (None, {"a": 1}, True),
        ({"a": 1}, [1], False),
        ([1], {"a": 1}, False),
    ],
)
def test_deriving(part: Any, whole: Any, wanted: bool) -> None:
    assert derives(part, whole) is wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_everything_derives_from_itself(value: Any) -> None:
    assert derives(value, value)
