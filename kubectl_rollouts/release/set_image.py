"""Setting the image of containers: read, find them, patch, and again when the object has changed (commands.md §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_rollouts.cluster.client import JSON_PATCH
from kubectl_rollouts.cluster.errors import ApiError, ConnectionFailed
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import DEPLOYMENTS, ROLLOUTS
from kubectl_rollouts.release.writes import (
    TRIES,
    Object,
    explained,
    get_untyped,
    in_doubt,
    metadata_name,
    tries,
    unknown,
)
from kubectl_rollouts.rollout.set_image import has_image, image_patch, with_image, workload_name

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.client import Client
    from kubectl_rollouts.cluster.resources import Resource


class Changed(NamedTuple):
    """The object that was changed: its kind as in the reply, and its name."""

    kind: str
    name: str


def set_image(client: Client, namespace: str, name: str, container: str, image: str) -> Changed:
    """Set the image of a rollout's containers, in the Deployment that it refers to if it does.

    At most TRIES attempts while the object changes under it. Raises Failure.
    """
    if not name:
        raise Failure("name is required")
    lost: ConnectionFailed | None = None
    for number in tries():
        resource, held = _target(client, namespace, name)
        target = metadata_name(held) or name
        if lost is not None and has_image(held, container, image):
            return _changed(held, resource)
        operations = image_patch(held, container, image)
        try:
            return _changed(_send(client, resource, namespace, target, held, operations, container, image), resource)
        except ApiError as error:
            if not _stale(error, client, namespace, name, operations, container, image):
                raise
            if number == TRIES:
                raise _conflict(error, resource, target) from None
        except ConnectionFailed as error:
            what = f'the change of {resource.group_resource} "{target}"'
            if not in_doubt(error):
                raise explained(error, what) from None
            if number == TRIES:
                raise unknown(error, what) from None
            lost = error
    raise AssertionError("the last try returns or raises")


def _target(client: Client, namespace: str, name: str) -> tuple[Resource, Object]:
    rollout = get_untyped(client, ROLLOUTS, namespace, name)
    workload = workload_name(rollout)
    if workload is None:
        return ROLLOUTS, rollout
    if not workload:
        raise Failure("name is required")
    return DEPLOYMENTS, get_untyped(client, DEPLOYMENTS, namespace, workload)


def _send(
    client: Client,
    resource: Resource,
    namespace: str,
    name: str,
    held: Object,
    operations: list[Object],
    container: str,
    image: str,
) -> Object:
    """Patch the object that is held, or, for those who may not, replace it at the version that is held.

    Replacing is what the reference does (§8.3), so there are people who may do that alone.
    """
    try:
        return client.patch(resource, namespace, name, operations, content_type=JSON_PATCH, typed=False)
    except ApiError as error:
        if not error.forbidden:
            raise
    return client.replace(resource, namespace, name, with_image(held, container, image), typed=False)


def _stale(
    error: ApiError,
    client: Client,
    namespace: str,
    name: str,
    operations: list[Object],
    container: str,
    image: str,
) -> bool:
    """Whether the patch was refused because the object is not as it was read: a conflict, or a test that failed.

    Servers answer a failed test with 422, as they do an image that is not valid; the patch made anew tells them apart.
    """
    if error.conflict:
        return True
    if error.code != 422:
        return False
    _, held = _target(client, namespace, name)
    return image_patch(held, container, image) != operations


def _conflict(error: ApiError, resource: Resource, name: str) -> Failure:
    """The error after too many tries; of a test that failed, in the words of the conflict that it is."""
    if error.conflict:
        return error
    return Failure(
        f'Operation cannot be fulfilled on {resource.group_resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def _changed(obj: Object, resource: Resource) -> Changed:
    kind = obj.get("kind")
    return Changed(kind if isinstance(kind, str) and kind else resource.kind, metadata_name(obj))
