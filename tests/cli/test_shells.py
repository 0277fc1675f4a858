"""Completion in real shells, typed key by key in a terminal of their own, and through a real kubectl."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from tests.cli.objects import rollout
from tests.support.cli import BIN, ROOT, environment
from tests.support.replayed import Replayed

COLUMNS, LINES = 110, 40
PROMPT = "ready>"

START = {
    "bash": (["--noprofile", "--norc", "-i"], [f"PS1='{PROMPT}'", "source {script}"]),
    "zsh": (["-f", "-i"], [f"PS1='{PROMPT}'", "autoload -U compinit && compinit -D -u", "source {script}"]),
    "fish": (["--no-config", "-i"], [f"function fish_prompt; echo -n '{PROMPT}'; end", "source {script}"]),
}
SUFFIX = {"bash": "kubectl-rollouts.bash", "zsh": "_kubectl-rollouts", "fish": "kubectl-rollouts.fish"}


class Shell:
    """An interactive shell on a terminal that is drawn into memory."""

    def __init__(self, name: str, env: dict[str, str], folder: Path) -> None:
        arguments, setup = START[name]
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            name, arguments, env=env, cwd=folder, dimensions=(LINES, COLUMNS), encoding="utf-8", timeout=20
        )
        for line in setup:
            self.child.send(line.format(script=ROOT / "completions" / SUFFIX[name]) + "\r")
        self.sum = "(math 40 + 2)" if name == "fish" else "$((40 + 2))"
        self.type(f"echo set-up-{self.sum}\r", f"set-up-42\n{PROMPT}")

    def type(self, keys: str, *until: str) -> str:
        """Type the keys and return the screen once it shows all the texts (or what it shows after some seconds)."""
        self.child.send(keys)
        for _ in range(100):
            try:
                self.stream.feed(self.child.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
            if all(text in self.text() for text in until):
                break
        return self.text()

    def clear(self) -> None:
        """Drop the line, and begin on an empty screen."""
        self.type(f"\x15clear; echo cleared-{self.sum}\r", f"cleared-42\n{PROMPT}")

    def text(self) -> str:
        """The lines of the screen, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture
def cluster(replay: Callable[..., Replayed]) -> Replayed:
    return replay(rollout("guestbook", step=2), rollout("shop-eu", step=None), rollout("shop-us", step=None))


@pytest.fixture
def shell(cluster: Replayed) -> Iterator[Callable[[str], Shell]]:
    opened: list[Shell] = []

    def start(name: str) -> Shell:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed here")
        env = environment({**cluster.env, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm-256color"})
        opened.append(Shell(name, {**env, "COLUMNS": str(COLUMNS), "LINES": str(LINES)}, cluster.folder))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_rollout_is_completed(shell: Callable[[str], Shell], name: str) -> None:
    assert "kubectl-rollouts promote guestbook" in shell(name).type(
        "kubectl-rollouts promote gue\t", "promote guestbook"
    )


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_several_are_listed_with_how_they_are_doing(shell: Callable[[str], Shell], name: str) -> None:
    screen = shell(name).type("kubectl-rollouts abort \t\t\t", "weight 20", "shop-eu", "shop-us", "healthy")
    assert re.search(r"guestbook .*paused at step 2/5, weight 20", screen)
    assert re.search(r"shop-eu .*healthy", screen)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_common_part_of_several_is_typed(shell: Callable[[str], Shell], name: str) -> None:
    assert "kubectl-rollouts status shop-" in shell(name).type("kubectl-rollouts status sh\t", "status shop-")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_no_blank_follows_a_container(shell: Callable[[str], Shell], name: str) -> None:
    screen = shell(name).type("kubectl-rollouts set image guestbook we\tIMG", "web=IMG")
    assert "kubectl-rollouts set image guestbook web=IMG" in screen


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_commands_and_the_value_after_an_equals_sign(shell: Callable[[str], Shell], name: str) -> None:
    screen = shell(name).type("kubectl-rollouts --context=rep\tget rollo\tguest\t", "rollout guestbook")
    assert "kubectl-rollouts --context=replay get rollout guestbook" in screen


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_names_with_marks_that_shells_split_at(shell: Callable[[str], Shell], cluster: Replayed, name: str) -> None:
    context = "context: {cluster: replay, user: replay}"
    more = "".join(f"- name: {name}\n  {context}\n" for name in ("admin@cluster.test:6443", "my team"))
    text = cluster.kubeconfig.read_text()
    cluster.kubeconfig.write_text(text.replace("contexts:\n", f"contexts:\n{more}"))
    opened = shell(name)
    for typed in ("adm\t", "admin@\t", "admin@cl\t", "admin@cluster.test:\t"):
        screen = opened.type(f"kubectl-rollouts --context {typed}", "6443")
        assert screen.endswith(">kubectl-rollouts --context admin@cluster.test:6443"), typed
        opened.clear()
    screen = opened.type('kubectl-rollouts --context "my\tget ro "gue\t', 'guestbook"')
    assert '--context "my team" get ro "guestbook"' in screen


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_files_where_a_file_is_wanted(shell: Callable[[str], Shell], cluster: Replayed, name: str) -> None:
    (cluster.folder / "my-rollout.yaml").touch()
    assert "create -f my-rollout.yaml" in shell(name).type("kubectl-rollouts create -f my-r\t", "my-rollout.yaml")


def kubectl(cluster: Replayed, *words: str) -> list[str]:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed here")
    version = subprocess.run([program, "version", "--client"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v1\.(\d+)", version)
    if found is None or int(found[1]) < 26:
        pytest.skip("kubectl completes plugins from 1.26 on")
    env = environment({**cluster.env, "PATH": f"{BIN}:{os.environ['PATH']}"})
    done = subprocess.run(
        [program, "__complete", *words], env=env, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("plugin", [["rollouts"], ["argo", "rollouts"]])
def test_kubectl_completes_the_plugin(cluster: Replayed, plugin: list[str]) -> None:
    assert kubectl(cluster, *plugin, "promote", "g") == ["guestbook\tpaused at step 2/5, weight 20", ":4"]
    assert kubectl(cluster, *plugin, "set", "image", "guestbook", "") == ["web=\tnow registry.test/web:1", ":6"]
    assert [line.partition("\t")[0] for line in kubectl(cluster, *plugin, "get", "")] == ["experiment", "rollout", ":4"]


BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")  # kubectl's script for bash needs it
KUBECTLS = {
    "bash": f"source {BASH_COMPLETION}; source <(kubectl completion bash)",
    "zsh": "source <(kubectl completion zsh)",
    "fish": "kubectl completion fish | source",
}


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_kubectl_in_a_real_shell(shell: Callable[[str], Shell], name: str) -> None:
    if shutil.which("kubectl") is None or (name == "bash" and not BASH_COMPLETION.exists()):
        pytest.skip("kubectl or what its completion needs is not installed here")
    opened = shell(name)
    opened.type(f"{KUBECTLS[name]}; echo kubectl-{opened.sum}\r", f"kubectl-42\n{PROMPT}")
    assert "kubectl rollouts promote guestbook" in opened.type("kubectl rollouts promote gue\t", "promote guestbook")
    opened.clear()
    screen = opened.type("kubectl argo rollouts abort \t\t\t", "weight 20")
    assert re.search(r"guestbook .*paused at step 2/5, weight 20", screen)
