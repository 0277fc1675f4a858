"""Going back to an earlier revision: find its ReplicaSet, put its pod template back (spec/commands.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_rollouts.cluster.client import JSON_PATCH
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import DEPLOYMENTS, POD_TEMPLATES, REPLICA_SETS, ROLLOUTS
from kubectl_rollouts.release.writes import Object, get_untyped, patched
from kubectl_rollouts.rollout.undo import (
    Revision,
    Undoable,
    chosen_revision,
    derives,
    matches,
    restored_template,
    selector_query,
    undoable,
)

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource


class Undone(NamedTuple):
    """The rollout's name, and whether its template was changed or was that of the revision already."""

    name: str
    changed: bool


def undo(client: Client, namespace: str, name: str, to_revision: int = 0) -> Undone:
    """Go back to a revision (0: the one before the newest). Raises Failure."""
    if not name:
        raise Failure("name is required")
    rollout = undoable(get_untyped(client, ROLLOUTS, namespace, name))
    meta = rollout.metadata
    namespace, name = meta.namespace or namespace, meta.name or name
    try:
        query = selector_query(rollout.spec.selector)
        sets = client.list(REPLICA_SETS, namespace, Revision, label_selector=query).items
    except Failure as error:
        raise Failure(f"failed to retrieve replica sets from rollout {name}: {error}") from None
    chosen = chosen_revision(sets, meta, to_revision)
    template = restored_template(chosen)
    if matches(rollout, chosen, template):
        return Undone(name, False)
    try:
        _restore(client, rollout, namespace, name, template)
    except Failure as error:
        raise Failure(f"failed restoring revision {to_revision}: {error}") from None
    return Undone(name, True)


def _restore(client: Client, rollout: Undoable, namespace: str, name: str, template: Object) -> None:
    resource, target, path = _target(rollout, name)

    def send() -> Object:
        operation = {"op": "replace", "path": path, "value": template}
        return client.patch(
            resource, namespace, target, [operation], content_type=JSON_PATCH, typed=resource is not ROLLOUTS
        )

    def done(found: Object) -> bool:
        for key in path.split("/")[1:]:
            inner = found.get(key)
            found = inner if isinstance(inner, dict) else {}
        return derives(template, found)

    patched(
        send,
        lambda: get_untyped(client, resource, namespace, target),
        done,
        f'the change of {resource.group_resource} "{target}"',
    )


def _target(rollout: Undoable, name: str) -> tuple[Resource, str, str]:
    """The object that holds the template, and the JSON pointer to it."""
    reference = rollout.spec.workload_ref
    if reference is None:
        return ROLLOUTS, name, "/spec/template"
    kind, referred = reference.kind or "", reference.name or ""
    if kind == "Deployment":
        return DEPLOYMENTS, referred, "/spec/template"
    if kind == "ReplicaSet":
        return REPLICA_SETS, referred, "/spec/template"
    if kind == "PodTemplate":  # Q9: a PodTemplate has no spec around it
        return POD_TEMPLATES, referred, "/template"
    raise Failure(f"workload of type {kind} is not supported")
