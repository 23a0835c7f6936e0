"""Goals seen from further away: the strategy map, the timeline, two periods side by side."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from okr import forms, queries
from okr.views import reading
from performance.foundation import access
from performance.people import queries as people


@access.member
def strategy(request: HttpRequest) -> HttpResponse:
    """What serves what. Branches open and close by `toggle`; `open` carries those that are open."""
    actor = request.actor
    today = people.today(actor.organisation)
    form = forms.MapForm(request.GET or None, periods=list(people.periods()))
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    period = given.get("period") or people.current_period(today)
    context: dict[str, Any] = {
        "nav": "goals",
        "filter_form": form,
        "period": period,
        "words": given.get("q", ""),
        "team": people.team_of(actor.person_id, today),
    }
    if period is not None:
        period.organisation = actor.organisation
        seen = reading.visible(request)
        hits = queries.found_on_map(seen, reader=actor, period=period, words=given.get("q", ""))
        context |= {
            "pace": queries.pace_of(period, today),
            "policy": queries.policy_of(period),
            "hits": hits,
        }
        context["map"] = drawn = queries.strategy_map(
            seen,
            pace=context["pace"],
            policy=context["policy"],
            opened=_opened(request),
            found={hit.pk for hit in hits},
            is_lane_open=_is_lane_open(request),
        )
        context["missing"] = [hit for hit in hits if hit.pk not in {node.pk for node in drawn.drawn}]
    return render(request, reading.template(request, "okr/strategy.html", "okr/_map.html"), context)


def _opened(request: HttpRequest) -> set[uuid.UUID] | None:
    """The branches that are open after this click; None before the first."""
    toggled = _ids(request.GET.get("toggle", ""))
    if "open" not in request.GET and not toggled:
        return None
    return _ids(request.GET.get("open", "")) ^ toggled


def _is_lane_open(request: HttpRequest) -> bool | None:
    """The unconnected goals open and close as a branch does."""
    toggled = queries.LANE in request.GET.get("toggle", "").split(",")
    if "open" not in request.GET and not toggled:
        return None
    return (queries.LANE in request.GET.get("open", "").split(",")) != toggled


def _ids(text: str) -> set[uuid.UUID]:
    found = set()
    for each in text.split(","):
        try:
            found.add(uuid.UUID(each))
        except ValueError:
            continue
    return found


@access.member
def timeline(request: HttpRequest) -> HttpResponse:
    """The goals of a year as bars over its months, with what was agreed and changed when."""
    actor = request.actor
    today = people.today(actor.organisation)
    found, context = reading.filtered_objectives(request, in_period=False)
    frame = queries.frame_around(context["period"], today, actor.organisation.fiscal_start_month)
    context |= {"nav": "goals", "frame": frame, "team": people.team_of(actor.person_id, today)}
    shown = queries.within(found, frame).select_related("owner", "team", "period")
    page = Paginator(shown, reading.A_PAGE).get_page(request.GET.get("page"))
    rows = queries.timeline_rows(page, frame, actor)
    policies = queries.policies_behind(row.objective.period for row in rows)
    context |= {"page_obj": page, "rows": rows, "policies": policies}
    return render(request, reading.template(request, "okr/timeline.html", "okr/_card_timeline.html"), context)


@access.member
def compare(request: HttpRequest) -> HttpResponse:
    """Two periods side by side: in all, and owner by owner."""
    actor = request.actor
    today = people.today(actor.organisation)
    periods = list(people.periods())
    form = forms.CompareForm(request.GET or None, periods=periods)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    now = given.get("now") or people.current_period(today)
    before = given.get("before") or queries.period_before(periods, now)
    context: dict[str, Any] = {
        "nav": "goals",
        "filter_form": form,
        "now": now,
        "before": before,
        "team": people.team_of(actor.person_id, today),
    }
    if now is not None and before is not None:
        visible = reading.visible(request)
        context["totals"] = queries.totals_of(visible, [before, now])
        owners = queries.owners_compared(visible, before=before, now=now)
        page = Paginator(owners, reading.A_PAGE).get_page(request.GET.get("page"))
        context |= {
            "page_obj": page,
            "rows": queries.comparison_rows(page),
            "policies": queries.policies_behind([before, now]),
        }
    return render(request, reading.template(request, "okr/compare.html", "okr/_card_compare.html"), context)
