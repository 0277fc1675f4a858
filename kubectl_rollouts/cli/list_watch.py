"""`list rollouts --watch`: the table, then a line for each rollout that changes (spec/view.md §8.1)."""

from __future__ import annotations

import signal
import time

from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.release.listing import list_rollouts
from kubectl_rollouts.release.watched_list import BATCH, BATCH_SHOWN, WatchedList
from kubectl_rollouts.rollout.rows import ListRow
from kubectl_rollouts.view.lists import rollouts_table


def watch_rollouts(
    session: Session, namespace: str, name: str, timestamps: bool, *, labels: str = "", fields: str = ""
) -> int:
    """Print the rollouts of `namespace` ("" = all), then those that change, until a signal ends the process.

    Raises Failure when the list cannot be read, or the watch has failed seven times in a row.
    """
    listing = list_rollouts(session.client(), namespace, name, labels=labels, fields=fields)
    printer = _Printer(session, namespace == "", timestamps)
    printer.table(listing.rows)
    watched = WatchedList(
        session.client(),
        namespace,
        name,
        listing.version,
        lambda failure: session.log("warning", str(failure)),
        labels=labels,
        fields=fields,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)  # nothing to tidy up: die as a program that handles no signals
    for batch in watched.batches(BATCH_SHOWN if session.is_terminal else BATCH):
        printer.changes(batch)
    return 0


class _Printer:
    """Prints rows, and remembers them so as to print only what changed."""

    def __init__(self, session: Session, namespaces: bool, timestamps: bool) -> None:
        self._session = session
        self._namespaces = namespaces
        self._timestamps = timestamps
        self._known: dict[tuple[str, str], ListRow] = {}
        # On a terminal what changed stands below the titles; a pipe gets the reference's batches, each by itself.
        self._widths: list[int] | None = [] if session.is_terminal else None

    def table(self, rows: list[ListRow]) -> None:
        """Print the whole table; its titles alone when there is nothing to list."""
        self._known = {(row.namespace, row.name): row for row in rows}
        self._print(rows, titles=True)

    def changes(self, told: list[ListRow]) -> None:
        """Print what changed, in the order of the events: a rollout that changed twice has two lines."""
        rows = []
        for row in told:
            key = (row.namespace, row.name)
            if self._known.get(key) != row:
                self._known[key] = row
                rows.append(row)
        if rows:
            self._print(rows, titles=False)

    def _print(self, rows: list[ListRow], *, titles: bool) -> None:
        times = [time.time()] * len(rows) if self._timestamps else None
        text = rollouts_table(rows, namespaces=self._namespaces, times=times, titles=titles, widths=self._widths)
        self._session.say(text, end="")
