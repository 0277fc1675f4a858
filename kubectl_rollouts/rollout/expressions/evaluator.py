"""From a tree to a value, within a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kubectl_rollouts.rollout.expressions import nodes
from kubectl_rollouts.rollout.expressions.builtins import FUNCTIONS
from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.nodes import Node
from kubectl_rollouts.rollout.expressions.parser import PREDICATES, parse
from kubectl_rollouts.rollout.expressions.patterns import found
from kubectl_rollouts.rollout.expressions.predicates import apply_predicate
from kubectl_rollouts.rollout.expressions.values import compare, equal, is_number, shown, type_name, wrapped

BUDGET = 200_000


def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression, over variables made of JSON values.

    Raises ExpressionError for what cannot be read, for operations that its values do not have, for an unknown name,
    and for an expression that works for too long.
    """
    try:
        return Evaluation(variables).value(parse(source))
    except RecursionError:
        raise ExpressionError("expression is nested too deeply") from None


class Evaluation:
    """One evaluation: variables, the elements that predicates look at, the budget left."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._scopes: list[dict[str, Any]] = [dict(variables)]
        self._elements: list[dict[str, Any]] = []
        self._left = BUDGET

    def spend(self, amount: int = 1) -> None:
        """Take from the budget. Raises ExpressionError when it is used up."""
        self._left -= amount
        if self._left < 0:
            raise ExpressionError("memory budget exceeded")

    def value(self, node: Node) -> Any:
        """The value of a (sub)tree."""
        self.spend()
        match node:
            case nodes.Literal(value):
                return value
            case nodes.Name(name):
                return self._variable(name)
            case nodes.Pointer(name):
                return self._element(name)
            case nodes.ListOf(items):
                return [self.value(item) for item in items]
            case nodes.MapOf(pairs):
                return {str(self.value(key)): self.value(item) for key, item in pairs}
            case nodes.Unary(operator, operand):
                return _unary(operator, self.value(operand))
            case nodes.Binary():
                return self._binary(node)
            case nodes.Chain(operands, operators):
                return self._chain(operands, operators)
            case nodes.Conditional(test, then, otherwise):
                return self.value(then if self._truth(test) else otherwise)
            case nodes.Member(of, key, optional):
                holder = self.value(of)
                return None if optional and holder is None else _fetch(holder, self.value(key))
            case nodes.Slice():
                return self._slice(node)
            case nodes.Call(name, arguments):
                return self._call(name, arguments)
            case nodes.Let(name, value, body):
                return self._let(name, value, body)

    def predicate(self, body: Node, pointer: Mapping[str, Any]) -> Any:
        """The value of a predicate for an element: `pointer` has "" (the element), "index", perhaps "acc"."""
        self._elements.append(dict(pointer))
        try:
            return self.value(body)
        finally:
            self._elements.pop()

    def _variable(self, name: str) -> Any:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if name == "$env":
            return dict(self._scopes[0])
        raise ExpressionError(f"unknown name {name}")

    def _element(self, name: str) -> Any:
        pointer = self._elements[-1] if self._elements else {}
        if name not in pointer:
            raise ExpressionError(f"unknown pointer #{name}")
        return pointer[name]

    def _let(self, name: str, value: Node, body: Node) -> Any:
        self._scopes.append({name: self.value(value)})
        try:
            return self.value(body)
        finally:
            self._scopes.pop()

    def _truth(self, node: Node) -> bool:
        value = self.value(node)
        if not isinstance(value, bool):
            raise ExpressionError(f"interface conversion: interface {{}} is {type_name(value)}, not bool")
        return value

    def _binary(self, node: nodes.Binary) -> Any:
        operator = node.operator
        if operator in ("&&", "and"):
            return self._truth(node.left) and self._truth(node.right)
        if operator in ("||", "or"):
            return self._truth(node.left) or self._truth(node.right)
        left = self.value(node.left)
        if operator == "??":
            return self.value(node.right) if left is None else left
        right = self.value(node.right)
        if operator == "..":
            return self._range(left, right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            self.spend(len(left) + len(right))
            return left + right
        if operator in _TEXT_OPERATORS:
            return _text_operation(operator, left, right)
        return _contained(left, right) if operator == "in" else _arithmetic(operator, left, right)

    def _range(self, left: Any, right: Any) -> list[int]:
        if not isinstance(left, int) or not isinstance(right, int) or isinstance(left, bool) or isinstance(right, bool):
            raise ExpressionError(f"invalid operation: {type_name(left)} .. {type_name(right)}")
        self.spend(max(0, right - left + 1))
        return list(range(left, right + 1))

    def _chain(self, operands: list[Node], operators: list[str]) -> bool:
        left = self.value(operands[0])
        for operator, operand in zip(operators, operands[1:], strict=True):
            right = self.value(operand)
            if not compare(operator, left, right):
                return False
            left = right
        return True

    def _slice(self, node: nodes.Slice) -> Any:
        of = self.value(node.of)
        if not isinstance(of, str | list):
            raise ExpressionError(f"cannot slice {type_name(of)}")
        ends = [None if end is None else self.value(end) for end in (node.start, node.end)]
        if any(end is not None and (not isinstance(end, int) or isinstance(end, bool)) for end in ends):
            raise ExpressionError("slice indexes must be integers")
        return of[slice(*ends)]

    def _call(self, name: str, arguments: list[Node]) -> Any:
        if name in PREDICATES:
            return apply_predicate(self, name, arguments)
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"unknown name {name}")
        values = [self.value(argument) for argument in arguments]
        least, most = function.arity
        if not least <= len(values) <= most:
            problem = "not enough" if len(values) < least else "too many"
            raise ExpressionError(f"{problem} arguments to call {name}")
        for value in values:
            self.spend(len(value) if isinstance(value, str | list | dict) else 1)
        result = function.call(*values)
        self.spend(len(result) if isinstance(result, str | list | dict) else 1)
        return result


_TEXT_OPERATORS = ("matches", "contains", "startsWith", "endsWith")


def _unary(operator: str, value: Any) -> Any:
    if operator == "not":
        if not isinstance(value, bool):
            raise ExpressionError(f"interface conversion: interface {{}} is {type_name(value)}, not bool")
        return not value
    if not is_number(value):
        raise ExpressionError(f"invalid operation: {operator}{type_name(value)}")
    return (wrapped(-value) if isinstance(value, int) else -value) if operator == "-" else value


def _arithmetic(operator: str, left: Any, right: Any) -> Any:
    if not is_number(left) or not is_number(right):
        raise ExpressionError(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
    if operator == "/":
        return _divided(float(left), float(right))
    if operator in ("**", "^"):
        try:
            return math.pow(left, right)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan
    if operator == "%":
        if not isinstance(left, int) or not isinstance(right, int):
            raise ExpressionError(f"invalid operation: {type_name(left)} % {type_name(right)}")
        if right == 0:
            raise ExpressionError("integer divide by zero")
        return int(math.fmod(left, right)) if abs(left) < 2**53 else left - right * int(left / right)
    result = left + right if operator == "+" else left - right if operator == "-" else left * right
    return wrapped(result) if isinstance(result, int) else result


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _text_operation(operator: str, left: Any, right: Any) -> bool:
    if not isinstance(left, str) or not isinstance(right, str):
        raise ExpressionError(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
    if operator == "contains":
        return right in left
    if operator == "startsWith":
        return left.startswith(right)
    if operator == "endsWith":
        return left.endswith(right)
    return found(right, left)


def _contained(needle: Any, haystack: Any) -> bool:
    if haystack is None:
        return False
    if isinstance(haystack, list):
        return any(equal(needle, item) for item in haystack)
    if isinstance(haystack, dict):
        return isinstance(needle, str) and needle in haystack
    raise ExpressionError(f'operator "in" not defined on {type_name(haystack)}')


def _fetch(of: Any, key: Any) -> Any:
    """`of[key]`: a missing key of a map is nil, an index beyond a list is an error."""
    if isinstance(of, dict):
        return of.get(key) if isinstance(key, str) else None
    if isinstance(of, str | list) and is_number(key):
        sequence: Any = of.encode() if isinstance(of, str) else of
        index = int(key)
        place = index + len(sequence) if index < 0 else index
        if not 0 <= place < len(sequence):
            raise ExpressionError(f"index out of range: {index} (array length is {len(sequence)})")
        return sequence[place]
    raise ExpressionError(f"cannot fetch {shown(key)} from {type_name(of)}")
