"""Analysis runs and jobs (spec/view.md §6.8)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.analysis import AnalysisRunInfo, analysis_icon
from tests.support.objects import NOON, ago, analysis_run, facts, rollout

Json = dict[str, Any]


def run_with(*results: Json | None, phase: str = "Running") -> AnalysisRunInfo:
    (found,) = facts(
        rollout(), analysis_run("ar", status={"phase": phase, "metricResults": list(results)})
    ).analysis_runs
    return found


def job(name: str | None, phase: str = "Successful", **more: Any) -> Json:
    return {"phase": phase, "metadata": {"job-name": name, "job-namespace": "x"}, **more}


def test_measurements_are_counted_over_all_metrics() -> None:
    info = run_with(
        {"name": "a", "successful": 3, "failed": 1, "dryRun": True},
        None,
        {"name": "b", "successful": 1, "inconclusive": 2, "error": 4, "failed": None},
    )
    assert (info.successful, info.failed, info.inconclusive, info.error) == (4, 1, 2, 4)


def test_jobs_are_the_measurements_that_name_one() -> None:
    info = run_with(
        {
            "name": "a",
            "measurements": [
                job("j1", "Error", startedAt=ago(5)),
                None,
                {"phase": "Failed"},
                {"phase": "Failed", "metadata": {"job-namespace": "x"}},
                job("j0", "Pending"),
            ],
        },
        {"name": "b", "measurements": [job(None)]},
    )
    assert [(one.name, one.created, one.icon, one.status) for one in info.jobs] == [
        ("j1", NOON - 5, "⚠", "Error"),
        ("j0", None, "◷", "Pending"),
        ("", None, "✔", "Successful"),
    ]


def test_of_metrics_with_one_name_the_first_one_stands_for_all() -> None:
    info = run_with(
        {"name": "a", "measurements": [job("j1")]},
        {"name": "b", "measurements": [job("j2")]},
        {"name": "a", "measurements": [job("j3")]},
        {"measurements": [job("j4")]},
        None,
    )
    assert [one.name for one in info.jobs] == ["j1", "j2", "j1", "j4", "j4"]


@pytest.mark.parametrize(
    ("phase", "icon"),
    [
        ("Successful", "✔"),
        ("Inconclusive", "?"),
        ("Failed", "✖"),
        ("Error", "⚠"),
        ("Running", "◌"),
        ("Pending", "◷"),
        ("", " "),
        ("Odd", " "),
    ],
)
def test_icons(phase: str, icon: str) -> None:
    assert analysis_icon(phase) == icon
    assert run_with(phase=phase).icon == icon


def test_newest_revision_first_then_oldest_then_name_backwards() -> None:
    info = facts(
        rollout(),
        analysis_run("a", age=5),
        analysis_run("c", age=5),
        analysis_run("b", age=5),
        analysis_run("young", age=1),
        analysis_run("undated", age=None),
        analysis_run("new", revision=2, age=1),
    )
    assert [one.name for one in info.analysis_runs] == ["new", "undated", "c", "b", "a", "young"]


def test_null_and_missing_read_as_zero() -> None:
    bare = {"kind": "AnalysisRun", "metadata": {"ownerReferences": [{"uid": "r"}]}, "status": None}
    (info,) = facts(rollout(), bare).analysis_runs
    assert (info.name, info.status, info.icon, info.jobs, info.revision) == ("", "", " ", [], 0)


def test_a_time_that_is_none_names_object_and_field() -> None:
    with pytest.raises(
        Failure, match=r'^AnalysisRun "ar": status.metricResults.measurements.startedAt is not a time: "x"$'
    ):
        run_with({"name": "a", "measurements": [job("j", startedAt="x")]})
