"""The grammar of the command line: what pflag and cobra, the libraries of the reference, accept and refuse.

Facts: spec/commands.md §1.5 (flags), §2.3 (unknown words). Only the table of `tree.py` is read; nothing is imported
that a usage error or a completion does not need.
"""

from __future__ import annotations

from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.tree import ROOT, Command, Flag, child, children, flags_of, more_flags
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = bool | int | str | list[str]

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


class FlagError(Failure):
    """A flag that is not known, misses its value or has a bad one."""


class UnknownCommand(Failure):
    """The first word names no command. `suggestions` are the names it may have been meant to be."""

    def __init__(self, word: str) -> None:
        super().__init__(f"unknown command {quote(word)}")
        self.word = word
        self.suggestions = suggestions(word, "")


class Parsed:
    """A command line, understood. `values` holds only flags that were given; `notices` are deprecation lines.

    `more` says whether one of them is of `more_flags`: then the plain command cannot carry the line out.
    """

    __slots__ = ("command", "more", "notices", "operands", "values")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.more = False
        self.values: dict[str, Value] = {}
        self.operands: list[str] = []
        self.notices: list[str] = []

    def value(self, name: str) -> Value:
        """Return the value of a flag: what was typed, else its default."""
        if name in self.values:
            return self.values[name]
        flag = flags_of(self.command).get(name) or _more(self.command, name)
        if flag is None:
            raise KeyError(name)
        default = flag.default
        return list(default) if isinstance(default, tuple) else default


def find_command(words: Sequence[str]) -> tuple[Command, list[str]]:
    """Return the command that the words name and the words without its path (cobra's `Find`).

    Flags may stand before the command's word; a flag that is not known there is taken to have a value. Raises
    UnknownCommand for a first word that is none.
    """
    command, rest = ROOT, list(words)
    while True:
        flags = flags_of(command)
        position = _first_word(rest, flags)
        found = child(command.path, rest[position]) if position is not None else None
        if found is None or position is None:
            break
        command, rest = found, rest[:position] + rest[position + 1 :]
    if command is ROOT and position is not None:
        raise UnknownCommand(rest[position])
    return command, rest


def _first_word(words: Sequence[str], flags: Mapping[str, Flag]) -> int | None:
    """Return the index of the first word that is neither a flag nor the value of one; None when there is none."""
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            return None
        if word.startswith("-"):
            long, short = word.startswith("--"), len(word) == 2
            if "=" not in word and (long or short):
                flag = flags.get(word[2:]) if long else _by_short(flags, word[1])
                if flag is None or not flag.bare:
                    if len(words) - index <= 2:  # nothing can follow the value
                        return None
                    index += 1
        elif word:
            return index
        index += 1
    return None


def parse(words: Sequence[str]) -> Parsed:
    """Parse what follows the program's name. Raises UnknownCommand or FlagError; operands are not counted here."""
    command, rest = find_command(words)
    return parse_flags(command, rest)


def parse_flags(command: Command, words: Sequence[str]) -> Parsed:
    """Parse the words of one command: flags and operands in any order, `--` ends flags (pflag's `Parse`)."""
    flags = flags_of(command)
    parsed = Parsed(command)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            parsed.operands.append(word)
        elif word == "--":
            parsed.operands.extend(rest)
            break
        elif word.startswith("--"):
            _long(word, rest, flags, parsed)
        else:
            _shorts(word[1:], rest, flags, parsed)
    return parsed


def _long(word: str, rest: list[str], flags: Mapping[str, Flag], parsed: Parsed) -> None:
    name, equals, value = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise FlagError(f"bad flag syntax: {word}")
    flag = flags.get(name)
    if flag is None:
        flag = _more(parsed.command, name)
        if flag is None:
            raise FlagError(f"unknown flag: --{name}")
        parsed.more = True
    if not equals:
        if flag.bare:
            value = flag.bare
        elif rest:
            value = rest.pop(0)
        else:
            raise FlagError(f"flag needs an argument: --{name}")
    _set(flag, value, parsed)


def _shorts(letters: str, rest: list[str], flags: Mapping[str, Flag], parsed: Parsed) -> None:
    while letters:
        letter, after = letters[0], letters[1:]
        flag = _by_short(flags, letter)
        if flag is None:
            flag = next((each for each in more_flags(parsed.command) if each.short == letter), None)
            if flag is None:
                raise FlagError(f"unknown shorthand flag: {_char(letter)} in -{letters}")
            parsed.more = True
        if len(after) > 1 and after[0] == "=":
            value, after = after[1:], ""
        elif flag.bare:
            value = flag.bare
        elif after:
            value, after = after, ""
        elif rest:
            value = rest.pop(0)
        else:
            raise FlagError(f"flag needs an argument: {_char(letter)} in -{letters}")
        _set(flag, value, parsed)
        letters = after


def _more(command: Command, name: str) -> Flag | None:
    """Return the flag of a long name among those that few calls need."""
    return next((flag for flag in more_flags(command) if flag.name == name), None)


def _by_short(flags: Mapping[str, Flag], letter: str) -> Flag | None:
    return next((flag for flag in flags.values() if flag.short == letter), None)


def _char(letter: str) -> str:
    """Write a letter as Go's %q does for one byte: of a longer UTF-8 sequence it shows the first."""
    byte = chr(letter.encode("utf-8", "surrogateescape")[0])
    return "'" + ("\\'" if byte == "'" else '"' if byte == '"' else quote(byte)[1:-1]) + "'"


def _set(flag: Flag, text: str, parsed: Parsed) -> None:
    try:
        value = convert(flag.kind, text)
    except Failure as failure:
        name = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
        raise FlagError(f'invalid argument {quote(text)} for "{name}" flag: {failure}') from None
    if isinstance(value, list):
        collected = parsed.values.setdefault(flag.name, [])
        assert isinstance(collected, list)
        collected.extend(value)
    else:
        parsed.values[flag.name] = value
    if flag.deprecated:
        parsed.notices.append(f"Flag --{flag.name} has been deprecated, {flag.deprecated}")


def convert(kind: str, text: str) -> Value:
    """Return the value that a flag's text means; raises Failure with Go's words for it.

    Durations come as nanoseconds, an element of an array as a list of one.
    """
    if kind == "bool":
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise Failure(f"strconv.ParseBool: parsing {quote(text)}: invalid syntax")
    if kind in ("int", "int64"):
        return parse_int(text)
    if kind == "duration":
        from kubectl_rollouts.rollout.times import parse_duration

        return parse_duration(text)
    return [text] if kind == "stringArray" else text


def parse_int(text: str) -> int:
    """Return a Go integer literal of base 0 (decimal, 0x, 0o, 0, 0b, `_` between digits) that fits 64 bits."""
    negative, digits = text[:1] == "-", text[1:] if text[:1] in ("+", "-") else text
    value = _magnitude(digits)
    if value is None:
        raise Failure(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    value = -value if negative else value
    if not _INT_MIN <= value <= _INT_MAX:
        raise Failure(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
    return value


def _magnitude(text: str) -> int | None:
    """Return the number without its sign, None when it is none; reading stops beyond 64 bits, as Go's does."""
    low = text.lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(low[:2], 0) if len(low) > 2 else 0
    digits = low[2:] if base else low
    previous = "0" if base else ""  # a prefix counts as a digit that an underscore may follow
    base = base or (8 if low[:1] == "0" else 10)
    value = 0
    for digit in digits:
        if digit == "_":
            if previous in ("", "_"):
                return None
        else:
            amount = "0123456789abcdef".find(digit)
            if not 0 <= amount < base:
                return None
            value = value * base + amount
            if value >= 2**64:
                return value
        previous = digit
    return value if digits and previous != "_" else None


def suggestions(word: str, path: str) -> list[str]:
    """Return the subcommands of a group that a word may have been meant to be (spec/commands.md §2.3)."""
    low = word.lower()
    return [
        command.name
        for command in children(path)
        if command.name != "help" and (command.name.startswith(low) or _distance(low, command.name) <= 2)
    ]


def _distance(one: str, other: str) -> int:
    """Return the Levenshtein distance of two words."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
