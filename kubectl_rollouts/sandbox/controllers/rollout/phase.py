"""Phase and message that the controller writes (controller.md §2.4)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout.numbers import (
    blue_green_of,
    desired_replicas,
    traffic_routing_of,
)
from kubectl_rollouts.sandbox.objects import Object

_DONE = ("Successful", "Failed", "Error", "Inconclusive")


def phase_of(rollout: Object, status: Object) -> tuple[str, str]:
    """Phase and message of a new status; the first rule that holds wins."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "InvalidSpec":
            return "Degraded", f"InvalidSpec: {condition.get('message', '')}"
        if condition.get("reason") in ("RolloutAborted", "ProgressDeadlineExceeded"):
            return "Degraded", f"{condition['reason']}: {condition.get('message', '')}"
    if rollout["spec"].get("paused"):
        return "Paused", "manually paused"
    for pause in status.get("pauseConditions") or ():
        return "Paused", pause["reason"]
    waiting_for = _still_waiting_for(rollout, status)
    return ("Progressing", waiting_for) if waiting_for else ("Healthy", "")


def _still_waiting_for(rollout: Object, status: Object) -> str:
    """Rows 5 to 12 of the table, "" when nothing is awaited."""
    spec = rollout["spec"]
    updated, available = status.get("updatedReplicas") or 0, status.get("availableReplicas") or 0
    current, stable = status.get("currentPodHash") or "", status.get("stableRS") or ""
    if spec.get("restartAt") and spec["restartAt"] != status.get("restartedAt"):
        return "rollout is restarting"
    if updated < desired_replicas(rollout):
        return "more replicas need to be updated"
    if available < updated:
        return "updated replicas are still becoming available"
    blue_green = blue_green_of(rollout)
    if blue_green is not None:
        selectors = status.get("blueGreen") or {}
        if not selectors.get("activeSelector") or selectors["activeSelector"] != current:
            return "active service cutover pending"
        if stable != current or not stable:
            run = selectors.get("postPromotionAnalysisRunStatus") or {}
            if blue_green.get("postPromotionAnalysis") is not None and run.get("status") not in _DONE:
                return "waiting for analysis to complete"
            return "waiting for post-promotion verification to complete"
        return ""
    if traffic_routing_of(rollout) is None and (status.get("replicas") or 0) > updated:
        return "old replicas are pending termination"
    if not stable or stable != current:
        return "waiting for all steps to complete"
    return ""
