"""The grammar of command lines against a second reading of it: cobra's and pflag's algorithms, step by step.

spec/commands.md §1.5 says what they accept; how they find the command among flags is told there by its effects only.
What is compared is any mix of words, sensible or not.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.tree import HELP_FLAG, ROOT, Command, Flag, child, flags_of, own_flags
from kubectl_rollouts.errors import Failure

Outcome = tuple[object, ...]


def known(command: Command) -> dict[str, Flag]:
    return {**{flag.name: flag for flag in own_flags(command)}, **flags_of(command), "help": HELP_FLAG}


def by_short(letter: str, flags: dict[str, Flag]) -> Flag | None:
    return next((flag for flag in flags.values() if flag.short == letter), None)


def takes_next(word: str, flags: dict[str, Flag]) -> bool:
    """Whether the word is a flag whose value is the next one; an unknown one is taken for such."""
    if not word.startswith("-") or "=" in word:
        return False
    flag = flags.get(word[2:]) if word.startswith("--") else by_short(word[1:2], flags) if len(word) == 2 else HELP_FLAG
    return flag is None or not flag.bare


def without_flags(words: list[str], command: Command) -> list[str]:
    """cobra's stripFlags."""
    rest, out = list(words), []
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if takes_next(word, flags_of(command)):
            if len(rest) <= 1:
                break
            rest.pop(0)
        elif word and not word.startswith("-"):
            out.append(word)
    return out


def without_first(words: list[str], name: str, command: Command) -> list[str]:
    """cobra's argsMinusFirstX."""
    at = 0
    while at < len(words) and words[at] != "--":
        if takes_next(words[at], flags_of(command)):
            at += 1
        elif words[at] == name:
            return words[:at] + words[at + 1 :]
        at += 1
    return words


def found(words: list[str]) -> tuple[Command, list[str]]:
    """cobra's Find, with its legacyArgs. Raises KeyError for an unknown first word."""
    command = ROOT
    while names := without_flags(words, command):
        inner = child(command.path, names[0])
        if inner is None:
            break
        words = without_first(words, names[0], command)
        command = inner
    if command is ROOT and names:
        raise KeyError(names[0])
    return command, words


def parsed(command: Command, words: list[str]) -> tuple[dict[str, object], list[str]]:
    """pflag's Parse. Raises ValueError with its text."""
    flags, values, operands, rest = known(command), dict[str, object](), list[str](), list(words)

    def set_value(flag: Flag, text: str) -> None:
        try:
            value = pflag.convert(flag.kind, text)
        except Failure as failure:
            name = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
            raise ValueError(f'invalid argument {quote(text)} for "{name}" flag: {failure}') from None
        before = values.get(flag.name)
        values[flag.name] = [*before, *value] if isinstance(value, list) and isinstance(before, list) else value

    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            operands.append(word)
        elif word == "--":
            return values, operands + rest
        elif word.startswith("--"):
            name, equals, text = word[2:].partition("=")
            if not name or name[0] == "-":
                raise ValueError(f"bad flag syntax: {word}")
            if name not in flags:
                raise ValueError(f"unknown flag: --{name}")
            flag = flags[name]
            if not equals and not flag.bare and not rest:
                raise ValueError(f"flag needs an argument: --{name}")
            set_value(flag, text if equals else flag.bare or rest.pop(0))
        else:
            letters = word[1:]
            while letters:
                short = by_short(letters[0], flags)
                if short is None:
                    raise ValueError(f"unknown shorthand flag: '{letters[0]}' in -{letters}")
                if len(letters) > 2 and letters[1] == "=":
                    text, letters = letters[2:], ""
                elif short.bare:
                    text, letters = short.bare, letters[1:]
                elif len(letters) > 1:
                    text, letters = letters[1:], ""
                elif rest:
                    text, letters = rest.pop(0), ""
                else:
                    raise ValueError(f"flag needs an argument: '{letters[0]}' in -{letters}")
                set_value(short, text)
    return values, operands


def wanted(words: list[str]) -> Outcome:
    try:
        command, rest = found(words)
        return (command.path, *parsed(command, rest))
    except KeyError as unknown:
        return ("unknown command", unknown.args[0])
    except ValueError as error:
        return ("error", str(error))


def got(words: list[str]) -> Outcome:
    try:
        line = pflag.parse(words)
    except pflag.UnknownCommand as unknown:
        return ("unknown command", unknown.word)
    except Failure as failure:
        return ("error", str(failure))
    return line.command.path, line.values, line.operands


WORDS = (
    "abort pause promote restart undo status version set image retry get ro rollout exp list create ar completion "
    "-n -nx -n= -n=q --namespace --namespace= --namespace=a=b -w -w= -w=false --watch --watch=no --watch=F -Aw -Awn "
    "-Aw=0 --full -ca -c=1 -f -fx --filename - -- --- --=x --bogus --bogus=1 -x -vx -v -v=3 --kloglevel 0x1F 017 1_0 "
    "--to-revision -1 --in -i 5m 5s 0 --timeout 5 -t -ax=1 -a --as-group --no-color --keep-going --short --help=false "
    "-h --help --wait --wait=paused -l --all a a/b b=c x=y=z"
)


@settings(max_examples=600)
@given(st.lists(st.sampled_from([*WORDS.split(), ""]), max_size=6))
def test_any_line_means_the_same(words: list[str]) -> None:
    assert got(words) == wanted(words)
