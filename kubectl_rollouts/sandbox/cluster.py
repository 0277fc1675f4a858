"""A whole sandbox: store, controllers and API server, started and stopped together."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

from kubectl_rollouts.sandbox.admission import admit
from kubectl_rollouts.sandbox.api import Api
from kubectl_rollouts.sandbox.runner import Runner
from kubectl_rollouts.sandbox.seed import seed
from kubectl_rollouts.sandbox.server import Server
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.turns import Turns

SWITCH_INTERVAL = 0.001
"""Seconds after which a controller must let a waiting request have the interpreter."""


class Sandbox:
    """An embedded cluster. `speed` divides the durations of specs; `state` keeps it over restarts.

    Use it as a context manager, or call `stop`. Raises Failure when the port or the state file cannot be used.
    """

    def __init__(
        self,
        port: int = 0,
        speed: float = 1.0,
        state: Path | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        journal = None
        if state is not None:
            from kubectl_rollouts.sandbox.journal import SqliteJournal

            journal = SqliteJournal(state)
        self.store = Store(admit, journal)
        try:
            self.api = Api(self.store)
            self.turns = Turns()
            self.server = Server(self.api, port, self.turns)
        except BaseException:
            self.store.close()
            raise
        self._log = log
        self._speed = speed
        self._runner: Runner | None = None
        self._collects = False

    @property
    def url(self) -> str:
        """The address of the API server."""
        return self.server.url

    def start(self) -> Sandbox:
        """Answer requests, and let the controllers run."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._collects = gc.isenabled()
        gc.disable()  # the runner collects when it suits
        seed(self.store)
        self.server.start()
        from kubectl_rollouts.sandbox.controllers import CONTROLLERS

        self._runner = Runner(self.store, CONTROLLERS, self._speed, self._log, turns=self.turns)
        self._runner.start()
        return self

    def load(self, path: Path) -> list[str]:
        """Load manifests; see `loading.load`."""
        from kubectl_rollouts.sandbox.loading import load

        return load(self.store, path)

    def reset(self) -> None:
        """Empty the cluster: everything goes at once, and what a fresh cluster has comes back."""
        self.store.clear()
        seed(self.store)

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait until the controllers have nothing to do now; False when that took too long."""
        return self._runner is None or self._runner.wait_idle(timeout)

    def stop(self) -> None:
        """Stop everything; what is kept is on the disk then."""
        self.server.stop()
        self.store.wake()
        if self._runner is not None:
            self._runner.stop()
        self.store.close()
        if self._collects:
            gc.enable()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()
