"""Manifests from files, folders and standard input, checked and ready to be created (spec/commands.md §7.1).

A file, and a folder, is read and checked whole before anything of it is created (Q16).
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from kubectl_rollouts.cluster.resources import Resource
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.release.resources import (
    ANALYSIS_RUNS,
    ANALYSIS_TEMPLATES,
    ARGO,
    CLUSTER_ANALYSIS_TEMPLATES,
    EXPERIMENTS,
    ROLLOUTS,
)
from kubectl_rollouts.rollout.documents import Document, documents, sendable
from kubectl_rollouts.rollout.gotext import value_and_type
from kubectl_rollouts.rollout.strict import strict_error

RESOURCES = {
    resource.kind: resource
    for resource in (ROLLOUTS, EXPERIMENTS, ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES, ANALYSIS_RUNS)
}
_SUFFIXES = (".yaml", ".yml", ".json")


class Manifest(NamedTuple):
    """An object to be created: where, and its body. `namespace` "" is the command's."""

    resource: Resource
    namespace: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """metadata.name, "" when the server is to make one."""
        meta = self.body.get("metadata")
        name = meta.get("name") if isinstance(meta, dict) else None
        return name if isinstance(name, str) else ""


def read_manifests(place: str) -> list[Manifest]:
    """Return what is to be created from a file, a folder or `-`, in its order. Raises Failure for the first mistake."""
    files = _files(place)
    if files == [place]:
        return _of_file(place)
    found = []
    for path in files:
        try:
            found += _of_file(path)
        except Failure as error:
            raise Failure(f"{path}: {error}") from None
    return found


def read_template(place: str) -> dict[str, Any]:
    """Return the first document of a file as it is, whatever its kind. Raises Failure."""
    found = documents(read_file(place))
    if not found:
        raise Failure(f"{place} holds no object")
    found[0].group_kind  # noqa: B018 - raises for what has no kind
    try:
        body: dict[str, Any] = sendable(found[0].value)
    except RecursionError:
        raise Failure("exceeded max depth") from None
    return body


def read_file(place: str) -> bytes:
    """Return the bytes of a file, or of standard input for `-`. Raises Failure with Go's words."""
    if place.startswith(("http://", "https://")):
        raise Failure(f"{place} is a URL, which is not fetched: download it first, or pipe it into -f -")
    try:
        if place == "-":
            return _standard_input()
        with open(place, "rb") as file:  # noqa: PTH123 - for Path, "" is the folder that one is in
            return file.read()
    except OSError as error:
        verb = "read" if error.errno == errno.EISDIR else "open"
        raise Failure(f"{verb} {place}: {_cause(error)}") from None
    except ValueError:
        raise Failure(f"open {place}: invalid argument") from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise Failure("standard input is closed")
    stream = getattr(sys.stdin, "buffer", None)
    return stream.read() if stream is not None else sys.stdin.read().encode()


def _cause(error: OSError) -> str:
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]


def _files(place: str) -> list[str]:
    """The files of a folder, by name; any other place is itself."""
    try:
        if place in ("-", "") or not Path(place).is_dir():
            return [place]
        found = sorted(path for path in Path(place).iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    except OSError as error:
        raise Failure(f"open {place}: {_cause(error)}") from None
    except ValueError:
        return [place]
    if not found:
        raise Failure(f"{place} holds no file that ends in {', '.join(_SUFFIXES)}")
    return [str(path) for path in found]


def _of_file(place: str) -> list[Manifest]:
    found = documents(read_file(place))
    if not found:
        raise Failure("creates of / unsupported")
    try:
        return [_manifest(document) for document in found]
    except RecursionError:
        raise Failure("exceeded max depth") from None


def _manifest(document: Document) -> Manifest:
    group, kind = document.group_kind
    resource = RESOURCES.get(kind)
    if group != ARGO or resource is None:
        raise Failure(f"creates of {group}/{kind} unsupported")
    problem = strict_error(document.value, kind, yaml=document.yaml)
    if problem:
        raise document.failure(problem)
    meta = document.value.get("metadata")
    namespace = meta.get("namespace", "") if isinstance(meta, dict) else ""
    if not isinstance(namespace, str):  # Q33; YAML reads a bare number as one
        raise Failure(f".metadata.namespace accessor error: {value_and_type(namespace)}, expected string")
    return Manifest(resource, namespace, sendable(document.value))
