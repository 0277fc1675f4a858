"""Streams, colours, log lines and endings: what every command has in common (spec/commands.md §2.1)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.program import Program
from kubectl_rollouts.cli.session import Session, config_flags
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS
from tests.cli.objects import rollout
from tests.support.cli import BIN, environment, run_cli, run_process
from tests.support.replayed import Replayed


@pytest.mark.parametrize(
    ("flags", "env", "terminal", "colored"),
    [
        ("", {}, True, True),
        ("", {}, False, True),
        ("", {"NO_COLOR": "1"}, True, False),
        ("", {"NO_COLOR": "1"}, False, False),
        ("", {"NO_COLOR": ""}, False, True),
        ("", {"TERM": "dumb"}, True, False),
        ("", {"TERM": "dumb"}, False, False),
        ("--color=auto", {}, True, True),
        ("--color=auto", {}, False, False),
        ("--color=auto", {"NO_COLOR": "1"}, True, False),
        ("--color=always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("--color=never", {}, True, False),
        ("--no-color --color=always", {}, True, False),
        ("", {"KUBECTL_ROLLOUTS_COLOR": "auto"}, False, False),
        ("", {"KUBECTL_ROLLOUTS_COLOR": "never"}, True, False),
        ("", {"KUBECTL_ROLLOUTS_COLOR": "always", "NO_COLOR": "1"}, False, True),
        ("--color=auto", {"KUBECTL_ROLLOUTS_COLOR": "always"}, False, False),
    ],
)
def test_when_there_are_colours(
    monkeypatch: pytest.MonkeyPatch, flags: str, env: dict[str, str], terminal: bool, colored: bool
) -> None:
    for name, value in {"NO_COLOR": "", "KUBECTL_ROLLOUTS_COLOR": "", "TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    parsed = pflag.parse(["get", "rollout", "a", *flags.split()])
    monkeypatch.setattr("sys.stdout", Terminal(terminal))
    session = Session(parsed, Program("kubectl-rollouts"))
    assert session.colored(parsed.value("no-color") is True) is colored
    assert session.is_terminal is terminal


class Terminal:
    """A standard output that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.isatty = lambda: terminal


def test_colours_of_get_in_a_pipe(replay: Callable[..., Replayed]) -> None:
    env = replay(rollout("web", step=2)).env
    assert "\x1b[" in run_cli("get", "rollout", "web", env=env).stdout
    for words, more in (("--no-color", {}), ("--color=auto", {}), ("", {"NO_COLOR": "1"}), ("", {"TERM": "dumb"})):
        assert "\x1b" not in run_cli("get", "rollout", "web", *words.split(), env={**env, **more}).stdout


def test_a_bad_colour_in_the_environment_is_an_error() -> None:
    outcome = run_cli("version", env={"KUBECTL_ROLLOUTS_COLOR": "pink"})
    text = 'Error: invalid argument "pink" for KUBECTL_ROLLOUTS_COLOR: must be auto, always or never\n'
    assert outcome == ("", text, 1)


def test_the_connection_flags_arrive() -> None:
    """Every global flag but those of the program itself is handed to the cluster's client, with its type."""
    mine = {"cache-dir", "color", "kloglevel", "loglevel"}
    words, wanted = [], {}
    for flag in GLOBAL_FLAGS:
        if flag.name not in mine:
            words.append(f"--{flag.name}" if flag.kind == "bool" else f"--{flag.name}=x{flag.name}")
            field = {"as": "as_user"}.get(flag.name, flag.name.replace("-", "_"))
            wanted[field] = True if flag.kind == "bool" else f"x{flag.name}"
    wanted["as_group"] = ["xas-group"]
    flags = config_flags(pflag.parse(["version", *words]))
    assert {name: getattr(flags, name) for name in flags.__struct_fields__ if getattr(flags, name)} == wanted
    assert type(flags)() == config_flags(pflag.parse(["version"]))


def test_log_lines_come_with_the_level(replay: Callable[..., Replayed]) -> None:
    line = r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)" level=debug msg=".*"\n'
    assert re.fullmatch(line, run_cli("version", "-v", "9", "--loglevel", "DEBUG").stderr)
    assert run_cli("version", "-v", "9").stderr == ""
    requests = run_cli("list", "rollouts", "-v", "6", env=replay(rollout("web")).env)
    assert "/rollouts" in requests.stderr
    assert " 200 OK in " in requests.stderr


def test_an_error_of_the_cluster_cannot_steer_the_terminal(replay: Callable[..., Replayed]) -> None:
    faults = [{"match": "rollouts", "status": 403, "message": "no\x1b]0;title\x07\u202e\nsecond line"}]
    outcome = run_cli("list", "rollouts", env=replay(faults=faults).env)
    assert outcome == ("", "Error: no\\x1b]0;title\\x07\\u202e\nsecond line\n", 1)


def broken(message: str) -> Any:
    def fail(*_: object) -> None:
        raise ValueError(message)

    return fail


def test_a_fault_of_the_program_is_one_line_without_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "run", broken("Bearer s3cret"))
    outcome = run_cli("version")
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert re.match(r"Error: internal error: ValueError at cli/test_session\.py:\d+\n", outcome.stderr)
    assert "s3cret" not in outcome.stderr
    assert "Traceback" not in outcome.stderr
    for words, env in (([], {"KUBECTL_ROLLOUTS_TRACEBACK": "1"}), (["-v", "9"], {})):
        told = run_cli("version", *words, env=env).stderr
        assert "Traceback (most recent call last)" in told
        assert "s3cret" not in told


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(App, "run", interrupted)
    assert run_cli("version") == ("", "", 130)


def test_ctrl_c_while_waiting_for_a_cluster(replay: Callable[..., Replayed]) -> None:
    cluster = replay(rollout("web"), faults=[{"match": "GET", "delay": 20}])
    with subprocess.Popen(
        [BIN / "kubectl-rollouts", "list", "rollouts"],
        env=environment(cluster.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while not cluster.requests:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (out, err, process.returncode) == (b"", b"", 130)


def test_a_reader_who_leaves_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [BIN / "kubectl-rollouts", "options"], stdout=write, stderr=subprocess.PIPE, env=environment(), check=False
    )
    os.close(write)
    assert (done.stderr, done.returncode) == (b"", 141)


def shell(line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh with the program on its PATH."""
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", line], env=environment({"PATH": path, **env}), capture_output=True, check=False)


def test_closed_streams_are_endured() -> None:
    assert shell("kubectl-rollouts version >&-").returncode == 0
    assert shell("kubectl-rollouts version --short 2>&-").stdout.startswith(b"kubectl-argo-rollouts: v")
    assert shell("kubectl-rollouts gett >&- 2>&-").returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_said() -> None:
    done = shell("kubectl-rollouts version > /dev/full")
    assert (done.stderr, done.returncode) == (b"Error: cannot write the output: No space left on device\n", 1)


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_output_is_utf_8_whatever_the_locale(replay: Callable[..., Replayed], locale: dict[str, str]) -> None:
    env = {**replay(rollout("web", step=2)).env, **locale}
    assert "⟳ web" in run_process("get", "rollout", "web", "--no-color", env=env).stdout
    assert run_process("abort", "--kubeconfig=/nowhere/ü", "a", env=env).stderr.count("/nowhere/ü") == 1


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    done = subprocess.run([BIN / "kubectl-rollouts", b"g\xff"], capture_output=True, env=environment(), check=False)
    assert done.stderr.startswith(b'Error: unknown command "g\\xff"')


def test_a_terminal_gets_the_same_words(replay: Callable[..., Replayed]) -> None:
    child = pexpect.spawn(
        str(BIN / "kubectl-rollouts"),
        ["version", "--short"],
        env=environment(),
        encoding="utf-8",
        timeout=20,
    )
    assert child.read().startswith("kubectl-argo-rollouts: v")
    child.close()
    assert child.exitstatus == 0


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run(
        [BIN / "python", "-m", "kubectl_rollouts", "get"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "\n  kubectl rollouts get <rollout|experiment>" in done.stderr
