"""The Job controller: pods until enough have succeeded or too many have failed (spec/controller.md §14)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.rollout.validation.access import Mapping, flag, integer, mapping, mappings, string_map, text
from kubectl_rollouts.sandbox.controllers.conditions import find_condition
from kubectl_rollouts.sandbox.controllers.job_pods import Course, course_of, ended_at
from kubectl_rollouts.sandbox.controllers.replica_set import NODE
from kubectl_rollouts.sandbox.objects import (
    Object,
    controller_of,
    deleting,
    name_of,
    namespace_of,
    owner_reference,
    time_text,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Create, Delete, Emit, Key, Outcome, Patch, World, soonest

KIND = "Job"
_COMPONENT = "job-controller"
_BACKOFF_LIMIT = 6
_FIRST_BACK_OFF, _LAST_BACK_OFF = 10.0, 360.0
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_PREFIX = 57


class JobController:
    """Runs Jobs and the pods that they own."""

    kind = KIND

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The Job itself, or the one that owns the pod."""
        if kind == KIND:
            return [(namespace_of(obj), name_of(obj))]
        if kind == "Pod":
            owner = controller_of(obj)
            if owner is not None and owner.get("kind") == KIND:
                return [(namespace_of(obj), owner["name"])]
        return ()

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """Bring the pods on, count them, and end the Job when it is decided."""
        job = world.get(KIND, namespace, name)
        pods = list(world.owned("Pod", uid_of(job))) if job is not None else []
        leaving = [pod for pod in pods if deleting(pod)] if job is not None else _orphans(namespace, name, world)
        changes: list[Change] = [_removed(pod) for pod in leaving]
        if job is None or deleting(job):
            return Outcome(changes)
        if _decided(job):
            left = _time_to_live(job, clock)
            if left == 0.0:
                return Outcome([*changes, Delete(KIND, namespace, name, uid=uid_of(job))])
            return Outcome(changes, left)
        staying = [pod for pod in pods if not deleting(pod)]
        courses = [course_of(pod, clock) for pod in staying]
        changes += _pod_changes(staying, courses)
        found = _Count.of(job, courses)
        verdict = _verdict(job, found, clock)
        again_in = soonest(*(course.again_in for course in courses), _deadline(job, clock))
        if verdict is None:
            created, wait = _new_pods(job, staying, found, clock)
            changes += created
            again_in = soonest(again_in, wait)
            found = found._replace(active=found.active + len(created) // 2)
        elif verdict.kind == "Failed":
            changes += [_removed(pod) for pod, course in zip(staying, courses, strict=True) if _works(course)]
            found = found._replace(active=0, ready=0)
        changes += _status_changes(job, found, verdict, clock)
        return Outcome(changes, again_in)


class _Count(NamedTuple):
    active: int
    ready: int
    succeeded: int
    failed: int
    restarts: int

    @classmethod
    def of(cls, job: Object, courses: list[Course]) -> _Count:
        """The pods by how they stand; pods that were deleted after their end stay counted as failed."""
        working = [course for course in courses if _works(course)]
        ready = sum(course.phase == "Running" for course in working)
        succeeded = sum(course.phase == "Succeeded" for course in courses)
        failed = sum(course.phase == "Failed" for course in courses)
        failed = max(failed, integer(job, "status", "failed") or 0)
        return cls(len(working), ready, succeeded, failed, sum(course.restarts for course in working))


class _Verdict(NamedTuple):
    kind: str
    reason: str
    message: str


def _works(course: Course) -> bool:
    return course.phase in ("Pending", "Running")


def _decided(job: Object) -> bool:
    status = mapping(job, "status")
    ends = (find_condition(status, kind) for kind in ("Complete", "Failed"))
    return any(end is not None and end["status"] == "True" for end in ends)


def _verdict(job: Object, found: _Count, clock: Clock) -> _Verdict | None:
    wanted = _completions(job)
    if found.succeeded >= wanted and not (found.active and wanted == 0):
        return _Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    limit = integer(job, "spec", "backoffLimit")
    limit = _BACKOFF_LIMIT if limit is None else limit
    if found.failed > limit or (found.restarts and found.restarts > limit):
        return _Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if _deadline(job, clock) == 0.0:
        return _Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def _completions(job: Object) -> int:
    completions = integer(job, "spec", "completions")
    return 1 if completions is None else completions


def _deadline(job: Object, clock: Clock) -> float | None:
    seconds, started = integer(job, "spec", "activeDeadlineSeconds"), text(job, "status", "startTime")
    return clock.left(parse_time(started), float(seconds)) if seconds is not None and started else None


def _time_to_live(job: Object, clock: Clock) -> float | None:
    seconds = integer(job, "spec", "ttlSecondsAfterFinished")
    if seconds is None:
        return None
    ended = max(parse_time(text(item, "lastTransitionTime")) for item in mappings(job, "status", "conditions"))
    return clock.left(ended, float(seconds))


# --- Pods ----------------------------------------------------------------------------------------------------------


def _orphans(namespace: str, job: str, world: World) -> list[Object]:
    """The pods of a Job that is gone."""
    found = []
    for pod in world.list("Pod", namespace):
        owner = controller_of(pod)
        if owner is not None and owner.get("kind") == KIND and owner.get("name") == job:
            found.append(pod)
    return found


def _removed(pod: Object) -> Delete:
    return Delete("Pod", namespace_of(pod), name_of(pod), grace=0, uid=uid_of(pod))


def _pod_changes(pods: list[Object], courses: list[Course]) -> list[Change]:
    """The statuses that are new."""
    changes: list[Change] = []
    for pod, course in zip(pods, courses, strict=True):
        old = mapping(pod, "status")
        if any(old.get(key) != value for key, value in course.status.items()):
            changes.append(Patch("Pod", namespace_of(pod), name_of(pod), {"status": course.status}, "status"))
    return changes


def _new_pods(job: Object, pods: list[Object], found: _Count, clock: Clock) -> tuple[list[Change], float | None]:
    """The pods that are missing, each with its event; or the real seconds until one may be created."""
    if flag(job, "spec", "suspend"):
        return [], None
    parallelism = integer(job, "spec", "parallelism")
    parallelism = 1 if parallelism is None else parallelism
    missing = min(parallelism, _completions(job) - found.succeeded) - found.active
    if missing <= 0:
        return [], None
    if found.failed:
        failures = [ended_at(pod) for pod in pods if text(pod, "status", "phase") == "Failed"]
        back_off = min(_FIRST_BACK_OFF * 2 ** min(found.failed - 1, 10), _LAST_BACK_OFF)
        left = clock.left(max(failures, default=clock.now), back_off)
        if left > 0:
            return [], left
    changes: list[Change] = []
    for index in range(missing):
        pod = _pod(job, f"{len(pods)}.{found.failed}.{index}.{clock.now}")
        message = f"Created pod: {name_of(pod)}"
        changes += [Create(pod), Emit(job, "Normal", "SuccessfulCreate", message, component=_COMPONENT)]
    return changes, None


def _pod(job: Object, salt: str) -> Object:
    template = mapping(job, "spec", "template")
    labels = {
        **string_map(template, "metadata", "labels"),
        "batch.kubernetes.io/controller-uid": uid_of(job),
        "batch.kubernetes.io/job-name": name_of(job),
        "controller-uid": uid_of(job),
        "job-name": name_of(job),
    }
    metadata: Mapping = {
        "name": f"{name_of(job)[:_LONGEST_PREFIX]}-{_suffix(uid_of(job) + salt)}",
        "namespace": namespace_of(job),
        "labels": labels,
        "ownerReferences": [owner_reference(job)],
    }
    if annotations := string_map(template, "metadata", "annotations"):
        metadata["annotations"] = annotations
    spec = {**mapping(template, "spec"), "nodeName": NODE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _suffix(seed: str) -> str:
    digest = hashlib.blake2b(seed.encode(), digest_size=5).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


# --- Status --------------------------------------------------------------------------------------------------------


def _status_changes(job: Object, found: _Count, verdict: _Verdict | None, clock: Clock) -> list[Change]:
    old = mapping(job, "status")
    now = time_text(clock.now)
    status: Mapping = {
        "startTime": old.get("startTime") or now,
        "active": found.active or None,
        "ready": found.ready,
        "succeeded": found.succeeded or None,
        "failed": found.failed or None,
        "terminating": 0,
        "uncountedTerminatedPods": {},
    }
    events: list[Change] = []
    if verdict is not None:
        status["conditions"] = _conditions(verdict, now)
        if verdict.kind == "Complete":
            status["completionTime"] = now
            events.append(Emit(job, "Normal", "Completed", "Job completed", component=_COMPONENT))
        else:
            events.append(Emit(job, "Warning", verdict.reason, verdict.message, component=_COMPONENT))
    changed = {key: value for key, value in status.items() if old.get(key) != value}
    if not changed:
        return events
    return [Patch(KIND, namespace_of(job), name_of(job), {"status": changed}, "status"), *events]


def _conditions(verdict: _Verdict, now: str) -> list[Mapping]:
    """The final condition, and the one that announces it."""
    announced = "SuccessCriteriaMet" if verdict.kind == "Complete" else "FailureTarget"
    return [
        {
            "type": kind,
            "status": "True",
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": verdict.reason,
            "message": verdict.message,
        }
        for kind in (announced, verdict.kind)
    ]
