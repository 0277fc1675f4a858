"""`set image` by several at once: no lost update, no false success."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.boundaries import AFTER, BEFORE, Boundaries, Object, boundaries
from tests.support.cli import environment, run_cli

PROCESSES, EACH = 8, 100
CONFLICT = {"match": "(PUT|PATCH) .*/rollouts/web", "status": 409, "reason": "Conflict", "message": "was modified"}


def rollout(containers: int = PROCESSES) -> Object:
    entries = [{"name": f"c{number}", "image": "first:0", "env": [{"name": "A"}]} for number in range(containers)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default", "generation": 1},
        "spec": {"template": {"spec": {"containers": entries}}, "newerField": {"kept": True}},
    }


def deployment(name: str = "web") -> Object:
    template = {"spec": {"containers": [{"name": "c0", "image": "first:0"}]}}
    meta = {"name": name, "namespace": "default", "generation": 1}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": template}}


def images(cluster: Boundaries) -> list[str]:
    return [entry["image"] for entry in cluster.object()["spec"]["template"]["spec"]["containers"]]


def all_at_once(cluster: Boundaries, containers: list[str]) -> list[dict[str, int]]:
    """Run a process for each container; the exit status of each image that they tried to set, in order."""
    script = Path(__file__).with_name("image_setter.py")
    running = [
        subprocess.Popen(
            [sys.executable, script, container, f"p{number}", str(EACH)],
            env=environment(cluster.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for number, container in enumerate(containers)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    return [{image: int(status) for image, status in map(str.split, text.splitlines())} for text in outputs]


def written(cluster: Boundaries) -> list[str]:
    """Every image that the server has ever held, in the order it came."""
    seen: list[str] = []
    before = {"first:0"}
    for _, _, _, obj in cluster.cluster.history:
        now = {entry["image"] for entry in obj["spec"]["template"]["spec"]["containers"]}
        seen += now - before
        before = now
    return seen


def test_each_its_own_container(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout()) as cluster:
        outcomes = all_at_once(cluster, [f"c{number}" for number in range(PROCESSES)])
        assert [len(each) for each in outcomes] == [EACH] * PROCESSES
        assert all(status == 0 for each in outcomes for status in each.values())  # nobody is in another's way
        assert images(cluster) == [f"p{number}:{EACH - 1}" for number in range(PROCESSES)]
        assert sorted(written(cluster)) == sorted(image for each in outcomes for image in each)
        assert cluster.object()["spec"]["newerField"] == {"kept": True}


def test_all_of_them_all_containers(tmp_path: Path) -> None:
    """`*` must not miss a container that comes meanwhile, so it is refused when the object has changed at all."""
    with boundaries(tmp_path, rollout()) as cluster:
        outcomes = all_at_once(cluster, ["*"] * PROCESSES)
        tried = {image: status for each in outcomes for image, status in each.items()}
        assert len(tried) == PROCESSES * EACH
        assert set(tried.values()) <= {0, 1}
        succeeded = sorted(image for image, status in tried.items() if status == 0)
        assert len(succeeded) > PROCESSES
        assert sorted(written(cluster)) == succeeded  # each success was there, no failure ever was
        assert len(set(images(cluster))) == 1


def test_a_version_that_is_always_another(tmp_path: Path) -> None:
    def touch(obj: Object) -> None:
        obj["metadata"].setdefault("annotations", {})["touched"] = str(len(cluster.cluster.log))

    with boundaries(tmp_path, rollout(1)) as cluster:
        for number in range(1, 30):
            cluster.meanwhile(number, touch)
        outcome = run_cli("set", "image", "web", "*=new:1", env=cluster.env)
        assert outcome.status == 1
        assert (
            'Error: Operation cannot be fulfilled on rollouts.argoproj.io "web": the object has been' in outcome.stderr
        )
        assert len([entry for entry in cluster.cluster.log if entry["method"] == "PATCH"]) == 5


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("container", ["c0", "*"])
def test_a_lost_request_or_reply(when: str, container: str, tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(2)) as cluster:
        cluster.at(2, when)
        outcome = run_cli("set", "image", "web", f"{container}=new:1", env=cluster.env)
        assert (outcome.stdout, outcome.status) == ('rollout "web" image updated\n', 0)
        assert images(cluster)[0] == "new:1"
        patches = [entry for entry in cluster.cluster.log if entry["method"] == "PATCH"]
        assert len(patches) == (2 if when == BEFORE else 1)  # never repeated blindly


def test_conflicts_are_tried_again(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[{**CONFLICT, "times": 4}]) as cluster:
        assert run_cli("set", "image", "web", "c0=new:1", env=cluster.env).status == 0
        assert images(cluster) == ["new:1"]


def test_five_conflicts_are_an_error(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[{**CONFLICT, "times": 5}]) as cluster:
        outcome = run_cli("set", "image", "web", "c0=new:1", env=cluster.env)
        assert outcome == ("", "Error: was modified\n", 1)
        assert images(cluster) == ["first:0"]


def test_a_container_that_moves_meanwhile_is_found_again(tmp_path: Path) -> None:
    def insert(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"].insert(0, {"name": "new", "image": "other:1"})

    with boundaries(tmp_path, rollout(1)) as cluster:
        cluster.meanwhile(2, insert)
        assert run_cli("set", "image", "web", "c0=new:1", env=cluster.env).status == 0
        assert images(cluster) == ["other:1", "new:1"]


def test_all_means_those_that_come_meanwhile_too(tmp_path: Path) -> None:
    def append(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"].append({"name": "new", "image": "other:1"})

    with boundaries(tmp_path, rollout(1)) as cluster:
        cluster.meanwhile(2, append)
        assert run_cli("set", "image", "web", "*=new:1", env=cluster.env).status == 0
        assert images(cluster) == ["new:1", "new:1"]


def test_an_image_that_the_server_refuses(tmp_path: Path) -> None:
    refusal = {"match": "PATCH", "times": 9, "status": 422, "reason": "Invalid", "message": "spec.image: Required"}
    with boundaries(tmp_path, rollout(1), faults=[refusal]) as cluster:
        outcome = run_cli("set", "image", "web", "c0=", env=cluster.env)
        assert outcome == ("", "Error: spec.image: Required\n", 1)
        assert len([entry for entry in cluster.cluster.log if entry["method"] == "PATCH"]) == 1


def no_right(method: str) -> Object:
    message = f"cannot {method}"
    return {"match": f"^{method} ", "times": 99, "status": 403, "reason": "Forbidden", "message": message}


@pytest.mark.parametrize("container", ["c0", "*"])
def test_who_may_update_but_not_patch(container: str, tmp_path: Path) -> None:
    """The reference replaces the object, so there are roles with that right alone."""
    with boundaries(tmp_path, rollout(2), faults=[no_right("PATCH")]) as cluster:
        outcome = run_cli("set", "image", "web", f"{container}=new:1", env=cluster.env)
        assert outcome == ('rollout "web" image updated\n', "", 0)
        assert images(cluster) == ["new:1", "first:0" if container == "c0" else "new:1"]
        assert cluster.object()["spec"]["newerField"] == {"kept": True}
        assert [entry["method"] for entry in cluster.cluster.log] == ["GET", "PATCH", "PUT"]


def test_an_update_of_something_that_changes_is_tried_again(tmp_path: Path) -> None:
    def insert(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"].insert(0, {"name": "new", "image": "other:1"})

    with boundaries(tmp_path, rollout(1), faults=[no_right("PATCH")]) as cluster:
        cluster.meanwhile(2, insert)  # faults are answered before they count: this is the PUT
        assert run_cli("set", "image", "web", "c0=new:1", env=cluster.env).status == 0
        assert images(cluster) == ["other:1", "new:1"]


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_lost_update(when: str, tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[no_right("PATCH")]) as cluster:
        cluster.at(2, when)
        outcome = run_cli("set", "image", "web", "c0=new:1", env=cluster.env)
        assert outcome == ('rollout "web" image updated\n', "", 0)
        assert images(cluster) == ["new:1"]


def test_who_may_neither_patch_nor_update(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[no_right("PATCH"), no_right("PUT")]) as cluster:
        assert run_cli("set", "image", "web", "c0=new:1", env=cluster.env) == ("", "Error: cannot PUT\n", 1)
        assert images(cluster) == ["first:0"]


def test_an_update_that_is_only_tried(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[no_right("PATCH")]) as cluster:
        outcome = run_cli("set", "image", "web", "c0=new:1", "--dry-run=server", "--diff", env=cluster.env)
        assert outcome.status == 0
        assert "+      - image: new:1" in outcome.stdout or "new:1" in outcome.stdout
        assert images(cluster) == ["first:0"]


def test_an_update_is_guarded_too(tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1), faults=[no_right("PATCH")]) as cluster:
        outcome = run_cli("set", "image", "web", "c0=new:1", "--resource-version=1", env=cluster.env)
        assert outcome.stderr == "Error: rollout 'web' is at resource version 1001 by now, not 1\n"
        assert images(cluster) == ["first:0"]
        outcome = run_cli("set", "image", "web", "c0=new:1", "--resource-version=1001", env=cluster.env)
        assert outcome.status == 0
        assert images(cluster) == ["new:1"]


@pytest.mark.parametrize("revision", ["3", "4"])
def test_an_update_looks_again_at_what_it_is_guarded_by(revision: str, tmp_path: Path) -> None:
    held = rollout(1)
    held["metadata"]["annotations"] = {"rollout.argoproj.io/revision": "3"}
    with boundaries(tmp_path, held, faults=[no_right("PATCH")]) as cluster:
        cluster.meanwhile(3, lambda obj: obj["metadata"].update(annotations={"rollout.argoproj.io/revision": revision}))
        outcome = run_cli("set", "image", "web", "c0=new:1", "--as-of-revision=3", env=cluster.env)
        if revision == "3":
            assert (outcome.status, images(cluster)) == (0, ["new:1"])
        else:
            assert outcome.stderr == "Error: rollout 'web' is at revision 4 by now, not 3\n"
            assert images(cluster) == ["first:0"]


def workload(kind: Any) -> Object:
    made = rollout(1)
    made["spec"] = {"workloadRef": {"apiVersion": "apps/v1", "kind": kind, "name": "web"}}
    return made


def test_the_deployment_that_is_referred_to(tmp_path: Path) -> None:
    with boundaries(tmp_path, workload("Deployment"), deployment()) as cluster:
        outcome = run_cli("set", "image", "web", "c0=new:1", env=cluster.env)
        assert outcome == ('deployment "web" image updated\n', "", 0)
        held = cluster.object("deployments")["spec"]["template"]["spec"]["containers"]
        assert held == [{"name": "c0", "image": "new:1"}]


def test_no_deployment_is_touched_in_the_place_of_something_else(tmp_path: Path) -> None:
    with boundaries(tmp_path, workload("StatefulSet"), deployment()) as cluster:
        outcome = run_cli("set", "image", "web", "c0=new:1", env=cluster.env)
        assert outcome.status == 1
        assert outcome.stderr.startswith("Error: spec.workloadRef refers to a StatefulSet")
        assert {entry["method"] for entry in cluster.cluster.log} == {"GET"}


def test_a_reference_without_a_name_is_not_the_rollout_itself(tmp_path: Path) -> None:
    nameless = rollout(1)
    nameless["spec"]["workloadRef"] = {"kind": "Deployment", "name": ""}
    with boundaries(tmp_path, nameless) as cluster:
        assert run_cli("set", "image", "web", "c0=new:1", env=cluster.env) == ("", "Error: name is required\n", 1)
        assert images(cluster) == ["first:0"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "name is required"),
        ("..", "invalid resource name \"..\": [may not be '..']"),
        ("a/b", "invalid resource name \"a/b\": [may not contain '/']"),
        ("nope", 'rollouts.argoproj.io "nope" not found'),
    ],
)
def test_names_that_are_none(name: str, text: str, tmp_path: Path) -> None:
    with boundaries(tmp_path, rollout(1)) as cluster:
        assert run_cli("set", "image", name, "c0=x", env=cluster.env) == ("", f"Error: {text}\n", 1)
