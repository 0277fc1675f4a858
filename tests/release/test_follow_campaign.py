"""Seeded campaigns: a release that lives through anything, over watches that break in every way, is shown as it is.

More seeds: `CAMPAIGN_SEEDS=1000:1100 pytest tests/release/test_follow_campaign.py`.
"""

from __future__ import annotations

import os
import random
import time
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import pytest

from kubectl_rollouts.cluster import reflector
from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.info import RolloutInfo, RolloutObjects, rollout_info
from kubectl_rollouts.rollout.objects import AnalysisRun, Experiment, Pod, ReplicaSet, Rollout
from tests.support.api_server import ApiServer
from tests.support.releases import analysis_run, experiment, pod, replica_set, simple

FIRST, _, LAST = os.environ.get("CAMPAIGN_SEEDS", "1:5").partition(":")


TYPES = {type_.__name__: type_ for type_ in (Rollout, ReplicaSet, Pod, Experiment, AnalysisRun)}


class Life:
    """Does things to a release, at random."""

    def __init__(self, server: ApiServer, seed: int) -> None:
        self.server = server
        self.random = random.Random(seed)
        self.revision = 2
        self.count = 0
        self.sets: list[tuple[str, str]] = [("web-aaaa", "aaaa"), ("web-bbbb", "bbbb")]
        self.pods: list[str] = [f"web-{hash_}-p{number}" for hash_ in ("aaaa", "bbbb") for number in (0, 1)]
        self.experiments: list[str] = []
        self.runs: list[str] = []

    def step(self) -> None:
        """One thing happens."""
        act = self.random.choices(
            [
                self.pod,
                self.no_pod,
                self.status,
                self.replica_set,
                self.no_replica_set,
                self.experiment,
                self.run,
                self.grow,
                self.fault,
            ],
            [30, 20, 15, 6, 2, 4, 8, 6, 6],
        )[0]
        act()

    def pod(self) -> None:
        owner, hash_ = self.random.choice(self.sets)
        self.count += 1
        self.server.put(pod(owner, hash_, f"x{self.count}", app="web"))
        self.pods.append(f"{owner}-x{self.count}")

    def no_pod(self) -> None:
        if self.pods:
            self.server.delete("Pod", self.pods.pop(self.random.randrange(len(self.pods))))

    def status(self) -> None:
        self.server.patch(
            "Rollout", "web", {"status": {"phase": self.random.choice(["Paused", "Progressing", "Healthy"])}}
        )

    def replica_set(self) -> None:
        self.revision += 1
        hash_ = f"h{self.revision}"
        if self.random.random() < 0.5:  # its pods may be heard of first
            self.server.put(pod(f"web-{hash_}", hash_, "first", app="web"))
            self.pods.append(f"web-{hash_}-first")
        self.server.put(replica_set("web", hash_, self.revision))
        self.sets.append((f"web-{hash_}", hash_))

    def no_replica_set(self) -> None:
        """An old one goes, and with it, one after the other, what belongs to it: the controller and the garbage
        collector see to that.
        """
        if sum(name.count("-") == 1 for name, _ in self.sets) < 2:
            return
        name, hash_ = next(one for one in self.sets if one[0].count("-") == 1)
        gone = {f"uid-ReplicaSet-{name}"}
        doomed = [("ReplicaSet", name)]
        while True:
            more = [
                (kind, name)
                for (kind, _, name), obj in self.server.objects.items()
                if (kind, name) not in doomed
                and (
                    gone & {owner["uid"] for owner in obj["metadata"].get("ownerReferences", [])}
                    or (kind in ("AnalysisRun", "Experiment") and hash_ in obj["metadata"]["labels"].values())
                )
            ]
            if not more:
                break
            doomed += more
            gone |= {f"uid-{kind}-{name}" for kind, name in more}
        for kind, name in doomed:
            self.server.delete(kind, name)
        left = {name for _, _, name in self.server.objects}
        self.sets = [one for one in self.sets if one[0] in left]
        self.pods = [name for name in self.pods if name in left]
        self.runs = [name for name in self.runs if name in left]
        self.experiments = [name for name in self.experiments if name in left]

    def experiment(self) -> None:
        hash_ = self.random.choice([hash_ for name, hash_ in self.sets if name.count("-") == 1])
        name = f"web-{hash_}-e{self.count}"
        self.count += 1
        told: dict[str, Any] = {"name": "base", "replicas": 0}
        if self.random.random() < 0.5:
            told["podTemplateHash"] = f"e{self.count}"
        self.server.put(experiment(name, "web", hash_, [told]))
        self.experiments.append(name)
        self.server.put(replica_set(name, f"e{self.count}", 0, kind="Experiment", name=f"{name}-base"))
        self.sets.append((f"{name}-base", f"e{self.count}"))

    def run(self) -> None:
        if self.runs and self.random.random() < 0.5:
            name = self.random.choice(self.runs)
            if self.random.random() < 0.3:
                self.runs.remove(name)
                self.server.delete("AnalysisRun", name)
            else:
                phase = self.random.choice(["Running", "Pending", "Failed"])
                self.server.patch("AnalysisRun", name, {"status": {"phase": phase}})
            return
        self.count += 1
        name = f"run{self.count}"
        rollouts = [hash_ for owner, hash_ in self.sets if owner.count("-") == 1]
        if rollouts:
            self.server.put(analysis_run(name, "web", self.random.choice(rollouts)))
            self.runs.append(name)

    def grow(self) -> None:
        """An experiment starts an analysis of its own, or ends."""
        if not self.experiments:
            return
        name = self.random.choice(self.experiments)
        self.count += 1
        run = f"{name}-run{self.count}"
        if self.random.random() < 0.3:
            self.server.patch("Experiment", name, {"status": {"phase": "Successful"}})
            return
        self.server.put(analysis_run(run, name, kind="Experiment"))
        status = self.server.objects[("Experiment", "default", name)]["status"]
        runs = [*status["analysisRuns"], {"name": run, "analysisRun": run, "phase": "Running"}]
        self.server.patch("Experiment", name, {"status": {"analysisRuns": runs}})

    def fault(self) -> None:
        """Something breaks."""
        server = self.server
        what = self.random.randrange(8)
        if what < 5:
            server.cut_watches(["close", "reset", "midline", "410", "500"][what])
        elif what == 5:
            with server.lock:
                server.cut_watches("close")
                server.compact()
        elif what == 6:
            status = self.random.choice([429, 500, 503])
            server.rule(self.random.choice(["watch=true", "/pods", "replicasets"]), times=3, status=status)
        else:
            server.rule("watch=true", times=2, drop=True)


def differences(wanted: Any, got: Any, path: str = "") -> list[str]:
    """Where two states differ, in words."""
    if isinstance(wanted, dict):
        return [line for key in wanted for line in differences(wanted[key], got[key], f"{path}.{key}")]
    if (isinstance(wanted, list) and wanted and isinstance(wanted[0], dict) and "name" in wanted[0]) or (
        got and isinstance(got, list) and isinstance(got[0], dict) and "name" in got[0]
    ):
        names, others = [one["name"] for one in wanted], [one["name"] for one in got]
        lines = [f"{path} lacks {name}" for name in names if name not in others]
        lines += [f"{path} has {name}" for name in others if name not in names]
        both = {one["name"]: one for one in got}
        return lines + [
            line
            for one in wanted
            if one["name"] in both
            for line in differences(one, both[one["name"]], f"{path}.{one['name']}")
        ]
    return [] if wanted == got else [f"{path}: {wanted!r} != {got!r}"]


def truth(server: ApiServer) -> RolloutInfo:
    """The facts from all that the server has, as the reference gets them."""
    found: dict[str, list[Any]] = {kind: [] for kind in TYPES}
    with server.lock:
        for (kind, _, _), obj in server.objects.items():
            found[kind].append(msgspec.convert(obj, TYPES[kind]))
    (rollout,) = found["Rollout"]
    return rollout_info(
        RolloutObjects(rollout, found["ReplicaSet"], found["Pod"], found["Experiment"], found["AnalysisRun"])
    )


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST)))
def test_what_is_shown_in_the_end_is_what_the_server_has(
    server: ApiServer, client: Client, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(reflector, "FIRST_PAUSE", 0.05)
    for obj in simple():
        server.put(obj)
    server.bookmarks = 0.03
    inbox: SimpleQueue[Any] = SimpleQueue()
    follower = Follower(client, fetch(client, "default", ROLLOUTS, "web", to_follow=True), inbox.put)
    follower.start()
    life = Life(server, seed)
    for _ in range(150):
        life.step()
        if life.random.random() < 0.6:
            time.sleep(life.random.random() * 0.03)
    server.rules.clear()
    wanted = truth(server)
    newest: Followed | None = None
    try:
        while newest is None or newest.info != wanted or newest.stale:
            item = inbox.get(timeout=20)
            assert not isinstance(item, BaseException)
            newest = item
    except Empty:
        assert newest is not None
        assert differences(msgspec.to_builtins(wanted), msgspec.to_builtins(newest.info)) == []
        assert newest.stale == ""
    finally:
        follower.stop()
