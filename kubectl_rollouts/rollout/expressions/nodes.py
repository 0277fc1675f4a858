"""The tree of an expression."""

from __future__ import annotations

from typing import Any, NamedTuple, Union


class Literal(NamedTuple):
    """A number, a string, true, false or nil."""

    value: Any


class Name(NamedTuple):
    """A variable."""

    name: str


class Pointer(NamedTuple):
    """`#` inside a predicate: the element looked at; `#index`, `#acc` by their name."""

    name: str


class ListOf(NamedTuple):
    """`[a, b]`."""

    items: list[Node]


class MapOf(NamedTuple):
    """`{"a": b}`."""

    pairs: list[tuple[Node, Node]]


class Unary(NamedTuple):
    """`not a`, `-a`."""

    operator: str
    operand: Node


class Binary(NamedTuple):
    """`a + b`."""

    operator: str
    left: Node
    right: Node


class Chain(NamedTuple):
    """`a < b <= c`: comparisons one after the other, each operand evaluated once."""

    operands: list[Node]
    operators: list[str]


class Conditional(NamedTuple):
    """`a ? b : c`."""

    test: Node
    then: Node
    otherwise: Node


class Member(NamedTuple):
    """`a.b`, `a[b]`; with `optional` (`a?.b`) nil stays nil."""

    of: Node
    key: Node
    optional: bool = False


class Slice(NamedTuple):
    """`a[b:c]`."""

    of: Node
    start: Node | None
    end: Node | None


class Call(NamedTuple):
    """`f(a, b)`."""

    name: str
    arguments: list[Node]


class Let(NamedTuple):
    """`let a = b; c`."""

    name: str
    value: Node
    body: Node


Node = Union[  # noqa: UP007 - the classes refer to it by a name that must exist at run time for NamedTuple
    Literal, Name, Pointer, ListOf, MapOf, Unary, Binary, Chain, Conditional, Member, Slice, Call, Let
]
