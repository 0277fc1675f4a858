"""`get`, as installed: in pipes, once and watched."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.support.api_server import ApiServer
from tests.support.background import in_background
from tests.support.cli import run_cli, run_process
from tests.support.releases import full, meta, pod, replica_set, rollout, simple

CLEAR = "\x1b[H\x1b[2J\x1b[0;0H"

TREE = """\
Name:            web
Namespace:       default
Status:          ✔ Healthy
Strategy:        Canary
  Step:          1/2
  SetWeight:     50
  ActualWeight:  100
Images:          img:aaaa (stable)
                 img:bbbb (canary)
Replicas:
  Desired:       2
  Current:       2
  Updated:       2
  Ready:         2
  Available:     2

NAME                KIND        STATUS     AGE   INFO
⟳ web               Rollout     ✔ Healthy  292y  {}
├──# revision:2                                  {}
│  └──⧉ web-bbbb    ReplicaSet  ✔ Healthy  292y  canary
│     └──□ web-b-p  Pod         ✔ Running  292y  ready:1/1
└──# revision:1                                  {}
   └──⧉ web-aaaa    ReplicaSet  ✔ Healthy  292y  stable
""".format(*[""] * 3)  # the blanks at the ends of lines are meant


def aged() -> list[dict[str, object]]:
    objects = [rollout("web", "bbbb", "aaaa", currentStepIndex=1), replica_set("web", "aaaa", 1)]
    objects += [replica_set("web", "bbbb", 2), pod("web-bbbb", "bbbb", "x", app="web")]
    objects[-1]["metadata"]["name"] = "web-b-p"
    for one in objects:
        del one["metadata"]["creationTimestamp"]  # an age of 292 years, whenever the test runs
    return objects


def frames(text: str) -> list[str]:
    assert text.startswith(CLEAR)
    return text.split(CLEAR)[1:]


def test_the_screen_in_a_pipe(given: Callable[..., None], env: dict[str, str]) -> None:
    given(*aged())
    assert run_process("get", "rollout", "web", "--no-color", env=env) == (TREE, "", 0)
    colored = run_process("get", "ro", "web", env=env)
    assert "Status:          \x1b[32m✔\x1b[0m Healthy\n" in colored.stdout
    assert run_process("get", "rollout", "web", env={**env, "TERM": "dumb"}).stdout == TREE


@pytest.mark.parametrize("command", [["get", "rollout"], ["get", "rollout", "-w"], ["status"], ["status", "-w=false"]])
def test_a_missing_rollout(env: dict[str, str], command: list[str]) -> None:
    assert run_process(*command, "nope", env=env) == ("", 'Error: rollout.argoproj.io "nope" not found\n', 1)


@pytest.mark.parametrize("more", [[], ["-w"]])
def test_a_missing_experiment(env: dict[str, str], more: list[str]) -> None:
    error = 'Error: experiment.argoproj.io "nope" not found\n'
    assert run_process("get", "experiment", "nope", *more, env=env) == ("", error, 1)


@pytest.mark.parametrize(
    "command", [["get", "rollout", "x"], ["status", "x"], ["list", "rollouts"], ["list", "rollouts", "-w"]]
)
def test_a_cluster_without_argo_rollouts(server: ApiServer, env: dict[str, str], command: list[str]) -> None:
    server.rule("rollouts", status=404, raw=b"404 page not found\n")
    out, err, status = run_process(*command, env=env)
    assert (out, status) == ("", 1)
    assert err.startswith("Error: ")
    assert "Argo Rollouts is not installed" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("more", [[], ["-w", "--timeout-seconds", "1"]])
def test_a_forbidden_list_is_named_and_the_rest_shown(
    server: ApiServer, given: Callable[..., None], env: dict[str, str], more: list[str]
) -> None:
    given(*simple())
    for plural in ("pods", "analysisruns"):
        server.rule(f"/{plural}", status=403, reason="Forbidden", message=f"{plural} is forbidden")
    out, err, status = run_process("get", "rollout", "web", "--no-color", *more, env=env)
    assert status == 1
    assert "⧉ web-bbbb" in out
    assert "□" not in out
    named = [line for line in err.splitlines() if "could not be read" in line]
    assert len(named) == 2
    assert sorted(named) == [
        "Error: analysisruns could not be read: analysisruns is forbidden",
        "Error: pods could not be read: pods is forbidden",
    ]


def test_hostile_text_is_shown_escaped(given: Callable[..., None], env: dict[str, str]) -> None:
    evil = rollout("web", message="\x1b[31mred\u202e\x07[bold]no[/bold]", phase="Pau\tsed\n")
    given(evil)
    out, _, _ = run_process("get", "rollout", "web", "--no-color", env=env)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31mred\\u202e\\x07[bold]no[/bold]" in out
    out, _, _ = run_process("status", "web", "-w=false", env=env)
    assert out == "Pau\\tsed\\n - \\x1b[31mred\\u202e\\x07[bold]no[/bold]\n"


def test_piped_get_imports_little(given: Callable[..., None], env: dict[str, str]) -> None:
    """What a cold command may load is part of its design (docs/architecture.md, "Rules of the hot path")."""
    given(*full())
    script = (
        "import sys, os\n"
        "sys.argv = ['kubectl-rollouts', 'get', 'rollout', 'web']\n"
        "os._exit = lambda status: sys.exit(status)\n"
        "from kubectl_rollouts.cli.main import run\n"
        "try:\n    run()\nfinally:\n    sys.stderr.write(' '.join(sorted(sys.modules)))\n"
    )
    import subprocess
    import sys

    from tests.support.cli import environment

    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(env), capture_output=True, check=True, timeout=30
    )
    assert b"web-bbbb-2-0-check" in done.stdout
    loaded = set(done.stderr.decode().split())
    banned = {"kubernetes", "rich", "asyncio", "pydantic", "yaml", "dataclasses", "ssl", "http", "email"}
    banned |= {"urllib.request", "concurrent", "logging", "multiprocessing", "queue", "json", "tempfile", "random"}
    assert not {name for name in loaded if name in banned or name.partition(".")[0] in banned - {"urllib.request"}}
    ours = {name for name in loaded if name.startswith("kubectl_rollouts.")}
    assert not {name for name in ours if name.startswith(("kubectl_rollouts.sandbox", "kubectl_rollouts.cli.help"))}
    assert "kubectl_rollouts.view.terminal" not in ours
    assert "kubectl_rollouts.release.follow" not in ours


# --- Watched -------------------------------------------------------------------------------------------------------


def test_watch_writes_frames_until_the_time_is_over(given: Callable[..., None], env: dict[str, str]) -> None:
    given(*aged())
    out, err, status = run_process("get", "rollout", "web", "-w", "--timeout-seconds", "2", "--no-color", env=env)
    assert (err, status) == ("", 0)
    assert 2 <= len(frames(out)) <= 4
    assert set(frames(out)) == {TREE}


def test_watch_shows_what_happens(server: ApiServer, given: Callable[..., None], env: dict[str, str]) -> None:
    given(*simple("web", ("aaaa",)))
    with in_background("get", "rollout", "web", "-w", "--no-color", env=env) as command:
        command.until(lambda one: "web-aaaa-p1" in one.out)
        given(replica_set("web", "bbbb", 2), pod("web-bbbb", "bbbb", "p9", app="web"))
        command.until(lambda one: "web-bbbb-p9" in frames(one.out)[-1])
        server.delete("Pod", "web-bbbb-p9")
        command.until(lambda one: "web-bbbb-p9" not in frames(one.out)[-1])
        server.delete("Rollout", "web")
        command.until(lambda one: 'rollout.argoproj.io \\"web\\" not found' in one.err)
        assert command.end(signal.SIGINT) == 0
    assert "Traceback" not in command.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_watches_as_in_the_reference(
    given: Callable[..., None], env: dict[str, str], number: signal.Signals
) -> None:
    given(*full())
    with in_background("get", "rollout", "web", "-w", env=env) as command:
        command.until(lambda one: "web-bbbb" in one.out)
        assert command.end(number) == 0
    with in_background("get", "experiment", "web-bbbb-2-0", "-w", env=env) as command:
        command.until(lambda one: "web-bbbb-2-0-check" in one.out)
        assert command.end(number) == -number
        assert command.err == ""


def test_interrupted_before_anything_could_be_read(server: ApiServer, env: dict[str, str]) -> None:
    server.rule("rollouts", silent=True)
    for command in (["get", "rollout", "web"], ["get", "rollout", "web", "-w"], ["status", "web"]):
        before = len(server.log)
        with in_background(*command, env=env) as running:
            with server.lock:
                assert server.lock.wait_for(lambda: len(server.log) > before, 10)  # noqa: B023 - called at once
            assert running.end(signal.SIGINT) == 1
            assert (running.out, running.err) == ("", "")


def test_a_watched_release_survives_its_server(
    server: ApiServer, given: Callable[..., None], env: dict[str, str]
) -> None:
    given(*simple())
    with in_background("get", "rollout", "web", "-w", "--no-color", env=env) as command:
        command.until(lambda one: "web-bbbb-p1" in one.out)
        assert server.wait_watching(5)
        for how in ("reset", "midline", "close", "410"):
            server.cut_watches(how)
            server.patch("Rollout", "web", {"status": {"phase": "Paused", "message": f"after {how}"}})
            command.until(lambda one: f"after {how}" in frames(one.out)[-1])  # noqa: B023 - called at once
        assert command.end(signal.SIGTERM) == 0
    assert "Traceback" not in command.err


def test_odd_names_are_not_found(env: dict[str, str]) -> None:
    for name in ("a/b", "..", "a b", "%2e", "größe", "a,ö", "a=b"):
        assert run_cli("get", "rollout", name, env=env) == ("", f'Error: rollout.argoproj.io "{name}" not found\n', 1)


def test_a_name_that_a_path_would_encode_is_found_by_a_list(
    server: ApiServer, given: Callable[..., None], env: dict[str, str]
) -> None:
    given(rollout("größe", "aaaa"))
    assert run_cli("get", "rollout", "größe", env=env).stdout.startswith("Name:            größe\n")
    assert run_cli("status", "größe", "--watch=false", env=env).stdout == "Healthy\n"
    assert {request.query.get("fieldSelector") for request in server.log if request.plural == "rollouts"} == {
        "metadata.name=größe"
    }


def test_a_workload_ref(given: Callable[..., None], env: dict[str, str]) -> None:
    referring = rollout("web", "aaaa")
    referring["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
    given(referring, replica_set("web", "aaaa", 1))
    error = 'Error: deployment.apps "w" not found\n'
    for command in (["get", "rollout"], ["get", "rollout", "-w"], ["status"], ["status", "--watch=false"]):
        assert run_process(*command, "web", env=env) == ("", error, 1)
    given({"kind": "Deployment", "metadata": meta("w"), "spec": {}})
    assert "web-aaaa" in run_process("get", "rollout", "web", env=env).stdout
    assert run_process("status", "web", env=env).stdout == "Healthy\n"
