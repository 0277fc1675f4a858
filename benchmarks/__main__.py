"""`make bench`: what commands cost, as ratios to the bare interpreter of the same environment.

    python -m benchmarks [--runs N] [--only REGEX] [--json FILE] [--compare COMMIT]

With `--compare` the commit is checked out beside this tree and both are measured in one run, turn by turn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import Run, Summary, run_once, summarise

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = Path(sys.executable).parent / "kubectl-rollouts"


class Case(NamedTuple):
    """One command line on one cluster; `limit` is what the project promises (ratio to the bare interpreter)."""

    name: str
    cluster: str
    args: tuple[str, ...]
    limit: float | None = None
    tls: bool = False
    terminal: bool = False
    latency: float = 0.0
    script: str = "kubectl-rollouts"


GET, LIST = ("get", "rollout", "web"), ("list", "rollouts")
STATUS = ("status", "web", "--watch=false")
IMAGE = ("set", "image", "web", "web=registry.test/web:9")
CASES = (
    Case("version", "small", ("version",)),
    Case("get rollout, HTTP", "small", GET, 11),
    Case("get rollout, HTTPS", "small", GET, 11.5, tls=True),
    Case("get rollout, terminal", "small", GET, 15, terminal=True),
    Case("get rollout, 20 ms away", "small", GET, latency=0.02),
    Case("status, HTTP", "small", STATUS, 10.5),
    Case("status, HTTPS", "small", STATUS, 11, tls=True),
    Case("list rollouts, HTTP", "small", LIST, 10.5),
    Case("list rollouts, HTTPS", "small", LIST, 11, tls=True),
    Case("abort, HTTP", "small", ("abort", "web"), 10.5),
    Case("abort, HTTPS", "small", ("abort", "web"), 11, tls=True),
    Case("set image, HTTP", "small", IMAGE, 10.5),
    Case("set image, HTTPS", "small", IMAGE, 11, tls=True),
    Case("complete a command", "small", ("pro",), 8, script="kubectl_complete-rollouts"),
    Case("complete a rollout", "small", ("promote", "w"), 9, script="kubectl_complete-rollouts"),
    Case("get among 10,080 objects", "crowded", GET, 16),
    Case("get among 10,080, 20 ms away", "crowded", GET, latency=0.02),
    Case("get among 5,180 rollouts", "rollouts", GET, 13),
    Case("list -A of 5,180 rollouts", "rollouts", ("list", "rollouts", "-A"), 90),
)


class Server:
    """The benchmark server of one cluster, in a process of its own."""

    def __init__(self, case: Case, folder: Path, extra: Sequence[str] = ()) -> None:
        command = [sys.executable, "-m", "benchmarks.server", case.cluster, "--latency", str(case.latency), *extra]
        self.process = subprocess.Popen(
            [*command, *(["--tls"] if case.tls else [])],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        self.kubeconfig = folder / f"{case.cluster}-{case.tls}-{case.latency}.yaml"
        certificate = ROOT / "benchmarks" / "data" / "localhost.crt"
        cluster = f"server: {'https' if case.tls else 'http'}://127.0.0.1:{port}"
        if case.tls:
            cluster += f"\n    certificate-authority: {certificate}"
        self.kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: bench\n"
            f"clusters:\n- name: bench\n  cluster:\n    {cluster}\n"
            "contexts:\n- name: bench\n  context: {cluster: bench, user: bench, namespace: default}\n"
            "users:\n- name: bench\n  user: {token: benchmark}\n"
        )

    def counters(self) -> dict[str, Any]:
        """Requests and bytes served, and events sent, since the last call."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counted: dict[str, Any] = json.loads(self.process.stdout.readline())
        return counted

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def environment(kubeconfig: Path, home: Path, tree: Path) -> dict[str, str]:
    """What the command sees: nothing of the user's own settings."""
    return {
        "PATH": f"{SCRIPT.parent}:/usr/bin:/bin",
        "HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(tree),
    }


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A work tree of the commit, compiled, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        subprocess.run(["git", "worktree", "add", "--detach", "-q", str(tree), commit], cwd=ROOT, check=True)
        try:
            subprocess.run([sys.executable, "-m", "compileall", "-q", str(tree / "kubectl_rollouts")], check=True)
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


def measure(case: Case, server: Server, trees: list[Path], runs: int, home: Path) -> dict[str, Any]:
    """The case on each tree and the bare interpreter, turn by turn."""
    env = [environment(server.kubeconfig, home, tree) for tree in trees]
    command = [str(SCRIPT.parent / case.script), *case.args]
    bare = [sys.executable, "-c", "pass"]
    for each in env:
        run_once(command, each, case.terminal)
    server.counters()
    first = run_once(command, env[0], case.terminal)
    counted = server.counters()
    timed: list[list[Run]] = [[] for _ in trees]
    base: list[Run] = []
    for _ in range(runs):
        base.append(run_once(bare, env[0]))
        for index, each in enumerate(env):
            timed[index].append(run_once(command, each, case.terminal))
    floor = summarise(base)
    summaries: list[Summary] = [summarise(each) for each in timed]
    return {
        "name": case.name,
        "limit": case.limit,
        "status": first.status,
        "interpreter_ms": floor.median * 1000,
        "requests": counted["requests"],
        "bytes": counted["bytes"],
        "trees": [
            {
                "ms": each.median * 1000,
                "ratio": each.median / floor.median,
                "spread": each.spread,
                "megabytes": each.megabytes,
            }
            for each in summaries
        ],
    }


def show(result: dict[str, Any]) -> str:
    """One line of the table."""
    line = f"{result['name']:<32}{result['limit'] or '-':>6}"
    for tree in result["trees"]:
        line += (
            f"{tree['ratio']:>8.1f}{tree['ms']:>8.0f} ms ±{tree['spread'] * 100:>3.0f}% {tree['megabytes']:>5.0f} MB"
        )
    line += f"{result['requests']:>5}{result['bytes'] / 1000:>10.0f} kB"
    if result["status"]:
        line += f"  exit {result['status']}"
    elif result["limit"] and result["trees"][0]["ratio"] > result["limit"]:
        line += "  over"
    return line


def main() -> int:
    """Run the cases, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--only", type=re.compile, default=re.compile(""), help="regular expression on the case's name")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    parser.add_argument("--compare", metavar="COMMIT", help="measure this commit beside the tree")
    args = parser.parse_args()
    results = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        trees = [ROOT]
        if args.compare:
            trees.append(stack.enter_context(checked_out(args.compare)))
        print(f"Ratios to `python -c pass`, medians of {args.runs} runs, turn by turn; ± half the interquartile range")
        columns = "ratio     time              memory"
        second = f"  {args.compare}" if args.compare else ""
        print(f"{'':<32}{'limit':>6}   {columns}{second} requests   received")
        servers: dict[tuple[str, bool, float], Server] = {}
        for case in CASES:
            if not args.only.search(case.name):
                continue
            key = (case.cluster, case.tls, case.latency)
            if key not in servers:
                servers[key] = Server(case, folder)
                stack.callback(servers[key].stop)
            results.append(measure(case, servers[key], trees, args.runs, folder))
            print(show(results[-1]), flush=True)
    if args.json:
        args.json.write_text(
            json.dumps({"python": sys.version, "platform": os.uname().machine, "cases": results}, indent=1)
        )
    return 1 if any(result["status"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
