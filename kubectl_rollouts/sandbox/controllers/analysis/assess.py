"""What the measurements of a metric, and the metrics of a run, amount to (spec/controller.md §9.5)."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from typing import NamedTuple

from kubectl_rollouts.rollout.templates import effective_count, number_of
from kubectl_rollouts.rollout.validation.access import Mapping, at, integer, mapping, mappings, present, text
from kubectl_rollouts.sandbox.controllers.analysis.state import (
    completed,
    last_measurement,
    result_of,
    terminating,
    worse,
)

_CONSECUTIVE_ERRORS = 4


class Assessment(NamedTuple):
    """What one look at a run comes to."""

    phase: str
    message: str
    results: list[Mapping]
    """The metric results, phases brought up to date."""
    ended: list[tuple[str, str]]
    """The metrics that ended in this look, with their phase."""
    summary: Mapping
    dry_run_summary: Mapping


def metric_phase(metric: Mapping, result: Mapping, ending: bool) -> str:
    """The phase of a metric after its newest measurement; `ending`: the run takes no more."""
    if completed(text(result, "phase")):
        return text(result, "phase")
    last = last_measurement(result)
    if last is None:
        return "Successful" if ending else "Pending"
    if not completed(text(last, "phase")):
        return "Running"
    phase, _ = limit_passed(metric, result)
    if phase:
        return phase
    wanted = number_of(at(metric, "consecutiveSuccessLimit"))
    if wanted > 0 and (integer(result, "consecutiveSuccess") or 0) >= wanted:
        return "Successful"
    count = effective_count(metric)
    if count is not None and (integer(result, "count") or 0) >= count:
        if wanted > 0:
            return "Failed" if number_of(at(metric, "failureLimit")) < 0 else "Inconclusive"
        return "Successful"
    return "Successful" if ending else "Running"


def limit_passed(metric: Mapping, result: Mapping) -> tuple[str, str]:
    """The phase and the reason of a metric that has gone beyond a limit, ("", "") for one that has not."""
    errors, most = integer(result, "consecutiveError") or 0, _CONSECUTIVE_ERRORS
    if present(metric, "consecutiveErrorLimit"):
        most = number_of(at(metric, "consecutiveErrorLimit"))
    if errors > most:
        return "Error", f"consecutiveErrors ({errors}) > consecutiveErrorLimit ({most})"
    unclear, most = integer(result, "inconclusive") or 0, number_of(at(metric, "inconclusiveLimit"))
    if unclear > most:
        return "Inconclusive", f"inconclusive ({unclear}) > inconclusiveLimit ({most})"
    failed, most = integer(result, "failed") or 0, number_of(at(metric, "failureLimit"))
    if 0 <= most < failed:
        return "Failed", f"failed ({failed}) > failureLimit ({most})"
    return "", ""


def assess_run(run: Mapping, metrics: list[Mapping], dry: ReadOnly[str, object]) -> Assessment:
    """Bring the phases of the metrics up to date and tell the phase of the run. `dry` holds the dry-run metrics."""
    ending = terminating(run)
    told = mapping(run, "spec").get("terminate") is True
    worst, message = "", "Run Terminated" if told else ""
    everything = True
    ended: list[tuple[str, str]] = []
    results = {text(item, "name"): item for item in mappings(run, "status", "metricResults")}
    tallies = {False: _Tally(), True: _Tally()}
    for metric in metrics:
        name = text(metric, "name")
        tally = tallies[name in dry]
        tally.add("count")
        result = results.get(name)
        if result is None:
            everything = False
            continue
        phase = metric_phase(metric, result, ending)
        if phase != text(result, "phase"):
            result = _turned(result, phase)
            results[name] = result
            if completed(phase):
                ended.append((name, phase))
        if not completed(phase):
            everything = False
            continue
        tally.add(phase.lower())
        if name in dry:
            worst = worst or "Successful"
        elif not worst or worse(worst, phase):
            worst = phase
            message = _reason(metric, result, phase) or message
    found = Assessment("", "", list(results.values()), ended, tallies[False].shown, tallies[True].shown)
    if ending:
        return found._replace(phase=worst or "Successful", message=message)
    if not everything or not worst:
        return found._replace(phase="Running")
    return found._replace(phase=worst, message=message)


class _Tally:
    """A summary of metrics by phase; what is zero is not written."""

    def __init__(self) -> None:
        self.shown: Mapping = {}

    def add(self, field: str) -> None:
        self.shown[field] = self.shown.get(field, 0) + 1


def _turned(result: Mapping, phase: str) -> Mapping:
    """The result with a new phase, and the message of the measurement that made it so."""
    turned = {**result, "phase": phase}
    turned.pop("message", None)
    said = text(last_measurement(result) or {}, "message")
    return {**turned, "message": said} if said else turned


def _reason(metric: Mapping, result: Mapping, phase: str) -> str:
    _, reason = limit_passed(metric, result)
    if not reason:
        return ""
    said = text(result, "message")
    return f'Metric "{text(metric, "name")}" assessed {phase} due to {reason}' + (
        f': "Error Message: {said}"' if said else ""
    )


def metric_done(run: Mapping, name: str) -> bool:
    """Whether a metric has its final phase."""
    result = result_of(mapping(run, "status"), name)
    return result is not None and completed(text(result, "phase"))
