"""When metrics are measured: which now, and when to look again (spec/controller.md §9.5)."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_rollouts.rollout.templates import effective_count
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, present, text
from kubectl_rollouts.sandbox.controllers.analysis.assess import metric_done
from kubectl_rollouts.sandbox.controllers.analysis.state import (
    Instants,
    last_measurement,
    result_of,
    seconds,
    terminating,
)
from kubectl_rollouts.sandbox.objects import uid_of
from kubectl_rollouts.sandbox.world import Clock, soonest

ERROR_RETRY_SECONDS = 10.0


class Task(NamedTuple):
    """One metric to measure now; `unfinished` is the measurement to go on with."""

    metric: Mapping
    unfinished: Mapping | None = None


def due(run: Mapping, metrics: list[Mapping], clock: Clock, instants: Instants) -> list[Task]:
    """The metrics to measure now, in the order of the spec."""
    tasks = []
    ending = terminating(run)
    for metric in metrics:
        name = text(metric, "name")
        if metric_done(run, name):
            continue
        last = last_measurement(result_of(mapping(run, "status"), name))
        if last is not None and not present(last, "finishedAt"):
            tasks.append(Task(metric, last))
        elif not ending and wait(run, metric, clock, instants) == 0.0:
            tasks.append(Task(metric))
    return tasks


def next_look(run: Mapping, metrics: list[Mapping], clock: Clock, instants: Instants) -> float | None:
    """Real seconds until a metric is due; None when nothing happens by itself."""
    if terminating(run):
        return None
    waits = []
    for metric in metrics:
        name = text(metric, "name")
        last = last_measurement(result_of(mapping(run, "status"), name))
        if metric_done(run, name) or (last is not None and not present(last, "finishedAt")):
            continue
        waits.append(wait(run, metric, clock, instants))
    return soonest(*waits)


def wait(run: Mapping, metric: Mapping, clock: Clock, instants: Instants) -> float | None:
    """Real seconds until the next measurement of a metric that has none in flight; None: there is none to take."""
    status, uid, name = mapping(run, "status"), uid_of(run), text(metric, "name")
    result = result_of(status, name)
    last = last_measurement(result)
    if last is None:
        if not text(metric, "initialDelay"):
            return 0.0
        delay = seconds(metric["initialDelay"])
        started = text(status, "startedAt")
        begun = instants.exact(uid, "", started) if started else clock.now
        return clock.left(begun, delay)
    count = effective_count(metric)
    if count is not None and (integer(result, "count") or 0) >= count:
        return None
    interval = ERROR_RETRY_SECONDS
    if text(last, "phase") != "Error" and text(metric, "interval"):
        interval = seconds(metric["interval"])
    return clock.left(instants.exact(uid, name, text(last, "finishedAt")), interval)
