"""The control loops of the sandbox: what the real cluster's controllers do, as pure functions of the world."""

from __future__ import annotations

from kubectl_rollouts.sandbox.world import Controller

CONTROLLERS: list[Controller] = []
"""All that a sandbox runs, in no particular order."""
