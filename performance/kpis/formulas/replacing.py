"""A formula in which names stand for other formulas: what a pack calls `amount` is quantity * net_price here."""

from collections.abc import Mapping

from performance.kpis.formulas import spelling
from performance.kpis.formulas.tree import Binary, Call, Formula, Negated, Node, Reference


def replaced(formula: Formula, by: Mapping[str, Formula]) -> str:
    """The text of the formula with every name that is in `by` replaced; other names stay. Brackets come as needed."""
    return spelling.text_of(_replaced(formula.root, by))


def _replaced(node: Node, by: Mapping[str, Formula]) -> Node:
    if isinstance(node, Reference):
        return by[node.key].root if node.key in by else node
    if isinstance(node, Negated):
        return Negated(_replaced(node.operand, by))
    if isinstance(node, Binary):
        return Binary(node.operator, _replaced(node.left, by), _replaced(node.right, by))
    if isinstance(node, Call):
        return Call(node.function, tuple(_replaced(argument, by) for argument in node.arguments))
    return node
