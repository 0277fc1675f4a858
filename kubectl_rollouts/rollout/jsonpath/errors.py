"""The error of JSONPath templates."""

from __future__ import annotations

from kubectl_rollouts.errors import Failure


class JSONPathError(Failure):
    """A template that cannot be read, or that does not fit an object."""
