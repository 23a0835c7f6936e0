"""A formula walked with both of its values at hand, so that its change can be told by its inputs.

Raises ChangeRefused where there is no change to explain: a missing input, a division by zero.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.engine import change, errors
from performance.foundation import refusals
from performance.kpis.formulas.tree import Binary, Call, Negated, Node, Number, Reference

REASONS: dict[str, Any] = {
    "missing": _("A number that it is computed from is missing in one of the two months."),
    "divided_by_zero": _("In one of the two months it is divided by zero, so it has no value."),
    "circular": _("Its definition leads back to itself."),
}


class ChangeRefused(refusals.Refused):
    """Why a change cannot be told by its inputs."""

    def __init__(self, code: str) -> None:
        super().__init__(REASONS[code], code=code)


def step_of(root: Node, step_of_metric: Callable[[str, bool], change.Step | None]) -> change.Step:
    """The formula's values before and after, and how much each input brought.

    `step_of_metric(key, may_be_zero)` gives a metric's own step, None where it is missing; `may_be_zero` says that the
    formula takes zero for what is missing.
    """
    try:
        found = _step(root, step_of_metric)
    except errors.InvalidInput as fault:
        raise ChangeRefused(fault.code) from fault
    if found is None:
        raise ChangeRefused("missing")
    return found


def _step(node: Node, metric: Callable[[str, bool], change.Step | None]) -> change.Step | None:
    if isinstance(node, Number):
        return change.number(Fraction(node.value))
    if isinstance(node, Reference):
        return metric(node.key, False)
    if isinstance(node, Negated):
        operand = _step(node.operand, metric)
        return None if operand is None else -operand
    if isinstance(node, Binary):
        return _of_two(node, metric)
    return _of_call(node, metric)


def _of_two(node: Binary, metric: Callable[[str, bool], change.Step | None]) -> change.Step | None:
    left, right = _step(node.left, metric), _step(node.right, metric)
    if left is None or right is None:
        return None
    if node.operator == "+":
        return left + right
    if node.operator == "-":
        return left - right
    return left * right if node.operator == "*" else left / right


def _of_call(node: Call, metric: Callable[[str, bool], change.Step | None]) -> change.Step | None:
    if node.function == "coalesce":
        return _first_there(node, metric)
    if node.function == "round":
        operand = _step(node.arguments[0], metric)
        digits = node.arguments[1] if len(node.arguments) > 1 else None
        return operand and operand.rounded(int(digits.value) if isinstance(digits, Number) else 0)
    given = [_step(argument, metric) for argument in node.arguments]
    known = [each for each in given if each is not None]
    if len(known) < len(given):
        return None
    if node.function == "ratio":
        return known[0] / known[1]
    if node.function == "abs":
        return known[0].absolute()
    if node.function == "nullif":
        alike = known[0].before == known[1].before or known[0].after == known[1].after
        return None if alike else known[0]
    fold = change.Step.smallest if node.function == "min" else change.Step.largest
    return reduce(fold, known)


def _first_there(node: Call, metric: Callable[[str, bool], change.Step | None]) -> change.Step | None:
    """coalesce: the first that is there in both months. Where a zero follows, a metric that is missing in one month
    is zero in it."""
    zero_follows = any(isinstance(each, Number) and each.value == 0 for each in node.arguments[1:])
    for argument in node.arguments:
        if isinstance(argument, Reference):
            found = metric(argument.key, zero_follows)
        else:
            found = _step(argument, metric)
        if found is not None:
            return found
    return None
