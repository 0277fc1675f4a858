"""Calls with a flag of `more_flags.py`: which module carries them out. Plain calls never get here.

The plain commands keep their Typer applications small, and so their start quick; what scripts and pipelines ask for
on top is carried out from the parsed line itself, whose table has the types already.
"""

from __future__ import annotations

from kubectl_rollouts.cli.pflag import Parsed
from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.errors import Failure


def run_extended(session: Session, parsed: Parsed) -> int:
    """Carry out a command line that has a flag of `more_flags`, and return the exit status. Raises Failure."""
    raise Failure(f"{parsed.command.path} does not take these flags")
