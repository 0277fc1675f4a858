"""The revision to go back to, and whether its pod template is there already (spec/commands.md §4, Q9-Q12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.gotext import mapping_at
from kubectl_rollouts.rollout.objects import LabelSelector, ObjectMeta, WorkloadRef
from kubectl_rollouts.typed import convert

Object = dict[str, Any]

HASH_LABEL = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"
_INT64 = 1 << 63
_TEMPLATE = ".spec.template"


class _Spec(Struct, frozen=True, rename="camel"):
    selector: LabelSelector | None = None
    template: Object | None = None
    workload_ref: WorkloadRef | None = None


class _Status(Struct, frozen=True, rename="camel"):
    current_pod_hash: str | None = None


class Undoable(Struct, frozen=True):
    """A Rollout as far as `undo` reads it."""

    metadata: ObjectMeta = ObjectMeta()
    spec: _Spec = _Spec()
    status: _Status = _Status()


class _SetSpec(Struct, frozen=True):
    template: msgspec.Raw = msgspec.Raw(b"{}")


class Revision(Struct, frozen=True):
    """A ReplicaSet as far as `undo` reads it: its template stays JSON text until one is chosen."""

    metadata: ObjectMeta = ObjectMeta()
    spec: _SetSpec = _SetSpec()

    @property
    def template_hash(self) -> str:
        """The label that names its pod template."""
        return (self.metadata.labels or {}).get(HASH_LABEL) or ""


def undoable(rollout: Object) -> Undoable:
    """Return the typed view of a rollout; null counts as absent. Raises Failure for what is none."""
    try:
        return convert({key: value for key, value in rollout.items() if value is not None}, Undoable)
    except msgspec.ValidationError:
        raise Failure("Invalid rollout object") from None


def selector_query(selector: LabelSelector | None) -> str:
    """Return a label selector as the text of a request, requirements sorted by key. Raises Failure."""
    if selector is None:
        return ""
    terms = [(key, f"{key}={value or ''}") for key, value in (selector.match_labels or {}).items()]
    for requirement in selector.match_expressions or ():
        key, values = requirement.key or "", ",".join(sorted(requirement.values or ()))
        written = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }.get(requirement.operator or "")
        if written is None:
            raise Failure(f'"{requirement.operator or ""}" is not a valid label selector operator')
        terms.append((key, written))
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0]))


def chosen_revision(sets: Iterable[Revision], rollout: ObjectMeta, to_revision: int) -> Revision:
    """Return the ReplicaSet to go back to: that of a revision, or for 0 the one before the newest.

    Only ReplicaSets that the rollout controls count, in the order given: of two that share the newest revision the
    later is "the one before". Raises Failure when there is none.
    """
    newest, before = 0, 0
    newest_set: Revision | None = None
    before_set: Revision | None = None
    for candidate in sets:
        number = _number(candidate.metadata.annotations)
        if number is None or not _controls(rollout, candidate.metadata):
            continue
        if to_revision:
            if number == to_revision:
                return candidate
        elif number > newest:
            newest, newest_set, before, before_set = number, candidate, newest, newest_set
        elif number > before:
            before, before_set = number, candidate
    if to_revision > 0:
        raise Failure(f"unable to find specified revision {to_revision} in history")
    if before_set is None:
        raise Failure(f'no revision found for rollout "{rollout.name or ""}"')
    return before_set


def _controls(rollout: ObjectMeta, meta: ObjectMeta) -> bool:
    owners = [owner for owner in meta.owner_references or () if owner is not None and owner.controller]
    return bool(owners) and (owners[0].uid or "") == (rollout.uid or "")


def _number(annotations: Mapping[str, str | None] | None) -> int | None:
    """The revision of a ReplicaSet: 0 without the annotation, None when it is no 64-bit integer."""
    text = (annotations or {}).get(REVISION)
    if text is None:
        return 0
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 19:
        return None
    number = int(text)
    return number if -_INT64 <= number < _INT64 else None


def restored_template(chosen: Revision) -> Object:
    """Return the pod template to restore: without the controller's hash label, normal as typed clients write it.

    Unknown fields are kept (Q10).
    """
    return _normal(mapping_at({"template": msgspec.json.decode(chosen.spec.template)}, "template", _TEMPLATE))


def _normal(template: Object) -> Object:
    """A pod template as typed clients write it. Raises Failure for what is none."""
    meta = dict(mapping_at(template, "metadata", f"{_TEMPLATE}.metadata"))
    if meta.get("creationTimestamp", "") is None:
        del meta["creationTimestamp"]
    held = mapping_at(meta, "labels", f"{_TEMPLATE}.metadata.labels")
    labels = {key: value for key, value in held.items() if key != HASH_LABEL}
    meta.pop("labels", None)
    if labels:
        meta["labels"] = labels
    spec = dict(mapping_at(template, "spec", f"{_TEMPLATE}.spec"))
    for name in ("initContainers", "containers", "ephemeralContainers"):
        entries = spec.get(name)
        if isinstance(entries, list):
            path = f"{_TEMPLATE}.spec.{name}[]"
            spec[name] = [_container(entry, path) if isinstance(entry, dict) else entry for entry in entries]
    return {**template, "metadata": meta, "spec": spec}


def _container(container: Object, path: str) -> Object:
    resources = dict(mapping_at(container, "resources", f"{path}.resources"))
    for name in ("limits", "requests"):
        amounts = resources.get(name)
        if isinstance(amounts, dict):
            resources[name] = {key: _amount(value) for key, value in amounts.items()}
    return {**container, "resources": resources}


def _amount(value: Any) -> Any:
    from kubectl_rollouts.rollout.quantities import canonical_quantity

    try:
        return canonical_quantity(value)
    except (ValueError, TypeError):
        return value  # not a quantity: the server will say so


def matches(rollout: Undoable, chosen: Revision, template: Object) -> bool:
    """Whether the rollout has that template already, so that there is nothing to undo.

    The reference asks only whether the rollout's template derives from the ReplicaSet's, which has more: the server's
    defaults. So removals went unseen (Q12); here the ReplicaSet must be the current one, too, or have nothing more.
    """
    current = rollout.spec.template
    if current is None:
        return False
    meta = current.get("metadata")
    if isinstance(meta, dict) and isinstance(meta.get("labels"), dict) and HASH_LABEL in meta["labels"]:
        labels = {key: value for key, value in meta["labels"].items() if key != HASH_LABEL}
        current = {**current, "metadata": {**meta, "labels": labels}}
    if not derives(current, template):
        return False
    is_current = bool(chosen.template_hash) and chosen.template_hash == rollout.status.current_pod_hash
    if is_current:
        return True
    try:
        return _normal(current) == template
    except Failure:  # text or a list where an object is expected: nothing in it, but not the same
        return False


def derives(part: Any, whole: Any) -> bool:
    """Whether all that `part` says is in `whole` (apimachinery's DeepDerivative on JSON values)."""
    if part is None:
        return True
    if isinstance(part, dict):
        if not part:
            return True
        return (
            isinstance(whole, dict)
            and len(part) <= len(whole)
            and all(key in whole and derives(value, whole[key]) for key, value in part.items())
        )
    if isinstance(part, list):
        if not part:
            return True
        return (
            isinstance(whole, list)
            and len(part) <= len(whole)
            and all(derives(value, whole[index]) for index, value in enumerate(part))
        )
    if isinstance(part, str):
        return part == "" or part == whole
    return type(part) is type(whole) and bool(part == whole)
