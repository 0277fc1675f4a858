"""A list of rollouts that is watched: which of them changed, batch by batch (spec/view.md §8.1).

The watch goes on from where it stood when it ends. When the server no longer knows that place (410), the list is read
again after a pause; the reference asks for the same watch without end (view.md Q35).
"""

from __future__ import annotations

import math
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.listing import list_rollouts, name_selector
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.objects import Rollout
from kubectl_rollouts.rollout.rows import rollout_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.rollout.rows import ListRow

BATCH = 0.5  # seconds between two looks at what changed
BATCH_SHOWN = 0.1  # the same where a person looks on
ATTEMPTS = 6  # failures in a row that are waited for; the next one ends the command
PAUSE = 1.0  # seconds before another attempt


class WatchedList:
    """Follows the rollouts of a namespace ("" = all), or the one called `name`, from a list's resource version.

    `labels` and `fields` are selectors; `fields` takes the place of `name`.

    `warn` is called, on the watching thread, with each failure that is waited for.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        version: str,
        warn: Callable[[Failure], None],
        *,
        labels: str = "",
        fields: str = "",
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._labels = labels
        self._fields = fields or name_selector(name)
        self._version = version
        self._warn = warn
        self._news: SimpleQueue[ListRow | Failure] = SimpleQueue()
        self._failures = 0

    def batches(self, every: float | None = None) -> Iterator[list[ListRow]]:
        """The rows that events told of, in order, at the next tick of `every` seconds (None: as the reference).

        Those deleted are among them as they were last. Runs until the server has failed seven times in a row; raises
        that Failure after a last batch.
        """
        threading.Thread(target=self._watch, daemon=True).start()
        every = every or BATCH
        tick = time.monotonic()
        while True:
            batch: list[ListRow] = []
            news = self._news.get()
            tick += every * max(1, math.ceil((time.monotonic() - tick) / every))
            while not isinstance(news, Failure):
                batch.append(news)
                try:
                    news = self._news.get(timeout=max(0.0, tick - time.monotonic()))
                except Empty:
                    break
            if batch:
                yield batch
            if isinstance(news, Failure):
                raise news

    def _watch(self) -> None:
        try:
            while True:
                self._watch_once()
        except Failure as failure:
            self._news.put(failure)

    def _watch_once(self) -> None:
        """Watch until the watch ends. Raises Failure when it is the last of too many."""
        started = time.monotonic()
        opened = False
        try:
            with self._client.watch(
                ROLLOUTS,
                self._namespace,
                Rollout,
                self._version,
                label_selector=self._labels,
                field_selector=self._fields,
            ) as watch:
                watch.open()
                opened = True
                for event in watch:
                    self._failures = 0
                    self._version = event.resource_version or self._version
                    if event.kind != "BOOKMARK":
                        self._tell(event.object)
        except ApiError as error:
            self._failed(error)
            if error.gone:
                self._relist()
            return
        except ConnectionFailed as failure:
            if not opened:
                self._failed(failure)
                return
        except Failure as failure:
            self._failed(failure)
            return
        self._failures = 0
        if time.monotonic() - started < PAUSE:
            time.sleep(PAUSE)  # a server that ends every watch at once is not asked without end

    def _tell(self, rollout: Rollout) -> None:
        try:
            self._news.put(rollout_row(rollout))
        except Failure as failure:  # an object that makes no sense: the others go on
            self._warn(failure)

    def _failed(self, failure: Failure) -> None:
        self._failures += 1
        if self._failures > ATTEMPTS:
            raise failure
        self._warn(failure)
        time.sleep(PAUSE)

    def _relist(self) -> None:
        while True:
            try:
                listing = list_rollouts(self._client, self._namespace, labels=self._labels, fields=self._fields)
            except Failure as failure:
                self._failed(failure)
                continue
            self._version = listing.version
            for row in listing.rows:
                self._news.put(row)
            return
