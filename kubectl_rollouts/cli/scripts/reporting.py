"""What a person, a log or a pipeline sees of a wait: progress on stderr, results on stdout, a report in a file.

On a terminal progress is one line that changes; in a log it is a line for each change, with the time. With
`--log-format github` failures and results are annotations that GitHub shows beside the run.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_rollouts.cli.session import Session, shown, write_error
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.wait import Listener, Outcome, Target, status_of

_CLEAR = "\r\x1b[K"
_UNKNOWN = "it was ended before the result was known"


class Result(NamedTuple):
    """One line of the report: `status` 0 is success; `text` says what happened, `seconds` how long it took."""

    target: Target
    status: int
    text: str
    seconds: float


class Reporter(Listener):
    """Prints what happens. `many`: rollouts are named with their namespaces, for they are of several."""

    def __init__(self, session: Session, *, many: bool = False, reached: str = "") -> None:
        values = session.parsed.values
        self._session = session
        self.many = many
        self.colored = session.colored() and (session.is_terminal or session.parsed.value("color") == "always")
        self._reached = reached
        self._github = values.get("log-format") == "github"
        self._report = str(values.get("report", ""))
        self._objects = "output" in values or "template" in values  # stdout is theirs
        self._title = session.parsed.command.path
        stderr = sys.stderr
        self._live = stderr is not None and stderr.isatty() and not self._github and os.environ.get("TERM") != "dumb"
        self._line = ""
        self._lock = threading.RLock()  # notes come from the threads of the actions
        self.results: list[Result] = []
        self.kinds: dict[Target, str] = {}  # of what is no rollout
        self.expected: list[Target] = []  # what there are to be results of
        self._open_report()

    def _open_report(self) -> None:
        """Find out now, not after ten minutes, that the report cannot be written: with what holds if the process is
        ended from outside. Raises Failure.
        """
        if self._report:
            from kubectl_rollouts.cli.scripts.junit import write_report

            write_report(self._report, self._title, [Result(Target("", self._title), 1, _UNKNOWN, 0.0)])

    def name(self, target: Target) -> str:
        """How a rollout is called."""
        return shown(f"{target.namespace}/{target.name}" if self.many else target.name)

    # --- Listener ---------------------------------------------------------------------------------------------------

    def progress(self, target: Target, line: str) -> None:
        """Say where a rollout stands now."""
        text = f"{self.name(target)}: {_one_line(line)}"
        if self._live:
            self._draw(text)
        else:
            self._aside(f"{time.strftime('%H:%M:%S')} {text}")

    def ended(self, target: Target, outcome: Outcome) -> None:
        """Say how waiting for a rollout ended."""
        name, where, kind = self.name(target), _one_line(outcome.reason), self.kinds.get(target)
        if outcome.status == 0:
            text = f"rollout '{name}' {self._reached}" if self._reached else f"{name}: {where}"
            self.succeeded(target, f"{kind} '{name}' {where}" if kind else text, outcome.seconds)
        else:
            text = f"{kind or 'rollout'} '{name}' {where}"
            self.failed(target, text, outcome.status, outcome.seconds)

    def trouble(self, failure: Failure) -> None:
        """Say that the cluster does not answer as it should."""
        self._aside(f"Warning: {failure}")

    # --- Results ----------------------------------------------------------------------------------------------------

    def succeeded(self, target: Target, text: str, seconds: float, end: str = "\n") -> None:
        """Say a result on stdout."""
        self.results.append(Result(target, 0, text, seconds))
        with self._lock:
            self._draw("")
            if self._github and not self._objects:
                self._session.say(_annotation("notice", f"{self._title} {target.name}", text))
            elif not self._objects:
                self._session.say(text, end=end)
            elif self._reached:
                self._aside(text)

    def failed(self, target: Target, text: str, status: int, seconds: float) -> None:
        """Say a failure on stderr."""
        self.results.append(Result(target, status, text, seconds))
        if self._github:
            self._aside(_annotation("error", f"{self._title} {target.name}", text), command=True)
        else:
            self._aside(f"Error: {text}")

    def abandoned(self, targets: Iterable[Target], failure: Failure) -> None:
        """Note in the report that nothing could be learnt of rollouts, for one reason; it is said elsewhere."""
        known = {result.target for result in self.results}
        status = status_of(failure)
        self.results += [Result(target, status, str(failure), 0.0) for target in targets if target not in known]

    def say(self, text: str) -> None:
        """Print lines on stdout that are no result; escaped already."""
        self._draw("")
        text = _tamed(text) if self._github else text
        if self._objects:
            self._session.warn(text)
        else:
            self._session.say(text)

    def note(self, text: str) -> None:
        """Print a line for the person on stderr."""
        self._aside(text)

    def finish(self) -> None:
        """Clear the line that changes, and write the report. Raises Failure.

        While an interruption is on its way out, what has no result yet is told as such.
        """
        self._draw("")
        ending = sys.exc_info()[1]
        if ending is not None and not isinstance(ending, Failure):
            known = {result.target for result in self.results}
            left = [target for target in self.expected if target not in known]
            self.results += [Result(target, 1, _UNKNOWN, 0.0) for target in left]
        if self._report and (self.results or ending is None):
            from kubectl_rollouts.cli.scripts.junit import write_report

            write_report(self._report, self._title, self.results)
            self._session.reported = True

    # --- Below ------------------------------------------------------------------------------------------------------

    def _aside(self, text: str, *, command: bool = False) -> None:
        text = text if command or not self._github else _tamed(text)
        with self._lock:
            self._draw("")
            self._session.warn(text)

    def _draw(self, text: str) -> None:
        """Show a line in the place of the last one; "" clears it."""
        if not self._live:
            return
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
        except (OSError, ValueError):
            width = 80
        with self._lock:
            if text != self._line:
                self._line = text
                sys.stderr.write(_CLEAR + text[: max(width - 1, 10)])
                sys.stderr.flush()


def report_failure(session: Session, failure: Failure, status: int) -> None:
    """Say a failure of the whole line as annotations and report want it: a report of an earlier run must not stay."""
    values, title = session.parsed.values, session.parsed.command.path
    if values.get("log-format") == "github":
        write_error(_annotation("error", title, shown(str(failure))))
    else:
        write_error(shown(f"Error: {failure}"))
    if values.get("report") and not session.reported:
        from kubectl_rollouts.cli.scripts.junit import write_report

        with contextlib.suppress(Failure):  # that it cannot be written may be the failure itself
            write_report(str(values["report"]), title, [Result(Target("", title), status, str(failure), 0.0)])


def _one_line(text: str) -> str:
    """A text from the cluster as part of a line."""
    return shown(" ".join(text.split()))


def _tamed(text: str) -> str:
    """Lines that GitHub takes for no commands: it finds `::` behind blanks, and `##[` anywhere."""
    lines = text.replace("##[", "## [").split("\n")
    return "\n".join(f"\\{line}" if line.lstrip().startswith("::") else line for line in lines)


def _annotation(level: str, title: str, text: str) -> str:
    """A workflow command of GitHub Actions; what would end it or begin another is escaped."""
    for mark in ("%", "\r", "\n"):
        title, text = title.replace(mark, f"%{ord(mark):02X}"), text.replace(mark, f"%{ord(mark):02X}")
    for mark in (":", ","):
        title = title.replace(mark, f"%{ord(mark):02X}")
    return f"::{level} title={title}::{text}"
