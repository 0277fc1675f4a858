"""One patch to one object: abort, pause, retry, restart, terminate (spec/commands.md §2.6).

What the patches say is absolute, so a patch that did not take can be sent again; whether it did is read back when
the reply was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.writes import Object, is_absent, metadata_name, patched, shows

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource


def patch_object(
    client: Client, resource: Resource, namespace: str, name: str, body: dict[str, Any], *, status: bool = False
) -> str:
    """As `patch_whole`; returns metadata.name of the reply."""
    return metadata_name(patch_whole(client, resource, namespace, name, body, status=status))


def patch_whole(
    client: Client, resource: Resource, namespace: str, name: str, body: dict[str, Any], *, status: bool = False
) -> Object:
    """Send a merge patch and return the object as it is then. Raises Failure.

    With `status` it goes to the status subresource first and, where there is none, to the object.
    """
    if status:
        try:
            return _patch(client, resource, namespace, name, body, "status")
        except Failure as error:
            if not is_absent(error):
                raise
    return _patch(client, resource, namespace, name, body, "")


def _patch(
    client: Client, resource: Resource, namespace: str, name: str, body: dict[str, Any], subresource: str
) -> Object:
    def send() -> Object:
        return client.patch(resource, namespace, name, body, subresource=subresource)

    def read() -> Object:
        return client.get(resource, namespace, name)

    def done(found: Object) -> bool | None:
        if shows(found, body):
            return True
        # A status that was to be removed and is there may be the controller's new one.
        return None if None in body.values() else False

    return patched(send, read, done, f'the change of {resource.group_resource} "{name}"')
