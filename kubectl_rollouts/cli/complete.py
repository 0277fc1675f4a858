"""Shell completion: the candidates for one position of a command line (spec/commands.md §9).

The protocol is cobra's: candidates one a line, `value<TAB>description`, then `:N` whose bits say what the shell
may add. Two doors: `__complete` (and `__completeNoDesc`) for the shells' own scripts, and the executables
`kubectl_complete-…`, which kubectl from 1.26 on calls. Neither Typer nor Rich nor the `kubernetes` package is
imported; what is needed to ask a cluster stands in `candidates.py` and is read only then.
"""

from __future__ import annotations

import os
import sys

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.program import Program
from kubectl_rollouts.cli.session import OutputClosedError, prepare_streams, shown, write_error, write_output
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS, HELP_FLAG, Command, Flag, children, flags_of, own_flags
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False  # as in `typing`, whose import costs 5 ms
if TYPE_CHECKING:
    from kubectl_rollouts.cli.pflag import Parsed

    Candidate = tuple[str, str]
    """A value and its description ("" for none)."""

FAILED, NO_SPACE, NO_FILES, KEEP_ORDER = 1, 2, 4, 32
_NAMES = (
    (FAILED, "ShellCompDirectiveError"),
    (NO_SPACE, "ShellCompDirectiveNoSpace"),
    (NO_FILES, "ShellCompDirectiveNoFileComp"),
    (KEEP_ORDER, "ShellCompDirectiveKeepOrder"),
)

# What the value of a flag can be, if a list of it can be had; the others are left to the shell (files).
_FLAG_VALUES = {
    "namespace": "namespaces",
    "context": "contexts",
    "cluster": "clusters",
    "user": "users",
    "to-revision": "revisions",
    "as-of-revision": "revisions",
    "from": "analysis templates",
}
_SELECTION = frozenset(("selector", "field-selector", "all", "phase", "awaiting-promotion"))
_WORDS = {
    "completion": ("bash", "zsh", "fish", "powershell"),
    "sandbox demo": ("canary", "bluegreen", "abort", "analysis"),
}


class Completion:
    """The answer for one position: candidates and what the shell may do beside them.

    `unknown`: the words name no command.
    """

    __slots__ = ("candidates", "directive", "unknown")

    def __init__(self, candidates: list[Candidate], directive: int, *, unknown: bool = False) -> None:
        self.candidates = candidates
        self.directive = directive
        self.unknown = unknown

    def text(self, descriptions: bool) -> str:
        """Return the lines of the protocol."""
        lines = [f"{value}\t{about}" if about and descriptions else value for value, about in self.candidates]
        return "\n".join([*lines, f":{self.directive}", ""])


def run() -> int:
    """Run as `kubectl_complete-…`: the words after the plugin's name, the last of them unfinished."""
    prepare_streams()
    status = 0
    try:
        answer = complete(sys.argv[1:] or [""])
        if answer.directive & FAILED:
            answer.directive = NO_FILES  # a shell offers file names rather than nothing, otherwise
        write_output(answer.text(descriptions=True))
    except (OutputClosedError, Failure, KeyboardInterrupt):
        status = 1
    os._exit(status)


def complete_request(words: list[str], *, descriptions: bool, program: Program) -> int:
    """Answer `__complete WORDS… TOCOMPLETE` as cobra does, its closing line on stderr included.

    Of a command that there is not even the directive goes to stderr (spec/commands.md §9).
    """
    if not words:
        raise Failure("requires at least 1 arg(s), only received 0")
    answer = complete(words)
    if answer.unknown:
        write_error(shown(f"[Debug] [Error] unable to find a command for arguments: [{' '.join(words[:-1])}]"))
        write_error(answer.text(descriptions).removesuffix("\n"))
    else:
        write_output(answer.text(descriptions))
    names = [name for bit, name in _NAMES if answer.directive & bit] or ["ShellCompDirectiveDefault"]
    write_error(f"Completion ended with directive: {', '.join(names)}")
    return 0


def complete(words: list[str]) -> Completion:
    """Return the completion of the last of the words (which follow the program's name). Never raises Failure."""
    *before, unfinished = words
    try:
        command, rest = pflag.find_command(before)
        return _position(command, rest, unfinished)
    except pflag.UnknownCommand:
        return Completion([], 0, unknown=True)
    except Failure:
        return Completion([], 0)


def _position(command: Command, words: list[str], unfinished: str) -> Completion:
    """Decide what the unfinished word is: a flag, a flag's value or an operand."""
    flags = {**{flag.name: flag for flag in own_flags(command)}, **flags_of(command)}
    if "--" in words:
        return _operand(command, pflag.parse_flags(command, words), unfinished)
    if unfinished.startswith("-"):
        name, equals, value = unfinished.partition("=")
        if not equals:
            given = pflag.parse_flags(command, words)
            if given.values.get("help"):
                return Completion([], NO_FILES)
            return Completion(_flag_names(command, given, unfinished), NO_FILES)
        flag = _flag(flags, name)
        unfinished = value  # candidates are values alone; the shell keeps `--flag=`
    else:
        last = words[-1] if words else ""
        flag = _flag(flags, last) if len(last) > 1 and last.startswith("-") and "=" not in last else None
        if flag is not None and flag.bare:
            flag = None
        if flag is not None:
            words = words[:-1]
            if len(last) > 2 and not last.startswith("--"):
                words = [*words, last[:-1]]  # joined short flags: those before the last one stay
    given = pflag.parse_flags(command, words)
    if given.values.get("help"):
        return Completion([], NO_FILES)
    if flag is None:
        return _operand(command, given, unfinished)
    return _flag_value(flag, given, unfinished)


def _flag(flags: dict[str, Flag], word: str) -> Flag | None:
    """Return the flag that a word like `--name`, `-n` or `-wn` ends with; raises FlagError for an unknown one."""
    if word.startswith("--"):
        found = flags.get(word[2:])
    else:
        found = next((flag for flag in flags.values() if flag.short and flag.short == word[-1]), None)
    if found is None and word != "-":
        raise pflag.FlagError(f"unknown flag: {word}")
    return found


def _flag_names(command: Command, given: Parsed, unfinished: str) -> list[Candidate]:
    """Return the flags that can still be given, global ones first; short forms too while only `-` is typed."""
    mine = own_flags(command)
    own = {flag.name for flag in mine}
    inherited = [flag for flag in GLOBAL_FLAGS if flag.name not in own]
    groups = ([], [*inherited, *mine, HELP_FLAG]) if not command.path else (inherited, [*mine, HELP_FLAG])
    found: list[Candidate] = []
    for group in groups:
        for flag in sorted(group, key=lambda flag: flag.name):
            if flag.deprecated or (flag.name in given.values and flag.kind != "stringArray"):
                continue
            text = f"{flag.text} {command.name or 'every command'}" if flag is HELP_FLAG else flag.text
            forms = [f"--{flag.name}", *([f"-{flag.short}"] if flag.short else [])]
            found += [(form, text) for form in forms if form.startswith(unfinished)]
    return found


def _flag_value(flag: Flag, given: Parsed, unfinished: str) -> Completion:
    """Complete the value of a flag."""
    values = flag.values or (("true", "false") if flag.kind == "bool" else ())
    if values:
        found = _matching([(value, "") for value in values], unfinished, NO_FILES | KEEP_ORDER)
        if found.candidates and all(value.endswith("=") for value, _ in found.candidates):
            found.directive |= NO_SPACE  # something is to follow
        return found
    what = _FLAG_VALUES.get(flag.name, "")
    if given.command.path == "list rollouts" and flag.name == "name":
        what = "rollouts"
    if not what:
        return Completion([], 0)
    order = KEEP_ORDER if what == "revisions" else 0
    return _asked(what, given, unfinished, NO_FILES | order)


def _operand(command: Command, given: Parsed, unfinished: str) -> Completion:
    """Complete an operand or a subcommand's name."""
    operands = given.operands
    if command.path == "help":
        try:
            command, _ = pflag.find_command(operands)
        except Failure:
            return Completion([], NO_FILES)
        return _subcommands(command, unfinished)
    if command.path in _WORDS:
        words = [(word, "") for word in _WORDS[command.path]] if not operands else []
        return _matching(words, unfinished, NO_FILES)
    if not operands and children(command.path):
        own = {flag.name for flag in own_flags(command)}
        return _subcommands(command, unfinished) if not own.intersection(given.values) else Completion([], 0)
    if command.completes and _SELECTION.intersection(given.values):
        return Completion([], NO_FILES)  # flags say which ones
    if command.completes:
        if not operands:
            return _asked(command.completes, given, unfinished, NO_FILES)
        if command.path == "set image" and len(operands) == 1 and "=" not in unfinished:
            return _asked("containers", given, unfinished, NO_FILES | NO_SPACE)
        return Completion([], NO_FILES)  # a further name is not completed, as by the reference
    return Completion([], 0)


def _subcommands(command: Command, unfinished: str) -> Completion:
    return _matching([(each.name, each.text) for each in children(command.path)], unfinished, NO_FILES)


def _matching(candidates: list[Candidate], unfinished: str, directive: int) -> Completion:
    return Completion([each for each in candidates if each[0].startswith(unfinished)], directive)


def _asked(what: str, given: Parsed, unfinished: str, directive: int) -> Completion:
    """Complete with what the kubeconfig or the cluster knows; nothing when it cannot be asked."""
    from kubectl_rollouts.cli.lean import import_lean

    import_lean("msgspec")
    from kubectl_rollouts.cli.candidates import candidates

    found = candidates(what, given)
    return Completion([], FAILED) if found is None else _matching(found, unfinished, directive)
