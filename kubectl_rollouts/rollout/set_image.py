"""Which containers `set image` changes, and the patch that changes them (spec/commands.md §5, Q13, Q33)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.gotext import mapping_at, plain_value, value_and_type

Object = dict[str, Any]
Operation = dict[str, Any]

LISTS = ("initContainers", "containers", "ephemeralContainers")
EVERY = "*"


def workload_name(rollout: Object) -> str | None:
    """Return the name of the Deployment that holds the rollout's template; None when the rollout has it itself.

    Raises Failure for a reference that is none, or to a kind that cannot be changed this way.
    """
    spec = mapping_at(rollout, "spec", ".spec")
    if "workloadRef" not in spec:
        return None
    reference = spec["workloadRef"]
    if not isinstance(reference, dict):
        raise Failure(
            f".spec.workloadRef accessor error: {value_and_type(reference)}, expected map[string]interface{{}}"
        )
    name, kind = reference.get("name"), reference.get("kind")
    if not isinstance(name, str):
        raise Failure(f"spec.workloadRef.name is not a string: {plain_value(name)}")
    if kind not in (None, "", "Deployment"):
        raise Failure(
            f"spec.workloadRef refers to a {plain_value(kind)}: set image can change the image of a Deployment only"
        )
    return name


def image_patch(target: Object, container: str, image: str) -> list[Operation]:
    """Return the JSON patch that sets the image of the containers of a name, or of all for `*`.

    Each change is guarded by a test that the container is where it was, and a change of all of them by the version
    of the list's object, so a patch of an object that has changed meanwhile is refused and never hits another
    container. Raises Failure when no container has the name.
    """
    operations: list[Operation] = []
    if container == EVERY:
        version = mapping_at(target, "metadata", ".metadata").get("resourceVersion")
        operations.append({"op": "test", "path": "/metadata/resourceVersion", "value": version})
    found = False
    for path, entry in _containers(target):
        if container not in (EVERY, entry.get("name", "")):
            continue
        found = True
        if container and container != EVERY:
            operations.append({"op": "test", "path": f"{path}/name", "value": container})
        elif not container:  # a container without a name: nothing but the whole entry tells it from others
            operations.append({"op": "test", "path": path, "value": entry})
        operations.append({"op": "add", "path": f"{path}/image", "value": image})
    if not found:
        raise Failure(f'unable to find container named "{container}"')
    return operations


def with_image(target: Object, container: str, image: str) -> Object:
    """The object with that image in those containers, all else as it is."""
    from copy import deepcopy  # few calls get here

    changed = deepcopy(target)
    for _, entry in _containers(changed):
        if container in (EVERY, entry.get("name", "")):
            entry["image"] = image
    return changed


def has_image(target: Object, container: str, image: str) -> bool:
    """Whether all those containers have the image already."""
    chosen = [entry for _, entry in _containers(target) if container in (EVERY, entry.get("name", ""))]
    return bool(chosen) and all(entry.get("image") == image for entry in chosen)


def _containers(target: Object) -> list[tuple[str, Object]]:
    """All containers of the pod template, each with its JSON pointer. Lists that are null are empty."""
    spec: Object = target
    path = ""
    for key in ("spec", "template", "spec"):
        path += f".{key}"
        spec = mapping_at(spec, key, path)
    out = []
    for name in LISTS:
        entries = spec.get(name)
        if entries is None:
            continue
        if not isinstance(entries, list):
            raise Failure(f"{path}.{name} accessor error: {value_and_type(entries)}, expected []interface{{}}")
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise Failure(f"{path}.{name}[{index}] is {value_and_type(entry)}, expected map[string]interface{{}}")
            out.append((f"/spec/template/spec/{name}/{index}", entry))
    return out
