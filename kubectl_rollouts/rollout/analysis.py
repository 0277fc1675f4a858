"""Analysis runs and the jobs that measured for them (spec/view.md §6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.rollout.objects import AnalysisRunStatus, Measurement, MetricResult
from kubectl_rollouts.rollout.owners import age_order, created, revision
from kubectl_rollouts.rollout.times import object_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_rollouts.rollout.objects import AnalysisRun

JOB_NAME = "job-name"

_ICONS = {"Successful": "✔", "Inconclusive": "?", "Failed": "✖", "Error": "⚠", "Running": "◌", "Pending": "◷"}
_NO_STATUS = AnalysisRunStatus()
_NO_RESULT = MetricResult()
_NO_MEASUREMENT = Measurement()


class JobInfo(Struct, frozen=True, gc=False):
    """A job that took one measurement; `created` is when the measurement began, in epoch seconds (None: not said)."""

    name: str
    created: float | None
    status: str
    icon: str


class AnalysisRunInfo(Struct, frozen=True):
    """An AnalysisRun: `created` in epoch seconds (None: not said), measurements counted over all metrics."""

    name: str
    created: float | None
    revision: int
    status: str
    icon: str
    successful: int
    failed: int
    inconclusive: int
    error: int
    jobs: list[JobInfo]


def analysis_icon(phase: str) -> str:
    """The icon of an AnalysisRun's, a job's or an Experiment's phase; a space when none fits."""
    return _ICONS.get(phase, " ")


def analysis_run_infos(runs: Iterable[AnalysisRun]) -> list[AnalysisRunInfo]:
    """The analysis runs of one owner: newest revision first, then oldest first, then by name backwards (QUIRK 2).

    Raises Failure when a time in an object is not one.
    """
    infos = [_analysis_run_info(run) for run in runs]
    infos.sort(key=lambda info: info.name, reverse=True)
    infos.sort(key=lambda info: (-info.revision, age_order(info.created)))
    return infos


def _analysis_run_info(run: AnalysisRun) -> AnalysisRunInfo:
    meta, status = run.metadata, run.status or _NO_STATUS
    results = [result or _NO_RESULT for result in status.metric_results or ()]
    phase = status.phase or ""
    return AnalysisRunInfo(
        name=meta.name or "",
        created=created(meta, "AnalysisRun"),
        revision=revision(meta),
        status=phase,
        icon=analysis_icon(phase),
        successful=sum(result.successful or 0 for result in results),
        failed=sum(result.failed or 0 for result in results),
        inconclusive=sum(result.inconclusive or 0 for result in results),
        error=sum(result.error or 0 for result in results),
        jobs=_jobs(meta.name, results),
    )


def _jobs(run_name: str | None, results: list[MetricResult]) -> list[JobInfo]:
    # Of metrics with one name the first one's measurements stand for all, as in the reference.
    first: dict[str, MetricResult] = {}
    for result in results:
        first.setdefault(result.name or "", result)
    jobs = []
    for result in results:
        for item in first[result.name or ""].measurements or ():
            measurement = item or _NO_MEASUREMENT
            if measurement.metadata is None or JOB_NAME not in measurement.metadata:
                continue
            phase = measurement.phase or ""
            field = "status.metricResults.measurements.startedAt"
            jobs.append(
                JobInfo(
                    name=measurement.metadata[JOB_NAME] or "",
                    created=object_time(measurement.started_at, "AnalysisRun", run_name, field),
                    status=phase,
                    icon=analysis_icon(phase),
                )
            )
    return jobs
