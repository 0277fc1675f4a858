"""Whatever is typed as a template is either one or an error of its own; values are written as Go writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.rollout.jsonpath import JSONPathError, Template, go_text, path_text, relaxed
from kubectl_rollouts.rollout.jsonpath.gojson import go_json
from kubectl_rollouts.rollout.jsonpath.gotext import go_float
from kubectl_rollouts.view.output.yaml import yaml_text

VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
PIECES = st.sampled_from(
    ["{", "}", "{.", ".a", "..", "[", "]", "[?(", "@.a", "==", '"x"', "'x'", ")]", "*", "1", "-1", ":", ",", "\\",
     "range ", "end", "$", "@", " ", "\n", "a.b", "true"]
)  # fmt: skip
OBJECT = {"a": [{"a": 1, "b": "x"}, {"a": None}], "b": {"c": [1, 2.5, True]}, "c": "text"}


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20))
def test_a_template_is_one_or_an_error(text: str) -> None:
    try:
        assert isinstance(path_text(text, OBJECT), str)
    except JSONPathError as error:
        assert str(error).startswith("error ")


@given(st.text(max_size=20))
def test_a_relaxed_path_is_in_braces_or_an_error(text: str) -> None:
    try:
        assert relaxed(text).startswith("{.")
    except JSONPathError:
        return


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), VALUES, min_size=1, max_size=4))
def test_every_key_is_found(obj: dict[str, Any]) -> None:
    for key, value in obj.items():
        assert Template("{." + key + "}").find(obj) == [[value]]
        assert Template("{['" + key + "']}").find(obj) == [[value]]
    assert Template("{.*}").find(obj) == [[obj[key] for key in sorted(obj)]]


@given(VALUES)
def test_json_is_read_back(value: Any) -> None:
    for indent in (None, 4):
        for safe in (False, True):
            assert same(json.loads(go_json(value, indent, safe)), value)


def same(read: Any, value: Any) -> bool:
    """Whether a value was read back; a whole float is written as an integer, one beyond 64 bits is a float."""
    if isinstance(value, list):
        return len(read) == len(value) and all(map(same, read, value))
    if isinstance(value, dict):
        return read.keys() == value.keys() and all(same(read[key], value[key]) for key in value)
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        return float(read) == float(value)
    return float(read) == value if isinstance(value, float) else read == value and type(read) is type(value)


@given(VALUES)
def test_safe_json_steers_no_terminal(value: Any) -> None:
    assert go_json(value, safe=True).isprintable()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["yes", "No", "on", "1e3", "0x1f", "1_000", "12:30:45", "2026-01-02", "~", "null", "", " x", "- a", "a: b", "#",
     "0o7", "=", "<<", ".5", "+1", "y", "\n", "a\n", "\na", " a\nb", "a\tb", "é☃", "\x85", "\ufeff", "10m", "1.2.3"]
)  # fmt: skip


@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=3), max_size=4))
def test_yaml_is_read_back(value: Any) -> None:
    import yaml

    assert yaml.safe_load(yaml_text(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_back(value: float) -> None:
    assert float(go_float(value)) == value
    assert float(go_float(value, -6, 21)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e20, "1e+20"),
        (1e21, "1e+21"),
        (1.5e-5, "1.5e-05"),
        (0.0001, "0.0001"),
        (100.0, "100"),
        (999999.5, "999999.5"),
        (1000000.0, "1e+06"),
        (-2.5, "-2.5"),
        (123456789.125, "1.23456789125e+08"),
        (5e-324, "5e-324"),
    ],
)
def test_floats(value: float, text: str) -> None:
    assert go_text(value) == text


def test_depth_is_an_error() -> None:
    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(JSONPathError, match="nested too deeply"):
        path_text("{..a}", deep)
