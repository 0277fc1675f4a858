"""How long a sandbox takes from `sandbox start` to its first answered request, against the bare interpreter.

    python -m benchmarks.sandbox_start [--runs N]

A client connects from the moment the process is begun, and asks for a list of rollouts as soon as it is let in: the
answer has to come from a cluster that works. Turn by turn with `python -c pass`; exit status 1 when the ratio of the
medians is over the limit.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.__main__ import ROOT, SCRIPT, environment
from benchmarks.measure import run_once

LIMIT = 25.0
PATIENCE = 20.0
REQUEST = b"GET /apis/argoproj.io/v1alpha1/namespaces/default/rollouts HTTP/1.1\r\nHost: localhost\r\n\r\n"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def first_answer(port: int, deadline: float) -> bytes:
    """The first line of the first answer; tries to connect until the server is there."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(REQUEST)
                answer = connection.recv(65_536)
                if answer:
                    return answer.partition(b"\r\n")[0]
        except OSError:
            pass
        if time.perf_counter() > deadline:
            raise RuntimeError(f"no sandbox on port {port} within {PATIENCE:.0f} s")
        time.sleep(0.001)


def start_once(env: dict[str, str]) -> float:
    """Seconds from the start of the process to its first answer."""
    port = free_port()
    command = [str(SCRIPT), "sandbox", "start", "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        line = first_answer(port, started + PATIENCE)
        seconds = time.perf_counter() - started
        if b" 200 " not in line:
            raise RuntimeError(f"the first answer was {line!r}")
        return seconds
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def main() -> int:
    """Measure, print, compare with the limit."""
    parser = argparse.ArgumentParser(description="the start of a sandbox")
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        env = {**environment(Path(folder, "none"), Path(folder), ROOT), "XDG_RUNTIME_DIR": folder}
        env.pop("KUBECONFIG")
        start_once(env)
        bare, starts = list[float](), list[float]()
        for _ in range(runs):
            bare.append(run_once([sys.executable, "-c", "pass"], env).seconds)
            starts.append(start_once(env))
    floor, median = statistics.median(bare), statistics.median(starts)
    print(
        f"sandbox start to the first answer: {median * 1000:.0f} ms, {median / floor:.1f} times the bare interpreter"
        f" ({floor * 1000:.1f} ms, limit {LIMIT:.0f}, load {os.getloadavg()[0]:.1f})"
    )
    return 1 if median / floor > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
