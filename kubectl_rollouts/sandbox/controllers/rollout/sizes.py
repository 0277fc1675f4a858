"""What ReplicaSets are asked for and what they have; sums over several of them."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_rollouts.sandbox.controllers.names import (
    DESIRED_REPLICAS,
    HASH,
    REVISION,
    SCALE_DOWN_DEADLINE,
)
from kubectl_rollouts.sandbox.controllers.rollout.arithmetic import Size
from kubectl_rollouts.sandbox.objects import Object, annotations_of, labels_of


def spec_replicas(replica_set: Object | None) -> int:
    """The pods asked for; 1 where unset, 0 without a ReplicaSet."""
    if replica_set is None:
        return 0
    replicas = replica_set["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def counted(replica_set: Object | None, field: str) -> int:
    """A counter of the ReplicaSet's status."""
    return int(((replica_set or {}).get("status") or {}).get(field) or 0)


def available(replica_set: Object | None) -> int:
    """`status.availableReplicas`."""
    return counted(replica_set, "availableReplicas")


def total(replica_sets: Iterable[Object | None], field: str) -> int:
    """The sum of a counter over ReplicaSets."""
    return sum(counted(item, field) for item in replica_sets)


def total_spec(replica_sets: Iterable[Object | None]) -> int:
    """The pods asked for by all of them."""
    return sum(spec_replicas(item) for item in replica_sets)


def size_of(replica_set: Object | None) -> Size | None:
    """Asked and available pods, as the arithmetic takes them."""
    return None if replica_set is None else Size(spec_replicas(replica_set), available(replica_set))


def hash_of(replica_set: Object | None) -> str:
    """The pod template hash, "" without a ReplicaSet."""
    return "" if replica_set is None else labels_of(replica_set).get(HASH, "")


def revision_of(obj: Object) -> int:
    """The revision of a rollout or ReplicaSet, 0 when it has none."""
    text = annotations_of(obj).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def has_deadline(replica_set: Object | None) -> bool:
    """Whether its pods are to go at a set time."""
    return replica_set is not None and bool(annotations_of(replica_set).get(SCALE_DOWN_DEADLINE))


def is_saturated(replica_set: Object | None, replicas: int) -> bool:
    """Whether it was sized for the rollout's replicas and all of them are available."""
    return (
        replica_set is not None
        and spec_replicas(replica_set) == replicas
        and annotations_of(replica_set).get(DESIRED_REPLICAS) == str(replicas)
        and available(replica_set) == replicas
    )


def by_hash(replica_sets: Iterable[Object], value: str) -> Object | None:
    """The ReplicaSet with that pod template hash."""
    return next((item for item in replica_sets if value and hash_of(item) == value), None)
