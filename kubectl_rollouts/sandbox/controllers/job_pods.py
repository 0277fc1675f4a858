"""Pods of Jobs: they start, work for a moment and end (spec/controller.md §14).

A pod succeeds, or fails where an image tag starts with `fail` or `crash`; where it starts with `bad` it never starts.
A shell command that is plain enough is believed: `exit 3`, `false`, `sleep 20`.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.rollout.validation.access import Mapping, mapping, mappings, sequence, text
from kubectl_rollouts.sandbox.controllers.conditions import condition
from kubectl_rollouts.sandbox.controllers.pods import image_tag
from kubectl_rollouts.sandbox.objects import Object, born_at, created_at, time_text, uid_of
from kubectl_rollouts.sandbox.world import Clock

# Real seconds from the creation. A Job is done a moment after pods that were made with it are ready, as on a cluster,
# where its controller counts ended pods once a second only.
_STARTS_AFTER, _WORKS_FOR = 1.0, 1.6
_PULL_ERROR_SHOWN = 3.0
_FIRST_BACK_OFF, _LAST_BACK_OFF = 10.0, 300.0
_FAILING = ("fail", "crash")


class Course(NamedTuple):
    """What a pod of a Job is at: its status, and the real seconds until that changes by itself."""

    status: Object
    again_in: float | None
    restarts: int = 0

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded or Failed."""
        return text(self.status, "phase")


def course_of(pod: Object, clock: Clock) -> Course:
    """The status that the age of a pod calls for. A pod that has ended stays as it is."""
    old = mapping(pod, "status")
    if text(old, "phase") in ("Succeeded", "Failed"):
        return Course(old, None)
    containers = mappings(pod, "spec", "containers")
    # instants are compared, not ages: what is left until one is then never too small to move the clock
    begun = born_at(pod) + _STARTS_AFTER
    if any(image_tag(text(item, "image")).startswith("bad") for item in containers):
        return _never_pulled(pod, containers, begun, clock)
    if clock.now < begun:
        waiting = {"waiting": {"reason": "ContainerCreating"}}
        shown = [_container(item, waiting) for item in containers]
        return Course(_status(pod, "Pending", shown, clock), begun - clock.now)
    plans = [_plan(item) for item in containers]
    works = max((seconds for seconds, _ in plans), default=0.0) / clock.speed + _WORKS_FOR
    fails = any(code for _, code in plans)
    if fails and text(pod, "spec", "restartPolicy") == "OnFailure":
        return _restarting(pod, containers, plans, begun, works, clock)
    if clock.now < begun + works:
        running = {"running": {"startedAt": time_text(begun)}}
        shown = [_container(item, running, ready=True) for item in containers]
        return Course(_status(pod, "Running", shown, clock), begun + works - clock.now)
    shown = [
        _container(item, _ended(code, begun, begun + works)) for item, (_, code) in zip(containers, plans, strict=True)
    ]
    return Course(_status(pod, "Failed" if fails else "Succeeded", shown, clock), None)


def ended_at(pod: Object) -> float:
    """When a pod that has ended did so (epoch seconds), its creation where that is not said."""
    ends = [
        parse_time(text(item, "state", "terminated", "finishedAt"))
        for item in mappings(pod, "status", "containerStatuses")
        if text(item, "state", "terminated", "finishedAt")
    ]
    return max(ends, default=created_at(pod))


def _plan(container: Mapping) -> tuple[float, int]:
    """How long a container works (in the spec's seconds) and with which exit code it ends."""
    if image_tag(text(container, "image")).startswith(_FAILING):
        return 0.0, 1
    words = [word for word in sequence(container, "command") + sequence(container, "args") if isinstance(word, str)]
    script = words[-1] if words[1:2] == ["-c"] and len(words) > 2 else " ".join(words)
    seconds = sum(float(found) for found in re.findall(r"\bsleep\s+(\d{1,6}(?:\.\d+)?)", script))
    last = re.split(r"[;&|\n]+", script.strip().rstrip(";"))[-1].strip()
    exits = re.fullmatch(r"exit\s+(\d{1,3})", last)
    code = int(exits[1]) if exits else int(last == "false")
    return seconds, code


def _never_pulled(pod: Object, containers: list[Mapping], begun: float, clock: Clock) -> Course:
    creating = {"waiting": {"reason": "ContainerCreating"}}
    backs_off = begun + _PULL_ERROR_SHOWN
    found = []
    for container in containers:
        image = text(container, "image")
        if clock.now < begun or not image_tag(image).startswith("bad"):
            state: Object = creating
        elif clock.now < backs_off:
            message = f'failed to pull and unpack image "{image}": not found'
            state = {"waiting": {"reason": "ErrImagePull", "message": message}}
        else:
            state = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
        found.append(_container(container, state))
    left = next((limit - clock.now for limit in (begun, backs_off) if clock.now < limit), None)
    return Course(_status(pod, "Pending", found, clock), left)


def _restarting(
    pod: Object, containers: list[Mapping], plans: list[tuple[float, int]], begun: float, works: float, clock: Clock
) -> Course:
    """A pod that starts its containers again after a failure, later each time."""
    restarts, start, back_off = 0, begun, _FIRST_BACK_OFF
    while clock.now >= start + works + back_off / clock.speed:
        start += works + back_off / clock.speed
        restarts, back_off = restarts + 1, min(back_off * 2, _LAST_BACK_OFF)
    works_now = clock.now < start + works
    left = start + works - clock.now if works_now else start + works + back_off / clock.speed - clock.now
    found = []
    for container, (_, code) in zip(containers, plans, strict=True):
        if works_now:
            state: Object = {"running": {"startedAt": time_text(start)}}
        else:
            message = f"back-off {back_off:.0f}s restarting failed container={text(container, 'name')}"
            state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        shown = _container(container, state, ready=works_now)
        shown["restartCount"] = restarts
        if not works_now or restarts:
            shown["lastState"] = _ended(code, start, start + works)
        found.append(shown)
    failures = restarts if works_now else restarts + 1
    return Course(_status(pod, "Running", found, clock), left, failures)


def _ended(code: int, begun: float, ended: float) -> Object:
    return {
        "terminated": {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "startedAt": time_text(begun),
            "finishedAt": time_text(ended),
        }
    }


def _container(container: Mapping, state: Object, *, ready: bool = False) -> Object:
    image = text(container, "image")
    return {
        "name": text(container, "name"),
        "image": image,
        "imageID": "" if "waiting" in state else f"sandbox/{image}",
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
        "lastState": {},
    }


def _status(pod: Object, phase: str, containers: list[Object], clock: Clock) -> Object:
    old = mapping(pod, "status")
    ready = phase == "Running" and all(item["ready"] for item in containers)
    reason = "" if ready else "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
    number = int(hashlib.blake2b(uid_of(pod).encode(), digest_size=2).hexdigest(), 16)
    return {
        "phase": phase,
        "startTime": time_text(created_at(pod)),
        "hostIP": "10.0.0.1",
        "qosClass": "BestEffort",
        "conditions": [
            condition(old, "PodScheduled", True, clock.now),
            condition(old, "Initialized", True, clock.now),
            condition(old, "ContainersReady", ready, clock.now, reason),
            condition(old, "Ready", ready, clock.now, reason),
        ],
        "containerStatuses": containers,
        **({"podIP": f"10.244.{number >> 8}.{number & 255}"} if phase != "Pending" else {}),
    }
