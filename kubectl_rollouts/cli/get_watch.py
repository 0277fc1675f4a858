"""`get … --watch`: a release followed on the screen, or in a pipe frame by frame (spec/view.md §5)."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cli.session import Session
from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.release.fetch import fetch
from kubectl_rollouts.release.follow import Followed, Follower
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.info import RolloutInfo
from kubectl_rollouts.view.live import Ending, Frames, end_by, run_live
from kubectl_rollouts.view.spans import Screen
from kubectl_rollouts.view.tree import experiment_screen, rollout_screen, stale_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_rollouts.rollout.experiments import ExperimentInfo
    from kubectl_rollouts.view.live import Display


def watch_rollout(
    session: Session,
    name: str,
    color: bool,
    timeout: float,
    namespace: str = "",
    until: Callable[[SimpleQueue[Any]], None] | None = None,
) -> int:
    """Follow a rollout until SIGINT or SIGTERM, or until `timeout` seconds have passed (0: for ever): exit status 0.

    `namespace` "" is the session's. `until` is given the queue of updates: it may end the screen with None.

    Interrupted before it could be read, it shows nothing and exits 1 (view.md Q30).
    """
    try:
        status, ending = _watch(session, ROLLOUTS, name, color, timeout if timeout > 0 else None, namespace, until)
    except KeyboardInterrupt:
        return 1
    if ending.signal is not None and ending.signal not in (signal.SIGINT, signal.SIGTERM):
        end_by(ending.signal)
    return status


def watch_experiment(session: Session, name: str, color: bool, namespace: str = "") -> int:
    """Follow an experiment until a signal ends the process."""
    status, ending = _watch(session, EXPERIMENTS, name, color, None, namespace, None)
    if ending.signal is not None:
        end_by(ending.signal)
    return status


def _watch(
    session: Session,
    root: Resource,
    name: str,
    color: bool,
    timeout: float | None,
    namespace: str,
    until: Callable[[SimpleQueue[Any]], None] | None,
) -> tuple[int, Ending]:
    """Follow until the end; the exit status is 1 when something could not be read at the start."""
    namespace = namespace or session.namespace
    render: Callable[[Any, float], Screen] = _plain_screen
    if session.is_terminal or session.parsed.more:
        from kubectl_rollouts.cli.output import get_watch as more

        if more.lines_wanted(session):
            return more.watch_lines(session, root, name, timeout, namespace, until)
        render = more.renderer(session) or render
    if render is _plain_screen:
        fetched = fetch(session.client(), namespace, root, name, to_follow=True)
    else:
        fetched = more.fetch_to_watch(session, root, name, namespace)
    fetched.held.info()  # what cannot be shown at all is an error before the first frame
    updates: SimpleQueue[Any] = SimpleQueue()
    for problem in fetched.problems:
        session.warn(f"Error: {problem}")
    display = _display(session, color)
    deliver = updates.put if display.terminal else _ForPipe(updates).put
    Follower(session.client(), fetched, deliver).start()
    if until is not None:
        until(updates)
    return (1 if fetched.problems else 0), run_live(updates, _Renderer(display.terminal, render), display, timeout)


def _display(session: Session, color: bool) -> Display:
    if session.is_terminal:
        from kubectl_rollouts.view.terminal import DumbScreen, LiveScreen

        return (DumbScreen if session.is_dumb else LiveScreen)(color, session.warn)
    return Frames(color, lambda text: session.say(text, end=""), lambda text: session.log("warning", text))


def _plain_screen(info: RolloutInfo | ExperimentInfo, now: float) -> Screen:
    return rollout_screen(info, now) if isinstance(info, RolloutInfo) else experiment_screen(info, now)


class _Renderer:
    """Draws what was followed. A terminal also shows when it is stale; a pipe gets the reference's frames."""

    def __init__(self, terminal: bool, screen: Callable[[Any, float], Screen]) -> None:
        self._terminal = terminal
        self._screen = screen

    def __call__(self, followed: Followed, now: float) -> Screen:
        screen = self._screen(followed.info, now)
        if not followed.stale or not self._terminal:
            return screen
        line = stale_line(followed.stale)
        return screen._replace(header=[line, *screen.header], brief=[line, *screen.brief])


class _ForPipe:
    """Between follower and pipe: frames for new facts only, and a line on stderr when they may be out of date."""

    def __init__(self, updates: SimpleQueue[Any]) -> None:
        self._updates = updates
        self._last: Followed | None = None

    def put(self, item: Any) -> None:
        """Take what the follower delivers."""
        last = self._last
        if not isinstance(item, Followed):
            self._updates.put(item)
            return
        self._last = item
        if item.stale and (last is None or item.stale != last.stale):
            self._updates.put(item.stale)
        if last is None or item.info != last.info:
            self._updates.put(item)
