"""What pods are doing (spec/view.md §6.6)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout import objects
from kubectl_rollouts.rollout.pods import pod_icon, pod_info
from tests.support.objects import facts, pod, replica_set, rollout, typed

Json = dict[str, Any]


def container(name: str = "c", restarts: int = 0, ready: bool = False, **state: Any) -> Json:
    """One entry of containerStatuses; what is left of `state` are fields of the entry."""
    kinds = {key: state.pop(key) for key in ("waiting", "running", "terminated") if key in state}
    return {"name": name, "restartCount": restarts, "ready": ready, "state": kinds, **state}


def up(name: str = "c", restarts: int = 0) -> Json:
    return container(name, restarts, ready=True, running={})


def waiting(reason: str | None, restarts: int = 0, name: str = "c") -> Json:
    return container(name, restarts, waiting={"reason": reason} if reason else {})


def ended(restarts: int = 0, **terminated: Any) -> Json:
    return container("c", restarts, terminated=terminated)


def shown(value: Json) -> tuple[str, str]:
    info = pod_info(typed(objects.Pod, value))
    return f"{info.icon} {info.status}", f"{info.ready}/{info.total}" + (f" {info.restarts}" if info.restarts else "")


def made(
    *statuses: Json | None,
    init: list[Json | None] | None = None,
    inits: list[Json | None] | None = None,
    of: int | None = None,
    **status: Any,
) -> Json:
    """A pod with container statuses; `init` are those of init containers, `inits` their declarations."""
    declared = inits if inits is not None else [{"name": f"i{index}"} for index in range(len(init or ()))]
    spec = {"containers": [{"name": f"c{index}"} for index in range(of or max(len(statuses), 1))]}
    return pod(
        "p",
        "rs",
        {**spec, "initContainers": declared},
        {"phase": "Running", "containerStatuses": list(statuses), "initContainerStatuses": init, **status},
    )


SIDECAR = [{"name": "side", "restartPolicy": "Always"}, {"name": "next"}]


@pytest.mark.parametrize(
    ("value", "status", "ready"),
    [
        (made(phase="Pending"), "◌ Pending", "0/1"),
        (made(phase="Failed", reason="Evicted"), "  Evicted", "0/1"),
        (made(phase="Succeeded"), "  Succeeded", "0/1"),
        (made(up("a", 1), up("b", 2)), "✔ Running", "2/2 3"),
        (made(waiting("CrashLoopBackOff", 5), up()), "✖ CrashLoopBackOff", "1/2 5"),
        (made(up(), waiting("ErrImagePull")), "⚠ ErrImagePull", "1/2"),
        (made(waiting("ContainerCreating"), waiting("ImagePullBackOff")), "◌ ContainerCreating", "0/2"),
        (made(ended(reason="Completed"), up()), "✔ Running", "1/2"),
        (made(ended(reason="Completed"), container(running={})), "✔ Completed", "0/2"),
        (made(ended(exitCode=137)), "✖ ExitCode:137", "0/1"),
        (made(ended(signal=9)), "✖ Signal:9", "0/1"),
        (made(ended()), "✖ ExitCode:0", "0/1"),
        (made(ended(reason="OOMKilled")), "  OOMKilled", "0/1"),
        (
            made(
                waiting("PodInitializing", 7),
                init=[container(restarts=2, running={}), waiting("PodInitializing", 3)],
            ),
            "◌ Init:0/2",
            "0/1 2",
        ),
        (
            made(
                waiting("PodInitializing"),
                init=[ended(2, exitCode=0), waiting("PodInitializing", 3)],
            ),
            "◌ Init:1/2",
            "0/1 5",
        ),
        (made(init=[ended(1, exitCode=1, reason="Error")]), "◌ Init:Error", "0/1 1"),
        (made(init=[ended(exitCode=3)]), "◌ Init:ExitCode:3", "0/1"),
        (made(init=[ended(exitCode=134, signal=6)]), "◌ Init:Signal:6", "0/1"),
        (made(init=[waiting("CrashLoopBackOff", 4)]), "◌ Init:CrashLoopBackOff", "0/1 4"),
        (made(init=[waiting(None)]), "◌ Init:0/1", "0/1"),
        (made(init=[None]), "◌ Init:0/1", "0/1"),
        (made(waiting("PodInitializing"), init=[ended(1, exitCode=0)]), "  PodInitializing", "0/1"),
        (
            made(up(), init=[container("side", 9, ready=True, running={}, started=True)], inits=SIDECAR),
            "✔ Running",
            "1/1",
        ),
        (
            made(
                up("c", 1),
                init=[
                    container("side", 9, running={}, started=True),
                    waiting("PodInitializing", name="next"),
                ],
                inits=SIDECAR,
            ),
            "✔ Running",
            "1/1 1",
        ),
        (made(init=[container("side", running={}, started=False)], inits=SIDECAR[:1]), "◌ Init:0/1", "0/1"),
        (made(init=[container("side", running={}, started=True)], inits=[None, *SIDECAR]), "✔ Running", "0/1"),
        (made(waiting("CreateContainerConfigError")), "⚠ CreateContainerConfigError", "0/1"),
        (made(waiting(None), phase="Pending"), "◌ Pending", "0/1"),
        (made(None, {"name": "x", "state": None}, of=2), "✔ Running", "0/2"),
        (made(reason="NodeLost"), "  NodeLost", "0/1"),
        (pod("p", "rs", {}, {}), "  ", "0/0"),
    ],
)
def test_verified_examples(value: Json, status: str, ready: str) -> None:
    assert shown(value) == (status, ready)
    gone = {**value, "metadata": {**value["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert shown(gone)[0] == ("? Unknown" if value["status"].get("reason") == "NodeLost" else "◌ Terminating")


@pytest.mark.parametrize(
    ("status", "icon"),
    [
        ("Init:0/1", "◌"),
        ("Init:Error", "◌"),
        ("Signal:9", "✖"),
        ("ExitCode:0", "✖"),
        ("Error", "⚠"),
        ("ErrImageNeverPull", "⚠"),
        ("RunContainerError", "⚠"),
        ("Pending", "◌"),
        ("Terminating", "◌"),
        ("ContainerCreating", "◌"),
        ("Running", "✔"),
        ("Completed", "✔"),
        ("Failed", "✖"),
        ("InvalidImageName", "✖"),
        ("CrashLoopBackOff", "✖"),
        ("ImagePullBackOff", "⚠"),
        ("RegistryUnavailable", "⚠"),
        ("Unknown", "?"),
        ("OOMKilled", " "),
        ("", " "),
    ],
)
def test_icons(status: str, icon: str) -> None:
    assert pod_icon(status) == icon


def test_null_and_missing_read_as_zero() -> None:
    value = {"metadata": {"name": "p"}, "spec": None, "status": None}
    assert shown(value) == ("  ", "0/0")
    value = {"status": {"containerStatuses": [None]}, "spec": {"containers": [None, {"name": None}]}}
    assert shown(value) == ("  ", "0/2")


def test_oldest_first_then_by_name() -> None:
    info = facts(
        rollout(),
        replica_set("rs"),
        pod("b", "rs", age=10),
        pod("a", "rs", age=10),
        pod("old", "rs", age=99),
        pod("undated", "rs", age=None),
    )
    assert [one.name for one in info.replica_sets[0].pods] == ["undated", "old", "a", "b"]


def test_a_pod_belongs_to_the_first_of_its_owners_that_is_listed() -> None:
    both = pod("p", "x")
    both["metadata"]["ownerReferences"] = [{"uid": "elsewhere"}, None, {"uid": "two"}, {"uid": "one"}, {"uid": "two"}]
    info = facts(rollout(), replica_set("one"), replica_set("two"), both, pod("stray", "elsewhere"))
    assert {one.name: [p.name for p in one.pods] for one in info.replica_sets} == {"one": [], "two": ["p"]}


def test_a_creation_time_that_is_none_names_the_pod() -> None:
    odd = pod("p", "rs")
    odd["metadata"]["creationTimestamp"] = "yesterday"
    with pytest.raises(Failure, match=r'^Pod "p": metadata.creationTimestamp is not a time: "yesterday"$'):
        facts(rollout(), replica_set("rs"), odd)
