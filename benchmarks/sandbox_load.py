"""A sandbox under load: 200 rollouts of 5 pods released at once, while somebody else asks for one of them.

    python -m benchmarks.sandbox_load [--rollouts N] [--replicas N] [--json FILE]

A sandbox is started as a user starts it, on loopback, and asked over HTTP only. What is measured and checked:

* one release alone, then all releases at once: how long until every rollout is Healthy at its newest generation with
  exactly its pods, and nothing moves any more (no reconcile was lost);
* meanwhile, from a process of its own: how long GETs and LISTs of one rollout and of its pods take, LISTs of all, and
  patches (of a ConfigMap, so that they start nothing);
* watches of rollouts, replica sets and pods: whether their last event of every object is the object as it is;
* the memory of the sandbox.

Exit status 1 when a promise is broken. Ends within two minutes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.__main__ import ROOT, SCRIPT

SLOWEST_ANSWER = 0.1
MOST_TIMES_ALONE = 2.0
PATIENCE = 45.0
"""Seconds that a release of all may take before the benchmark gives up."""
QUIET = 2.0
"""Seconds without a change after which everything counts as settled."""
CALM = 0.01
"""Seconds between two questions of the prober."""
SENDERS = 8
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"
REPLICA_SETS = "/apis/apps/v1/namespaces/default/replicasets"
PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
Object = dict[str, Any]


class Connection:
    """A kept connection to the sandbox."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request; raises RuntimeError for an answer that is no success."""
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        self._http.request(method, path, None if body is None else msgspec.json.encode(body), headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return msgspec.json.decode(content)

    def close(self) -> None:
        """Close it."""
        self._http.close()


class Watch(threading.Thread):
    """Follows a collection and keeps the last event of every object."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.last: dict[str, Object | None] = {}
        self.events = 0
        self.changed = time.monotonic()
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._http.request("GET", f"{path}?watch=true&timeoutSeconds=110")
        self._answer = self._http.getresponse()

    def run(self) -> None:
        """Read until the server ends the stream."""
        for line in self._answer:
            event = msgspec.json.decode(line)
            self.last[event["object"]["metadata"]["name"]] = None if event["type"] == "DELETED" else event["object"]
            self.events += 1
            self.changed = time.monotonic()

    def missed(self, items: Sequence[Object]) -> list[str]:
        """Names of the objects whose last event is not what a list says."""
        stored = {each["metadata"]["name"]: each for each in items}
        seen = {name: obj for name, obj in self.last.items() if obj is not None}
        return sorted(
            name
            for name in stored.keys() | seen.keys()
            if (stored.get(name) or {}).get("metadata") != (seen.get(name) or {}).get("metadata")
        )


def rollout(name: str, replicas: int) -> Object:
    """A canary of two steps without a pause: all the time it takes is the pods' and the controllers'."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
            "strategy": {"canary": {"steps": [{"setWeight": 20}, {"setWeight": 60}]}},
        },
    }


def send(port: int, requests: Sequence[tuple[str, str, object]]) -> None:
    """Send all requests over a few connections, as fast as they are answered."""
    local = threading.local()

    def one(request: tuple[str, str, object]) -> None:
        if not hasattr(local, "connection"):
            local.connection = Connection(port)
        local.connection.ask(*request)

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(one, requests))


def settled(rollouts: dict[str, Object | None], names: Sequence[str], image: str) -> bool:
    """Whether these rollouts are Healthy at their newest generation, with that image."""
    for name in names:
        found = rollouts.get(name)
        if found is None:
            return False
        status = found.get("status") or {}
        if (
            found["spec"]["template"]["spec"]["containers"][0]["image"] != image
            or status.get("observedGeneration") != str(found["metadata"]["generation"])
            or status.get("phase") != "Healthy"
        ):
            return False
    return True


def until_settled(watch: Watch, names: Sequence[str], image: str, started: float) -> float:
    """Seconds from `started` until the rollouts are settled; raises RuntimeError after a while."""
    checked = -1
    while time.monotonic() - started < PATIENCE:
        if watch.events != checked:
            checked = watch.events
            if settled(dict(watch.last), names, image):
                return watch.changed - started
        time.sleep(0.02)
    late = [name for name in names if not settled(dict(watch.last), [name], image)]
    raise RuntimeError(f"{len(late)} of {len(names)} rollouts not settled within {PATIENCE:.0f} s: {late[:5]}")


def until_quiet(watches: Sequence[Watch]) -> None:
    """Wait until nothing has changed for a while; raises RuntimeError when that does not happen."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        if time.monotonic() - max(watch.changed for watch in watches) > QUIET:
            return
        time.sleep(0.1)
    raise RuntimeError("the cluster does not come to rest")


def astray(port: int, names: Sequence[str], replicas: int) -> list[str]:
    """What is not as it should be when all has settled: pods too many or too few, old replica sets not empty."""
    asked = Connection(port)
    pods: dict[str, int] = {}
    for pod in asked.ask("GET", PODS)["items"]:
        if not pod["metadata"].get("deletionTimestamp"):
            pods[pod["metadata"]["labels"]["app"]] = pods.get(pod["metadata"]["labels"]["app"], 0) + 1
    sizes: dict[str, list[int]] = {}
    for each in asked.ask("GET", REPLICA_SETS)["items"]:
        sizes.setdefault(each["metadata"]["labels"]["app"], []).append(each["spec"]["replicas"])
    asked.close()
    found = [f"{name}: {pods.get(name, 0)} pods" for name in names if pods.get(name, 0) != replicas]
    return found + [
        f"{name}: replica sets of {sizes.get(name)}"
        for name in names
        if sorted(sizes.get(name, [])) != [0] * (len(sizes.get(name, [])) - 1) + [replicas]
    ]


def probe(port: int, name: str) -> None:
    """Ask for one rollout again and again until stdin ends; print seconds by kind of question."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    questions = {
        "GET rollout": ("GET", f"{ROLLOUTS}/{name}"),
        "LIST by name": ("GET", f"{ROLLOUTS}?fieldSelector=metadata.name%3D{name}"),
        "LIST its pods": ("GET", f"{PODS}?labelSelector=app%3D{name}"),
        "PATCH": ("PATCH", f"{CONFIG_MAPS}/probe-{name}"),
        "LIST all rollouts": ("GET", ROLLOUTS),
    }
    Connection(port).ask("POST", CONFIG_MAPS, {"metadata": {"name": f"probe-{name}"}})
    raw = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = {key: [] for key in questions}
    turn = 0
    while not ended.is_set():
        turn += 1
        for key, (method, path) in questions.items():
            if key == "LIST all rollouts" and turn % 10:
                continue
            started = time.perf_counter()
            body = msgspec.json.encode({"data": {"turn": str(turn)}}) if method == "PATCH" else None
            raw.request(method, path, body, {"Content-Type": "application/merge-patch+json"} if body else {})
            answer = raw.getresponse()
            answer.read()
            taken[key].append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status}")
            time.sleep(CALM)
    raw.close()
    print(json.dumps(taken))


@contextmanager
def prober(port: int, name: str) -> Iterator[dict[str, list[float]]]:
    """A prober in a process of its own while the block runs; the answers' seconds are there afterwards."""
    command = [sys.executable, "-m", "benchmarks.sandbox_load", "--probe", name, "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found: dict[str, list[float]] = {}
    try:
        yield found
        output, _ = process.communicate("", timeout=40)
        found.update(json.loads(output))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@contextmanager
def running_sandbox(folder: Path) -> Iterator[tuple[int, int]]:
    """A sandbox as a user starts it: its port and process."""
    env = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    command = [str(SCRIPT), "sandbox", "start"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield int(line.split("127.0.0.1:")[1].split()[0]), process.pid
    finally:
        process.terminate()
        process.communicate(timeout=20)


def memory(pid: int) -> dict[str, float]:
    """Resident memory now and at its peak, in MB; empty where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return {"memory_mb": found["VmRSS"], "peak_mb": found["VmHWM"]}


def measure(count: int, replicas: int) -> dict[str, Any]:
    """The whole benchmark on one sandbox."""
    names = [f"web-{number:03}" for number in range(count)]
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder)) as (port, pid):
        result: dict[str, Any] = {"rollouts": count, "replicas": replicas, **memory(pid)}
        result["empty_mb"] = result.pop("memory_mb", 0.0)
        watches = [Watch(port, path) for path in (ROLLOUTS, REPLICA_SETS, PODS)]
        for watch in watches:
            watch.start()
        follower = watches[0]

        def released(which: Sequence[str], image: str) -> float:
            patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}}
            started = time.monotonic()
            send(port, [("PATCH", f"{ROLLOUTS}/{name}", patch) for name in which])
            took = until_settled(follower, which, image, started)
            until_quiet(watches)
            return took

        alone = ["alone"]
        started = time.monotonic()
        send(port, [("POST", ROLLOUTS, rollout("alone", replicas))])
        result["create_alone_s"] = until_settled(follower, alone, "web:1", started)
        until_quiet(watches)
        result["alone_s"] = statistics.median(released(alone, f"web:{number}") for number in (2, 3))
        started = time.monotonic()
        with prober(port, "alone") as creating:
            send(port, [("POST", ROLLOUTS, rollout(name, replicas)) for name in names])
            result["create_all_s"] = until_settled(follower, names, "web:1", started)
            until_quiet(watches)
        with prober(port, names[count // 2]) as releasing:
            result["all_s"] = released(names, "web:2")
        result["answers"] = {"create": summary(creating), "release": summary(releasing)}
        result["astray"] = astray(port, [*alone, *names], replicas)
        asked = Connection(port)
        result["missed"] = [name for watch in watches for name in watch.missed(asked.ask("GET", watch.path)["items"])]
        asked.close()
        result["events"] = sum(watch.events for watch in watches)
        result.update(memory(pid))
    return result


def summary(taken: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Number, median, 99th percentile and worst of the answers to each kind of question, in ms."""
    return {
        key: {
            "count": len(each),
            "median_ms": statistics.median(each) * 1000,
            "p99_ms": sorted(each)[int(len(each) * 0.99)] * 1000,
            "worst_ms": max(each) * 1000,
        }
        for key, each in taken.items()
        if each
    }


def broken(result: dict[str, Any]) -> list[str]:
    """The promises that were not kept."""
    found = [f"astray: {each}" for each in result["astray"][:5]]
    found += [f"a watch did not see the last state of {name}" for name in result["missed"][:5]]
    if result["all_s"] > MOST_TIMES_ALONE * result["alone_s"]:
        found.append(f"all releases took {result['all_s'] / result['alone_s']:.2f} times one release")
    for when, answers in result["answers"].items():
        for question, each in answers.items():
            if each["worst_ms"] > SLOWEST_ANSWER * 1000:
                found.append(f"{when}: {question} took {each['worst_ms']:.0f} ms")
    return found


def main() -> int:
    """Measure, print, compare with the promises."""
    parser = argparse.ArgumentParser(description="a sandbox under load")
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--replicas", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        probe(options.port, options.probe)
        return 0
    result = measure(options.rollouts, options.replicas)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    times = result["all_s"] / result["alone_s"]
    print(f"{result['rollouts']} rollouts of {result['replicas']} pods, {result['events']} events watched")
    print(f"create:  one {result['create_alone_s']:.1f} s, all {result['create_all_s']:.1f} s")
    print(f"release: one {result['alone_s']:.1f} s, all {result['all_s']:.1f} s ({times:.2f} times)")
    for when, answers in result["answers"].items():
        for question, each in answers.items():
            print(
                f"{when:8} {question:18} {each['count']:5} answers, median {each['median_ms']:6.1f} ms,"
                f" p99 {each['p99_ms']:6.1f} ms, worst {each['worst_ms']:6.1f} ms"
            )
    if "peak_mb" in result:
        empty, now, peak = (result[key] for key in ("empty_mb", "memory_mb", "peak_mb"))
        print(f"memory:  {empty:.0f} MB empty, {now:.0f} MB now, {peak:.0f} MB peak")
    problems = broken(result)
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
