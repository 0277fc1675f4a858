"""The tables of `list -o wide`: the reference's columns, and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.rollout.times import format_time
from kubectl_rollouts.view.durations import age, human_duration
from kubectl_rollouts.view.escape import visible
from kubectl_rollouts.view.extras import pause_text
from kubectl_rollouts.view.table import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_rollouts.rollout.details import ExperimentDetails, RolloutDetails
    from kubectl_rollouts.rollout.rows import ExperimentListRow, ListRow

_ROLLOUT = (
    "NAME",
    "STRATEGY",
    "STATUS",
    "STEP",
    "SET-WEIGHT",
    "READY",
    "DESIRED",
    "UP-TO-DATE",
    "AVAILABLE",
    "REVISION",
    "AGE",
    "IMAGES",
    "PAUSE",
    "MESSAGE",
)
_WATCHED = {"STATUS": 12, "STEP": 4, "READY": 5, "AGE": 5, "IMAGES": 16, "PAUSE": 36}
"""Room that is left for what these columns may come to hold while a list is watched: the rows are to line up."""
_EXPERIMENT = ("NAME", "STATUS", "DURATION", "REMAINING", "AGE", "REVISION", "MESSAGE")


def watched_widths(namespaces: bool, timestamps: bool) -> list[int]:
    """The least widths of the columns of a table of rollouts below which rows are to come."""
    first = [*([20] if timestamps else []), *([9] if namespaces else [])]
    return [width + 2 for width in (*first, *(max(len(title), _WATCHED.get(title, 0)) for title in _ROLLOUT[:-1]))]


def wide_rollouts(
    rows: Iterable[tuple[ListRow, RolloutDetails]],
    now: float,
    *,
    namespaces: bool = False,
    timestamps: bool = False,
    titles: bool = True,
    widest: list[int] | None = None,
) -> str:
    """The table of rollouts at the instant `now`, with or without its titles; `widest` as in `lay_out`."""
    first = [*(["TIMESTAMP"] if timestamps else []), *(["NAMESPACE"] if namespaces else [])]
    table: list[Sequence[str]] = [[*first, *_ROLLOUT]] if titles else []
    for row, details in rows:
        cells = [
            row.name,
            row.strategy,
            row.status,
            row.step,
            row.set_weight,
            row.ready,
            str(row.desired),
            str(row.up_to_date),
            str(row.available),
            str(details.revision),
            age(details.meta.created, now),
            ",".join(details.template_images) or "-",
            "; ".join(pause_text(pause, now) for pause in details.pauses) or "-",
            details.message or "-",
        ]
        before = [*([format_time(now)] if timestamps else []), *([row.namespace] if namespaces else [])]
        table.append([visible(cell) for cell in (*before, *cells)])
    return lay_out(table, widest=widest)


def wide_experiments(
    rows: Iterable[tuple[ExperimentListRow, ExperimentDetails]],
    now: float,
    *,
    namespaces: bool = False,
    titles: bool = True,
) -> str:
    """The table of experiments at the instant `now`, with or without its titles."""
    table: list[Sequence[str]] = [[*(["NAMESPACE"] if namespaces else []), *_EXPERIMENT]] if titles else []
    for row, details in rows:
        remaining = 0.0 if row.ends is None else row.ends - now
        cells = [
            row.name,
            row.status or "-",
            "-" if row.duration is None else human_duration(row.duration),
            human_duration(remaining) if remaining > 0 else "-",
            age(row.created, now),
            str(details.revision),
            details.message or "-",
        ]
        table.append([visible(cell) for cell in ([row.namespace] if namespaces else []) + cells])
    return lay_out(table)
