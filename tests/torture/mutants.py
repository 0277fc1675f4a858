"""Mutated objects: whatever is where it should not be, there is an answer, soon, and it is text."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from typing import Any

from kubectl_rollouts.cluster.decode import decode_page
from kubectl_rollouts.errors import Failure
from tests.torture.campaign import Campaign, Case
from tests.torture.hostile import HOSTILE, raw_in
from tests.torture.outputs import said
from tests.torture.specimens import TYPES, Path, release, replaced, small_release, specimen

LONGEST = 1.0  # seconds of processor time for decoding an object and all outputs that show it
DEPTH = 10_000
DIGITS = 5_000
BIG = 3 * 1024 * 1024

# Placeholders for what the standard encoder cannot write; put in as bytes afterwards.
_RAW: dict[str, bytes] = {
    "@deep list@": b"[" * DEPTH + b"]" * DEPTH,
    "@deep object@": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "@deep, never closed@": b"[" * DEPTH,
    "@digits@": b"9" * DIGITS,
    "@negative digits@": b"-" + b"9" * DIGITS,
    "@fraction@": b"0." + b"3" * DIGITS,
    "@exponent@": b"1e" + b"9" * DIGITS,
    "@lone surrogate@": b'"a\\ud800z"',
    "@low surrogate@": b'"\\udfff"',
    "@swapped surrogates@": b'"\\udc00\\ud800"',
    "@not utf-8@": b'"\xff\xfe\xc0\x80"',
    "@nul@": b'"\\u0000"',
    "@3 MB@": b'"' + b"x" * BIG + b'"',
    "@3 MB of newlines@": b'"' + b"\\n" * (BIG // 2) + b'"',
    "@3 MB of escapes@": b'"' + b"\\u001b" * (BIG // 6) + b'"',
    "@3 MB of digits@": b'"' + b"9" * BIG + b'"',
    "@3 MB of durations@": b'"' + b"1ns" * (BIG // 3) + b'"',
    "@3 MB of commas@": b'"' + b"a=b," * (BIG // 4) + b'"',
    "@3 MB of brackets@": b'"' + b"{[(:/@" * (BIG // 6) + b'"',
    "@3 MB of wide letters@": b'"' + "健".encode() * (BIG // 3) + b'"',
    "@3 MB of spaces@": b'"' + b" " * BIG + b'"',
    "@nan@": b"NaN",
    "@infinity@": b"Infinity",
    "@nothing@": b"",
    "@2^63@": b"9223372036854775808",
    "@2^64@": b"18446744073709551616",
}
_SMALL = [name for name in _RAW if "3 MB" not in name]
_BIG = [name for name in _RAW if "3 MB" in name]
_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**53 + 1,
    -(2**63),
    1.5,
    -0.0,
    1e308,
    "",
    "0",
    "-1",
    "text",
    "1e400",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2026-01-01T00:00:00.999999999999999999Z",
    "2026-01-01T00:00:00+99:99",
    "１２",  # digits, though none of ASCII
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"name": {}},
]


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from _paths(item, (*path, step))


def mutated(document: Any, chance: random.Random) -> bytes:
    """A document with one to three places changed, as JSON (or what was JSON)."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        path = chance.choice(list(_paths(document)))
        what = chance.random()
        if what < 0.5:
            new: Any = chance.choice(_VALUES)
        elif what < 0.75:
            new = chance.choice(_SMALL)
        elif what < 0.755:
            new = chance.choice(_BIG)
        elif what < 0.9:
            new = f"{chance.choice(HOSTILE)}x"
        else:
            places = list(_paths(document))
            new = _at(document, chance.choice(places))  # something else of the same object
        document = replaced(document, path, new)
    data = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for name, raw in _RAW.items():
        data = data.replace(json.dumps(name).encode(), raw)
    if chance.random() < 0.02:
        data = data[: chance.randrange(len(data) + 1)]
    return data


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    releases = [small_release(), release(), [specimen(kind) for kind in TYPES]]

    def case(seed: int) -> None:
        chance = random.Random(seed)
        documents = releases[0] if chance.random() < 0.8 else chance.choice(releases[1:])
        number = chance.randrange(len(documents))
        changed = mutated(documents[number], chance)
        all_of_them = [
            (obj["kind"], changed if at == number else json.dumps(obj).encode()) for at, obj in enumerate(documents)
        ]
        kind = documents[number]["kind"]
        with contextlib.suppress(Failure):  # which says so
            decode_page(b'{"metadata":{"resourceVersion":"1"},"items":[' + changed + b"]}", TYPES[kind], kind)
        outputs = said(all_of_them, rich=seed % 4 == 0 or len(changed) > BIG // 2)
        assert outputs.altogether <= LONGEST, f"{outputs.decoding}, {outputs.seconds} for {kind}: {changed[:300]!r}"
        for name, text in outputs.items():
            raw = raw_in(name, text)
            assert not raw, f"{raw} of {changed[:300]!r}"
            assert text.endswith("\n") or not text, f"{name} of {changed[:300]!r}"
            text.encode()

    yield case


CAMPAIGNS = [
    Campaign(
        "mutants",
        "objects with nulls, wrong types, depth 10,000, 5,000 digits, lone surrogates, 3 MB texts: no traceback, ≤ 1 s",
        _open,
        long=100_000,
        short=400,
        processes=2,
    ),
]
