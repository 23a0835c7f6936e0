"""A formula over exact decimals, reckoned apart from any database: what its SQL is measured against.

Sixty digits are carried, far beyond the twelve decimals that are stored, so that the order of a formula's steps cannot
be seen in its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from performance.kpis.formulas.tree import (
    Binary,
    Call,
    Formula,
    FormulaRefused,
    Negated,
    Node,
    Number,
    Reference,
)

CONTEXT = Context(
    prec=60, rounding=ROUND_HALF_EVEN, Emax=999, Emin=-999, traps=[InvalidOperation, DivisionByZero, Overflow]
)


def value(formula: Formula, values: Mapping[str, Decimal | None]) -> Decimal | None:
    """The result, or None where it is missing. Raises FormulaRefused: unknown_name."""
    return _value(formula.root, values)


def _value(node: Node, values: Mapping[str, Decimal | None]) -> Decimal | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Reference):
        if node.key not in values:
            raise FormulaRefused("unknown_name", given=node.key)
        return values[node.key]
    if isinstance(node, Negated):
        inner = _value(node.operand, values)
        return None if inner is None else CONTEXT.minus(inner)
    if isinstance(node, Binary):
        return _binary(node.operator, _value(node.left, values), _value(node.right, values))
    return _call(node, [_value(argument, values) for argument in node.arguments])


def _binary(operator: str, left: Decimal | None, right: Decimal | None) -> Decimal | None:
    if left is None or right is None:
        return None
    if operator == "+":
        return CONTEXT.add(left, right)
    if operator == "-":
        return CONTEXT.subtract(left, right)
    if operator == "*":
        return CONTEXT.multiply(left, right)
    return None if right == 0 else CONTEXT.divide(left, right)


def _call(node: Call, arguments: list[Decimal | None]) -> Decimal | None:
    if node.function == "coalesce":
        return next((argument for argument in arguments if argument is not None), None)
    first = arguments[0]
    if node.function == "nullif":
        return None if first is not None and first == arguments[1] else first
    present = [argument for argument in arguments if argument is not None]
    if len(present) < len(arguments):
        return None
    if node.function == "ratio":
        return _binary("/", present[0], present[1])
    if node.function == "abs":
        return CONTEXT.abs(present[0])
    if node.function == "round":
        places = int(present[1]) if len(present) > 1 else 0
        return present[0].quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=CONTEXT)
    return min(present) if node.function == "min" else max(present)
