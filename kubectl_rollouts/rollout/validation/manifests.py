"""What `lint` reads of a file: its Rollouts, strictly decoded, and what they may refer to (spec/lint.md §2, §3)."""

from __future__ import annotations

import codecs
import re
from typing import Any

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.decoded import decoded
from kubectl_rollouts.rollout.documents import Document, yaml_values
from kubectl_rollouts.rollout.strict import strict_error
from kubectl_rollouts.rollout.validation.lint import Documents

_PREFIX = "error converting YAML to JSON: "
_UNTYPED = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type {}"
_INGRESS_GROUPS = ("networking.k8s.io", "extensions")
_INGRESS_TYPES = {"v1": "core.Ingress", "v1beta1": "core.IngressV1beta1"}


def read_documents(data: bytes) -> Documents:
    """The documents of a YAML stream (JSON is read as YAML) that take part in linting.

    Raises Failure at the first document that cannot be decoded: nothing is validated then.
    """
    found = Documents([], [], [], [])
    try:
        for value in yaml_values(_text(data), unique_keys=False):
            if value is not None:
                _collect(_document(value), found)
    except Failure as failure:
        said = str(failure)
        # the stream decoder reports its own errors bare
        raise Failure(said.removeprefix(_PREFIX) if said.startswith(f"{_PREFIX}yaml: ") else said) from None
    return found


def _text(data: bytes) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Failure("yaml: invalid leading UTF-8 octet") from None


def _document(value: Any) -> Document:
    if isinstance(value, dict):
        return Document(value, True)
    kind = "bool" if isinstance(value, bool) else "array" if isinstance(value, list) else "string"
    if isinstance(value, int | float) and not isinstance(value, bool):
        kind = "number"
    raise Failure(_UNTYPED.format(kind, "map[string]interface {}"))


def _collect(document: Document, found: Documents) -> None:
    group, kind = document.group_kind
    version = document.value.get("apiVersion")
    version = version.rpartition("/")[2] if isinstance(version, str) else ""
    if (group, kind) == ("argoproj.io", "Rollout"):
        _append(found.rollouts, _checked(document, "Rollout"))
    elif (group, kind) == ("", "Service"):
        _append(found.services, _checked(document, "core.Service"))
    elif group in _INGRESS_GROUPS and kind == "Ingress" and version in _INGRESS_TYPES:
        _append(found.ingresses, _checked(document, _INGRESS_TYPES[version]))
    elif (group, kind) == ("networking.istio.io", "VirtualService"):
        _append(found.virtual_services, document.value)


def _append(found: Any, value: dict[str, Any]) -> None:
    found.append(value)


def _checked(document: Document, type_name: str) -> dict[str, Any]:
    problem = strict_error(document.value, type_name, yaml=True)
    if problem:
        shown = re.sub(r"\bv1\.(\w+)V1beta1\b", r"v1beta1.\1", problem)
        raise document.failure(re.sub(r"\b(\w+)V1beta1\b", r"\1", shown))
    value: dict[str, Any] = decoded(document.value, type_name)
    return value
