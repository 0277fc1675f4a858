"""An AnalysisRun made of a template: name, arguments, what of the template it keeps (spec/commands.md §7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.gotext import mapping_at, value_and_type
from kubectl_rollouts.rollout.strict import strict_error
from kubectl_rollouts.rollout.templates import TemplateError, merged_arguments

Object = dict[str, Any]

INSTANCE_ID = "argo-rollouts.argoproj.io/controller-instance-id"


class RunWish(NamedTuple):
    """How the run is wanted: the flags of `create analysisrun`. `arguments` are NAME=VALUE, split."""

    arguments: Sequence[tuple[str, str]] = ()
    name: str = ""
    generate_name: str = ""
    instance_id: str = ""


def split_argument(text: str) -> tuple[str, str]:
    """Split NAME=VALUE at the first `=`. Raises Failure without one."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure("arguments must be in the form NAME=VALUE")
    return name, value


def analysis_run(template: Object, wish: RunWish, namespace: str) -> Object:
    """Return the AnalysisRun of a template (AnalysisTemplate or ClusterAnalysisTemplate). Raises Failure.

    Of the template's metadata only labels and annotations are kept (Q18): its uid, owners, finalizers and managed
    fields are those of another object.
    """
    meta = mapping_at(template, "metadata", ".metadata")
    name = meta.get("name")
    if name is not None and not isinstance(name, str):
        raise Failure(f".metadata.name accessor error: {value_and_type(name)}, expected string")
    names = {"name": wish.name, "generateName": ""}
    if not wish.name:
        names["generateName"] = wish.generate_name or (f"{name}-" if name else "")
        if not names["generateName"]:
            raise Failure("name is invalid")
    kept: Object = {**names, "namespace": namespace}
    for key in ("labels", "annotations"):
        if meta.get(key) is not None:
            kept[key] = meta[key]
    if wish.instance_id:
        labels = kept.get("labels")
        kept["labels"] = {**(labels if isinstance(labels, dict) else {}), INSTANCE_ID: wish.instance_id}
    spec = mapping_at(template, "spec", ".spec")
    arguments = _arguments(spec, wish.arguments)
    made = {**template, "kind": "AnalysisRun", "metadata": kept}
    if arguments:
        made["spec"] = {**spec, "args": arguments}
    return made


def _arguments(spec: Object, given: Sequence[tuple[str, str]]) -> list[Object]:
    """The arguments of the run: the template's with the given values, or the given ones where it declares none."""
    values = [{"name": name, "value": value} for name, value in given]
    declared = spec.get("args")
    if "args" not in spec:
        return values
    if not isinstance(declared, list):
        raise Failure(f".spec.args accessor error: {value_and_type(declared)}, expected []interface{{}}")
    for argument in declared:
        problem = strict_error(argument, "Argument", yaml=False, known_only=False)
        if problem:
            raise Failure(problem)
    try:
        merged = merged_arguments(values, [_known(argument or {}) for argument in declared])
    except TemplateError as error:
        raise Failure(str(error)) from None
    return merged


def _known(argument: Object) -> Object:
    """An argument without the keys that an AnalysisRun's has not, and without nulls."""
    kept: Object = {"name": argument.get("name") or ""}
    if argument.get("value") is not None:
        kept["value"] = argument["value"]
    source = argument.get("valueFrom")
    if source is not None:
        fields = {"secretKeyRef": ("name", "key"), "fieldRef": ("fieldPath",)}
        kept["valueFrom"] = {
            key: {name: source[key].get(name) or "" for name in names}
            for key, names in fields.items()
            if source.get(key) is not None
        }
    return kept
