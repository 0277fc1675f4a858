"""What a cold command imports: the budget of docs/architecture.md, by names rather than by the clock."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.cli.objects import rollout
from tests.support.cli import run_process
from tests.support.replayed import Replayed

LOADED = """
import sys
from kubectl_rollouts.cli import main, session
session.prepare_streams()
status = main.main(["kubectl-rollouts", *%r])
print(status, *sys.modules, file=sys.stderr)
"""

# Costly, or started for nothing: none of them in any command that a script pipes.
BANNED = {
    "ast", "asyncio", "attr", "certifi", "concurrent", "ctypes", "dataclasses", "google", "httpx", "inspect", "json",
    "kubernetes", "logging", "multiprocessing", "oauthlib", "packaging", "pydantic", "pygments", "queue", "requests",
    "rich", "socketserver", "tempfile", "tomllib", "unittest", "urllib3", "xml", "yaml", "zipfile",
}  # fmt: skip
OURS = {"kubectl_rollouts", "msgspec"}
PIPED = [
    "get rollout web",
    "list rollouts",
    "list experiments",
    "status web --watch=false",
    "abort web",
    "set image web web=x:2",
    "promote web",
    "pause web",
]


def modules(words: list[str], cluster: Replayed, status: int = 0) -> set[str]:
    """The modules that a command has imported when it is over."""
    outcome = run_process("-c", LOADED % words, env=cluster.env, program="python")
    *noise, last = outcome.stderr.splitlines()
    ended, *names = last.split()
    assert int(ended) == status, noise
    return set(names)


@pytest.fixture
def bare(replay: Callable[..., Replayed]) -> set[str]:
    """What the interpreter of this environment loads by itself."""
    outcome = run_process("-c", "import sys; print(*sys.modules)", program="python")
    return set(outcome.stdout.split())


@pytest.mark.parametrize("line", PIPED)
def test_a_piped_command_imports_nothing_costly(replay: Callable[..., Replayed], bare: set[str], line: str) -> None:
    web = rollout("web", step=2)
    loaded = {name.partition(".")[0] for name in modules(line.split(), replay(web)) - bare}
    assert sorted(loaded & BANNED) == []
    third_party = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert sorted(third_party - OURS) == []


@pytest.mark.parametrize("line", PIPED)
def test_a_command_imports_no_other_command(replay: Callable[..., Replayed], line: str) -> None:
    loaded = modules(line.split(), replay(rollout("web", step=2)))
    assert not loaded & {
        "kubectl_rollouts.cli.help",
        "kubectl_rollouts.cli.help_texts",
        "kubectl_rollouts.cli.complete",
        "kubectl_rollouts.cli.extended",
        "kubectl_rollouts.cli.more_commands",
        "kubectl_rollouts.cli.more_flags",
    }
    assert not any(name.startswith("kubectl_rollouts.cli.scripts") for name in loaded)
    assert not any(name.startswith(("kubectl_rollouts.sandbox", "kubectl_rollouts.dashboard")) for name in loaded)
    commands = {"get", "list_", "status", "abort", "set_image", "promote", "pause", "undo", "retry", "version"}
    used = {name.rpartition(".")[2] for name in loaded if name.startswith("kubectl_rollouts.cli.")} & commands
    assert len(used) == 1


@pytest.mark.parametrize("line", ["version", "options", "completion bash"])
def test_what_needs_no_cluster_has_no_client(replay: Callable[..., Replayed], line: str) -> None:
    loaded = modules(line.split(), replay())
    assert not any(name.startswith("kubectl_rollouts.cluster") for name in loaded)
    assert not loaded & {"msgspec", "http.client", "ssl", "socket"}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("", 1),
        ("abort", 1),
        ("get", 1),
        ("gett", 1),
        ("get rollout --bogus", 1),
        ("help", 0),
        ("promote -h", 0),
        ("lint", 1),
    ],
)
def test_usage_errors_and_help_import_no_typer(replay: Callable[..., Replayed], line: str, status: int) -> None:
    loaded = modules(line.split(), replay(), status)
    assert not {name.partition(".")[0] for name in loaded} & {"typer", "msgspec", "http", "ssl", "socket", "inspect"}


@pytest.mark.parametrize("line", PIPED)
def test_a_plain_command_imports_nothing_of_output(replay: Callable[..., Replayed], line: str) -> None:
    loaded = modules(line.split(), replay(rollout("web", step=2)))
    parts = (
        "cli.output",
        "cli.scripts",
        "cli.more_flags",
        "view.output",
        "view.extras",
        "rollout.jsonpath",
        "rollout.detail",
    )
    assert sorted(name for name in loaded if name.startswith(tuple(f"kubectl_rollouts.{part}" for part in parts))) == []
