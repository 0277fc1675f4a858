"""The canary's arithmetic against the tables of controller.md §3.2 to §3.4 and §4.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.sandbox.controllers.rollout.arithmetic import (
    Counts,
    Size,
    bounded_move,
    routed_canary,
    target_counts,
)
from kubectl_rollouts.sandbox.controllers.rollout.numbers import pause_seconds, surge_and_unavailable
from tests.sandbox.simulation import canary

WEIGHTS = (5, 10, 20, 25, 40, 50, 60, 75, 80)
CELLS = {
    (1, 1): "1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1",
    (1, 0): "0/1 0/1 0/1 0/1 0/1 1/0 1/0 1/0 1/0",
    (3, 1): "1/3 1/3 1/3 1/3 1/2 2/2 2/1 3/1 3/1",
    (3, 0): "1/2 1/2 1/2 1/2 1/2 2/1 2/1 2/1 2/1",
    (5, 1): "1/5 1/5 1/4 1/4 2/3 3/3 3/2 4/1 4/1",
    (5, 0): "1/4 1/4 1/4 1/4 2/3 3/2 3/2 4/1 4/1",
    (10, 1): "1/10 1/9 2/8 3/8 4/6 5/5 6/4 8/3 8/2",
    (10, 0): "1/9 1/9 2/8 3/7 4/6 5/5 6/4 8/2 8/2",
}


@pytest.mark.parametrize(
    ("replicas", "surge", "weight", "cell"),
    [(n, s, w, c) for (n, s), row in CELLS.items() for w, c in zip(WEIGHTS, row.split(), strict=True)],
)
def test_target_counts(replicas: int, surge: int, weight: int, cell: str) -> None:
    counts = target_counts(replicas, weight, surge)
    assert f"{counts.canary}/{counts.stable}" == cell


ANCHORS = """2 1 1/2, 2 50 1/1, 2 99 2/1, 4 25 1/3, 4 33 2/3, 4 80 4/1,
    10 18 2/9, 10 23 2/8, 10 24 3/8, 10 99 10/1, 7 0 0/7, 7 100 7/0"""


@pytest.mark.parametrize("anchor", ANCHORS.split(","))
def test_further_anchors_with_surge(anchor: str) -> None:
    replicas, weight, cell = anchor.split()
    counts = target_counts(int(replicas), int(weight), 1)
    assert f"{counts.canary}/{counts.stable}" == cell


def test_only_the_known_weights_leave_no_canary_without_surge() -> None:
    empty = [(n, w) for n in range(2, 60) for w in range(1, 100) if target_counts(n, w, 0).canary == 0]
    assert empty == [(2, 75), (5, 90), (10, 95), (25, 98), (50, 99)]


@given(st.integers(0, 60), st.integers(0, 100), st.integers(0, 5))
def test_target_counts_stay_within_one_pod_of_the_replicas(replicas: int, weight: int, surge: int) -> None:
    counts = target_counts(replicas, weight, surge)
    assert min(counts) >= 0
    assert sum(counts) in ({replicas, replicas + 1} if surge and replicas else {replicas})


@given(
    st.integers(1, 20),
    st.integers(0, 100),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(0, 25),
    st.integers(0, 25),
    st.integers(0, 25),
    st.integers(0, 25),
)
def test_a_move_breaks_no_limit_that_held(
    replicas: int, weight: int, surge: int, fewer: int, new: int, new_up: int, old: int, old_up: int
) -> None:
    unavailable = min(fewer, replicas) or (0 if surge else 1)
    canary_now, stable_now = Size(new, min(new, new_up)), Size(old, min(old, old_up))
    moved = bounded_move(
        target_counts(replicas, weight, surge),
        canary_now,
        stable_now,
        0,
        replicas=replicas,
        surge=surge,
        unavailable=unavailable,
    )
    assert min(moved) >= 0
    assert sum(moved) <= max(new + old, replicas + surge)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "weights", "course"),
    [
        (1, 1, 0, (20, 50, 80, 100), "1/0 1/1 0/1"),
        (3, 1, 0, (20, 50, 80, 100), "3/0 3/1 2/1 2/2 1/2 1/3 0/3"),
        (5, 2, 1, (20, 40, 60, 80, 100), "5/0 4/0 4/1 3/1 3/2 2/2 2/3 1/3 1/4 0/4 0/5"),
        (5, 1, 0, (20, 50, 80, 100), "5/0 5/1 4/1 4/2 3/2 3/3 2/3 2/4 1/4 1/5 0/5"),
        (10, 3, 2, (20, 50, 80, 100), "10/0 8/0 8/2 6/2 6/5 5/5 3/5 3/8 2/8 0/8 0/10"),
        (10, 3, 0, (20, 50, 80, 100), "10/0 10/2 8/2 8/5 5/5 5/8 2/8 2/10 0/10"),
        (10, 0, 1, (20,), "10/0 9/0 9/1 8/1 8/2"),
        (10, 3, 2, (100,), "10/0 8/0 8/5 3/5 3/10 0/10"),
    ],
)
def test_moves_one_replica_set_at_a_time(
    replicas: int, surge: int, unavailable: int, weights: tuple[int, ...], course: str
) -> None:
    """Stable first, then the canary, pods ready in between (controller.md §3.4, the second table)."""
    stable, new = replicas, 0
    seen = [f"{stable}/{new}"]
    for weight in weights:
        while True:
            counts = bounded_move(
                target_counts(replicas, weight, surge),
                Size(new, new),
                Size(stable, stable),
                0,
                replicas=replicas,
                surge=surge,
                unavailable=unavailable,
            )
            if counts == Counts(new, stable):
                break
            if counts.stable != stable:
                stable = counts.stable
            else:
                new = counts.canary
            seen.append(f"{stable}/{new}")
    assert " ".join(seen) == course


@pytest.mark.parametrize(("replicas", "surge", "unavailable"), [(1, 1, 0), (3, 1, 0), (4, 1, 1), (5, 2, 1), (10, 3, 2)])
def test_default_surge_and_unavailable(replicas: int, surge: int, unavailable: int) -> None:
    assert surge_and_unavailable(canary(replicas=replicas)) == (surge, unavailable)


@pytest.mark.parametrize(
    ("surge", "unavailable", "expected"),
    [(0, 0, (0, 1)), ("3", 0, (1, 0)), ("50%", "50%", (5, 5)), (20, 20, (20, 10)), ("many", "x", (0, 1))],
)
def test_surge_and_unavailable_as_written(surge: int | str, unavailable: int | str, expected: tuple[int, int]) -> None:
    rollout = canary(replicas=10, maxSurge=surge, maxUnavailable=unavailable)
    assert surge_and_unavailable(rollout) == expected


def test_routed_canary() -> None:
    rows = {1: (1, 1, 1, 1, 1, 1, 1), 3: (1, 1, 1, 1, 2, 3, 3), 5: (1, 1, 1, 2, 3, 4, 5), 10: (1, 1, 2, 3, 5, 8, 10)}
    for replicas, row in rows.items():
        assert tuple(routed_canary(replicas, w) for w in (5, 10, 20, 25, 50, 80, 100)) == row


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(None, 0), (10, 10), ("10", 10), ("10s", 10), ("1h30m", 5400), ("500ms", 0), ("1d", -1), ("-0.5s", 0)],
)
def test_pause_seconds(duration: int | str | None, seconds: int) -> None:
    assert pause_seconds({} if duration is None else {"duration": duration}) == seconds
