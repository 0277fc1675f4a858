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
    """Return the text: one suite, one case for each rollout, its class the namespace."""
    failures = sum(bool(result.status) for result in results)
    total = sum(result.seconds for result in results)
    counts = f'tests="{len(results)}" failures="{failures}" errors="0" time="{total:.3f}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    lines.append(f"  <testsuite name={_quoted(f'kubectl-rollouts {title}')} {counts}>")
    for result in results:
        head = (
            f"    <testcase classname={_quoted(result.target.namespace)} name={_quoted(result.target.name)} "
            f'time="{result.seconds:.3f}"'
        )
        if result.status:
            failure = f"<failure message={_quoted(result.text)} type={_quoted(f'exit status {result.status}')}/>"
            lines.append(f"{head}>{failure}</testcase>")
        else:
            lines.append(f"{head}/>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _quoted(text: str) -> str:
    """A text as an XML attribute; what XML cannot say at all is left out."""
    sayable = "".join(
        char for char in text if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char not in "\ufffe\uffff"
    )
    return '"' + escape(sayable, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}) + '"'
