"""Everything that the program says of objects, to people: from the bytes of the answers to the text."""

from __future__ import annotations

import io
import time
from typing import Any

import msgspec

from kubectl_rollouts.cli.session import shown
from kubectl_rollouts.cluster.decode import decode
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.experiments import ExperimentInfo
from kubectl_rollouts.rollout.info import (
    ExperimentObjects,
    RolloutInfo,
    RolloutObjects,
    experiment_screen_info,
    rollout_info,
)
from kubectl_rollouts.rollout.phase import phase
from kubectl_rollouts.rollout.rows import experiment_row, rollout_row
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.lists import experiments_table, rollouts_table
from kubectl_rollouts.view.spans import Screen
from kubectl_rollouts.view.status import status_followed, status_once
from kubectl_rollouts.view.terminal import _console, fitted
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen, stale_line
from tests.torture.specimens import TYPES

NOW = 1_800_000_000.0


class Said(dict[str, str]):
    """What was said, by the name of the output, and how long each took (seconds of processor time, decoding apart)."""

    def __init__(self) -> None:
        super().__init__()
        self.decoding = 0.0
        self.seconds: dict[str, float] = {}
        self._last = time.thread_time()

    def decoded(self) -> None:
        """What follows are outputs."""
        now = time.thread_time()
        self.decoding, self._last = now - self._last, now

    def __setitem__(self, name: str, text: str) -> None:
        now = time.thread_time()
        self.seconds[name], self._last = now - self._last, now
        super().__setitem__(name, text)

    @property
    def altogether(self) -> float:
        """What decoding and all outputs took."""
        return self.decoding + sum(self.seconds.values())

    def failed(self, name: str, failure: Failure) -> None:
        """A Failure is shown as the command line shows it."""
        self[f"{name}: error"] = shown(f"Error: {failure}") + "\n"


def said(documents: list[tuple[str, bytes]], *, rich: bool = True) -> Said:
    """All outputs for some objects, each as (kind, JSON); the first rollout and the first experiment are shown."""
    out = Said()
    found: dict[str, list[Any]] = {kind: [] for kind in TYPES}
    for number, (kind, data) in enumerate(documents):
        try:
            found[kind].append(decode(data, TYPES[kind], f'{kind} "{number}"'))
        except Failure as failure:
            out.failed(f"decode {number}", failure)
    out.decoded()
    owned = (found["ReplicaSet"], found["Pod"])
    for rollout in found["Rollout"][:1]:
        _rollout(out, rollout, RolloutObjects(rollout, *owned, found["Experiment"], found["AnalysisRun"]), rich)
    for experiment in found["Experiment"][:1]:
        try:
            info = experiment_screen_info(ExperimentObjects(experiment, *owned, found["AnalysisRun"]))
            _screen(out, "get experiment", info, rich)
            out["list experiments"] = experiments_table([experiment_row(experiment)], NOW, namespaces=True)
        except Failure as failure:
            out.failed("get experiment", failure)
    return out


def _rollout(out: Said, rollout: Any, objects: RolloutObjects, rich: bool) -> None:
    try:
        _screen(out, "get rollout", rollout_info(objects), rich)
    except Failure as failure:
        out.failed("get rollout", failure)
    try:
        now = phase(rollout)
        out["status"] = status_once(now) + "\n"
        out["status, followed"] = status_followed(now) + "\n"
        row = rollout_row(rollout)
        out["list rollouts"] = rollouts_table([row], namespaces=True, times=[NOW])
    except Failure as failure:
        out.failed("status", failure)


def _screen(out: Said, name: str, info: RolloutInfo | ExperimentInfo, rich: bool) -> None:
    screen = rollout_screen(info, NOW) if isinstance(info, RolloutInfo) else experiment_screen(info, NOW)
    out[name] = write_screen(screen, color=False)
    out[f"{name}, coloured"] = write_screen(screen, color=True)
    if rich:
        out[f"{name}, on a terminal"] = drawn(screen, 250, 100)
        out[f"{name}, on a small one"] = drawn(screen, 40, 12)
    out["stale"] = write_screen(Screen([stale_line(info.message)], [], []), color=False)


def drawn(screen: Screen, width: int, height: int) -> str:
    """What the Rich writer sends to a terminal of that size."""
    file = io.StringIO()
    console = _console(file, color=True)
    console.size = (width, height)
    console.print(fitted(screen, width, height))
    return file.getvalue()


def encoded(value: Any) -> bytes:
    """A document as JSON."""
    return msgspec.json.encode(value)
