"""The unit of a formula from the units of its metrics, and by how many tens its value is more than plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

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

#: A value in per cent is a hundred times the ratio.
PERCENT = 2


@dataclass(frozen=True)
class Measure:
    """`unit` None: a plain zero, which goes with every unit. `tens`: 2 for what is in per cent, 0 for what is not,
    None where it cannot be told. `number`: the value of plain arithmetic without any metric. `place`: where it begins
    in the typed text."""

    unit: units.Unit | None
    tens: int | None
    number: Decimal | None = None
    place: int | None = field(default=None, compare=False)

    @property
    def is_percent(self) -> bool:
        return self.unit is not None and self.unit.is_dimensionless and self.tens == PERCENT


def measure_of(formula: Formula, given: Mapping[str, units.Unit]) -> Measure:
    """Raises FormulaRefused: unit_mismatch, unit_missing; UnitRefused for a unit of too many parts."""
    found = _measure(formula.root, given)
    if found.is_percent:
        return replace(found, unit=units.PERCENT)
    return replace(found, unit=found.unit or units.NUMBER)


def unit_of(formula: Formula, given: Mapping[str, units.Unit]) -> units.Unit:
    """Raises as measure_of."""
    return measure_of(formula, given).unit or units.NUMBER


def _measure(node: Node, given: Mapping[str, units.Unit]) -> Measure:
    if isinstance(node, Number):
        # coalesce(returns, 0): a zero is nothing of everything.
        return Measure(None if node.value == 0 else units.NUMBER, None, node.value, node.place)
    if isinstance(node, Reference):
        if node.key not in given:
            raise FormulaRefused("unit_missing", given=node.key, position=node.place)
        unit = given[node.key]
        tens = PERCENT if unit.is_dimensionless and unit.shown == "percent" else 0
        return Measure(unit, tens, place=node.place)
    if isinstance(node, Negated):
        inner = _measure(node.operand, given)
        return replace(inner, number=None if inner.number is None else -inner.number)
    if isinstance(node, Binary):
        left, right = _measure(node.left, given), _measure(node.right, given)
        found = _alike([left, right]) if node.operator in "+-" else _scaled(node.operator, left, right)
        return replace(found, place=left.place)
    return replace(_call(node, given), place=node.place)


def _call(node: Call, given: Mapping[str, units.Unit]) -> Measure:
    if node.function in ("abs", "round"):
        return _measure(node.arguments[0], given)
    found = [_measure(argument, given) for argument in node.arguments]
    return _scaled("/", found[0], found[1]) if node.function == "ratio" else _alike(found)


def _scaled(operator: str, left: Measure, right: Measure) -> Measure:
    first, second = left.unit or units.NUMBER, right.unit or units.NUMBER
    unit = units.multiply(first, second) if operator == "*" else units.divide(first, second)
    tens = [_tens(left), _tens(right)]
    if left.number is not None and right.number is not None:
        return Measure(unit, None, _reckoned(operator, left.number, right.number))
    if tens[0] is None or tens[1] is None:
        return Measure(unit, None)
    return Measure(unit, tens[0] + tens[1] if operator == "*" else tens[0] - tens[1])


def _reckoned(operator: str, left: Decimal, right: Decimal) -> Decimal | None:
    if operator == "*":
        return left * right
    return left / right if right else None


def _tens(measure: Measure) -> int | None:
    """What a factor adds: 100 makes per cent of a ratio, 365 only makes it larger, and 36500 does both."""
    if measure.number is None:
        return measure.tens
    _sign, digits, zeros = measure.number.normalize().as_tuple()
    tens = zeros if isinstance(zeros, int) else 0
    return tens if digits == (1,) else PERCENT if tens >= PERCENT else 0


def _alike(found: Sequence[Measure]) -> Measure:
    known = [(measure.unit, measure.place) for measure in found if measure.unit is not None]
    if not known:
        return Measure(None, None)
    common = known[0][0]
    for unit, place in known[1:]:
        try:
            common = units.add(common, unit)
        except units.UnitRefused as refused:
            words = {"first": common.label, "second": unit.label}
            raise FormulaRefused("unit_mismatch", position=place, **words) from refused
    tens = {measure.tens for measure in found if measure.number is None}
    if common.is_dimensionless and PERCENT in tens and tens & {0}:
        words = {"first": units.PERCENT.label, "second": units.RATIO.label}
        raise FormulaRefused("unit_mismatch", position=found[-1].place, **words)
    return Measure(common, tens.pop() if len(tens) == 1 else None)
