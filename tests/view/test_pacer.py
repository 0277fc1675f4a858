"""When frames are drawn (spec/view.md §5), on a clock of our own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.view.pacer import FramePacer


def frames(news: list[float], until: float, *, late: bool, drawing: float = 0.0) -> list[float]:
    """When frames begin, given when news come; each takes `drawing` seconds."""
    pacer, now, drawn = FramePacer(0.0, late=late), 0.0, []
    left = sorted(news)
    while True:
        wake = now + pacer.wait(now)
        if left and left[0] <= wake:
            now = max(now, left.pop(0))
            # What came while a frame was drawn is taken together.
            while left and left[0] <= now:
                left.pop(0)
            draw = pacer.news(now)
        else:
            now, draw = wake, False
        if now > until:
            return drawn
        if pacer.due(now) or draw:
            drawn.append(now)
            now += drawing
            pacer.drawn(now)


def test_frames_that_stand_are_not_drawn_for_their_ages() -> None:
    pacer = FramePacer(0.0, late=True, ticks=False)
    assert pacer.news(0.5)
    pacer.drawn(0.5)
    assert not pacer.due(5.0)
    assert pacer.news(6.0)
    pacer.drawn(6.0)
    assert not pacer.news(6.1)
    assert not pacer.due(6.1)
    assert pacer.wait(6.1) == pytest.approx(0.1)
    assert pacer.due(6.21)


def test_the_first_news_are_drawn_at_once_and_ages_tick_every_second() -> None:
    assert frames([0.0], 3.5, late=False) == [0.0, 1.0, 2.0, 3.0]
    assert frames([0.0], 3.5, late=True) == [0.0, 1.0, 2.0, 3.0]


def test_a_pipe_sees_news_that_come_too_soon_with_the_next_tick_or_news() -> None:
    assert frames([0.0, 0.1], 1.5, late=False) == [0.0, 1.0]
    assert frames([0.0, 0.1, 0.5], 1.5, late=False) == [0.0, 0.5, 1.0]


def test_a_terminal_sees_them_as_soon_as_the_pace_allows() -> None:
    assert frames([0.0, 0.1], 1.1, late=True) == [0.0, pytest.approx(0.2), 1.0]
    assert frames([0.0, 0.1, 0.5], 1.1, late=True) == [0.0, pytest.approx(0.2), 0.5, 1.0]


def test_a_tick_just_after_a_frame_is_not_drawn() -> None:
    assert frames([0.0, 0.9], 2.1, late=False) == [0.0, 0.9, 2.0]
    assert frames([0.0, 0.9], 2.1, late=True) == [0.0, 0.9, 2.0]


def test_ticks_missed_while_drawing_are_not_made_up_for() -> None:
    assert frames([0.0], 9.0, late=False, drawing=2.5) == [0.0, 3.0, 6.0, 9.0]


moments = st.lists(st.floats(0, 5), min_size=1, max_size=30)


@given(moments, st.booleans(), st.floats(0, 0.5))
def test_frames_keep_their_distance_and_never_stop(news: list[float], late: bool, drawing: float) -> None:
    drawn = frames(news, 8.0, late=late, drawing=drawing)
    assert drawn
    assert drawn[0] in (pytest.approx(min(news)), pytest.approx(1.0))
    for one, other in pairwise(drawn):
        assert other - (one + drawing) >= 0.2 - 1e-9
        assert other - (one + drawing) <= 1.2 + 1e-9


@given(moments, st.booleans())
def test_the_newest_state_is_always_shown(news: list[float], late: bool) -> None:
    drawn = frames(news, 8.0, late=late)
    for moment in news:
        shown = min(one for one in drawn if one >= moment)
        assert shown - moment <= (0.2 if late else 1.2) + 1e-9
