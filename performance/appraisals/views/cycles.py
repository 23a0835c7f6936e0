"""The list of cycles, one cycle, and the steps of its life."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules, tasks
from performance.appraisals.models import Cycle
from performance.appraisals.views import exports as export_views
from performance.appraisals.views.finding import cycle_seen, one_person
from performance.foundation import access, jobs, refusals
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import tasks as scoring_tasks


@require_GET
@access.member
def cycle_list(request: HttpRequest) -> HttpResponse:
    """The cycles this reader may see; somebody who is only appraised comes to their own results."""
    on = people_queries.today(request.actor.organisation)
    cycles = queries.with_counts(queries.cycles_visible_to(request.actor, on))
    context = {
        "nav": "performance",
        "tab": "appraisals",
        "page_obj": Paginator(cycles, queries.PAGE).get_page(request.GET.get("page")),
        "results": queries.results_over_time(request.actor)[:4],
        "can_open": rules.can_open_cycle(request.actor),
        "sees_all": rules.sees_all_entries(request.actor),
    }
    return render(request, "appraisals/cycles.html", context)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def open_cycle(request: HttpRequest) -> HttpResponse:
    """The form that opens a cycle."""
    on = people_queries.today(request.actor.organisation)
    begun = people_queries.periods().filter(starts_on__lte=on)
    choices = {
        "periods": begun,
        "units": people.BusinessUnit.objects.order_by("name_en"),
        "teams": people_queries.teams(on),
        "versions": queries.published_versions(),
    }
    if request.method == "GET":
        form = forms.CycleForm(initial=_usual(begun.first()), **choices)
        return render(request, "appraisals/open.html", {"nav": "performance", "form": form})
    form = forms.CycleForm(request.POST, **choices)
    if form.is_valid():
        try:
            opened = actions.open_cycle(
                days=queries.usual_days(on), by=request.actor, at=timezone.now(), **form.cleaned_data
            )
        except refusals.Refused as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("Opened: %(cycle)s") % {"cycle": opened})
            if opened.has_reviews:
                jobs.nudge(tasks.ask_for_reviews)
                return redirect("appraisals:stages", opened.pk)
            return redirect("appraisals:cycle", opened.pk)
    return render(request, "appraisals/open.html", {"nav": "performance", "form": form}, status=422)


@require_GET
@access.member
def cycle(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """One cycle: how far it is, its people and their numbers, what stands before the sign-off, its exports."""
    return _page(request, cycle_seen(request, cycle_id))


@require_POST
@access.role("hr")
def change_bands(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    found = cycle_seen(request, cycle_id)
    form = forms.BandsForm(request.POST, bands=queries.bands_of(found))
    if form.is_valid():
        try:
            actions.change_bands(cycle=found, bounds=form.bounds(), by=request.actor, at=timezone.now())
        except refusals.Refused as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            return _done(request, found, _("Suggested ratings follow the new bounds"))
    return _page(request, found, status=422, bands_form=form)


@require_POST
@access.role("hr")
def close_scores(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """Starts the run that freezes the period's scores."""
    found = cycle_seen(request, cycle_id)
    run = actions.close_scores(cycle=found, by=request.actor, at=timezone.now())
    jobs.nudge(scoring_tasks.carry_out_run, str(run.pk))
    return _done(request, found, _("The scores are being closed"))


@require_POST
@access.role("hr")
def add_newcomers(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    found = cycle_seen(request, cycle_id)
    added = actions.add_newcomers(cycle=found, by=request.actor, at=timezone.now())
    words = ngettext("%(count)s person added", "%(count)s people added", added) % {"count": added}
    return _done(request, found, words)


@require_POST
@access.role("hr")
def add_exception(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """Takes in one person by number or name, with the reason."""
    found = cycle_seen(request, cycle_id)
    form = forms.AddForm(request.POST)
    if form.is_valid():
        person = one_person(form, queries.person_to_add(form.cleaned_data["person"]))
        if person is not None:
            try:
                actions.add_exception(
                    cycle=found,
                    person=person,
                    reason=form.cleaned_data["reason"],
                    by=request.actor,
                    at=timezone.now(),
                )
            except refusals.Refused as refusal:
                form.add_error(refusal.field, refusal.message)
            else:
                return _done(request, found, _("Added: %(person)s") % {"person": person})
    return _page(request, found, status=422, add_form=form)


@require_POST
@access.role("hr")
def sign_off(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    return _step(request, cycle_id, actions.sign_off_cycle, _("Signed off. These numbers no longer move."))


def _step(request: HttpRequest, cycle_id: uuid.UUID, act: Callable[..., Cycle], words: str) -> HttpResponse:
    found = cycle_seen(request, cycle_id)
    act(cycle=found, by=request.actor, at=timezone.now())
    return _done(request, found, words)


def _page(request: HttpRequest, found: Cycle, *, status: int = 200, **bound: Any) -> HttpResponse:
    """The whole page; only the card of entries where the filter asks for it."""
    actor = request.actor
    on = people_queries.today(actor.organisation)
    bands = queries.bands_of(found)
    seen = queries.entries_of(found, bands, queries.entries_visible_to(actor, on))
    form = forms.FilterForm(
        request.GET,
        bands=bands,
        units=list(people.BusinessUnit.objects.order_by("name_en")),
        teams=list(people_queries.teams(on)),
    )
    filters = form.filters()
    rows = queries.narrowed(seen, filters).select_related("person", "manager", "unit", "team")
    page = Paginator(rows, queries.PAGE).get_page(request.GET.get("page"))
    named = {band.rating: band for band in bands}
    inside = seen.exclude(state="left_out").filter(score_micro__isnull=False).order_by()
    shares = queries.distribution(queries.in_sections(seen, filters), bands)
    context = {
        "nav": "performance",
        "cycle": found,
        "filter_form": form,
        "filters": filters,
        "page_obj": page,
        "rows": [(entry, named.get(entry.result_rating)) for entry in page],
        "score_states": set(inside.values_list("score_state", flat=True).distinct()),
        "shares": shares,
        "widest": max((share.percent for share in shares), default=0) or 1,
        "can_see_reason": rules.can_see_reason(actor),
        "stages": queries.funnel(found, queries.entries_visible_to(actor, on), on),
    }
    if request.htmx and request.method == "GET":
        return render(request, "appraisals/_card_entries.html", context)
    context |= _steps(request, found, bands, bound) if rules.sees_all_entries(actor) else {}
    return render(request, "appraisals/cycle.html", context, status=status)


def _steps(request: HttpRequest, found: Cycle, bands: list[Any], bound: dict[str, Any]) -> dict[str, Any]:
    """What HR does with a cycle and auditors look at."""
    actor = request.actor
    return {
        "sees_all": True,
        "ready": queries.readiness(found, bands),
        "exports": export_views.rows_of(queries.exports_of(actor, found.pk)),
        "can_export": rules.can_export(actor),
        "can_change": rules.can_change_cycle(actor, found),
        "can_publish": rules.can_publish(actor, found),
        "progress": None if found.is_open else queries.progress_of(found),
        "bands_form": forms.BandsForm(bands=bands),
        "add_form": forms.AddForm(auto_id="add_%s"),
        "exceptions": queries.exceptions_of(found),
    } | bound


def _usual(period: people.Period | None) -> dict[str, Any]:
    """A name to begin with."""
    if period is None:
        return {}
    zh = period.name_zh or period.name_en
    return {"period": period.pk, "name_en": f"{period.name_en} appraisal", "name_zh": f"{zh}考核"}


def _done(request: HttpRequest, found: Cycle, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("appraisals:cycle", found.pk)
