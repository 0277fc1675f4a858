"""The tables of `list rollouts` and `list experiments` (spec/view.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.rollout.times import format_time
from kubectl_rollouts.view.durations import age, human_duration
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.table import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_rollouts.rollout.rows import ExperimentListRow, ListRow

_ROLLOUT_TITLES = (
    "NAME",
    "STRATEGY",
    "STATUS",
    "STEP",
    "SET-WEIGHT",
    "READY",
    "DESIRED",
    "UP-TO-DATE",
    "AVAILABLE",
)


def rollouts_table(
    rows: Iterable[ListRow],
    *,
    namespaces: bool = False,
    times: Sequence[float] | None = None,
    titles: bool = True,
    widths: list[int] | None = None,
) -> str:
    """The table of `list rollouts`, or with `titles=False` one batch of what `list rollouts -w` adds to it.

    `namespaces` adds their column (`-A`), `times` a column of instants, one for each row (`--timestamps`).
    `widths` are those of the columns above this batch, made wider where it needs more; without them it stands by
    itself, as in the reference (view.md Q34).
    """
    table: list[Sequence[str]] = []
    if titles:
        first = [*(["TIMESTAMP"] if times is not None else []), *(["NAMESPACE"] if namespaces else [])]
        table.append([*first, *_ROLLOUT_TITLES])
    for index, row in enumerate(rows):
        cells = [
            visible(row.name).ljust(10),
            row.strategy.ljust(9),
            visible(row.status).ljust(12),
            row.step.ljust(4),
            row.set_weight.ljust(10),
            row.ready.ljust(5),
            str(row.desired).ljust(7),
            str(row.up_to_date).ljust(10),
            str(row.available).ljust(9),
        ]
        if namespaces:
            cells.insert(0, visible(row.namespace).ljust(9))
        if times is not None:
            cells.insert(0, format_time(times[index]).ljust(20))
        table.append(cells)
    if widths is not None and table:
        widths.extend([0] * (len(table[0]) - len(widths)))
        for row_of_cells in table:
            widths[:] = map(max, widths, map(len, row_of_cells))
        table = [
            [cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=False)] + [cells[-1]]
            for cells in table
        ]
    return lay_out(table)


def experiments_table(rows: Iterable[ExperimentListRow], now: float, *, namespaces: bool = False) -> str:
    """The table of `list experiments` at the instant `now` (epoch seconds); `namespaces` adds their column (`-A`)."""
    titles = ["NAME", "STATUS", "DURATION", "REMAINING", "AGE"]
    table: list[Sequence[str]] = [["NAMESPACE", *titles] if namespaces else titles]
    for row in rows:
        remaining = 0.0 if row.ends is None else row.ends - now
        cells = [
            visible(row.name).ljust(10),
            visible(row.status).ljust(6),
            ("-" if row.duration is None else human_duration(row.duration)).ljust(8),
            (human_duration(remaining) if remaining > 0 else "-").ljust(9),
            age(row.created, now).ljust(3),
        ]
        if namespaces:
            cells.insert(0, visible(row.namespace).ljust(9))
        table.append(cells)
    return lay_out(table)
