"""`--sort-by`: the order of a list, by a word or, as kubectl has it, by a JSONPath."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, TypeVar

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.jsonpath import Template, relaxed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_DESCENDING = frozenset(("age",))
WORDS: dict[str, str] = {
    "age": "{.metadata.creationTimestamp}",
    "desired": "{.replicas.desired}",
    "name": "{.metadata.name}",
    "namespace": "{.metadata.namespace}",
    "phase": "{.phase}",
    "ready": "{.replicas.ready}",
    "step": "{.step.index}",
    "strategy": "{.strategy}",
    "weight": "{.weights.set}",
}
"""The words, and the field of a document that each of them means. The youngest comes first by age."""


def ordered(items: Sequence[T], wanted: str, document: Callable[[T], Any], shown: Callable[[T], Any]) -> list[T]:
    """Items in the order wanted; what does not have the field comes first.

    `document` gives the facts of an item, for the words; `shown` what is printed of it, which a path applies to.
    Raises Failure when no item has the field, or its values have no order.
    """
    if not wanted or not items:
        return list(items)
    path = Template(WORDS.get(wanted) or relaxed(wanted))
    read = document if wanted in WORDS else shown
    keyed = [(_first(path, read(item)), item) for item in items]
    if wanted not in WORDS and all(key is None for key, _ in keyed):
        raise Failure(f'couldn\'t find any field with path "{path.source}" in the list of objects')
    by_value = cmp_to_key(_compare)
    keyed.sort(key=lambda pair: by_value(pair[0]), reverse=wanted in _DESCENDING)
    return [item for _, item in keyed]


def _first(path: Template, obj: Any) -> Any:
    found = path.find(obj)
    return found[0][0] if found and found[0] else None


def _compare(one: Any, other: Any) -> int:
    if one is None or other is None:
        return (one is not None) - (other is not None)
    for kind in (bool, dict, list):
        if isinstance(one, kind) or isinstance(other, kind):
            raise Failure("--sort-by: the values of the field have no order")
    if isinstance(one, str) and isinstance(other, str):
        one, other = _sizes(one, other)
    elif isinstance(one, str) or isinstance(other, str):
        raise Failure("--sort-by: the field is a text here and a number there")
    return int(one > other) - int(one < other)


def _sizes(one: str, other: str) -> tuple[Any, Any]:
    """Two texts, or what they amount to where both are quantities (`500m`, `1Gi`)."""
    from kubectl_rollouts.rollout.quantities import parse_quantity

    try:
        return parse_quantity(one).value, parse_quantity(other).value
    except (Failure, ValueError):
        return one, other
