"""Rollouts and experiments as a whole: images, revisions, order, equality (spec/view.md §6.7, §6.9, §6.10, §13.3)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.experiments import ImageInfo, merged_images
from kubectl_rollouts.rollout.info import revisions, rollout_icon
from tests.support.objects import (
    NOON,
    analysis_run,
    experiment,
    experiment_facts,
    facts,
    pod,
    replica_set,
    rollout,
)

Json = dict[str, Any]
TEMPLATE = "experiment.argoproj.io/template-name"


def lines(images: list[ImageInfo]) -> list[str]:
    return [one.image + (f" ({', '.join(one.tags)})" if one.tags else "") for one in images]


def test_a_merged_image_has_its_tags_sorted_one_that_is_not_as_they_came() -> None:
    info = facts(
        rollout({"strategy": {"blueGreen": {}}}, {"stableRS": "h", "blueGreen": {"activeSelector": "h"}}),
        replica_set("rs", "h", images=["x:1", "x:1", "a:1"], spec=None),
        replica_set("down", "zz", images=["zz"], replicas=0),
        replica_set("untagged", "u", images=["plain:1"]),
    )
    assert lines(info.images) == ["a:1 (stable, active)", "plain:1", "x:1 (active, stable)"]


def test_init_containers_do_not_count() -> None:
    spec = {"template": {"spec": {"containers": [{"image": "m"}], "initContainers": [{"image": "i"}]}}}
    assert lines(facts(rollout(), replica_set("rs", "h", spec=spec)).images) == ["m"]


def test_images_of_experiments_join_those_of_the_rollout() -> None:
    info = facts(
        rollout({"strategy": {"canary": {}}}, {"stableRS": "s", "currentPodHash": "c"}),
        replica_set("stable", "s", 1, images=["img:1"]),
        replica_set("new", "c", 2, images=["img:2"]),
        experiment("e"),
        replica_set("e-base", owner="e", images=["img:1"], annotations={TEMPLATE: "baseline"}),
        replica_set("e-canary", owner="e", images=["img:1", "img:2"], annotations={TEMPLATE: "canary"}),
        replica_set("e-none", owner="e", images=["img:0"]),
    )
    assert lines(info.images) == ["img:0", "img:1 (stable, Σ:baseline, Σ:canary)", "img:2 (canary, Σ:canary)"]
    assert lines(info.experiments[0].images) == ["img:0", "img:1 (Σ:baseline, Σ:canary)", "img:2 (Σ:canary)"]


def test_experiments_by_themselves_have_no_other_tags() -> None:
    info = experiment_facts(
        experiment("e", status={"phase": "Running", "message": "template crashed"}),
        replica_set("e-base", "h", owner="e", images=["img:1"], annotations={TEMPLATE: "baseline"}),
        pod("p", "e-base"),
        analysis_run("ar", owner="e"),
        analysis_run("other", owner="r"),
    )
    assert (info.name, info.namespace, info.status, info.icon, info.message) == (
        "e",
        "ns",
        "Running",
        "◌",
        "template crashed",
    )
    assert info.replica_sets[0].tags == ()
    assert [one.name for one in info.replica_sets[0].pods] == ["p"]
    assert [one.name for one in info.analysis_runs] == ["ar"]


def test_experiments_newest_revision_first_then_oldest_then_by_name() -> None:
    made = [
        experiment("b", age=5),
        experiment("a", age=5),
        experiment("old", age=9),
        experiment("new", revision=2, age=1),
        experiment("newer", revision=2, age=0),
    ]
    for order in itertools.islice(itertools.permutations(made), 0, 120, 7):
        assert [one.name for one in facts(rollout(), *order).experiments] == ["new", "newer", "old", "a", "b"]


def test_revisions_hold_what_bears_their_number() -> None:
    info = facts(
        rollout(),
        replica_set("rs1", revision=1),
        replica_set("rs10", revision=10),
        replica_set("odd", revision="x"),
        experiment("e10", revision=10),
        analysis_run("ar3", revision=3),
        analysis_run("minus", revision=-2),
    )
    found = [
        (
            one.number,
            [*map(name_of, one.replica_sets), *map(name_of, one.experiments), *map(name_of, one.analysis_runs)],
        )
        for one in revisions(info)
    ]
    assert found == [(10, ["rs10", "e10"]), (3, ["ar3"]), (1, ["rs1"]), (0, ["odd"]), (-2, ["minus"])]


def name_of(one: Any) -> str:
    return str(one.name)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from(["x", "y", "Σ:z"]), max_size=3))))
def test_merging_loses_no_tag_and_no_image(parts: list[tuple[str, list[str]]]) -> None:
    merged = merged_images(parts)
    assert [one.image for one in merged] == sorted({image for image, _ in parts})
    for one in merged:
        came = [tags for image, tags in parts if image == one.image]
        expected = tuple(came[0]) if len(came) == 1 else tuple(sorted(set(itertools.chain(*came))))
        assert one.tags == expected


@pytest.mark.parametrize(
    ("status", "icon"),
    [
        ("Progressing", "◌"),
        ("Error", "⚠"),
        ("InvalidSpec", "⚠"),
        ("Paused", "॥"),
        ("Healthy", "✔"),
        ("Degraded", "✖"),
        ("Unknown", "?"),
        ("ScaledDown", "•"),
        ("Odd", " "),
        ("", " "),
    ],
)
def test_icons(status: str, icon: str) -> None:
    assert rollout_icon(status) == icon


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        ({"canary": {}}, "Canary"),
        ({"canary": None, "blueGreen": {}}, "BlueGreen"),
        ({"canary": {}, "blueGreen": {}}, "Canary"),
        ({}, ""),
    ],
)
def test_strategies(strategy: Json, name: str) -> None:
    assert facts(rollout({"strategy": strategy})).strategy == name


def test_fields_of_a_rollout() -> None:
    counts = {"replicas": 1, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 4}
    info = facts(rollout({"replicas": 9}, {**counts, "phase": "Healthy", "message": "fine"}))
    assert (info.name, info.namespace, info.created) == ("r", "ns", NOON - 3600)
    assert (info.status, info.icon, info.message) == ("Healthy", "✔", "fine")
    assert (info.desired, info.current, info.updated, info.ready, info.available) == (9, 1, 2, 3, 4)


def test_null_and_missing_read_as_zero() -> None:
    info = facts({"kind": "Rollout", "spec": None, "status": None})
    assert (info.name, info.namespace, info.created, info.desired, info.current) == ("", "", None, 1, 0)
    assert (info.status, info.message) == ("Progressing", "more replicas need to be updated")


def test_invalid_and_aborted_rollouts() -> None:
    invalid = {"conditions": [{"type": "InvalidSpec", "message": 'The Rollout "r" is invalid: spec'}]}
    info = facts(rollout({"strategy": {"canary": {}}}, invalid))
    assert (info.status, info.message) == ("Degraded", 'InvalidSpec: The Rollout "r" is invalid: spec')
    assert (info.step, info.set_weight, info.actual_weight, info.images) == ("", "100", "100", [])


def test_equal_objects_make_equal_infos_whatever_their_order() -> None:
    values = [
        replica_set("a", "s", 1, images=["i"]),
        replica_set("b", "c", 2),
        pod("p1", "a"),
        pod("p2", "a"),
        experiment("e"),
        analysis_run("ar"),
    ]
    one = facts(rollout(), *values)
    assert one == facts(rollout(), *reversed(values))
    assert one != facts(rollout(), *values[:-1])
    assert one != facts(rollout(), *values, pod("p3", "b"))
    assert one != facts(rollout(status={"replicas": 7}), *values)


def test_a_creation_time_that_is_none_names_the_object() -> None:
    odd = experiment("e")
    odd["metadata"]["creationTimestamp"] = ""
    with pytest.raises(Failure, match=r'^Experiment "e": metadata.creationTimestamp is not a time: ""$'):
        facts(rollout(), odd)
