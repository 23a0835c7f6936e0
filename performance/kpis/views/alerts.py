"""Alerts: the list, one alert and the steps of its life."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.kpis import actions, forms, queries, rules
from performance.kpis.models import Alert
from performance.kpis.queries import alerts as told
from performance.kpis.queries import months
from performance.kpis.views import asking, boards
from performance.people import queries as people

SERIES_MONTHS = 17


@access.member
def alerts(request: asking.MemberRequest) -> HttpResponse:
    """?list=open|mine|closed, and ?metric=… for those of one metric."""
    actor = request.actor
    counts = told.list_counts(actor)
    which = request.GET.get("list", "")
    if which not in told.LISTS:
        which = "mine" if counts["mine"] else "open"
    metric_id = asking.id_of(request, "metric")
    metric = queries.visible_metrics(actor).filter(pk=metric_id).first() if metric_id else None
    rows, page = told.alert_page(
        told.listed(actor, which, metric_id), asking.page_of(request), people.today(actor.organisation)
    )
    return render(
        request,
        "kpis/alerts.html",
        {
            "nav": "metrics",
            "rows": rows,
            "page_obj": page,
            "which": which,
            "counts": counts,
            "metric": metric,
            "can_set_somewhere": rules.can_draft_metric(actor),
        },
    )


@access.member
def alert(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    return _page(request, _alert(request, pk), {})


def _alert(request: asking.MemberRequest, pk: uuid.UUID) -> Alert:
    return access.get_or_404(queries.visible_alerts(request.actor), pk=pk)


def _page(
    request: asking.MemberRequest, found: Alert, bound: dict[str, django_forms.Form], status: int = 200
) -> HttpResponse:
    """One alert: what was found, what it looks like over time, and what is to be done. `bound`: forms with errors."""
    actor, today = request.actor, people.today(request.actor.organisation)
    metric = found.metric
    newest = queries.latest_month([metric.pk]) or found.month
    until = min(max(newest, found.month), months.months_before(found.month, -6))
    points = queries.series(metric, found.slice, SERIES_MONTHS, until, sight=queries.sight_of(request.actor))
    marks = told.marks(request.actor, metric, found.slice, [point.month for point in points])
    labels = queries.labels_for([found.slice])
    can_work = rules.can_work_on(actor, found)
    everybody = people.active_people(today).exclude(pk=found.owner_id).order_by("name_sort")
    here = {
        "take_up": forms.TakeUpForm(
            initial={"cause": found.cause, "action": found.action, "due_on": max(found.due_on, today)}
        ),
        "hand_over": forms.HandOverForm(people=everybody),
        "resolve": forms.ResolveForm(),
    } | bound
    context: dict[str, Any] = {
        "nav": "metrics",
        "row": told.row_of(found, labels, today),
        "alert": found,
        "metric": metric,
        "figures": _figures(found),
        "history": told.history(found),
        "points": points,
        "marks": marks,
        "mark": marks.get(found.month),
        "chart": boards.chart_of(points, metric.decimals, marks=marks),
        "trend_sentence": boards.sentence_of(points, metric),
        "forms": here if can_work else {},
        "can_work": can_work,
        "can_write_notes": rules.can_write_notes(actor, metric),
    }
    return render(request, "kpis/alert.html", context, status=status)


def _figures(found: Alert) -> list[tuple[str, str]]:
    """(name, figure) of what was found, as far as there is any."""
    rows = [
        (_("Value when it was raised"), found.value),
        (_("Expected"), found.expected),
        (_("Not below"), found.low),
        (_("Not above"), found.high),
        (_("Value now"), found.value_now if found.value_now != found.value else None),
    ]
    return [(name, told.figure_of(found, value)) for name, value in rows if value is not None]


def _workable(request: asking.MemberRequest, pk: uuid.UUID) -> Alert:
    """An alert that the actor may work on. One that is closed is told so by the action, not by a wall."""
    found = _alert(request, pk)
    access.require(rules.can_work_on(request.actor, found) or not found.is_unanswered)
    return found


def _step(
    request: asking.MemberRequest,
    pk: uuid.UUID,
    name: str,
    form: django_forms.Form,
    write: Callable[..., Any],
    said: str,
) -> HttpResponse:
    """A step in the life of an alert: its form, one action, and back to the alert."""
    found = _workable(request, pk)
    if not form.is_valid():
        return _page(request, found, {name: form}, status=422)
    try:
        write(alert=found, by=request.actor, at=timezone.now(), **form.cleaned_data)
    except refusals.Refused as refused:
        if rules.can_work_on(request.actor, found) and refused.code != "conflict":
            refusals.place(form, refused)
            return _page(request, found, {name: form}, status=422)
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("kpis:alert", pk=found.pk)


@require_POST
@access.member
def take_up(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Cause, action and day."""
    form = forms.TakeUpForm(request.POST)
    return _step(request, pk, "take_up", form, actions.take_up_alert, _("Taken up."))


@require_POST
@access.member
def hand_over(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody else answers for it."""
    here = people.active_people(people.today(request.actor.organisation))
    said = _("Handed over. It waits for them now.")
    return _step(
        request,
        pk,
        "hand_over",
        forms.HandOverForm(request.POST, people=here),
        actions.hand_over_alert,
        said,
    )


@require_POST
@access.member
def resolve(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Closes it with what came of it."""
    said = _("Resolved. It stays in the list of closed alerts.")
    return _step(request, pk, "resolve", forms.ResolveForm(request.POST), actions.resolve_alert, said)
