"""The `job` provider: a measurement is a Job that succeeds or fails (spec/controller.md §9.6)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation.access import Mapping, at, mapping, mappings, string_map, text
from kubectl_rollouts.sandbox.controllers.analysis.measurement import Answer, Question, error
from kubectl_rollouts.sandbox.objects import (
    Object,
    name_of,
    namespace_of,
    owned_by,
    owner_reference,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Create, Delete

JOB_NAME = "job-name"
JOB_NAMESPACE = "job-namespace"
_PREFIX = "analysisrun.argoproj.io"
_STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")
_LONGEST = 63


class JobProvider:
    """Creates Jobs and waits for their end."""

    def begin(self, question: Question) -> Answer | None:
        """Create the Job; the measurement runs until the Job ends."""
        job = _job(question)
        metadata = {JOB_NAME: name_of(job), JOB_NAMESPACE: namespace_of(job)}
        there = question.world.get("Job", namespace_of(job), name_of(job))
        if there is None:
            return Answer("Running", metadata=metadata, changes=[Create(job)])
        if not owned_by(there, uid_of(question.run)):
            return error(f'jobs.batch "{name_of(job)}" already exists')
        return Answer("Running", metadata=metadata)

    def resume(self, question: Question, measurement: Mapping) -> Answer | None:
        """Running until the Job has a final condition, or its pod can never start."""
        name, namespace = _job_of(question, measurement)
        job = question.world.get("Job", namespace, name)
        if job is None:
            return error(f'jobs.batch "{name}" not found')
        for condition in mappings(job, "status", "conditions"):
            if text(condition, "status") == "True":
                if text(condition, "type") == "Complete":
                    return Answer("Successful")
                if text(condition, "type") == "Failed":
                    return Answer("Failed")
        stuck = _stuck(question, job)
        return Answer("Inconclusive", message=stuck) if stuck else Answer("Running")

    def stop(self, question: Question, measurement: Mapping) -> Answer:
        """Delete the Job."""
        name, namespace = _job_of(question, measurement)
        gone = Delete("Job", namespace, name)
        return Answer("Inconclusive", message="Metric Terminated", changes=[gone])


def discarded_jobs(run: Object, measurements: list[Mapping]) -> list[Delete]:
    """The Jobs of measurements that are no longer kept."""
    found = [string_map(measurement, "metadata") for measurement in measurements]
    return [
        Delete("Job", metadata.get(JOB_NAMESPACE) or namespace_of(run), metadata[JOB_NAME])
        for metadata in found
        if metadata.get(JOB_NAME)
    ]


def _job_of(question: Question, measurement: Mapping) -> tuple[str, str]:
    metadata = string_map(measurement, "metadata")
    return metadata.get(JOB_NAME, ""), metadata.get(JOB_NAMESPACE) or namespace_of(question.run)


def _job(question: Question) -> Object:
    run, metric = question.run, question.metric
    wanted = mapping(metric, "provider", "job")
    name = f"{uid_of(run)}.{text(metric, 'name')}.{question.done + 1}"[:_LONGEST].rstrip(".-")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace_of(run),
            "labels": {**string_map(wanted, "metadata", "labels"), f"{_PREFIX}/uid": uid_of(run)},
            "annotations": {
                **string_map(wanted, "metadata", "annotations"),
                f"{_PREFIX}/name": name_of(run),
                f"{_PREFIX}/namespace": namespace_of(run),
                f"{_PREFIX}/metric-name": text(metric, "name"),
            },
            "ownerReferences": [owner_reference(run)],
        },
        "spec": mapping(wanted, "spec"),
    }


def _stuck(question: Question, job: Object) -> str:
    """Why a pod of the Job never starts, "" when none is in that trouble."""
    for pod in question.world.owned("Pod", uid_of(job)):
        for container in mappings(pod, "status", "containerStatuses"):
            waiting = at(container, "state", "waiting")
            if text(waiting, "reason") in _STUCK:
                said = text(waiting, "message")
                return f"pod {name_of(pod)} cannot start: {text(waiting, 'reason')}" + (f": {said}" if said else "")
    return ""
