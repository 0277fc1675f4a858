"""From tokens to a tree, by operator precedence as expr-lang has it."""

from __future__ import annotations

from functools import lru_cache

from kubectl_rollouts.rollout.expressions import nodes
from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.nodes import Node
from kubectl_rollouts.rollout.expressions.tokens import Token, tokens

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_WORDS = ("in", "matches", "contains", "startsWith", "endsWith")
_BINARY = {
    "|": 0,
    "||": 10,
    "or": 10,
    "&&": 15,
    "and": 15,
    **dict.fromkeys(_COMPARISONS, 20),
    **dict.fromkeys(_WORDS, 20),
    "..": 25,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "**": 100,
    "^": 100,
    "??": 500,
}
_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_LITERALS = {"true": True, "false": False, "nil": None}
_FINDERS = ("find", "findIndex", "findLast", "findLastIndex")
_TESTS = ("all", "any", "none", "one", "filter", "count")
PREDICATES = frozenset((*_TESTS, *_FINDERS, "map", "sum", "groupBy", "sortBy", "reduce"))
_DEEPEST = 100


@lru_cache(maxsize=256)
def parse(source: str) -> Node:
    """The tree of an expression. Raises ExpressionError with expr-lang's text."""
    parser = _Parser(tokens(source))
    tree = parser.sequence()
    if parser.current.kind != "EOF":
        raise ExpressionError(f"unexpected token {parser.current}")
    return tree


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._predicates = 0

    @property
    def current(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self.current
        if token.kind != "EOF":
            self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self.current.kind in ("Operator", "Bracket") and self.current.text in texts

    def _accept(self, *texts: str) -> bool:
        if self._is(*texts):
            self._advance()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ExpressionError(f"unexpected token {self.current}")

    def sequence(self) -> Node:
        """`let` declarations, then an expression."""
        if not self._accept("let"):
            return self.expression(0)
        name = self._identifier()
        self._expect("=")
        value = self.expression(0)
        self._expect(";")
        return nodes.Let(name, value, self.sequence())

    def _identifier(self) -> str:
        if self.current.kind != "Identifier":
            raise ExpressionError(f"unexpected token {self.current}")
        return self._advance().text

    def expression(self, least: int) -> Node:
        """An expression whose operators bind at least as strongly as `least`."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("expression is nested too deeply")
        if least == 0 and self._accept("if"):
            left = self._if()
        else:
            left = self._primary()
            left = self._operators(left, least)
            if least == 0 and self._accept("?"):
                left = self._ternary(left)
        self._depth -= 1
        return left

    def _if(self) -> Node:
        test = self.expression(0)
        self._expect("{")
        then = self.sequence()
        self._expect("}")
        self._expect("else")
        if self._accept("if"):
            return nodes.Conditional(test, then, self._if())
        self._expect("{")
        otherwise = self.sequence()
        self._expect("}")
        return nodes.Conditional(test, then, otherwise)

    def _ternary(self, test: Node) -> Node:
        if self._accept(":"):  # `a ?: b`
            return nodes.Conditional(test, test, self.expression(0))
        then = self.expression(0)
        self._expect(":")
        return nodes.Conditional(test, then, self.expression(0))

    def _operators(self, left: Node, least: int) -> Node:
        while self.current.kind == "Operator":
            negated = self.current.text == "not" and self._tokens[self._at + 1].text in _WORDS
            operator = self._tokens[self._at + 1].text if negated else self.current.text
            strength = _BINARY.get(operator)
            if strength is None or strength < least:
                break
            self._at += 2 if negated else 1
            if operator == "|":
                left = self._pipe(left)
            elif operator in _COMPARISONS:
                left = self._comparisons(left, operator)
            else:
                right = self.expression(strength if operator in ("**", "^") else strength + 1)
                left = nodes.Binary(operator, left, right)
            if negated:
                left = nodes.Unary("not", left)
        return left

    def _comparisons(self, left: Node, operator: str) -> Node:
        operands, operators = [left, self.expression(21)], [operator]
        while self.current.kind == "Operator" and self.current.text in _COMPARISONS:
            operators.append(self._advance().text)
            operands.append(self.expression(21))
        return nodes.Chain(operands, operators)

    def _pipe(self, left: Node) -> Node:
        name = self._identifier()
        self._expect("(")
        return self._postfix(self._call(name, [left]))

    # --- Operands ----------------------------------------------------------------------------------------------

    def _primary(self) -> Node:
        token = self.current
        if token.kind == "Operator" and token.text in _UNARY:
            self._advance()
            operator = "not" if token.text == "!" else token.text
            return self._postfix(nodes.Unary(operator, self.expression(_UNARY[token.text])))
        if self._accept("("):
            inner = self.sequence()
            self._expect(")")
            return self._postfix(inner)
        if self._predicates and self._is("#", "."):
            return self._pointer()
        return self._postfix(self._operand())

    def _pointer(self) -> Node:
        if self._accept("#"):
            name = self._advance().text if self.current.kind == "Identifier" else ""
            return self._postfix(nodes.Pointer(name))
        return self._postfix(nodes.Pointer(""))  # `.field` is the field of the element

    def _operand(self) -> Node:
        token = self.current
        if token.kind in ("Number", "String"):
            self._advance()
            return nodes.Literal(token.value)
        if token.kind == "Identifier":
            self._advance()
            if token.text in _LITERALS:
                return nodes.Literal(_LITERALS[token.text])
            if self._accept("("):
                return self._call(token.text, [])
            return nodes.Name(token.text)
        if self._accept("["):
            return nodes.ListOf(self._listed("]"))
        if self._accept("{"):
            return self._map()
        raise ExpressionError(f"unexpected token {token}")

    def _listed(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while not self._is(closing):
            found.append(self.expression(0))
            if not self._accept(","):
                break
        self._expect(closing)
        return found

    def _map(self) -> Node:
        pairs: list[tuple[Node, Node]] = []
        while not self._is("}"):
            token = self.current
            if token.kind in ("String", "Identifier", "Number"):
                self._advance()
                key: Node = nodes.Literal(token.text)
            elif self._accept("("):
                key = self.expression(0)
                self._expect(")")
            else:
                raise ExpressionError(
                    f"a map key must be a quoted string, a number, a identifier, or an expression enclosed in "
                    f"parentheses (unexpected token {token})"
                )
            self._expect(":")
            pairs.append((key, self.expression(0)))
            if not self._accept(","):
                break
        self._expect("}")
        return nodes.MapOf(pairs)

    def _call(self, name: str, first: list[Node]) -> Node:
        arguments = list(first)
        while not self._is(")"):
            if name in PREDICATES and len(arguments) == 1:
                arguments.append(self._predicate())
            else:
                arguments.append(self.expression(0))
            if not self._accept(","):
                break
        self._expect(")")
        return nodes.Call(name, arguments)

    def _predicate(self) -> Node:
        self._predicates += 1
        if self._accept("{"):
            body = self.sequence()
            self._expect("}")
        else:
            body = self.expression(0)
        self._predicates -= 1
        return body

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._is(".", "?."):
                optional = self._advance().text == "?."
                if optional and self._accept("["):
                    node = nodes.Member(node, self.expression(0), True)
                    self._expect("]")
                    continue
                if self.current.kind != "Identifier":
                    raise ExpressionError(f"unexpected token {self.current}")
                node = nodes.Member(node, nodes.Literal(self._advance().text), optional)
            elif self._accept("["):
                node = self._index(node)
            else:
                return node

    def _index(self, node: Node) -> Node:
        start = None if self._is(":") else self.expression(0)
        if self._accept(":"):
            end = None if self._is("]") else self.expression(0)
            self._expect("]")
            return nodes.Slice(node, start, end)
        self._expect("]")
        assert start is not None
        return nodes.Member(node, start)
