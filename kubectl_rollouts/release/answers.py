"""What the API server's errors mean to a reader of rollouts: not there, or no such API (spec/commands.md §2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import ARGO, DEPLOYMENTS, EXPERIMENTS, ROLLOUTS

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.resources import Resource

_SINGULAR = {ROLLOUTS: "rollout", EXPERIMENTS: "experiment", DEPLOYMENTS: "deployment"}


def not_found(resource: Resource, name: str) -> Failure:
    """The error for a missing object of `get` and `status`: the singular word."""
    return Failure(f'{_SINGULAR[resource]}.{resource.group} "{name}" not found', script_status=6)


def is_absent(error: object, name: str) -> bool:
    """Whether the server says that there is no object of that name (and not that it lacks the API)."""
    return isinstance(error, ApiError) and error.not_found and f'"{name}" not found' in error.message


def explained(error: ApiError, resource: Resource, name: str = "") -> Failure:
    """The error as a reader of `name` (or of a list) should see it: not found, the API missing, or as it is."""
    if not error.not_found:
        return error
    if name and is_absent(error, name):
        return not_found(resource, name)
    if resource.group != ARGO:
        return error
    return Failure(
        f"the server has no {resource.group_resource} ({resource.api_version}): "
        "Argo Rollouts is not installed on this cluster, or its API is not served"
    )


def in_short(failure: Failure) -> str:
    """The failure as it fits on a watched screen: without the URL of a watch, which is several lines long."""
    if isinstance(failure, ConnectionFailed):
        return f"no connection to the API server: {failure.cause}"
    return str(failure)
