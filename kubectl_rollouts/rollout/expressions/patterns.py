"""Regular expressions from a cluster's objects, without the ones that could search for ever.

The reference's engine takes time in proportion to the text. Python's tries all ways, which for `(a+)+$` are more than
there is time for: a repetition without end inside another one, or of alternatives that may begin alike, is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]  # no public way to see a pattern's tree
from typing import Any

from kubectl_rollouts.rollout.expressions.errors import ExpressionError

_LONGEST = 10_000
_MANY = 32
_ASSERTIONS = (_constants.ASSERT, _constants.ASSERT_NOT)
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


def found(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text. Raises ExpressionError for one that cannot be used."""
    try:
        return _compiled(pattern).search(text[:_LONGEST]) is not None
    except (re.error, OverflowError, RecursionError) as error:
        raise ExpressionError(f"error parsing regexp: {error}: `{pattern}`") from None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    if _explodes(_parser.parse(pattern), False):
        raise ExpressionError(f"regexp repeats a repetition, which could take for ever: `{pattern}`")
    return re.compile(pattern)


def _explodes(tree: Any, repeated: bool) -> bool:
    """Whether something below may match one text in very many ways."""
    return any(_step_explodes(operator, argument, repeated) for operator, argument in tree)


def _step_explodes(operator: Any, argument: Any, repeated: bool) -> bool:
    if operator in _REPEATS:
        _, most, inner = argument
        endless = most > _MANY
        return (endless and repeated) or _explodes(inner, repeated or endless)
    if operator is _constants.BRANCH:
        branches = argument[1]
        return (repeated and not _apart(branches)) or any(_explodes(branch, repeated) for branch in branches)
    if operator is _constants.SUBPATTERN:
        return _explodes(argument[-1], repeated)
    if operator in _ASSERTIONS:
        return _explodes(argument[1], repeated)
    return repeated and operator is _constants.GROUPREF


def _apart(branches: list[Any]) -> bool:
    """Whether each alternative begins with a character of its own."""
    first = [branch[0][1] if len(branch) and branch[0][0] is _constants.LITERAL else None for branch in branches]
    return None not in first and len(set(first)) == len(first)
