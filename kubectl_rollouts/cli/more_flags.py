"""The flags that the reference does not have, by command: see `tree.py`, whose table this one continues.

A call without any of them never reads this module. A call with one of them goes to `extended.py`, not to the Typer
application of the plain command.
"""

from __future__ import annotations

from kubectl_rollouts.cli.tree import Flag

MORE_FLAGS: dict[str, tuple[Flag, ...]] = {}
