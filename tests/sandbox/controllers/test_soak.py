"""Some random releases in every test run; `python -m tests.sandbox.controllers.soak 1000` plays a thousand."""

from __future__ import annotations

import pytest

from tests.sandbox.controllers.soak import soak


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_releases_keep_the_promises(first: int) -> None:
    assert soak(range(first, first + 10))["releases"] == 10
