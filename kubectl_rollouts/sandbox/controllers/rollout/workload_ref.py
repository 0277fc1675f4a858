"""Rollouts that take their template from another object (controller.md §8)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.names import WORKLOAD_GENERATION
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.scaling import new_count
from kubectl_rollouts.sandbox.controllers.rollout.sizes import revision_of, spec_replicas
from kubectl_rollouts.sandbox.objects import Object, annotations_of, generation_of, namespace_of
from kubectl_rollouts.sandbox.world import World

RETRY_SECONDS = 20.0
_SUPPORTED = {("apps", "Deployment"), ("apps", "ReplicaSet"), ("", "PodTemplate")}


def resolve(rollout: Object, world: World) -> tuple[Object, str]:
    """The rollout with template and selector filled in, and what is wrong with its reference ("" for nothing)."""
    reference = rollout["spec"].get("workloadRef")
    if not reference:
        return rollout, ""
    metadata = (rollout["spec"].get("template") or {}).get("metadata") or {}
    if metadata.get("labels") or metadata.get("annotations"):
        return rollout, "template must be empty for workload reference rollout"
    group = (reference.get("apiVersion") or "").rpartition("/")[0]
    kind, name = reference.get("kind") or "", reference.get("name") or ""
    if (group, kind) not in _SUPPORTED:
        return rollout, f"workload of type {group}/{kind} is not supported"
    target = world.get(kind, namespace_of(rollout), name)
    if target is None:
        plural = {"Deployment": "deployments.apps", "ReplicaSet": "replicasets.apps"}.get(kind, "podtemplates")
        return rollout, f'{plural} "{name}" not found'
    source = target if kind == "PodTemplate" else target.get("spec") or {}
    spec = {**rollout["spec"], "template": source.get("template") or {}}
    if not spec.get("selector"):
        spec["selector"] = source.get("selector")
    return {**rollout, "spec": spec}, ""


def workload_generation(rollout: Object, world: World) -> str | None:
    """The generation of the referenced object as the rollout's annotation should have it; None for none."""
    reference = rollout["spec"].get("workloadRef")
    if not reference:
        return None
    target = world.get(reference.get("kind") or "", namespace_of(rollout), reference.get("name") or "")
    return None if target is None else str(generation_of(target) or 1)


def annotate_generation(release: Release) -> bool:
    """Keep the annotation `workload-generation` true; whether it had to be written."""
    wanted = workload_generation(release.rollout, release.world)
    known = annotations_of(release.rollout).get(WORKLOAD_GENERATION)
    if known == wanted or (wanted is None and release.spec.get("workloadRef")):
        return False
    release.patch_rollout({"metadata": {"annotations": {WORKLOAD_GENERATION: wanted}}})
    return True


def scale_workload(release: Release) -> None:
    """Take pods from the referenced Deployment as the first revision takes over (`scaleDown`)."""
    reference = release.spec.get("workloadRef") or {}
    mode = reference.get("scaleDown")
    if mode not in ("onsuccess", "progressively") or reference.get("kind") != "Deployment":
        return
    if revision_of(release.rollout) != 1:
        return
    target = release.world.get("Deployment", release.namespace, reference.get("name") or "")
    if target is None:
        return
    healthy = release.status.get("phase") == "Healthy" and release.promoted
    wanted: int | None = None
    if healthy:
        wanted = 0
    elif mode == "progressively":
        ready = int(release.status.get("readyReplicas") or 0)
        if ready > 0 or (release.new_rs is not None and new_count(release) < spec_replicas(release.new_rs)):
            wanted = max(0, release.replicas - ready)
    now = target["spec"].get("replicas")
    if wanted is not None and wanted != (1 if now is None else int(now)):
        release.patch("Deployment", reference["name"], {"spec": {"replicas": wanted}})
