"""Arithmetic over the columns of a row, as formulas/compiling.py spells it for PostgreSQL, in another server's words."""

from collections.abc import Mapping

from sqlglot import exp

from performance.kpis.formulas.tree import Binary, Call, Negated, Node, Number, Reference
from performance.kpis.semantics.live.tongues import Tongue, called, whole

OPERATORS = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


def computed(node: Node, columns: Mapping[str, exp.Expr], tongue: Tongue) -> exp.Expr:
    """`columns`: column key → its exact value."""
    if isinstance(node, Number):
        return tongue.number(node.value)
    if isinstance(node, Reference):
        return columns[node.key].copy()
    if isinstance(node, Negated):
        return exp.Paren(this=exp.Neg(this=computed(node.operand, columns, tongue)))
    if isinstance(node, Binary):
        left = computed(node.left, columns, tongue)
        right = computed(node.right, columns, tongue)
        if node.operator == "/":
            return _divided(left, right, tongue)
        return exp.Paren(this=OPERATORS[node.operator](this=left, expression=right))
    return _call(node, columns, tongue)


def _divided(left: exp.Expr, right: exp.Expr, tongue: Tongue) -> exp.Expr:
    """Division by zero is missing. MariaDB keeps four digits more than its left side has: so both sides get thirty."""
    below = exp.Nullif(this=right, expression=whole(0))
    return exp.Paren(
        this=exp.Div(
            this=tongue.exact(left),
            expression=tongue.exact(below),
            typed=tongue.is_typed,
            safe=not tongue.is_typed,
        )
    )


def _call(node: Call, columns: Mapping[str, exp.Expr], tongue: Tongue) -> exp.Expr:
    if node.function == "round":
        digits = node.arguments[1] if len(node.arguments) > 1 else None
        places = int(digits.value) if isinstance(digits, Number) else 0
        return called("ROUND", computed(node.arguments[0], columns, tongue), whole(places))
    arguments = [computed(argument, columns, tongue) for argument in node.arguments]
    if node.function == "ratio":
        return _divided(arguments[0], arguments[1], tongue)
    if node.function in ("min", "max"):
        # LEAST and GREATEST of PostgreSQL skip what is missing, those of MariaDB do not.
        missing = exp.or_(*(exp.Is(this=argument.copy(), expression=exp.Null()) for argument in arguments))
        chosen = called("LEAST" if node.function == "min" else "GREATEST", *arguments)
        return exp.Case(ifs=[exp.If(this=missing, true=exp.Null())], default=chosen)
    return called(node.function.upper(), *arguments)
