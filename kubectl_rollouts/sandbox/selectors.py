"""Label and field selectors: what requests say (`a=b,c in (d,e),!f`) and what objects hold (`matchLabels` …)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubectl_rollouts.sandbox.apistatus import bad_request
from kubectl_rollouts.sandbox.objects import Object

Test = Callable[[Mapping[str, str]], bool]
Labels = Mapping[str, str]


def selector_matches(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a LabelSelector of an object selects these labels; an absent one selects nothing, {} everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_expression_matches(item, labels) for item in selector.get("matchExpressions") or ())


def _expression_matches(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, operator = expression.get("key") or "", expression.get("operator")
    values = expression.get("values") or ()
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    return (key in labels) == (operator == "Exists")


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector as the text that requests and `status.selector` hold."""
    parts = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for item in (selector or {}).get("matchExpressions") or ():
        key, values = item.get("key"), ",".join(sorted(item.get("values") or ()))
        operator = item.get("operator")
        if operator in ("In", "NotIn"):
            parts.append(f"{key} {operator.lower()} ({values})")
        else:
            parts.append(str(key) if operator == "Exists" else f"!{key}")
    return ",".join(sorted(parts))


def label_tests(text: str) -> list[Test]:
    """The requirements of a `labelSelector`; raises ApiStatus 400 for one that cannot be read."""
    tests: list[Test] = []
    rest = text.strip()
    while rest:
        test, rest = _requirement(rest, text)
        tests.append(test)
        rest = rest.lstrip()
        if rest:
            if not rest.startswith(","):
                raise _unreadable(text, rest)
            rest = rest[1:].lstrip()
            if not rest:
                raise _unreadable(text, "end of string")
    return tests


def labels_pass(tests: list[Test], labels: Labels) -> bool:
    """Whether labels meet all requirements."""
    return all(test(labels) for test in tests)


def _unreadable(text: str, found: str) -> Exception:
    return bad_request(f"unable to parse requirement: found '{found}', in selector {text!r}")


def _word(rest: str) -> tuple[str, str]:
    end = 0
    while end < len(rest) and rest[end] not in "=!<>,() \t\n":
        end += 1
    return rest[:end], rest[end:].lstrip()


def _requirement(rest: str, text: str) -> tuple[Test, str]:
    if rest.startswith("!"):
        key, rest = _word(rest[1:].lstrip())
        if not key:
            raise _unreadable(text, rest)
        return _absent(key), rest
    key, rest = _word(rest)
    if not key:
        raise _unreadable(text, rest)
    if not rest or rest.startswith(","):
        return _present(key), rest
    for operator in ("==", "!=", "="):
        if rest.startswith(operator):
            value, rest = _word(rest[len(operator) :].lstrip())
            return (_not_in if operator == "!=" else _in)(key, (value,)), rest
    for operator in (">", "<"):
        if rest.startswith(operator):
            value, rest = _word(rest[1:].lstrip())
            return _compare(key, operator, value, text), rest
    operator, after = _word(rest)
    if operator not in ("in", "notin") or not after.startswith("("):
        raise _unreadable(text, rest)
    inside, closed, rest = after[1:].partition(")")
    if not closed:
        raise _unreadable(text, after)
    values = tuple(item.strip() for item in inside.split(","))
    return (_in if operator == "in" else _not_in)(key, values), rest


def _absent(key: str) -> Test:
    return lambda labels: key not in labels


def _present(key: str) -> Test:
    return lambda labels: key in labels


class Is:
    """The requirement of nearly every selector, a label with one value; lists look into it to be quick."""

    def __init__(self, key: str, value: str) -> None:
        self.key = key
        self.value = value

    def __call__(self, labels: Labels) -> bool:
        """Whether the label is there with that value."""
        return labels.get(self.key) == self.value


def _in(key: str, values: tuple[str, ...]) -> Test:
    return Is(key, values[0]) if len(values) == 1 else lambda labels: key in labels and labels[key] in values


def _not_in(key: str, values: tuple[str, ...]) -> Test:
    return lambda labels: key not in labels or labels[key] not in values


def _compare(key: str, operator: str, value: str, text: str) -> Test:
    try:
        bound = int(value)
    except ValueError:
        raise _unreadable(text, value) from None

    def test(labels: Labels) -> bool:
        try:
            number = int(labels[key])
        except (KeyError, ValueError):
            return False
        return number > bound if operator == ">" else number < bound

    return test


FieldTest = Callable[[Object], bool]

_FIELDS = {
    "Pod": (
        "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork status.phase "
        "status.podIP status.nominatedNodeName"
    ),
    "Event": (
        "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
        "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
        "reportingComponent source type"
    ),
    "Namespace": "status.phase",
    "Node": "spec.unschedulable",
    "ReplicaSet": "status.replicas",
    "Job": "status.successful",
    "Secret": "type",
    "Service": "spec.clusterIP spec.type",
}


def field_tests(kind: str, text: str) -> list[FieldTest]:
    """The requirements of a `fieldSelector`; raises ApiStatus 400 for a field that cannot be selected by."""
    known = {"metadata.name", "metadata.namespace", *_FIELDS.get(kind, "").split()}
    tests: list[FieldTest] = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        for operator in ("!=", "==", "="):
            field, found, value = part.partition(operator)
            if found:
                break
        else:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if field not in known:
            raise bad_request(f"field label not supported: {field}")
        tests.append(_field_test(field, value, operator != "!="))
    return tests


def _field_test(field: str, value: str, equal: bool) -> FieldTest:
    path = ["source", "component"] if field == "source" else field.split(".")

    def test(obj: Object) -> bool:
        found: Any = obj
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        shown = "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)
        return (shown == value) == equal

    return test
