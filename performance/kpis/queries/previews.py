"""What a definition would give, computed for a page and kept nowhere."""

import dataclasses
import datetime
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import dates
from django.utils.translation import gettext_lazy as _

from performance.foundation import patience, tenancy
from performance.foundation.components import formats
from performance.kpis import formulas, semantics, units
from performance.kpis.models import Grain, Kind, Metric, MetricVersion
from performance.kpis.queries import live
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.allocating import shared_inputs
from performance.kpis.queries.conversions import conversion_of
from performance.kpis.queries.sheets import sheet_of
from performance.kpis.queries.sights import EVERYTHING, Sight, guard_of
from performance.kpis.queries.values import latest_month, values
from performance.kpis.semantics import Slice, slice_key
from performance.people.models import Organisation

MILLISECONDS = 4000
MONTHS = 6
#: Parts of one dimension that a preview offers: those with the most rows, or the first by name.
PARTS = 20


@dataclass(frozen=True)
class PreviewRow:
    month: datetime.date
    value: Decimal | None
    coverage_ppm: int


#: The preview took longer than a page may wait.
PreviewTooSlow = patience.TooSlow


def preview(
    wording: semantics.Wording,
    *,
    until: datetime.date | None = None,
    months: int = MONTHS,
    within: Slice | None = None,
    sight: Sight = EVERYTHING,
) -> list[PreviewRow]:
    """What the last months (up to the newest data) would give, oldest first: the totals, or the slice `within`. Of rows
    that are narrowed to the reader's branch only those count: a filter of theirs would pick any part out of the whole.

    `wording` has passed semantics.check. Formulas read the kept values of their inputs; what stays at a source shows
    the last answer to this very version, and nothing before it was asked. Raises PreviewTooSlow when a statement takes
    more than four seconds.
    """
    if stays_at_source(wording):
        return _answered(wording, until, months, within or {}) if _opens(sight, wording, within or {}) else []
    with in_time() as cursor:
        last = until or _newest_day(wording, cursor, sight)
        if last is None:
            return []
        since = calendar_months.months_before(calendar_months.first_of(last), months - 1)
        statement = _preview_statement(wording, since, calendar_months.last_of(last), within or {}, sight)
        # A base metric's rows are narrowed before, so that their total is the slice. The statement is compiled from a
        # checked definition; its values are parameters.
        shown = "{}" if wording.kind == "base" else slice_key(within or {})
        cursor.execute(
            "SELECT period_start, round(value::numeric, 12), coverage_ppm FROM"  # noqa: S608
            f" ({statement.sql}) AS found WHERE slice::text = %s ORDER BY period_start",
            [*statement.params, shown],
        )
        rows = cursor.fetchall()
    closed = _closed_months(wording, slice_key(within or {}), sight)
    return [
        PreviewRow(month, value, coverage)
        for month, value, coverage in rows
        if closed.isdisjoint(_months_in(wording, month))
    ]


def _opens(sight: Sight, wording: semantics.Wording, within: Slice) -> bool:
    """What a source has answered are sums: only whole parts of them can be left out."""
    narrowed = sight.rows.of(wording.dataset)
    return narrowed is None or guard_of(narrowed, wording.dimensions).opens(within)


def _open_rows(sight: Sight, wording: semantics.Wording, sheet: semantics.Sheet) -> semantics.Statement:
    """The condition for the rows that the reader may see."""
    narrowed = sight.rows.of(wording.dataset)
    if narrowed is None:
        return semantics.Statement("true")
    condition = narrowed.condition(sheet.columns)
    return semantics.Statement(condition.sql, condition.params)


def _closed_months(wording: semantics.Wording, text: str, sight: Sight) -> set[datetime.date]:
    """The months in which an input of a formula is closed to the reader. None without a rule, one query with one."""
    if wording.kind == "base" or not sight.guards:
        return set()
    keys = {*formulas.parse(wording.formula).references, *semantics.weighing(wording)}
    used = values().filter(metric__key__in=keys, slice_key=text)
    closed = used.exclude(pk__in=sight.seen(used).values("pk"))
    return set(closed.values_list("period_start", flat=True))


def _months_in(wording: semantics.Wording, month: datetime.date) -> list[datetime.date]:
    """The months whose values are in that of a month."""
    if wording.kind != Kind.CUMULATIVE:
        return [month]
    return calendar_months.between(semantics.first_month(wording, month, calendar_months.calendar()), month)


def as_of_here(
    definition: semantics.Definition, checked: semantics.Checked, organisation: Organisation
) -> semantics.Checked:
    """With the currency and the first month of the year of the organisation, where nobody said others. Raises
    DefinitionRefused where amounts would be converted into another currency than its own."""
    start = checked.year_starts_in
    if definition.accumulation == semantics.YEAR:
        start = _year_starts_in(start, organisation)
    unit = units.in_currency(checked.unit, organisation.currency)
    if definition.currency_rule and unit.currency != organisation.currency:
        words = {"own": formats.currency_name(organisation.currency)}
        message = _("Amounts are converted into the currency of the organisation: the unit is in %(own)s.")
        raise semantics.DefinitionRefused(message % words, field="unit", code="currency")
    return dataclasses.replace(checked, unit=unit, year_starts_in=start)


def _year_starts_in(given: int | None, organisation: Organisation) -> int:
    """Months of weeks are counted in fiscal years alone: no other year begins with one of them."""
    own = organisation.fiscal_start_month
    if given not in (None, own) and calendar_months.calendar().is_weeks:
        message = _("Months of weeks are summed over the fiscal year: it starts in %(month)s.")
        words = {"month": dates.MONTHS[own]}
        raise semantics.DefinitionRefused(message % words, field="year_starts_in", code="year")
    return own if given is None else given


def as_checked(
    definition: semantics.Definition, checked: semantics.Checked, organisation: Organisation
) -> semantics.Definition:
    """A definition as it would be kept: formula and unit spelt one way, the dimensions that it would have."""
    here = as_of_here(definition, checked, organisation)
    told = dataclasses.replace(
        definition, kind=here.kind, unit=str(here.unit), year_starts_in=here.year_starts_in
    )
    if here.formula is None:
        return dataclasses.replace(told, expression=here.expression)
    chosen = set(definition.dimensions) or set(sorted(here.shared)[: semantics.MAX_DIMENSIONS])
    return dataclasses.replace(told, formula=here.formula.text, dimensions=dict.fromkeys(sorted(chosen), ""))


def stays_at_source(wording: semantics.Wording) -> bool:
    """Whether nothing can be computed here before the source has been asked."""
    return wording.dataset is not None and wording.dataset.is_live


def parts_previewed(wording: semantics.Wording, *, sight: Sight = EVERYTHING) -> list[dict[str, str]]:
    """The parts of the business, one dimension at a time, that a preview of this wording can be narrowed to. Empty for
    what stays at its source. Raises PreviewTooSlow."""
    if stays_at_source(wording) or not wording.dimensions:
        return []
    if wording.kind != "base":
        return _parts_of_inputs(wording, sight)
    sheet = sheet_of(wording.dataset)
    where = semantics.rows_where(wording, sheet, wording.dataset.time_zone)
    opened = _open_rows(sight, wording, sheet)
    found: list[dict[str, str]] = []
    with in_time() as cursor:
        for key in sorted(wording.dimensions):
            cursor.execute(
                f"SELECT {semantics.part_sql(wording, sheet, key)} AS part FROM {sheet.relation} AS given_rows"  # noqa: S608
                f" WHERE {where.sql} AND {opened.sql} GROUP BY part ORDER BY count(*) DESC, part LIMIT %s",
                [*where.params, *opened.params, PARTS],
            )
            found += [{key: part} for (part,) in cursor.fetchall()]
    return found


def _parts_of_inputs(wording: semantics.Wording, sight: Sight) -> list[dict[str, str]]:
    keys = {*formulas.parse(wording.formula).references, *semantics.weighing(wording)}
    kept = sight.seen(values()).filter(metric__key__in=keys, dimensions__in=list(wording.dimensions))
    pairs = kept.order_by("dimensions", "slice_key").values_list("dimensions", "slice").distinct()
    found: dict[str, list[dict[str, str]]] = {}
    for key, part in pairs:
        found.setdefault(key, []).append(dict(part))
    return [part for key in sorted(found) for part in found[key][:PARTS]]


def _answered(
    wording: semantics.Wording, until: datetime.date | None, months: int, within: Slice
) -> list[PreviewRow]:
    answer = live.answer_of(wording) if isinstance(wording, MetricVersion) else live.NONE
    if answer.reading_id is None:
        return []
    found = semantics.live.parts_values(
        wording,
        organisation_id=tenancy.current_organisation_id(),
        reading_id=answer.reading_id,
        grain=Grain.MONTH,
        conversion=conversion_of(wording, sheet_of(wording.dataset)) if wording.currency_rule else None,
    )
    with in_time() as cursor:
        cursor.execute(
            "SELECT period_start, round(value::numeric, 12), coverage_ppm FROM"  # noqa: S608
            f" ({found.sql}) AS found WHERE slice::text = %s AND period_start <= %s"
            " ORDER BY period_start DESC LIMIT %s",
            [*found.params, slice_key(within), until or datetime.date.max, months],
        )
        return [PreviewRow(*row) for row in reversed(cursor.fetchall())]


def has_too_many_slices(wording: semantics.Wording) -> bool:
    """Whether a base metric would have more slices than are kept. False also when counting takes longer than somebody
    waits, or when the rows stay at their source: the computation itself looks again."""
    if wording.dataset is None or wording.dataset.is_live or not wording.dimensions:
        return False
    statement = semantics.slices_counted(
        wording, sheet_of(wording.dataset), wording.dataset.time_zone, semantics.MOST_SLICES
    )
    try:
        with in_time() as cursor:
            cursor.execute(statement.sql, statement.params)
            (number,) = cursor.fetchone()
    except PreviewTooSlow:
        return False
    return bool(number > semantics.MOST_SLICES)


def in_time() -> AbstractContextManager[Any]:
    """A cursor whose statements may take four seconds each. Raises PreviewTooSlow."""
    return patience.in_time(MILLISECONDS)


def _newest_day(wording: semantics.Wording, cursor: Any, sight: Sight) -> datetime.date | None:
    if wording.kind == "base":
        sheet = sheet_of(wording.dataset)
        day = semantics.day_sql(wording, sheet, wording.dataset.time_zone)
        where = semantics.rows_where(wording, sheet, wording.dataset.time_zone)
        opened = _open_rows(sight, wording, sheet)
        cursor.execute(
            f"SELECT max({day.sql}) FROM {sheet.relation} AS given_rows"  # noqa: S608
            f" WHERE {where.sql} AND {opened.sql}",
            [*day.params, *where.params, *opened.params],
        )
        (newest,) = cursor.fetchone()
        return newest
    keys = formulas.parse(wording.formula).references
    return latest_month(Metric.objects.filter(key__in=keys).values_list("pk", flat=True))


def _preview_statement(
    wording: semantics.Wording, since: datetime.date, until: datetime.date, within: Slice, sight: Sight
) -> semantics.Statement:
    if wording.kind == "base":
        sheet = sheet_of(wording.dataset)
        part, opened = semantics.slice_where(wording, sheet, within), _open_rows(sight, wording, sheet)
        return semantics.base_values(
            _without_dimensions(wording),
            sheet,
            wording.dataset.time_zone,
            "month",
            calendar=calendar_months.calendar(),
            since=since,
            until=until,
            within=semantics.Statement(f"{part.sql} AND {opened.sql}", [*part.params, *opened.params]),
            conversion=conversion_of(wording, sheet),
        )
    formula = formulas.parse(wording.formula)
    if wording.kind == Kind.CUMULATIVE:
        (key,) = formula.references
        return semantics.running_values(
            wording,
            organisation_id=tenancy.current_organisation_id(),
            metric_id=Metric.objects.values_list("pk", flat=True).get(key=key),
            grain=Grain.MONTH,
            calendar=calendar_months.calendar(),
            since=since,
            until=until,
        )
    named = {*formula.references, *semantics.weighing(wording)}
    inputs = dict(Metric.objects.filter(key__in=named).values_list("key", "pk"))
    return semantics.formula_values(
        organisation_id=tenancy.current_organisation_id(),
        formula=formula,
        inputs=inputs,
        dimensions=sorted(wording.dimensions),
        missing_policy=wording.missing_policy,
        grain="month",
        since=since,
        until=until,
        shared=shared_inputs(wording, inputs),
    )


def _without_dimensions(wording: semantics.Wording) -> semantics.Definition:
    return semantics.Definition(
        kind=wording.kind,
        unit=wording.unit,
        effective_from=datetime.date.min,
        dataset=wording.dataset,
        aggregation=wording.aggregation,
        expression=wording.expression,
        filters=wording.filters,
        time_column=wording.time_column,
        dimensions=wording.dimensions if wording.aggregation == "last" else {},
        missing_policy=wording.missing_policy,
        currency_rule=wording.currency_rule,
    )
