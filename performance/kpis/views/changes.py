"""Why a metric moved."""

import datetime
import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from performance.foundation import access
from performance.kpis import queries
from performance.kpis.queries import changes, months, pages
from performance.kpis.views import asking
from performance.people import queries as people

#: Months that a comparison can begin and end with.
OFFERED = 25


@access.member
def change(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """?from=2026-04&month=2026-05&by=store&city=Hangzhou: from the month before, unless another one is named."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    newest = queries.latest_month([found.pk])
    until = min(
        asking.month_of(request) or newest or people.today(request.actor.organisation),
        newest or datetime.date.max,
    )
    until = months.first_of(until)
    since = months.from_key(request.GET.get("from", "")) or months.months_before(until, 1)
    told = changes.explained(
        found,
        since=since,
        until=until,
        within=asking.slice_of(request),
        cut=request.GET.get("by", ""),
        sight=queries.sight_of(request.actor),
    )
    low, high = told.reach
    return render(
        request,
        "kpis/change.html",
        {
            "nav": "metrics",
            "tab": "change",
            "metric": found,
            "told": told,
            "months": months.run(newest or until, OFFERED)[::-1],
            "year_before": months.years_before(until),
            "month_before": months.months_before(until, 1),
            "within_label": told.labels.of(told.within),
            "within_query": urlencode(told.within),
            "cut_name": told.labels.dimension(told.cut) if told.cut else "",
            "cuts": [(key, told.labels.dimension(key)) for key in told.cuts],
            "lines": [(part, part.starts_at - low) for part in told.parts],
            # The bar of the whole runs back from where the last line ended.
            "end": (told.change or 0) - low,
            "back": -(told.change or 0),
            "span": (high - low) or 1,
            "other_name": pages.other_name(found),
        },
    )
