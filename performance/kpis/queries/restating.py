"""What a closed month would be by rates that came later. It keeps what it was closed with, and nobody is left to wonder."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from performance.engine.fixed import EXACT
from performance.foundation import refusals
from performance.kpis import semantics, units
from performance.kpis.models import MetricValue, ValueState
from performance.kpis.queries import previews
from performance.kpis.queries.rates import newest_number


@dataclass(frozen=True)
class Restated:
    """A closed value that version `used` of the rates gave, beside that of version `number` over the rows as they are
    today; `after` None where that cannot be computed while somebody waits."""

    value: MetricValue
    used: int
    number: int
    after: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        if self.after is None or self.value.value is None:
            return None
        return EXACT.subtract(self.after, self.value.value)


def by_rates(history: Sequence[MetricValue]) -> Restated | None:
    """Of the current value among these, with its version: None where it is open, converts nothing, or used the newest
    rates, and where these give the same. One query; where there are newer rates, those of a preview."""
    value = next((one for one in history if one.superseded_at is None), None)
    if value is None or value.state != ValueState.CLOSED or not value.version.currency_rule:
        return None
    version = value.version
    kind, currency = semantics.RATES_OF[version.currency_rule], units.parse(version.unit).currency
    number, used = newest_number(kind, currency), max(value.inputs.get("rates") or [0])
    if number <= used:
        return None
    try:
        found = previews.preview(version, until=value.period_end, months=1, within=value.slice)
        after = next((row.value for row in found if row.month == value.period_start), None)
    except (refusals.Refused, previews.PreviewTooSlow):
        after = None
    return None if after is not None and after == value.value else Restated(value, used, number, after)
