"""Objects that the tests of the command line put into a cluster."""

from __future__ import annotations

from typing import Any


def rollout(name: str, *, step: int | None = None, namespace: str = "default") -> dict[str, Any]:
    """A canary rollout of five steps with the container `web`: paused at a step, or healthy when there is none."""
    status: dict[str, Any] = {
        "observedGeneration": "1",
        "currentPodHash": "aaa",
        "stableRS": "aaa" if step is None else "bbb",
        "currentStepIndex": 5 if step is None else step,
        "phase": "Healthy" if step is None else "Paused",
    }
    if step is not None:
        status |= {"controllerPause": True, "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "@ago:60"}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "generation": 1},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"name": "web", "image": "registry.test/web:1"}]}},
            "strategy": {
                "canary": {
                    "steps": [{"setWeight": 10}, {"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
                }
            },
        },
        "status": status,
    }
