"""Watches at scale: how soon an event is on the screen, what a busy cluster costs, whether anything is lost.

    python -m benchmarks.watching [--seconds N] [--json FILE]

Times are from the moment the server wrote the event to the moment its text could be read from the command's output
(a pseudo-terminal or a pipe).
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.__main__ import ROOT, SCRIPT, Case, Server, environment

MARK = re.compile(rb"mark-(\d+)-")
NUMBER = re.compile(rb"\b(1\d{7})\b")


class Watch(NamedTuple):
    """One watched command on a cluster where `churn` other events happen a second, and a mark every `marks` s."""

    name: str
    args: tuple[str, ...]
    churn: float
    marks: float
    terminal: bool


WATCHES = (
    Watch("get -w, quiet, terminal", ("get", "rollout", "web", "-w"), 0, 0.9, True),
    Watch("get -w, quiet, pipe", ("get", "rollout", "web", "-w"), 0, 0.9, False),
    Watch("get -w beside 200 events/s, terminal", ("get", "rollout", "web", "-w"), 200, 0.9, True),
    Watch("get -w, 20 own events/s, terminal", ("get", "rollout", "web", "-w"), 0, 0.05, True),
    Watch("list -A -w, 200 events/s, pipe", ("list", "rollouts", "-A", "-w"), 200, 0, False),
    Watch("list -A -w, 200 events/s, terminal", ("list", "rollouts", "-A", "-w"), 200, 0, True),
)


def follow(watch: Watch, kubeconfig: Path, home: Path, seconds: float) -> dict[str, Any]:
    """Run the command for some seconds, note when each mark and number could first be read, end it by SIGINT."""
    command = [str(SCRIPT), *watch.args]
    env = environment(kubeconfig, home, ROOT)
    if watch.terminal:
        leader, follower = pty.openpty()
        process = subprocess.Popen(command, env=env, stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
    else:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert process.stdout is not None
        leader = process.stdout.fileno()
    seen: dict[int, float] = {}
    tail = b""
    memory = 0.0
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not select.select([leader], [], [], min(left, 0.5))[0]:
            continue
        now = time.monotonic()
        data = os.read(leader, 1 << 20)
        now = time.monotonic()
        text = tail + data
        for match in (MARK if watch.marks else NUMBER).finditer(text):
            seen.setdefault(int(match.group(1)), now)
        tail = text[-16:]
    memory = _resident(process.pid)
    process.send_signal(signal.SIGINT)
    while select.select([leader], [], [], 2)[0]:
        try:
            data = os.read(leader, 1 << 20)
        except OSError:
            break
        if not data:
            break
        for match in (MARK if watch.marks else NUMBER).finditer(tail + data):
            seen.setdefault(int(match.group(1)), time.monotonic())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"seen": seen, "cpu": usage.ru_utime + usage.ru_stime, "megabytes": memory, "status": process.returncode}


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return float("nan")


def judge(watch: Watch, got: dict[str, Any], sent: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Latencies and losses. What was sent in the last second may still have been on its way."""
    times = {int(key): at for key, at in (sent["marked"] if watch.marks else sent["sent"]).items()}
    last = max(times.values(), default=0.0)
    due = {number: at for number, at in times.items() if at < last - 1.0}
    late = [got["seen"][number] - at for number, at in times.items() if number in got["seen"]]
    # `get` shows the newest state: a mark that a newer one replaced before the next frame (in a pipe the reference's,
    # one a second at worst) is not lost. `list` writes a row for each change.
    replaced = watch.marks and (watch.marks < 0.25 or not watch.terminal)
    lost = 0 if replaced else sum(number not in got["seen"] for number in due)
    return {
        "name": watch.name,
        "events": len(times),
        "lost": lost,
        "kept_away": sent["kept_away"],
        "median_ms": statistics.median(late) * 1000 if late else None,
        "worst_ms": max(late) * 1000 if late else None,
        "cpu_share": got["cpu"] / seconds,
        "megabytes": got["megabytes"],
        "status": got["status"],
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run each watch, print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watching")
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--only", type=re.compile, default=re.compile(""))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    print(f"5,180 rollouts in the namespace; each watch for {args.seconds:.0f} s (start-up included)")
    print(f"{'':<40}{'events':>7}{'lost':>6}{'median':>10}{'worst':>9}{'of a core':>11}{'memory':>9}")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for watch in WATCHES:
            if not args.only.search(watch.name):
                continue
            server = Server(
                Case(watch.name, "rollouts", ()),
                Path(folder),
                ["--churn", str(watch.churn), "--marks", str(watch.marks)],
            )
            try:
                got = follow(watch, server.kubeconfig, Path(folder), args.seconds)
                result = judge(watch, got, server.counters(), args.seconds)
            finally:
                server.stop()
            results.append(result)
            shown = [f"{result[key]:.0f} ms" if result[key] is not None else "-" for key in ("median_ms", "worst_ms")]
            print(
                f"{watch.name:<40}{result['events']:>7}{result['lost']:>6}{shown[0]:>10}{shown[1]:>9}"
                f"{result['cpu_share'] * 100:>9.0f} %{result['megabytes']:>6.0f} MB",
                flush=True,
            )
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    return 1 if any(result["lost"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
