"""The quick reader agrees with PyYAML, and with kubectl's meaning of words, wherever it gives an answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cluster.go_yaml import load
from kubectl_rollouts.cluster.simple_yaml import parse
from tests.cluster.kubeconfig_cases import CASES
from tests.cluster.kubeconfig_texts import TEXTS

KUBECTL_STYLE = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
    server: https://10.0.0.1:6443
  name: kind-kind
contexts:
- context:
    cluster: kind-kind
    namespace: prod
    user: kind-kind
  name: kind-kind
current-context: kind-kind
kind: Config
preferences: {}
users:
- name: kind-kind
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - token
      - --cluster
      command: aws
      env: null
      provideClusterInfo: false
    client-certificate: /tmp/x.crt
"""

FLOW_STYLE = """\
---
# a comment
apiVersion: v1
kind: Config
current-context: replay
contexts:
  - name: replay
    context: {cluster: replay, user: replay, namespace: default}
clusters:
- name: replay
  cluster: {server: "http://127.0.0.1:40123"}
users:
- name: 'replay'
  user: {}
empty:
"""


@pytest.mark.parametrize("text", [FLOW_STYLE, KUBECTL_STYLE])
def test_reads_the_usual_styles(text: str) -> None:
    assert parse(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "a: 0x1f",
        "a: 1:30",
        "a: 2001-01-01",
        "a: .5",
        "a: Yes",
        "a: NULL",
        "a: &x b",
        "a: *x",
        "a: !!str b",
        "a: |\n  b",
        "a: >\n  b",
        "a: b # c",
        'a: "b\\n"',
        "a: 'it''s'",
        "a: [b]",
        "a: {b: {c: d}}",
        "a: b\na: c",
        "a: b\n  c",
        "a:\n\tb: c",
        "a: b\n---\nc: d",
        "? a",
        "a: b: c",
        "a",
        "",
        "- - a",
        "a: ä",
        "a: @b",
        "a: `b`",
        "a: %b",
        "{a: b}",
        "a:\n  b\n  c",
        "a : b",
        "a: {b?: c}",
        "a: b # \x01",
        '# \x7f\na: "b"',
        'a: "b\x0bc"',
    ],
)
def test_gives_up_where_the_meaning_could_be_in_doubt(text: str) -> None:
    with pytest.raises(ValueError, match="not simple"):
        parse(text)


words = st.text(st.sampled_from("abcXYZ019 .:/_-+=~#'\"{}[],&*!|>@%\\"), min_size=1, max_size=8)
trees: st.SearchStrategy[Any] = st.recursive(
    words | st.booleans() | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


@given(trees, st.sampled_from([None, False]))
def test_agrees_on_whatever_is_dumped(tree: Any, flow: bool | None) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow)
    _same_or_nothing(text)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "- "]), words, words | st.just("")), max_size=6))
def test_agrees_on_whatever_is_typed(lines: list[tuple[int, str, str, str]]) -> None:
    _same_or_nothing("\n".join(f"{'  ' * depth}{dash}{key}: {value}" for depth, dash, key, value in lines))


MARKS = """- : , { } [ ] {} [] # ' " '' \\ &a *a ! !!str | > % @ ` ? ~ null True y 0 1e3 = <<: 12:30 .5 {a:_b} ü x://y?z=1#q"""
SPACED = (" ", "  ", "\n", "\n  ", "\n- ", "- ", "---\n", "\n...\n", ": ", " #", "a: b", "{a: b}", "? ", "")
pieces = st.sampled_from([*MARKS.split(), *SPACED, *"\t\r\x01\ufeff\u2028"])


@given(
    st.sampled_from([KUBECTL_STYLE, FLOW_STYLE, *(text for case in CASES + TEXTS for text in case.files.values())]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), pieces), max_size=4),
)
def test_agrees_on_kubeconfigs_with_something_wrong(text: str, edits: list[tuple[float, int, str]]) -> None:
    for place, dropped, put in edits:
        at = int(place * len(text))
        text = text[:at] + put + text[at + dropped :]
    _same_or_nothing(text)


def _same_or_nothing(text: str) -> None:
    """Both parsers that may be asked for the rest have to say the same."""
    try:
        quick = parse(text)
    except ValueError:
        return
    assert quick == yaml.safe_load(text)
    assert quick == load(text.encode())
