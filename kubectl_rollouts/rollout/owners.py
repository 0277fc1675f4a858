"""What every object has: owners, a revision, an age (spec/view.md §6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.rollout.phase import parse_int
from kubectl_rollouts.rollout.times import object_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol, TypeVar

    from kubectl_rollouts.rollout.objects import ObjectMeta, OwnerReference

    class Owned(Protocol):
        """An object of the cluster."""

        @property
        def metadata(self) -> ObjectMeta:
            """Its metadata."""

    T = TypeVar("T", bound=Owned)

REVISION_ANNOTATION = "rollout.argoproj.io/revision"

# Sorts before every instant: the creation time of what has none.
_BEGINNING = float("-inf")


def by_owner(objects: Iterable[T]) -> dict[str, list[T]]:
    """The objects that each uid owns, in their order; an object is listed under every owner it names.

    Kind, name and `controller` of a reference are not asked.
    """
    owned: dict[str, list[T]] = {}
    for one in objects:
        references = one.metadata.owner_references
        for uid in owner_uids(references) if references else ():
            owned.setdefault(uid, []).append(one)
    return owned


def owner_uids(references: Sequence[OwnerReference | None]) -> Iterable[str]:
    """The uids in owner references, each once, in their order."""
    if len(references) == 1:
        owner = references[0]
        return ((owner.uid or "") if owner else "",)
    return dict.fromkeys((owner.uid or "") if owner else "" for owner in references)


def revision(meta: ObjectMeta) -> int:
    """The revision annotation; 0 when there is none or it is no number (QUIRK 19)."""
    return parse_int((meta.annotations or {}).get(REVISION_ANNOTATION)) or 0


def created(meta: ObjectMeta, kind: str) -> float | None:
    """When an object was created, in epoch seconds; None when it does not say.

    Raises Failure, which names the object, when the text is no time.
    """
    return object_time(meta.creation_timestamp, kind, meta.name, "metadata.creationTimestamp")


def age_order(moment: float | None) -> float:
    """A key that sorts by creation time; what has none comes first."""
    return _BEGINNING if moment is None else moment
