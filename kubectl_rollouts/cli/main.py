"""The entry point: argv to a command's module to an exit status.

The grammar, usage errors and help need no network; a command's module is imported only when that command is called.
What each step costs is in docs/performance.md.
"""

from __future__ import annotations

import gc
import os
import sys

from kubectl_rollouts.cli import pflag
from kubectl_rollouts.cli.goquote import quote, raw_quote
from kubectl_rollouts.cli.program import Program
from kubectl_rollouts.cli.session import OutputClosedError, Session, prepare_streams, shown, write_error, write_output
from kubectl_rollouts.cli.tree import ROOT, Command, flags_of
from kubectl_rollouts.errors import Failure

TYPE_CHECKING = False  # as in `typing`, whose import costs 5 ms
if TYPE_CHECKING:
    from typing import TextIO

INTERRUPTED = 130


def run() -> int:
    """Run the program for a console script, and end the process.

    Garbage is collected seldom: a command allocates little but code. The interpreter is not taken down in order,
    which would cost more than many a command: everything is written out, threads have nothing to lose.
    """
    gc.set_threshold(100_000)
    prepare_streams()
    status = main(sys.argv)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def main(argv: list[str]) -> int:
    """Run one command line (`argv[0]` is how the program was called) and return the exit status."""
    program = Program(argv[0])
    try:
        return _main(argv[1:], program)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OutputClosedError:
        return OutputClosedError.exit_status
    except pflag.UnknownCommand as unknown:
        write_error(_unknown_command(unknown, program))
        return 1
    except Failure as failure:
        write_error(shown(f"Error: {failure}"))
        return failure.exit_status
    except Exception as error:
        return _internal_error(error, argv)


def _main(words: list[str], program: Program) -> int:
    command, rest = pflag.find_command(words)
    if command.path in ("__complete", "__completeNoDesc"):
        from kubectl_rollouts.cli.complete import complete_request

        return complete_request(rest, descriptions=command.path == "__complete", program=program)
    if command.later and not {"-h", "--help"}.intersection(rest):
        raise Failure(f"{command.path} is not part of this version yet")
    parsed = pflag.parse_flags(command, rest)
    for notice in parsed.notices:
        write_error(notice)
    if parsed.value("help"):
        return _help(command, program)
    if command.path == "help":
        return _help_command(parsed.operands, program)
    if command.path == "completion":
        check_shell(command, parsed.operands, program)
    session = Session(parsed, program)
    session.log("debug", f"{program.file}: {command.path or 'no command'}")
    if parsed.more:
        from kubectl_rollouts.cli.extended import run_extended

        return run_extended(session, parsed)
    problem = wrong_operands(command, parsed)
    if problem is not None or not command.module:
        return _usage_error(command, program, problem or "")
    from kubectl_rollouts.cli.app import app_of

    try:
        return app_of(command).run(session, parsed)
    finally:
        session.close()


def wrong_operands(command: Command, parsed: pflag.Parsed) -> str | None:
    """Return why the operands do not fit ("" without a reason to say), None when they do (commands.md §1.1).

    Raises Failure for a selection beside a name.
    """
    operands = parsed.operands
    if not command.module:
        if not operands:
            return ""
        return f"unknown command {quote(operands[0])}" + _did_you_mean(pflag.suggestions(operands[0], command.path))
    if command.path == "create" and not parsed.value("filename"):
        if operands:
            return f"unknown command {quote(operands[0])}" + _did_you_mean(pflag.suggestions(operands[0], "create"))
        return "--filename is needed"
    if command.path == "lint" and not parsed.value("filename"):
        return "--filename is needed"
    least, most = command.least, command.most
    if parsed.more and least:
        from kubectl_rollouts.cli.scripts.selecting import selects

        if selects(parsed):  # flags take the place of the name
            least = most = least - 1
    if not least <= len(operands) <= most:
        wanted = command.operands.removeprefix("[flags] ") or "no operand"
        return f"expected {wanted}, got {_count(len(operands))}"
    if command.path == "set image" and operands[-1].count("=") != 1:
        return f"expected CONTAINER=IMAGE, got {quote(operands[-1])}"
    return None


def check_shell(command: Command, operands: list[str], program: Program) -> None:
    """Raise Failure unless the operand of `completion` is one shell (commands.md §8.6)."""
    if len(operands) != 1:
        raise Failure(f"accepts 1 arg(s), received {len(operands)}")
    if operands[0] not in ("bash", "zsh", "fish", "powershell"):
        raise Failure(f"invalid argument {quote(operands[0])} for {quote(program.path(command.path))}")


def _count(number: int) -> str:
    return "nothing" if number == 0 else "1 word" if number == 1 else f"{number} words"


def _did_you_mean(names: list[str]) -> str:
    return f" (did you mean {' or '.join(names)}?)" if names else ""


def _help(command: Command, program: Program) -> int:
    from kubectl_rollouts.cli.help import help_text

    write_output(help_text(command, program, brief=_is_terminal(sys.stdout)))
    return 0


def _help_command(words: list[str], program: Program) -> int:
    """`help [command]`: an unknown topic is said on stderr, with the program's usage, and is no failure."""
    try:
        command, _ = pflag.find_command(words)
    except pflag.UnknownCommand:
        write_error(f"Unknown help topic [{' '.join(map(raw_quote, words))}]")
        _usage_error(ROOT, program, "")
        return 0
    return _help(command, program)


def _usage_error(command: Command, program: Program, reason: str) -> int:
    from kubectl_rollouts.cli.help import usage_for_person, usage_text

    if reason:
        write_error(f"Error: {reason}\n")
    text = (usage_for_person if _is_terminal(sys.stderr) else usage_text)(command, program)
    write_error(text.removesuffix("\n"))
    return 1


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _unknown_command(unknown: pflag.UnknownCommand, program: Program) -> str:
    lines = [f"Error: {unknown} for {quote(program.usage)}"]
    if unknown.suggestions:
        lines += ["", "Did you mean this?", *(f"\t{name}" for name in unknown.suggestions), ""]
    return "\n".join([*lines, f"Run '{program.usage} --help' for usage."])


def _internal_error(error: Exception, argv: list[str]) -> int:
    """Say that this program is at fault. The exceptions' texts stay out: they may hold a credential."""
    if os.environ.get("KUBECTL_ROLLOUTS_TRACEBACK") == "1" or _very_verbose(argv[1:]):
        import traceback

        chain: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            lines = ["Traceback (most recent call last):\n", *traceback.format_tb(cause.__traceback__)]
            chain.insert(0, "".join([*lines, type(cause).__name__]))
            cause = cause.__cause__ or cause.__context__
        write_error("\n\n".join(chain))
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = ""
    if frame is not None:
        file = frame.tb_frame.f_code.co_filename.replace("\\", "/")
        where = f" at {'/'.join(file.split('/')[-2:])}:{frame.tb_lineno}"
    write_error(
        f"Error: internal error: {type(error).__name__}{where}\n"
        "This is a fault of kubectl-rollouts; KUBECTL_ROLLOUTS_TRACEBACK=1 in the environment shows more."
    )
    return 1


def _very_verbose(words: list[str]) -> bool:
    try:
        command, rest = pflag.find_command(words)
        if "kloglevel" not in flags_of(command):
            return False
        return int(str(pflag.parse_flags(command, rest).value("kloglevel"))) >= 9
    except Failure:
        return False
