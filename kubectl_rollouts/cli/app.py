"""How a module declares its commands, and how they are called.

`main.py` has parsed the line and converted its values before a command's module is imported, so a command is called
with them as it is. Typer would parse them a second time, and importing it costs as much as four interpreter starts,
more than all the rest of a cold `list` (docs/performance.md). The Typer application of the same functions is made
when it is asked for: it runs the sandbox's commands, whose start nobody waits for, and the tests hold the table of
`tree.py` against it.
"""

from __future__ import annotations

from kubectl_rollouts.cli.lean import import_lean
from kubectl_rollouts.cli.tree import MANY, Command
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import typer

    from kubectl_rollouts.cli.pflag import Parsed
    from kubectl_rollouts.cli.session import Session

    Function = Callable[..., int | None]


class App:
    """The commands of one module: functions of the session, then the operands, then a keyword for each flag.

    A keyword is named as its flag is, `_` for `-`, with a `_` at its end where Python has taken the name. A command
    that takes many operands has `*names`.
    """

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}

    def command(self) -> Callable[[Function], Function]:
        """Declare a function as the command of its name."""

        def declare(function: Function) -> Function:
            self._functions[spoken(function.__name__)] = function
            return function

        return declare

    def run(self, session: Session, parsed: Parsed) -> int:
        """Carry out a command line and return the exit status. Raises what the command raises, Failure above all."""
        function = self._functions[parsed.command.name]
        code = function.__code__
        least = code.co_argcount
        keywords = code.co_varnames[least : least + code.co_kwonlyargcount]
        flags = {name: parsed.values[spoken(name)] for name in keywords if spoken(name) in parsed.values}
        operands = parsed.operands if code.co_flags & _TAKES_MANY else parsed.operands[: least - 1]
        return function(session, *operands, **flags) or 0

    def typer(self) -> typer.Typer:
        """Return the Typer application of the same commands, without the parts that this program has of its own."""
        import typer

        application = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        for name, function in self._functions.items():
            application.command(name)(_for_typer(function))
        return application


class TyperApp(App):
    """Commands that Typer calls."""

    def run(self, session: Session, parsed: Parsed) -> int:
        """Hand the line on to Typer."""
        words = canonical(parsed)
        if len(self._functions) > 1:
            words.insert(0, parsed.command.name)
        try:
            return self.typer()(args=words, prog_name="-", standalone_mode=False, obj=session) or 0
        except SystemExit:  # Typer's answer to a broken pipe that was not our output's (that one is OutputClosedError)
            raise Failure("broken pipe") from None


def app_of(command: Command) -> App:
    """Import the module of a command and return its application."""
    app: App = import_lean(f"kubectl_rollouts.cli.{command.module}").app
    return app


_TAKES_MANY = 0x04  # CO_VARARGS; `inspect`, which names it, would cost an import


def spoken(name: str) -> str:
    """Return the name of a command or flag as it is typed: `all_namespaces` is `all-namespaces`, `in_` is `in`."""
    return name.rstrip("_").replace("_", "-")


def canonical(parsed: Parsed) -> list[str]:
    """Return a command's line as Typer reads it: only long flags that are not at their default, then operands.

    Durations become nanoseconds; a switch set to false becomes `--no-…`.
    """
    command = parsed.command
    words = []
    for flag in command.flags:
        value = parsed.values.get(flag.name, flag.default)
        if isinstance(value, list):
            words += [f"--{flag.name}={item}" for item in value]
        elif value == flag.default:
            continue
        elif flag.kind == "bool":
            words.append(f"--{flag.name}" if value else f"--no-{flag.name}")
        else:
            words.append(f"--{flag.name}={value}")
    if command.least or command.most < MANY:
        words += ["--", *parsed.operands]
    return words


def _for_typer(function: Function) -> Function:
    """The function as Typer reads commands: its context in the session's place, options and arguments by name."""
    import inspect

    import typer

    kinds = {"str": str, "int": int, "bool": bool, "Sequence[str]": list[str]}
    many = ""
    own = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for each in list(inspect.signature(function).parameters.values())[1:]:
        kind: Any = kinds[each.annotation]
        default: Any = list(each.default) if kind == list[str] else each.default
        name = spoken(each.name)
        if each.kind is each.VAR_POSITIONAL:
            many, kind, default = each.name, list[str], typer.Argument()
        elif each.kind is not each.KEYWORD_ONLY:
            default = typer.Argument(... if default is each.empty else default)
        else:
            default = typer.Option(default, f"--{name}/--no-{name}" if kind is bool else f"--{name}")
        own.append(inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default))
    operands = function.__code__.co_varnames[1 : function.__code__.co_argcount]

    def called(ctx: typer.Context, **values: Any) -> int | None:
        given = [values.pop(name) for name in operands] + list(values.pop(many) if many else ())
        return function(ctx.obj, *given, **values)

    called.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]  # what Typer reads
    called.__annotations__ = {each.name: each.annotation for each in own}
    called.__name__, called.__doc__ = function.__name__, function.__doc__
    return called
