"""Which ReplicaSets a rollout has, the new one's making, revisions and history (controller.md §1.3 to §1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kubectl_rollouts.sandbox.controllers.names import (
    EPHEMERAL_METADATA,
    HASH,
    NOT_COPIED,
    REVISION,
    REVISION_HISTORY,
)
from kubectl_rollouts.sandbox.controllers.rollout import conditions
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.hashes import pod_template_hash
from kubectl_rollouts.sandbox.controllers.rollout.numbers import blue_green_of, canary_of
from kubectl_rollouts.sandbox.controllers.rollout.pod_metadata import (
    affinity_of_today,
    role_metadata,
    with_affinity,
    with_metadata,
    without_affinity,
    without_metadata,
)
from kubectl_rollouts.sandbox.controllers.rollout.sizes import (
    counted,
    has_deadline,
    hash_of,
    revision_of,
    spec_replicas,
)
from kubectl_rollouts.sandbox.controllers.rollout.status import difference, persist_conditions
from kubectl_rollouts.sandbox.defaults import pod_template
from kubectl_rollouts.sandbox.objects import (
    Object,
    annotations_of,
    controller_of,
    created_at,
    deleting,
    generation_of,
    labels_of,
    name_of,
    owned_by,
    owner_reference,
)
from kubectl_rollouts.sandbox.world import Change, Clock, World


def load(release: Release) -> None:
    """Find the rollout's ReplicaSets and tell new, stable and others apart."""
    owned = [item for item in release.world.owned("ReplicaSet", release.uid) if owned_by(item, release.uid)]
    if not owned:
        owned = _adopted(release)
    release.all_rs = sorted((_copy(item) for item in owned), key=lambda item: (created_at(item), name_of(item)))
    wanted = pod_template_hash(release.spec.get("template"), release.status.get("collisionCount"))
    release.new_rs = next((item for item in release.all_rs if hash_of(item) == wanted), None)
    if release.new_rs is None:
        plain = pod_template_hash(pod_template(release.spec.get("template")))
        release.new_rs = next((item for item in release.all_rs if _template_hash(item) == plain), None)
    classify(release)


def classify(release: Release) -> None:
    """Tell stable and others apart, and what kind of rollback this is (controller.md §6.6)."""
    new, stable_hash = release.new_rs, release.status.get("stableRS") or ""
    release.stable_rs = next((i for i in release.all_rs if stable_hash and hash_of(i) == stable_hash), None)
    release.other_rs = [i for i in release.all_rs if i is not new and i is not release.stable_rs]
    release.others_delayed = any(has_deadline(item) for item in release.other_rs)
    stable = release.stable_rs
    if new is None or stable is None:
        return
    older = created_at(new) < created_at(stable)
    window = (release.spec.get("rollbackWindow") or {}).get("revisions") or 0
    if older and window > 0:
        between = [i for i in release.all_rs if created_at(new) < created_at(i) < created_at(stable)]
        release.in_window = len(between) < window
    if release.blue_green is not None:
        release.fast_rollback = new is stable or (older and has_deadline(new))


def _copy(replica_set: Object) -> Object:
    metadata = {**replica_set["metadata"], "annotations": dict(annotations_of(replica_set))}
    return {**replica_set, "metadata": metadata, "spec": dict(replica_set["spec"])}


def _adopted(release: Release) -> list[Object]:
    """Orphans that the selector matches: a deleted rollout may have left them (`--cascade=orphan`)."""
    wanted = (release.spec.get("selector") or {}).get("matchLabels") or {}
    found = []
    for item in release.world.list("ReplicaSet", release.namespace):
        own = labels_of(item)
        if controller_of(item) is None and wanted and HASH in own and wanted.items() <= own.items():
            owners = [*(item["metadata"].get("ownerReferences") or []), owner_reference(release.rollout)]
            release.patch("ReplicaSet", name_of(item), {"metadata": {"ownerReferences": owners}})
            found.append(item)
    return found


def _template_hash(replica_set: Object) -> str:
    """The hash of a ReplicaSet's template without what the controller put into it, defaults filled in."""
    template = without_metadata(replica_set["spec"].get("template") or {}, replica_set)
    labels = {k: v for k, v in ((template.get("metadata") or {}).get("labels") or {}).items() if k != HASH}
    plain = {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}
    return pod_template_hash(pod_template(without_affinity(plain)))


def create_desired(release: Release) -> None:
    """Step 5: make the new ReplicaSet, without pods, and say so in the status (controller.md §1.5)."""
    template = release.spec.get("template") or {}
    value = pod_template_hash(template, release.status.get("collisionCount"))
    name = f"{release.name}-{value}"
    if release.world.get("ReplicaSet", release.namespace, name) is not None:
        release.patch_status({"collisionCount": int(release.status.get("collisionCount") or 0) + 1})
        return
    revision = max((revision_of(item) for item in release.all_rs), default=0) + 1
    metadata = template.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), HASH: value}
    selector = release.spec.get("selector") or {}
    pod_template = {**template, "metadata": {**metadata, "labels": labels}}
    role = role_metadata(release, initial=True)
    pod_template = with_affinity(release, with_metadata(pod_template, role))
    annotations = {**copied_annotations(release.rollout), REVISION: str(revision)}
    if role is not None:
        annotations[EPHEMERAL_METADATA] = role.text
    spec: Object = {
        "replicas": 0,
        "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: value}},
        "template": pod_template,
    }
    if release.spec.get("minReadySeconds"):
        spec["minReadySeconds"] = release.spec["minReadySeconds"]
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": release.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner_reference(release.rollout)],
        },
        "spec": spec,
    }
    release.create(made, refused=partial(_creation_failed, release.rollout, release.world, release.clock, name))
    set_rollout_revision(release, revision)
    release.say("NewReplicaSetCreated", f"Created ReplicaSet {name} (revision {revision})")
    note_progressing(release, "NewReplicaSetCreated", f'Created new replica set "{name}"')


def _creation_failed(rollout: Object, world: World, clock: Clock, name: str, problem: str) -> Sequence[Change]:
    """What to say when the new ReplicaSet is refused (controller.md §1.4); it is tried again."""
    release = Release(rollout, world, clock)
    text = f'Failed to create new replica set "{name}": {problem}'
    release.say("ReplicaSetCreateError", text, "Warning")
    failed = conditions.made("Progressing", "False", "ReplicaSetCreateError", text, clock.now)
    persist_conditions(release, [failed])
    return release.outcome().changes


def note_progressing(release: Release, reason: str, text: str) -> None:
    """Write the condition Progressing by itself; the phase stays what it was (controller.md §1.5, §2.2)."""
    said = list(release.status.get("conditions") or [])
    conditions.put(said, conditions.made("Progressing", "True", reason, text, release.clock.now))
    body = difference(release.status, {**release.status, "conditions": said})
    for key in ("canary", "blueGreen"):
        if key not in release.status:
            body[key] = {}
    if body:
        release.patch_status(body)


def copied_annotations(rollout: Object) -> dict[str, str]:
    """What the new ReplicaSet takes over of the rollout's annotations."""
    return {key: value for key, value in annotations_of(rollout).items() if key not in NOT_COPIED}


def set_rollout_revision(release: Release, revision: int) -> None:
    """Write the revision on the rollout, with the event of its change."""
    text = str(revision)
    if annotations_of(release.rollout).get(REVISION) == text:
        return
    release.patch_rollout({"metadata": {"annotations": {REVISION: text}}})
    metadata = {**release.rollout["metadata"], "annotations": {**annotations_of(release.rollout), REVISION: text}}
    release.rollout = {**release.rollout, "metadata": metadata}
    release.say("RolloutUpdated", f"Rollout updated to revision {text}")


def sync_revision(release: Release) -> None:
    """Step 9: the new ReplicaSet carries the highest revision and the rollout's annotations."""
    new = release.new_rs
    if new is None:
        return
    older = max((revision_of(i) for i in release.all_rs if i is not new), default=0)
    annotations: dict[str, str] = new["metadata"]["annotations"]
    changed = {k: v for k, v in copied_annotations(release.rollout).items() if annotations.get(k) != v}
    own = revision_of(new)
    if own <= older:
        changed[REVISION] = str(older + 1)
        if own:
            history = [part for part in annotations.get(REVISION_HISTORY, "").split(",") if part]
            changed[REVISION_HISTORY] = ",".join([*history, str(own)])
    body: Object = {"metadata": {"annotations": changed}} if changed else {}
    seconds = release.spec.get("minReadySeconds") or 0
    if (new["spec"].get("minReadySeconds") or 0) != seconds:
        body["spec"] = {"minReadySeconds": seconds}
        new["spec"]["minReadySeconds"] = seconds
    affinity = affinity_of_today(release, new)
    if affinity is not None:
        body.setdefault("spec", {})["template"] = {"spec": {"affinity": affinity}}
    if body:
        annotations.update(changed)
        release.patch("ReplicaSet", name_of(new), body)
    set_rollout_revision(release, revision_of(new))


def limit_history(release: Release) -> None:
    """Delete the oldest ReplicaSets beyond `revisionHistoryLimit` that have no pods (controller.md §1.6)."""
    limit = release.spec.get("revisionHistoryLimit")
    limit = 10 if limit is None else int(limit)
    there = [item for item in release.other_rs if not deleting(item)]
    for item in there[: max(0, len(there) - limit)]:
        observed = (item.get("status") or {}).get("observedGeneration")
        if spec_replicas(item) or counted(item, "replicas") or generation_of(item) > (observed or 0):
            continue
        release.delete("ReplicaSet", name_of(item))
        for kind in ("AnalysisRun", "Experiment"):
            for owned in release.world.owned(kind, release.uid):
                if labels_of(owned).get(HASH) == hash_of(item):
                    release.delete(kind, name_of(owned))


def template_changed(release: Release) -> bool:
    """Whether the stored status speaks of another pod template."""
    known = release.status.get("currentPodHash")
    return bool(known) and known != (
        hash_of(release.new_rs) or pod_template_hash(release.spec.get("template"), release.status.get("collisionCount"))
    )


def strategy_name(rollout: Object) -> str:
    """`canary` or `blueGreen`, "" for neither."""
    if blue_green_of(rollout) is not None:
        return "blueGreen"
    return "canary" if canary_of(rollout) is not None else ""
