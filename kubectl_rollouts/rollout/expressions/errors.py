"""What can be wrong with an expression."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression that cannot be read or evaluated; the text is expr-lang's where it is known."""
