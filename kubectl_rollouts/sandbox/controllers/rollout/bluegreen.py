"""The blue-green body of a reconcile: its steps B1 to B11 (controller.md §1.2, §7)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout import status as statuses
from kubectl_rollouts.sandbox.controllers.rollout.analysis_refs import (
    post_promotion_done,
    pre_promotion_done,
    reconcile_runs,
)
from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.pauses import BLUE_GREEN, INCONCLUSIVE_RUN
from kubectl_rollouts.sandbox.controllers.rollout.pod_metadata import sync_role_metadata
from kubectl_rollouts.sandbox.controllers.rollout.replica_sets import limit_history, template_changed
from kubectl_rollouts.sandbox.controllers.rollout.restart import restart_pods
from kubectl_rollouts.sandbox.controllers.rollout.scaling import (
    new_count,
    remove_deadlines,
    resize,
    scale_new,
    scale_others,
)
from kubectl_rollouts.sandbox.controllers.rollout.services import switch
from kubectl_rollouts.sandbox.controllers.rollout.sizes import (
    available,
    by_hash,
    hash_of,
    is_saturated,
    spec_replicas,
)
from kubectl_rollouts.sandbox.objects import Object


def reconcile_blue_green(release: Release) -> None:
    """Steps B1 to B11."""
    blue_green = release.blue_green or {}
    if not release.spec.get("paused"):
        switch(release, blue_green.get("previewService"), hash_of(release.new_rs))  # B2
    if template_changed(release):  # B3
        write_status(release)
        return
    restart_pods(release)  # B4
    scale_replica_sets(release)  # B5
    _pause(release)  # B6
    _switch_active(release)  # B7
    reconcile_runs(release)  # B9
    sync_role_metadata(release)  # B10
    write_status(release)  # B11


def scale_replica_sets(release: Release) -> None:
    """B5: the active and stable pods to N, then the new ones, then the former ones, all in one pass."""
    remove_deadlines(release)
    active = by_hash(release.all_rs, release.service_hash((release.blue_green or {}).get("activeService")))
    kept = {id(item): item for item in (active, release.stable_rs) if item is not None and item is not release.new_rs}
    for item in kept.values():
        resize(release, item, release.replicas)
    scale_new(release)
    scale_others(release)
    limit_history(release)


def write_status(release: Release) -> None:
    """B11: selectors as they are now, promotion, counters of the active pods."""
    blue_green = release.blue_green or {}
    new = statuses.base_status(release)
    if template_changed(release):
        statuses.reset(release, new)
    elif release.status.get("promoteFull") or release.in_window:
        release.pauses.clear()
        release.pauses.forget_abort()
    selectors: Object = new["blueGreen"]
    selectors["previewSelector"] = release.service_hash(blue_green.get("previewService"))
    selectors["activeSelector"] = release.service_hash(blue_green.get("activeService"))
    reason = _full_promotion(release, new)
    if reason:
        statuses.promote_stable(release, new, reason)
    else:
        selectors["scaleUpPreviewCheckPoint"] = _checkpoint(release, new)
    statuses.account_for_active(release, new, selectors["activeSelector"])
    statuses.persist(release, new)


def _full_promotion(release: Release, new: Object) -> str:
    """Why the new version is the stable one now (controller.md §7.5), "" when it is not."""
    active = new["blueGreen"].get("activeSelector")
    if release.stable_rs is None or not active:
        return "Initial deploy"
    if active != new["currentPodHash"]:
        return ""
    if release.status.get("promoteFull"):
        return "Full promotion requested"
    if release.in_window:
        return "Rollback within window"
    if release.fast_rollback:
        return "Fast rollback"
    if release.aborted or not post_promotion_done(release):
        return ""
    return "Completed blue-green update"


def _checkpoint(release: Release, new: Object) -> bool:
    """Whether the preview may grow to full size (controller.md §7.4)."""
    preview = (release.blue_green or {}).get("previewReplicaCount")
    if preview is None or template_changed(release) or new.get("stableRS") == new["currentPodHash"]:
        return False
    if (release.status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint"):
        return not release.aborted
    if release.aborted or not pre_promotion_done(release) or not pause_completed(release):
        return False
    return available(release.new_rs) == int(preview) == spec_replicas(release.new_rs)


# -- pausing and switching ---------------------------------------------------------------------------------------


def _ready_for_pause(release: Release) -> bool:
    if release.new_rs is None:
        return False
    wanted = new_count(release)
    return spec_replicas(release.new_rs) == wanted and available(release.new_rs) == wanted


def _fast_tracked(release: Release) -> bool:
    """Whether pause and analysis are skipped (controller.md §7.2, first row)."""
    active = release.service_hash((release.blue_green or {}).get("activeService"))
    return bool(
        release.fast_rollback
        or release.in_window
        or release.promoted
        or release.status.get("promoteFull")
        or not active
        or active == hash_of(release.new_rs)
    )


def _automatic(release: Release) -> tuple[bool, int]:
    """Whether the switch needs no user, and after how many seconds of pause it comes."""
    blue_green = release.blue_green or {}
    enabled = blue_green.get("autoPromotionEnabled") is not False
    return enabled, int(blue_green.get("autoPromotionSeconds") or 0) if enabled else 0


def pause_completed(release: Release) -> bool:
    """Whether the pause before the switch is over, or there is none to make."""
    if release.pauses.adding:
        return False
    condition = release.pauses.find(BLUE_GREEN)
    enabled, seconds = _automatic(release)
    if not enabled:
        return release.pauses.resumed
    if seconds == 0:
        return True
    return condition is not None and release.pauses.over(condition, seconds)


def _pause(release: Release) -> None:
    """B6, its tests in the order of controller.md §7.2."""
    if release.aborted or not _ready_for_pause(release) or release.spec.get("paused"):
        return
    pauses = release.pauses
    if pauses.has(INCONCLUSIVE_RUN):
        return
    enabled, seconds = _automatic(release)
    checkpoint = (release.status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint")
    if _fast_tracked(release) or checkpoint or (enabled and seconds == 0):
        pauses.remove(BLUE_GREEN)
        return
    if not pre_promotion_done(release):
        return
    condition = pauses.find(BLUE_GREEN)
    if condition is not None:
        if pause_completed(release):
            pauses.remove(BLUE_GREEN)
        elif seconds:
            release.look_at(pauses.ends_at(condition, seconds))
    elif not release.status.get("controllerPause"):
        pauses.add(BLUE_GREEN)


def _switch_active(release: Release) -> None:
    """B7: the active Service follows the new pods when all of them are there and nothing speaks against it."""
    if release.spec.get("paused") or not is_saturated(release.new_rs, release.replicas):
        return
    name = (release.blue_green or {}).get("activeService")
    target = release.service_hash(name)
    checkpoint = (release.status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint")
    waited = (pause_completed(release) or checkpoint) and not release.pauses.has(INCONCLUSIVE_RUN)
    if _fast_tracked(release) or (waited and pre_promotion_done(release)):
        target = hash_of(release.new_rs)
    if release.aborted:
        target = str(release.status.get("stableRS") or "")
    switch(release, name, target)
