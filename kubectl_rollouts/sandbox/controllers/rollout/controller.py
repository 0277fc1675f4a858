"""The rollout controller: one reconcile from its first test to its last write (controller.md §1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_rollouts.sandbox.controllers.names import MANAGED_BY
from kubectl_rollouts.sandbox.controllers.rollout import conditions, status
from kubectl_rollouts.sandbox.controllers.rollout.analysis_refs import find_runs
from kubectl_rollouts.sandbox.controllers.rollout.bluegreen import reconcile_blue_green
from kubectl_rollouts.sandbox.controllers.rollout.bluegreen import scale_replica_sets as scale_blue_green
from kubectl_rollouts.sandbox.controllers.rollout.canary import reconcile_canary
from kubectl_rollouts.sandbox.controllers.rollout.canary import scale_replica_sets as scale_canary
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.experiment_refs import find_experiment
from kubectl_rollouts.sandbox.controllers.rollout.phase import phase_of
from kubectl_rollouts.sandbox.controllers.rollout.replica_sets import (
    create_desired,
    load,
    note_progressing,
    sync_revision,
)
from kubectl_rollouts.sandbox.controllers.rollout.restart import restart_pods
from kubectl_rollouts.sandbox.controllers.rollout.scaling import is_scaling_event
from kubectl_rollouts.sandbox.controllers.rollout.services import released
from kubectl_rollouts.sandbox.controllers.rollout.workload_ref import (
    RETRY_SECONDS,
    annotate_generation,
    resolve,
    scale_workload,
)
from kubectl_rollouts.sandbox.controllers.validation import invalid_rollouts, rollout_error
from kubectl_rollouts.sandbox.objects import (
    Object,
    annotations_of,
    controller_of,
    deleting,
    generation_of,
    name_of,
    namespace_of,
    uid_of,
)
from kubectl_rollouts.sandbox.world import Change, Clock, Emit, Key, Outcome, Patch, World

_INVALID_RETRY_SECONDS = 10.0
_OWNED = frozenset({"ReplicaSet", "AnalysisRun", "Experiment"})
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "PodTemplate"})


class RolloutController:
    """Moves every rollout one step at a time."""

    kind = "Rollout"

    def __init__(self) -> None:
        self._gone: dict[Key, Object] = {}  # rollouts whose deletion has not been told yet; lost at worst

    def keys(self, kind: str, obj: Object, world: World) -> Iterable[Key]:
        """The rollout itself, the owner of what changed, and those that refer to it (controller.md §1.1)."""
        if kind == "Rollout":
            key = namespace_of(obj), name_of(obj)
            stored = world.get(kind, *key)
            if stored is None or uid_of(stored) != uid_of(obj):
                self._gone[key] = obj
            return (key,)
        if kind in _OWNED:
            owner = controller_of(obj)
            if owner is not None:  # by far the most frequent: no search for those that refer to it
                return ((namespace_of(obj), owner["name"]),) if owner.get("kind") == "Rollout" else ()
        found = list(invalid_rollouts(kind, obj, world))
        if kind in _WORKLOADS:
            found += _referring(kind, obj, world)
        if kind == "Service":
            found += [
                (namespace_of(item), name_of(item))
                for item in world.list("Rollout", namespace_of(obj))
                if name_of(obj) in _services_of(item)
            ]
        return found

    def reconcile(self, namespace: str, name: str, world: World, clock: Clock) -> Outcome:
        """Steps 1 to 11; a pure function of the world and the time."""
        stored = world.get("Rollout", namespace, name)
        gone = self._gone.pop((namespace, name), None)
        if stored is None:
            changes: list[Change] = [*_let_go(namespace, name, world)]
            if gone is not None:
                text = f"Rollout {name}/{namespace} is deleted."
                changes.append(Emit(gone, "Normal", "RolloutDeleted", text))
            return Outcome(changes)
        if deleting(stored):
            return Outcome()  # 1
        rollout, problem = resolve(stored, world)  # 2
        release = Release(rollout, world, clock)
        if annotate_generation(release):
            return release.outcome()
        if (stored.get("status") or {}).get("observedGeneration") != str(generation_of(stored)):
            for change in _let_go(namespace, name, world):
                release.add(change)
        if not stored.get("status"):  # never reconciled before
            release.say("RolloutAddedToInformer", f"Rollout resource added to informer: {namespace}/{name}")
        if problem:
            return _invalid(release, problem, RETRY_SECONDS)
        _reconcile(release)
        return release.outcome()


def _reconcile(release: Release) -> None:
    load(release)  # 3
    problem = rollout_error(release.rollout, release.world)  # 4
    if problem is not None:
        _invalid(release, problem, _INVALID_RETRY_SECONDS)
        return
    if release.new_rs is None:  # 5
        create_desired(release)
        return
    if release.promoted and release.status.get("abort"):  # 6
        release.pauses.forget_abort()
    if release.spec.get("replicas") is None:  # 7
        release.patch_rollout({"spec": {"replicas": 1}})
        return
    if release.status.get("observedGeneration") == str(generation_of(release.rollout)):  # 8
        changed = conditions.pause_changes(release)
        if changed:
            status.persist_conditions(release, changed)
            return
    sync_revision(release)  # 9
    if conditions.find(release.status.get("conditions"), "Progressing") is None:
        note_progressing(release, "FoundNewReplicaSet", f'Found new replica set "{name_of(release.new_rs)}"')
        return
    scale_workload(release)
    _carry_over(release)
    if is_scaling_event(release):  # 10
        _scale_only(release)
    elif release.blue_green is not None:  # 11
        reconcile_blue_green(release)
    else:
        reconcile_canary(release)


def _carry_over(release: Release) -> None:
    """What a new status takes over from the old one before the strategy says otherwise."""
    old = release.status.get("canary") or {}
    for key in ("weights", "stablePingPong", "stepPluginStatuses"):
        if key in old:
            release.canary_status[key] = old[key]
    find_runs(release)
    find_experiment(release)


def _scale_only(release: Release) -> None:
    """N changed: sizes first, everything else later (controller.md §11.2)."""
    restart_pods(release)
    if release.blue_green is not None:
        scale_blue_green(release)
    else:
        scale_canary(release)
    status.persist_replicas_only(release)


def _invalid(release: Release, problem: str, retry: float) -> Outcome:
    """Say what is wrong; nothing else is reconciled (controller.md §1.8)."""
    message = f'The Rollout "{release.name}" is invalid: {problem}'
    new = {**release.status, "conditions": list(release.status.get("conditions") or [])}
    new.setdefault("canary", {})
    new.setdefault("blueGreen", {})
    old = conditions.find(new["conditions"], "InvalidSpec")
    if old is None or old.get("message") != message:
        conditions.remove(new["conditions"], "InvalidSpec")
        now = release.clock.now
        new["conditions"].append(conditions.made("InvalidSpec", "True", "InvalidSpec", message, now))
    new["observedGeneration"] = str(generation_of(release.rollout))
    new["phase"], new["message"] = phase_of(release.rollout, new)
    body = status.difference(release.status, new)
    if body:
        release.patch_status(body)
    release.look_again(retry / release.clock.speed)
    return release.outcome()


def _referring(kind: str, obj: Object, world: World) -> list[Key]:
    found = []
    for item in world.list("Rollout", namespace_of(obj)):
        reference = item["spec"].get("workloadRef") or {}
        if reference.get("kind") == kind and reference.get("name") == name_of(obj):
            found.append((namespace_of(item), name_of(item)))
    return found


def _services_of(rollout: Object) -> list[str]:
    strategy = rollout["spec"].get("strategy") or {}
    canary, blue_green = strategy.get("canary") or {}, strategy.get("blueGreen") or {}
    names = [canary.get("canaryService"), canary.get("stableService")]
    names += [blue_green.get("activeService"), blue_green.get("previewService")]
    names += (canary.get("pingPong") or {}).values()
    return [name for name in names if name]


def _let_go(namespace: str, name: str, world: World) -> list[Patch]:
    """Services that the rollout managed and no rollout names now select by their own labels again (§4.4)."""
    own = world.get("Rollout", namespace, name)
    kept = set(_services_of(own)) if own is not None else set()
    managed = [item for item in world.list("Service", namespace) if annotations_of(item).get(MANAGED_BY) == name]
    left = [item for item in managed if name_of(item) not in kept]
    if not left:
        return []
    named = {service for item in world.list("Rollout", namespace) for service in _services_of(item)}
    return [Patch("Service", namespace, name_of(item), released(item)) for item in left if name_of(item) not in named]
