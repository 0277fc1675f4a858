"""The conditions of metrics: what they yield, what they refuse, and that no text makes them misbehave."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_rollouts.rollout.expressions import ExpressionError, evaluate
from kubectl_rollouts.rollout.expressions.conditions import NO_DATA, assess
from kubectl_rollouts.rollout.expressions.values import json_text, number_text

CASES: list[tuple[str, Any, Any]] = [
    ("result[0] >= 0.95", [0.95], True),
    ("result[-1]", [1.0, 2.0], 2.0),
    ("all(result, {# > 1})", [2.0, 3.0], True),
    ("all(result, # > 1)", [2.0, 1.0], False),
    ("any(result, {#.ok}) && none(result, {.bad})", [{"ok": True, "bad": False}], True),
    ("count(result, # > 1)", [1.0, 2.0, 3.0], 2),
    ("filter(result, # > 1) | len()", [1.0, 2.0, 3.0], 2),
    ("map(result, # * 2)[1]", [1.0, 2.0], 4.0),
    ("sum(result)", [1.0, 2.0], 3.0),
    ("reduce(result, #acc + #)", [1.0, 2.0, 3.0], 6.0),
    ("find(result, # > 1)", [1.0, 2.0], 2.0),
    ("sortBy(result, #.n)[0].n", [{"n": 2.0}, {"n": 1.0}], 1.0),
    ("asFloat(result) < 0.5", "0.25", True),
    ("asInt(result)", 3.9, 3),
    ("default(result, 0) < 0.05", None, True),
    ("isNil(result)", None, True),
    ("isNaN(result)", math.nan, True),
    ("isInf(result, -1)", -math.inf, True),
    ("len(result)", {"a": 1, "b": 2}, 2),
    ("result.a['b']", {"a": {"b": 5.0}}, 5.0),
    ("result.missing == nil", {}, True),
    ("result?.a?.b ?? 7", None, 7),
    ("not result", False, True),
    ("!result || false", True, False),
    ("result in [1, 2]", 2.0, True),
    ("result not in [1, 2]", 3.0, True),
    ("'a' in result", {"a": 1}, True),
    ("result contains 'or'", "error", True),
    ("result startsWith 'er' and result endsWith 'or'", "error", True),
    ("result matches '^5\\\\d\\\\d$'", "503", True),
    ("1 + 2 * 3 - 4 / 2", None, 5.0),
    ("-7 % 3", None, -1),
    ("2 ** 3 ** 2", None, 512.0),
    ("-2 ** 2", None, -4.0),
    ("1 < result <= 5", 5.0, True),
    ("result > 1 ? 'a' : 'b'", 0.0, "b"),
    ("if result > 1 {'a'} else {'b'}", 2.0, "a"),
    ("let x = result * 2; x + 1", 2.0, 5.0),
    ("0x1F + 0b11 + 1_000", None, 1034),
    ("(1..3)[1:]", None, [2, 3]),
    ("{'a': result}.a", 1.0, 1.0),
    ("true or result", "never looked at", True),
    ("max(1, result) == 2 // a remark", 2.0, True),
    ("'it\\'s' + \"\\u0021\"", None, "it's!"),
]


@pytest.mark.parametrize(("source", "result", "expected"), CASES)
def test_expressions_have_their_value(source: str, result: Any, expected: Any) -> None:
    value = evaluate(source, {"result": result})
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("source", "result", "message"),
    [
        ("foo", None, "unknown name foo"),
        ("foo(1)", None, "unknown name foo"),
        ("result.a.b", {}, "cannot fetch b from <nil>"),
        ("result[3]", [1.0], "index out of range: 3 (array length is 1)"),
        ("result > 1", "x", "invalid operation: string > int"),
        ("result + 1", [1.0], "invalid operation: []interface {} + int"),
        ("1 +", None, "unexpected token EOF"),
        ("1 2", None, 'unexpected token Number("2")'),
        ("@", None, "unrecognized character: U+0040 '@'"),
        ("'a", None, "literal not terminated"),
        ("asInt('x')", None, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("asInt(result)", True, "asInt() not supported on bool true"),
        ("len(1)", None, "invalid argument for len (type int)"),
        ("all(result, # > 1)", 5.0, "builtin all takes only array (got float64)"),
        ("len(1..999999999)", None, "memory budget exceeded"),
        ("repeat('ab', 999999999)", None, "memory budget exceeded"),
        ("(" * 5000, None, "expression is nested too deeply"),
    ],
)
def test_what_has_no_value_says_why(source: str, result: Any, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {"result": result})
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["__class__", "__import__('os')", "result.__class__", "open('/etc/passwd')"])
def test_nothing_of_python_is_in_reach(name: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert evaluate(name, {"result": {}}) is None


@pytest.mark.parametrize(
    ("result", "success", "failure", "phase"),
    [
        (1.0, "", "", "Successful"),
        (1.0, "result == 1", "", "Successful"),
        (1.0, "result == 2", "", "Failed"),
        (1.0, "", "result == 1", "Failed"),
        (1.0, "", "result == 2", "Successful"),
        (5.0, "result > 8", "result < 2", "Inconclusive"),
        (9.0, "result > 8", "result > 5", "Failed"),
        (9.0, "result > 8", "result < 2", "Successful"),
    ],
)
def test_conditions_make_a_phase(result: Any, success: str, failure: str, phase: str) -> None:
    assert assess(result, success, failure) == phase


@pytest.mark.parametrize(
    ("result", "cause"),
    [(1.0, "expected bool, but got float64"), (None, NO_DATA), ([], NO_DATA)],
)
def test_a_condition_without_an_answer_is_named(result: Any, cause: str) -> None:
    source = "result" if result else "result[0] > 1"
    with pytest.raises(ExpressionError) as caught:
        assess(result, source, "")
    assert str(caught.value) == f'could not evaluate successCondition "{source}": {cause}'


_SIGNS = [*"[]{}()+-*/%<!?:.#,;|", "**", "==", "&&", "||", "??", ".."]
_WORDS = ["result", "0", "1.5", "'a'", "not", "in", "matches", "all(", "map(", "len(", "let x =", "nil"]
pieces = st.sampled_from([*_SIGNS, *_WORDS])


@settings(max_examples=400)
@given(st.lists(pieces, max_size=12).map(" ".join), st.sampled_from([None, 1.5, "a", [1.0, 2.0], {"a": [1.0]}]))
def test_any_text_has_a_value_or_an_error(source: str, result: Any) -> None:
    try:
        evaluate(source, {"result": result})
    except ExpressionError as error:
        assert str(error)


@given(st.text(max_size=40))
def test_arbitrary_text_never_crashes(source: str) -> None:
    try:
        evaluate(source, {"result": 1.0})
    except ExpressionError as error:
        assert str(error)


finite = st.floats(allow_nan=False, allow_infinity=False)
operands = st.recursive(
    st.integers(0, 9).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
    max_leaves=10,
)


@given(operands, st.sampled_from("+-*"), operands, st.sampled_from("+-*"), operands)
def test_arithmetic_agrees_with_python(a: str, x: str, b: str, y: str, c: str) -> None:
    source = f"{a} {x} {b} {y} {c}"
    assert evaluate(source, {}) == eval(source)


@given(finite)
def test_numbers_are_written_so_that_they_read_back(value: float) -> None:
    assert float(number_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.95, "0.95"), (5.0, "5"), (1e21, "1e+21"), (1e-7, "1e-07"), (1e-6, "0.000001"), (123456789.5, "123456789.5")],
)
def test_numbers_look_as_in_the_reference(value: float, text: str) -> None:
    assert number_text(value) == text


def test_json_is_written_as_in_the_reference() -> None:
    assert json_text({"b": [1.0, None, "<"], "a": True}) == '{"a":true,"b":[1,null,"\\u003c"]}'


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*)*x", "((ab)*)*c", "(a|ab)*c"])
def test_patterns_that_could_search_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="could take for ever"):
        evaluate(f"result matches '{pattern}'", {"result": "a" * 40 + "!"})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("^(foo|bar)+$", True), ("^[a-z]{3,40}(-[0-9]{1,3})?", True), (".*o.*b", True), ("^x", False)],
)
def test_ordinary_patterns_work(pattern: str, expected: bool) -> None:
    assert evaluate(f"result matches '{pattern}'", {"result": "foobar"}) is expected


def test_a_pattern_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="error parsing regexp"):
        evaluate("result matches '('", {"result": ""})
