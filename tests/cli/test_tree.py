"""The table of commands against the Typer applications that run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.app import app_of, canonical
from kubectl_rollouts.cli.help_texts import HELP
from kubectl_rollouts.cli.program import Program
from kubectl_rollouts.cli.tree import GLOBAL_FLAGS, MANY, Command, all_commands, child, children, find, own_flags

COMMANDS = all_commands()
SELECTION = {"selector", "field-selector", "all", "phase", "awaiting-promotion"}  # in the place of names
CLI = Path(pflag.__file__).parent
RUN = [command for command in COMMANDS if command.module]
THERE = [command for command in RUN if (CLI / f"{command.module}.py").exists()]


def test_every_command_has_its_module() -> None:
    assert [command.path for command in RUN if command not in THERE] == []


def typer_command(command: Command) -> Any:
    """The command of the Typer tree that runs a command of the table."""
    found: Any = typer.main.get_command(app_of(command).typer())
    shared = sum(other.module == command.module for other in COMMANDS) > 1
    return found.commands[command.name] if shared else found


KINDS = {"boolean": "bool", "bool": "bool", "int": "int", "integer": "int", "str": "string", "text": "string"}


@pytest.mark.parametrize("command", THERE, ids=[command.path for command in THERE])
def test_flags_types_and_defaults_are_those_of_typer(command: Command) -> None:
    options = {}
    for parameter in typer_command(command).params:
        if parameter.param_type_name != "option" or parameter.name == "help":
            continue
        [name] = [word[2:] for word in parameter.opts if word.startswith("--")]
        kind = "stringArray" if parameter.multiple else KINDS[parameter.type.name]
        default = parameter.default
        options[name] = (kind, tuple(default or ()) if parameter.multiple else default)
        if kind == "bool":
            assert parameter.secondary_opts == [f"--no-{name}"]
    kinds = {"int64": "int", "duration": "int"}
    wanted = {flag.name: (kinds.get(flag.kind, flag.kind), flag.default) for flag in command.flags}
    for name, (kind, default) in wanted.items():
        if kind == "bool":
            wanted[name] = (kind, bool(default))
    assert options == wanted


@pytest.mark.parametrize("command", THERE, ids=[command.path for command in THERE])
def test_operands_are_those_of_typer(command: Command) -> None:
    arguments = [each for each in typer_command(command).params if each.param_type_name == "argument"]
    takes = command.least > 0 or command.most < MANY
    most = sum(MANY if each.nargs == -1 else 1 for each in arguments)
    assert (most > 0) == (takes and command.most > 0)
    if takes:
        assert sum(each.required for each in arguments) == command.least
        assert most == command.most


@pytest.mark.parametrize("command", THERE, ids=[command.path for command in THERE])
def test_the_canonical_line_says_the_same_to_typer(command: Command) -> None:
    """Every flag set to something that is not its default arrives as that value, operands that look like flags too."""
    texts = {"string": "-x y", "int": "-7", "int64": "-7", "duration": "1m", "stringArray": "--a,b"}
    words = command.path.split()
    wanted: dict[str, object] = {}
    for flag in command.flags:
        text = texts.get(flag.kind) or str(not flag.default).lower()
        words.append(f"--{flag.name}={text}")
        wanted[flag.name] = pflag.convert(flag.kind, text)
    operands = ["--odd", "-o=x", "c=d"][: min(command.least, 3)]
    line = canonical(pflag.parse([*words, "--", *operands]))
    with typer_command(command).make_context("x", line) as context:
        given = {
            each.opts[0][2:]: context.params[each.name] for each in context.command.params if each.opts[0][:2] == "--"
        }
        named = [context.params[each.name] for each in context.command.params if each.opts[0][:2] != "--"]
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    assert {name: value for name, value in given.items() if name != "help"} == wanted
    words = [word for value in named if value for word in (value if isinstance(value, tuple) else [value])]
    assert words == operands


def test_the_table_is_in_order_and_without_doubles() -> None:
    paths = [command.path for command in COMMANDS if not command.hidden]
    assert paths == sorted(set(paths))
    names = [flag.name for flag in GLOBAL_FLAGS]
    assert names == sorted(set(names))
    for command in COMMANDS:
        own = [flag.name for flag in command.flags]
        assert own == sorted(set(own)), command.path
        names = [flag.name for flag in own_flags(command)]
        assert len(names) == len(set(names)), command.path
        shorts = [flag.short for flag in (*own_flags(command), *GLOBAL_FLAGS) if flag.short]
        assert len(shorts) == len(set(shorts)), command.path


def test_every_command_has_a_group_and_is_found_by_each_of_its_names() -> None:
    for command in COMMANDS[1:]:
        assert find(command.parent) is not None
        for word in (command.name, *command.aliases):
            assert child(command.parent, word) is command


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if not each.hidden], ids=lambda each: each.path or "(none)"
)
def test_every_command_has_a_description_and_examples_that_parse(command: Command) -> None:
    description, examples = HELP[command.path]
    assert description
    assert examples
    for comment, line in examples:
        assert comment[0].isupper() or comment.split(",")[0] in ("bash", "zsh", "fish")
        for argv0 in ("kubectl-rollouts", "kubectl-argo-rollouts"):
            program = Program(argv0)
            text = line.format(kubectl=program.spoken, program=program.file)
            if command.path == "completion":
                continue  # shell lines
            assert text.startswith(program.spoken + " ")
            words = [word.strip("'") for word in text.removeprefix(program.spoken).split()]
            found, rest = pflag.find_command(words)
            if found.later:
                continue
            parsed = pflag.parse_flags(found, rest)
            if not SELECTION.intersection(parsed.values):
                assert found.least <= len(parsed.operands) <= found.most
            assert found.path.startswith(command.path) or command.path in ("help", "options")


def test_help_has_no_text_for_a_command_that_is_not_there() -> None:
    assert set(HELP) == {command.path for command in COMMANDS if not command.hidden}


def test_groups_have_subcommands_and_commands_have_modules() -> None:
    for command in COMMANDS[1:]:
        if not command.hidden and not command.later and command.path != "help":
            assert bool(command.module) or bool(children(command.path)), command.path
