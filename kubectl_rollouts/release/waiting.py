"""The phase of one rollout as it changes: all that `status` needs is the rollout itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cluster.reflector import Change, Reflector
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import not_found
from kubectl_rollouts.release.fetch import Reader, Want, read_rollout
from kubectl_rollouts.release.resources import ROLLOUTS
from kubectl_rollouts.rollout.objects import Rollout
from kubectl_rollouts.rollout.phase import Phase, phase

if TYPE_CHECKING:
    from queue import SimpleQueue

    from kubectl_rollouts.cluster.client import Client


class StatusWatch:
    """Reads a rollout, then tells of each Change of it through `inbox`, which may carry other things as well.

    Raises Failure when it cannot be read. `phase` is the newest one taken, `aborted` goes with it, `lost` is set while
    the rollout is gone or makes no sense.
    """

    def __init__(self, client: Client, namespace: str, name: str, inbox: SimpleQueue[Any]) -> None:
        reader = Reader(client, namespace)
        rollout = read_rollout(reader, name, to_follow=True)
        self.phase: Phase = phase(rollout)
        self.aborted = _aborted(rollout)
        self.lost: Failure | None = None
        self._name = name
        listing = reader.listings.get(Want(ROLLOUTS, name=name))
        self._reflector: Reflector[Rollout] = Reflector(
            client,
            ROLLOUTS,
            namespace,
            Rollout,
            inbox.put,
            field_selector=f"metadata.name={name}",
            start=listing,
        )
        self._inbox = inbox

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End the watch."""
        self._reflector.stop()

    def _run(self) -> None:
        try:
            self._reflector.run()
        except BaseException as error:
            self._inbox.put(error)

    def take(self, change: Change[Rollout]) -> Failure | None:
        """Take what was told; returns what went wrong, if something did."""
        found = change.object
        if change.kind == "REPLACED":
            found = change.objects[0] if change.objects else None
        elif change.kind in ("PROBLEM", "LIVE"):
            return change.problem
        if change.kind == "DELETED" or found is None:
            self.lost = not_found(ROLLOUTS, self._name)
            return self.lost
        try:
            self.phase, self.lost = phase(found), None
            self.aborted = _aborted(found)
        except Failure as failure:
            self.lost = failure
        return self.lost


def _aborted(rollout: Rollout) -> bool:
    return bool(rollout.status and rollout.status.abort)
