"""Calls with a flag of `more_flags.py`: which module carries them out. Plain calls never get here.

The plain commands keep their modules small, and so their start quick; what scripts and pipelines ask for on top is
carried out from the parsed line itself, whose table has the types already.
"""

from __future__ import annotations

from kubectl_rollouts.cli.pflag import Parsed
from kubectl_rollouts.cli.session import Session, shown, write_error
from kubectl_rollouts.errors import Failure

READERS = ("get rollout", "get experiment", "list rollouts", "list experiments", "status")


def run_extended(session: Session, parsed: Parsed) -> int:
    """Carry out a command line that has a flag of `more_flags`, and return the exit status."""
    path = parsed.command.path
    try:
        if path == "wait":
            from kubectl_rollouts.cli.scripts.selecting import check_operands
            from kubectl_rollouts.cli.scripts.waiting import wait_for

            check_operands(parsed)
            return wait_for(session)
        if path == "options" and parsed.values.get("schema"):
            from kubectl_rollouts.view.output.documents import schema_text

            session.say(schema_text(), end="")
            return 0
        if path in READERS:
            from kubectl_rollouts.cli.output import reading as output

            if output.reads_here(session):
                return output.read(session)
            from kubectl_rollouts.cli.scripts.reading import read

            return read(session)
        from kubectl_rollouts.cli.scripts.acting import act

        return act(session)
    except Failure as failure:
        exact = bool(parsed.values.get("exit-code") or "wait" in parsed.values or path == "wait")
        reports = bool({"report", "log-format"} & parsed.values.keys())
        if not exact and not reports:
            raise
        from kubectl_rollouts.release.wait import status_of

        status = status_of(failure) if exact else failure.exit_status
        if reports:
            from kubectl_rollouts.cli.scripts.reporting import report_failure

            report_failure(session, failure, status)
        else:
            write_error(shown(f"Error: {failure}"))
        return status
    finally:
        session.close()
