"""The volumes of a pod template (spec/lint.md §5.3, rows 54-57)."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, flag, integer, mapping, mappings, present, text
from kubectl_rollouts.rollout.validation.environment import field_ref_errors, resource_ref_errors
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)

# in the order in which the reference looks for them: the first one counts, the later ones are blamed
_SOURCES = (
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
)
# what a source cannot do without, beyond the rules written out below
_REQUIRED = {
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "secret": ("secretName",),
    "nfs": ("server", "path"),
    "glusterfs": ("endpoints", "path"),
    "persistentVolumeClaim": ("claimName",),
    "flexVolume": ("driver",),
    "configMap": ("name",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "csi": ("driver",),
}
_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_BACKSTEP = "must not contain '..'"


def volume_errors(entries: list[Mapping], path: str) -> tuple[list[FieldError], dict[str, Mapping]]:
    """The errors of `spec.volumes`, and the volumes without one by name (mounts may refer to those only)."""
    errors: list[FieldError] = []
    known: dict[str, Mapping] = {}
    for index, volume in enumerate(entries):
        where = f"{path}[{index}]"
        found = _volume_source_errors(volume, where)
        name = text(volume, "name")
        if not name:
            found.append(required(f"{where}.name"))
        else:
            found += [invalid(f"{where}.name", name, message) for message in names.dns_label(name)]
        if name in known:
            found.append(duplicate(f"{where}.name", name))
        if not found:
            known[name] = volume
        errors += found
    return errors, known


def shared_disk_errors(entries: list[Mapping], path: str) -> list[FieldError]:
    """Disks that several pods cannot write to."""
    errors = []
    for index, volume in enumerate(entries):
        if present(volume, "gcePersistentDisk") and not flag(volume, "gcePersistentDisk", "readOnly"):
            message = (
                "must be true for replicated pods > 1; "
                "GCE PD can only be mounted on multiple machines if it is read-only"
            )
            errors.append(invalid(f"{path}[{index}].gcePersistentDisk.readOnly", False, message))
    return errors


def descending_path_errors(target: str, path: str) -> list[FieldError]:
    """A path must be relative and go down only."""
    errors = [invalid(path, target, "must be a relative path")] if target.startswith("/") else []
    return errors + no_backstep_errors(target, path)


def no_backstep_errors(target: str, path: str) -> list[FieldError]:
    """A path must not go up."""
    return [invalid(path, target, _BACKSTEP)] if ".." in target.split("/") else []


def _volume_source_errors(volume: Mapping, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    given = [kind for kind in _SOURCES if present(volume, kind)]
    for kind in given:
        if kind != given[0]:
            errors.append(forbidden(f"{path}.{kind}", "may not specify more than 1 volume type"))
            continue
        source = mapping(volume, kind)
        errors += [required(f"{path}.{kind}.{field}") for field in _REQUIRED.get(kind, ()) if not text(source, field)]
        rule = _RULES.get(kind)
        if rule is not None:
            errors += rule(source, f"{path}.{kind}")
    return errors


def _host_path_errors(source: Mapping, path: str) -> list[FieldError]:
    target, kind = text(source, "path"), text(source, "type")
    if not target:
        return [required(f"{path}.path")]
    errors = no_backstep_errors(target, f"{path}.path")
    if kind not in _HOST_PATH_TYPES:
        errors.append(unsupported(f"{path}.type", kind, _HOST_PATH_TYPES))
    return errors


def _nfs_errors(source: Mapping, path: str) -> list[FieldError]:
    target = text(source, "path")
    return [invalid(f"{path}.path", target, "must be an absolute path")] if target and target[0] != "/" else []


def _git_errors(source: Mapping, path: str) -> list[FieldError]:
    return descending_path_errors(text(source, "directory"), f"{path}.directory")


def _ephemeral_errors(source: Mapping, path: str) -> list[FieldError]:
    if not present(source, "volumeClaimTemplate"):
        return [required(f"{path}.volumeClaimTemplate")]
    claim, path = mapping(source, "volumeClaimTemplate", "spec"), f"{path}.volumeClaimTemplate.spec"
    errors = []
    if not claim.get("accessModes"):
        errors.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    if not present(claim, "resources", "requests", "storage"):
        errors.append(required(f"{path}.resources[storage]"))
    return errors


def _files_errors(source: Mapping, path: str) -> list[FieldError]:
    """Secrets and config maps: which keys become which files."""
    errors = _mode_errors(source, "defaultMode", path)
    for index, item in enumerate(mappings(source, "items")):
        errors += _item_errors(item, f"{path}.items[{index}]")
    return errors


def _item_errors(item: Mapping, path: str) -> list[FieldError]:
    errors = []
    if not text(item, "key"):
        errors.append(required(f"{path}.key"))
    errors += _file_path_errors(item, path)
    return errors + _mode_errors(item, "mode", path)


def _file_path_errors(item: Mapping, path: str) -> list[FieldError]:
    target = text(item, "path")
    if not target:
        return [required(f"{path}.path")]
    errors = descending_path_errors(target, f"{path}.path")
    if target.startswith("..") and not errors:
        errors.append(invalid(f"{path}.path", target, "must not start with '..'"))
    return errors


def _mode_errors(source: Mapping, field: str, path: str) -> list[FieldError]:
    mode = integer(source, field)
    return [invalid(f"{path}.{field}", mode, _MODE)] if mode is not None and not 0 <= mode <= 0o777 else []


def _downward_errors(source: Mapping, path: str) -> list[FieldError]:
    errors = _mode_errors(source, "defaultMode", path)
    for item in mappings(source, "items"):
        where = path  # the reference names no index here
        errors += _file_path_errors(item, where)
        if present(item, "fieldRef"):
            errors += field_ref_errors(mapping(item, "fieldRef"), _VOLUME_FIELDS, f"{where}.fieldRef")
            if present(item, "resourceFieldRef"):
                message = "fieldRef and resourceFieldRef can not be specified simultaneously"
                errors.append(invalid(where, "resource", message))
        elif present(item, "resourceFieldRef"):
            reference = mapping(item, "resourceFieldRef")
            errors += resource_ref_errors(reference, f"{where}.resourceFieldRef", volume=True)
        else:
            errors.append(required(where, "one of fieldRef and resourceFieldRef is required"))
        errors += _mode_errors(item, "mode", where)
    return errors


def _projected_errors(source: Mapping, path: str) -> list[FieldError]:
    errors = _mode_errors(source, "defaultMode", path)
    for index, entry in enumerate(mappings(source, "sources")):
        where = f"{path}.sources[{index}]"
        given = [
            kind
            for kind in ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle")
            if present(entry, kind)
        ]
        if not given:
            errors.append(required(where, "must specify a volume type"))
        for kind in given[1:]:
            errors.append(forbidden(f"{where}.{kind}", "may not specify more than 1 volume type"))
        for kind in given[:1]:
            part = mapping(entry, kind)
            if kind in ("secret", "configMap"):
                if not text(part, "name"):
                    errors.append(required(f"{where}.{kind}.name"))
                errors += _files_errors(part, f"{where}.{kind}")
            elif kind == "downwardAPI":
                errors += _downward_errors(part, f"{where}.{kind}")
            elif not text(part, "path"):
                errors.append(required(f"{where}.{kind}.path"))
    return errors


_RULES: dict[str, Callable[[Mapping, str], list[FieldError]]] = {
    "hostPath": _host_path_errors,
    "gitRepo": _git_errors,
    "nfs": _nfs_errors,
    "secret": _files_errors,
    "configMap": _files_errors,
    "downwardAPI": _downward_errors,
    "projected": _projected_errors,
    "ephemeral": _ephemeral_errors,
}
