"""Step plugins: the sandbox runs none, so a plugin step succeeds at once and says so (controller.md §3.5)."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.steps import current_step
from kubectl_rollouts.sandbox.objects import time_text


def reconcile_step_plugin(release: Release) -> None:
    """C11: note the plugin of the current step as run."""
    step, index = current_step(release.rollout)
    if step is None or step.get("plugin") is None or release.aborted or release.spec.get("paused"):
        return
    known = list(release.canary_status.get("stepPluginStatuses") or [])
    name = step["plugin"].get("name", "")
    if any(item.get("index") == index and item.get("name") == name for item in known):
        return
    now = time_text(release.clock.now)
    run = {"index": index, "name": name, "operation": "Run", "phase": "Successful", "executions": 1}
    known.append({**run, "startedAt": now, "updatedAt": now, "finishedAt": now})
    release.canary_status["stepPluginStatuses"] = known
    release.announce("StepPluginTransition", f"Step plugin {name} (step {index}) transitioned to Successful")


def step_plugin_done(release: Release) -> bool:
    """Whether the plugin of the current step has come to an end."""
    step, index = current_step(release.rollout)
    name = ((step or {}).get("plugin") or {}).get("name", "")
    known = release.canary_status.get("stepPluginStatuses") or []
    return any(item.get("index") == index and item.get("name") == name for item in known)
