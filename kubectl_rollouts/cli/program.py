"""How the program was called, which is how its help spells it."""

from __future__ import annotations

import os
import sys


class Program:
    """`usage` stands in usage lines and messages, `spoken` in examples, `file` is the executable's name.

    Called as `kubectl-X` the help says `kubectl X`. Under the reference's own name the usage lines keep the
    reference's word `kubectl-argo-rollouts` (spec/commands.md §1.1), for those who read its messages by machine.
    """

    __slots__ = ("file", "spoken", "usage")

    def __init__(self, argv0: str) -> None:
        name = argv0.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
        if not name.startswith("kubectl-") or not name.removeprefix("kubectl-"):
            name = "kubectl-rollouts"  # python -m kubectl_rollouts, or a name of somebody's own
        self.file = name
        self.spoken = "kubectl " + name.removeprefix("kubectl-").replace("-", " ").replace("_", "-")
        self.usage = name if name == "kubectl-argo-rollouts" else self.spoken

    def path(self, command_path: str) -> str:
        """Return the program's word with a command's path, as usage lines begin."""
        return f"{self.usage} {command_path}" if command_path else self.usage


def platform() -> str:
    """Return the operating system and the processor in Go's words: `linux/amd64`."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    machine = machine.lower()
    known = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}
    return f"{ {'win32': 'windows'}.get(sys.platform, sys.platform) }/{known.get(machine, machine)}"
