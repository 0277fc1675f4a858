"""Fixtures of all tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.replayed import Replayed, replayed

# A machine that is busy with something else is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Callable[..., Replayed]]:
    """`replay(*objects, faults=[…], namespace="default")` serves a cluster: a `Replayed` with `env` and `requests`."""
    with contextlib.ExitStack() as stack:
        count = 0

        def serve(*objects: dict[str, Any], namespace: str = "default", **snapshot: Any) -> Replayed:
            nonlocal count
            count += 1
            folder = tmp_path / f"cluster-{count}"
            folder.mkdir()
            return stack.enter_context(replayed({"objects": list(objects), **snapshot}, folder, namespace))

        yield serve
