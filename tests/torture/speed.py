"""Time limits and pauses of the program, all divided by one factor: the same course in less time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from kubectl_rollouts.cluster import client as client_module
from kubectl_rollouts.cluster import reflector, transport
from kubectl_rollouts.cluster.client import WATCH_SECONDS, Client
from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
from kubectl_rollouts.cluster.transport import Response, Timeouts
from kubectl_rollouts.release import follow, probe, streams, watched_list

_retry_after = Response.retry_after.fget


class HastyClient(Client):
    """A client whose watches last a fraction of what the program asks for."""

    factor = 1.0

    def watch(self, *args: Any, **settings: Any) -> Any:  # type: ignore[override]  # whatever the program says
        settings.setdefault("timeout_seconds", WATCH_SECONDS / self.factor)
        return super().watch(*args, **settings)


def hasty_client(url: str, factor: float) -> HastyClient:
    """A client of a server, its time limits divided by the factor."""
    usual = Timeouts()
    limits = Timeouts(usual.connect / factor, usual.first_byte / factor, usual.between_bytes / factor)
    made = HastyClient(ClusterConfig(server=url), timeouts=limits)
    made.factor = factor
    return made


@contextlib.contextmanager
def sped_up(factor: float) -> Iterator[None]:
    """Divide every pause of the watching parts by the factor, for the time of the block."""

    def shorter(response: Response) -> float | None:
        assert _retry_after is not None
        seconds = _retry_after(response)
        return None if seconds is None else seconds / factor

    pauses = {
        reflector: ("FIRST_PAUSE", "LONGEST_PAUSE", "_HEALTHY"),
        probe: ("EVERY", "PATIENCE", "GRACE", "AGAIN", "_AT_LEAST"),
        streams: ("_LOOK_UP", "APART", "_AT_MOST", "STEADY", "_OFTEN"),
        follow: ("GRACE", "STEADY"),
        client_module: ("_WATCH_GRACE",),
        transport: ("_MAX_WAITED", "_RETRY_WITHIN"),
        watched_list: ("BATCH", "PAUSE"),
    }
    with contextlib.ExitStack() as stack:
        for module, names in pauses.items():
            for name in names:
                stack.enter_context(mock.patch.object(module, name, getattr(module, name) / factor))
        resets = tuple(pause / factor for pause in transport._RESET_PAUSES)
        stack.enter_context(mock.patch.object(transport, "_RESET_PAUSES", resets))
        stack.enter_context(mock.patch.object(Response, "retry_after", property(shorter)))
        yield
