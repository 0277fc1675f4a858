"""Threads that decode at once: in a process of its own, since what goes wrong takes the interpreter with it."""

from __future__ import annotations

from tests.support.cli import run_process

# Each round has types that no thread has decoded into before, and that share what they hold.
AT_ONCE = """
import sys, threading, msgspec
from kubectl_rollouts.cluster.decode import decode_page
from kubectl_rollouts.typed import convert

sys.setswitchinterval(1e-6)
ITEM = b'{"a": {"m1": {"f1": 1, "f29": 2}}, "many": [{"f3": 3}]}'

def run(barrier, type_):
    barrier.wait()
    page = decode_page(b'{"metadata": {"resourceVersion": "1"}, "items": [%b]}' % ITEM, type_, "x")
    assert page.items[0].a.m1.f29 == convert(msgspec.json.decode(ITEM), type_).a.m1.f29 == 2

for _ in range(20):
    deep = msgspec.defstruct("Deep", [(f"f{n}", "int | None", None) for n in range(30)])
    middle = msgspec.defstruct("Middle", [(f"m{n}", deep | None, None) for n in range(5)])
    barrier = threading.Barrier(4)
    threads = []
    for n in range(4):
        top = msgspec.defstruct(f"Top{n}", [("a", middle | None, None), ("many", list[deep] | None, None)])
        threads.append(threading.Thread(target=run, args=(barrier, top)))
        threads[-1].start()
    for thread in threads:
        thread.join()
print("whole")
"""


def test_types_are_built_by_one_thread_at_a_time() -> None:
    assert run_process("-c", AT_ONCE, program="python") == ("whole\n", "", 0)
