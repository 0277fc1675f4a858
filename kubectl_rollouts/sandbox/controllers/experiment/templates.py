"""The ReplicaSets and Services of an Experiment's templates, and how each template stands (spec/controller.md §10)."""

from __future__ import annotations

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.rollout.validation.access import Mapping, integer, mapping, mappings, present, string_map, text
from kubectl_rollouts.sandbox.controllers.experiment.trial import Trial, entry
from kubectl_rollouts.sandbox.controllers.names import HASH, SCALE_DOWN_DEADLINE
from kubectl_rollouts.sandbox.controllers.rollout.hashes import pod_template_hash
from kubectl_rollouts.sandbox.objects import (
    Object,
    annotations_of,
    deleting,
    labels_of,
    name_of,
    owned_by,
    owner_reference,
    time_text,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Create, Delete, Patch

NAME = "experiment.argoproj.io/name"
TEMPLATE_NAME = "experiment.argoproj.io/template-name"
_PROGRESS_DEADLINE = 600
_SCALE_DOWN_DELAY = 30
_ENDS = ("Successful", "Failed", "Error")
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def template_status(trial: Trial, template: Mapping) -> Mapping:
    """Bring the ReplicaSet and Service of a template closer to what is wanted; return the template's new status."""
    name = text(template, "name")
    old = entry(mappings(trial.status, "templateStatuses"), name) or {}
    replica_set = _replica_set(trial, name)
    if replica_set is None:
        status = _created(trial, template, old)
    else:
        status = {**old, **_counts(replica_set), "podTemplateHash": labels_of(replica_set).get(HASH, "")}
        if _sized(trial, template, replica_set, old) or any(status[key] != old.get(key) for key in _COUNTS):
            status["lastTransitionTime"] = time_text(trial.clock.now)
        _serve(trial, template, replica_set, status)
    status["name"] = name
    if text(status, "status") not in _ENDS:
        _judge(trial, template, status)
    before, after = text(old, "status"), text(status, "status")
    if before != after:
        kind = "Warning" if after in ("Failed", "Error") else "Normal"
        trial.say(f"Template{after}", f"Template '{name}' transitioned from {before} -> {after}", kind)
    return status


def _wanted(trial: Trial, template: Mapping) -> int:
    """How many pods the template asks for."""
    replicas = integer(template, "replicas")
    return 1 if replicas is None else replicas


def _replica_set(trial: Trial, template: str) -> Object | None:
    for found in trial.world.owned("ReplicaSet", trial.uid):
        if annotations_of(found).get(TEMPLATE_NAME) == template and not deleting(found):
            return found
    return None


def _counts(replica_set: Object) -> Mapping:
    status = mapping(replica_set, "status")
    counts = {key: integer(status, key) or 0 for key in ("replicas", "readyReplicas", "availableReplicas")}
    return {**counts, "updatedReplicas": counts["replicas"]}


# --- ReplicaSets ---------------------------------------------------------------------------------------------------


def _created(trial: Trial, template: Mapping, old: Mapping) -> Mapping:
    """The status of a template whose ReplicaSet is made now, without pods."""
    collisions = integer(old, "collisionCount")
    name = f"{trial.name}-{text(template, 'name')}"
    status: Mapping = {**old, **dict.fromkeys(_COUNTS, 0)}
    taken = trial.world.get("ReplicaSet", trial.namespace, name)
    if taken is not None and not owned_by(taken, trial.uid):
        problem = f'replicasets.apps "{name}" already exists'
        message = f"Failed to create ReplicaSet for template '{text(template, 'name')}': {problem}"
        return {**status, "status": "Error", "message": message}
    pods = mapping(template, "template")
    value = pod_template_hash(pods, collisions)
    labels = {**string_map(pods, "metadata", "labels"), HASH: value}
    selector = mapping(template, "selector")
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": trial.namespace,
            "labels": {HASH: value},
            "annotations": {NAME: trial.name, TEMPLATE_NAME: text(template, "name")},
            "ownerReferences": [owner_reference(trial.experiment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": integer(template, "minReadySeconds") or 0,
            "selector": {**selector, "matchLabels": {**string_map(selector, "matchLabels"), HASH: value}},
            "template": {**pods, "metadata": {**mapping(pods, "metadata"), "labels": labels}},
        },
    }
    trial.changes.append(Create(made))
    return {**status, "podTemplateHash": value, "lastTransitionTime": time_text(trial.clock.now)}


def _sized(trial: Trial, template: Mapping, replica_set: Object, old: Mapping) -> bool:
    """Resize the ReplicaSet when it must be; whether it was."""
    now_at = integer(replica_set, "spec", "replicas")
    now_at = 1 if now_at is None else now_at
    deadline = annotations_of(replica_set).get(SCALE_DOWN_DEADLINE)
    if not trial.finished and text(old, "status") not in _ENDS:
        body: Mapping = {"spec": {"replicas": _wanted(trial, template)}}
        if deadline is not None:  # the experiment was retried
            body["metadata"] = {"annotations": {SCALE_DOWN_DEADLINE: None}}
        return _scaled(trial, replica_set, now_at, _wanted(trial, template), body)
    if now_at == 0:
        return False
    delay = trial.seconds_or("scaleDownDelaySeconds", _SCALE_DOWN_DELAY)
    if deadline is None and delay > 0:
        ends = trial.clock.after(delay)
        # written in whole seconds: rounded up, so that the delay is never shorter than asked for
        body = {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: time_text(ends + 0.999)}}}
        trial.changes.append(Patch("ReplicaSet", trial.namespace, name_of(replica_set), body))
        trial.instants.remember(uid_of(replica_set), SCALE_DOWN_DEADLINE, time_text(ends + 0.999), ends)
        return False
    if deadline is not None:
        try:
            ends = trial.instants.exact(uid_of(replica_set), SCALE_DOWN_DEADLINE, deadline)
        except ValueError:
            ends = trial.clock.now
        if trial.clock.now < ends:
            trial.look_again(ends - trial.clock.now)
            return False
    body = {"spec": {"replicas": 0}, "metadata": {"annotations": {SCALE_DOWN_DEADLINE: None}}}
    return _scaled(trial, replica_set, now_at, 0, body)


def _scaled(trial: Trial, replica_set: Object, now_at: int, wanted: int, body: Mapping) -> bool:
    if now_at == wanted and "metadata" not in body:
        return False
    name = name_of(replica_set)
    trial.changes.append(Patch("ReplicaSet", trial.namespace, name, body))
    if now_at == wanted:
        return False
    way = "up" if wanted > now_at else "down"
    trial.say("ScalingReplicaSet", f"Scaled {way} ReplicaSet {name} from {now_at} to {wanted}")
    return True


# --- Services ------------------------------------------------------------------------------------------------------


def _serve(trial: Trial, template: Mapping, replica_set: Object, status: Mapping) -> None:
    """Create the template's Service, or delete it when its pods are gone."""
    if not present(template, "service"):
        return
    name = text(template, "service", "name") or name_of(replica_set)
    service = trial.world.get("Service", trial.namespace, name)
    if integer(replica_set, "spec", "replicas") == 0 and (trial.finished or text(status, "status") in _ENDS):
        if service is not None and owned_by(service, trial.uid) and not status["availableReplicas"]:
            trial.changes.append(Delete("Service", trial.namespace, name))
            status.pop("serviceName", None)
        return
    ports = _ports(template)
    if not ports:
        return
    if service is not None and not owned_by(service, trial.uid):
        message = (
            f"Failed to create Service for template '{text(template, 'name')}': services \"{name}\" already exists"
        )
        status.update(status="Error", message=message)
        return
    status["serviceName"] = name
    if service is None:
        trial.changes.append(Create(_service(trial, name, replica_set, template, ports)))


def _ports(template: Mapping) -> list[Mapping]:
    found: list[Mapping] = []
    for container in mappings(template, "template", "spec", "containers"):
        for port in mappings(container, "ports"):
            number = integer(port, "containerPort") or 0
            made: Mapping = {"port": number, "targetPort": number, "protocol": text(port, "protocol") or "TCP"}
            found.append({"name": text(port, "name"), **made} if text(port, "name") else made)
    return found


def _service(trial: Trial, name: str, replica_set: Object, template: Mapping, ports: list[Mapping]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": trial.namespace,
            "annotations": {NAME: trial.name, TEMPLATE_NAME: text(template, "name")},
            "ownerReferences": [owner_reference(trial.experiment)],
        },
        "spec": {"selector": string_map(replica_set, "spec", "selector", "matchLabels"), "ports": ports},
    }


# --- Status --------------------------------------------------------------------------------------------------------


def _judge(trial: Trial, template: Mapping, status: Mapping) -> None:
    """The status of a template that has not ended."""
    if trial.ending:
        status["status"] = "Successful"
        return
    if status["availableReplicas"] == _wanted(trial, template) and status["replicas"] == status["availableReplicas"]:
        status["status"] = "Successful" if trial.duration_over() else "Running"
        status.pop("message", None)
        return
    status["status"] = "Progressing"
    deadline = trial.seconds_or("progressDeadlineSeconds", _PROGRESS_DEADLINE)
    since = text(status, "lastTransitionTime")
    left = trial.clock.left_for_pods(parse_time(since), float(deadline)) if since else float(deadline)
    if left > 0:
        trial.look_again(left)
        return
    name = text(template, "name")
    status["status"] = "Failed"
    status["message"] = f"Template '{name}' exceeded its progressDeadlineSeconds ({deadline})"
