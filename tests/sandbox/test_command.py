"""`sandbox start|stop|status|reset|run|pods` as a user types them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from kubectl_rollouts.sandbox import registry
from tests.sandbox.conftest import ROLLOUTS, Http, rollout

Cli = Callable[..., subprocess.CompletedProcess[str]]
PROGRAM = [sys.executable, "-m", "kubectl_rollouts", "sandbox"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user of their own: no other sandbox is found."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    kept = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    return {**kept, "XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture
def cli(environment: dict[str, str], tmp_path: Path) -> Cli:
    def run(*words: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            env={**environment, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )

    return run


@contextlib.contextmanager
def started(environment: dict[str, str], *words: str) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    """A sandbox in the foreground: its process, its port, its kubeconfig."""
    command = [*PROGRAM, "start", *words]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            address, export = process.stdout.readline(), process.stdout.readline()
            found = re.fullmatch(r"Sandbox cluster on http://127\.0\.0\.1:(\d+) \(Ctrl-C stops it\)\n", address)
            assert found, (address, process.poll() is not None and process.stderr and process.stderr.read())
            assert export.startswith("export KUBECONFIG=")
            yield process, int(found[1]), Path(export.strip().partition("=")[2])
        finally:
            if process.poll() is None:
                process.kill()


def test_it_starts_and_ends_with_ctrl_c(environment: dict[str, str]) -> None:
    with started(environment) as (process, port, kubeconfig):
        assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
        content = json.loads(kubeconfig.read_text())
        assert content["clusters"][0]["cluster"]["server"] == f"http://127.0.0.1:{port}"
        http = Http(port)
        assert http("GET", "/readyz").body == b"ok"
        http.connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert not kubeconfig.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_cleanly_with_signals(environment: dict[str, str], number: signal.Signals) -> None:
    with started(environment) as (process, _, kubeconfig):
        process.send_signal(number)
        assert process.wait(15) == 0
        assert list(kubeconfig.parent.iterdir()) == []


def test_a_kubeconfig_of_ones_own_is_never_overwritten(cli: Cli, tmp_path: Path, environment: dict[str, str]) -> None:
    precious = tmp_path / "config"
    precious.write_text("apiVersion: v1\nclusters: [{name: production}]\n")
    done = cli("start", "--kubeconfig", str(precious), check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {precious} exists and is no sandbox's kubeconfig")
    assert "production" in precious.read_text()
    chosen = tmp_path / "mine"
    with started(environment, "--kubeconfig", str(chosen)) as (_, port, kubeconfig):
        assert kubeconfig == chosen
    with started(environment, "--kubeconfig", str(chosen)) as (_, port, _):
        assert str(port) in chosen.read_text()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["start", "--port", "70000"], "--port must be between 0 and 65535, not 70000"),
        (["start", "--speed", "fast"], "--speed must be a number between"),
        (["start", "--speed", "nan"], "--speed must be a number between"),
        (["start", "--load", "missing.yaml"], "cannot load missing.yaml: no such file or folder"),
        (["stop"], "no sandbox is running"),
        (["pods"], "say how many pods are to fail"),
        (["pods", "--slow", "x"], "--slow must be a number of seconds"),
        (["reset", "--port", "1"], "no sandbox runs on port 1"),
        (["demo", "nothing"], "there is no demo"),
        (["run", "--", "no-such-command"], "no-such-command: no such command"),
    ],
)
def test_mistakes_get_a_line(cli: Cli, words: list[str], error: str) -> None:
    done = cli(*words, check=False)
    assert done.returncode in (1, 127)
    assert done.stderr.startswith(f"Error: {error}")
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_said(cli: Cli, environment: dict[str, str]) -> None:
    with started(environment) as (_, port, _):
        done = cli("start", "--port", str(port), check=False)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; name another --port, or none\n"
    )


def test_what_is_run_finds_the_program_where_it_is_not_installed(cli: Cli) -> None:
    script = "import shutil; print(shutil.which('kubectl-rollouts'))"
    folder = Path(sys.executable).parent
    assert cli("run", "--", sys.executable, "-c", script, PATH="/usr/bin").stdout == f"{folder}/kubectl-rollouts\n"
    path = "import os; print(os.environ['PATH'])"
    kept = f"/nope:{folder}"  # there already: nothing is changed
    assert cli("run", "--", sys.executable, "-c", path, PATH=kept).stdout == f"{kept}\n"


def test_run_hands_its_cluster_and_the_status_over(cli: Cli, tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "shop.yaml").write_text(f"---\n{json.dumps(rollout('shop', replicas=0))}\n---\n")
    (manifests / "more.json").write_text(
        json.dumps({"apiVersion": "keda.sh/v1", "kind": "ScaledObject", "metadata": {"name": "x"}})
    )
    script = 'import os, sys; print(os.environ["KUBECONFIG"]); sys.exit(7)'
    done = cli("run", "--load", str(manifests), "--", sys.executable, "-c", script, check=False)
    assert done.returncode == 7
    assert done.stdout.strip().endswith(".kubeconfig")
    assert not Path(done.stdout.strip()).exists()
    assert done.stderr == "keda.sh/v1 ScaledObject is unknown here: x was left out\n"
    ours = cli("run", "--load", str(manifests), "--", sys.executable, "-m", "kubectl_rollouts", "list", "rollouts")
    assert "shop" in ours.stdout
    script = (
        "import os, urllib.request as r; print(r.urlopen(os.environ['KUBECTL_ROLLOUTS_SANDBOX'] + '/version').status)"
    )
    assert cli("run", "--", sys.executable, "-c", script, NO_PROXY="127.0.0.1").stdout == "200\n"
    killed = cli("run", "--", sys.executable, "-c", "import os, signal; os.kill(os.getpid(), 15)", check=False)
    assert killed.returncode == 128 + signal.SIGTERM


def test_a_detached_one_is_found_troubled_reset_and_stopped(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(json.dumps(rollout("shop", replicas=2)))
    begun = cli("start", "--detach", "--load", "shop.yaml", "--state", "state.db", "--speed", "10")
    assert "`sandbox stop` ends it" in begun.stdout
    status = cli("status").stdout
    assert "speed 10, 1 rollouts" in status
    assert f"kept in {tmp_path / 'state.db'}" in status
    port = int(status.split("127.0.0.1:")[1].split()[0])
    http = Http(port)
    deadline = time.monotonic() + 20
    while http("GET", f"{ROLLOUTS}/shop").json.get("status", {}).get("phase") != "Healthy":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    troubled = cli("pods", "--fail", "1", "--slow", "5")
    assert "crashes from now on" in troubled.stderr
    assert troubled.stdout == "New pods take 5 s to become ready\n"
    assert cli("pods", "--fail", "9").stderr.endswith("only 1 running pods could be made to fail\n")
    http("DELETE", f"{ROLLOUTS}/shop")
    cli("reset")
    assert http("GET", f"{ROLLOUTS}/shop").code == 200
    assert http("GET", "/sandbox/status").code == 403, "control needs the token"
    assert http("POST", "/sandbox/stop").code == 403
    http.connection.close()
    assert cli("stop", "--port", str(port)).stdout == f"Stopped the sandbox on http://127.0.0.1:{port}\n"
    with pytest.raises(OSError):
        HTTPConnection("127.0.0.1", port, timeout=2).connect()
    again = cli("start", "--detach", "--state", "state.db")
    assert "127.0.0.1" in again.stdout
    assert "1 rollouts" in cli("status").stdout, "the state file keeps it"
    cli("stop")
    gone = cli("status", check=False)
    assert (gone.returncode, gone.stdout) == (1, "No sandbox is running\n")


def test_a_state_file_of_a_start_that_failed_is_loaded_again(cli: Cli, tmp_path: Path) -> None:
    manifest = tmp_path / "shop.yaml"
    manifest.write_text(f"{json.dumps(rollout('shop', replicas=0))}\n---\n{{kind: Rollout, apiVersion: 1}}\n")
    failed = cli("start", "--load", "shop.yaml", "--state", "state.db", check=False)
    assert (failed.returncode, failed.stderr) == (1, "Error: shop.yaml: Rollout without metadata\n")
    manifest.write_text(json.dumps(rollout("shop", replicas=0)))
    cli("start", "--detach", "--load", "shop.yaml", "--state", "state.db")
    assert "1 rollouts" in cli("status").stdout
    cli("stop")
    again = cli("start", "--detach", "--load", "shop.yaml", "--state", "state.db")
    assert "state.db holds a cluster already: no manifests are loaded" in again.stdout + again.stderr
    cli("stop")


def test_a_state_file_that_cannot_be_made_is_said(cli: Cli, tmp_path: Path) -> None:
    failed = cli("start", "--state", "missing/state.db", check=False)
    assert failed.stderr == "Error: cannot use the state file {}: No such file or directory\n".format(
        tmp_path / "missing" / "state.db"
    )


def test_one_of_several_is_meant(cli: Cli, environment: dict[str, str]) -> None:
    with started(environment) as (one, _, first), started(environment) as (two, port, _):
        unclear = cli("stop", check=False)
        assert "several sandboxes are running" in unclear.stderr
        cli("stop", KUBECONFIG=str(first))
        assert one.wait(15) == 0
        cli("stop", "--port", str(port))
        assert two.wait(15) == 0


def test_stop_means_no_sandbox_that_somebody_else_has(cli: Cli, environment: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "config"
    elsewhere.write_text("apiVersion: v1\nclusters: [{name: production, cluster: {server: 'https://example.com'}}]\n")
    with started(environment) as (process, port, kubeconfig):
        for variables in ({}, {"KUBECONFIG": str(elsewhere)}):
            refused = cli("stop", check=False, **variables)
            assert refused.stderr == (
                f"Error: the only sandbox was started elsewhere, without --detach (process {process.pid}): "
                f"add --port {port} if it is meant\n"
            )
        assert cli("stop", "--kubeconfig", str(kubeconfig)).stdout.endswith(f":{port}\n")
        assert process.wait(15) == 0
    begun = cli("start", "--detach")
    stale = {"KUBECONFIG": str(kubeconfig)}
    refused = cli("stop", check=False, **stale)
    assert refused.stderr.startswith(f"Error: the sandbox of the kubeconfig (http://127.0.0.1:{port}) is not running")
    url = begun.stdout.split()[3]
    assert cli("stop", KUBECONFIG=str(elsewhere)).stdout == f"Stopped the sandbox on {url}\n"


def test_a_sandbox_of_a_command_ends_with_it_only(cli: Cli) -> None:
    inside = cli("run", "--", *PROGRAM, "stop", check=False)
    assert inside.returncode == 1
    assert re.fullmatch(r"Error: this sandbox ends with the command that has it \(process \d+\)\n", inside.stderr)


def test_a_killed_one_is_forgotten(cli: Cli, environment: dict[str, str]) -> None:
    with started(environment) as (process, _, kubeconfig):
        process.kill()
        process.wait()
        assert cli("status", check=False).stdout == "No sandbox is running\n"
        assert list(kubeconfig.parent.iterdir()) == [], "nothing of it is left"


def test_a_busy_one_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(registry, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = registry.Entry(silent.getsockname()[1], os.getpid(), "/none", "token", registry.DETACHED)
        registry.register(entry)
        assert registry.running() == [entry]
        assert registry.running() == [entry]
    assert registry.running() == [], "nobody listens any more"
