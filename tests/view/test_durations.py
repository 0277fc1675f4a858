"""Durations (spec/view.md §7)."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.view.durations import age, human_duration

M, H, D = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1e12, "<invalid>"),
        (-2, "<invalid>"),
        (-1.999, "0s"),
        (-1, "0s"),
        (-0.5, "0s"),
        (0, "0s"),
        (0.999, "0s"),
        (1, "1s"),
        (119.999, "119s"),
        (120, "2m"),
        (121, "2m1s"),
        (599.999, "9m59s"),
        (600, "10m"),
        (659, "10m"),
        (179 * M + 59, "179m"),
        (180 * M, "3h"),
        (181 * M, "3h1m"),
        (7 * H + 59 * M, "7h59m"),
        (8 * H, "8h"),
        (47 * H + 59 * M, "47h"),
        (48 * H, "2d"),
        (49 * H, "2d1h"),
        (168 * H, "7d"),
        (191 * H, "7d23h"),
        (192 * H, "8d"),
        (17519 * H, "729d"),
        (17520 * H, "2y"),
        (17544 * H, "2y1d"),
        (70079 * H, "7y364d"),
        (70080 * H, "8y"),
        (100 * 365 * D, "100y"),
        (2**63 / 1e9, "292y"),
        (1e300, "292y"),
        (math.inf, "292y"),
    ],
)
def test_examples(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


SECONDS = {"s": 1, "m": M, "h": H, "d": D, "y": 365 * D}


@given(st.floats(0, 2**63 / 1e9))
def test_the_text_says_the_duration_to_its_last_unit(seconds: float) -> None:
    parts = re.findall(r"(\d+)([smhdy])", human_duration(seconds))
    assert 1 <= len(parts) <= 2
    said = sum(int(number) * SECONDS[unit] for number, unit in parts)
    assert said <= seconds
    # What the text leaves out is less than 1/8 of it.
    assert seconds - said < max(1, seconds / 8)


@given(st.floats(0, 1e10), st.floats(0, 1e10))
def test_a_longer_duration_never_looks_shorter(one: float, other: float) -> None:
    def said(seconds: float) -> int:
        return sum(
            int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhdy])", human_duration(seconds))
        )

    assert (said(one) <= said(other)) or one > other


def test_ages() -> None:
    assert age(1000.0, 1000.0 + 168 * H) == "7d"
    assert age(1001.5, 1000.0) == "0s"
    assert age(1002.0, 1000.0) == "<invalid>"
    assert age(None, 1000.0) == "292y"
    assert age(-62135596800.0, 1786968000.0) == "292y"
