"""What is watched of a metric, and notes on its points."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, jobs, refusals
from performance.kpis import actions, forms, queries, rules, tasks
from performance.kpis.models import Metric
from performance.kpis.queries import alerts as told
from performance.kpis.queries import months, pages
from performance.kpis.views import asking
from performance.people import queries as people


@access.member
def alert_rules(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """What is watched of a metric, and the alerts that are open on it."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    return _page(request, found, None)


@require_POST
@access.member
def set_alert_rule(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_set_alert_rules(request.actor, found))
    by_key, form = _form(request, found, bound=True)
    if form.is_valid():
        try:
            actions.set_alert_rule(
                metric=found, wording=form.wording(by_key), by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            jobs.nudge(tasks.watch_values)
            messages.success(request, _("This is watched from now on."))
            return redirect("kpis:alert_rules", pk=found.pk)
    return _page(request, found, form)


@require_POST
@access.member
def retire_alert_rule(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    rule = access.get_or_404(queries.visible_rules(request.actor), pk=pk)
    access.require(rules.can_set_alert_rules(request.actor, rule.metric))
    try:
        actions.retire_alert_rule(
            rule=rule, reason=request.POST.get("reason", ""), by=request.actor, at=timezone.now()
        )
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Not watched any more."))
    return redirect("kpis:alert_rules", pk=rule.metric_id)


def _form(
    request: asking.MemberRequest, metric: Metric, *, bound: bool
) -> tuple[dict[str, dict[str, str]], forms.AlertRuleForm]:
    today = people.today(request.actor.organisation)
    version = queries.versions_in_force(today, [metric.pk]).get(metric.pk)
    named = queries.dimension_choices(metric, sight=queries.sight_of(request.actor))
    labels = queries.labels_for([])
    keys = version.dimension_keys if version else ()
    form = forms.AlertRuleForm(
        request.POST if bound else None,
        slices=[(queries.slice_key(slice), label) for slice, label in named],
        cuts={key: labels.dimension(key) for key in keys},
        people=people.active_people(today).order_by("name_sort"),
        direction=metric.direction,
    )
    return {queries.slice_key(slice): slice for slice, _label in named}, form


def _page(request: asking.MemberRequest, metric: Metric, form: forms.AlertRuleForm | None) -> HttpResponse:
    actor, today = request.actor, people.today(request.actor.organisation)
    can_set = rules.can_set_alert_rules(actor, metric)
    if form is None and can_set:
        _by_key, form = _form(request, metric, bound=False)
    rows, page = told.alert_page(told.listed(actor, "open", metric.pk), asking.page_of(request), today)
    context = {
        "nav": "metrics",
        "tab": "alerts",
        "metric": metric,
        "other_name": pages.other_name(metric),
        "rule_rows": told.rule_rows(metric),
        "rows": rows,
        "page_obj": page,
        "form": form,
        "can_set": can_set,
    }
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, "kpis/alert_rules.html", context, status=status)


@require_POST
@access.member
def write_note(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """?store=Binjiang names the slice, as on the page of values."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_write_notes(request.actor, found))
    within = asking.slice_of(request)
    form = forms.PointNoteForm(request.POST)
    address = reverse("kpis:values", args=[found.pk])
    if not form.is_valid():
        messages.error(request, _("Write what explains this value."))
        return redirect(f"{address}?{urlencode(within)}")
    try:
        actions.write_point_note(
            metric=found, slice=within, by=request.actor, at=timezone.now(), **form.cleaned_data
        )
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Kept with this month."))
    query = urlencode({"month": months.key(form.cleaned_data["month"]), **within})
    return redirect(f"{address}?{query}")


@require_POST
@access.member
def withdraw_note(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    note = access.get_or_404(queries.visible_notes(request.actor), pk=pk)
    access.require(rules.can_withdraw_note(request.actor, note))
    actions.withdraw_point_note(note=note, by=request.actor, at=timezone.now())
    messages.success(request, _("Taken back."))
    query = urlencode({"month": months.key(note.month), **note.slice})
    return redirect(f"{reverse('kpis:values', args=[note.metric_id])}?{query}")
