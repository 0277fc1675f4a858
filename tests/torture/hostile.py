"""Hostile data: what steers terminals or looks like markup comes out spelled, whatever field it is in."""

from __future__ import annotations

import contextlib
import functools
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path as Path_
from typing import Any, NamedTuple

from tests.cluster.raw_server import Exchange, RawServer
from tests.support.cli import run_cli
from tests.torture.campaign import Campaign, Case
from tests.torture.outputs import encoded, said
from tests.torture.specimens import TYPES, Path, at, release, replaced, specimen, texts

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"]
BIDI = [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
MARKUP = [
    "[red]x[/red]",
    "[/]",
    "[link=http://e]x[/link]",
    "[@click=app.quit]x",
    "\\[bold]",
    ":smile:",
    "\x1b]8;;http://e\x07x\x1b]8;;\x07",
    "\x1b]8;;http://e\x1b\\x\x1b]8;;\x1b\\",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[?1049h",
    "\x1bP+q544e\x1b\\",
    "\x9b31m\x9d8;;http://e\x9c",
    "%s%n{0}{x!r}$(id)`id`",
    "<script>&amp;",
]
HOSTILE = [*CONTROLS, *BIDI, *MARKUP]
assert (len(CONTROLS), len(BIDI)) == (63, 12)

STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COLOR = re.compile(r"\x1b\[(?:0|1|2|3[0-7]|9[0-7]|39|1;3[0-7])m")


def spelled(text: str) -> str:
    """How a hostile text must look: written here anew, from the rule and not from the program."""
    out = []
    for letter in text:
        code = ord(letter)
        if letter in "\n\t":
            out.append({"\n": "\\n", "\t": "\\t"}[letter])
        elif code < 0x20 or 0x7F <= code < 0xA0:
            out.append("\\x" + format(code, "02x"))
        elif letter in BIDI:
            out.append("\\u" + format(code, "04x"))
        else:
            out.append(letter)
    return "".join(out)


def raw_in(name: str, text: str) -> str:
    """What steers a terminal in an output, "" if nothing does; colours are allowed where there are any."""
    if "coloured" in name or "terminal" in name or "small" in name:
        text = COLOR.sub("", text)
    found = STEERS.search(text)
    return (
        "" if found is None else f"{name}: raw {found[0]!r} in {text[max(0, found.start() - 60) : found.end() + 60]!r}"
    )


class Place(NamedTuple):
    """A text of an object, and the outputs that show it."""

    documents: list[Any]
    number: int  # of the object
    path: Path
    before: str  # what is kept of the text, before the hostile one
    shown_in: frozenset[str]

    def outputs(self, text: str, *, rich: bool = False) -> dict[str, str]:
        """All outputs with this text at the place."""
        changed = [
            replaced(obj, self.path, f"{self.before}q{text}z") if number == self.number else obj
            for number, obj in enumerate(self.documents)
        ]
        return said([(obj["kind"], encoded(obj)) for obj in changed], rich=rich)


@functools.cache
def _places() -> list[Place]:
    """Every text of every kind, put in the place of what is there and behind it."""
    specimens = [specimen(kind) for kind in TYPES]
    owner = specimens[0]["metadata"]["uid"]
    assert owner == specimens[1]["metadata"]["ownerReferences"][0]["uid"]
    found = []
    for documents in (release(), specimens):
        known: set[tuple[str, Path]] = set()
        for number, obj in enumerate(documents):
            for path in texts(obj):
                if path == ("kind",) or (obj["kind"], path) in known:
                    continue
                known.add((obj["kind"], path))
                for before in ("", at(obj, path)):
                    place = Place(documents, number, path, before, frozenset())
                    shown_in = frozenset[str]()
                    for rich in (False, True):
                        outputs = place.outputs("BENIGN", rich=rich)
                        shown_in = frozenset(name for name, text in outputs.items() if "qBENIGNz" in text)
                        if not shown_in:
                            break
                    found.append(place._replace(shown_in=shown_in))
    return found


@contextlib.contextmanager
def _open() -> Iterator[Case]:
    places = _places()
    shown = [place for place in places if place.shown_in]
    assert len(shown) > 40

    def case(seed: int) -> None:
        hostile = HOSTILE[seed % len(HOSTILE)]
        for at_, place in enumerate(places):
            # Drawing with Rich costs most: where nothing shows the text, only now and then.
            outputs = place.outputs(hostile, rich=bool(place.shown_in) or at_ % 16 == seed % 16)
            where = f"{place.documents[place.number]['kind']} {place.path}"
            for name, text in outputs.items():
                raw = raw_in(name, text)
                assert not raw, f"{where}: {raw}"
            for name in place.shown_in & outputs.keys():
                if "small" in name:
                    continue  # it is cut there
                assert f"q{spelled(hostile)}z" in outputs[name], f"{where}: not literal in {name}:\n{outputs[name]}"

    yield case


# --- Whole command lines, and a server of which every word is hostile ------------------------------------------------

COMMANDS = [
    "get rollout web",
    "get rollout web --no-color",
    "get rollout web -v 9",
    "get experiment web",
    "list rollouts -A",
    "list rollouts --timestamps",
    "list experiments -A",
    "status web --watch=false",
    "status web --timeout 1ms",
    "promote web",
    "promote web --full",
    "abort web",
    "pause web",
    "restart web",
    "retry rollout web",
    "retry experiment web",
    "terminate analysisrun web",
    "terminate experiment web",
    "set image web c=img",
    "undo web",
    "__complete get rollout ''",
    "__complete get experiment ''",
    "__complete terminate analysisrun ''",
    "__complete set image web ''",
    "__complete list rollouts -n ''",
    "lint -f {manifest}",
    "create -f {manifest}",
]


def _everywhere(value: Any, text: str, *keep: str) -> Any:
    """A document with the text behind every text in it, but those of the keys to keep, and in keys."""
    if isinstance(value, dict):
        made = {key: item if key in keep else _everywhere(item, text, *keep) for key, item in value.items()}
        return made | {f"x{text}": text}
    if isinstance(value, list):
        return [_everywhere(item, text, *keep) for item in value]
    return f"{value}{text}" if isinstance(value, str) and not value.endswith("Z") else value


def _answers(text: str, way: str) -> Any:
    """A handler that answers every request with hostile objects, a hostile error or hostile nonsense."""

    def handle(exchange: Exchange) -> None:
        path = exchange.request.path
        kind = next((kind for kind in TYPES if f"/{kind.lower()}s" in path), "Rollout")
        obj = _everywhere(specimen(kind), text, *(("name", "namespace") if way == "names kept" else ()))
        is_list = path.endswith("s") and not path.endswith("/status")
        if way == "status":
            error = {"kind": "Status", "status": "Failure", "message": text, "reason": text, "code": 409}
            exchange.answer({**error, "details": {"name": text, "causes": [{"field": text, "message": text}]}}, 409)
        elif way == "nonsense":
            exchange.answer(text.encode("utf-8", "surrogatepass") * 3, 500, media="text/plain")
        elif way == "wrong type":
            wrong = {**obj, "metadata": {"name": text}, "spec": text, "status": [text]}
            exchange.answer({"items": [wrong]} if is_list else wrong)
        elif is_list:
            exchange.answer({"metadata": {"resourceVersion": "1"}, "items": [obj]})
        else:
            exchange.answer(obj)

    return handle


WAYS = ("objects", "names kept", "status", "nonsense", "wrong type")


@contextlib.contextmanager
def _command_lines() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path_(name)
        yield lambda seed: _command_line(seed, folder)


def _command_line(seed: int, folder: Path_) -> None:
    hostile = HOSTILE[seed // len(WAYS) % len(HOSTILE)]
    text = f"q{hostile}z"
    way = WAYS[seed % len(WAYS)]
    manifest = folder / "manifest.json"
    manifest.write_bytes(
        encoded(
            _everywhere(
                {"apiVersion": "argoproj.io/v1alpha1", **specimen("Rollout")}, text, "apiVersion", "kind", "name"
            )
        )
    )
    with RawServer(_answers(text, way)) as server:
        config = folder / "config"
        cluster = {"clusters": [{"name": "c", "cluster": {"server": server.url}}]}
        context = {"contexts": [{"name": "x", "context": {"cluster": "c"}}], "current-context": "x"}
        config.write_bytes(encoded({**cluster, **context}))
        for terminal in (False, True):
            for command in COMMANDS[(seed // len(WAYS) + seed) % 2 ^ terminal :: 2]:
                words = shlex.split(command.format(manifest=manifest))
                done = run_cli(*words, env={"KUBECONFIG": str(config)}, terminal=terminal)
                colored = "coloured" if command.startswith("get") and "--no-color" not in command else ""
                where = f"{command} ({way}{', terminal' if terminal else ''})"
                for stream, output in (("stdout", done.stdout), ("stderr", done.stderr)):
                    raw = raw_in(f"{where}: {stream} {colored}", output)
                    assert not raw, raw
                assert "Traceback" not in done.stderr, f"{where}:\n{done.stderr}"
                assert "internal error" not in done.stderr, f"{where}:\n{done.stderr}"


CAMPAIGNS = [
    Campaign(
        "hostile texts",
        "63 control and 12 bidirectional characters, markup and links in every text: nothing raw, everything literal",
        _open,
        long=len(HOSTILE),
        short=1,
        processes=2,
        seed=0,
    ),
    Campaign(
        "hostile servers",
        "the same texts in every word that a server says, in objects and errors, through every command",
        _command_lines,
        long=len(HOSTILE) * len(WAYS),
        short=2,
        processes=2,
        seed=0,
    ),
]
