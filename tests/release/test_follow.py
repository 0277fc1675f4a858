"""Following a release: what is shown in the end is what the server has, whatever happens to the watches."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.release import follow as follow_module
from kubectl_rollouts.release import probe
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from tests.support.api_server import ApiServer
from tests.support.releases import analysis_run, experiment, full, pod, replica_set, rollout, simple

HASHES = "rollouts-pod-template-hash in "


class Watched:
    """A follower, and what it delivered."""

    def __init__(self, client: Client, root: Any, name: str) -> None:
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.follower = Follower(client, fetch(client, "default", root, name, to_follow=True), self.inbox.put)
        self.newest: Followed | None = None
        self.follower.start()

    def until(self, wanted: Callable[[Followed], bool], seconds: float = 15) -> Followed:
        """Wait for a state; the newest one when it does not come is in the failure."""
        ends = time.monotonic() + seconds
        while self.newest is None or not wanted(self.newest):
            try:
                item = self.inbox.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                raise AssertionError(f"did not come: {self.newest}") from None
            if isinstance(item, BaseException):
                raise item
            self.newest = item
        return self.newest

    def drained(self, seconds: float = 0.3) -> list[Any]:
        """What comes within some time."""
        items = []
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            try:
                items.append(self.inbox.get(timeout=left))
            except Empty:
                break
        return items


@pytest.fixture
def watch(client: Client) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def begin(root: Any = ROLLOUTS, name: str = "web") -> Watched:
        made.append(Watched(client, root, name))
        return made[-1]

    yield begin
    for one in made:
        one.follower.stop()


def put(server: ApiServer, *objects: dict[str, Any]) -> None:
    for obj in objects:
        server.put(obj)


def shown(followed: Followed) -> set[str]:
    """Everything in the tree, by name."""
    info: Any = followed.info
    names = {run.name for run in info.analysis_runs}
    for holder in (info, *getattr(info, "experiments", [])):
        names |= {one.name for one in holder.replica_sets}
        names |= {pod.name for one in holder.replica_sets for pod in one.pods}
        names |= {run.name for run in holder.analysis_runs}
    return names | {one.name for one in getattr(info, "experiments", [])}


def status(followed: Followed) -> str:
    return followed.info.status


def has(*names: str) -> Callable[[Followed], bool]:
    return lambda followed: set(names) <= shown(followed)


def lacks(*names: str) -> Callable[[Followed], bool]:
    return lambda followed: not set(names) & shown(followed)


def test_the_first_state_comes_at_once_and_equal_states_do_not(
    server: ApiServer, watch: Callable[..., Watched]
) -> None:
    put(server, *full())
    followed = watch()
    followed.until(has("web-bbbb-2-0-next-y"))
    assert server.wait_watching(5)
    server.patch("Rollout", "web", {"metadata": {"annotations": {"seen": "by nobody"}}})
    assert followed.drained() == []
    server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
    followed.until(lambda state: status(state) == "Paused")


def test_a_release_is_followed_through_its_life(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web", ("aaaa",)))
    followed = watch()
    followed.until(has("web-aaaa-p1"))
    put(server, replica_set("web", "bbbb", 2))
    put(server, pod("web-bbbb", "bbbb", "p0", app="web"), analysis_run("web-bbbb-2", "web", "bbbb", revision=2))
    put(server, experiment("web-bbbb-2-0", "web", "bbbb", [{"name": "base", "replicas": 0}], revision=2))
    followed.until(has("web-bbbb", "web-bbbb-p0", "web-bbbb-2", "web-bbbb-2-0"))
    put(server, replica_set("web-bbbb-2-0", "eeee", 0, kind="Experiment", name="web-bbbb-2-0-base", replicas=1))
    put(server, pod("web-bbbb-2-0-base", "eeee", "x", app="web"))
    put(server, analysis_run("check", "web-bbbb-2-0", kind="Experiment"))
    server.patch(
        "Experiment",
        "web-bbbb-2-0",
        {"status": {"analysisRuns": [{"name": "check", "analysisRun": "check", "phase": "Running"}]}},
    )
    followed.until(has("web-bbbb-2-0-base", "web-bbbb-2-0-base-x", "check"))
    server.patch("AnalysisRun", "check", {"status": {"phase": "Failed"}})
    followed.until(lambda state: state.info.experiments[0].analysis_runs[0].status == "Failed")
    server.delete("Pod", "web-aaaa-p0")
    server.delete("ReplicaSet", "web-aaaa")
    followed.until(lacks("web-aaaa", "web-aaaa-p0", "web-aaaa-p1"))
    assert followed.newest is not None
    assert followed.newest.stale == ""


def test_an_experiment_is_followed(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *full())
    followed = watch(EXPERIMENTS, "web-bbbb-2-0")
    followed.until(has("web-bbbb-2-0-base-x", "web-bbbb-2-0-check"))
    server.delete("Pod", "web-bbbb-2-0-next-y")
    followed.until(lacks("web-bbbb-2-0-next-y"))
    server.patch("Experiment", "web-bbbb-2-0", {"status": {"phase": "Successful"}})
    followed.until(lambda state: status(state) == "Successful")


def test_only_what_belongs_to_the_release_is_watched(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web"), *simple("other", ("cccc", "dddd")))
    watch().until(has("web-bbbb"))
    assert server.wait_watching(5)
    watches = server.requests(watch=True)
    assert {(one.plural, one.query.get("labelSelector"), one.query.get("fieldSelector")) for one in watches} == {
        ("rollouts", None, "metadata.name=web"),
        ("replicasets", "app=web", None),
        ("pods", HASHES + "(aaaa,bbbb)", None),
        ("analysisruns", HASHES + "(aaaa,bbbb)", None),
        ("experiments", HASHES + "(aaaa,bbbb)", None),
    }
    assert len(watches) == 5


def pods_asked(server: ApiServer, since: int) -> list[Any]:
    """The requests for pods in the server's log, from an index on."""
    return [one for one in server.log[since:] if one.plural == "pods"]


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_new_hash_is_listed_and_the_watch_goes_on_where_it_stood(
    server: ApiServer, watch: Callable[..., Watched]
) -> None:
    put(server, *simple("web", ("aaaa",)))
    followed = watch()
    followed.until(has("web-aaaa"))
    assert server.wait_watching(5)
    before = len(server.log)
    put(server, pod("web-bbbb", "bbbb", "early", app="web"))
    put(server, replica_set("web", "bbbb", 2), pod("web-bbbb", "bbbb", "late", app="web"))
    followed.until(has("web-bbbb-early", "web-bbbb-late"))
    assert eventually(lambda: len(pods_asked(server, before)) == 2)  # the list alone may have brought both pods
    pods = pods_asked(server, before)
    assert [(one.watch, one.query["labelSelector"]) for one in pods] == [
        (False, HASHES + "(bbbb)"),
        (True, HASHES + "(aaaa,bbbb)"),
    ]


def test_no_event_is_lost_while_watches_are_widened(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web", ("aaaa",)))
    server.bookmarks = 0.05
    followed = watch()
    followed.until(has("web-aaaa"))
    alive = {"web-aaaa-p0", "web-aaaa-p1"}
    seeded = random.Random(7)
    for revision in range(2, 9):
        hash_ = f"h{revision}"
        server.put(replica_set("web", hash_, revision))
        for number in range(12):
            name = f"web-{hash_}-{number}"
            server.put(pod(f"web-{hash_}", hash_, str(number), app="web"))
            alive.add(name)
            if seeded.random() < 0.4:
                gone = seeded.choice(sorted(alive))
                server.delete("Pod", gone)
                alive.remove(gone)
            time.sleep(0.004)
    final = followed.until(lambda state: {name for name in shown(state) if name.count("-") == 2} == alive)
    assert len(final.info.replica_sets) == 8


@pytest.mark.parametrize("how", ["close", "reset", "midline", "410", "500"])
def test_watches_that_end_are_taken_up_again(server: ApiServer, watch: Callable[..., Watched], how: str) -> None:
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    assert server.wait_watching(5)
    server.cut_watches(how)
    server.delete("Pod", "web-aaaa-p0")
    put(server, pod("web-bbbb", "bbbb", "new", app="web"))
    server.patch("Rollout", "web", {"status": {"phase": "Degraded", "message": "cut"}})
    final = followed.until(
        lambda state: status(state) == "Degraded" and has("web-bbbb-new")(state) and lacks("web-aaaa-p0")(state)
    )
    assert followed.until(lambda state: state.stale == "").info == final.info


def test_what_was_deleted_while_the_history_was_lost_is_gone(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *full())
    followed = watch()
    followed.until(has("web-aaaa-p0"))
    assert server.wait_watching(5)
    with server.lock:  # nothing of this is told: the watches are cut first, and their history is forgotten
        server.cut_watches("close")
        for kind, name in (("Pod", "web-aaaa-p0"), ("AnalysisRun", "web-bbbb-2"), ("Experiment", "web-bbbb-2-0")):
            server.delete(kind, name)
        server.compact()
    followed.until(lacks("web-aaaa-p0", "web-bbbb-2", "web-bbbb-2-0"))
    assert has("web-aaaa-p1", "web-bbbb")(followed.newest)


def test_a_list_that_comes_while_a_watch_is_widened_counts(server: ApiServer, client: Client) -> None:
    """Its reader was retired in between: the watch that takes over must know what the list said."""
    put(server, *simple("web", ("aaaa",)))
    busy, free = threading.Event(), threading.Event()
    told: list[Any] = []

    def deliver(item: Any) -> None:
        told.append(item)
        if "web-bbbb" in shown(item):
            busy.set()
            free.wait(15)

    follower = Follower(client, fetch(client, "default", ROLLOUTS, "web", to_follow=True), deliver)
    follower.start()
    assert server.wait_watching(5)
    server.rule(r"GET \S+/pods\?\S*aaaa", times=2, delay=0.5)  # the new watch, and the list after it
    server.put(replica_set("web", "bbbb", 2))
    assert busy.wait(15)
    with server.lock:
        server.cut_watches("410")
        server.delete("Pod", "web-aaaa-p0")
    ends = time.monotonic() + 15
    while time.monotonic() < ends:
        lists = [one for one in server.requests("pods", watch=False) if "aaaa" in one.query["labelSelector"]]
        if len(lists) > 1:
            break
        time.sleep(0.02)
    time.sleep(0.8)  # it has come, and lies in the inbox behind what the widening waits for
    free.set()
    server.put(pod("web-bbbb", "bbbb", "late", app="web"))
    ends = time.monotonic() + 15
    while time.monotonic() < ends and "web-bbbb-late" not in shown(told[-1]):
        time.sleep(0.02)
    time.sleep(0.2)
    follower.stop()
    assert "web-bbbb-late" in shown(told[-1])
    assert "web-aaaa-p0" not in shown(told[-1])


def test_a_server_that_is_away_makes_the_screen_stale_until_it_is_back(
    server: ApiServer, watch: Callable[..., Watched]
) -> None:
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    assert server.wait_watching(5)
    away = server.rule("watch=true", status=503, message="down for a while")
    server.cut_watches("reset")
    state = followed.until(lambda state: state.stale != "")
    assert "down for a while" in state.stale
    server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
    away.times = 0
    followed.until(lambda state: state.stale == "" and status(state) == "Paused")


def test_a_server_that_has_gone_is_said_in_a_line(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    assert server.wait_watching(5)
    server.stop()
    state = followed.until(lambda state: state.stale != "")
    assert "no connection to the API server: " in state.stale
    assert "http://" not in state.stale


def test_a_deleted_release_keeps_its_last_screen_and_says_so(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    server.delete("Rollout", "web")
    state = followed.until(lambda state: state.stale != "")
    assert state.stale == 'rollout.argoproj.io "web" not found'
    assert has("web-bbbb")(state)
    again = rollout("web", "bbbb", phase="Paused")
    again["metadata"]["uid"] = "another"
    put(server, again)
    state = followed.until(lambda state: state.stale == "")
    assert (status(state), shown(state)) == ("Paused", set())


def test_an_odd_object_leaves_the_last_good_state(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    server.patch("Rollout", "web", {"metadata": {"creationTimestamp": "yesterday"}})
    state = followed.until(lambda state: state.stale != "")
    assert "creationTimestamp" in state.stale
    server.patch("Rollout", "web", {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}})
    followed.until(lambda state: state.stale == "")


def test_a_kind_that_may_not_be_read_at_first(server: ApiServer, watch: Callable[..., Watched]) -> None:
    put(server, *full())
    refused = server.rule("/pods", status=403, reason="Forbidden", message="no pods for you")
    followed = watch()
    state = followed.until(lambda state: "no pods for you" in state.stale)
    assert has("web-bbbb", "web-bbbb-2")(state)
    refused.times = 0
    followed.until(lambda state: state.stale == "" and has("web-bbbb-p0")(state))


def test_a_half_open_connection_is_found_out_by_looking(
    server: ApiServer, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "EVERY", 0.3)
    monkeypatch.setattr(probe, "GRACE", 0.2)
    monkeypatch.setattr(follow_module, "GRACE", 0.2)
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    assert server.wait_watching(5)
    server.cut_watches("freeze")
    server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
    put(server, pod("web-bbbb", "bbbb", "new", app="web"))
    followed.until(lambda state: state.stale != "")
    followed.until(lambda state: state.stale == "" and status(state) == "Paused" and has("web-bbbb-new")(state))


def test_a_server_that_does_not_answer_makes_the_screen_stale(
    server: ApiServer, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "EVERY", 0.3)
    monkeypatch.setattr(probe, "PATIENCE", 0.2)
    put(server, *simple("web"))
    followed = watch()
    followed.until(has("web-bbbb"))
    silence = server.rule(r"GET .*/rollouts/web$", silent=True)
    followed.until(lambda state: "does not answer" in state.stale)
    silence.times = 0
    followed.until(lambda state: state.stale == "")


def test_graves_do_not_grow_without_end(
    server: ApiServer, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_module, "_GRAVES", 5)
    put(server, *simple("web", ("aaaa",)))
    followed = watch()
    followed.until(has("web-aaaa"))
    for number in range(20):
        put(server, pod("web-aaaa", "aaaa", f"x{number}", app="web"))
        server.delete("Pod", f"web-aaaa-x{number}")
    put(server, pod("web-aaaa", "aaaa", "last", app="web"))
    followed.until(lambda state: has("web-aaaa-last")(state) and lacks("web-aaaa-x19")(state))
    assert len(followed.follower._graves) <= 5
