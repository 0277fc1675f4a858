"""Sizing ReplicaSets: events, delays before scaling down, the former ones (controller.md §3.4, §4.5, §6.2, §7.6)."""

from __future__ import annotations

from kubectl_rollouts.rollout.times import parse_time
from kubectl_rollouts.sandbox.controllers.names import DESIRED_REPLICAS, SCALE_DOWN_DEADLINE
from kubectl_rollouts.sandbox.controllers.rollout.arithmetic import Counts, bounded_move, routed_canary, target_counts
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.numbers import (
    abort_delay,
    max_weight,
    revision_limit,
    scale_down_delay,
    surge_and_unavailable,
    traffic_routing_of,
)
from kubectl_rollouts.sandbox.controllers.rollout.sizes import (
    available,
    has_deadline,
    hash_of,
    revision_of,
    size_of,
    spec_replicas,
    total,
    total_spec,
)
from kubectl_rollouts.sandbox.controllers.rollout.steps import canary_scale, current_set_weight, goes_all_the_way
from kubectl_rollouts.sandbox.objects import Object, annotations_of, name_of, time_text

# -- one ReplicaSet ----------------------------------------------------------------------------------------------


def resize(release: Release, item: Object, size: int) -> bool:
    """Ask a ReplicaSet for `size` pods and note N on it; whether its size changed."""
    before = spec_replicas(item)
    annotations: dict[str, str | None] = {}
    if annotations_of(item).get(DESIRED_REPLICAS) != str(release.replicas):
        annotations[DESIRED_REPLICAS] = str(release.replicas)
    if before == size and not annotations:
        return False
    if size == 0 and has_deadline(item) and not delays_on_abort(release):
        annotations[SCALE_DOWN_DEADLINE] = None
    _patch(release, item, annotations, size if before != size else None)
    if before == size:
        return False
    word = "up" if size > before else "down"
    text = f"Scaled {word} ReplicaSet {name_of(item)} (revision {revision_of(item)}) from {before} to {size}"
    release.say("ScalingReplicaSet", text)
    return True


def _patch(release: Release, item: Object, annotations: dict[str, str | None], size: int | None = None) -> None:
    body: Object = {}
    if annotations:
        body["metadata"] = {"annotations": annotations}
        kept = {**annotations_of(item), **annotations}
        item["metadata"]["annotations"] = {key: value for key, value in kept.items() if value is not None}
    if size is not None:
        body["spec"] = {"replicas": size}
        item["spec"]["replicas"] = size
    release.patch("ReplicaSet", name_of(item), body)


def remove_deadlines(release: Release) -> None:
    """New and stable pods stay: whatever deadline they had is taken back (but for an abort's)."""
    kept = release.new_rs if delays_on_abort(release) else None
    for item in {id(i): i for i in (release.new_rs, release.stable_rs) if i is not None and i is not kept}.values():
        if has_deadline(item):
            _patch(release, item, {SCALE_DOWN_DEADLINE: None})


def set_deadline(release: Release, item: Object, seconds: int) -> None:
    """Let a ReplicaSet keep its pods for so long; 0 seconds annotate nothing (controller.md §4.5, a quirk)."""
    if seconds > 0:
        _patch(release, item, {SCALE_DOWN_DEADLINE: time_text(release.clock.after(seconds))})
        release.look_at(deadline_of(item) or release.clock.now)


def deadline_of(item: Object) -> float | None:
    """When its pods are to go (epoch seconds), None when that is not set or unreadable."""
    try:
        return parse_time(annotations_of(item).get(SCALE_DOWN_DEADLINE, ""))
    except ValueError:
        return None


def is_due(release: Release, item: Object) -> bool:
    """Whether the deadline has passed; comes back for one that has not."""
    deadline = deadline_of(item)
    if deadline is None or deadline <= release.clock.now:
        return True
    release.look_at(deadline)
    return False


def delays_on_abort(release: Release) -> bool:
    """Whether an aborted canary or preview keeps its pods for a while (controller.md §6.2)."""
    if not release.aborted:
        return False
    if release.canary is not None and traffic_routing_of(release.rollout) is None:
        return False
    seconds, is_default = abort_delay(release.rollout)
    dynamic = bool((release.canary or {}).get("dynamicStableScale"))
    return seconds is not None and not (is_default and dynamic)


# -- how many ----------------------------------------------------------------------------------------------------


def canary_counts(release: Release, weights: Object | None) -> Counts:
    """The counts that new and stable ReplicaSet go to now; `weights` is the recorded traffic (with routing only)."""
    if traffic_routing_of(release.rollout) is None:
        return _basic_counts(release)
    return _routed_counts(release, weights)


def _basic_counts(release: Release) -> Counts:
    weight = 100 if goes_all_the_way(release.rollout) else current_set_weight(release.rollout)
    surge, unavailable = surge_and_unavailable(release.rollout)
    stable = release.stable_rs if release.stable_rs is not release.new_rs else None
    return bounded_move(
        target_counts(release.replicas, weight, surge),
        size_of(release.new_rs),
        size_of(stable),
        total_spec(release.other_rs),
        replicas=release.replicas,
        surge=surge,
        unavailable=unavailable,
    )


def _routed_counts(release: Release, weights: Object | None) -> Counts:
    """controller.md §4.1: the canary by its weight, the stable side whole unless it is scaled dynamically."""
    canary, replicas, whole = release.canary or {}, release.replicas, max_weight(release.rollout)
    dynamic = bool(canary.get("dynamicStableScale"))
    explicit: int | None = None
    # The status may not know yet that the template is the stable one again (N and template changed at once).
    if goes_all_the_way(release.rollout) or release.new_rs is release.stable_rs:
        weight = whole
    else:
        scale = canary_scale(release.rollout)
        weight = current_set_weight(release.rollout)
        if scale is not None and scale.get("replicas") is not None:
            explicit = int(scale["replicas"])
        elif scale is not None and scale.get("weight") is not None:
            weight = int(scale["weight"])
    count = routed_canary(replicas, weight, whole) if explicit is None else explicit
    stable = replicas
    if dynamic:
        stable = routed_canary(replicas, whole - weight, whole) if explicit is None else replicas
        carried, sent = _recorded_shares(weights, whole)
        stable = max(stable, routed_canary(replicas, carried, whole))
        if release.status.get("abort"):
            count = max(count, routed_canary(replicas, sent, whole))
    least = min(int(canary.get("minPodsPerReplicaSet") or 0), replicas)
    if count and (explicit is None or dynamic):
        count = max(count, least)
    if dynamic and stable:
        stable = max(stable, least)
    return Counts(count, stable)


def _recorded_shares(weights: Object | None, whole: int) -> tuple[int, int]:
    """What the stable side and the canary carry by the record; without one all traffic is on the stable side."""
    if not weights:
        return whole, 0
    return (weights.get("stable") or {}).get("weight") or 0, (weights.get("canary") or {}).get("weight") or 0


def new_count(release: Release) -> int:
    """What the new ReplicaSet of either strategy is sized to."""
    if release.blue_green is None:
        recorded = release.canary_status.get("weights") or release.status.get("canary", {}).get("weights")
        return canary_counts(release, recorded).canary
    preview = release.blue_green.get("previewReplicaCount")
    if preview is None or release.status.get("promoteFull"):
        return release.replicas
    selectors = release.status.get("blueGreen") or {}
    active = selectors.get("activeSelector") or ""
    if not any(hash_of(item) == active for item in release.all_rs) or active == hash_of(release.new_rs):
        return release.replicas
    free = not release.spec.get("paused") and not release.pauses.any
    return release.replicas if free and selectors.get("scaleUpPreviewCheckPoint") else int(preview)


def scale_new(release: Release) -> bool:
    """Size the new ReplicaSet, or keep an aborted one until its deadline (controller.md §6.2)."""
    new = release.new_rs
    if new is None:
        return False
    count = new_count(release)
    if delays_on_abort(release):
        if has_deadline(new):
            if not is_due(release, new):
                return False
            count = 0
        else:
            if available(release.stable_rs) >= release.replicas:
                set_deadline(release, new, abort_delay(release.rollout)[0] or 0)
            return False
    return resize(release, new, count)


# -- the former ones ---------------------------------------------------------------------------------------------


def scale_others(release: Release) -> bool:
    """Scale down the ReplicaSets that are neither new nor stable; whether a size changed."""
    others = [item for item in release.other_rs if spec_replicas(item) > 0]
    if not others:
        return False
    others.sort(key=revision_of, reverse=True)
    if release.blue_green is not None:
        return _scale_others_blue_green(release, others)
    if traffic_routing_of(release.rollout) is None:
        return _scale_others_basic(release, others)
    return _scale_others_routed(release, others)


def _scale_down_allowance(release: Release) -> int:
    """How many available pods may go; those that were given up a moment ago are not counted again."""
    _, unavailable = surge_and_unavailable(release.rollout)
    there = sum(min(spec_replicas(item), available(item)) for item in release.all_rs)
    return there - (release.replicas - unavailable)


def _scale_others_basic(release: Release, others: list[Object]) -> bool:
    """First the pods that are not available, then as many as availability allows (controller.md §3.4)."""
    changed = False
    for item in others:
        if spec_replicas(item) > available(item):
            changed |= resize(release, item, available(item))
    allowance = _scale_down_allowance(release)
    surge, _ = surge_and_unavailable(release.rollout)
    # A Service goes over to the new pods as they come; where there is no room for any, it holds the former in vain.
    room = spec_replicas(release.new_rs) > 0 or total_spec(release.all_rs) < release.replicas + surge
    for item in others:
        size = spec_replicas(item)
        if allowance <= 0:
            break
        if size == 0 or is_recorded(release, item) or (room and is_selected(release, item)):
            continue
        changed |= resize(release, item, max(0, size - allowance))
        allowance -= size - spec_replicas(item)
    return changed


def _scale_others_routed(release: Release, others: list[Object]) -> bool:
    """controller.md §4.5: the former stable after its delay, an intermediate one as soon as no traffic needs it."""
    changed, delayed = False, 0
    dynamic = bool((release.canary or {}).get("dynamicStableScale"))
    allowance = _scale_down_allowance(release)
    for item in others:
        if is_referenced(release, item):
            continue
        if allowance <= 0:
            # Pods that never came up would otherwise stay for ever where none may be missing.
            if not has_deadline(item) and spec_replicas(item) > available(item):
                changed |= resize(release, item, available(item))
            continue
        size, target = spec_replicas(item), 0
        if (release.promoted or has_deadline(item)) and not dynamic:
            delayed, target = _delayed_size(release, item, delayed, kept=size)
        changed |= resize(release, item, target) if target != size else False
        allowance -= size - target
    return changed


def _scale_others_blue_green(release: Release, others: list[Object]) -> bool:
    """controller.md §7.6: kept at N for their delay, unless an analysis may still want them back."""
    blue_green = release.blue_green or {}
    if release.pauses.has("InconclusiveAnalysisRun"):
        return False
    if blue_green.get("scaleDownDelaySeconds") is None and blue_green.get("postPromotionAnalysis") is not None:
        run = (release.status.get("blueGreen") or {}).get("postPromotionAnalysisRunStatus") or {}
        if not release.promoted and run and run.get("status") not in ("Successful", "Failed", "Error"):
            return False
    changed, delayed = False, 0
    for item in others:
        if is_referenced(release, item):
            continue
        delayed, target = _delayed_size(release, item, delayed, kept=release.replicas)
        if target != spec_replicas(item):
            changed |= resize(release, item, target)
    return changed


def _delayed_size(release: Release, item: Object, delayed: int, *, kept: int) -> tuple[int, int]:
    """(how many are delayed so far, the size of this one): kept until its deadline, within the revision limit."""
    limit = revision_limit(release.rollout)
    delayed += 1
    if limit is not None and delayed > limit:
        return delayed, 0
    if not has_deadline(item):
        set_deadline(release, item, scale_down_delay(release.rollout))
        return delayed, spec_replicas(item)
    return delayed, 0 if is_due(release, item) else kept


def is_referenced(release: Release, item: Object) -> bool:
    """Whether the status, the recorded weights or a Service still lead to those pods."""
    return is_recorded(release, item) or is_selected(release, item)


def is_recorded(release: Release, item: Object) -> bool:
    """Whether the status or the recorded weights still lead to those pods."""
    value, status = hash_of(item), release.status
    selectors = status.get("blueGreen") or {}
    weights = (status.get("canary") or {}).get("weights") or {}
    known = [
        status.get("stableRS"),
        status.get("currentPodHash"),
        selectors.get("activeSelector"),
        selectors.get("previewSelector"),
        *((weights.get(side) or {}).get("podTemplateHash") for side in ("canary", "stable")),
    ]
    return bool(value) and value in known


def is_selected(release: Release, item: Object) -> bool:
    """Whether a Service of the strategy still selects those pods."""
    value = hash_of(item)
    return bool(value) and any(release.service_hash(name) == value for name in service_names(release))


def service_names(release: Release) -> list[str]:
    """The Services that the strategy switches."""
    if release.blue_green is not None:
        names = [release.blue_green.get(key) for key in ("activeService", "previewService")]
    else:
        canary = release.canary or {}
        names = [canary.get("canaryService"), canary.get("stableService")]
    return [name for name in names if name]


# -- scaling events ----------------------------------------------------------------------------------------------


def is_scaling_event(release: Release) -> bool:
    """Whether N changed since new or stable ReplicaSet were sized (controller.md §1.2, step 10)."""
    for item in (release.new_rs, release.stable_rs):
        noted = annotations_of(item or {}).get(DESIRED_REPLICAS)
        if spec_replicas(item) > 0 and noted is not None and noted != str(release.replicas):
            return True
    return False


def at_desired_counts(release: Release, weights: Object | None) -> bool:
    """Whether a step's pods are there (controller.md §3.5, "setWeight")."""
    new, stable = release.new_rs, release.stable_rs
    counts = canary_counts(release, weights)
    if new is None or spec_replicas(new) != counts.canary or not enough_available(release, counts.canary):
        return False
    if not (release.canary or {}).get("dynamicStableScale"):
        kept = int(((stable or {}).get("status") or {}).get("replicas") or 0)
        if stable is None or spec_replicas(stable) != counts.stable or kept != counts.stable:
            return False
    basic = traffic_routing_of(release.rollout) is None
    return not basic or total(release.other_rs, "availableReplicas") == 0


def enough_available(release: Release, wanted: int) -> bool:
    """Whether the new ReplicaSet has its pods, or the share of them that `replicaProgressThreshold` asks for."""
    there = available(release.new_rs)
    threshold = (release.canary or {}).get("replicaProgressThreshold")
    if threshold is None or int(threshold.get("value") or 0) < 0:
        return there == wanted
    value = int(threshold.get("value") or 0)
    if threshold.get("type") == "Percent":
        return there * 100 >= wanted * value
    return there >= min(value, wanted)
