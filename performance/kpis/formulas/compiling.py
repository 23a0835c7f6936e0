"""A validated tree as an SQL expression. Only our own words and the caller's trusted expressions go in.

Missing in is missing out, division by zero is missing, in every dialect alike: LEAST and GREATEST of
PostgreSQL skip NULL where MySQL's do not, and whole numbers divide as whole numbers in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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

DIALECTS: dict[str, Callable[[str], str]] = {
    "postgresql": lambda sql: f"CAST({sql} AS numeric)",
    # The widest decimal of MySQL; its division adds four digits to the scale of the dividend.
    "mysql": lambda sql: f"CAST({sql} AS DECIMAL(65, 20))",
}


def sql(formula: Formula, expressions: Mapping[str, str], dialect: str = "postgresql") -> str:
    """An SQL expression. `expressions`: metric key -> trusted SQL of its value, never text of a person.

    Raises FormulaRefused("unknown_name") for a key without an expression.
    """
    return _sql(formula.root, expressions, DIALECTS[dialect])


def _sql(node: Node, expressions: Mapping[str, str], exact: Callable[[str], str]) -> str:
    if isinstance(node, Number):
        return exact(number_text(node.value))
    if isinstance(node, Reference):
        if node.key not in expressions:
            raise FormulaRefused("unknown_name", given=node.key)
        return exact(expressions[node.key])
    if isinstance(node, Negated):
        return f"(- {_sql(node.operand, expressions, exact)})"
    if isinstance(node, Binary):
        left = _sql(node.left, expressions, exact)
        right = _sql(node.right, expressions, exact)
        return _divided(left, right, exact) if node.operator == "/" else f"({left} {node.operator} {right})"
    return _call(node, expressions, exact)


def _divided(left: str, right: str, exact: Callable[[str], str]) -> str:
    return f"({exact(left)} / NULLIF({right}, 0))"


def _call(node: Call, expressions: Mapping[str, str], exact: Callable[[str], str]) -> str:
    if node.function == "round":
        digits = node.arguments[1] if len(node.arguments) > 1 else None
        places = int(digits.value) if isinstance(digits, Number) else 0
        return f"ROUND({_sql(node.arguments[0], expressions, exact)}, {places})"
    arguments = [_sql(argument, expressions, exact) for argument in node.arguments]
    if node.function == "ratio":
        return _divided(arguments[0], arguments[1], exact)
    if node.function in ("min", "max"):
        name = "LEAST" if node.function == "min" else "GREATEST"
        missing = " OR ".join(f"{argument} IS NULL" for argument in arguments)
        return f"(CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(arguments)}) END)"
    return f"{node.function.upper()}({', '.join(arguments)})"
