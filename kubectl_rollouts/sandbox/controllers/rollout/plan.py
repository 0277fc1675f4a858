"""What the routers of a canary are to be told."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_rollouts.sandbox.controllers.rollout.context import Release
from kubectl_rollouts.sandbox.controllers.rollout.numbers import traffic_routing_of
from kubectl_rollouts.sandbox.objects import Object


class Plan(NamedTuple):
    """Weights out of `whole`, the Services and hashes they belong to, and the step for header and mirror routes."""

    weight: int
    whole: int
    canary_service: str
    stable_service: str
    canary_hash: str
    stable_hash: str
    step: Object | None
    drop_routes: bool
    additional: list[Object]

    @property
    def stable_weight(self) -> int:
        """What canary and experiments leave."""
        return self.whole - self.weight - sum(int(item["weight"]) for item in self.additional)


def managed_routes(release: Release) -> list[str]:
    """The names of the routes that header and mirror steps may make, in their order of precedence."""
    routes = (traffic_routing_of(release.rollout) or {}).get("managedRoutes") or ()
    return [str(route.get("name") or "") for route in routes]
