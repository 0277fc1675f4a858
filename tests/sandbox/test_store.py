"""The store: versions, generations, conflicts, deletions, and watches that tell what lists show."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.objects import owner_reference
from kubectl_rollouts.sandbox.store import Store
from tests.sandbox.conftest import config_map, rollout


def fresh(**arguments: Any) -> Store:
    store = Store(**arguments)
    for name in ("default", "other"):
        spec = {"finalizers": ["kubernetes"]}
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": spec})
    return store


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["create", "patch", "same", "status", "label", "delete", "finalize"]),
        st.sampled_from("abc"),
        st.sampled_from(["default", "other"]),
        st.integers(0, 3),
    ),
    max_size=40,
)


def act(store: Store, action: str, name: str, namespace: str, number: int) -> None:
    key = ("Rollout", namespace, name)
    if action == "create":
        store.create({"kind": "Rollout", "metadata": {"name": name, "namespace": namespace}, "spec": {"n": number}})
    elif action == "patch":
        store.patch(*key, {"spec": {"n": number}})
    elif action == "same":
        store.patch(*key, {})
    elif action == "status":
        store.patch(*key, {"status": {"n": number}, "spec": {"ignored": number}}, "status")
    elif action == "label":
        store.patch(*key, {"metadata": {"labels": {"n": str(number)}}, "status": {"ignored": True}})
    elif action == "finalize":
        store.patch(*key, {"metadata": {"finalizers": ["x"] if number else None}})
    else:
        store.delete(*key)


@settings(max_examples=150, deadline=None)
@given(ACTIONS)
def test_every_write_has_its_version_and_watches_replay_to_lists(actions: list[tuple[str, str, str, int]]) -> None:
    store = fresh()
    begin = store.listing("Rollout")
    for action, name, namespace, number in actions:
        before = store.get("Rollout", namespace, name)
        version = store.version
        try:
            act(store, action, name, namespace, number)
        except ApiStatus as error:
            assert error.code in (404, 409)
            assert store.version == version
            continue
        after = store.get("Rollout", namespace, name)
        assert store.version - version in (0, 1)
        if before is after:
            assert store.version == version
        elif after is not None:
            assert after["metadata"]["resourceVersion"] == str(store.version)
        if before is not None and after is not None:
            raised = after["metadata"]["generation"] - before["metadata"]["generation"]
            begins = "deletionTimestamp" in after["metadata"] and "deletionTimestamp" not in before["metadata"]
            assert raised == int(before["spec"] != after["spec"] or begins)
            assert after["metadata"]["uid"] == before["metadata"]["uid"]
            assert "ignored" not in after["spec"]
            assert "ignored" not in (after.get("status") or {})
    replayed: dict[tuple[str, str], Any] = {}
    changes, _ = store.changes("Rollout", begin.version, 0)
    for change in changes:
        key = (change.object["metadata"]["namespace"], change.object["metadata"]["name"])
        assert (key in replayed) == (change.type != "ADDED")
        assert change.before is (replayed.get(key))
        if change.type == "DELETED":
            del replayed[key]
        else:
            replayed[key] = change.object
    assert [replayed[key] for key in sorted(replayed)] == store.listing("Rollout").items
    versions = [change.version for change in changes]
    assert versions == sorted(set(versions))


def test_kinds_without_status_subresource_count_their_status() -> None:
    store = fresh()
    run = {"kind": "AnalysisRun", "metadata": {"name": "a", "namespace": "default"}, "spec": {}}
    assert store.create({**run, "status": {"phase": "Running"}})["status"] == {"phase": "Running"}
    assert store.patch("AnalysisRun", "default", "a", {"status": {"phase": "Failed"}})["metadata"]["generation"] == 2


def test_a_deployment_counts_its_annotations() -> None:
    store = fresh()
    store.create({"kind": "Deployment", "metadata": {"name": "a", "namespace": "default"}, "spec": {"n": 1}})
    labels = store.patch("Deployment", "default", "a", {"metadata": {"labels": {"a": "b"}}})
    assert labels["metadata"]["generation"] == 1
    annotated = store.patch("Deployment", "default", "a", {"metadata": {"annotations": {"a": "b"}}})
    assert annotated["metadata"]["generation"] == 2


def test_the_server_decides_its_own_metadata() -> None:
    store = fresh()
    given_metadata = {"name": "a", "namespace": "default", "uid": "mine", "generation": 7, "creationTimestamp": "x"}
    made = store.create({**rollout("a"), "metadata": given_metadata, "status": {"phase": "Healthy"}})
    assert made["metadata"]["uid"] != "mine"
    assert made["metadata"]["generation"] == 1
    assert "status" not in made
    put = store.update({**made, "metadata": {**made["metadata"], "generation": 9, "creationTimestamp": None}})
    assert put is store.get("Rollout", "default", "a")
    assert put is made or put == made


def test_generated_names_differ() -> None:
    store = fresh()
    metadata = {"generateName": "web-", "namespace": "default"}
    names = {store.create({"kind": "Pod", "metadata": metadata, "spec": {}})["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


def test_stale_writes_conflict() -> None:
    store = fresh()
    old = store.create(rollout("a"))
    store.patch("Rollout", "default", "a", {"spec": {"replicas": 3}})
    with pytest.raises(ApiStatus, match="the object has been modified") as caught:
        store.update({**old, "spec": {"replicas": 4}})
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
    with pytest.raises(ApiStatus, match="Precondition failed: UID"):
        store.delete("Rollout", "default", "a", uid="other")


def test_namespaces_must_exist_and_not_end() -> None:
    store = fresh()
    with pytest.raises(ApiStatus, match='namespaces "nowhere" not found'):
        store.create(config_map("a", "nowhere"))
    store.delete("Namespace", "", "other")
    with pytest.raises(ApiStatus, match="because it is being terminated"):
        store.create(config_map("a", "other"))
    with pytest.raises(ApiStatus, match="may not be deleted"):
        store.delete("Namespace", "", "default")


def test_pods_have_a_grace_that_can_be_hurried() -> None:
    store = fresh()
    store.create({"kind": "Pod", "metadata": {"name": "a", "namespace": "default"}, "spec": {"nodeName": "sandbox"}})
    pod, gone = store.delete("Pod", "default", "a")
    assert (gone, pod["metadata"]["deletionGracePeriodSeconds"]) == (False, 30)
    again, _ = store.delete("Pod", "default", "a", grace=60)
    assert again == pod
    hurried, _ = store.delete("Pod", "default", "a", grace=5)
    assert hurried["metadata"]["deletionGracePeriodSeconds"] == 5
    assert store.delete("Pod", "default", "a", grace=0)[1]
    store.create({"kind": "Pod", "metadata": {"name": "b", "namespace": "default"}, "spec": {}})
    assert store.delete("Pod", "default", "b")[1], "a pod that no node runs has nothing to wait for"


def test_finalizers_hold_an_object_until_they_are_gone() -> None:
    store = fresh()
    store.create({**config_map("a"), "metadata": {"name": "a", "namespace": "default", "finalizers": ["x/y"]}})
    marked, gone = store.delete("ConfigMap", "default", "a")
    assert not gone
    assert marked["metadata"]["deletionTimestamp"]
    store.patch("ConfigMap", "default", "a", {"metadata": {"finalizers": None}})
    assert store.get("ConfigMap", "default", "a") is None


def test_owned_objects_are_found_by_uid() -> None:
    store = fresh()
    owner = store.create(rollout("a"))
    reference = {"name": "s", "namespace": "default", "ownerReferences": [owner_reference(owner)]}
    store.create({"kind": "ReplicaSet", "metadata": reference, "spec": {}})
    [found] = store.owned("ReplicaSet", owner["metadata"]["uid"])
    assert found["metadata"]["name"] == "s"
    store.patch("ReplicaSet", "default", "s", {"metadata": {"ownerReferences": None}})
    assert store.owned("ReplicaSet", owner["metadata"]["uid"]) == []


def test_old_versions_are_gone() -> None:
    store = fresh(window=5)
    first = store.create(config_map("a"))
    for number in range(30):
        store.patch("ConfigMap", "default", "a", {"data": {"n": str(number)}})
    with pytest.raises(ApiStatus, match="too old resource version") as caught:
        store.changes("ConfigMap", int(first["metadata"]["resourceVersion"]), 0)
    assert caught.value.code == 410
    assert len(store.changes("ConfigMap", store.version - 5, 0)[0]) == 5


def test_dry_runs_change_nothing() -> None:
    store = fresh()
    version = store.version
    store.create(config_map("a"), dry_run=True)
    store.create(config_map("b"))
    store.change("ConfigMap", "default", "b", lambda old: {**old, "data": {"x": "y"}}, dry_run=True)
    store.delete("ConfigMap", "default", "b", dry_run=True)
    assert store.version == version + 1
    assert [obj["metadata"]["name"] for obj in store.list("ConfigMap")] == ["b"]


def test_writers_side_by_side_lose_nothing() -> None:
    store = fresh()
    store.create(config_map("a", count="0"))

    def count() -> None:
        for _ in range(50):
            store.change(
                "ConfigMap", "default", "a", lambda old: {**old, "data": {"count": str(int(old["data"]["count"]) + 1)}}
            )

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.get("ConfigMap", "default", "a")
    assert found is not None
    assert found["data"] == {"count": "200"}


def test_readers_do_not_wait_for_who_works_out_a_write() -> None:
    store = fresh()
    store.create(config_map("a"))
    begun, read = threading.Event(), threading.Event()

    def edit(old: Any) -> Any:
        begun.set()
        assert read.wait(10)
        return {**old, "data": {"n": "1"}}

    writer = threading.Thread(target=store.change, args=("ConfigMap", "default", "a", edit))
    writer.start()
    assert begun.wait(10)
    assert [obj["metadata"]["name"] for obj in store.listing("ConfigMap").items] == ["a"]
    assert store.changes("ConfigMap", store.version, 0)[0] == []
    read.set()
    writer.join(10)
    assert [change.object["data"] for change in store.changes("ConfigMap", store.version - 1, 0)[0]] == [{"n": "1"}]


def test_clearing_tells_the_watches() -> None:
    store = fresh()
    store.create({**config_map("a"), "metadata": {"name": "a", "namespace": "default", "finalizers": ["x/y"]}})
    version = store.version
    store.clear()
    assert [change.type for change in store.changes("ConfigMap", version, 0)[0]] == ["DELETED"]
    assert not any(store.list(kind) for kind in ("ConfigMap", "Namespace"))
