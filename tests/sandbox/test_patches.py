"""Patches of all three kinds: the examples of the RFCs, properties, and strategic merges of pod templates."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.patches import equal, json_patch, merge_patch, strategic_patch

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=12,
)


# The table of RFC 7386, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_examples(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


def plain_merge(target: Any, patch: Any) -> Any:
    """RFC 7386 word by word."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = plain_merge(found.get(key), value)
    return found


@given(JSON, JSON)
def test_merge_patch_is_the_rfc_and_leaves_its_target_alone(target: Any, patch: Any) -> None:
    before = copy.deepcopy(target)
    result = merge_patch(target, patch)
    assert equal(result, plain_merge(target, patch)) or result == plain_merge(target, patch)
    assert target == before
    if isinstance(patch, dict):
        assert merge_patch(result, patch) is result, "a patch applied twice changes nothing"


@given(st.dictionaries(st.text("abc", max_size=2), JSON, max_size=4))
def test_a_merge_patch_that_says_what_is_there_returns_the_very_object(target: dict[str, Any]) -> None:
    patch = {key: value for key, value in target.items() if value is not None}
    if plain_merge(target, patch) == target:
        assert merge_patch(target, patch) is target


# From RFC 6902, appendix A.
@pytest.mark.parametrize(
    ("target", "operations", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
    ],
)
def test_json_patch_examples(target: Any, operations: Any, result: Any) -> None:
    assert json_patch(target, operations) == result


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([{"op": "test", "path": "/a", "value": True}], 422),
        ([{"op": "add", "path": "/x/y", "value": 1}], 422),
        ([{"op": "remove", "path": "/x"}], 422),
        ([{"op": "replace", "path": "/x", "value": 1}], 422),
        ([{"op": "add", "path": "/l/5", "value": 1}], 422),
        ([{"op": "add", "path": "/l/01", "value": 1}], 422),
        ([{"op": "move", "from": "/o", "path": "/o/p"}], 422),
        ([{"op": "jump", "path": "/a"}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "add", "path": "a", "value": 1}], 400),
        ({"op": "add"}, 400),
    ],
)
def test_json_patches_that_do_not_fit_are_refused(operations: Any, code: int) -> None:
    with pytest.raises(ApiStatus) as caught:
        json_patch({"a": 1, "l": [1], "o": {}}, operations)
    assert caught.value.code == code


def difference(old: Any, new: Any, path: str = "") -> list[dict[str, Any]]:
    """A JSON patch that makes `new` of `old`."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in old.keys() | new.keys():
            here = path + "/" + key.replace("~", "~0").replace("/", "~1")
            if key not in new:
                found.append({"op": "remove", "path": here})
            elif key not in old:
                found.append({"op": "add", "path": here, "value": new[key]})
            else:
                found += difference(old[key], new[key], here)
        return found
    return [] if equal(old, new) else [{"op": "replace", "path": path, "value": new}]


@given(JSON, JSON)
def test_json_patches_lead_from_any_value_to_any_other(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert equal(json_patch(old, difference(old, new)), new)
    assert old == before


POD = {
    "spec": {
        "containers": [
            {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "side", "image": "side:1"},
        ],
        "tolerations": [{"key": "a"}],
    },
    "metadata": {"finalizers": ["one"]},
}


def strategic(patch: Any) -> Any:
    return strategic_patch(POD, patch, "V1Pod")


def test_strategic_merges_containers_by_name() -> None:
    result = strategic({"spec": {"containers": [{"name": "web", "image": "web:2"}, {"name": "new", "image": "new:1"}]}})
    assert [(c["name"], c["image"]) for c in result["spec"]["containers"]] == [
        ("web", "web:2"),
        ("side", "side:1"),
        ("new", "new:1"),
    ]
    assert result["spec"]["containers"][0]["env"] == POD["spec"]["containers"][0]["env"]  # type: ignore[index]


def test_strategic_deletes_replaces_and_orders() -> None:
    gone = strategic({"spec": {"containers": [{"name": "side", "$patch": "delete"}]}})
    assert [c["name"] for c in gone["spec"]["containers"]] == ["web"]
    replaced = strategic({"spec": {"containers": [{"$patch": "replace"}, {"name": "only", "image": "x"}]}})
    assert replaced["spec"]["containers"] == [{"name": "only", "image": "x"}]
    order = [{"name": "side"}, {"name": "web"}]
    assert [c["name"] for c in strategic({"spec": {"$setElementOrder/containers": order}})["spec"]["containers"]] == [
        "side",
        "web",
    ]
    env = [{"name": "A", "$patch": "delete"}, {"name": "C", "value": "3"}]
    variables = strategic({"spec": {"containers": [{"name": "web", "env": env}]}})["spec"]["containers"][0]["env"]
    assert [item["name"] for item in variables] == ["B", "C"]


def test_strategic_replaces_lists_without_keys_and_merges_sets() -> None:
    assert strategic({"spec": {"tolerations": [{"key": "b"}]}})["spec"]["tolerations"] == [{"key": "b"}]
    assert strategic({"metadata": {"finalizers": ["two"]}})["metadata"]["finalizers"] == ["one", "two"]
    dropped = strategic({"metadata": {"$deleteFromPrimitiveList/finalizers": ["one"]}})
    assert dropped["metadata"]["finalizers"] == []
    kept = strategic_patch({"a": 1, "b": 2}, {"$retainKeys": ["b", "c"], "c": 3}, "V1VolumeSource")
    assert kept == {"b": 2, "c": 3}


def test_strategic_needs_the_merge_key() -> None:
    with pytest.raises(ApiStatus, match="does not contain declared merge key: name"):
        strategic({"spec": {"containers": [{"image": "x"}]}})
