"""Lists of rollouts and experiments, and a list that is watched (spec/view.md §8).

A watched list reports rows that changed. It watches again from where it stood when a watch ends; when the server no
longer knows that place (410) it pauses and lists again, where the reference spins (view.md Q35).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.objects import Experiment, Rollout

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client, Listing
    from kubectl_rollouts.cluster.resources import Resource

ATTEMPTS = 6  # failures in a row that are waited for; the next one ends the command
PAUSE = 1.0  # seconds before watching again after a failure
WATCH_SECONDS = 40  # the server is asked to end a watch after this, so that a half-open connection is noticed


def list_rollouts(client: Client, namespace: str, name: str = "") -> Listing[Rollout]:
    """The rollouts of a namespace ("" = all of them), in the server's order; `name`: that one only.

    Raises Failure: a name that no field selector can say (view.md Q36), the API missing, any other error.
    """
    return _list(client, ROLLOUTS, Rollout, namespace, name_selector(name))


def list_experiments(client: Client, namespace: str) -> Listing[Experiment]:
    """The experiments of a namespace ("" = all of them), in the server's order."""
    return _list(client, EXPERIMENTS, Experiment, namespace, "")


def name_selector(name: str) -> str:
    """The field selector for one name, "" for none."""
    if not name:
        return ""
    odd = [mark for mark in ",=\\" if mark in name]
    if odd:
        raise Failure(f'invalid --name "{name}": no object\'s name contains {" or ".join(map(repr, odd))}')
    return f"metadata.name={name}"


def _list(client: Client, resource: Resource, type_: Any, namespace: str, fields: str) -> Any:
    try:
        return client.list(resource, namespace, type_, field_selector=fields)
    except ApiError as error:
        raise explained(error, resource) from None
