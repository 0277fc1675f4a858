"""`sandbox start --detach`: the same command again, as a process of its own that outlives this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from kubectl_rollouts.cli.app import canonical
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.errors import Failure

PATIENCE = 15.0
"""Seconds that the new sandbox has to say where it is."""


def start_detached(session: Session) -> None:
    """Start it, wait until it is there and pass on what it says. Raises Failure with its error."""
    from kubectl_rollouts.sandbox.registry import folder

    words = [word for word in canonical(session.parsed) if word != "--detach"]
    log = folder() / f"start-{time.time_ns()}.log"
    flags: dict[str, object] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kubectl_rollouts", "sandbox", "start", *words],
            env={**os.environ, "KUBECTL_ROLLOUTS_DETACHED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **flags,  # type: ignore[call-overload]  # the platform's own words
        )
    try:
        lines = _first_lines(process, log)
    finally:
        with contextlib.suppress(OSError):  # Windows keeps it while it is written to
            log.unlink()
    process.returncode = 0  # it lives on; its parent will not be there to wait for it
    for line in lines:
        session.say(line.replace("(Ctrl-C stops it)", f"(process {process.pid}, `sandbox stop` ends it)"))


def _first_lines(process: subprocess.Popen[bytes], log: Path) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        lines = text.splitlines()
        if text.endswith("\n") and any("KUBECONFIG=" in line for line in lines):
            return lines
        if process.poll() is not None:
            said = [line.removeprefix("Error: ") for line in lines if line]
            raise Failure(said[-1] if said else "the sandbox ended at once")
        if time.monotonic() > deadline:
            process.terminate()
            raise Failure(f"the sandbox did not start within {PATIENCE:.0f} s")
        time.sleep(0.05)
