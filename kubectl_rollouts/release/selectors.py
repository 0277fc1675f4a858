"""What an object's selector or hash says, as the text of a request's labelSelector (spec/narrowing.md).

The API server refuses a malformed selector (400), which would hide what an unnarrowed list shows. So a selector that
cannot be written down as a valid one counts as absent, and the caller asks for the namespace as the reference does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_rollouts.rollout.objects import LabelSelector, SelectorRequirement

HASH_LABEL = "rollouts-pod-template-hash"

# A request line of 8 kB is what proxies commonly take; a third of that leaves room for percent-encoding.
LONGEST = 2500

_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_WORD_OR_MARK = _WORD | frozenset("-_.")


def _is_name(text: str) -> bool:
    """Whether it is a label value or a key's name: at most 63 of A-Z a-z 0-9 - _ . between two letters or digits."""
    return 0 < len(text) <= 63 and text[0] in _WORD and text[-1] in _WORD and all(c in _WORD_OR_MARK for c in text)


def _is_key(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not (0 < len(prefix) <= 253 and all(_is_name(part) for part in prefix.split("."))):
        return False
    return _is_name(name)


def _is_value(text: str) -> bool:
    return not text or _is_name(text)


def _requirement(requirement: SelectorRequirement) -> str | None:
    key, values = requirement.key or "", requirement.values or []
    if not _is_key(key) or not all(_is_value(value) for value in values):
        return None
    operator = requirement.operator
    if operator in ("In", "NotIn") and values:
        return f"{key} {operator.lower()} ({','.join(sorted(values))})"
    if operator == "Exists" and not values:
        return key
    if operator == "DoesNotExist" and not values:
        return f"!{key}"
    return None


def selector_text(selector: LabelSelector | None) -> str:
    """The labelSelector of a request that lists what `selector` matches; "" when it cannot narrow anything.

    That is: no selector, an empty one, an unknown operator, or a key or value that is no label's.
    """
    if selector is None:
        return ""
    terms: list[str | None] = []
    for key, value in sorted((selector.match_labels or {}).items()):
        text = value or ""
        terms.append(f"{key}={text}" if _is_key(key) and _is_value(text) else None)
    terms += [_requirement(requirement) for requirement in selector.match_expressions or []]
    written = [term for term in terms if term is not None]
    text = ",".join(written)
    return text if len(written) == len(terms) and len(text) <= LONGEST else ""


def hash_groups(hashes: Iterable[str]) -> list[frozenset[str]]:
    """The pod template `hashes` in groups that one request line can name: mostly one group, none for none."""
    groups: list[frozenset[str]] = []
    group: list[str] = []
    length = 0
    for value in sorted({value for value in hashes if _is_name(value)}):
        if length + len(value) > LONGEST - len(HASH_LABEL) - 6:
            groups.append(frozenset(group))
            group, length = [], 0
        group.append(value)
        length += len(value) + 1
    if group:
        groups.append(frozenset(group))
    return groups


def hash_selectors(hashes: Iterable[str]) -> list[str]:
    """The labelSelectors that together list what carries one of the pod template `hashes`, one for each group."""
    return [f"{HASH_LABEL} in ({','.join(sorted(group))})" for group in hash_groups(hashes)]
