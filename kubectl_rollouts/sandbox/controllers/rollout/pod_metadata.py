"""Metadata that follows a role, and anti-affinity between versions (controller.md §1.7)."""

from __future__ import annotations

import json
from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.names import EPHEMERAL_METADATA, HASH
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.sizes import hash_of
from kubectl_rollouts.sandbox.objects import Object, annotations_of, meta, name_of


class RoleMetadata(NamedTuple):
    """Labels and annotations that pods carry while they are in a role."""

    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def text(self) -> str:
        """As it is remembered on the ReplicaSet."""
        known = {"labels": self.labels, "annotations": self.annotations}
        return json.dumps({key: value for key, value in known.items() if value}, separators=(",", ":"))


def role_metadata(release: Release, *, initial: bool = False, stable: bool = False) -> RoleMetadata | None:
    """What pods of the new role carry (of the stable one: `stable`, or on a first deploy); None for nothing."""
    strategy = release.blue_green or release.canary or {}
    is_stable = stable or (initial and not release.status.get("stableRS"))
    names = (
        ("activeMetadata", "previewMetadata")
        if release.blue_green is not None
        else ("stableMetadata", "canaryMetadata")
    )
    value = strategy.get(names[0] if is_stable else names[1])
    if not value:
        return None
    return RoleMetadata(dict(value.get("labels") or {}), dict(value.get("annotations") or {}))


def with_metadata(template: Object, role: RoleMetadata | None) -> Object:
    """A pod template with the role's metadata in it."""
    if role is None:
        return template
    metadata = dict(template.get("metadata") or {})
    for key, given in (("labels", role.labels), ("annotations", role.annotations)):
        if given:
            metadata[key] = {**(metadata.get(key) or {}), **given}
    return {**template, "metadata": metadata}


def without_metadata(template: Object, replica_set: Object) -> Object:
    """A ReplicaSet's pod template without the metadata of the role that it is in."""
    role = _parsed(annotations_of(replica_set).get(EPHEMERAL_METADATA, ""))
    metadata = dict(template.get("metadata") or {})
    for key, injected in (("labels", role.labels), ("annotations", role.annotations)):
        kept = {name: value for name, value in (metadata.get(key) or {}).items() if name not in injected}
        if injected and not kept:
            metadata.pop(key, None)
        elif injected:
            metadata[key] = kept
    return {**template, "metadata": metadata}


def sync_role_metadata(release: Release) -> None:
    """Give every ReplicaSet and its live pods the metadata of its role, and take back that of a former one."""
    new, stable = release.new_rs, release.stable_rs
    for item in release.all_rs:
        if item is stable or (item is new and stable is None):
            wanted = role_metadata(release, stable=True)
        else:
            wanted = role_metadata(release) if item is new else None
        remembered = annotations_of(item).get(EPHEMERAL_METADATA, "")
        if (wanted.text if wanted else "") != remembered:
            _inject(release, item, _parsed(remembered), wanted)


def _parsed(text: str) -> RoleMetadata:
    try:
        known = json.loads(text) if text else {}
    except ValueError:
        known = {}
    return RoleMetadata(known.get("labels") or {}, known.get("annotations") or {})


def _inject(release: Release, item: Object, old: RoleMetadata, new: RoleMetadata | None) -> None:
    wanted = new or RoleMetadata({}, {})
    metadata: Object = {}
    for key, before, after in (
        ("labels", old.labels, wanted.labels),
        ("annotations", old.annotations, wanted.annotations),
    ):
        change: dict[str, str | None] = {name: None for name in before if name not in after}
        change.update(after)
        if change:
            metadata[key] = change
    remembered = new.text if new else None
    body: Object = {"metadata": {"annotations": {EPHEMERAL_METADATA: remembered}}}
    if metadata:
        body["spec"] = {"template": {"metadata": metadata}}
    release.patch("ReplicaSet", name_of(item), body)
    if metadata:
        for pod in release.world.owned("Pod", meta(item).get("uid", "")):
            release.patch("Pod", name_of(pod), {"metadata": metadata})


def with_affinity(release: Release, template: Object) -> Object:
    """The new ReplicaSet's pods kept off the nodes of the stable ones, where the strategy asks for it."""
    wanted = (release.blue_green or release.canary or {}).get("antiAffinity")
    stable = release.status.get("stableRS")
    if not wanted or not stable or hash_of(release.new_rs) == stable:
        return template
    term = {
        "labelSelector": {"matchExpressions": [{"key": HASH, "operator": "In", "values": [stable]}]},
        "topologyKey": "kubernetes.io/hostname",
    }
    spec = template.get("spec") or {}
    affinity = spec.get("affinity") or {}
    anti = dict(affinity.get("podAntiAffinity") or {})
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    if wanted.get(required) is not None:
        anti[required] = [*(anti.get(required) or []), term]
    elif wanted.get(preferred) is not None:
        weighted = {"weight": wanted[preferred].get("weight") or 1, "podAffinityTerm": term}
        anti[preferred] = [*(anti.get(preferred) or []), weighted]
    return {**template, "spec": {**spec, "affinity": {**affinity, "podAntiAffinity": anti}}}


def affinity_of_today(release: Release, item: Object) -> Object | None:
    """The affinity that the new ReplicaSet should have, where it was made against another stable version."""
    stable = release.status.get("stableRS")
    if not (release.blue_green or release.canary or {}).get("antiAffinity") or not stable or hash_of(item) == stable:
        return None
    template = item["spec"].get("template") or {}
    wanted: Object = with_affinity(release, without_affinity(template))["spec"]["affinity"]
    return None if wanted == (template.get("spec") or {}).get("affinity") else wanted


def without_affinity(template: Object) -> Object:
    """A pod template without the term that keeps it off another version's nodes."""
    spec = template.get("spec") or {}
    affinity = spec.get("affinity") or {}
    anti = affinity.get("podAntiAffinity") or {}
    terms = {key: [term for term in value or () if not _is_injected(term)] for key, value in anti.items()}
    if terms == anti:
        return template
    affinity = {**affinity, "podAntiAffinity": {key: value for key, value in terms.items() if value}}
    affinity = {key: value for key, value in affinity.items() if value}
    kept = {key: value for key, value in {**spec, "affinity": affinity}.items() if key != "affinity" or value}
    return {**template, "spec": kept}


def _is_injected(term: Object) -> bool:
    selector = (term.get("podAffinityTerm") or term).get("labelSelector") or {}
    return any(item.get("key") == HASH for item in selector.get("matchExpressions") or ())
