"""The grammar of flags and operands (spec/commands.md §1.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.goquote import quote, raw_quote
from kubectl_rollouts.cli.tree import Flag, all_commands, flags_of, own_flags
from kubectl_rollouts.errors import Failure


def failure(*words: str) -> str:
    with pytest.raises(Failure) as caught:
        pflag.parse(words)
    return str(caught.value)


def understood(*words: str) -> tuple[str, dict[str, object], list[str]]:
    parsed = pflag.parse(words)
    return parsed.command.path, parsed.values, parsed.operands


@pytest.mark.parametrize(
    ("words", "path", "values", "operands"),
    [
        ("get rollout a", "get rollout", {}, ["a"]),
        ("get ro a", "get rollout", {}, ["a"]),
        ("list exp", "list experiments", {}, []),
        ("create ar", "create analysisrun", {}, []),
        ("-n prod get ro a -w", "get rollout", {"namespace": "prod", "watch": True}, ["a"]),
        ("get -n prod ro a", "get rollout", {"namespace": "prod"}, ["a"]),
        ("-nprod get --context=c ro -- -w", "get rollout", {"namespace": "prod", "context": "c"}, ["-w"]),
        ("get ro -wn prod a", "get rollout", {"namespace": "prod", "watch": True}, ["a"]),
        ("get ro -wnprod a", "get rollout", {"namespace": "prod", "watch": True}, ["a"]),
        ("get ro -wn=prod a", "get rollout", {"namespace": "prod", "watch": True}, ["a"]),
        ("list ro -Aw=false", "list rollouts", {"all-namespaces": True, "watch": False}, []),
        ("status a --watch=false", "status", {"watch": False}, ["a"]),
        ("status a --watch false", "status", {"watch": True}, ["a", "false"]),
        ("status a -t 1m30s", "status", {"timeout": 90_000_000_000}, ["a"]),
        ("status a -t 0", "status", {"timeout": 0}, ["a"]),
        ("undo a --to-revision -1", "undo", {"to-revision": -1}, ["a"]),
        ("undo a --to-revision 0x1F", "undo", {"to-revision": 31}, ["a"]),
        ("undo - --to-revision=017", "undo", {"to-revision": 15}, ["-"]),
        ("create -f a -f b,c --filename=d", "create", {"filename": ["a", "b,c", "d"]}, []),
        ("list ro --name a --name b", "list rollouts", {"name": "b"}, []),
        ("list ro -n=", "list rollouts", {"namespace": "="}, []),
        ("list ro --name=", "list rollouts", {"name": ""}, []),
        ("promote a -h", "promote", {"help": True}, ["a"]),
        ("get foo", "get", {}, ["foo"]),
        ("create foo", "create", {}, ["foo"]),
        ("-- get", "", {}, ["get"]),
        ("-v 6 version", "version", {"kloglevel": 6}, []),
        ("abort a --wait b", "abort", {"wait": "aborted"}, ["a", "b"]),
        ("promote --wait a", "promote", {"wait": "healthy"}, ["a"]),
        ("promote --wait=paused a", "promote", {"wait": "paused"}, ["a"]),
        ("promote --wait= a", "promote", {"wait": ""}, ["a"]),
        ("promote a --dry-run --diff", "promote", {"dry-run": "client", "diff": True}, ["a"]),
        ("promote a --dry-run=server", "promote", {"dry-run": "server"}, ["a"]),
        ("promote -lapp=x", "promote", {"selector": "app=x"}, []),
        ("promote -Al app=x", "promote", {"selector": "app=x", "all-namespaces": True}, []),
        ("list ro -wl app", "list rollouts", {"selector": "app", "watch": True}, []),
        ("wait a b --for=paused --for step=1", "wait", {"for": ["paused", "step=1"]}, ["a", "b"]),
        ("sandbox run --load x -- ls -l --all", "sandbox run", {"load": ["x"]}, ["ls", "-l", "--all"]),
        ("sandbox start --kubeconfig f", "sandbox start", {"kubeconfig": "f"}, []),
    ],
)
def test_what_is_understood(words: str, path: str, values: dict[str, object], operands: list[str]) -> None:
    assert understood(*words.split(" ")) == (path, values, operands)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("abort a --bogus", "unknown flag: --bogus"),
        ("abort a --bogus=1", "unknown flag: --bogus"),
        ("list ro --names", "unknown flag: --names"),
        ("undo a -l x", "unknown shorthand flag: 'l' in -l"),
        ("version --wait", "unknown flag: --wait"),
        ("promote a -l", "flag needs an argument: 'l' in -l"),
        ("abort a -xyz", "unknown shorthand flag: 'x' in -xyz"),
        ("get ro a -wx", "unknown shorthand flag: 'x' in -x"),
        ("abort a -é", "unknown shorthand flag: 'Ã' in -é"),
        ("abort a -'", "unknown shorthand flag: '\\'' in -'"),
        ("abort --namespace", "flag needs an argument: --namespace"),
        ("abort a -n", "flag needs an argument: 'n' in -n"),
        ("get ro a -wn", "flag needs an argument: 'n' in -n"),
        ("abort --=x", "bad flag syntax: --=x"),
        ("abort ---", "bad flag syntax: ---"),
        ("get --no-color ro a", "unknown flag: --no-color"),
        (
            "undo a --to-revision x",
            'invalid argument "x" for "--to-revision" flag: strconv.ParseInt: parsing "x": invalid syntax',
        ),
        (
            "undo a --to-revision 9223372036854775808",
            'invalid argument "9223372036854775808" for "--to-revision" flag: '
            'strconv.ParseInt: parsing "9223372036854775808": value out of range',
        ),
        (
            "-v x version",
            'invalid argument "x" for "-v, --kloglevel" flag: strconv.ParseInt: parsing "x": invalid syntax',
        ),
        (
            "get ro a --watch=maybe",
            'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        ("status a --timeout 5", 'invalid argument "5" for "-t, --timeout" flag: time: missing unit in duration "5"'),
        ("status a -t 1d", 'invalid argument "1d" for "-t, --timeout" flag: time: unknown unit "d" in duration "1d"'),
        ("status a -t abc", 'invalid argument "abc" for "-t, --timeout" flag: time: invalid duration "abc"'),
    ],
)
def test_what_is_refused(words: str, text: str) -> None:
    assert failure(*words.split(" ")) == text


@pytest.mark.parametrize(
    ("words", "more"),
    [("promote a", False), ("promote a --full", False), ("promote a --wait", True), ("promote -l x", True)],
)
def test_which_lines_the_plain_command_cannot_carry_out(words: str, more: bool) -> None:
    assert pflag.parse(words.split(" ")).more is more


@pytest.mark.parametrize(
    ("words", "notices"),
    [
        ("promote a", []),
        ("promote a -a", ["--skip-all-steps has been deprecated, use --full instead"]),
        (
            "promote a -ca --skip-current-step=false",
            [
                "--skip-current-step has been deprecated, use without the flag instead ex: promote ROLLOUT_NAME",
                "--skip-all-steps has been deprecated, use --full instead",
                "--skip-current-step has been deprecated, use without the flag instead ex: promote ROLLOUT_NAME",
            ],
        ),
    ],
)
def test_each_use_of_a_deprecated_flag_is_noticed(words: str, notices: list[str]) -> None:
    assert pflag.parse(words.split()).notices == [f"Flag {notice}" for notice in notices]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("gett", ["get", "set"]),
        ("PRO", ["promote"]),
        ("statu", ["status"]),
        ("frobnicate", []),
        ("", []),
    ],
)
def test_unknown_first_words(word: str, names: list[str]) -> None:
    if not word:
        assert pflag.parse([word]).operands == [word]  # an empty word is no command, and not an unknown one
        return
    with pytest.raises(pflag.UnknownCommand) as caught:
        pflag.parse([word, "--help"])
    assert caught.value.suggestions == names


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("+5", 5),
        ("0b101", 5),
        ("0B101", 5),
        ("0o17", 15),
        ("0x_ff", 255),
        ("1_000", 1000),
        ("0_7", 7),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_integers(text: str, value: int) -> None:
    assert pflag.parse_int(text) == value


@pytest.mark.parametrize("text", ["", "-", "+", "--1", "08", "0x", "0b2", "1__0", "_1", "1_", "0x1_", "١", "1 ", "1e3"])
def test_no_integers(text: str) -> None:
    with pytest.raises(Failure, match="invalid syntax"):
        pflag.parse_int(text)


@pytest.mark.parametrize(
    "text", ["18446744073709551616", "99999999999999999999x", "-9223372036854775809", "0x" + "f" * 5000]
)
def test_integers_beyond_64_bits(text: str) -> None:
    with pytest.raises(Failure, match="value out of range"):
        pflag.parse_int(text)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["d", "#x", "#o", "#b", "_d", "#_x"]))
def test_every_way_to_write_an_integer(value: int, form: str) -> None:
    assert pflag.parse_int(format(value, form)) == value


@given(st.text(max_size=8))
def test_an_integer_is_read_or_refused(text: str) -> None:
    try:
        value = pflag.parse_int(text)
    except Failure:
        return
    assert -(2**63) <= value < 2**63
    assert text.isascii()


# --- Properties ----------------------------------------------------------------------------------------------------

LEAVES = [command for command in all_commands() if command.module]
PLAIN = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)


def spellings(flag: Flag, value: str) -> list[list[str]]:
    """Every way to give a flag a value."""
    ways = [[f"--{flag.name}={value}"]]
    if flag.short and (value not in ("", "=")) and not value.startswith("="):
        ways.append([f"-{flag.short}={value}"])
    if not flag.bare:
        ways.append([f"--{flag.name}", value])
        if flag.short:
            ways.append([f"-{flag.short}", value])
    return ways


def values_of(flag: Flag) -> st.SearchStrategy[tuple[str, object]]:
    """Texts for a flag with the values that they mean."""
    if flag.kind == "bool":
        return st.sampled_from([("true", True), ("T", True), ("1", True), ("false", False), ("F", False), ("0", False)])
    if flag.kind in ("int", "int64"):
        return st.integers(-(2**63), 2**63 - 1).map(lambda number: (str(number), number))
    if flag.kind == "duration":
        return st.integers(0, 10**6).map(lambda number: (f"{number}ms", number * 10**6))
    return PLAIN.map(lambda text: (text, text))


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[list[str], str, dict[str, object], list[str]]:
    """A command line made of parts in any order, and what it means."""
    command = draw(st.sampled_from(LEAVES))
    parts: list[list[str]] = []
    values: dict[str, object] = {}
    known = {**{flag.name: flag for flag in own_flags(command)}, **flags_of(command)}
    flags = [flag for flag in known.values() if flag.name != "help"]
    for flag in draw(st.lists(st.sampled_from(flags), max_size=4)):
        text, value = draw(values_of(flag))
        parts.append(draw(st.sampled_from(spellings(flag, text))))
        if flag.kind == "stringArray":
            collected = values.setdefault(flag.name, [])
            assert isinstance(collected, list)
            collected.append(value)
        else:
            values[flag.name] = value
    operands = draw(st.lists(PLAIN.filter(lambda word: not word.startswith("-")), max_size=3))
    where = draw(st.lists(st.integers(0, len(parts)), min_size=len(operands), max_size=len(operands)).map(sorted))
    for offset, (position, operand) in enumerate(zip(where, operands, strict=True)):
        parts.insert(position + offset, [operand])
    return [*command.path.split(), *(word for part in parts for word in part)], command.path, values, operands


@given(command_lines())
def test_flags_and_operands_mix_freely(line: tuple[list[str], str, dict[str, object], list[str]]) -> None:
    words, path, values, operands = line
    first = next((word for word in operands if word), "")
    if path == "create" and first in ("analysisrun", "ar"):
        return  # that operand is a subcommand
    assert understood(*words) == (path, values, operands)


@given(
    st.lists(
        st.one_of(PLAIN, st.sampled_from(["get", "ro", "-n", "--", "-w", "--watch", "status", "-v", "--as="])),
        max_size=7,
    )
)
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    try:
        parsed = pflag.parse(words)
    except Failure as refused:
        assert str(refused)
    else:
        known = {flag.name for flag in own_flags(parsed.command)} | set(flags_of(parsed.command))
        assert set(parsed.values) <= known


@given(st.text())
def test_what_is_quoted_can_be_printed(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    assert quoted[0] == quoted[-1] == '"'
    assert raw_quote(text)[0] in '`"'


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a"b', '"a\\"b"'),
        ("a\\b", '"a\\\\b"'),
        ("\x1b[1m\n", '"\\x1b[1m\\n"'),
        ("é", '"é"'),
        ("\u202e", '"\\u202e"'),
        ("\udcff", '"\\xff"'),
    ],
)
def test_quoting(text: str, quoted: str) -> None:
    assert quote(text) == quoted
