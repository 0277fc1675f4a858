"""Pods that start, fail and end by the clock (controller.md §14).

What a pod's status should be is a function of the pod and the time, so a pod needs no memory besides itself: its
age says how far it has come, its image tags and annotations whether it ever gets there.  Pods of Jobs are run by the
Job controller.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.conditions import condition, find_condition
from kubectl_rollouts.sandbox.objects import (
    FAIL_ANNOTATION,
    SETTINGS,
    Object,
    annotations_of,
    born_at,
    controller_of,
    created_at,
    deleting,
    meta,
    name_of,
    namespace_of,
    time_text,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Delete, Emit, Key, Outcome, Patch, World

# Real seconds after the creation, at a beat of the clock: all pods of a wave at once, so that they are counted once,
# and later than the pods that they replace are gone, so that a restart does not wait for its next look.
_READY_AFTER, _READY_SPREAD = 1.4, 0.2
_BEAT = 0.05
# Real seconds, counted from the (whole) second of the request to delete.
_GONE_AFTER = 1.3
_PULL_ERROR_SHOWN = 3.0
_FIRST_BACK_OFF, _LAST_BACK_OFF = 10.0, 300.0


class PodController:
    """Brings pods up, keeps the failing ones failing, and removes the deleted ones after a short grace."""

    kind = "Pod"

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The pod itself; when the settings change, all pods that are not ready yet."""
        if kind == "Pod":
            return () if _of_a_job(obj) else ((namespace_of(obj), name_of(obj)),)
        if kind == "ConfigMap" and (namespace_of(obj), name_of(obj)) == SETTINGS:
            return [(namespace_of(pod), name_of(pod)) for pod in world.list("Pod") if not is_ready(pod)]
        return ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """The status that the pod's age calls for, and when it changes next."""
        pod = world.get("Pod", namespace, name)
        if pod is None or _of_a_job(pod):
            return Outcome()
        if deleting(pod):
            left = _deletion_requested(pod) + _GONE_AFTER - clock.now
            if left > 0:
                return Outcome(again_in=left)
            return Outcome([Delete("Pod", namespace, name, grace=0, uid=uid_of(pod))])
        return _live(pod, ready_seconds(pod, world), clock)


def is_ready(pod: Object) -> bool:
    """Whether the pod's condition Ready is True."""
    ready = find_condition(pod.get("status") or {}, "Ready")
    return ready is not None and ready["status"] == "True"


def ready_since(pod: Object) -> float | None:
    """When the pod became ready (epoch seconds), None when it is not."""
    ready = find_condition(pod.get("status") or {}, "Ready")
    return parse_time(ready["lastTransitionTime"]) if ready is not None and ready["status"] == "True" else None


def image_tag(image: str) -> str:
    """The tag of an image, "" when it has none."""
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return tag.partition("@")[0] if colon else ""


def ready_seconds(pod: Object, world: World) -> float:
    """Real seconds that this pod takes to become ready: the setting, else 1 to 2 s, spread by its owner."""
    owner = (controller_of(pod) or {}).get("uid") or uid_of(pod)
    spread = _READY_SPREAD * _fraction(owner)
    settings = world.get("ConfigMap", *SETTINGS)
    chosen = ((settings or {}).get("data") or {}).get("podSeconds")
    try:
        seconds = max(0.0, float(chosen)) if chosen else _READY_AFTER
    except ValueError:
        seconds = _READY_AFTER
    born = born_at(pod)
    return math.ceil((born + seconds + spread) / _BEAT) * _BEAT - born


@lru_cache(maxsize=4096)
def _fraction(uid: str) -> float:
    """A number from 0 to 1 that is always the same for a uid."""
    return int(hashlib.blake2b(uid.encode(), digest_size=2).hexdigest(), 16) / 65536


def _of_a_job(pod: Object) -> bool:
    owner = controller_of(pod)
    return owner is not None and owner.get("kind") == "Job"


def _deletion_requested(pod: Object) -> float:
    asked = meta(pod)
    return parse_time(asked["deletionTimestamp"]) - float(asked.get("deletionGracePeriodSeconds") or 0)


def _live(pod: Object, ready_after: float, clock: Clock) -> Outcome:
    """A pod that is wanted: its containers as its age has them."""
    age = clock.now - born_at(pod)
    containers = pod["spec"].get("containers") or []
    broken = annotations_of(pod).get(FAIL_ANNOTATION)
    states = [_container(c, pod, age, ready_after, bool(broken), clock) for c in containers]
    statuses = [state for state, _ in states]
    soon = [left for _, left in states if left is not None]
    ready = bool(statuses) and all(state["ready"] for state in statuses)
    started = any("waiting" not in state["state"] for state in statuses) or any(
        state["restartCount"] for state in statuses
    )
    status = _status(pod, statuses, ready, started, clock.now)
    changes: list[Change] = []
    old = pod.get("status") or {}
    if any(old.get(key) != value for key, value in status.items()):
        changes.append(Patch("Pod", namespace_of(pod), name_of(pod), {"status": status}, "status"))
        changes += _events(pod, old, statuses)
    return Outcome(changes, min(soon) if soon else None)


def _container(
    container: Object, pod: Object, age: float, ready_after: float, broken: bool, clock: Clock
) -> tuple[Object, float | None]:
    """The status of one container, and the real seconds until it changes by itself."""
    image = container.get("image", "")
    tag = image_tag(image)
    made: Object = {
        "name": container["name"],
        "image": image,
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "started": False,
        "state": {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {},
    }
    if tag.startswith("bad"):
        return _never_pulled(made, age, ready_after)
    if age < ready_after:
        return made, ready_after - age
    made["imageID"] = f"sandbox/{image}"
    if tag.startswith("crash"):
        return _crashing(made, born_at(pod) + ready_after, clock)
    if broken:
        since = find_condition(pod.get("status") or {}, "Ready")
        turned = parse_time(since["lastTransitionTime"]) if since and since["status"] == "False" else clock.now
        return _crashing(made, turned, clock)
    made.update(ready=True, started=True)
    made["state"] = {"running": {"startedAt": time_text(born_at(pod) + ready_after)}}
    return made, None


def _never_pulled(made: Object, age: float, ready_after: float) -> tuple[Object, float | None]:
    image = made["image"]
    if age < ready_after:
        return made, ready_after - age
    shown = ready_after + _PULL_ERROR_SHOWN
    if age < shown:
        text = f'failed to pull and unpack image "{image}": not found'
        made["state"] = {"waiting": {"reason": "ErrImagePull", "message": text}}
        return made, shown - age
    made["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
    return made, None


def _crashing(made: Object, since: float, clock: Clock) -> tuple[Object, float | None]:
    """A container that ends as soon as it starts: its restarts get rarer, up to one in five minutes."""
    restarts, wait, at = 1, _FIRST_BACK_OFF, since
    while clock.now >= at + wait:
        restarts, at, wait = restarts + 1, at + wait, min(wait * 2, _LAST_BACK_OFF)
    ended = {"exitCode": 1, "reason": "Error", "startedAt": time_text(at), "finishedAt": time_text(at)}
    text = f"back-off {wait:.0f}s restarting failed container={made['name']}"
    made["restartCount"] = restarts
    made["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
    made["lastState"] = {"terminated": ended}
    return made, at + wait - clock.now


def _status(pod: Object, containers: list[Object], ready: bool, started: bool, now: float) -> Object:
    old = pod.get("status") or {}
    number = int(_fraction(uid_of(pod)) * 65536)
    unready = "" if ready else "ContainersNotReady"
    status: Object = {
        "phase": "Running" if started else "Pending",
        "startTime": time_text(created_at(pod)),
        "hostIP": "10.0.0.1",
        "hostIPs": [{"ip": "10.0.0.1"}],
        "qosClass": "BestEffort",
        "conditions": [
            condition(old, "PodScheduled", True, now),
            condition(old, "Initialized", True, now),
            condition(old, "ContainersReady", ready, now, unready),
            condition(old, "Ready", ready, now, unready),
        ],
        "containerStatuses": containers,
    }
    if started:
        status["podIP"] = f"10.244.{number >> 8}.{number & 255}"
        status["podIPs"] = [{"ip": status["podIP"]}]
    return status


def _events(pod: Object, old: Object, containers: list[Object]) -> list[Change]:
    """What a kubelet would have said about the states that are new."""
    before = {c["name"]: c["state"] for c in old.get("containerStatuses") or ()}
    events: list[Change] = []
    for container in containers:
        state, was = container["state"], before.get(container["name"], {})
        reason = state.get("waiting", {}).get("reason", "")
        if "running" in state and "running" not in was:
            events.append(_event(pod, "Normal", "Started", f"Started container {container['name']}"))
        elif reason == "ErrImagePull" and was.get("waiting", {}).get("reason") != reason:
            events.append(_event(pod, "Warning", "Failed", state["waiting"]["message"]))
        elif reason in ("ImagePullBackOff", "CrashLoopBackOff") and state != was:
            events.append(_event(pod, "Warning", "BackOff", state["waiting"]["message"]))
    return events


def _event(pod: Any, kind: str, reason: str, message: str) -> Emit:
    return Emit(pod, kind, reason, message, component="kubelet")
