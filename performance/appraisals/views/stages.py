"""How far the reviews of a cycle are, who is late, peers, and the days of the stages."""

import csv
import uuid
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
from performance.appraisals.models import Cycle, CycleEntry, Review
from performance.appraisals.views.finding import cycle_seen, one_person
from performance.foundation import access, cells, jobs, refusals
from performance.people import queries as people_queries


@require_GET
@access.member
def progress(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """By unit and by stage; then who is late, by name. As a table of text where `format=csv` is asked for."""
    found = cycle_seen(request, cycle_id)
    actor, on = request.actor, people_queries.today(request.actor.organisation)
    seen = queries.entries_visible_to(actor, on)
    kinds = queries.kinds_asked(found)
    units = queries.progress_by_unit(found, seen, on, kinds)
    if request.GET.get("format") == "csv":
        return _as_text(found, units)
    may_open = queries.reviews_visible_to(actor, on).values("pk")
    late = queries.late_reviews(found, on).filter(entry__in=seen, pk__in=may_open)
    late = late.order_by("due_on", "entry__number", "pk")
    context = {
        "nav": "performance",
        "cycle": found,
        "stage": queries.stage_on(queries.stages_of(found), on),
        "kinds": [(kind, queries.kind_name(kind)) for kind in kinds],
        "units": units,
        "page_obj": Paginator(late, queries.PAGE).get_page(request.GET.get("page")),
        "unreminded": queries.late_writers(found, on),
        "can_change": rules.can_change_cycle(actor, found),
        "today": on,
    }
    return render(request, "appraisals/progress.html", context)


def _as_text(cycle: Cycle, units: list[Any]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="progress-{cycle.pk.hex[-6:]}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("Business unit"), _("People"), _("Review"), _("Asked"), _("Sent"), _("Late")])
    for unit in units:
        for each in unit.by_kind:
            name = cells.neutral(str(unit.unit or _("No unit")))
            kind = queries.kind_name(each.kind)
            writer.writerow([name, unit.people, kind, each.total, each.done, each.late])
    return response


@require_POST
@access.role("hr")
def remind(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """Reminds whoever is late, each review once."""
    found = cycle_seen(request, cycle_id)
    told = actions.remind_late(cycle=found, by=request.actor, at=timezone.now())
    words = ngettext("%(count)s late review was reminded of", "%(count)s late reviews were reminded of", told)
    messages.success(request, words % {"count": told})
    return redirect("appraisals:progress", found.pk)


@require_POST
@access.role("hr")
def extend(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """From the pilot to everybody."""
    found = cycle_seen(request, cycle_id)
    added = actions.extend_cycle(cycle=found, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.ask_for_reviews)
    words = ngettext("%(count)s person added", "%(count)s people added", added) % {"count": added}
    messages.success(request, words)
    return redirect("appraisals:cycle", found.pk)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def change_stages(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """The days of the stages."""
    found = cycle_seen(request, cycle_id)
    access.require(rules.can_change_cycle(request.actor, found) and found.has_reviews)
    standing = {each.stage: (each.starts_on, each.ends_on) for each in queries.stages_of(found)}
    form = forms.StagesForm(request.POST or None, standing=standing)
    if request.method == "POST":

        def write() -> bool:
            days = form.days()
            actions.change_stages(cycle=found, days=days, by=request.actor, at=timezone.now())
            return True

        if refusals.attempt(form, write):
            jobs.nudge(tasks.ask_for_reviews)
            messages.success(request, _("The days of the stages are changed"))
            return redirect("appraisals:cycle", found.pk)
    context = {"nav": "performance", "cycle": found, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "appraisals/stages.html", context, status=status)


@require_http_methods(["GET", "POST"])
@access.member
def peers(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Who writes of somebody as a colleague. POST nominates one more."""
    entry, manager_id = _entry(request, entry_id)
    form = forms.PeerForm(request.POST or None)
    if request.method == "POST":

        def write() -> Any:
            person = one_person(form, queries.person_to_add(form.cleaned_data["person"]))
            if person is None:
                return None
            return actions.nominate_peer(entry=entry, peer=person, by=request.actor, at=timezone.now())

        if refusals.attempt(form, write) is not None:
            jobs.nudge(tasks.ask_for_reviews)
            return redirect("appraisals:peers", entry.pk)
    return _peers_page(request, entry, manager_id, form, 422 if request.method == "POST" else 200)


@require_POST
@access.member
def answer_peer(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    """The manager agrees to a nominated peer, or says why not."""
    asked = access.get_or_404(Review.objects.filter(kind="peer"), pk=review_id)
    entry, manager_id = _entry(request, asked.entry_id)
    if request.POST.get("do") == "agree":
        actions.approve_peer(review=asked, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.ask_for_reviews)
        return redirect("appraisals:peers", entry.pk)
    try:
        actions.turn_peer_down(
            review=asked, reason=request.POST.get("reason", ""), by=request.actor, at=timezone.now()
        )
    except refusals.Refused as refusal:
        if refusal.field != "reason":
            raise
        return _peers_page(
            request, entry, manager_id, forms.PeerForm(), 422, wrong=(asked.pk, refusal.message)
        )
    return redirect("appraisals:peers", entry.pk)


def _peers_page(
    request: HttpRequest,
    entry: CycleEntry,
    manager_id: Any,
    form: Any,
    status: int,
    wrong: tuple[uuid.UUID, str] | None = None,
) -> HttpResponse:
    actor = request.actor
    rows = [
        {
            "review": each,
            "can_answer": rules.can_approve_peer(actor, each, manager_id),
            "error": wrong[1] if wrong and wrong[0] == each.pk else "",
        }
        for each in queries.peers_of(entry)
    ]
    context = {
        "nav": "performance",
        "entry": entry,
        "cycle": entry.cycle,
        "rows": rows,
        "form": form,
        "is_own": entry.person_id == actor.person_id,
        "can_nominate": rules.can_nominate(actor, entry, manager_id),
    }
    return render(request, "appraisals/peers.html", context, status=status)


def _entry(request: HttpRequest, entry_id: uuid.UUID) -> tuple[CycleEntry, Any]:
    """An entry whose peers the actor may see: their own, their people's, HR's."""
    actor, on = request.actor, people_queries.today(request.actor.organisation)
    entry = access.get_or_404(queries.entries_with_peers(actor, on), pk=entry_id)
    manager = people_queries.manager_of(entry.person_id, on)
    return entry, manager.pk if manager else None
