"""Manifests as text: YAML and JSON as the reference reads them, and its words for what it cannot read."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.documents import documents, float_text, sendable, yaml_values
from kubectl_rollouts.rollout.scalars import plain

YAML = "error converting YAML to JSON: "
DECODE = "error unmarshaling JSON: while decoding JSON: "


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, True) for word in ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")),
        *((word, False) for word in ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")),
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *(("10", 10), ("+5", 5), ("-5", -5), ("1_000", 1000), ("0x1F", 31), ("0b101", 5), ("010", 8), ("0o10", 8)),
        *(("-0b11", -3), ("08", 8.0), ("0", 0), ("18446744073709551615", 18446744073709551615)),
        *(("1.10", 1.1), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E3", 1000.0), ("-.5e-1", -0.05)),
        *(("18446744073709551616", 18446744073709551616.0), ("-9223372036854775809", -9223372036854775809.0)),
        *((text, text) for text in ("2020-01-01", "2020-01-01T00:00:00Z", "12:30:45", "1:30", "1.2.3", "=", "1e400")),
        *((text, text) for text in ("tRue", "yES", "0x", "0o8", "0b2", "--5", "1__x", ".", "+", "e3", "١")),
    ],
)
def test_plain_words(word: str, value: Any) -> None:
    found = plain(word)
    assert (found, type(found)) == (value, type(value))


@given(st.text(alphabet="0123456789abcdefxoXOeE+-._:nyNIf", max_size=8))
def test_every_plain_word_means_something(word: str) -> None:
    assert isinstance(plain(word), str | int | float | None)


def values(text: str) -> list[Any]:
    return list(yaml_values(text, unique_keys=True))


def test_documents_of_a_stream() -> None:
    assert values("---\n# nothing\n---\na: 1\n---\n- x\n...\n---\nnull\n") == [None, {"a": 1}, ["x"], None]
    assert [document.value for document in documents(b"---\n---\nkind: A\n---\n---\nkind: B\n")] == [
        {"kind": "A"},
        {"kind": "B"},
    ]
    assert documents(b"") == documents(b"# nothing\n") == []


def test_keys_are_text() -> None:
    assert values("{1: a, 1.5: b, yes: c, 0x10: d, 'yes': e}") == [
        {"1": "a", "1.5": "b", "true": "c", "16": "d", "yes": "e"}
    ]


def test_tags_anchors_and_merges() -> None:
    text = "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\nf: {<<: [{c: 9}, *x], d: 4}\n"
    assert values(text) == [
        {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}, "e": {"b": 1, "c": 3}, "f": {"b": 1, "c": 9, "d": 4}}
    ]
    tagged = "[!!str 5, !!int '5', !!float 5, !Foo bar, !!binary aGk=, ! 5, '5', !!null '']"
    assert values(tagged) == [["5", 5, 5.0, "bar", "hi", "5", "5", None]]
    assert values("a: &x 1\nb: &x 2\nc: *x\n") == [{"a": 1, "b": 2, "c": 2}]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: b: c\n", f"{YAML}yaml: mapping values are not allowed in this context"),
        ("a: 1\n b: 2\n", f"{YAML}yaml: line 2: mapping values are not allowed in this context"),
        ("\ta: 1\n", f"{YAML}yaml: found character that cannot start any token"),
        ("a:\n\t- x\n", f"{YAML}yaml: line 2: found character that cannot start any token"),
        ("a: [1\n", f"{YAML}yaml: line 1: did not find expected ',' or ']'"),
        ("a: *x\n", f"{YAML}yaml: unknown anchor 'x' referenced"),
        ("a: \x01\n", f"{YAML}yaml: control characters are not allowed"),
        ("%YAML 1.2\n---\na: 1\n", f"{YAML}yaml: found incompatible YAML document"),
        ("kind: a\nb: 1\nkind: c\nb: 2\n", f'{YAML}yaml: unmarshal errors:\n  line 3: key "kind" already set in map'
         '\n  line 4: key "b" already set in map'),
        ("? [a]\n: b\n", f'{YAML}yaml: invalid map key: []interface {{}}{{"a"}}'),
        ("? {a: 1}\n: b\n", f'{YAML}yaml: invalid map key: map[interface {{}}]interface {{}}{{"a":1}}'),
        ("~: b\n", f'{YAML}unsupported map key of type: %!s(<nil>), key: <nil>, value: "b"'),
        ("a: .inf\n", f"{YAML}json: unsupported value: +Inf"),
        ("a: -.inf\n", f"{YAML}json: unsupported value: -Inf"),
        ("a: .nan\n", f"{YAML}json: unsupported value: NaN"),
        ("a: !!int x\n", f"{YAML}yaml: cannot decode !!str `x` as a !!int"),
        ("a: {<<: 5}\n", f"{YAML}yaml: map merge requires map or sequence of maps as the value"),
        ("- a\n", f"{DECODE}json: cannot unmarshal array into Go value of type map[string]interface {{}}"),
        ("x\n", f"{DECODE}json: cannot unmarshal string into Go value of type map[string]interface {{}}"),
        ("5\n", f"{DECODE}json: cannot unmarshal number into Go value of type map[string]interface {{}}"),
        ("yes\n", f"{DECODE}json: cannot unmarshal bool into Go value of type map[string]interface {{}}"),
        ('{"a":', "unexpected EOF"),
        ('{"a":1', "unexpected EOF"),
        ('{"a":"x', "unexpected EOF"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ('{"a":[1 2]}', "invalid character '2' after array element"),
        ('{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        ('{"a":"\n"}', "invalid character '\\n' in string literal"),
        ('{"a":"\\q"}', "invalid character 'q' in string escape code"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str, error: str) -> None:
    with pytest.raises(Failure) as caught:
        documents(text.encode())
    assert str(caught.value) == error


def test_aliases_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Failure, match="excessive aliasing"):
        documents("\n".join(lines).encode())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_depth_ends_in_an_error(text: str) -> None:
    with pytest.raises(Failure):
        documents(text.encode())


def test_a_kind_is_needed() -> None:
    with pytest.raises(Failure) as caught:
        documents(b"b: <1>\na: {d: 1e3, c: yes}\n")[0].group_kind  # noqa: B018 - raises
    assert (
        str(caught.value)
        == f'{DECODE}Object \'Kind\' is missing in \'{{"a":{{"c":true,"d":1000}},"b":"\\u003c1\\u003e"}}\''
    )
    with pytest.raises(Failure) as caught:
        documents(b'{"b": 1, "a": 2}')[0].group_kind  # noqa: B018 - raises
    assert str(caught.value) == "Object 'Kind' is missing in '{\"b\": 1, \"a\": 2}'"


@pytest.mark.parametrize("bad", ["kind: ''", "kind: 5", "kind: A\napiVersion: a/b/c"])
def test_kinds_that_are_none(bad: str) -> None:
    with pytest.raises(Failure, match="Object 'Kind' is missing"):
        documents(bad.encode())[0].group_kind  # noqa: B018 - raises


def test_groups() -> None:
    kinds = b"kind: A\napiVersion: x.io/v1\n---\nkind: B\napiVersion: v1\n---\nkind: C\n"
    assert [document.group_kind for document in documents(kinds)] == [("x.io", "A"), ("", "B"), ("", "C")]


def test_json_after_json() -> None:
    found = documents(b' {"kind": "A", "x": 1.0} \n {"kind": "B"}\n')
    assert [document.value["kind"] for document in found] == ["A", "B"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert documents("kind: Ä\r\nb: 1\r\n".encode(encoding))[0].value == {"kind": "Ä", "b": 1}


def test_no_encoding() -> None:
    with pytest.raises(Failure, match="invalid leading UTF-8 octet"):
        documents(b"kind: \xff\n")


def test_whole_floats_are_sent_as_integers() -> None:
    sent = sendable({"a": [1.0, 1.5, 1e3, True], "b": {"c": 1e25}})
    assert json.dumps(sent) == '{"a": [1, 1.5, 1000, true], "b": {"c": 1e+25}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.1, "1.1"), (0.5, "0.5"), (1000.0, "1000"), (1e21, "1e+21"), (1e-7, "1e-07"), (2.0**64, "1.8446744e+19"),
     (123456.0, "123456"), (1234567.0, "1.234567e+06"), (0.0001, "0.0001"), (-2.5, "-2.5"), (0.0, "0")],
)  # fmt: skip
def test_floats_as_text(value: float, text: str) -> None:
    assert float_text(value) == text


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.text(st.characters(codec="ascii", categories=("L", "N", "P"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdefz", min_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["kind", "spec", "metadata"]), PLAIN, min_size=1))
def test_what_json_says_yaml_says_too(value: dict[str, Any]) -> None:
    """JSON written on one line is YAML; block YAML that PyYAML writes is read as it was meant."""
    assert values(json.dumps(value)) == [value]
    quoted = yaml.dump(value, default_style='"', Dumper=yaml.SafeDumper)
    assert values(quoted) == [value]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        documents(data)
    except Failure:
        return


@given(st.text(alphabet="{}[]\":,ab1-\n &*!?|>'#%", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        documents(text.encode())
    except Failure:
        return


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: b: c\n", "yaml: mapping values are not allowed in this context"),
        ("a:\n\t- x\n", "yaml: line 2: found character that cannot start any token"),
        ("a: [1\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: \x01\n", "yaml: control characters are not allowed"),
        ("{a: 1} {b: 2}\n", "yaml: did not find expected <document start>"),
    ],
)
def test_without_libyaml_the_words_are_the_same(text: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    with pytest.raises(Failure) as caught:
        values(text)
    assert str(caught.value) == f"{YAML}{error}"
    assert values("a: &x [y, 'y']\nb: *x\n") == [{"a": [True, "y"], "b": [True, "y"]}]


def test_what_follows_a_json_value_and_is_no_other_is_ignored() -> None:
    """As the reference does, which reads the first value only; a second object is read here (Q16)."""
    assert [each.value for each in documents(b'{"kind":"A"} rest')] == [{"kind": "A"}]
    assert [each.value for each in documents(b'{"kind":"A"}{"kind":"B"}\n')] == [{"kind": "A"}, {"kind": "B"}]
