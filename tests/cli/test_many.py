"""Actions on many rollouts, dry runs, differences and guards, as typed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_server import ApiServer
from tests.support.cli import Outcome, run_cli

Object = dict[str, Any]
PATH = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"


def rollout(name: str, *, paused: bool = True, revision: int = 3, **labels: str) -> Object:
    """A canary that waits at a pause, or is healthy."""
    pause = {"pauseConditions": [{"reason": "CanaryPauseStep"}], "controllerPause": True}
    return {
        "kind": "Rollout",
        "metadata": {
            "name": name,
            "generation": 1,
            "labels": labels,
            "annotations": {"rollout.argoproj.io/revision": str(revision)},
        },
        "spec": {"replicas": 1, "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}},
        "status": {
            "observedGeneration": "1",
            "phase": "Paused" if paused else "Healthy",
            "currentPodHash": "b",
            "stableRS": "a" if paused else "b",
            "currentStepIndex": 1 if paused else 2,
            **(pause if paused else {}),
        },
    }


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture
def call(server: ApiServer, tmp_path: Path) -> Callable[..., Outcome]:
    config = tmp_path / "kubeconfig"
    config.write_text(server.kubeconfig())

    def run(line: str, *more: str, **how: Any) -> Outcome:
        return run_cli(*line.split(), *more, env={"KUBECONFIG": str(config), "HOME": str(tmp_path)}, **how)

    return run


def patched(server: ApiServer) -> list[str]:
    """The names of what was patched, in order."""
    found = [request.path for request in server.requests() if request.method == "PATCH"]
    return [path.removesuffix("/status").rpartition("/")[2] for path in found]


# --- Many ----------------------------------------------------------------------------------------------------------


def test_500_rollouts_are_promoted_by_a_selector_and_10_of_them_fail(
    server: ApiServer, call: Callable[..., Outcome]
) -> None:
    names = [f"web-{number:03}" for number in range(500)]
    failing = names[7::50]
    for name in names:
        server.put(rollout(name, app="web"))
    server.put(rollout("other", app="other"))
    for name in failing:
        server.rule(f"PATCH .*/{name}/status", status=500, reason="InternalError", message=f"no luck with {name}")
    server.rule("(GET|PATCH) .*/web-", delay=0.001)
    outcome = call("promote -l app=web --yes --parallel 7")
    assert outcome.status == 1
    done = sorted(set(names) - set(failing))
    assert sorted(outcome.stdout.splitlines()) == [f"rollout '{name}' promoted" for name in done]
    errors = outcome.stderr.splitlines()
    assert sorted(errors[:-1]) == [f"Error: no luck with {name}" for name in failing]
    assert errors[-1] == "490 of 500 done, 10 failed"
    assert sorted(patched(server)) == names
    assert 2 <= server.most_busy <= 7


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("abort", "rollout 'a' aborted"),
        ("pause", "rollout 'a' paused"),
        ("promote", "rollout 'a' promoted"),
        ("promote --full", "rollout 'a' fully promoted"),
        ("restart", "rollout 'a' restarts in 0s"),
        ("retry rollout", "rollout 'a' retried"),
        ("resume", "rollout 'a' resumed"),
    ],
)
def test_every_action_takes_a_selection(server: ApiServer, call: Callable[..., Outcome], line: str, text: str) -> None:
    server.put(rollout("a", team="x"))
    server.put(rollout("b"))
    outcome = call(f"{line} -l team=x")
    assert (outcome.stdout, outcome.status) == (f"{text}\n", 0)
    assert set(patched(server)) == {"a"}
    server.log.clear()
    server.put(rollout("a", team="x"))
    outcome = call(f"{line} -A --all")
    assert text.replace("'a'", "'default/a'") in outcome.stdout
    assert set(patched(server)) == {"a", "b"}


def test_a_second_name_stays_a_usage_error(server: ApiServer, call: Callable[..., Outcome]) -> None:
    assert call("promote a b").status == 1
    assert call("promote a b --exit-code").status == 1
    assert call("promote --exit-code").status == 1
    assert call("set image a --exit-code").status == 1
    assert call("set image a web=x --all").stderr == "Error: a name and --all exclude each other\n"
    assert server.requests() == []


def test_nothing_is_changed_without_yes_where_nobody_can_be_asked(
    server: ApiServer, call: Callable[..., Outcome]
) -> None:
    for name in "abcd":
        server.put(rollout(name))
    outcome = call("abort --all")
    assert outcome.stderr == "Error: 4 rollouts match: say --yes to abort more than 3 without a question\n"
    assert (outcome.status, patched(server)) == (1, [])
    assert call("abort --all --dry-run").status == 0
    assert call("abort --field-selector metadata.name=a").status == 0
    assert call("abort --all --yes").status == 0
    assert sorted(patched(server)) == ["a", "a", "b", "c", "d"]


def test_states_choose(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    server.put(rollout("b", paused=False))
    assert call("promote --awaiting-promotion").stdout == "rollout 'a' promoted\n"
    assert call("pause --phase=healthy,degraded").stdout == "rollout 'b' paused\n"
    nobody = call("promote --phase=degraded")
    assert (nobody.stderr, nobody.status) == ("No rollout is in that state now.\n", 0)
    assert call("promote -l x=y").status == 1
    assert call("promote -l x=y --exit-code").status == 6


def test_waves(server: ApiServer, call: Callable[..., Outcome], tmp_path: Path) -> None:
    for name, wave in (("a", "10"), ("b", "9"), ("c", ""), ("d", "9"), ("e", "last")):
        labels: Any = {"wave": wave} if wave else {}
        server.put(rollout(name, **labels))
    assert call("pause --all --yes --order=wave --parallel=1").status == 0
    assert patched(server) == ["b", "d", "a", "e", "c"]
    server.log.clear()
    order = tmp_path / "order.txt"
    order.write_text("# first the small ones\ne c\n\ndefault/a  # alone\n")
    assert call(f"pause --all --yes --parallel=1 --order={order}").status == 0
    assert patched(server) == ["c", "e", "a", "b", "d"]
    assert call("pause --all --yes --order=./nowhere.txt").stderr == "Error: cannot read ./nowhere.txt: no such file\n"
    assert call("pause a --order=wave").status == 1
    server.log.clear()
    misspelt = call("pause --all --yes --order=waves")
    assert misspelt.stderr == "Error: --order waves: there is no such file, and none of the rollouts has that label\n"
    assert (misspelt.status, patched(server)) == (1, [])


def test_stop_on_error(server: ApiServer, call: Callable[..., Outcome]) -> None:
    for name in "abcde":
        server.put(rollout(name))
    server.rule("PATCH .*/b$", status=403, reason="Forbidden", message="not b")
    outcome = call("pause --all --yes --parallel=1 --stop-on-error")
    assert patched(server) == ["a", "b"]
    assert outcome.stderr.endswith("1 of 5 done, 1 failed, 3 not begun\n")
    assert outcome.status == 1
    server.log.clear()
    assert call("pause --all --yes --parallel=1 --exit-code").status == 7
    assert patched(server) == ["a", "b", "c", "d", "e"]


def test_the_next_wave_waits_for_the_one_before(server: ApiServer, call: Callable[..., Outcome]) -> None:
    """With --wait a wave that is not there ends the release of the others."""
    server.put(rollout("a", wave="1"))
    server.put(rollout("b", wave="2"))
    outcome = call("promote --all --order=wave --wait --timeout=100ms --stop-on-error")
    assert outcome.status == 4
    assert patched(server) == ["a"]
    assert outcome.stderr.endswith("0 of 2 done, 1 failed, 1 not begun\n")


@pytest.mark.parametrize("number", ["0", "-1", "65"])
def test_how_many_at_a_time(call: Callable[..., Outcome], number: str) -> None:
    assert call(f"pause --all --parallel={number}").stderr == (
        f'Error: invalid argument "{number}" for "--parallel" flag: must be between 1 and 64\n'
    )


# --- Dry runs and differences --------------------------------------------------------------------------------------


def test_a_dry_run_on_the_client_sends_nothing(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    before = json.dumps(server.objects[("Rollout", "default", "a")])
    outcome = call("promote a --dry-run --diff")
    assert outcome.status == 0
    lines = outcome.stdout.splitlines()
    assert lines[0] == "rollout 'a' promoted (dry run)"
    assert lines[1] == f"  PATCH {PATH}/a/status"
    body = json.loads(lines[2])
    assert body["status"] == {"pauseConditions": None}
    changed = [line for line in lines[3:] if line.startswith(("-", "+"))]
    assert changed == [
        "--- rollout/a (now)",
        "+++ rollout/a (then)",
        "-  pauseConditions:",
        "-  - reason: CanaryPauseStep",
    ]
    assert {request.method for request in server.requests()} == {"GET"}
    assert json.dumps(server.objects[("Rollout", "default", "a")]) == before


def test_both_patches_of_a_promotion_are_shown(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put({**rollout("a"), "spec": {**rollout("a")["spec"], "paused": True}})
    lines = call("promote a --dry-run=client --diff").stdout.splitlines()
    # The manual pause first: docs/differences.md.
    assert [line.split()[1] for line in lines if line.startswith("  PATCH")] == [f"{PATH}/a", f"{PATH}/a/status"]
    assert "-  paused: true" in lines
    assert "+  paused: false" in lines


def test_a_dry_run_on_the_server_asks_it_to_change_nothing(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    outcome = call("abort a --dry-run=server")
    assert outcome.stdout == "rollout 'a' aborted (server dry run)\n"
    assert [r.query.get("dryRun") for r in server.requests() if r.method == "PATCH"] == ["All"]
    assert call("abort a --dry-run=maybe").status == 1
    server.log.clear()
    assert call("abort a --dry-run=none").status == 0
    assert [r.query.get("dryRun") for r in server.requests() if r.method == "PATCH"] == [None]


def test_a_difference_is_shown_when_it_is_made_and_coloured_for_who_asks(
    server: ApiServer, call: Callable[..., Outcome]
) -> None:
    server.put({**rollout("a"), "spec": {"replicas": 1, "note": "\x1b[2Jclear"}})
    plain = call("pause a --diff")
    assert "+  paused: true" in plain.stdout.splitlines()
    assert "\x1b" not in plain.stdout
    assert server.objects[("Rollout", "default", "a")]["spec"]["paused"] is True
    assert call("pause a --diff").stdout == "rollout 'a' paused\n  no difference\n"
    colored = call("resume a --diff --color=always").stdout
    assert "\x1b[32m+  paused: false\x1b[0m" in colored.splitlines()
    assert "\x1b[2J" not in colored


# --- Guards --------------------------------------------------------------------------------------------------------


def test_a_dry_run_of_create(server: ApiServer, call: Callable[..., Outcome], tmp_path: Path) -> None:
    manifest = tmp_path / "web.json"
    meta = {"name": "web"}
    manifest.write_text(
        json.dumps({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": meta})
    )
    outcome = call(f"create -f {manifest} --dry-run --diff")
    assert outcome.status == 0, outcome
    lines = outcome.stdout.splitlines()
    assert lines[0] == "analysistemplate.argoproj.io/web created (dry run)"
    assert lines[1].startswith("  POST /apis/argoproj.io/v1alpha1/namespaces/default/analysistemplates")
    assert "+  name: web" in lines
    assert "+++ analysistemplate/web (then)" in lines
    assert server.requests() == []
    assert call(f"create -f {manifest} -w --dry-run").stderr.startswith("Error: --watch and --dry-run exclude each")


def test_what_was_created_before_a_failure_is_said(
    server: ApiServer, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    manifest = tmp_path / "two.yaml"
    one = "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\nmetadata: {name: %s}\n"
    manifest.write_text(one % "first" + "---\n" + one % "second")
    created = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": {"name": "first"}}
    headers = {"Content-Type": "application/json"}
    server.rule("POST .*analysisruns", times=1, status=201, raw=json.dumps(created).encode(), headers=headers)
    server.rule("POST .*analysisruns", status=403, reason="Forbidden", message="not you")
    outcome = call(f"create -f {manifest} --exit-code")
    assert (outcome.stdout, outcome.status) == ("analysisrun.argoproj.io/first created\n", 7)
    assert "not you" in outcome.stderr


def test_what_was_created_though_the_reply_was_lost_is_the_object_that_is_printed(
    server: ApiServer, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    manifest = tmp_path / "run.yaml"
    run = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": {"name": "first"}}
    manifest.write_text(json.dumps(run))
    server.put({**run, "metadata": {"name": "first", "namespace": "default"}, "status": {"phase": "Failed"}})
    server.rule("POST .*analysisruns", drop=True)
    assert call(f"create -f {manifest} -o name").stdout == "analysisrun.argoproj.io/first\n"
    waited = call(f"create -f {manifest} --wait")
    assert waited.status == 3
    assert waited.stderr.endswith("Error: analysisRun 'first' is Failed\n")


def test_as_of_revision(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a", revision=4))
    refused = call("abort a --as-of-revision=3")
    assert (refused.stderr, refused.status) == ("Error: rollout 'a' is at revision 4 by now, not 3\n", 1)
    assert patched(server) == []
    assert call("abort a --as-of-revision=4").status == 0
    assert call("abort a --as-of-revision=-4").status == 1


def test_the_revision_is_looked_at_again_after_a_conflict(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    server.rule("PATCH", status=409, reason="Conflict", message="changed meanwhile", times=2)
    assert call("abort a --as-of-revision=3").status == 0
    assert len(patched(server)) == 3
    assert [r.method for r in server.requests()].count("GET") == 3


def test_a_revision_that_the_controller_has_not_counted_yet_is_waited_for(
    server: ApiServer, call: Callable[..., Outcome]
) -> None:
    """Somebody changes the template: until the controller has seen it, the annotation tells of the revision before."""
    changed = rollout("a", revision=4)
    changed["metadata"]["generation"] = 2
    server.put(changed)

    def controller() -> None:
        with server.lock:
            assert server.lock.wait_for(lambda: len(server.requests()) >= 2, 5)
        later = rollout("a", revision=5)
        later["metadata"]["generation"] = 2
        later["status"]["observedGeneration"] = "2"
        server.put(later)

    thread = threading.Thread(target=controller)
    thread.start()
    refused = call("promote a --as-of-revision=4")
    thread.join()
    assert (refused.stderr, refused.status) == ("Error: rollout 'a' is at revision 5 by now, not 4\n", 1)
    assert patched(server) == []


def test_resource_version(server: ApiServer, call: Callable[..., Outcome]) -> None:
    version = server.put(rollout("a"))["metadata"]["resourceVersion"]
    server.put(rollout("b"))
    refused = call("pause a --resource-version=7")
    assert refused.stderr == f"Error: rollout 'a' is at resource version {version} by now, not 7\n"
    assert patched(server) == []
    assert call(f"promote a --resource-version={version}").status == 0
    assert call("pause --all --resource-version=7").stderr == ("Error: --resource-version is of one rollout: name it\n")


def test_a_change_between_the_look_and_the_write_is_refused(server: ApiServer, call: Callable[..., Outcome]) -> None:
    """The patch carries the version that was looked at, so the server decides."""
    version = server.put(rollout("a"))["metadata"]["resourceVersion"]
    body = json.loads(call(f"pause a --resource-version={version} --dry-run").stdout.splitlines()[2])
    assert body == {"metadata": {"resourceVersion": version}, "spec": {"paused": True}}
    server.rule("PATCH", status=409, reason="Conflict", message="changed meanwhile", delay=0.2)

    def somebody() -> None:
        with server.lock:
            assert server.lock.wait_for(lambda: bool(patched(server)), 5)
        server.put(rollout("a"))

    thread = threading.Thread(target=somebody)
    thread.start()
    refused = call(f"pause a --resource-version={version}")
    thread.join()
    assert refused.stderr == (f"Error: rollout 'a' is at resource version {server.version} by now, not {version}\n")
    assert (refused.status, patched(server)) == (1, ["a"])


def test_what_is_not_there_for_a_guard(server: ApiServer, call: Callable[..., Outcome]) -> None:
    assert call("pause a --as-of-revision=1").status == 1
    assert call("pause a --as-of-revision=1 --exit-code").status == 6
    assert patched(server) == []


def test_an_image_for_many_needs_an_image(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    missing = call("set image -l x=y")
    assert (missing.stderr, missing.status) == ("Error: expected ROLLOUT_NAME CONTAINER=IMAGE, got nothing\n", 1)
    assert call("set image --all a=b=c").stderr == 'Error: expected CONTAINER=IMAGE, got "a=b=c"\n'
    assert server.requests() == []


def test_everything_everywhere_must_be_said(server: ApiServer, call: Callable[..., Outcome]) -> None:
    server.put(rollout("a"))
    assert call("abort -A").stderr == "Error: -A needs --all, or a selection of rollouts\n"
    assert server.requests() == []
    assert call("abort -A --all").status == 0


def test_several_names_are_acted_on_and_then_waited_for(server: ApiServer, call: Callable[..., Outcome]) -> None:
    for name in "ab":
        server.put(rollout(name))
    outcome = call("pause a b --wait")
    assert outcome.stdout == ("rollout 'a' paused\nrollout 'b' paused\nrollout 'a' is paused\nrollout 'b' is paused\n")
    assert call("pause x a --exit-code").status == 6
    assert call("pause x a --exit-code --keep-going").stdout == "rollout 'a' paused\n"
