"""Reading releases with their details (`rollout/details.py`), once, followed, or in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.release.fetch import TYPES, Fetched, fetch
from kubectl_rollouts.release.plan import Held
from kubectl_rollouts.release.resources import ANALYSIS_RUNS, PODS, ROLLOUTS
from kubectl_rollouts.rollout.detailed import DetailedPod, DetailedRollout, DetailedRun
from kubectl_rollouts.rollout.details import experiment_details, rollout_details
from kubectl_rollouts.rollout.info import RolloutInfo

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.rollout.details import ExperimentDetails, RolloutDetails

DETAILED_TYPES = {**TYPES, ROLLOUTS: DetailedRollout, PODS: DetailedPod, ANALYSIS_RUNS: DetailedRun}


class DetailedHeld(Held):
    """Objects decoded as DETAILED_TYPES."""

    def info(self) -> RolloutDetails | ExperimentDetails:
        """The facts with details. Raises Failure as `Held.info` does."""
        info = super().info()
        root = self.objects[self.root][self.name]
        runs, pods = self.analysis_runs(), self.pods()
        if isinstance(info, RolloutInfo):
            return rollout_details(info, root, runs=runs, pods=pods)
        return experiment_details(info, root, runs=runs, pods=pods)


def fetch_details(client: Client, namespace: str, root: Resource, name: str, *, to_follow: bool = False) -> Fetched:
    """As `fetch`; what was fetched, and what is followed from there, has RolloutDetails or ExperimentDetails."""
    held = DetailedHeld(root, name)
    return fetch(client, namespace, root, name, to_follow=to_follow, held=held, types=DETAILED_TYPES)
