"""`version`: what this program is (spec/commands.md §8.5). The cluster is not asked."""

from __future__ import annotations

import sys

from kubectl_rollouts import __version__
from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.program import platform
from kubectl_rollouts.cli.session import Session

app = App()


@app.command()
def version(session: Session, *, short: bool = False) -> None:
    """Print the version, with --short its first line only.

    The names of the lines are the reference's, for scripts that read them; the version is followed by `+unknown`
    because an installed package does not know its commit.
    """
    lines = [f"kubectl-argo-rollouts: v{__version__}+unknown"]
    if not short:
        lines += [
            "  BuildDate: 1970-01-01T00:00:00Z",
            "  GitCommit: ",
            "  GitTreeState: ",
            f"  GoVersion: python{'.'.join(map(str, sys.version_info[:3]))}",
            f"  Compiler: {sys.implementation.name}",
            f"  Platform: {platform()}",
        ]
    session.say("\n".join(lines))
