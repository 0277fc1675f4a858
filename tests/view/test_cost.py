"""What a piped screen costs: which modules it imports, and that many pods are no trouble (docs/architecture.md)."""

from __future__ import annotations

import subprocess
import sys

from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.terminal import fitted
from kubectl_rollouts.view.tree import rollout_screen
from tests.support.objects import NOON, facts, pod, replica_set, rollout

FORBIDDEN = {"rich", "kubernetes", "asyncio", "pydantic", "typer", "dataclasses", "subprocess", "yaml", "signal"}
OURS = {
    "kubectl_rollouts.errors",
    "kubectl_rollouts.rollout",
    "kubectl_rollouts.rollout.analysis",
    "kubectl_rollouts.rollout.experiments",
    "kubectl_rollouts.rollout.info",
    "kubectl_rollouts.rollout.objects",
    "kubectl_rollouts.rollout.owners",
    "kubectl_rollouts.rollout.phase",
    "kubectl_rollouts.rollout.pods",
    "kubectl_rollouts.rollout.replica_sets",
    "kubectl_rollouts.rollout.times",
    "kubectl_rollouts.rollout.weights",
    "kubectl_rollouts.view",
    "kubectl_rollouts.view.durations",
    "kubectl_rollouts.view.escape",
    "kubectl_rollouts.view.exact",
    "kubectl_rollouts.view.spans",
    "kubectl_rollouts.view.table",
    "kubectl_rollouts.view.theme",
    "kubectl_rollouts.view.tree",
}
LISTS = {"kubectl_rollouts.view.lists", "kubectl_rollouts.rollout.rows"}


def imported(*modules: str) -> set[str]:
    """What a fresh interpreter has after importing modules, less what msgspec brings along."""
    names = ", ".join(modules)
    code = f"import sys, msgspec; before = set(sys.modules); import {names}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_screen_in_a_pipe_imports_only_what_it_needs() -> None:
    found = imported("kubectl_rollouts.rollout.info", "kubectl_rollouts.view.tree", "kubectl_rollouts.view.exact")
    assert found == OURS | {"kubectl_rollouts"}


def test_lists_and_status_import_less() -> None:
    found = imported(*LISTS, "kubectl_rollouts.view.status")
    assert not FORBIDDEN & {name.split(".")[0] for name in found}
    assert not {"kubectl_rollouts.rollout.info", "kubectl_rollouts.view.tree"} & found


def test_a_watched_pipe_needs_no_rich() -> None:
    assert "rich" not in imported("kubectl_rollouts.view.live")


def test_ten_thousand_pods() -> None:
    screen = rollout_screen(
        facts(rollout(), replica_set("rs"), *[pod(f"pod-{index:05}", "rs") for index in range(10_000)]), NOON
    )
    lines = write_screen(screen, color=True).splitlines()
    assert len(lines) == len(screen.header) + 10_004
    assert "└──□ pod-09999" in lines[-1]
    assert len(fitted(screen, 80, 24).renderables) == len(screen.header) + 2
