"""The unit of a formula from the units of its metrics."""

from __future__ import annotations

from collections.abc import Mapping

from performance.kpis import units
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


def unit_of(formula: Formula, given: Mapping[str, units.Unit]) -> units.Unit:
    """Raises FormulaRefused: unit_mismatch, unit_missing; UnitRefused for a unit of too many parts."""
    found = _unit(formula.root, given)
    return found if found is not None else units.NUMBER


def _unit(node: Node, given: Mapping[str, units.Unit]) -> units.Unit | None:
    """None for a plain zero, which goes with every unit: coalesce(returns, 0)."""
    if isinstance(node, Number):
        return None if node.value == 0 else units.NUMBER
    if isinstance(node, Reference):
        if node.key not in given:
            raise FormulaRefused("unit_missing", given=node.key)
        return given[node.key]
    if isinstance(node, Negated):
        return _unit(node.operand, given)
    if isinstance(node, Binary):
        left, right = _unit(node.left, given), _unit(node.right, given)
        if node.operator in "+-":
            return _alike([left, right])
        return _scaled(node.operator, left, right)
    return _call(node, given)


def _call(node: Call, given: Mapping[str, units.Unit]) -> units.Unit | None:
    if node.function in ("abs", "round"):
        return _unit(node.arguments[0], given)
    found = [_unit(argument, given) for argument in node.arguments]
    return _scaled("/", found[0], found[1]) if node.function == "ratio" else _alike(found)


def _scaled(operator: str, left: units.Unit | None, right: units.Unit | None) -> units.Unit:
    first, second = left or units.NUMBER, right or units.NUMBER
    return units.multiply(first, second) if operator == "*" else units.divide(first, second)


def _alike(found: list[units.Unit | None]) -> units.Unit | None:
    known = [unit for unit in found if unit is not None]
    if not known:
        return None
    common = known[0]
    for unit in known[1:]:
        try:
            common = units.add(common, unit)
        except units.UnitRefused as refused:
            raise FormulaRefused("unit_mismatch", first=common.label, second=unit.label) from refused
    return common
