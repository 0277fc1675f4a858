"""`python -m kubectl_rollouts`: the same program as the console script."""

from __future__ import annotations

import sys

from kubectl_rollouts.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
