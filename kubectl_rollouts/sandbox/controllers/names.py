"""Labels and annotations by which controllers know their objects (resources.md §9)."""

from __future__ import annotations

HASH = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"
REVISION_HISTORY = "rollout.argoproj.io/revision-history"
DESIRED_REPLICAS = "rollout.argoproj.io/desired-replicas"
WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata"
SCALE_DOWN_DEADLINE = "scale-down-deadline"
MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"
INSTANCE_ID = "argo-rollouts.argoproj.io/controller-instance-id"
NOTIFIED = "notified.notifications.argoproj.io"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ROLLOUT_TYPE = "rollout-type"
STEP_INDEX = "step-index"

# What a rollout's annotations never bring to its ReplicaSets (controller.md §1.4).
NOT_COPIED = frozenset({LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, NOTIFIED})
