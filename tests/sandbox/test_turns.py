"""Who goes first when requests and controllers want the interpreter at once."""

from __future__ import annotations

import threading

from kubectl_rollouts.sandbox.turns import LONGEST_PAUSE, Turns


def test_the_controllers_step_aside_until_the_answer_is_there() -> None:
    turns, order, asked = Turns(), list[str](), threading.Event()
    turns.__enter__()

    def reconcile() -> None:
        asked.set()
        while not order:
            turns.give_way()
        order.append("reconcile")

    worker = threading.Thread(target=reconcile)
    worker.start()
    asked.wait()
    order.append("answer")
    turns.__exit__()
    worker.join(10)
    assert order == ["answer", "reconcile"]


def test_the_controllers_go_on_among_requests_without_end() -> None:
    turns, done = Turns(), threading.Event()
    turns.__enter__()  # and never out again

    def reconcile() -> None:
        for _ in range(5):
            turns.give_way()
        done.set()

    threading.Thread(target=reconcile).start()
    assert done.wait(1000 * LONGEST_PAUSE)
