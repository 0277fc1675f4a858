"""What an AnalysisRun's status says, and the words it is written in."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.times import parse_duration, parse_time
from kubectl_rollouts.rollout.validation.access import Mapping, mapping, mappings, text

COMPLETED = ("Successful", "Failed", "Error", "Inconclusive")
_BADNESS = ("Successful", "Running", "Pending", "Inconclusive", "Error", "Failed")
_ENDS_RUN = ("Failed", "Error", "Inconclusive")
_NANOSECONDS = 1_000_000_000


def completed(phase: str) -> bool:
    """Whether a phase is a final one."""
    return phase in COMPLETED


def badness(phase: str) -> int:
    """The rank of a phase among the others; unknown text ranks as Successful."""
    return _BADNESS.index(phase) if phase in _BADNESS else 0


def worse(phase: str, other: str) -> bool:
    """Whether `other` is worse than `phase`."""
    return badness(other) > badness(phase)


def result_of(status: Mapping, name: str) -> Mapping | None:
    """The result of a metric so far, None when it was never measured."""
    return next((item for item in mappings(status, "metricResults") if text(item, "name") == name), None)


def last_measurement(result: Mapping | None) -> Mapping | None:
    """The newest measurement of a metric, if any."""
    found = mappings(result, "measurements")
    return found[-1] if found else None


def terminating(run: Mapping) -> bool:
    """Whether the run takes no more measurements: told to, or a metric that counts has failed."""
    if mapping(run, "spec").get("terminate") is True:
        return True
    return any(
        not item.get("dryRun") and text(item, "phase") in _ENDS_RUN for item in mappings(run, "status", "metricResults")
    )


def seconds(duration: Any) -> float:
    """The seconds of a Go duration that was checked before; 0.0 for none."""
    return parse_duration(duration) / _NANOSECONDS if isinstance(duration, str) and duration else 0.0


class Instants:
    """Instants with their fraction of a second, which the objects do not keep.

    At a high speed of the clock an interval is shorter than a second: counted from a time that was cut to the second
    it would always be over. What is not remembered here (after a restart) is read from the object.
    """

    _MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def remember(self, uid: str, what: str, written: str, epoch: float) -> None:
        """Note the exact instant of a text that is about to be written."""
        if len(self._known) >= self._MOST:
            self._known.pop(next(iter(self._known)))
        self._known[uid, what] = (written, epoch)

    def exact(self, uid: str, what: str, written: str) -> float:
        """The instant of a text, with its fraction when it was remembered."""
        known = self._known.get((uid, what))
        return known[1] if known is not None and known[0] == written else parse_time(written)
