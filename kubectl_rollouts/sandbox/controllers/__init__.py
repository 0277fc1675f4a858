"""The control loops of the sandbox: what the real cluster's controllers do, as pure functions of the world."""

from __future__ import annotations

from kubectl_rollouts.sandbox.controllers.analysis.run import AnalysisRunController
from kubectl_rollouts.sandbox.controllers.deployment import DeploymentController
from kubectl_rollouts.sandbox.controllers.endpoints import EndpointsController
from kubectl_rollouts.sandbox.controllers.experiment.controller import ExperimentController
from kubectl_rollouts.sandbox.controllers.garbage import GarbageCollector
from kubectl_rollouts.sandbox.controllers.job import JobController
from kubectl_rollouts.sandbox.controllers.pods import PodController
from kubectl_rollouts.sandbox.controllers.replica_set import ReplicaSetController
from kubectl_rollouts.sandbox.controllers.rollout import RolloutController
from kubectl_rollouts.sandbox.world import Controller

CONTROLLERS: list[Controller] = [
    RolloutController(),
    ExperimentController(),
    AnalysisRunController(),
    ReplicaSetController(),
    DeploymentController(),
    JobController(),
    PodController(),
    EndpointsController(),
    GarbageCollector(),
]
"""All that a sandbox runs, in no particular order."""
