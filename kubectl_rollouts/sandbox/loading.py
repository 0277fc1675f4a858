"""`--load`: manifests from files and folders, created or updated as `kubectl apply` would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.apistatus import ApiStatus
from kubectl_rollouts.sandbox.kinds import BY_KIND, Kind
from kubectl_rollouts.sandbox.objects import Object, meta, name_of
from kubectl_rollouts.sandbox.patches import merge_patch
from kubectl_rollouts.sandbox.store import Store
from kubectl_rollouts.sandbox.validation import check

SUFFIXES = (".yaml", ".yml", ".json")
_FIRST = ("Namespace", "CustomResourceDefinition")


def load_documents(body: bytes) -> list[Any]:
    """The documents of a YAML stream, empty ones left out; raises ApiStatus 400 for what is no YAML."""
    import yaml

    from kubectl_rollouts.sandbox.apistatus import bad_request

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    plain = _plain_loader(loader)
    try:
        return [document for document in yaml.load_all(body, plain) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split()).replace(' in "<byte string>", ', " at ")
        raise bad_request(f"error parsing YAML: {text}") from None


def _plain_loader(base: Any) -> Any:
    """A safe loader that leaves times as the texts that they are, as JSON has no others."""

    class Loader(base):  # type: ignore[misc]  # the base is chosen at run time
        """Timestamps stay strings."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return Loader


def read_manifests(path: Path) -> Iterator[tuple[str, Object]]:
    """The objects of a file, or of all manifests in a folder and below, with where each is from.

    Lists are taken apart. Raises Failure, which names the file, for what cannot be read.
    """
    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.suffix in SUFFIXES and item.is_file())
        if not files:
            raise Failure(f"no manifests in {path} (files that end with {', '.join(SUFFIXES)})")
    else:
        files = [path]
    for file in files:
        try:
            documents = load_documents(file.read_bytes())
        except OSError as error:
            raise Failure(f"cannot read {file}: {error.strerror or error}") from error
        except ApiStatus as error:
            raise Failure(f"{file}: {error.message}") from error
        for document in documents:
            yield from _objects(str(file), document)


def _objects(file: str, document: Any) -> Iterator[tuple[str, Object]]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise Failure(f"{file}: a document that is no Kubernetes object")
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(file, item)
        return
    if not isinstance(document.get("metadata"), dict):
        raise Failure(f"{file}: {document['kind']} without metadata")
    yield file, document


def load(store: Store, path: Path) -> list[str]:
    """Create or update the objects of a file or folder; return what is worth saying: what is not simulated.

    Raises Failure for what the API would refuse.
    """
    found = sorted(read_manifests(path), key=lambda item: item[1]["kind"] not in _FIRST)
    said: dict[str, None] = {}
    for file, obj in found:
        kind = BY_KIND.get(obj["kind"])
        if kind is None or kind.api_version != obj.get("apiVersion"):
            said[f"{obj.get('apiVersion')} {obj['kind']} is unknown here: {name_of(obj)} was left out"] = None
            continue
        if kind.kind == "CustomResourceDefinition":
            said[f"CustomResourceDefinition {name_of(obj)} is stored, its kind is served only if it is built in"] = None
        elif not kind.simulated:
            said[f"{kind.kind} {name_of(obj)} is stored, but nothing happens because of it"] = None
        try:
            said.update(dict.fromkeys(f"{file}: {name_of(obj)}: {text}" for text in put(store, kind, obj)))
        except ApiStatus as error:
            raise Failure(f"{file}: {error.message}") from error
    return list(said)


def put(store: Store, kind: Kind, obj: Object) -> list[str]:
    """Create an object, or merge it into the one that is there; return warnings. Raises ApiStatus."""
    checked, warnings = check(kind, {**obj, "apiVersion": kind.api_version}, "Warn")
    namespace = (meta(checked).get("namespace") or "default") if kind.namespaced else ""
    name = name_of(checked)
    with store.lock:
        if kind.namespaced and store.get("Namespace", "", namespace) is None:
            store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        if name and store.get(kind.kind, namespace, name) is not None:
            wanted = {key: value for key, value in checked.items() if key not in ("status", "apiVersion", "kind")}

            def edit(old: Object) -> Object:
                merged: Object = merge_patch(old, wanted)
                return merged

            store.change(kind.kind, namespace, name, edit)
        else:
            store.create(checked)
    return warnings
