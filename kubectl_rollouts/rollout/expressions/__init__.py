"""The conditions of metrics (`result[0] >= 0.95 && len(result) > 1`): a small, safe evaluator of their language.

The language is the part of expr-lang that spec/controller.md §9.6 names, with its built-in functions. Text becomes
tokens, tokens a tree, the tree a value; nothing of Python can be reached from an expression, and every evaluation has
a budget, so that none runs for long.
"""

from __future__ import annotations

from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.evaluator import evaluate
from kubectl_rollouts.rollout.expressions.parser import parse

__all__ = ["ExpressionError", "evaluate", "parse"]
