"""The one exception that a user is meant to read: every floor raises it, `cli` alone prints it."""

from __future__ import annotations


class Failure(Exception):
    """Something that ends a command, said in one line.

    `str(failure)` is what follows `Error: ` on stderr; `exit_status` is what the process returns
    (spec/commands.md §2.1, §2.4). A message may hold data from the cluster: it is escaped when printed.
    """

    exit_status = 1
    script_status = 0
    """What scripts that ask for exact statuses get (docs/exit-statuses.md); 0: what the kind of failure means."""

    def __init__(self, message: str, *, exit_status: int | None = None, script_status: int = 0) -> None:
        super().__init__(message)
        if exit_status is not None:
            self.exit_status = exit_status
        if script_status:
            self.script_status = script_status
