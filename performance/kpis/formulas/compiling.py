"""A validated tree as an SQL expression. Only our own words and the caller's trusted expressions go in.

Missing in is missing out, and division by zero is missing: LEAST and GREATEST of PostgreSQL would skip what is missing,
and its whole numbers would divide as whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from performance.kpis.formulas.spelling import number_text
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


def sql(formula: Formula, expressions: Mapping[str, str]) -> str:
    """An SQL expression. `expressions`: metric key -> trusted SQL of its value, never text of a person.

    Raises FormulaRefused("unknown_name") for a key without an expression.
    """
    return _sql(formula.root, expressions)


def _exact(sql: str) -> str:
    return f"CAST({sql} AS numeric)"


def _sql(node: Node, expressions: Mapping[str, str]) -> str:
    if isinstance(node, Number):
        return _exact(number_text(node.value))
    if isinstance(node, Reference):
        if node.key not in expressions:
            raise FormulaRefused("unknown_name", given=node.key)
        return _exact(expressions[node.key])
    if isinstance(node, Negated):
        return f"(- {_sql(node.operand, expressions)})"
    if isinstance(node, Binary):
        left = _sql(node.left, expressions)
        right = _sql(node.right, expressions)
        return _divided(left, right) if node.operator == "/" else f"({left} {node.operator} {right})"
    return _call(node, expressions)


def _divided(left: str, right: str) -> str:
    return f"({_exact(left)} / NULLIF({right}, 0))"


def _call(node: Call, expressions: Mapping[str, str]) -> str:
    if node.function == "round":
        digits = node.arguments[1] if len(node.arguments) > 1 else None
        places = int(digits.value) if isinstance(digits, Number) else 0
        return f"ROUND({_sql(node.arguments[0], expressions)}, {places})"
    arguments = [_sql(argument, expressions) for argument in node.arguments]
    if node.function == "ratio":
        return _divided(arguments[0], arguments[1])
    if node.function in ("min", "max"):
        name = "LEAST" if node.function == "min" else "GREATEST"
        missing = " OR ".join(f"{argument} IS NULL" for argument in arguments)
        return f"(CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(arguments)}) END)"
    return f"{node.function.upper()}({', '.join(arguments)})"
