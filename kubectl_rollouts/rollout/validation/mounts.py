"""Volume mounts and block devices of a container (spec/lint.md §5.3, rows 24-28)."""

from __future__ import annotations

from kubectl_rollouts.rollout.validation.access import Mapping, flag, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    forbidden,
    invalid,
    not_found,
    required,
    unsupported,
)
from kubectl_rollouts.rollout.validation.volumes import descending_path_errors

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")


def mount_errors(container: Mapping, volumes: dict[str, Mapping], path: str) -> list[FieldError]:
    """The errors of `volumeMounts`; `volumes` are those without an error, by name."""
    errors: list[FieldError] = []
    device_names = {text(device, "name") for device in mappings(container, "volumeDevices")}
    device_paths = {text(device, "devicePath") for device in mappings(container, "volumeDevices")}
    seen = set()
    for index, mount in enumerate(mappings(container, "volumeMounts")):
        where = f"{path}[{index}]"
        name, target = text(mount, "name"), text(mount, "mountPath")
        if not name:
            errors.append(required(f"{where}.name"))
        if name not in volumes:
            errors.append(not_found(f"{where}.name", name))
        if not target:
            errors.append(required(f"{where}.mountPath"))
        if target in seen:
            errors.append(invalid(f"{where}.mountPath", target, "must be unique"))
        seen.add(target)
        if name in device_names:
            errors.append(invalid(f"{where}.name", name, "must not already exist in volumeDevices"))
        if target in device_paths:
            message = "must not already exist as a path in volumeDevices"
            errors.append(invalid(f"{where}.mountPath", target, message))
        errors += _sub_path_errors(mount, path, where) + _propagation_errors(mount, path, where)
    return errors


def _sub_path_errors(mount: Mapping, path: str, where: str) -> list[FieldError]:
    errors = []
    plain, expression = text(mount, "subPath"), text(mount, "subPathExpr")
    if plain:
        errors += descending_path_errors(plain, f"{path}.subPath")
    if expression:
        if plain:
            message = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(f"{where}.subPathExpr", expression, message))
        errors += descending_path_errors(expression, f"{path}.subPathExpr")
    return errors


def _propagation_errors(mount: Mapping, path: str, where: str) -> list[FieldError]:
    errors = []
    propagation = text(mount, "mountPropagation")
    if present(mount, "mountPropagation"):
        if propagation not in _PROPAGATIONS:
            errors.append(unsupported(f"{path}.mountPropagation", propagation, _PROPAGATIONS))
        if propagation == "Bidirectional":
            message = "Bidirectional mount propagation is available only to privileged containers"
            errors.append(forbidden(f"{path}.mountPropagation", message))
    recursive = text(mount, "recursiveReadOnly")
    if recursive and recursive != "Disabled":
        if not flag(mount, "readOnly"):
            message = "may only be specified when readOnly is true"
            errors.append(forbidden(f"{where}.recursiveReadOnly", message))
        if propagation not in ("", "None"):
            message = "may only be specified when mountPropagation is None or not specified"
            errors.append(forbidden(f"{where}.recursiveReadOnly", message))
        if recursive not in ("Enabled", "IfPossible"):
            known = ["Disabled", "Enabled", "IfPossible"]
            errors.append(unsupported(f"{where}.recursiveReadOnly", recursive, known))
    return errors


def device_errors(container: Mapping, volumes: dict[str, Mapping], path: str) -> list[FieldError]:
    """The errors of `volumeDevices`."""
    errors: list[FieldError] = []
    mount_names = {text(mount, "name") for mount in mappings(container, "volumeMounts")}
    mount_paths = {text(mount, "mountPath") for mount in mappings(container, "volumeMounts")}
    seen_names, seen_paths = set(), set()
    for index, device in enumerate(mappings(container, "volumeDevices")):
        where = f"{path}[{index}]"
        name, target = text(device, "name"), text(device, "devicePath")
        if not name:
            errors.append(required(f"{where}.name"))
        if name in seen_names:
            errors.append(invalid(f"{where}.name", name, "must be unique"))
        if name not in volumes:
            errors.append(not_found(f"{where}.name", name))
        elif not mapping(volumes, name).keys() & {"persistentVolumeClaim", "ephemeral"}:
            message = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            errors.append(invalid(f"{where}.name", name, message))
        if not target:
            errors.append(required(f"{where}.devicePath"))
        if target in seen_paths:
            errors.append(invalid(f"{where}.devicePath", target, "must be unique"))
        if ".." in target.split("/"):
            errors.append(invalid(f"{where}.devicePath", target, "can not contain backsteps ('..')"))
        else:
            seen_paths.add(target)
        if name in mount_names:
            errors.append(invalid(f"{where}.name", name, "must not already exist in volumeMounts"))
        if target in mount_paths:
            message = "must not already exist as a path in volumeMounts"
            errors.append(invalid(f"{where}.devicePath", target, message))
        if name:
            seen_names.add(name)
    return errors
