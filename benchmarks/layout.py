"""What drawing one screen costs, by the number of pods: facts, layout and text, decoding excluded.

python -m benchmarks.layout
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time

import msgspec

from benchmarks.clusters import rollout as make_rollout
from benchmarks.measure import run_once
from kubectl_rollouts.rollout.info import RolloutObjects, rollout_info
from kubectl_rollouts.rollout.objects import Pod, ReplicaSet, Rollout
from kubectl_rollouts.view.exact import write_screen
from kubectl_rollouts.view.tree import rollout_screen


def objects_of(pods: int) -> RolloutObjects:
    """A rollout of so many pods, decoded."""
    items = make_rollout("web", 2, pods)

    def texts(kind: str) -> list[str]:
        return [json.dumps(item) for item in items if item["kind"] == kind]

    return RolloutObjects(
        msgspec.json.decode(texts("Rollout")[0], type=Rollout),
        [msgspec.json.decode(text, type=ReplicaSet) for text in texts("ReplicaSet")],
        [msgspec.json.decode(text, type=Pod) for text in texts("Pod")],
    )


def seconds_for(pods: int, runs: int = 7) -> float:
    """The median time from objects to text."""
    objects = objects_of(pods)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        write_screen(rollout_screen(rollout_info(objects), time.time()), True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> int:
    """Print a line for each size."""
    gc.set_threshold(100_000)  # as the program does, cli/main.py
    bare = statistics.median(run_once([sys.executable, "-c", "pass"], {}).seconds for _ in range(11))
    print(f"{'pods':>6}{'ms':>9}{'us a pod':>10}{'interpreter starts':>20}")
    for pods in (100, 1_000, 2_000, 10_000):
        taken = seconds_for(pods)
        print(f"{pods:>6}{taken * 1e3:>9.1f}{taken / pods * 1e6:>10.1f}{taken / bare:>20.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
