"""The tables of `list` (spec/view.md §8, §13.4)."""

from __future__ import annotations

from msgspec.structs import replace

from kubectl_rollouts.rollout.rows import ExperimentListRow, ListRow
from kubectl_rollouts.view.lists import experiments_table, rollouts_table
from tests.support.objects import DAY, HOUR, NOON

R = ListRow("ns", "r", "Canary", "Healthy", "-", "100", "3/3", 3, 3, 3)
LONG = ListRow("ns", "a-very-long-rollout-name", "BlueGreen", "Paused", "-", "-", "0/0", 1, 0, 0)
X = ListRow("ns", "x", "unknown", "Progressing", "-", "-", "0/0", 1, 0, 0)
TITLES = "NAME  STRATEGY  STATUS  STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE\n"


def test_rollouts() -> None:
    assert rollouts_table([R, LONG, X]).split("\n") == [
        "NAME                      STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE",
        "r                         Canary     Healthy       -     100         3/3    3        3           3        ",
        "a-very-long-rollout-name  BlueGreen  Paused        -     -           0/0    1        0           0        ",
        "x                         unknown    Progressing   -     -           0/0    1        0           0        ",
        "",
    ]


def test_with_timestamps_and_namespaces() -> None:
    assert rollouts_table([R, R], namespaces=True, times=[NOON, NOON + 1.9]).split("\n") == [
        "TIMESTAMP             NAMESPACE  NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  "
        "UP-TO-DATE  AVAILABLE",
        "2026-08-17T12:00:00Z  ns         r           Canary     Healthy       -     100         3/3    3        "
        "3           3        ",
        "2026-08-17T12:00:01Z  ns         r           Canary     Healthy       -     100         3/3    3        "
        "3           3        ",
        "",
    ]


def test_a_list_of_nothing_is_its_titles() -> None:
    assert rollouts_table([]) == TITLES
    assert rollouts_table([], namespaces=True) == "NAMESPACE  " + TITLES
    assert rollouts_table([], times=[]) == "TIMESTAMP  " + TITLES


def test_batches_of_a_watched_list_are_laid_out_by_themselves() -> None:
    assert rollouts_table([], titles=False) == ""
    line = "r           Canary     Healthy       -     100         3/3    3        3           3        \n"
    assert rollouts_table([R], titles=False) == line


def test_widths_seen_before_keep_columns_in_their_places() -> None:
    widths: list[int] = []
    table = rollouts_table([R, LONG], namespaces=True, times=[NOON] * 2, widths=widths)
    assert table == rollouts_table([R, LONG], namespaces=True, times=[NOON] * 2)
    later = rollouts_table([X], namespaces=True, times=[NOON], titles=False, widths=widths)
    assert later.index("unknown") == table.index("STRATEGY")
    wider = rollouts_table([replace(R, name="n" * 40)], namespaces=True, times=[NOON], titles=False, widths=widths)
    assert wider.index("Canary") == wider.index("n" * 40) + 42
    assert rollouts_table([X], namespaces=True, times=[NOON], titles=False, widths=widths).index("unknown") == (
        wider.index("Canary")
    )


def test_cases_of_the_reference() -> None:
    canary = ListRow("test", "can-guestbook", "Canary", "Progressing", "1/3", "10", "1/4", 5, 3, 2)
    blue_green = ListRow("test", "bg-guestbook", "BlueGreen", "Progressing", "-", "-", "1/4", 5, 3, 2)
    assert rollouts_table([canary, blue_green]).split("\n")[1:] == [
        "can-guestbook  Canary     Progressing   1/3   10          1/4    5        3           2        ",
        "bg-guestbook   BlueGreen  Progressing   -     -           1/4    5        3           2        ",
        "",
    ]


def test_experiments() -> None:
    rows = [
        ExperimentListRow("ns", "e1", "Running", 3600, NOON, NOON - HOUR),
        ExperimentListRow("ns", "e2", "Running", 5400, NOON + 3600, NOON - HOUR),
        ExperimentListRow("ns", "e3", "Successful", 7200, None, NOON - HOUR),
        ExperimentListRow("ns", "e4", "Running", None, None, NOON - HOUR),
        ExperimentListRow("ns", "e5", "", 600, None, None),
        ExperimentListRow("ns", "e6", "Pending", -300, None, NOON - HOUR),
        ExperimentListRow("ns", "e7", "Inconclusive", None, None, NOON - 7 * DAY),
    ]
    assert experiments_table(rows, NOON).split("\n") == [
        "NAME        STATUS        DURATION   REMAINING  AGE",
        "e1          Running       60m        -          60m",
        "e2          Running       90m        60m        60m",
        "e3          Successful    120m       -          60m",
        "e4          Running       -          -          60m",
        "e5                        10m        -          292y",
        "e6          Pending       <invalid>  -          60m",
        "e7          Inconclusive  -          -          7d ",
        "",
    ]
    assert experiments_table(rows[:1], NOON, namespaces=True).split("\n") == [
        "NAMESPACE  NAME        STATUS   DURATION  REMAINING  AGE",
        "ns         e1          Running  60m       -          60m",
        "",
    ]
    half = ExperimentListRow("ns", "e", "Running", 3600, NOON + 0.5, NOON)
    assert "3600" not in experiments_table([half], NOON)
    assert experiments_table([half], NOON).split("\n")[1] == "e           Running  60m       0s         0s "


def test_what_the_cluster_says_is_shown_not_obeyed() -> None:
    odd = ListRow("n\x1b", "a\nb", "Canary", "Pau\tsed", "-", "-", "0/0", 1, 0, 0)
    table = rollouts_table([odd], namespaces=True)
    assert r"n\x1b      a\nb        Canary     Pau\tsed" in table
    assert table.count("\n") == 2
    experiment = ExperimentListRow("n\x1b", "e\u202e", "S\x07", None, None, NOON)
    assert r"n\x1b      e\u202e     S\x07" in experiments_table([experiment], NOON, namespaces=True)
