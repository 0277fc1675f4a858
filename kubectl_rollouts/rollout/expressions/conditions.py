"""The result of a measurement by its conditions (spec/controller.md §9.6)."""

from __future__ import annotations

from typing import Any

from kubectl_rollouts.rollout.expressions.errors import ExpressionError
from kubectl_rollouts.rollout.expressions.evaluator import evaluate
from kubectl_rollouts.rollout.expressions.values import type_name

NO_DATA = "metric result is nil or empty: no data returned from the metric provider"


def assess(result: Any, success: str, failure: str) -> str:
    """The phase of a measurement: Successful, Failed or Inconclusive. Conditions that are "" are not set.

    Raises ExpressionError with the message of the measurement when a condition has no answer.
    """
    succeeded = _holds("successCondition", success, result) if success else False
    failed = _holds("failureCondition", failure, result) if failure else False
    if not success and not failure:
        return "Successful"
    if not failure:
        failed = not succeeded
    elif not success:
        succeeded = not failed
    if failed:
        return "Failed"
    return "Successful" if succeeded else "Inconclusive"


def _holds(field: str, condition: str, result: Any) -> bool:
    try:
        value = evaluate(condition, {"result": result})
        if not isinstance(value, bool):
            raise ExpressionError(f"expected bool, but got {type_name(value)}")
    except ExpressionError as error:
        cause = NO_DATA if result is None or result in ("", [], {}) else str(error)
        raise ExpressionError(f'could not evaluate {field} "{condition}": {cause}') from None
    return value
