"""Lists of rollouts and experiments (spec/view.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.objects import Experiment, Rollout

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client, Listing
    from kubectl_rollouts.cluster.resources import Resource

T = TypeVar("T")


def list_rollouts(client: Client, namespace: str, name: str = "") -> Listing[Rollout]:
    """The rollouts of a namespace ("" = all of them), in the server's order; `name`: that one only.

    Raises Failure: a name that no field selector can say (view.md Q36), the API missing, any other error.
    """
    return _list(client, ROLLOUTS, Rollout, namespace, name_selector(name))


def list_experiments(client: Client, namespace: str) -> Listing[Experiment]:
    """The experiments of a namespace ("" = all of them), in the server's order. Raises Failure."""
    return _list(client, EXPERIMENTS, Experiment, namespace, "")


def name_selector(name: str) -> str:
    """The field selector for one name, "" for none. Raises Failure for a name that it cannot say."""
    odd = [mark for mark in ",=\\" if mark in name]
    if odd:
        raise Failure(f'invalid --name "{name}": the name of an object does not contain "{odd[0]}"')
    return f"metadata.name={name}" if name else ""


def _list(client: Client, resource: Resource, type_: type[T], namespace: str, fields: str) -> Listing[T]:
    try:
        return client.list(resource, namespace, type_, field_selector=fields)
    except ApiError as error:
        raise explained(error, resource) from None
