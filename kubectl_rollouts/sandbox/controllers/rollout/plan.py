"""What the routers of a canary are to be told."""

from __future__ import annotations

from typing import NamedTuple

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
