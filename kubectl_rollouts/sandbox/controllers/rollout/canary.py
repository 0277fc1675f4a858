"""The canary body of a reconcile: its steps C1 to C12, and the status at its end (controller.md §1.2, §3.5, §3.6)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout import status as statuses
from kubectl_rollouts.sandbox.controllers.rollout.analysis_refs import STEP, phase_of_run, reconcile_runs
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.experiment_refs import reconcile_experiments
from kubectl_rollouts.sandbox.controllers.rollout.hashes import step_hash
from kubectl_rollouts.sandbox.controllers.rollout.numbers import pause_seconds
from kubectl_rollouts.sandbox.controllers.rollout.pauses import CANARY_STEP
from kubectl_rollouts.sandbox.controllers.rollout.plugins import reconcile_step_plugin, step_plugin_done
from kubectl_rollouts.sandbox.controllers.rollout.pod_metadata import sync_role_metadata
from kubectl_rollouts.sandbox.controllers.rollout.replica_sets import limit_history, template_changed
from kubectl_rollouts.sandbox.controllers.rollout.restart import restart_pods
from kubectl_rollouts.sandbox.controllers.rollout.scaling import (
    at_desired_counts,
    canary_counts,
    enough_available,
    remove_deadlines,
    resize,
    scale_new,
    scale_others,
)
from kubectl_rollouts.sandbox.controllers.rollout.services import reconcile_canary_services
from kubectl_rollouts.sandbox.controllers.rollout.sizes import hash_of, spec_replicas
from kubectl_rollouts.sandbox.controllers.rollout.steps import current_step, step_name, steps_of
from kubectl_rollouts.sandbox.controllers.rollout.traffic import reconcile_traffic
from kubectl_rollouts.sandbox.objects import Object

_WEIGHT_RETRY_SECONDS = 10.0


def reconcile_canary(release: Release) -> None:
    """Steps C1 to C12."""
    if _update_changed(release):  # C1
        write_status(release)
        return
    if restart_pods(release):  # C2
        return
    sync_role_metadata(release)  # C3
    limit_history(release)  # C4
    reconcile_canary_services(release)  # C5
    if not reconcile_traffic(release):  # C6
        release.look_again(1.0)
        return
    reconcile_experiments(release)  # C7
    reconcile_runs(release)  # C8
    if not release.pauses.adding and not scale_replica_sets(release):  # C9
        _pause_step(release)  # C10
        reconcile_step_plugin(release)  # C11
    write_status(release)  # C12


def scale_replica_sets(release: Release) -> bool:
    """C9: stable, then new, then others; the first that changes size ends it."""
    if release.halted:
        return False
    remove_deadlines(release)
    if _scale_stable(release) or scale_new(release):
        return True
    return scale_others(release)


def write_status(release: Release) -> None:
    """C12: reset, full promotion, abort or the completion of a step."""
    new = statuses.base_status(release)
    steps = steps_of(release.rollout)
    count = len(steps)
    new["currentStepHash"] = step_hash(steps)
    step, index = current_step(release.rollout)
    if _update_changed(release):
        _write_reset(release, new, count)
        return
    if release.status.get("promoteFull") or release.in_window:
        release.pauses.clear()
        release.pauses.forget_abort()
        index, step = count or None, None
    reason = full_promotion(release, index, count)
    if reason:
        statuses.promote_stable(release, new, reason)
        statuses.persist(release, new)
        return
    if release.aborted:
        done = new.get("stableRS") == new["currentPodHash"]
        new["currentStepIndex"] = (count if done else 0) if count else None
        statuses.persist(release, new)
        return
    if step is not None and index is not None and step_completed(release, step, new):
        index += 1
        new["canary"].pop(STEP.field, None)
        release.pauses.remove(CANARY_STEP)
        text = f"Rollout step {index}/{count} completed ({step_name(step)})"
        release.announce("RolloutStepCompleted", text)
    new["currentStepIndex"] = index
    statuses.persist(release, new)


def full_promotion(release: Release, index: int | None, count: int) -> str:
    """Why the new version is the stable one now (controller.md §3.6), "" when it is not."""
    if release.stable_rs is None:
        return "Initial deploy"
    if release.aborted or release.new_rs is None or not enough_available(release, release.replicas):
        return ""
    if release.status.get("promoteFull"):
        return "Full promotion requested"
    if release.in_window:
        return "Rollback within window"
    if release.new_rs is release.stable_rs:
        return "Fast rollback"
    return f"Completed all {count} canary steps" if not count or index == count else ""


def step_completed(release: Release, step: Object, new: Object) -> bool:
    """Whether the current step is done (controller.md §3.5)."""
    if release.spec.get("paused"):
        return False
    if step.get("pause") is not None:
        return release.pauses.canary_step_over(step["pause"])
    weights = new["canary"].get("weights")
    if step.get("setCanaryScale") is not None and step.get("setWeight") is None:
        return at_desired_counts(release, weights)
    if step.get("setWeight") is not None:
        if (weights or {}).get("verified") is False:
            release.look_again(_WEIGHT_RETRY_SECONDS)
            return False
        return at_desired_counts(release, weights)
    if step.get("experiment") is not None:
        return phase_of_run(release.experiment) == "Successful"
    if step.get("analysis") is not None:
        return phase_of_run(release.runs.get(STEP.field)) == "Successful"
    if step.get("plugin") is not None:
        return step_plugin_done(release)
    return step.get("setHeaderRoute") is not None or step.get("setMirrorRoute") is not None


def _update_changed(release: Release) -> bool:
    """C1: whether the stored status speaks of another template or of other steps."""
    if release.status.get("currentStepHash") != step_hash(steps_of(release.rollout)):
        return True
    return template_changed(release)


def _write_reset(release: Release, new: Object, count: int) -> None:
    statuses.reset(release, new)
    back = hash_of(release.new_rs) and release.status.get("stableRS") == hash_of(release.new_rs)
    if back and count:
        release.announce("SkipSteps", "Rollback to stable ReplicaSets")
        new["currentStepIndex"] = count
    elif release.in_window and count and spec_replicas(release.new_rs) > 0:
        release.announce("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow")
        new["currentStepIndex"] = count
    statuses.persist(release, new)


def _scale_stable(release: Release) -> bool:
    stable = release.stable_rs
    if stable is None or stable is release.new_rs:
        return False
    recorded = (release.status.get("canary") or {}).get("weights")
    return resize(release, stable, canary_counts(release, recorded).stable)


def _pause_step(release: Release) -> None:
    """C10: begin the pause of a pause step, or come back when it ends."""
    step, _ = current_step(release.rollout)
    if step is None or step.get("pause") is None or release.spec.get("paused") or release.aborted:
        return
    if release.promoted or release.status.get("promoteFull") or release.in_window:
        return
    condition = release.pauses.find(CANARY_STEP)
    if condition is not None:
        if step["pause"].get("duration") is not None:
            ends = release.pauses.ends_at(condition, pause_seconds(step["pause"]))
            if ends >= release.clock.now:
                release.look_at(ends)
    elif not release.pauses.resumed:
        release.pauses.add(CANARY_STEP)
