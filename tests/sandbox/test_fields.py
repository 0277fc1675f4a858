"""Field ownership: sets of fields, and what an apply keeps, takes and drops."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.apply import applied, recorded
from kubectl_rollouts.sandbox.fields import (
    Shape,
    changed_fields,
    contains,
    difference,
    field_set,
    leaves,
    union,
    without,
)
from kubectl_rollouts.sandbox.kinds import kind_of

CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"image": st.sampled_from("xyz")}),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["name"],
)
DEPLOYMENTS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "minReadySeconds": st.integers(1, 3),
        "template": st.fixed_dictionaries(
            {
                "metadata": st.fixed_dictionaries(
                    {"labels": st.dictionaries(st.sampled_from("lmn"), st.just("v"), min_size=1)}
                )
            },
            optional={"spec": st.fixed_dictionaries({"containers": CONTAINERS})},
        ),
    },
)
KIND = kind_of("Deployment")


def wrapped(spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def fields_of(spec: Any) -> dict[str, Any]:
    return field_set(spec, "V1DeploymentSpec", Shape(custom=False))


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_sets_are_sets(one: Any, two: Any) -> None:
    left, right = fields_of(one), fields_of(two)
    both = union(left, right)
    assert {*leaves(left), *leaves(right)} >= set(leaves(both)) - {()}
    assert difference(left, left) == {}
    assert all(not contains(right, path) or path not in set(leaves(right)) for path in leaves(difference(left, right)))
    assert changed_fields(one, one, "V1DeploymentSpec", Shape(custom=False)) is None
    assert changed_fields({}, one, "V1DeploymentSpec", Shape(custom=False)) == (left or None if one else None)


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_an_apply_again_gives_what_is_applied(first: Any, second: Any) -> None:
    live = applied(KIND, None, wrapped(first), "me", False, "", 0.0)
    live = applied(KIND, live, wrapped(second), "me", False, "", 0.0)
    again = applied(KIND, live, wrapped(second), "me", False, "", 5.0)
    assert again == live, "applying the same twice changes nothing"
    kept = {path for path in leaves(fields_of(live["spec"])) if path}
    assert {path for path in leaves(fields_of(second)) if path} <= kept


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_what_others_set_stays(mine: Any, theirs: Any) -> None:
    live = applied(KIND, None, wrapped(theirs), "them", False, "", 0.0)
    live = applied(KIND, live, wrapped(mine), "me", True, "", 0.0)
    left = applied(KIND, live, {**wrapped({}), "spec": {}}, "me", True, "", 0.0)
    for path in leaves(fields_of(theirs)):
        if path and not contains(fields_of(mine), path):
            assert contains(fields_of(left["spec"]), path)


def test_updates_move_ownership() -> None:
    made = recorded(KIND, None, wrapped({"replicas": 1, "minReadySeconds": 1}), "one", "", 0.0)
    changed = {**made, "spec": {"replicas": 2, "minReadySeconds": 1}}
    entries = recorded(KIND, made, changed, "two", "", 0.0)["metadata"]["managedFields"]
    owned = {entry["manager"]: entry["fieldsV1"] for entry in entries}
    assert owned == {"one": {"f:spec": {"f:minReadySeconds": {}}}, "two": {"f:spec": {"f:replicas": {}}}}
    gone = recorded(KIND, {**changed, "metadata": {"managedFields": entries}}, wrapped({"replicas": 2}), "two", "", 0.0)
    assert [entry["manager"] for entry in gone["metadata"]["managedFields"]] == ["two"]


def test_items_of_lists_can_go() -> None:
    value = {"containers": [{"name": "a", "image": "x"}, {"name": "b"}]}
    assert without(value, {"f:containers": {'k:{"name":"a"}': {".": {}, "f:name": {}}}}) == {
        "containers": [{"name": "b"}]
    }
    rest = without(value, {"f:containers": {'k:{"name":"a"}': {"f:image": {}}}})
    assert rest == {"containers": [{"name": "a"}, {"name": "b"}]}
