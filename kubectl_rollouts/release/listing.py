"""Lists of rollouts and experiments (spec/view.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from kubectl_rollouts.cluster.errors import ApiError
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.answers import explained
from kubectl_rollouts.release.resources import EXPERIMENTS, ROLLOUTS
from kubectl_rollouts.rollout.objects import Experiment, Rollout
from kubectl_rollouts.rollout.rows import experiment_row, rollout_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource
    from kubectl_rollouts.rollout.rows import ExperimentListRow, ListRow

T = TypeVar("T")
Obj = TypeVar("Obj")


class Rows(Struct, Generic[T]):
    """The rows of a list, and the resource version that a watch goes on from."""

    rows: list[T]
    version: str


def list_rollouts(
    client: Client, namespace: str, name: str = "", *, labels: str = "", fields: str = ""
) -> Rows[ListRow]:
    """The rollouts of a namespace ("" = all of them), in the server's order; `name`: that one only.

    `labels` and `fields` are selectors; `fields` takes the place of `name`.

    Raises Failure: a name that no field selector can say (view.md Q36), the API missing, any other error.
    """
    return _rows(client, ROLLOUTS, Rollout, rollout_row, namespace, fields or name_selector(name), labels)


def list_experiments(client: Client, namespace: str, *, labels: str = "", fields: str = "") -> Rows[ExperimentListRow]:
    """The experiments of a namespace ("" = all of them), in the server's order. Raises Failure."""
    return _rows(client, EXPERIMENTS, Experiment, experiment_row, namespace, fields, labels)


def name_selector(name: str) -> str:
    """The field selector for one name, "" for none. Raises Failure for a name that it cannot say."""
    odd = [mark for mark in ",=\\" if mark in name]
    if odd:
        raise Failure(f'invalid --name "{name}": the name of an object does not contain "{odd[0]}"')
    return f"metadata.name={name}" if name else ""


def _rows(
    client: Client,
    resource: Resource,
    type_: type[Obj],
    row: Callable[[Obj], T],
    namespace: str,
    fields: str,
    labels: str,
) -> Rows[T]:
    """Page by page, so that only the rows are kept."""
    rows: list[T] = []
    version = ""
    try:
        for page in client.list_pages(resource, namespace, type_, label_selector=labels, field_selector=fields):
            if page.restarted:
                rows = []
            rows += [row(obj) for obj in page.items]
            version = page.resource_version
    except ApiError as error:
        raise explained(error, resource) from None
    return Rows(rows, version)
