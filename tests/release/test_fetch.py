"""Reading one release: which requests are sent, and what is shown when some of them fail."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.cluster.client import Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.fetch import Fetched, Reader, fetch, read_rollout
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.info import RolloutInfo
from tests.cluster.raw_server import RawServer
from tests.support.api_server import ApiServer
from tests.support.releases import (
    analysis_run,
    experiment,
    full,
    meta,
    owner,
    pod,
    replica_set,
    rollout,
    simple,
)

HASHES = "rollouts-pod-template-hash in "


def put(server: ApiServer, *objects: dict[str, Any]) -> None:
    for obj in objects:
        server.put(obj)


def asked(server: ApiServer) -> list[str]:
    """The requests as `PLURAL[/NAME][?SELECTOR]`, in any order."""
    lines = []
    for request in server.log:
        last = request.path.rpartition("/")[2]
        line = request.plural if last == request.plural else f"{request.plural}/{last}"
        selector = request.query.get("labelSelector", "")
        lines.append(f"{line}?{selector}" if selector else line)
    return sorted(lines)


def names(fetched: Fetched) -> list[str]:
    """Everything that is shown, by name."""
    info = fetched.held.info()
    assert isinstance(info, RolloutInfo)
    found = [run.name for run in info.analysis_runs]
    for replica_sets in (info.replica_sets, *(one.replica_sets for one in info.experiments)):
        for one in replica_sets:
            found += [one.name, *(pod.name for pod in one.pods)]
    for one in info.experiments:
        found += [one.name, *(run.name for run in one.analysis_runs)]
    return sorted(found)


ALL = [
    "web-aaaa",
    "web-aaaa-p0",
    "web-aaaa-p1",
    "web-bbbb",
    "web-bbbb-2",
    "web-bbbb-2-0",
    "web-bbbb-2-0-base",
    "web-bbbb-2-0-base-x",
    "web-bbbb-2-0-check",
    "web-bbbb-2-0-next",
    "web-bbbb-2-0-next-y",
    "web-bbbb-p0",
    "web-bbbb-p1",
]


def test_a_release_is_asked_for_by_selector_hashes_and_names(server: ApiServer, client: Client) -> None:
    put(server, *full())
    fetched = fetch(client, "default", ROLLOUTS, "web")
    assert asked(server) == sorted(
        [
            "rollouts/web",
            "replicasets?app=web",
            f"pods?{HASHES}(aaaa,bbbb)",
            f"analysisruns?{HASHES}(aaaa,bbbb)",
            f"experiments?{HASHES}(aaaa,bbbb)",
            f"replicasets?{HASHES}(e111)",
            "replicasets/web-bbbb-2-0-next",
            "analysisruns/web-bbbb-2-0-check",
            f"pods?{HASHES}(e111)",
            f"pods?{HASHES}(e222)",
        ]
    )
    assert names(fetched) == ALL
    assert fetched.problems == []


def test_nothing_of_a_big_namespace_is_asked_for(server: ApiServer, client: Client) -> None:
    put(server, *simple("web"))
    for number in range(500):
        name = f"other{number}"
        put(server, rollout(name, "cccc"), replica_set(name, "cccc", 1), pod(f"{name}-cccc", "cccc", "p"))
    fetch(client, "default", ROLLOUTS, "web")
    assert asked(server) == sorted(
        [
            "rollouts/web",
            "replicasets?app=web",
            f"pods?{HASHES}(aaaa,bbbb)",
            f"analysisruns?{HASHES}(aaaa,bbbb)",
            f"experiments?{HASHES}(aaaa,bbbb)",
        ]
    )


def test_without_replica_sets_nothing_more_is_asked_for(server: ApiServer, client: Client) -> None:
    put(server, rollout("web", "aaaa"))
    assert names(fetch(client, "default", ROLLOUTS, "web")) == []
    assert asked(server) == ["replicasets?app=web", "rollouts/web"]


def test_neighbours_with_the_same_labels_and_hash_are_left_out(server: ApiServer, client: Client) -> None:
    put(server, *simple("web"))
    twin = replica_set("twin", "bbbb", 1)
    twin["metadata"]["labels"]["app"] = "web"
    put(server, twin, pod("twin-bbbb", "bbbb", "p", app="web"), analysis_run("twin-run", "twin", "bbbb"))
    put(server, experiment("twin-exp", "twin", "bbbb", [{"name": "t", "podTemplateHash": "ffff", "replicas": 1}]))
    assert names(fetch(client, "default", ROLLOUTS, "web")) == [
        name for name in ALL if name.count("-") < 3 and "-2" not in name
    ]
    assert not any("ffff" in line for line in asked(server))


def test_a_replica_set_without_hash_has_its_pods_listed_by_the_selector(server: ApiServer, client: Client) -> None:
    bare = replica_set("web", "aaaa", 1)
    del bare["metadata"]["labels"]["rollouts-pod-template-hash"]
    lost = pod("web-aaaa", "aaaa", "p0", app="web")
    del lost["metadata"]["labels"]["rollouts-pod-template-hash"]
    put(server, rollout("web"), bare, lost)
    assert names(fetch(client, "default", ROLLOUTS, "web")) == ["web-aaaa", "web-aaaa-p0"]
    assert asked(server) == ["pods?app=web", "replicasets?app=web", "rollouts/web"]


@pytest.mark.parametrize(
    "selector",
    [None, {}, {"matchLabels": {}}, {"matchExpressions": [{"key": "a", "operator": "Near", "values": ["b"]}]}],
)
def test_without_a_usable_selector_the_namespace_is_listed(server: ApiServer, client: Client, selector: Any) -> None:
    objects = full()
    objects[0]["spec"]["selector"] = selector
    put(server, *objects)
    fetched = fetch(client, "default", ROLLOUTS, "web")
    assert names(fetched) == ALL
    assert asked(server) == ["analysisruns", "experiments", "pods", "replicasets", "rollouts/web"]


def test_expressions_narrow_too(server: ApiServer, client: Client) -> None:
    objects = simple("web")
    objects[0]["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}
    put(server, *objects)
    assert "web-bbbb-p1" in names(fetch(client, "default", ROLLOUTS, "web"))
    assert "replicasets?app in (web)" in asked(server)


def test_hundreds_of_revisions_take_several_requests(server: ApiServer, client: Client) -> None:
    hashes = tuple(f"{number:010}" for number in range(300))
    put(server, *simple("web", hashes, pods=1))
    fetched = fetch(client, "default", ROLLOUTS, "web")
    assert len(names(fetched)) == 302
    assert 2 <= len([line for line in asked(server) if line.startswith("pods")]) <= 4


def test_connections_to_a_far_server_are_opened_ahead(server: ApiServer, client: Client) -> None:
    put(server, *simple("web"))
    server.rule("/rollouts/web", delay=0.1)
    server.rule("/replicasets", delay=0.1)
    fetch(client, "default", ROLLOUTS, "web")
    assert len(server.http.open) == 3


# --- Experiments ---------------------------------------------------------------------------------------------------


def test_an_experiment_of_its_own(server: ApiServer, client: Client) -> None:
    put(server, *full())
    fetched = fetch(client, "default", EXPERIMENTS, "web-bbbb-2-0")
    assert asked(server) == sorted(
        [
            "experiments/web-bbbb-2-0",
            f"replicasets?{HASHES}(e111)",
            "replicasets/web-bbbb-2-0-next",
            "analysisruns/web-bbbb-2-0-check",
            f"pods?{HASHES}(e111)",
            f"pods?{HASHES}(e222)",
        ]
    )
    info = fetched.held.info()
    assert [one.name for one in info.replica_sets] == ["web-bbbb-2-0-base", "web-bbbb-2-0-next"]
    assert [pod.name for one in info.replica_sets for pod in one.pods] == ["web-bbbb-2-0-base-x", "web-bbbb-2-0-next-y"]
    assert [run.name for run in info.analysis_runs] == ["web-bbbb-2-0-check"]


def test_what_an_experiment_has_not_made_yet_is_no_problem(server: ApiServer, client: Client) -> None:
    put(server, experiment("e", "", "", [{"name": "a", "replicas": 0}], ["e-run"], phase="Pending"))
    fetched = fetch(client, "default", EXPERIMENTS, "e")
    assert fetched.problems == []
    assert asked(server) == ["analysisruns/e-run", "experiments/e", "replicasets/e-a"]


def test_replica_sets_of_old_controllers_have_the_hash_in_their_name(server: ApiServer, client: Client) -> None:
    put(server, experiment("e", "", "", [{"name": "a", "replicas": 1}]))
    put(server, replica_set("e", "h1", 0, kind="Experiment", name="e-a-h1"), pod("e-a-h1", "h1", "p"))
    info = fetch(client, "default", EXPERIMENTS, "e").held.info()
    assert [(one.name, len(one.pods)) for one in info.replica_sets] == [("e-a-h1", 1)]


@pytest.mark.parametrize("phase", ["Running", "Successful", "Failed"])
@pytest.mark.parametrize("told", [True, False])
def test_replica_sets_of_old_controllers_are_shown_without_pods_too(
    server: ApiServer, client: Client, phase: str, told: bool
) -> None:
    made = experiment("e", "", "", [{"name": "a", "replicas": 0}], phase=phase)
    made["spec"]["templates"][0]["selector"] = {"matchLabels": {"app": "e"}}
    if not told:
        made["status"]["templateStatuses"] = None
    old = replica_set("e", "h1", 0, kind="Experiment", name="e-a-h1")
    old["metadata"]["labels"]["app"] = "e"
    put(server, made, old)
    info = fetch(client, "default", EXPERIMENTS, "e").held.info()
    assert [one.name for one in info.replica_sets] == ["e-a-h1"]
    assert "replicasets?app=e" in asked(server)


@pytest.mark.parametrize("mark", [".", "-"])
def test_the_runs_before_a_retry_are_shown_too(server: ApiServer, client: Client, mark: str) -> None:
    made = experiment("e", "", "", [], [f"e-check{mark}2", "e-other-1"])
    made["status"]["analysisRuns"][0]["name"], made["status"]["analysisRuns"][1]["name"] = "check", "other-1"
    put(server, made, *(analysis_run(name, "e", kind="Experiment") for name in ("e-check", f"e-check{mark}2")))
    fetched = fetch(client, "default", EXPERIMENTS, "e")
    assert [one.name for one in fetched.held.info().analysis_runs] == [f"e-check{mark}2", "e-check"]
    assert fetched.problems == []
    assert asked(server) == sorted(
        ["experiments/e"]
        + [f"analysisruns/{name}" for name in ("e-check", f"e-check{mark}1", f"e-check{mark}2", "e-other-1")]
    )


def test_pods_of_an_experiments_replica_set_without_hash(server: ApiServer, client: Client) -> None:
    bare = replica_set("e", "", 0, kind="Experiment", name="e-a")
    bare["metadata"]["labels"] = {}
    put(server, experiment("e", "", "", [{"name": "a", "replicas": 1}]), bare, pod("e-a", "", "p"))
    info = fetch(client, "default", EXPERIMENTS, "e").held.info()
    assert [(one.name, len(one.pods)) for one in info.replica_sets] == [("e-a", 1)]


# --- A template of a Deployment -----------------------------------------------------------------------------------


def referring(kind: str = "Deployment", selector: Any = None) -> dict[str, Any]:
    obj = rollout("web", "aaaa")
    obj["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": kind, "name": "w"}
    obj["spec"]["selector"] = selector
    return obj


DEPLOYMENT = {"kind": "Deployment", "metadata": meta("w"), "spec": {"selector": {"matchLabels": {"app": "web"}}}}


def test_the_selector_may_be_the_deployments(server: ApiServer, client: Client) -> None:
    put(server, referring(), DEPLOYMENT, replica_set("web", "aaaa", 1))
    assert names(fetch(client, "default", ROLLOUTS, "web")) == ["web-aaaa"]
    assert asked(server)[1:4] == ["deployments/w", "experiments?" + HASHES + "(aaaa)", "pods?" + HASHES + "(aaaa)"]
    assert "replicasets?app=web" in asked(server)


@pytest.mark.parametrize("selector", [None, {"matchLabels": {"app": "web"}}])
def test_a_missing_deployment_is_an_error(server: ApiServer, client: Client, selector: Any) -> None:
    put(server, referring(selector=selector))
    with pytest.raises(Failure, match=r'^deployment.apps "w" not found$'):
        fetch(client, "default", ROLLOUTS, "web").held.info()
    with pytest.raises(Failure, match=r'^deployment.apps "w" not found$'):
        read_rollout(Reader(client, "default"), "web")


@pytest.mark.parametrize("kind", ["ReplicaSet", "PodTemplate", ""])
def test_only_deployments_are_looked_up(server: ApiServer, client: Client, kind: str) -> None:
    put(server, referring(kind, {"matchLabels": {"app": "web"}}), replica_set("web", "aaaa", 1))
    assert names(fetch(client, "default", ROLLOUTS, "web")) == ["web-aaaa"]
    read_rollout(Reader(client, "default"), "web")
    assert not any("deployments" in line for line in asked(server))


# --- Not there -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nope", "", "..", "a/b", "a%2fb", "é"])
def test_missing_objects(server: ApiServer, client: Client, name: str) -> None:
    for root, word in ((ROLLOUTS, "rollout"), (EXPERIMENTS, "experiment")):
        with pytest.raises(Failure) as failure:
            fetch(client, "default", root, name)
        assert str(failure.value) == f'{word}.argoproj.io "{name}" not found'


def test_a_missing_api_is_not_a_missing_object(server: ApiServer, client: Client) -> None:
    server.rule("rollouts", status=404, raw=b"404 page not found\n")
    with pytest.raises(Failure, match="Argo Rollouts is not installed"):
        fetch(client, "default", ROLLOUTS, "web")
    server.rules.clear()
    server.rule("rollouts", status=404, reason="NotFound", message="the server could not find the requested resource")
    with pytest.raises(Failure, match="Argo Rollouts is not installed"):
        read_rollout(Reader(client, "default"), "web")


# --- Faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plural", ["replicasets", "pods", "analysisruns", "experiments"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "reason": "Forbidden", "message": "you shall not list"},
        {"status": 500, "message": "boom"},
        {"drop": True},
        {"half": True},
        {"silent": True},
        {"raw": b"<html>", "status": 200},
    ],
    ids=["forbidden", "500", "reset", "half", "silent", "html"],
)
def test_what_can_be_read_is_shown_and_the_rest_is_named(
    server: ApiServer, client: Client, plural: str, fault: dict[str, Any]
) -> None:
    put(server, *full())
    server.rule(f"/{plural}", **fault)
    fetched = fetch(client, "default", ROLLOUTS, "web")
    named = [str(problem).partition(" ")[0] for problem in fetched.problems]
    assert plural in named
    shown = names(fetched)
    if plural == "replicasets" and "silent" in fault:
        assert shown == []
        return
    if "silent" not in fault:
        assert named == [plural]
    assert ("web-aaaa" in shown) == (plural != "replicasets")
    assert ("web-bbbb-2" in shown) == (plural != "analysisruns")
    assert ("web-bbbb-2-0" in shown) == (plural != "experiments")


@pytest.mark.parametrize(
    ("plural", "status", "to_follow"),
    [("rollouts", 500, False), ("rollouts", 502, True), ("replicasets", 503, False), ("pods", 504, True)],
)
def test_what_fails_for_a_moment_is_asked_for_again(
    server: ApiServer, client: Client, plural: str, status: int, to_follow: bool
) -> None:
    put(server, *full())
    server.rule(f"/{plural}", times=1, status=status)
    fetched = fetch(client, "default", ROLLOUTS, "web", to_follow=to_follow)
    assert fetched.problems == []
    assert names(fetched) == ALL


def test_what_keeps_failing_is_given_up(server: ApiServer, client: Client) -> None:
    put(server, *full())
    server.rule("/rollouts", status=500, message="boom")
    with pytest.raises(Failure, match="boom"):
        fetch(client, "default", ROLLOUTS, "web")
    assert len(server.log) == 3
    server.log.clear()
    server.rules.clear()
    server.rule("/(replicasets|experiments|analysisruns)", status=500, message="boom")
    fetch(client, "default", ROLLOUTS, "web")
    # The first that was asked for three times in vain has taught that the server is not well.
    assert [request.plural for request in server.log].count("replicasets") == 3
    assert [request.plural for request in server.log].count("experiments") == 1


def test_a_server_that_falls_silent_is_not_asked_again(server: ApiServer, client: Client) -> None:
    put(server, *full())
    server.rule("/replicasets", silent=True)
    fetched = fetch(client, "default", ROLLOUTS, "web")
    assert len([request for request in server.log if request.plural == "replicasets"]) == 1
    assert {str(problem).partition(" ")[0] for problem in fetched.problems} >= {"replicasets", "experiments"}
    assert [request.plural for request in server.log] == ["rollouts", "replicasets"]


def test_the_rollout_itself_must_be_readable(server: ApiServer, client: Client) -> None:
    put(server, *simple())
    server.rule("/rollouts", status=403, reason="Forbidden", message="rollouts is forbidden")
    with pytest.raises(Failure, match="rollouts is forbidden"):
        fetch(client, "default", ROLLOUTS, "web")


def test_who_may_list_but_not_get_is_served(server: ApiServer, client: Client) -> None:
    put(server, *full())
    server.rule(r"/(rollouts|replicasets|analysisruns)/[^?]+$", status=403, reason="Forbidden", message="no get")
    fetched = fetch(client, "default", ROLLOUTS, "web")
    assert names(fetched) == ALL
    assert fetched.problems == []
    with pytest.raises(Failure, match=r'^rollout.argoproj.io "nope" not found$'):
        fetch(client, "default", ROLLOUTS, "nope")


def test_a_wrong_type_names_object_and_field(server: ApiServer, client: Client) -> None:
    put(server, *simple())
    broken = pod("web-aaaa", "aaaa", "odd", app="web")
    broken["status"]["containerStatuses"][0]["restartCount"] = "many"
    put(server, broken)
    fetched = fetch(client, "default", ROLLOUTS, "web")
    (problem,) = fetched.problems
    assert "pods" in str(problem)
    assert "web-aaaa-odd" in str(problem)
    assert "restartCount" in str(problem)


def test_nulls_are_zero_values(server: ApiServer, client: Client) -> None:
    put(server, rollout("web", "aaaa"))
    odd = replica_set("web", "aaaa", 1)
    odd["metadata"] |= {"ownerReferences": [None, *owner("Rollout", "web")], "annotations": None}
    odd["status"] = None
    put(server, odd)
    assert names(fetch(client, "default", ROLLOUTS, "web")) == ["web-aaaa"]


def test_an_answer_that_is_no_object_is_not_shown_as_an_empty_one() -> None:
    with (
        RawServer(lambda exchange: exchange.answer({"error": "try later"})) as gateway,
        Client(ClusterConfig(server=gateway.url)) as client,
        pytest.raises(Failure, match="is no object"),
    ):
        fetch(client, "default", ROLLOUTS, "web")
