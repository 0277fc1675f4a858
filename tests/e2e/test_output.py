"""`-o`, as installed: what programs read, once and watched, and the objects that actions changed."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.api_server import ApiServer
from tests.support.background import in_background
from tests.support.cli import run_process
from tests.support.on_terminal import on_terminal
from tests.support.releases import experiment, pod, replica_set, rollout
from tests.view.output.views import SCHEMA, check

Given = Callable[..., None]
Env = dict[str, str]

PAUSED = {"phase": "Paused", "currentStepIndex": 1, "pauseConditions": [
    {"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}]}  # fmt: skip


def ask(*words: str, env: Env, status: int = 0) -> str:
    outcome = run_process(*words, env=env)
    assert (outcome.stderr, outcome.status) == ("", status)
    return outcome.stdout


@pytest.fixture
def web(given: Given) -> None:
    given(
        rollout("web", "a2", "a1", **PAUSED),
        rollout("api", "b1"),
        replica_set("web", "a1", 1),
        replica_set("web", "a2", 2),
        pod("web-a1", "a1", "x", "web"),
        pod("web-a2", "a2", "y", "web"),
    )


@pytest.mark.usefixtures("web")
def test_get_in_every_form(env: Env) -> None:
    document = check(json.loads(ask("get", "ro", "web", "-o", "json", env=env)))
    assert [one["revision"] for one in document["revisions"]] == [2, 1]
    assert yaml.safe_load(ask("get", "ro", "web", "-oyaml", env=env)) == document
    assert ask("get", "ro", "web", "-o", "name", env=env) == "rollout.argoproj.io/web\n"
    assert ask("get", "ro", "web", "-o", "jsonpath={.phase}/{.step.index}", env=env) == "Paused/1"
    table = ask("get", "ro", "web", "-o", "custom-columns=N:.metadata.name,P:.phase,X:.x", env=env)
    assert table == "N     P        X\nweb   Paused   <none>\n"
    wide = ask("get", "ro", "web", "-o", "wide", "--color", "never", env=env)
    assert "INFO" in wide.split("IMAGES")[0].splitlines()[-1]
    assert "img:a2" in wide


@pytest.mark.usefixtures("web")
def test_raw_is_the_object_as_stored(server: ApiServer, env: Env) -> None:
    stored = json.loads(ask("get", "ro", "web", "-o", "json", "--raw", env=env))
    assert stored["spec"]["strategy"] == {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}
    listed = json.loads(ask("list", "ro", "-o", "json", "--raw", env=env))
    assert (listed["kind"], listed["apiVersion"]) == ("List", "v1")
    assert [one["metadata"]["name"] for one in listed["items"]] == ["api", "web"]
    assert {one["kind"] for one in listed["items"]} == {"Rollout"}
    server.patch("Rollout", "web", {"metadata": {"managedFields": [{"manager": "m"}]}})
    assert "managedFields" not in ask("get", "ro", "web", "-o", "json", "--raw", env=env)
    assert "managedFields" in ask("get", "ro", "web", "-o", "json", "--raw", "--show-managed-fields", env=env)


@pytest.mark.usefixtures("web")
def test_list_in_every_form(given: Given, env: Env) -> None:
    document = check(json.loads(ask("list", "rollouts", "-o", "json", env=env)))
    assert [one["phase"] for one in document["items"]] == ["Healthy", "Paused"]
    assert ask("list", "ro", "-o", "jsonpath={.items[*].metadata.name}", env=env) == "api web"
    assert ask("list", "ro", "-o", "name", env=env) == "rollout.argoproj.io/api\nrollout.argoproj.io/web\n"
    assert ask("list", "ro", "-o", "custom-columns=N:metadata.name", "--no-headers", env=env) == "api\nweb\n"
    names = ask("list", "ro", "-o", "name", "--sort-by", "{.phase}", "--phase", "paused,healthy", env=env)
    assert names.split() == ["rollout.argoproj.io/api", "rollout.argoproj.io/web"]
    wide = ask("list", "ro", "-o", "wide", env=env).splitlines()
    assert wide[0].split()[-4:] == ["AGE", "IMAGES", "PAUSE", "MESSAGE"]
    assert "until it is promoted" in wide[2]
    given(experiment("e1", "", "", []))
    assert check(json.loads(ask("list", "exp", "-o", "json", env=env)))["items"][0]["kind"] == "ExperimentView"
    check(json.loads(ask("get", "exp", "e1", "-o", "json", env=env)))
    assert ask("list", "exp", "-o", "name", env=env) == "experiment.argoproj.io/e1\n"


def test_an_empty_list(env: Env) -> None:
    assert check(json.loads(ask("list", "ro", "-o", "json", env=env)))["items"] == []
    assert run_process("list", "ro", "-o", "name", env=env) == ("", "No resources found.\n", 0)
    assert run_process("list", "ro", "-o", "wide", env=env) == ("", "No resources found.\n", 0)


def test_orders(given: Given, env: Env) -> None:
    for name, replicas, created in (("a", 2, "2026-01-03"), ("b", 10, "2026-01-01"), ("c", 1, "2026-01-02")):
        made = rollout(name)
        made["spec"]["replicas"] = replicas
        made["metadata"]["creationTimestamp"] = f"{created}T00:00:00Z"
        given(made)

    def order(by: str, *more: str) -> str:
        return "".join(line[0] for line in ask("list", "ro", "--sort-by", by, *more, env=env).splitlines()[1:])

    assert order("desired") == "cab"
    assert order("age") == "acb"
    assert order(".metadata.creationTimestamp") == "bca"
    assert order("{.spec.replicas}", "--raw", "-o", "custom-columns=N:.metadata.name") == "cab"
    outcome = run_process("list", "ro", "--sort-by", ".nothing", env=env)
    assert outcome.status == 1
    assert "couldn't find any field" in outcome.stderr


@pytest.mark.usefixtures("web")
def test_status_once(server: ApiServer, env: Env) -> None:
    document = check(json.loads(ask("status", "web", "--watch=false", "-o", "json", env=env)))
    assert document["phase"] == "Paused"
    server.patch("Rollout", "web", {"status": {"phase": "Degraded", "message": "x"}})
    outcome = run_process("status", "web", "--watch=false", "-o", "jsonpath={.phase}", env=env)
    assert outcome == ("Degraded", "Error: The rollout is in a degraded state with message: x\n", 1)
    outcome = run_process("status", "web", "--watch=false", "-o", "jsonpath={.phase}", "--exit-code", env=env)
    assert outcome.status == 3


# --- Watched -------------------------------------------------------------------------------------------------------


def documents(text: str) -> list[dict[str, Any]]:
    return [check(json.loads(line)) for line in text.splitlines()]


@pytest.mark.usefixtures("web")
def test_get_watched_is_a_line_for_each_change(server: ApiServer, env: Env) -> None:
    with in_background("get", "ro", "web", "-w", "-o", "json", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 1)
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"metadata": {"annotations": {"a": "b"}}})
        server.patch("Rollout", "web", {"status": {"phase": "Progressing"}})
        command.until(lambda one: one.out.count("\n") == 2)
        assert command.end(signal.SIGINT) == 0
        assert [one["phase"] for one in documents(command.out)] == ["Paused", "Progressing"]


@pytest.mark.usefixtures("web")
def test_events_of_get(server: ApiServer, env: Env) -> None:
    with in_background("get", "ro", "web", "-w", "-o", "json", "--output-watch-events", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 1)
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Progressing"}})
        command.until(lambda one: one.out.count("\n") == 2)
        server.delete("Rollout", "web")
        command.until(lambda one: one.out.count("\n") == 3)
        told = documents(command.out)
    assert [one["type"] for one in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert told[2]["object"]["phase"] == "Progressing"


@pytest.mark.usefixtures("web")
def test_stored_objects_watched(server: ApiServer, env: Env) -> None:
    words = ("get", "ro", "web", "-w", "--raw", "-o", "jsonpath={.type} {.object.status.phase}")
    with in_background(*words, "--output-watch-events", env=env) as command:
        command.until(lambda one: one.out == "ADDED Paused\n")
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Progressing"}})
        command.until(lambda one: one.out.endswith("\nMODIFIED Progressing\n"))
        server.delete("Rollout", "web")
        command.until(lambda one: one.out.endswith("\nDELETED Progressing\n"))


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_list_watched(server: ApiServer, given: Given, env: Env, how: str) -> None:
    with in_background("list", "ro", "-w", "-o", "json", "--output-watch-events", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 2)
        assert server.wait_watching(1)
        server.cut_watches(how)
        given(rollout("late"))
        command.until(lambda one: one.out.count("\n") == 3)
        server.delete("Rollout", "api")
        command.until(lambda one: one.out.count("\n") == 4)
        told = [(one["type"], one["object"]["metadata"]["name"]) for one in documents(command.out)]
        assert told == [("ADDED", "api"), ("ADDED", "web"), ("ADDED", "late"), ("DELETED", "api")]
        assert command.end(signal.SIGINT) == -signal.SIGINT


@pytest.mark.usefixtures("web")
def test_columns_and_rows_watched(server: ApiServer, env: Env) -> None:
    with (
        in_background("list", "ro", "-w", "-o", "custom-columns=N:.metadata.name,P:.phase", env=env) as columns,
        in_background("list", "ro", "-w", "-o", "wide", env=env) as wide,
    ):
        columns.until(lambda one: one.out == "N     P\napi   Healthy\nweb   Paused\n")
        wide.until(lambda one: one.out.count("\n") == 3)
        assert server.wait_watching(2)
        server.patch("Rollout", "web", {"metadata": {"annotations": {"a": "b"}}})
        server.patch("Rollout", "web", {"status": {"phase": "Healthy"}})
        columns.until(lambda one: one.out.endswith("web   Healthy\n"))
        wide.until(lambda one: one.out.count("\n") == 4)
        titles, *rows = wide.out.splitlines()
        assert [row[titles.index("STATUS") :].split()[0] for row in rows] == ["Healthy", "Paused", "Healthy"]
        server.patch("Rollout", "web", {"status": {"phase": "Progressing", "message": "on its way"}})
        wide.until(lambda one: one.out.count("\n") == 5)
        assert wide.out.splitlines()[4][titles.index("MESSAGE") :] == "on its way"


def test_columns_of_later_rows_stand_below_the_first_ones(server: ApiServer, given: Given, env: Env) -> None:
    given(rollout("web"), rollout("a-rather-long-name"))
    columns = "custom-columns=N:.metadata.name,P:.phase,A:.aborted"
    with in_background("list", "ro", "-w", "-o", columns, env=env) as command:
        command.until(lambda one: one.out.count("\n") == 3)
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Paused"}})
        command.until(lambda one: one.out.count("\n") == 4)
        titles, *rows = command.out.splitlines()
        assert [row[titles.index("A") :] for row in rows] == ["false"] * 3
        assert rows[2][titles.index("P") :].startswith("Paused ")


def test_rows_of_a_watched_list_that_was_empty_have_titles(server: ApiServer, given: Given, env: Env) -> None:
    with in_background("list", "ro", "-w", "-o", "wide", env=env) as command:
        command.until(lambda one: one.out.startswith("NAME ") and one.out.count("\n") == 1)
        assert server.wait_watching(1)
        given(rollout("late"))
        command.until(lambda one: one.out.count("\n") == 2)
        assert command.err == ""


def test_a_line_break_in_a_cell_is_one_in_a_pipe(server: ApiServer, given: Given, env: Env) -> None:
    given(rollout("web"))
    server.patch("Rollout", "web", {"metadata": {"annotations": {"note": "one\ntwo"}}})
    told = ask("list", "ro", "--raw", "-o", "custom-columns=A:.metadata.annotations.note,N:.metadata.name", env=env)
    assert told == "A     N\none\ntwo   web\n"


@pytest.mark.usefixtures("web")
def test_status_followed_to_its_end(server: ApiServer, env: Env) -> None:
    with in_background("status", "web", "-o", "json", env=env) as command:
        command.until(lambda one: one.out.count("\n") == 1)
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "pauseConditions": None}})
        assert command.end() == 0
        assert [one["phase"] for one in documents(command.out)] == ["Paused", "Healthy"]


@pytest.mark.usefixtures("web")
def test_lines_until_a_goal(server: ApiServer, env: Env) -> None:
    server.patch("Rollout", "web", {"status": {"phase": "Progressing", "pauseConditions": None}})
    with in_background("get", "ro", "web", "-w", "-o", "jsonpath={.phase}", "--until", "healthy", env=env) as command:
        command.until(lambda one: one.out == "Progressing\n")
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"phase": "Healthy", "currentStepIndex": 2, "stableRS": "a2"}})
        assert command.end() == 0
        assert command.out == "Progressing\nHealthy\n"


@pytest.mark.usefixtures("web")
def test_the_end_of_the_time(env: Env) -> None:
    out = ask("get", "ro", "web", "-w", "-o", "jsonpath={.phase}", "--timeout-seconds", "1", env=env)
    assert out == "Paused\n"
    assert ask("get", "ro", "web", "-o", "name", "--exit-code", env=env, status=5) == "rollout.argoproj.io/web\n"
    many = check(json.loads(ask("get", "ro", "--all", "-o", "json", env=env)))
    assert [len(one["revisions"]) for one in many["items"]] == [0, 2]


# --- Actions -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("web")
def test_actions_print_the_object_that_they_changed(env: Env) -> None:
    changed = json.loads(ask("pause", "web", "-o", "json", env=env))
    assert changed["spec"]["paused"] is True
    assert (
        ask("abort", "web", "api", "-o", "jsonpath={.metadata.name} {.status.abort},", env=env) == "web true,api true,"
    )
    assert ask("retry", "rollout", "web", "-o", "name", env=env) == "rollout.argoproj.io/web\n"
    assert yaml.safe_load(ask("restart", "web", "-o", "yaml", env=env))["spec"]["restartAt"]
    assert ask("promote", "web", "--full", "-o", "jsonpath={.status.promoteFull}", env=env) == "true"


@pytest.mark.usefixtures("web")
def test_a_failing_action_prints_no_object(env: Env) -> None:
    outcome = run_process("abort", "nope", "-o", "json", env=env)
    assert (outcome.stdout, outcome.status) == ("", 1)
    outcome = run_process("abort", "nope", "web", "-o", "name", "--keep-going", env=env)
    assert (outcome.stdout, outcome.status) == ("rollout.argoproj.io/web\n", 1)


# --- Go templates, mistakes ----------------------------------------------------------------------------------------

KUBECTL = shutil.which("kubectl")


@pytest.mark.skipif(KUBECTL is None, reason="Go templates are kubectl's")
@pytest.mark.usefixtures("web")
def test_go_templates(env: Env, tmp_path: Path) -> None:
    assert ask("get", "ro", "web", "-o", "go-template={{.phase}} {{.revision}}", env=env) == "Paused 0"
    template = "{{range .items}}{{.metadata.name}};{{end}}{{$.kind}}"
    assert ask("list", "ro", "-o", f"go-template={template}", env=env) == "api;web;RolloutViewList"
    file = tmp_path / "t"
    file.write_text(template)
    assert ask("list", "ro", "-o", f"go-template-file={file}", env=env) == "api;web;RolloutViewList"
    assert ask("list", "ro", "--template", template, env=env) == "api;web;RolloutViewList"
    assert ask("get", "ro", "web", "--template", "{{.phase}}", env=env) == "Paused"
    outcome = run_process("get", "ro", "web", "-o", "go-template={{if", env=env)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr.startswith("Error: error parsing template")
    outcome = run_process("list", "ro", "-o", "go-template={{if", env=env)
    assert outcome.stderr.startswith("Error: error parsing template {{if, ")
    outcome = run_process("list", "ro", "-o", 'go-template={{define "x"}}y{{end}}', env=env)
    assert outcome.stderr == "Error: the template cannot be applied to a list: {{define}} goes with a single object\n"


@pytest.mark.usefixtures("web")
def test_go_templates_without_kubectl(env: Env, tmp_path: Path) -> None:
    outcome = run_process("get", "ro", "web", "-o", "go-template={{.x}}", env={**env, "PATH": str(tmp_path)})
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert "needs kubectl" in outcome.stderr


@pytest.mark.usefixtures("web")
def test_nothing_is_done_when_what_comes_of_it_cannot_be_printed(server: ApiServer, env: Env, tmp_path: Path) -> None:
    without = run_process("promote", "web", "-o", "go-template={{.x}}", env={**env, "PATH": str(tmp_path)})
    assert (without.status, "needs kubectl" in without.stderr) == (1, True)
    assert not [request for request in server.requests() if request.method == "PATCH"]
    if shutil.which("kubectl"):
        wrong = run_process("promote", "web", "-o", "go-template={{if", env=env)
        assert wrong.stderr.startswith("Error: error parsing template {{if, ")
        assert not [request for request in server.requests() if request.method == "PATCH"]
        assert ask("promote", "web", "-o", "go-template={{len .spec.strategy.canary.steps}}", env=env) == "2"


@pytest.mark.parametrize(
    "line",
    [
        "get ro web -o nonsense",
        "get ro web -o json=x",
        "get ro web -o jsonpath",
        "get ro web -o jsonpath={.a",
        "get ro web -o jsonpath-file=/nonexistent",
        "get ro web -o custom-columns=X",
        "get ro web -o custom-columns=",
        "get ro web -o=",
        "get ro web --raw",
        "get ro web --raw -o wide",
        "get ro web --output-watch-events -o json",
        "get ro web --revisions -1",
        "abort web -o wide",
        "status web -o wide",
        "create -f x -w -o json",
        "list ro --template x -o json",
    ],
)
def test_mistakes_are_said_before_anything_is_asked(server: ApiServer, env: Env, line: str) -> None:
    outcome = run_process(*line.split(), env=env)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr.startswith("Error: ")
    assert outcome.stderr.count("\n") == 1
    assert server.log == []


@pytest.mark.usefixtures("web")
def test_what_a_template_does_not_fit_is_an_error(env: Env) -> None:
    outcome = run_process("get", "ro", "web", "-o", "jsonpath={.revisions[9]}", env=env)
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert "array index out of bounds: index 9, length 2" in outcome.stderr


def test_more_flags_leave_the_screen_alone_that_they_do_not_change(given: Given, env: Env) -> None:
    given(
        rollout("web", "a2", "a1", currentStepIndex=2),
        replica_set("web", "a1", 1),
        replica_set("web", "a2", 2),
        pod("web-a2", "a2", "y"),
    )
    plain = ask("get", "ro", "web", "--color", "never", env=env)
    assert ask("get", "ro", "web", "--color", "never", "--exit-code", env=env) == plain
    short = ask("get", "ro", "web", "--color", "never", "--no-pods", "--revisions", "1", env=env)
    assert "□" not in short
    assert "revision:2" in short
    assert "revision:1" not in short
    steps = ask("get", "ro", "web", "--color", "never", "--steps", env=env)
    assert [line[17:] for line in steps.splitlines() if "setWeight" in line] == ["✔ 1  setWeight 50"]
    assert "img:a2" in ask("get", "ro", "web", "--color", "never", "--images", env=env).split("NAME ")[1]


# --- On a terminal -------------------------------------------------------------------------------------------------


def test_a_terminal_shows_when_a_pause_ends(server: ApiServer, given: Given, env: Env) -> None:
    web = rollout("web", "a2", "a1", **PAUSED)
    web["spec"]["strategy"]["canary"]["steps"] = [{"setWeight": 50}, {"pause": {"duration": "200000h"}}]
    given(web, replica_set("web", "a2", 2))
    with on_terminal("get", "ro", "web", env=env) as terminal:
        assert terminal.end() == 0
        assert re.search(r"^  Pause:         \d+y(\d+d)? left, began ", terminal.text, re.MULTILINE)
    with on_terminal("get", "ro", "web", "-w", "-o", "wide", "--steps", env=env) as terminal:
        terminal.until(lambda one: " left, began " in one.text and "img:a2" in one.text)
        assert "✔ 1  setWeight 50" in terminal.text
        assert server.wait_watching(1)
        server.patch("Rollout", "web", {"status": {"pauseConditions": None, "phase": "Healthy", "currentStepIndex": 2}})
        terminal.until(lambda one: " left, began " not in one.text)
        terminal.child.kill(signal.SIGINT)
        assert terminal.end() == 0


@pytest.mark.parametrize("form", ["json", "yaml", "jsonpath={.message}", "custom-columns=M:.message", "wide"])
def test_what_the_cluster_says_steers_no_terminal(given: Given, env: Env, form: str) -> None:
    given(rollout("web", phase="Degraded", message="a\x1b]0;owned\x07\u202eb\x9b2J"))
    with on_terminal("list", "ro", "-o", form.replace("{.", "{.items[0]."), env=env) as terminal:
        assert terminal.end() == 0
    assert not {0x1B, 0x07} & set(terminal.raw)
    assert "\u202e".encode() not in terminal.raw
    assert "\x9b".encode() not in terminal.raw
    assert b"owned" in terminal.raw


def test_a_pipe_gets_what_the_cluster_says(given: Given, env: Env) -> None:
    message = "a\x1b]0;owned\x07\u202eb"
    given(rollout("web", phase="Degraded", message=message))
    assert ask("list", "ro", "-o", "jsonpath={.items[0].message}", env=env) == message
    assert json.loads(ask("get", "ro", "web", "-o", "json", env=env))["message"] == message


def test_the_schema_is_printed(env: Env) -> None:
    assert json.loads(ask("options", "--schema", env=env)) == SCHEMA
