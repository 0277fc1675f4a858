"""`--report FILE`: what was done to each rollout, as the JUnit XML that CI systems show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cli.scripts.reporting import Result


def write_report(path: str, title: str, results: Sequence[Result]) -> None:
    """Write the file, in the place of one that is there. Raises Failure."""
    try:
        Path(path).write_text(report(title, results), encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from None


def report(title: str, results: Sequence[Result]) -> str:
    """Return the text: one suite, one case for each rollout, its class the namespace.

    A report without a case is an error to some consumers: where there was nothing to do, one case says so.
    """
    failures = sum(bool(result.status) for result in results)
    total = sum(result.seconds for result in results)
    counts = f'tests="{len(results) or 1}" failures="{failures}" errors="0" time="{total:.3f}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    skipped = f'skipped="{int(not results)}"'
    lines.append(f"  <testsuite name={_quoted(f'kubectl-rollouts {title}')} {counts} {skipped}>")
    if not results:
        case = f'<testcase classname="kubectl-rollouts" name={_quoted(title)} time="0.000">'
        lines.append(f'    {case}<skipped message="nothing to do"/></testcase>')
    for result in results:
        class_name = result.target.namespace or "kubectl-rollouts"
        head = (
            f"    <testcase classname={_quoted(class_name)} name={_quoted(result.target.name)} "
            f'time="{result.seconds:.3f}"'
        )
        if result.status:
            failure = f"<failure message={_quoted(result.text)} type={_quoted(f'exit status {result.status}')}>"
            lines.append(f"{head}>{failure}{escape(_sayable(result.text))}</failure></testcase>")
        else:
            lines.append(f"{head}/>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _sayable(text: str) -> str:
    return "".join(
        char for char in text if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char not in "\ufffe\uffff"
    )


def _quoted(text: str) -> str:
    """A text as an XML attribute; what XML cannot say at all is left out."""
    return '"' + escape(_sayable(text), {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}) + '"'
