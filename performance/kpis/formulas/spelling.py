"""A tree back to text, one spelling for one formula: what is stored, signed and compared."""

from __future__ import annotations

from decimal import Decimal

from performance.kpis.formulas.tree import Binary, Call, Negated, Node, Number, Reference

STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}


def text_of(node: Node) -> str:
    """With as few brackets as the order of operations allows; parsing it gives the same tree again."""
    if isinstance(node, Number):
        return number_text(node.value)
    if isinstance(node, Reference):
        return node.key
    if isinstance(node, Call):
        return f"{node.function}({', '.join(text_of(argument) for argument in node.arguments)})"
    if isinstance(node, Negated):
        inner = text_of(node.operand)
        return f"-({inner})" if isinstance(node.operand, Binary | Negated) else f"-{inner}"
    strength = STRENGTH[node.operator]
    left, right = text_of(node.left), text_of(node.right)
    if isinstance(node.left, Binary) and STRENGTH[node.left.operator] < strength:
        left = f"({left})"
    # Subtraction and division lean left, so an equal on the right needs its brackets.
    if isinstance(node.right, Negated) or (
        isinstance(node.right, Binary) and STRENGTH[node.right.operator] <= strength
    ):
        right = f"({right})"
    return f"{left} {node.operator} {right}"


def number_text(value: Decimal) -> str:
    return format(value, "f")
