"""Traffic weights of a canary with routing: how much, when, and what is written down (controller.md §4.2, §4.3)."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.rollout import routers
from kubectl_rollouts.sandbox.controllers.rollout.arithmetic import routed_canary
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.numbers import abort_delay, max_weight, traffic_routing_of
from kubectl_rollouts.sandbox.controllers.rollout.scaling import at_desired_counts
from kubectl_rollouts.sandbox.controllers.rollout.services import back_to_stable_hash, lead_to, role_services, switch
from kubectl_rollouts.sandbox.controllers.rollout.sizes import available, hash_of, revision_of
from kubectl_rollouts.sandbox.controllers.rollout.steps import current_set_weight, current_step, steps_of, weight_at
from kubectl_rollouts.sandbox.objects import Object


class Desired(NamedTuple):
    """The weight that the canary should have, under which hash, and whether managed routes go."""

    weight: int
    canary_hash: str
    drop_routes: bool = False


def reconcile_traffic(release: Release) -> bool:
    """Step C6; False when a router refused, which ends the reconcile without a status write."""
    if traffic_routing_of(release.rollout) is None:
        release.canary_status.pop("weights", None)
        return True
    desired = desired_traffic(release)
    whole = max_weight(release.rollout)
    stable = release.stable_rs
    if stable is None or available(stable) < (whole - desired.weight) * release.replicas // whole:
        return True  # the stable side could not carry what would be left to it
    step, _ = current_step(release.rollout)
    stable_service, canary_service = role_services(release)
    plan = routers.Plan(
        weight=desired.weight,
        whole=whole,
        canary_service=canary_service or "",
        stable_service=stable_service or "",
        canary_hash=desired.canary_hash,
        stable_hash=hash_of(stable),
        step=step if step is not None and not desired.drop_routes and _revision(release) > 1 else None,
        drop_routes=desired.drop_routes,
        additional=_experiment_weights(release),
    )
    problem = routers.apply(release, plan)
    if problem:
        release.say("TrafficRoutingError", problem, "Warning")
        return False
    _record(release, plan)
    return True


def desired_traffic(release: Release) -> Desired:
    """The rows of controller.md §4.3, in their order."""
    new, status = release.new_rs, release.status
    own_hash = hash_of(new)
    former = back_to_stable_hash(release)
    if former:
        return Desired(_stepped_down(release), former)
    if release.promoted:
        return Desired(0, own_hash, drop_routes=True)
    if release.aborted:
        dynamic = bool((release.canary or {}).get("dynamicStableScale"))
        weight = _stepped_down(release) if dynamic else 0
        if weight == 0:
            _, canary_service = role_services(release)
            if dynamic:
                lead_to(release, canary_service, release.stable_rs)
            else:
                switch(release, canary_service, hash_of(release.stable_rs))
        return Desired(weight, own_hash, drop_routes=True)
    if new is None or available(new) == 0:
        return Desired(0, own_hash, drop_routes=True)
    if status.get("promoteFull"):
        if (release.canary or {}).get("dynamicStableScale"):
            whole = max_weight(release.rollout)
            return Desired(min(whole, whole * available(new) // max(1, release.replicas)), own_hash, drop_routes=True)
        return Desired(_recorded_weight(release), own_hash, drop_routes=True)
    _, index = current_step(release.rollout)
    if index is None:
        return Desired(0, own_hash)
    if not at_desired_counts(release, (status.get("canary") or {}).get("weights")):
        return Desired(weight_at(release.rollout, index - 1) if index > 0 else 0, own_hash)
    if index < len(steps_of(release.rollout)):
        return Desired(current_set_weight(release.rollout), own_hash)
    return Desired(max_weight(release.rollout), own_hash)


def _recorded_weight(release: Release) -> int:
    weights = (release.status.get("canary") or {}).get("weights") or {}
    return int((weights.get("canary") or {}).get("weight") or 0)


def _stepped_down(release: Release) -> int:
    """How much traffic an aborted, dynamically scaled canary still has to carry (controller.md §6.3)."""
    replicas, whole = release.replicas, max_weight(release.rollout)
    missing = replicas - available(release.stable_rs)
    seconds, is_default = abort_delay(release.rollout)
    explicit = seconds is not None and not is_default
    bound = missing if explicit else max(missing, available(release.new_rs) if not release.promoted else missing)
    target = 0
    for step in reversed(steps_of(release.rollout)):
        weight = step.get("setWeight")
        if weight is not None and routed_canary(replicas, int(weight), whole) < bound:
            target = int(weight)
            break
    recorded = _recorded_weight(release)
    if target >= recorded:
        return recorded
    carried = available(release.stable_rs) >= routed_canary(replicas, whole - target, whole)
    return target if carried else recorded


def _revision(release: Release) -> int:
    return revision_of(release.rollout)


def _experiment_weights(release: Release) -> list[Object]:
    """Destinations of a running experiment's templates that ask for a share of the traffic."""
    step, _ = current_step(release.rollout)
    experiment = release.experiment
    if step is None or step.get("experiment") is None or experiment is None:
        return []
    if (experiment.get("status") or {}).get("phase") != "Running":
        return []
    asked = {t["name"]: t["weight"] for t in step["experiment"].get("templates") or () if t.get("weight") is not None}
    return [
        {
            "weight": int(asked[item["name"]]),
            "serviceName": item["serviceName"],
            "podTemplateHash": item.get("podTemplateHash", ""),
        }
        for item in (experiment.get("status") or {}).get("templateStatuses") or ()
        if item.get("name") in asked and item.get("serviceName")
    ]


def _record(release: Release, plan: routers.Plan) -> None:
    """Note the weights in the status; an event when any part of them is new (controller.md §4.2)."""
    before: Object = (release.status.get("canary") or {}).get("weights") or {}
    extra = sum(item["weight"] for item in plan.additional)
    now: Object = {
        "canary": _destination(plan.weight, plan.canary_service, plan.canary_hash),
        "stable": _destination(plan.whole - plan.weight - extra, plan.stable_service, plan.stable_hash),
    }
    if plan.additional:
        now["additional"] = plan.additional
    if any(before.get(key) != now.get(key) for key in ("canary", "stable", "additional")):
        release.say("TrafficWeightUpdated", _weight_text(before, now))
    verified = routers.verified(release)
    if verified is not None:
        now["verified"] = verified
    release.canary_status["weights"] = now


def _destination(weight: int, service: str, value: str) -> Object:
    made: Object = {"weight": weight}
    if service:
        made["serviceName"] = service
    if value:
        made["podTemplateHash"] = value
    return made


def _weight_text(before: Object, now: Object) -> str:
    weight = now["canary"]["weight"]
    if not before:
        return f"Traffic weight updated to {weight}"
    old = (before.get("canary") or {}).get("weight")
    details = f"from {old} to {weight}" if old != weight else ""
    if now.get("additional"):
        parts = ", ".join(f"{a['weight']}->{a['serviceName']}" for a in now["additional"])
        details += f", additional: [{parts}]"
    return f"Traffic weight updated {details}"
