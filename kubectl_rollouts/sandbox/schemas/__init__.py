"""The shapes of the served kinds: their fields, types, defaults and merge keys. Loaded when first asked for."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from kubectl_rollouts.sandbox.kinds import Kind


class Field(NamedTuple):
    """One field of a type. `shape` is in the notation of `schemas/custom.py`."""

    shape: str
    required: bool


Type = dict[str, Field]

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    # lists of a type -> the keys that tell their items apart; the first one is that of strategic merge patches
    "V1Container": ("name",),
    "V1EphemeralContainer": ("name",),
    "V1Volume": ("name",),
    "V1EnvVar": ("name",),
    "V1ContainerPort": ("containerPort", "protocol"),
    "V1ServicePort": ("port", "protocol"),
    "V1VolumeMount": ("mountPath",),
    "V1VolumeDevice": ("devicePath",),
    "V1LocalObjectReference": ("name",),
    "V1HostAlias": ("ip",),
    "V1TopologySpreadConstraint": ("topologyKey", "whenUnsatisfiable"),
    "V1PodReadinessGate": (),
    "V1OwnerReference": ("uid",),
    "V1PodCondition": ("type",),
    "V1DeploymentCondition": ("type",),
    "V1ReplicaSetCondition": ("type",),
    "V1StatefulSetCondition": ("type",),
    "V1DaemonSetCondition": ("type",),
    "V1JobCondition": ("type",),
    "V1NamespaceCondition": ("type",),
    "V1NodeCondition": ("type",),
    "V1Condition": ("type",),
    "V1NodeAddress": ("type",),
    "V1PodIP": ("ip",),
    "V1PodSchedulingGate": ("name",),
    "V1PodResourceClaim": ("name",),
    "CoreV1ResourceClaim": ("name",),
    "V2HorizontalPodAutoscalerCondition": ("type",),
}
SET_LISTS = {("V1ObjectMeta", "finalizers"), ("V1NodeSpec", "podCIDRs")}
"""Lists of plain values that are merged as sets."""


@cache
def types() -> dict[str, Type]:
    """All types by name."""
    from pathlib import Path

    import msgspec

    from kubectl_rollouts.sandbox.schemas.custom import CUSTOM, DERIVED

    path = Path(__file__).with_name("builtin.json")
    builtin = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    found = {name: _fields(fields) for name, fields in builtin.items()}
    for name, text in CUSTOM.items():
        pairs = (item.strip().partition(" ") for item in text.split(",")) if text else ()
        found[name] = _fields({field: shape for field, _, shape in pairs})
    for name, (base, changes) in DERIVED.items():
        found[name] = {**found[base], **_fields(changes)}
    return found


def _fields(given: dict[str, str]) -> Type:
    return {name.removesuffix("!"): Field(shape, name.endswith("!")) for name, shape in given.items()}


def type_of(kind: Kind) -> str:
    """The name of the type of a kind."""
    return kind.type_name or kind.kind


def list_keys(item: str, custom: bool) -> tuple[str, ...]:
    """The keys that tell the items of a list apart; () where the list is one value (all of custom resources' are)."""
    return () if custom else MERGE_KEYS.get(item, ())
