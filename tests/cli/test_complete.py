"""Completion: positions, candidates, the protocol (spec/commands.md §9)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cli.complete import complete
from kubectl_rollouts.cli.completion_scripts import SHELLS, files
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS, HELP_FLAG, all_commands, children, find, own_flags
from tests.cli.objects import rollout
from tests.support.cli import ROOT, Outcome, run_cli, run_process
from tests.support.replayed import Replayed

API = "argoproj.io/v1alpha1"
TENTH, FIRST = "10\tcurrent, registry.test/web:10", "1\tstable, registry.test/web:1"
NAMES = ["canary-demo", "canary-demo-pingpong", "canary-demo-weights", "other"]


def named(kind: str, name: str, **status: Any) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "namespace": "default"}, "status": status}


def replica_set(name: str, owner: str, revision: str, pod_hash: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"app": "other", "rollouts-pod-template-hash": pod_hash},
            "annotations": {"rollout.argoproj.io/revision": revision},
            "ownerReferences": [{"kind": "Rollout", "name": owner, "uid": f"uid-{owner}", "controller": True}],
        },
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": f"registry.test/web:{revision}"}]}}},
    }


def test_no_description_stops_in_the_middle() -> None:
    out = run_cli("__complete", "--h").stdout
    assert out.startswith("--help\thelp for every command\n")


@pytest.fixture
def cluster(replay: Callable[..., Replayed]) -> Replayed:
    blue_green = rollout("workload")
    blue_green["spec"] = {
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "deploy"},
        "strategy": {},
    }
    return replay(
        rollout("canary-demo"),
        rollout("canary-demo-pingpong"),
        rollout("canary-demo-weights"),
        rollout("other", step=4),
        rollout("elsewhere", namespace="shop"),
        blue_green,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "deploy", "namespace": "default"},
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"name": "app", "image": "app:1"}, {"name": "proxy"}],
                        "initContainers": [{"name": "migrate", "image": "m:2"}],
                    }
                }
            },
        },
        named("Experiment", "exp-1", phase="Running"),
        named("AnalysisRun", "run-1", phase="Failed", message='metric "web" assessed Failed'),
        {"apiVersion": API, "kind": "AnalysisTemplate", "metadata": {"name": "template", "namespace": "default"},
         "spec": {"metrics": [{"name": "success-rate"}]}},
        {"apiVersion": API, "kind": "ClusterAnalysisTemplate", "metadata": {"name": "global-template"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        replica_set("other-1", "other", "1", "bbb"),
        replica_set("other-10", "other", "10", "aaa"),
        replica_set("other-2", "other", "2", "ccc"),
        replica_set("neighbour-3", "neighbour", "3", "ddd"),
    )  # fmt: skip


def asked(cluster: Replayed, line: str, request: str = "__complete") -> list[str]:
    """The lines that complete a command line; what stands after the last blank is unfinished."""
    outcome = run_cli(request, *line.split(" "), env=cluster.env)
    assert outcome.status == 0
    assert outcome.stderr.startswith("Completion ended with directive: ShellCompDirective")
    return outcome.stdout.splitlines()


def values(lines: list[str]) -> list[str]:
    return [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize(
    "command",
    [
        "abort",
        "pause",
        "promote",
        "restart",
        "undo",
        "status",
        "get rollout",
        "get ro",
        "retry rollout",
        "set image",
        "wait",
        "resume",
    ],
)
def test_rollouts(cluster: Replayed, command: str) -> None:
    everything = sorted([*NAMES, "workload"])
    assert asked(cluster, f"{command} ", "__completeNoDesc") == [*everything, ":4"]
    assert values(asked(cluster, f"{command} cana")) == [*NAMES[:3], ":4"]
    assert values(asked(cluster, f"{command} canary-demo-p")) == ["canary-demo-pingpong", ":4"]
    assert values(asked(cluster, f"{command} seagull")) == [":4"]
    assert values(asked(cluster, f"{command} -n shop ")) == ["elsewhere", ":4"]
    assert {line.partition("?")[0] for line in cluster.requests} == {
        "GET /apis/argoproj.io/v1alpha1/namespaces/default/rollouts",
        "GET /apis/argoproj.io/v1alpha1/namespaces/shop/rollouts",
    }


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("get experiment ", ["exp-1\trunning", ":4"]),
        ("retry exp ", ["exp-1\trunning", ":4"]),
        ("terminate experiment e", ["exp-1\trunning", ":4"]),
        ("terminate analysisrun ", ['run-1\tfailed: metric "web" assessed Failed', ":4"]),
        ("promote oth", ["other\tpaused at step 4/5, weight 50", ":4"]),
        ("promote canary-demo-p", ["canary-demo-pingpong\thealthy", ":4"]),
        # a further operand: nothing, and no files
        ("abort other ", [":4"]),
        ("get ro other c", [":4"]),
        ("terminate ar run-1 ", [":4"]),
        # containers and revisions are ours
        ("set image other ", ["web=\tnow registry.test/web:1", ":6"]),
        ("set image workload ", ["app=\tnow app:1", "proxy=\tnow without image", "migrate=\tnow m:2", ":6"]),
        ("set image workload mig", ["migrate=\tnow m:2", ":6"]),
        ("set image workload app=", [":4"]),
        ("set image nope ", [":1"]),
        ("undo other --to-revision ", [TENTH, "2\tregistry.test/web:2", FIRST, ":36"]),
        ("undo other --to-revision=1", [TENTH, FIRST, ":36"]),
        ("undo --to-revision ", [":36"]),
        ("undo other --as-of-revision ", [TENTH, "2\tregistry.test/web:2", FIRST, ":36"]),
        # a selection takes the place of names
        ("promote -l app=x ", [":4"]),
        ("wait --all oth", [":4"]),
        # values of flags
        ("wait other --for he", ["healthy", ":36"]),
        ("promote --wait=pa", ["paused", ":36"]),
        ("promote --wait=st", ["step=", ":38"]),
        ("promote --wait oth", ["other\tpaused at step 4/5, weight 50", ":4"]),
        ("promote other --dry-run=", ["client", "none", "server", ":36"]),
        ("-n ", ["default", "shop", ":4"]),
        ("get ro --namespace=sh", ["shop", ":4"]),
        ("list ro -An s", ["shop", ":4"]),
        ("--context ", ["replay\tcurrent, cluster replay, namespace default", ":4"]),
        ("--user r", ["replay", ":4"]),
        ("version --color a", ["auto", "always", ":36"]),
        ("get ro --watch=", ["true", "false", ":36"]),
        ("list rollouts --name oth", ["other\tpaused at step 4/5, weight 50", ":4"]),
        ("create ar --from ", ["template\tsuccess-rate", ":4"]),
        ("create ar --global --from ", ["global-template", ":4"]),
        # left to the shell: files
        ("create -f ", [":0"]),
        ("--kubeconfig ", [":0"]),
        ("list rollouts ", [":0"]),
        ("version ", [":0"]),
        ("create ar ", [":0"]),
        ("sandbox run -- ", [":0"]),
        # what is not understood
        ("get ro --bogus ", [":0"]),
        ("get ro --watch=maybe ", [":0"]),
        ("get ro -h ", [":4"]),
        # words that are known without asking anyone
        ("completion ", ["bash", "zsh", "fish", "powershell", ":4"]),
        ("completion z", ["zsh", ":4"]),
        ("help set i", ["image\tSet the image of a container, or of all with *", ":4"]),
        ("create ", ["analysisrun\tCreate an analysis run from a template", ":4"]),
        ("create -f x ", [":0"]),
        ("get foo ", [":0"]),
        ("get ro", ["rollout\tShow a rollout: its revisions, replica sets, pods and analysis runs", ":4"]),
        ("promote --full --fu", [":4"]),
        ("promote -", None),
        ("abort a -- -", [":4"]),
    ],
)  # fmt: skip
def test_positions(cluster: Replayed, line: str, lines: list[str] | None) -> None:
    if lines is not None:
        assert asked(cluster, line) == lines


def test_commands_are_completed_by_prefix_in_order(cluster: Replayed) -> None:
    assert values(asked(cluster, "")) == [*(command.name for command in children("")), ":4"]
    assert values(asked(cluster, "re")) == ["restart", "resume", "retry", ":4"]
    assert values(asked(cluster, "help ")) == [*(command.name for command in children("")), ":4"]
    assert values(asked(cluster, "help frobnicate ")) == [":4"]
    assert cluster.requests == []


@pytest.mark.parametrize("words", [["gett", ""], ["-n", "shop", "gett", "ro", "x"]])
def test_no_answer_for_a_command_that_there_is_not(cluster: Replayed, words: list[str]) -> None:
    outcome = run_cli("__complete", *words, env=cluster.env)
    assert outcome == (
        "",
        f"[Debug] [Error] unable to find a command for arguments: [{' '.join(words[:-1])}]\n:0\n"
        "Completion ended with directive: ShellCompDirectiveDefault\n",
        0,
    )
    assert plugin(cluster, *words) == ("", ":0")  # kubectl wants a directive in any case


def test_flags_are_completed_without_those_that_are_out(cluster: Replayed) -> None:
    every = [name for flag in GLOBAL_FLAGS for name in (f"--{flag.name}", *([f"-{flag.short}"] if flag.short else []))]
    promote = find("promote")
    assert promote is not None
    own = [
        name
        for flag in sorted((*own_flags(promote), HELP_FLAG), key=lambda flag: flag.name)
        if not flag.deprecated
        for name in (f"--{flag.name}", *([f"-{flag.short}"] if flag.short else []))
    ]
    assert {"--force", "--full", "--wait", "--selector", "-l", "-h"} <= set(own)
    assert values(asked(cluster, "promote -")) == [*every, *own, ":4"]
    assert values(asked(cluster, "promote --f")) == ["--field-selector", "--force", "--full", ":4"]
    assert values(asked(cluster, "promote --as=a --as-group=b --as")) == [
        "--as-group", "--as-uid", "--as-of-revision", ":4",
    ]  # fmt: skip
    assert values(asked(cluster, "--help", "__completeNoDesc")) == ["--help", ":4"]
    assert cluster.requests == []


def test_without_descriptions_values_stand_alone(cluster: Replayed) -> None:
    for line in ("abort ", "get ", "set image other ", "--context ", "abort -"):
        assert asked(cluster, line, "__completeNoDesc") == values(asked(cluster, line))


def test_namespaces_of_the_kubeconfig_where_they_may_not_be_listed(replay: Callable[..., Replayed]) -> None:
    cluster = replay(faults=[{"match": "/namespaces", "status": 403, "times": 9}], namespace="shop")
    assert asked(cluster, "-n ") == ["shop", ":4"]


def test_what_the_cluster_says_is_not_obeyed(replay: Callable[..., Replayed]) -> None:
    odd = rollout("fine")
    odd["status"] = {"phase": "Degraded", "message": "a\tb\x1b[2J\nsecond line"}
    evil = rollout("evil\nname")
    lines = asked(replay(odd, evil), "abort ")
    assert lines == ["fine\tdegraded: a\\tb\\x1b[2J", ":4"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 403}, {"drop": True}])
def test_a_failure_is_quiet(replay: Callable[..., Replayed], fault: dict[str, Any]) -> None:
    cluster = replay(rollout("web"), faults=[{"match": "rollouts", "times": 99, **fault}])
    assert asked(cluster, "abort ") == [":1"]
    assert plugin(cluster, "abort", "") == ("", ":4")


@pytest.mark.parametrize("text", ["", "{", "kind: Config\ncurrent-context: nope\n"])
def test_a_broken_kubeconfig_is_quiet(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    env = {"KUBECONFIG": str(tmp_path / "config"), "HOME": str(tmp_path)}
    outcome = run_cli("__complete", "--server=http://127.0.0.1:1", "abort", "", env=env)
    assert (outcome.stdout, outcome.status) == (":1\n", 0)
    assert run_cli("__complete", "--kubeconfig=/nowhere", "--context", "", env=env).stdout == ":1\n"


def plugin(cluster: Replayed, *words: str, **env: str) -> tuple[str, str]:
    """What kubectl is told: the candidates, and the last line. Nothing is said on stderr."""
    outcome = run_process(*words, env={**cluster.env, **env}, program="kubectl_complete-rollouts")
    assert (outcome.stderr, outcome.status) == ("", 0)
    *lines, last, end = outcome.stdout.split("\n")
    assert end == ""
    return "\n".join(lines), last


def test_the_plugins_for_kubectl(cluster: Replayed) -> None:
    assert plugin(cluster, "promote", "oth") == ("other\tpaused at step 4/5, weight 50", ":4")
    assert plugin(cluster, "set", "image", "other", "") == ("web=\tnow registry.test/web:1", ":6")
    assert plugin(cluster, "get", "rollout", "--bogus", "") == ("", ":0")
    assert plugin(cluster)[0].startswith("abort\t")
    same = run_process("promote", "oth", env=cluster.env, program="kubectl_complete-argo-rollouts")
    assert same == Outcome("other\tpaused at step 4/5, weight 50\n:4\n", "", 0)


def test_a_slow_cluster_is_not_waited_for(replay: Callable[..., Replayed]) -> None:
    cluster = replay(rollout("web"), faults=[{"match": "rollouts", "delay": 25, "times": 99}])
    started = time.monotonic()
    assert plugin(cluster, "abort", "") == ("", ":4")
    assert time.monotonic() - started < 15  # it takes two seconds; the fault, 25


def test_credential_plugins_are_kept_from_the_terminal(cluster: Replayed, tmp_path: Path) -> None:
    script = tmp_path / "plugin.sh"
    script.write_text("#!/bin/sh\necho 'give me your password' >&2\nread answer\nexit 1\n")
    script.chmod(0o755)
    user = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "IfAvailable", "command": str(script)}
    config = cluster.kubeconfig.read_text().replace("user: {}", f"user: {json.dumps({'exec': user})}")
    assert "exec" in config
    cluster.kubeconfig.write_text(config)
    assert plugin(cluster, "abort", "")[1] == ":4"


MODULES = """
import sys
from kubectl_rollouts.cli import complete
real, complete.os._exit = complete.os._exit, lambda status: None
sys.argv[1:] = %r
complete.run()
print(*sorted(name.partition('.')[0] for name in sys.modules))
"""


@pytest.mark.parametrize(
    "words", [["pro"], ["promote", ""], ["set", "image", "other", ""], ["-n", ""], ["--context", ""]]
)
def test_what_a_completion_imports(cluster: Replayed, words: list[str]) -> None:
    outcome = run_process("-c", MODULES % words, env=cluster.env, program="python")
    assert outcome.stderr == ""
    loaded = set(outcome.stdout.splitlines()[-1].split())
    assert not loaded & {
        "typer",
        "click",
        "rich",
        "kubernetes",
        "asyncio",
        "pydantic",
        "subprocess",
        "yaml",
        "dataclasses",
        "inspect",
        "typing_extensions",
    }
    if words == ["pro"]:
        assert not loaded & {"typing", "re", "msgspec", "http", "ssl", "socket", "json", "contextlib"}


@given(
    st.lists(
        st.sampled_from(
            [
                *(word for command in all_commands() for word in command.path.split()),
                "-n",
                "-",
                "--",
                "-wn",
                "x=y",
                "--as",
                "",
                "-f=1",
            ]
        ),
        max_size=5,
    )
)
def test_every_line_has_an_answer(words: list[str]) -> None:
    answer = complete(["--kubeconfig=/nowhere", *words, ""])
    assert answer.text(descriptions=True).endswith(f":{answer.directive}\n")


def test_the_installed_scripts_are_current() -> None:
    folder = ROOT / "completions"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == files()


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_the_script(shell: str) -> None:
    outcome = run_cli("completion", shell, program="/opt/bin/kubectl-argo-rollouts")
    assert (outcome.stderr, outcome.status) == ("", 0)
    assert f"{shell} completion" in outcome.stdout
    assert "__complete" in outcome.stdout
    assert "kubectl-argo-rollouts" in outcome.stdout
    assert not re.search("@[A-Z]{2,}@?", outcome.stdout)  # all that was to be filled in
    assert run_cli("completion", shell).stdout.count("argo") == 0
