"""The board, and closing a month on it."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, jobs, refusals
from performance.foundation.components import formats
from performance.inbox import queries as inbox
from performance.kpis import actions, forms, queries, rules, tasks
from performance.kpis.queries import (
    alerts,
    boards,
    changes,
    comparing,
    forecasts,
    heat,
    indicators,
    months,
    ranking,
)
from performance.kpis.queries import rates as rate_queries
from performance.kpis.queries import saved_views as saved_queries
from performance.kpis.views import asking, saved_views
from performance.people import queries as people
from performance.sources import rules as sources_rules


@access.member
def board(request: asking.MemberRequest) -> HttpResponse:
    """Indicators of one month and slice, one of them over time and by slice. A filter of their list, or another page of
    it, asks for that alone."""
    actor = request.actor
    today = people.today(actor.organisation)
    found = saved_views.board_asked(request)
    view = saved_views.view_asked(request)
    my_signatures = list(inbox.open_items(actor.person_id).filter(kind=actions.SIGNATURE_WORK))
    others = queries.open_versions().exclude(pk__in=[item.subject_id for item in my_signatures])
    context: dict[str, Any] = {
        "nav": "metrics",
        "board": found,
        "view": view,
        "can_draft": rules.can_draft_metric(actor),
        "can_see_sources": sources_rules.can_see_sources(actor),
        "can_close": rules.can_close_month(actor),
        "my_signatures": my_signatures,
        "open_versions": list(others[:6]) if rules.can_see_drafts(actor) else [],
    }
    if found is not None:
        context |= (
            _drawn(found, today) | _watched(actor, found, today) | _kept(actor, found) | _moved(actor, found)
        )
        context["rates_behind"] = rate_queries.named_behind(found.chosen.metric, found.within, found.month)
        context |= _listed(request, found)
    is_list = request.headers.get("HX-Target") == "indicators"
    return render(request, "kpis/_indicators.html" if found and is_list else "kpis/board.html", context)


def _listed(request: asking.MemberRequest, found: boards.Board) -> dict[str, Any]:
    """The list of all indicators, as ?q=…&is=off_track&whose=…&page=2 narrows it."""
    given = request.GET
    listing = indicators.listing(
        found,
        words=given.get("q", "").strip()[:80],
        status=given.get("is", ""),
        owner=asking.id_of(request, "whose"),
        page=asking.page_of(request),
    )
    board = {**_asked(found), "view": given.get("view", "")}
    kept = {key: value for key, value in board.items() if value}
    shown = [one.metric for one in listing.rows]
    coming = months.months_before(found.month, -1)
    return {
        "listing": listing,
        "foreseen": forecasts.month_ahead(shown, found.within, coming, sight=queries.sight_of(request.actor)),
        "foreseen_month": coming,
        "indicators_form": forms.IndicatorsForm(listing=listing, board=kept),
        "board_url": reverse("kpis:board"),
    }


def _asked(found: boards.Board) -> dict[str, str]:
    """The board's own parameters."""
    return {
        "month": months.key(found.month),
        "metric": str(found.chosen.metric.pk),
        "by": found.cut,
        "vs": found.basis,
        "heat": found.heat.shown if found.heat else "",
        **found.within,
    }


def _kept(actor: access.Actor, found: boards.Board) -> dict[str, Any]:
    """Saved views, and the board's own filters for keeping it as one."""
    return {
        "listed_views": saved_queries.listed_views(actor),
        "board_query": urlencode({key: value for key, value in _asked(found).items() if value}),
        "can_save_views": rules.can_save_views(actor),
        "view_form": forms.ViewForm(),
    }


@access.member
def export_board(request: asking.MemberRequest) -> Any:
    """The board of the address as a workbook."""
    found = saved_views.board_asked(request)
    if found is None:
        raise Http404
    file = actions.export_board(board=found, by=request.actor, at=timezone.now())
    return FileResponse(file, as_attachment=True, filename=f"metrics-{months.key(found.month)}.xlsx")


def _watched(actor: access.Actor, found: boards.Board, today: datetime.date) -> dict[str, Any]:
    """Alerts and notes of the board: the most urgent alerts, how many each indicator has, marks on the trend."""
    marks = alerts.marks(actor, found.chosen.metric, found.within, [point.month for point in found.trend])
    return {
        "alert_counts": alerts.open_counts(actor, (one.metric.pk for one in found.indicators), found.within),
        "alert_rows": alerts.alert_rows(alerts.urgent(actor), today),
        "marks": marks,
        "chart": chart_of(found.trend, found.chosen.metric.decimals, found.ahead, marks)
        | _second_line(found),
    }


#: Lines of the small waterfall; the page "Why it moved" has them all.
MOVED_SHOWN = 6


def _moved(actor: access.Actor, found: boards.Board) -> dict[str, Any]:
    """What brought the change since the earlier month that is compared with, largest first."""
    since = found.compared_month
    if since is None or not found.cut:
        return {}
    told = changes.explained(
        found.chosen.metric,
        since=since,
        until=found.month,
        within=found.within,
        cut=found.cut,
        sight=queries.sight_of(actor),
    )
    low, high = told.reach
    shown = told.parts[:MOVED_SHOWN]
    return {
        "moved": told,
        "moved_lines": [(part, part.starts_at - low) for part in shown],
        "moved_hidden": len(told.parts) - len(shown),
        "moved_span": (high - low) or 1,
    }


def _second_line(found: boards.Board) -> dict[str, Any]:
    """What values are held against, where that is not the target: over the same months as the chart's others."""
    if found.basis == comparing.TARGET:
        return {}
    shown = [point.month for point in _since_known(found.trend)]
    further = [month.month for month in found.ahead.shown if month.month > shown[-1]]
    line = [found.references.get(month) for month in [*shown, *further]]
    return {
        "target": [None if value is None else float(value) for value in line],
        "names": {"target": found.line_words},
    }


def _drawn(found: boards.Board, today: datetime.date) -> dict[str, Any]:
    """What charts and month buttons need beside the board itself."""
    chosen = found.chosen
    settling_days = queries.settling_days()
    month_closes = [
        {
            "month": month,
            "close": found.closed.get(month),
            "is_over": months.last_of(month) < today,
            "settled_on": months.settled_on(month, settling_days),
            "can_close": month not in found.closed and months.settled_on(month, settling_days) <= today,
        }
        for month in found.months[:4]
    ]
    return {
        "ahead": found.ahead,
        "points": found.trend,
        "trend_sentence": sentence_of(found.trend, chosen.metric),
        "shown_metric": chosen.metric,
        "shown_slice": found.labels.of(found.within),
        "bases": comparing.BASES,
        "heats": heat.SHOWN,
        "cut_name": found.labels.dimension(found.cut),
        "month_closes": month_closes,
        "last_closed": max(found.closed.values(), key=lambda close: close.month, default=None),
    }


#: How much of a note stands beside its line in the chart.
NOTE_SHOWN = 16
#: A chart has room for so many months, also where fewer are known.
FEWEST_MONTHS = 6


def _since_known(points: Any) -> Any:
    """From the first month that has something to draw: the time before a metric began is no part of its course."""
    first = next(
        (place for place, one in enumerate(points) if one.value is not None or one.target is not None), 0
    )
    return points[min(first, max(len(points) - FEWEST_MONTHS, 0)) :]


def chart_of(
    points: Any,
    decimals: int,
    ahead: forecasts.Ahead | None = None,
    marks: Mapping[datetime.date, alerts.Mark] | None = None,
) -> dict[str, Any]:
    """Data of the trend chart; numbers only for drawing. What is foreseen begins after the last month that stands still,
    which may lie before the last one that is shown. Months with alerts are ringed, those with notes lined."""
    points = _since_known(points)
    tail = ranking.provisional_tail(points)
    cut = len(points) - tail
    numbers = [None if point.value is None else float(point.value) for point in points]
    months_shown = [point.month for point in points]
    coming = [
        month for month in (ahead.shown if ahead else ()) if months_shown and month.month > months_shown[0]
    ]
    further = [month for month in coming if month.month not in months_shown]
    targets = [point.target for point in points] + [month.target for month in further]
    data: dict[str, Any] = {
        "grain": "month",
        "x": [months.label_of_axis(month) for month in [*months_shown, *(each.month for each in further)]],
        "closed": numbers[:cut],
        "provisional": numbers[cut:],
        "target": [None if target is None else float(target) for target in targets],
        "decimals": decimals,
        **_drawn_marks(points, marks or {}),
    }
    if coming:
        data["forecast"] = [
            [float(month.low_80), float(month.value), float(month.high_80)] for month in coming
        ]
        data["forecast_at"] = data["x"].index(months.label_of_axis(coming[0].month))
    return data


def _drawn_marks(points: Any, marks: Mapping[datetime.date, alerts.Mark]) -> dict[str, Any]:
    raised = [
        place
        for place, point in enumerate(points)
        if point.value is not None and point.month in marks and marks[point.month].alerts
    ]
    # Words beside the last ring alone: those of neighbours would lie over each other. The table has them all.
    ringed = [
        {
            "i": place,
            "text": marks[points[place].month].alerts[0].get_kind_display() if place == raised[-1] else "",
        }
        for place in raised
    ]
    noted = [
        {
            "x": months.label_of_axis(point.month),
            "text": Truncator(marks[point.month].notes[0].text).chars(NOTE_SHOWN),
        }
        for point in points
        if point.month in marks and marks[point.month].notes
    ]
    return {"anomalies": ringed, "notes": noted}


def sentence_of(points: Any, metric: Any) -> str:
    """What a reader who sees no picture is told."""
    known = [point for point in points if point.value is not None]
    if not known:
        return _("%(metric)s: no values yet") % {"metric": metric}
    return _("%(metric)s from %(first)s to %(last)s; last value %(value)s") % {
        "metric": metric,
        "first": months.name(known[0].month),
        "last": months.name(known[-1].month),
        "value": formats.number(known[-1].value, metric.decimals),
    }


@require_POST
@access.role("finance_owner")
def close_month(request: asking.MemberRequest) -> HttpResponse:
    """Closes a month; a worker freezes its values."""
    access.require(rules.can_close_month(request.actor))
    month = months.from_key(request.POST.get("month", ""))
    if month is None:
        raise Http404
    try:
        actions.close_month(month=month, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        jobs.nudge(tasks.refresh_stale_values)
        said = _("%(month)s is closed. Its values stay as they are.") % {"month": months.name(month)}
        messages.success(request, said)
    return redirect(f"{reverse('kpis:board')}?month={months.key(month)}")
