"""ReplicaSets: health, the part each plays in the release, their pods (spec/view.md §6.4, §6.5)."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_rollouts.rollout.objects import (
    BlueGreenStatus,
    CanaryStatus,
    CanaryStrategy,
    ReplicaSetSpec,
    ReplicaSetStatus,
)
from kubectl_rollouts.rollout.owners import age_order, created, owner_uids, revision
from kubectl_rollouts.rollout.phase import NO_STATUS, strategy_of
from kubectl_rollouts.rollout.pods import PodInfo, pod_info
from kubectl_rollouts.rollout.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from kubectl_rollouts.rollout.objects import Pod, ReplicaSet, Rollout, RolloutStatus

POD_TEMPLATE_HASH_LABEL = "rollouts-pod-template-hash"
SCALE_DOWN_DEADLINE_ANNOTATION = "scale-down-deadline"
TEMPLATE_NAME_ANNOTATION = "experiment.argoproj.io/template-name"

_ICONS = {"Healthy": "✔", "Progressing": "◌", "ReplicaFailure": "✖", "ScaledDown": "•"}
_NO_SPEC = ReplicaSetSpec()
_NO_STATUS = ReplicaSetStatus()


class ReplicaSetInfo(Struct, frozen=True):
    """A ReplicaSet.

    `created` is in epoch seconds (None: not said). `tags` are the parts it plays, in the order canary, stable, active,
    preview, ping, pong; an experiment's have none, but a `template`. `scale_down` is the text of its deadline, if any,
    and `scale_down_at` the instant (None: the text is no time). `replicas` and `available` are of its status.
    """

    name: str
    created: float | None
    revision: int
    status: str
    icon: str
    tags: tuple[str, ...]
    replicas: int
    available: int
    images: list[str]
    template: str
    scale_down: str
    scale_down_at: float | None
    pods: list[PodInfo]


def replica_set_infos(
    replica_sets: Sequence[ReplicaSet], pods: dict[str, list[Pod]], rollout: Rollout | None = None
) -> list[ReplicaSetInfo]:
    """The ReplicaSets of one owner with their pods, newest revision first, then by name.

    `pods` are those of each owner (`by_owner`). `rollout` is the owner when that is a rollout: its ReplicaSets play
    parts. Raises Failure when a creation time is no time.
    """
    infos = [_replica_set_info(one, rollout) for one in replica_sets]
    listed: dict[str, ReplicaSetInfo] = {}
    for one, info in zip(replica_sets, infos, strict=True):
        listed.setdefault(one.metadata.uid or "", info)
    for uid, info in listed.items():
        info.pods.extend(pod_info(pod) for pod in pods.get(uid, ()) if _first_of(pod, listed) == uid)
        info.pods.sort(key=attrgetter("name"))
        info.pods.sort(key=lambda pod: age_order(pod.created))
    # QUIRK 1: creation time has no say in the order.
    infos.sort(key=lambda info: (-info.revision, info.name))
    return infos


def _first_of(pod: Pod, listed: Container[str]) -> str | None:
    """The first owner of a pod that is listed."""
    return next((uid for uid in owner_uids(pod.metadata.owner_references or ()) if uid in listed), None)


def _replica_set_info(replica_set: ReplicaSet, rollout: Rollout | None) -> ReplicaSetInfo:
    meta = replica_set.metadata
    spec, status = replica_set.spec or _NO_SPEC, replica_set.status or _NO_STATUS
    annotations = meta.annotations or {}
    pod_template = spec.template.spec if spec.template else None
    health = _health(meta.generation or 0, spec, status)
    scale_down = annotations.get(SCALE_DOWN_DEADLINE_ANNOTATION) or ""
    return ReplicaSetInfo(
        name=meta.name or "",
        created=created(meta, "ReplicaSet"),
        revision=revision(meta),
        status=health,
        icon=_ICONS[health],
        tags=_tags(rollout, (meta.labels or {}).get(POD_TEMPLATE_HASH_LABEL) or "") if rollout else (),
        replicas=status.replicas or 0,
        available=status.available_replicas or 0,
        images=[
            (container.image or "") if container else ""
            for container in (pod_template.containers if pod_template else None) or ()
        ],
        template=annotations.get(TEMPLATE_NAME_ANNOTATION) or "",
        scale_down=scale_down,
        scale_down_at=_instant(scale_down),
        pods=[],
    )


def _instant(text: str) -> float | None:
    try:
        return parse_time(text)
    except ValueError:
        return None


def _health(generation: int, spec: ReplicaSetSpec, status: ReplicaSetStatus) -> str:
    if generation > (status.observed_generation or 0):
        return "Progressing"
    for condition in status.conditions or ():
        if condition is not None and condition.type == "ReplicaFailure":
            if condition.status == "True":
                return "ReplicaFailure"
            break
    if spec.replicas is not None and (status.available_replicas or 0) < spec.replicas:
        return "Progressing"
    return "ScaledDown" if spec.replicas == 0 else "Healthy"


def _tags(rollout: Rollout, pod_hash: str) -> tuple[str, ...]:
    """The parts a ReplicaSet plays; hashes compare as texts, so that none equals none (QUIRK 11)."""
    strategy, status = strategy_of(rollout), rollout.status or NO_STATUS
    tags: Sequence[str] = ()
    if strategy.canary is not None:
        tags = _canary_tags(strategy.canary, status, pod_hash)
    if strategy.blue_green is not None:
        tags = (*tags, *_blue_green_tags(status, pod_hash))
    if len(tags) < 2:
        return tuple(tags)
    return tuple(tag for tag in ("canary", "stable", "active", "preview", "ping", "pong") if tag in tags)


def _canary_tags(canary: CanaryStrategy, status: RolloutStatus, pod_hash: str) -> Sequence[str]:
    stable = (status.stable_rs or "") == pod_hash
    if not stable and (status.current_pod_hash or "") != pod_hash:
        return ()
    part = "stable" if stable else "canary"
    if canary.ping_pong is None:
        return (part,)
    stable_is_ping = (status.canary or CanaryStatus()).stable_ping_pong == "ping"
    return (part, "ping" if stable == stable_is_ping else "pong")


def _blue_green_tags(status: RolloutStatus, pod_hash: str) -> Sequence[str]:
    blue_green = status.blue_green or BlueGreenStatus()
    tags = ["stable"] if (status.stable_rs or "") == pod_hash else []
    if (blue_green.active_selector or "") == pod_hash:
        tags.append("active")
    elif (blue_green.preview_selector or "") == pod_hash:
        tags.append("preview")
    return tags
