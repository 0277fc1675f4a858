"""`-o custom-columns=NAME:.metadata.name,…`: a table of paths, as kubectl writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.jsonpath import JSONPathError, Template, go_text, relaxed
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.table import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable

NONE = "<none>"
_PADDING = 3


class Column(NamedTuple):
    """One column: its title, and the path of its cells."""

    title: str
    path: Template


def parse_columns(spec: str) -> list[Column]:
    """Read `TITLE:PATH,TITLE:PATH`. Raises Failure."""
    if not spec:
        raise Failure("custom-columns format specified but no custom columns given")
    columns = []
    for part in spec.split(","):
        title, colon, path = part.partition(":")
        if not colon:
            raise Failure(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        columns.append(_column(title, path))
    return columns


def parse_columns_file(text: str) -> list[Column]:
    """Read a file of columns: a line of titles and a line of paths, with blanks between them. Raises Failure."""
    lines = text.splitlines()
    for number, what in enumerate(("header", "spec")):
        if len(lines) <= number:
            raise Failure(
                f"invalid template, missing {what} line. Expected format is one line of space separated headers, "
                "one line of space separated column specs."
            )
    titles, paths = lines[0].split(), lines[1].split()
    if len(titles) != len(paths):
        raise Failure(f"number of headers ({len(titles)}) and field specifications ({len(paths)}) don't match")
    return [_column(title, path) for title, path in zip(titles, paths, strict=True)]


def _column(title: str, path: str) -> Column:
    return Column(title, Template(relaxed(path) if path else ""))


def columns_text(
    columns: list[Column],
    objects: Iterable[Any],
    *,
    titles: bool = True,
    widest: list[int] | None = None,
    safe: bool = True,
) -> str:
    """The table of some objects below a line of titles. Raises JSONPathError.

    `widest`: the widths of what stands above, as kubectl's writer remembers them. `safe`: each object has one line and
    none of its text steers a terminal; otherwise a line break in a cell is one in the table, as for kubectl.
    """
    rows = [[column.title for column in columns]] if titles else []
    for obj in objects:
        cells = [_cell(column.path, obj) for column in columns]
        if safe:
            rows.append([visible(cell) for cell in cells])
        else:
            rows += [line.split("\t") for line in "\t".join(cells).split("\n")]
    return lay_out(rows, padding=_PADDING, minimum=_MINIMUM, widest=widest)


_MINIMUM = 6  # of kubectl's tables


def _cell(path: Template, obj: Any) -> str:
    try:
        found = path.find(obj)
    except JSONPathError as error:
        raise Failure(str(error)) from None
    texts = [go_text(value) for values in found for value in values]
    if not found or not found[0]:
        texts.insert(0, NONE)
    return ",".join(texts)
