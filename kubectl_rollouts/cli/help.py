"""Usage and help texts, written from the table of commands (spec/commands.md §2.2). Nothing of Typer is imported."""

from __future__ import annotations

from kubectl_rollouts.cli.goquote import quote
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS, HELP_FLAG, Command, Flag, children, own_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_rollouts.cli.program import Program

_NAME_WIDTH = 11


def help_text(command: Command, program: Program, *, brief: bool = False) -> str:
    """Return what `help COMMAND` and `COMMAND -h` print: the description, then the usage."""
    from kubectl_rollouts.cli.help_texts import HELP

    description = HELP.get(command.path, (command.text, ()))[0]
    return f"{description}\n\n{usage_text(command, program, brief=brief)}"


def usage_text(command: Command, program: Program, *, brief: bool = False) -> str:
    """Return the usage of a command, which alone answers a usage error: blocks separated by one blank line.

    With `brief`, for a terminal, a line stands for the global flags: what matters is not to scroll away.
    """
    blocks = _form(command, program)
    help_flag = Flag("help", "bool", f"{HELP_FLAG.text} {command.name or program.usage}", "h", False)
    own = [flag for flag in own_flags(command) if not flag.deprecated]
    if command.path:
        blocks.append("Flags:\n" + flag_usages([*own, help_flag]))
    if brief:
        blocks.append(f'Use "{program.path("options")}" for the flags that every command takes.')
    elif command.path:
        taken = {flag.name for flag in own}
        blocks.append("Global Flags:\n" + flag_usages(flag for flag in GLOBAL_FLAGS if flag.name not in taken))
    else:
        blocks.append("Flags:\n" + flag_usages([*GLOBAL_FLAGS, help_flag]))
    if children(command.path):
        blocks.append(f'Use "{program.path(command.path)} [command] --help" for more information about a command.')
    return "\n\n".join(blocks) + "\n"


def usage_for_person(command: Command, program: Program) -> str:
    """Return the usage as it answers a usage error on a terminal: without flags, so that the reason stays in sight."""
    more = f'Use "{program.path(command.path)} --help" for its flags.'
    return "\n\n".join([*_form(command, program), more]) + "\n"


def _form(command: Command, program: Program) -> list[str]:
    """The first blocks of a usage: how the command is written."""
    subcommands = children(command.path)
    path = program.path(command.path)
    blocks = ["Usage:\n  " + _usage_line(command, path) + (f"\n  {path} [command]" if subcommands else "")]
    if command.aliases:
        blocks.append("Aliases:\n  " + ", ".join((command.name, *command.aliases)))
    examples = _examples(command, program)
    if examples:
        blocks.append("Examples:\n" + examples)
    if subcommands:
        width = max(_NAME_WIDTH, *(len(each.name) for each in subcommands))
        lines = (f"  {each.name:{width}} {each.text}" for each in subcommands)
        blocks.append("Available Commands:\n" + "\n".join(lines))
    return blocks


def _usage_line(command: Command, path: str) -> str:
    line = f"{path} {command.operands}".rstrip()
    return line if "[flags]" in line or command.path == "completion" else line + " [flags]"


def _examples(command: Command, program: Program) -> str:
    from kubectl_rollouts.cli.help_texts import HELP

    examples = HELP.get(command.path, ("", ()))[1]
    return "\n\n".join(
        f"  # {comment}\n  {line.format(kubectl=program.spoken, program=program.file)}" for comment, line in examples
    )


def flag_usages(flags: Iterable[Flag]) -> str:
    """Return one line for each flag, sorted by name: `  -x, --long type   text (default …)`."""
    ordered = sorted(flags, key=lambda flag: flag.name)
    heads = [_head(flag) for flag in ordered]
    width = max(map(len, heads)) + 3
    return "\n".join(f"{head:{width}}{flag.text}{_default(flag)}" for head, flag in zip(heads, ordered, strict=True))


def _head(flag: Flag) -> str:
    kind = {"bool": "", "int64": " int"}.get(flag.kind, " " + flag.kind)
    if kind and flag.bare:
        kind += f"[={quote(flag.bare)}]"
    return (f"  -{flag.short}, " if flag.short else "      ") + f"--{flag.name}{kind}"


def _default(flag: Flag) -> str:
    if not flag.default:
        return ""
    value = flag.default
    if flag.kind == "duration":
        return f" (default {value // 60_000_000_000}m)" if isinstance(value, int) else ""
    shown = quote(value) if isinstance(value, str) else str(value).lower()
    return f" (default {shown})"
