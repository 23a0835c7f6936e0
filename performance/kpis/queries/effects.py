"""What another wording would give beside what stands: month by month, exactly."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from performance.engine import fixed
from performance.kpis import semantics, units
from performance.kpis.models import Metric, MetricValue, ValueState
from performance.kpis.queries import comparing, previews
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import latest_month, values
from performance.kpis.semantics import Slice, slice_key


@dataclass(frozen=True)
class Effect:
    """One month: the value that stands (None where there is none) and the one that the wording would give. A closed
    month keeps what it was closed with; it is compared all the same."""

    month: datetime.date
    before: Decimal | None
    after: Decimal | None
    coverage_ppm: int
    is_closed: bool = False
    #: Per cent cannot be subtracted from money: a version in another unit has values, but no difference.
    is_comparable: bool = True

    @property
    def change(self) -> Decimal | None:
        if self.before is None or self.after is None or not self.is_comparable:
            return None
        return fixed.EXACT.subtract(self.after, self.before)

    @property
    def percent(self) -> Decimal | None:
        return comparing.relative(self.after, self.before) if self.is_comparable else None


def effects(
    wording: semantics.Wording,
    metric: Metric | None,
    *,
    months: int = previews.MONTHS,
    within: Slice | None = None,
    sight: Sight = EVERYTHING,
) -> list[Effect]:
    """The last months up to the newest value of the metric (or, without one, to the newest data), oldest first; months
    that one side lacks are there too. `wording` has passed semantics.check. Raises PreviewTooSlow."""
    newest = latest_month([metric.pk]) if metric else None
    until = None if newest is None else calendar_months.last_of(newest)
    rows = previews.preview(wording, until=until, months=months, within=within, sight=sight)
    found = {row.month: row for row in rows}
    kept = {}
    if metric is not None and newest is not None:
        shown = calendar_months.run(newest, months)
        own = sight.seen(values()).filter(
            metric=metric, slice_key=slice_key(within or {}), period_start__in=shown
        )
        kept = {value.period_start: value for value in own}
    alike = metric is not None and units.parse(metric.unit) == units.parse(wording.unit)
    return [_effect(month, found.get(month), kept.get(month), alike) for month in sorted({*found, *kept})]


def _effect(
    month: datetime.date, row: previews.PreviewRow | None, value: MetricValue | None, is_comparable: bool
) -> Effect:
    return Effect(
        month=month,
        before=value.value if value else None,
        after=row.value if row else None,
        coverage_ppm=row.coverage_ppm if row else 0,
        is_closed=value is not None and value.state == ValueState.CLOSED,
        is_comparable=is_comparable,
    )
