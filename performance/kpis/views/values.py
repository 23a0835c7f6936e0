"""Values by month and slice, and the rows behind them."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from performance.foundation import access
from performance.kpis import forms, queries, rules, semantics
from performance.kpis.models import Additivity, Metric, MetricVersion
from performance.kpis.queries import alerts, forecasts, knowledge, months, pages, restating
from performance.kpis.queries import rates as rate_queries
from performance.kpis.queries.rows import PAGE, bases_behind, first_days, trace, where_rows_are
from performance.kpis.views import asking, boards
from performance.people import queries as people

SERIES_MONTHS = 17


@access.member
def values(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """?month=2026-05&by=store&city=Hangzhou; &known=2026-04-30 beside what was known at the end of that day."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    today = people.today(request.actor.organisation)
    sight = queries.sight_of(request.actor)
    newest = queries.latest_month([found.pk])
    month = months.first_of(min(asking.month_of(request) or newest or today, newest or today))
    within = asking.slice_of(request)
    version = queries.versions_in_force(month, [found.pk]).get(found.pk)
    cuts = [key for key in (version.dimension_keys if version else ()) if key not in within]
    cut = request.GET.get("by", "") if request.GET.get("by", "") in cuts else (cuts[-1] if cuts else "")
    points = queries.series(found, within, SERIES_MONTHS, newest, sight=sight)
    additivity = version.additivity if version else Additivity.NONE
    ahead = forecasts.ahead(found, within, additivity=additivity, sight=sight)
    since, until = asking.day_of(request, "since"), asking.day_of(request, "until")
    known_day = asking.day_of(request, "known")
    known = None
    if known_day is not None:
        organisation = request.actor.organisation
        known = knowledge.known_on(
            found, organisation, known_day, within=within, month=month, cut=cut, sight=sight
        )
    labels = queries.labels_for([within])
    marks = alerts.marks(request.actor, found, within, [point.month for point in points])
    history = pages.history(found, month=month, within=within, sight=sight)
    table, page = pages.value_table(
        found, month=month, cut=cut, within=within, page=asking.page_of(request), sight=sight
    )
    return render(
        request,
        "kpis/values.html",
        {
            "nav": "metrics",
            "tab": "values",
            "metric": found,
            "lacking": history[0].inputs.get("lacking")
            if history and version and version.currency_rule
            else None,
            "version": version,
            "month": month,
            "months": months.run(newest or today, 13)[::-1],
            "within": within,
            "within_label": labels.of(within),
            "within_query": urlencode(within),
            "cut": cut,
            "cuts": [(key, labels.dimension(key)) for key in cuts],
            "rows": table,
            "input_metrics": pages.input_metrics(table),
            "page_obj": page,
            "known": known,
            "rates_behind": rate_queries.named_behind(found, within, month),
            "restated": restating.by_rates(history),
            "today": today,
            "history": history,
            "points": points,
            "whole": pages.whole_period(found, within, since, until, sight=sight)
            if since and until
            else None,
            "chart": boards.chart_of(points, found.decimals, ahead, marks),
            "ahead": ahead,
            "marks": marks,
            "mark": marks.get(month),
            "note_form": forms.PointNoteForm(initial={"month": month}),
            "can_write_notes": rules.can_write_notes(request.actor, found),
            "trend_sentence": boards.sentence_of(points, found),
            "can_see_rows": _leads_to_rows(request.actor, found, version, within, sight),
            "is_narrowed": sight.hides_parts(found.pk, within),
            "other_name": pages.other_name(found),
        },
    )


def _leads_to_rows(
    actor: access.Actor,
    metric: Metric,
    version: MetricVersion | None,
    within: semantics.Slice,
    sight: queries.Sight,
) -> bool:
    """Of a formula some input's rows may be open; which, its page of rows says."""
    if version is not None and version.is_base:
        return rules.can_see_rows_of(actor, metric, within, sight.rows.of(version.dataset_id))
    return rules.can_see_rows(actor, metric, within) or sight.opens_rows(metric.pk)


@access.member
def rows(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """The source rows of a slice: ?month=2026-05&store=Binjiang, or ?since=…&until=… . A formula shows its inputs
    and the rows of the one chosen with ?input=key."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    within = asking.slice_of(request)
    sight = queries.sight_of(request.actor)
    can_see = rules.can_see_rows(request.actor, found, within) or sight.opens_rows(found.pk)
    access.require(can_see, rules.WHO_SEES_ROWS)
    today = people.today(request.actor.organisation)
    month = asking.month_of(request) or queries.latest_month([found.pk]) or months.first_of(today)
    since = asking.day_of(request, "since") or month
    until = asking.day_of(request, "until") or months.last_of(month)
    bases = bases_behind(found, since, until)
    chosen = next(
        (one for one in bases if one.metric.key == request.GET.get("input")), bases[0] if bases else None
    )
    page = asking.page_of(request)
    first_day = first_days(found, since, until).get(chosen.metric_id, since) if chosen else since
    shown = stays = None
    if chosen is not None:
        cut = {key: value for key, value in within.items() if key in chosen.dimensions}
        narrowed = sight.rows.of(chosen.dataset)
        # A dimension that these rows do not have narrows nothing: then they are everybody's rows.
        can_see = rules.can_see_rows_of(request.actor, found, cut, narrowed)
        access.require(can_see, rules.WHO_SEES_NARROWED_ROWS if narrowed else rules.WHO_SEES_ROWS)
        if queries.stays_at_source(chosen):
            stays = where_rows_are(chosen, cut)
        else:
            shown = trace(
                chosen, slice=cut, since=first_day, until=until, offset=(page - 1) * PAGE, sight=sight
            )
    labels = queries.labels_for([within])
    days = {"since": since.isoformat(), "until": until.isoformat()}
    context: dict[str, Any] = {
        "nav": "metrics",
        "metric": found,
        "bases": bases,
        "chosen": chosen,
        "trace": shown,
        "stays": stays,
        "is_narrowed": chosen is not None and sight.rows.of(chosen.dataset) is not None,
        "filters": [pages.filter_words(given) for given in chosen.filters] if chosen else [],
        "lines": list(zip(shown.rows, shown.amounts, strict=True)) if shown else [],
        "since": first_day,
        "until": until,
        "within_label": labels.of(within),
        "query": urlencode({**days, **within}),
        "page": page,
        "pages": -(-shown.total // PAGE) if shown else 0,
        "values_query": urlencode({"month": months.key(months.first_of(since)), **within}),
    }
    return render(request, "kpis/rows.html", context)
