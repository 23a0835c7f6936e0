"""What a new fiscal calendar does to metrics: their months become others, so that all values are computed again."""

import datetime

from django.utils.translation import gettext_lazy as _

from performance.foundation import stale
from performance.kpis import queries
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Forecast, MonthClose
from performance.kpis.queries import months

#: Pattern, and first month of the year.
Fiscal = tuple[str, int]


def follow_fiscal_calendar(*, before: Fiscal, after: Fiscal, at: datetime.datetime) -> None:
    """Asks for all values anew where months become others; another first month of calendar months moves none. Called in
    the transaction that changes the organisation, before it does.

    Raises MetricRefused("closed"): months that finance has closed stay what they are.
    """
    if months.calendar_of(*before) is months.calendar_of(*after):
        return
    if MonthClose.objects.exists():
        field = "fiscal_pattern" if before[0] != after[0] else "fiscal_start_month"
        message = _("Finance has closed months of this calendar: what they are does not change any more.")
        raise MetricRefused(message, code="closed", field=field)
    Forecast.objects.filter(superseded_at=None).update(superseded_at=at)
    stale.mark("metric_values", queries.datasets_read(), at=at)
