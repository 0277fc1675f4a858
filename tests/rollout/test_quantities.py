"""Resource quantities: their canonical text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.rollout.quantities import BAD_QUANTITY, canonical_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("0.001", "1m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("0.5Ki", "512"),
        ("1500Mi", "1500Mi"),
        ("1e3", "1e3"),
        ("12e2", "1200"),
        ("100k", "100k"),
        ("1000k", "1M"),
        ("-1", "-1"),
        ("0", "0"),
        ("0.1n", "1n"),
        (2, "2"),
        (1.5, "1500m"),
    ],
)
def test_canonical_text(text: str | int | float, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize("text", ["", "a", "1x", "1.2.3", "--1", "1ki", "1e", "١"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match=r"quantities must match") as caught:
        parse_quantity(text)
    assert str(caught.value) == BAD_QUANTITY


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "n", "u", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_canonical_text_keeps_the_value(number: int, suffix: str) -> None:
    quantity = parse_quantity(f"{number}{suffix}")
    again = parse_quantity(str(quantity))
    assert again.value == quantity.value
    assert str(again) == str(quantity)
