"""Whether a definition makes sense, in plain words when it does not."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.kpis import formulas, units
from performance.kpis.formulas import tree
from performance.kpis.semantics import allocating, base, filters, pricing, slices
from performance.kpis.semantics.refusing import DefinitionRefused
from performance.kpis.semantics.sheets import NUMERIC, TIMES, Sheet
from performance.kpis.semantics.wording import MAX_DIMENSIONS, MOST_MONTHS, ROLLING, YEAR, Wording

OF_AGGREGATIONS = {"sum": "additive", "count": "additive", "last": "semi"}
CUTTABLE = frozenset({"text", "integer", "boolean"})


@dataclass(frozen=True)
class Input:
    """A metric that a formula may name."""

    key: str
    name_en: str
    name_zh: str
    unit: units.Unit
    dimensions: frozenset[str]
    additivity: str = "none"
    is_signed: bool = True


@dataclass(frozen=True)
class Checked:
    """What follows from a definition: kind, unit and whether it adds up; formula or arithmetic, spelt one way; the
    dimensions that its inputs share; for a running total of a year, the month in which that starts, if it is said."""

    kind: str
    unit: units.Unit
    additivity: str
    expression: str = ""
    formula: formulas.Formula | None = None
    shared: frozenset[str] = frozenset()
    year_starts_in: int | None = None


def check(
    wording: Wording, *, sheet: Sheet | None, inputs: Mapping[str, Input], own_key: str = ""
) -> Checked:
    """Raises DefinitionRefused, FilterRefused, FormulaRefused or UnitRefused, each with its field."""
    if len(wording.dimensions) > MAX_DIMENSIONS:
        words = {"limit": MAX_DIMENSIONS}
        raise DefinitionRefused(_("Choose at most %(limit)s dimensions.") % words, field="dimensions")
    if not all(re.match(slices.KEY_PATTERN, key) for key in wording.dimensions):
        raise DefinitionRefused(
            _("Small Latin letters, digits and underscores."), field="dimensions", code="key"
        )
    if wording.kind == "base":
        return _check_base(wording, sheet)
    if wording.currency_rule:
        message = _("Currencies are converted where rows are read. What is computed from metrics has theirs.")
        raise DefinitionRefused(message, field="currency_rule", code="currency")
    if wording.kind == "cumulative":
        return _check_cumulative(wording, inputs, own_key)
    return _check_formula(wording, inputs, own_key)


def _check_base(wording: Wording, sheet: Sheet | None) -> Checked:
    if wording.allocations:
        raise allocating.AllocationRefused(_("Only the inputs of a formula are shared out."))
    if sheet is None:
        raise DefinitionRefused(_("Choose the data that is counted."), field="dataset")
    if wording.aggregation not in base.AGGREGATES:
        raise DefinitionRefused(_("Choose how rows are added up."), field="aggregation")
    time_column = sheet.columns.get(wording.time_column)
    if time_column is None or time_column.type not in TIMES:
        raise DefinitionRefused(_("Choose the date that decides the month."), field="time_column")
    expression = _checked_expression(wording, sheet)
    try:
        filters.conditions(wording.filters, sheet)
        if sheet.is_live:
            filters.judge_order(wording.filters, sheet)
    except filters.FilterRefused as error:
        raise DefinitionRefused(error.message, field="filters", code=error.code) from error
    for key, column_key in wording.dimensions.items():
        column = sheet.columns.get(column_key)
        if column is None or column.type not in CUTTABLE:
            words = {"dimension": key, "column": column_key}
            message = _("“%(column)s” cannot be used as the dimension %(dimension)s.") % words
            raise DefinitionRefused(message, field="dimensions")
    unit = _unit(wording.unit)
    if wording.aggregation in base.OF_A_COLUMN and unit.has_money:
        raise DefinitionRefused(_("A number of rows or customers is not money."), field="unit")
    unit = pricing.judged(wording, sheet, unit)
    additivity = OF_AGGREGATIONS.get(wording.aggregation, "none")
    return Checked(
        kind="base",
        unit=unit,
        additivity=additivity,
        expression=expression,
        shared=frozenset(wording.dimensions),
    )


def _checked_expression(wording: Wording, sheet: Sheet) -> str:
    if wording.aggregation in base.OF_A_COLUMN:
        if wording.aggregation == "distinct" and not wording.expression:
            raise DefinitionRefused(_("Choose the column whose values are counted."), field="expression")
        if wording.expression and wording.expression not in sheet.columns:
            words = {"name": wording.expression}
            raise DefinitionRefused(_("There is no column “%(name)s”.") % words, field="expression")
        return wording.expression
    return arithmetic(wording.expression, sheet).text


def arithmetic(text: str, sheet: Sheet) -> formulas.Formula:
    """Arithmetic over the numbers of a dataset, its columns named by key or in either language. Raises
    DefinitionRefused."""
    try:
        formula = formulas.parse(text, sheet.names())
    except formulas.FormulaRefused as error:
        raise _of_columns(error) from error
    for key in formula.references:
        if sheet.columns[key].type not in NUMERIC:
            words = {"name": i18n.local(sheet.columns[key], "name") or key}
            said, place = _("The column “%(name)s” holds no numbers.") % words, formula.place_of(key)
            raise DefinitionRefused(said, field="expression", position=place)
    return formula


def _of_columns(error: formulas.FormulaRefused) -> DefinitionRefused:
    """The same refusals, said of columns instead of metrics."""
    said = error.message
    if error.code == "empty":
        said = _("Choose a column, or write arithmetic over columns: quantity * net_price.")
    elif error.code == "unknown_name":
        said = _("There is no column called “%(given)s”.") % error.params
    elif error.code == "no_metric":
        said = _("The arithmetic uses no column.")
    return DefinitionRefused(said, field="expression", code=error.code, position=error.position)


def _check_formula(wording: Wording, inputs: Mapping[str, Input], own_key: str) -> Checked:
    try:
        formula = formula_of(wording, inputs)
        if own_key in formula.references:
            said, place = _("A metric cannot be computed from itself."), formula.place_of(own_key)
            raise DefinitionRefused(said, field="formula", position=place)
        found = formulas.measure_of(formula, {key: inputs[key].unit for key in formula.references})
    except (formulas.FormulaRefused, units.UnitRefused) as error:
        error.field = "formula"
        raise
    shared = shared_dimensions(formula, inputs)
    rules = allocating.allocations_of(wording)
    for key in wording.dimensions:
        lacking = [
            inputs[used]
            for used in formula.references
            if key not in inputs[used].dimensions and used not in rules
        ]
        if lacking:
            words = {"dimension": key, "metrics": ", ".join(i18n.local(metric, "name") for metric in lacking)}
            message = _(
                "%(metrics)s cannot be told apart by %(dimension)s, so this metric cannot either, unless you say how it"
                " is shared out."
            )
            raise DefinitionRefused(message % words, field="dimensions", code="unshared_dimension")
    for used, rule in rules.items():
        _judge_allocation(used, rule, wording, formula, inputs, rules)
    unit = _agreed_unit(wording.unit, found)
    return Checked(
        kind=_kind(formula),
        unit=unit,
        additivity=_additivity(formula, inputs, rules),
        formula=formula,
        shared=shared,
    )


def _judge_allocation(
    used: str,
    rule: allocating.Allocation,
    wording: Wording,
    formula: formulas.Formula,
    inputs: Mapping[str, Input],
    rules: Mapping[str, allocating.Allocation],
) -> None:
    """Raises AllocationRefused for a rule that would share nothing out, or not all of it."""
    if used not in formula.references:
        words = {"metric": used}
        raise allocating.AllocationRefused(_("The formula does not use %(metric)s.") % words)
    chosen, metric = set(wording.dimensions), inputs[used]
    name = i18n.local(metric, "name")
    lacking = chosen - metric.dimensions
    if not lacking:
        message = _(
            "%(metric)s can be told apart by every dimension that is chosen: there is nothing to share out."
        )
        raise allocating.AllocationRefused(message % {"metric": name}, "nothing_to_allocate")
    if metric.additivity not in ("additive", "semi"):
        message = _("The parts of %(metric)s do not add up to it, so it cannot be shared out.")
        raise allocating.AllocationRefused(message % {"metric": name}, "not_additive")
    if rule.way == allocating.SHARE:
        weight = inputs.get(rule.metric)
        if weight is None:
            words = {"key": rule.metric}
            raise allocating.AllocationRefused(
                _("There is no metric with the key %(key)s.") % words, "unknown_metric"
            )
        if not chosen <= weight.dimensions:
            words = {"metric": i18n.local(weight, "name"), "dimensions": ", ".join(sorted(chosen))}
            message = _("%(metric)s has no shares by %(dimensions)s.")
            raise allocating.AllocationRefused(message % words, "weight_dimensions")
    whole_ones = [key for key in formula.references if key not in rules and chosen <= inputs[key].dimensions]
    if rule.way == allocating.EVEN and not whole_ones:
        message = _(
            "No other input can be told apart by all dimensions: there are no parts to share evenly among."
        )
        raise allocating.AllocationRefused(message, "no_parts")
    if rule.way == allocating.FIXED and len(lacking) != 1:
        message = _("Fixed shares are those of one dimension. %(metric)s lacks more than one.")
        raise allocating.AllocationRefused(message % {"metric": name}, "one_dimension")


def _additivity(formula: formulas.Formula, inputs: Mapping[str, Input], rules: Mapping[str, Any]) -> str:
    """What is shared out is shared out anew for every stretch of days: a quarter's parts are not those of its months."""
    if rules:
        seen = {
            key: dataclasses.replace(one, additivity="additive")
            for key, one in inputs.items()
            if key in rules
        }
        return "semi" if _adds_up(formula.root, {**inputs, **seen}) else "none"
    return "additive" if _adds_up(formula.root, inputs) else "none"


def _check_cumulative(wording: Wording, inputs: Mapping[str, Input], own_key: str) -> Checked:
    if wording.allocations:
        raise allocating.AllocationRefused(_("Only the inputs of a formula are shared out."))
    found = _check_formula(wording, inputs, own_key)
    root = found.formula.root if found.formula else None
    if not isinstance(root, tree.Reference):
        message = _("A running total is taken of one metric, named without any arithmetic.")
        raise DefinitionRefused(message, field="formula", code="one_metric")
    used = inputs[root.key]
    if used.additivity != "additive":
        words = {"metric": i18n.local(used, "name")}
        message = _(
            "%(metric)s does not add up from month to month, so it has no running total. Take the running totals of what"
            " it is computed from."
        )
        raise DefinitionRefused(message % words, field="formula", code="not_additive", position=root.place)
    _judge_window(wording)
    # Parts add up to the whole, months do not: each holds those before it.
    start = wording.year_starts_in if wording.accumulation == YEAR else None
    return dataclasses.replace(found, kind="cumulative", additivity="semi", year_starts_in=start)


def _judge_window(wording: Wording) -> None:
    months, start = wording.accumulation_months, wording.year_starts_in
    if wording.accumulation == ROLLING:
        if months is None or not 2 <= months <= MOST_MONTHS:
            words = {"limit": MOST_MONTHS}
            message = _("A running total runs over 2 to %(limit)s months.") % words
            raise DefinitionRefused(message, field="accumulation_months")
    elif wording.accumulation != YEAR:
        raise DefinitionRefused(_("Choose what the running total runs over."), field="accumulation")
    elif start is not None and not 1 <= start <= 12:
        raise DefinitionRefused(_("A year starts in one of twelve months."), field="year_starts_in")


def formula_of(wording: Wording, inputs: Mapping[str, Input]) -> formulas.Formula:
    """The formula with the names of the metrics, in either language, read as their keys. Raises FormulaRefused."""
    names: dict[str, str] = {}
    for key, metric in inputs.items():
        for name in (key, metric.name_en, metric.name_zh):
            if name:
                names.setdefault(name, key)
    return formulas.parse(wording.formula, names)


def shared_dimensions(formula: formulas.Formula, inputs: Mapping[str, Input]) -> frozenset[str]:
    """The dimensions that every input can be cut by."""
    return frozenset.intersection(*(inputs[key].dimensions for key in formula.references))


def _kind(formula: formulas.Formula) -> str:
    """A ratio is one division, maybe scaled: a / b * 100."""
    root = formula.root
    while isinstance(root, tree.Binary) and root.operator == "*":
        sides = (root.left, root.right)
        scaled = [side for side in sides if not isinstance(side, tree.Number)]
        if len(scaled) != 1:
            return "derived"
        root = scaled[0]
    divides = isinstance(root, tree.Binary) and root.operator == "/"
    return "ratio" if divides or (isinstance(root, tree.Call) and root.function == "ratio") else "derived"


def _adds_up(node: tree.Node, inputs: Mapping[str, Input]) -> bool:
    """Sums and differences of what adds up, and their multiples, add up themselves."""
    if isinstance(node, tree.Reference):
        return inputs[node.key].additivity == "additive"
    if isinstance(node, tree.Negated):
        return _adds_up(node.operand, inputs)
    if isinstance(node, tree.Binary) and node.operator in "+-":
        return _adds_up(node.left, inputs) and _adds_up(node.right, inputs)
    if isinstance(node, tree.Binary):
        if isinstance(node.right, tree.Number):
            return _adds_up(node.left, inputs)
        return node.operator == "*" and isinstance(node.left, tree.Number) and _adds_up(node.right, inputs)
    return False


def _unit(text: str) -> units.Unit:
    try:
        return units.parse(text)
    except units.UnitRefused as error:
        error.field = "unit"
        raise


def _agreed_unit(text: str, found: formulas.Measure) -> units.Unit:
    """The unit that was named, if it is what the formula gives; the formula's own when none was named."""
    own = found.unit or units.NUMBER
    if not text.strip():
        return own
    named = _unit(text)
    if named.is_dimensionless and own.is_dimensionless:
        _judge_percent(named, found)
        return named
    try:
        return units.add(named, own)
    except units.UnitRefused as error:
        words = {"found": own.label, "named": named.label}
        message = _("The formula gives %(found)s, not %(named)s.") % words
        raise DefinitionRefused(message, field="unit", code="unit_mismatch") from error


def _judge_percent(named: units.Unit, found: formulas.Measure) -> None:
    """A value in per cent is a hundred times the ratio, and the formula says so: 37.2 is shown as 37.2 %."""
    if found.tens is None:
        return
    if named.shown == "percent" and not found.is_percent:
        message = _(
            "A value in percent is a hundred times the ratio: multiply by 100, or name the unit ratio."
        )
        raise DefinitionRefused(message, field="unit", code="percent")
    if named.shown == "ratio" and found.is_percent:
        message = _("The formula multiplies by 100: name the unit percent, or take the factor away.")
        raise DefinitionRefused(message, field="unit", code="percent")
