"""The loop: nothing is lost, nothing is written twice, errors kill nothing; and the garbage collector."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from kubectl_rollouts.sandbox.cluster import Sandbox
from kubectl_rollouts.sandbox.objects import Object, name_of, namespace_of, owner_reference
from kubectl_rollouts.sandbox.runner import Runner
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.world import Clock, Create, Emit, Key, Outcome, Patch, World, soonest
from tests.sandbox.conftest import config_map, rollout

Reconcile = Callable[[str, World, Clock], Outcome]


class Maps:
    """A controller of ConfigMaps with the reconcile of a test."""

    kind = "ConfigMap"

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self.calls: list[str] = []

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        return ((namespace_of(obj), name_of(obj)),) if kind == "ConfigMap" else ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        self.calls.append(name)
        return self._reconcile(name, world, clock)


@pytest.fixture
def running() -> Iterator[Callable[..., tuple[Store, Runner, Maps, list[str]]]]:
    started: list[Runner] = []

    def start(reconcile: Reconcile, **arguments: Any) -> tuple[Store, Runner, Maps, list[str]]:
        store, maps, lines = Store(), Maps(reconcile), list[str]()
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        runner = Runner(store, [maps], log=lines.append, **arguments)
        started.append(runner)
        runner.start()
        return store, runner, maps, lines

    yield start
    for runner in started:
        runner.stop()


def eventually(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_changes_are_applied_and_settle(running: Any) -> None:
    def count(name: str, world: World, clock: Clock) -> Outcome:
        found = world.get("ConfigMap", "default", name)
        number = int((found or {}).get("data", {}).get("n", 5))
        return Outcome([Patch("ConfigMap", "default", name, {"data": {"n": str(min(number + 1, 5))}})])

    store, runner, _, lines = running(count)
    store.create(config_map("a", n="0"))
    assert runner.wait_idle(10)
    assert store.get("ConfigMap", "default", "a")["data"] == {"n": "5"}
    version = store.version
    time.sleep(0.05)
    assert store.version == version, "a patch that changes nothing writes nothing"
    assert lines == []


def test_errors_are_logged_once_and_tried_again(running: Any) -> None:
    def fail(name: str, world: World, clock: Clock) -> Outcome:
        if name == "bad" and len(maps.calls) < 8:
            raise ValueError("as planned")
        return Outcome([Patch("ConfigMap", "default", name, {"data": {"seen": "yes"}})])

    store, _, maps, lines = running(fail)
    store.create(config_map("bad"))
    store.create(config_map("good"))
    eventually(lambda: all(item.get("data") == {"seen": "yes"} for item in store.list("ConfigMap")))
    assert len(lines) == 1
    assert "ConfigMap controller: default/bad: ValueError: as planned (test_runner.py:" in lines[0]


def test_conflicts_are_looked_at_again_at_once(running: Any) -> None:
    raced = threading.Event()

    def race(name: str, world: World, clock: Clock) -> Outcome:
        found = world.get("ConfigMap", "default", name)
        assert found is not None
        version = found["metadata"]["resourceVersion"]
        if not raced.is_set():
            raced.set()
            store.patch("ConfigMap", "default", name, {"data": {"meanwhile": "yes"}})
        return Outcome([Patch("ConfigMap", "default", name, {"data": {"mine": "yes"}}, resource_version=version)])

    store, _, _, lines = running(race)
    store.create(config_map("a"))
    eventually(lambda: store.get("ConfigMap", "default", "a")["data"] == {"meanwhile": "yes", "mine": "yes"})
    assert lines == []


def test_names_that_are_taken_do_not_stop_the_rest(running: Any) -> None:
    def create(name: str, world: World, clock: Clock) -> Outcome:
        if world.get("ConfigMap", "default", "made") is not None and name == "a":
            return Outcome()
        return Outcome([Create(config_map("made"))] if name == "a" else ())

    store, runner, _, _ = running(create)
    store.create(config_map("a"))
    eventually(lambda: store.get("ConfigMap", "default", "made") is not None)
    assert runner.wait_idle(10)


def test_an_object_that_is_refused_is_told_of_and_tried_again(sandbox: Sandbox) -> None:
    made = rollout()
    name = made["metadata"]["name"] = "w" * 250
    sandbox.store.create(made)

    def conditions() -> list[Object]:
        found = sandbox.store.get("Rollout", "default", name) or {}
        return list((found.get("status") or {}).get("conditions") or ())

    eventually(lambda: any(c["reason"] == "ReplicaSetCreateError" for c in conditions()))
    eventually(lambda: any(e.get("count", 1) > 1 for e in sandbox.store.list("Event", "default")))


class Count:
    """Notes which of its keys were reconciled, after ConfigMaps changed."""

    def __init__(self, kind: str, done: list[str]) -> None:
        self.kind = kind
        self._done = done

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        return (("default", "all"),) if kind == "ConfigMap" else ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        self._done.append(self.kind)
        return Outcome()


def test_pods_come_before_what_counts_them() -> None:
    store, done = Store(), list[str]()
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    store.create(config_map("one"))
    runner = Runner(store, [Count(kind, done) for kind in ("Rollout", "ReplicaSet", "Pod")])
    runner.start()
    try:
        eventually(lambda: len(done) == 3)
    finally:
        runner.stop()
    assert done == ["Pod", "ReplicaSet", "Rollout"]


def counting(limit: int) -> Reconcile:
    """Counts a ConfigMap up to a limit, a step in each reconcile."""

    def reconcile(name: str, world: World, clock: Clock) -> Outcome:
        found = world.get("ConfigMap", "default", name) or {}
        number = int(found.get("data", {}).get("n", limit))
        return Outcome(
            [Patch("ConfigMap", "default", name, {"data": {"n": str(number + 1)}})] if number < limit else ()
        )

    return reconcile


def test_what_has_begun_goes_on_before_others_begin() -> None:
    store, maps = Store(), Maps(counting(3))
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    for name in "abc":
        store.create(config_map(name, n="0"))
    runner = Runner(store, [maps])
    runner.start()
    try:
        eventually(lambda: len(maps.calls) == 12)
    finally:
        runner.stop()
    assert "".join(maps.calls) == "aaaabbbbcccc"


def test_what_never_ends_lets_others_begin() -> None:
    store, maps = Store(), Maps(counting(1_000_000))
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    for name in "abc":
        store.create(config_map(name, n="0"))
    runner = Runner(store, [maps])
    runner.start()
    try:
        eventually(lambda: {"a", "b", "c"} == set(maps.calls))
    finally:
        runner.stop()


def test_timers_and_speed(running: Any) -> None:
    begin = time.time()

    def wait(name: str, world: World, clock: Clock) -> Outcome:
        if not clock.passed(begin, 30):
            return Outcome(again_in=clock.left(begin, 30))
        return Outcome([Patch("ConfigMap", "default", name, {"data": {"late": "yes"}})])

    store, _, maps, _ = running(wait, speed=100.0)
    store.create(config_map("a"))
    eventually(lambda: store.get("ConfigMap", "default", "a").get("data") == {"late": "yes"})
    assert time.time() - begin >= 0.3
    assert len(maps.calls) <= 4


def test_clock() -> None:
    clock = Clock(now=100.0, speed=60.0)
    assert clock.left(90.0, 3600) == 50.0
    assert not clock.passed(90.0, 601)
    assert clock.passed(90.0, 600)
    assert clock.after(60) == 101.0
    assert clock.elapsed(99.0) == 60.0
    assert (soonest(None, 2.0, 1.0), soonest(None)) == (1.0, None)


def test_repeated_events_are_counted(running: Any) -> None:
    def emit(name: str, world: World, clock: Clock) -> Outcome:
        found = world.get("ConfigMap", "default", name)
        return Outcome([Emit(found, "Normal", "Seen", "it was seen")] if found else ())

    store, runner, _, _ = running(emit)
    store.create(config_map("a"))
    assert runner.wait_idle(10)
    store.patch("ConfigMap", "default", "a", {"data": {"x": "y"}})
    eventually(lambda: [event["count"] for event in store.list("Event")] == [2])
    [event] = store.list("Event")
    assert event["involvedObject"]["name"] == "a"
    assert event["metadata"]["name"].startswith("a.")


def owned(kind: str, name: str, owner: Object, **metadata: Any) -> Object:
    whole = {"name": name, "namespace": "default", "ownerReferences": [owner_reference(owner)], **metadata}
    return {"apiVersion": "v1", "kind": kind, "metadata": whole}


def test_what_is_owned_goes_with_its_owner(sandbox: Sandbox) -> None:
    store = sandbox.store
    owner = store.create(config_map("owner"))
    middle = store.create(owned("ConfigMap", "middle", owner))
    store.create(owned("Secret", "leaf", middle))
    other = store.create(config_map("other"))
    shared = owned("Secret", "shared", owner)
    shared["metadata"]["ownerReferences"].append(owner_reference(other, controller=False))
    store.create(shared)
    store.delete("ConfigMap", "default", "owner")
    eventually(lambda: store.get("Secret", "default", "leaf") is None)
    eventually(lambda: len(store.get("Secret", "default", "shared")["metadata"]["ownerReferences"]) == 1)  # type: ignore[index]
    assert store.get("ConfigMap", "default", "middle") is None


def test_orphans_stay_and_foreground_waits(sandbox: Sandbox) -> None:
    store = sandbox.store
    owner = store.create(config_map("owner"))
    store.create(owned("Secret", "leaf", owner))
    store.delete("ConfigMap", "default", "owner", propagation="Orphan")
    eventually(lambda: store.get("ConfigMap", "default", "owner") is None)
    assert "ownerReferences" not in store.get("Secret", "default", "leaf")["metadata"]  # type: ignore[index]

    owner = store.create(config_map("owner"))
    store.create(owned("Secret", "held", owner, finalizers=["test/hold"]))
    store.delete("ConfigMap", "default", "owner", propagation="Foreground")
    eventually(lambda: "deletionTimestamp" in store.get("Secret", "default", "held")["metadata"])  # type: ignore[index]
    assert store.get("ConfigMap", "default", "owner") is not None
    store.patch("Secret", "default", "held", {"metadata": {"finalizers": None}})
    eventually(lambda: store.get("ConfigMap", "default", "owner") is None)


def test_objects_of_owners_that_never_were_go(sandbox: Sandbox) -> None:
    ghost = {**config_map("ghost"), "metadata": {"name": "ghost", "namespace": "default", "uid": "no-such-uid"}}
    sandbox.store.create(owned("Secret", "lost", ghost))
    eventually(lambda: sandbox.store.get("Secret", "default", "lost") is None)


def test_a_namespace_is_emptied_before_it_goes(sandbox: Sandbox) -> None:
    store = sandbox.store
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    for number in range(120):
        store.create(config_map(f"m{number}", "team"))
    held = {"name": "held", "namespace": "team", "finalizers": ["test/hold"]}
    store.create({"apiVersion": "v1", "kind": "Secret", "metadata": held})
    store.delete("Namespace", "", "team")
    eventually(lambda: not store.list("ConfigMap", "team"))
    assert store.get("Namespace", "", "team")["status"]["phase"] == "Terminating"  # type: ignore[index]
    store.patch("Secret", "team", "held", {"metadata": {"finalizers": None}})
    eventually(lambda: store.get("Namespace", "", "team") is None)


def test_many_releases_at_once_all_arrive_and_watches_see_the_end(sandbox: Sandbox) -> None:
    store = sandbox.store
    names = [f"r{number}" for number in range(20)]
    begin = dict.fromkeys(("Rollout", "Pod"), store.version)
    steps = {"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": "1s"}}]}}
    for name in names:
        store.create(rollout(name, strategy=steps))

    def healthy(image: str) -> bool:
        return all(
            (item.get("status") or {}).get("phase") == "Healthy"
            and item["status"]["observedGeneration"] == str(item["metadata"]["generation"])
            and item["spec"]["template"]["spec"]["containers"][0]["image"] == image
            for item in store.list("Rollout")
        )

    eventually(lambda: healthy("web:1"), 30)
    for name in names:
        containers = [{"name": "web", "image": "web:2", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]
        store.patch("Rollout", "default", name, {"spec": {"template": {"spec": {"containers": containers}}}})
    eventually(lambda: healthy("web:2"), 60)
    assert sandbox.wait_idle(10)
    for kind, version in begin.items():
        seen = {}
        for change in store.changes(kind, version, 0)[0]:
            seen[name_of(change.object)] = None if change.type == "DELETED" else change.object
        stored = store.list(kind)
        assert [seen[name] for name in sorted(seen) if seen[name]] == sorted(stored, key=name_of)


def test_a_paused_release_without_a_preview_service_is_quiet(sandbox: Sandbox) -> None:
    store = sandbox.store
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    metadata = {"name": "web", "namespace": "default"}
    store.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service})
    store.create(rollout(replicas=1, strategy={"blueGreen": {"activeService": "web", "autoPromotionEnabled": False}}))

    def phase(wanted: str) -> bool:
        found = store.get("Rollout", "default", "web") or {}
        status = found.get("status") or {}
        return bool(
            status.get("phase") == wanted and status["observedGeneration"] == str(found["metadata"]["generation"])
        )

    eventually(lambda: phase("Healthy"))
    template = {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}
    store.patch("Rollout", "default", "web", {"spec": {"template": template}})
    eventually(lambda: phase("Paused"))
    eventually(lambda: sandbox.wait_idle(0.2))
    version = store.version
    time.sleep(0.3)
    assert store.version - version < 5, "no status write that changes nothing"
