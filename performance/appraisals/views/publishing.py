"""Publishing a cycle's results in waves, and saying that one has read one's own."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules, tasks
from performance.appraisals.models import Cycle
from performance.appraisals.views import entries as entry_views
from performance.appraisals.views.finding import cycle_seen
from performance.foundation import access, jobs, refusals
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries


@require_http_methods(["GET", "POST"])
@access.role("hr")
def publish(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """The waves so far, and the form of the next one."""
    on = people_queries.today(request.actor.organisation)
    found = cycle_seen(request, cycle_id)
    promised = queries.promised_terms(found)
    given = request.POST if request.method == "POST" else None
    form = forms.WaveForm(
        given,
        units=people.BusinessUnit.objects.order_by("name_en"),
        teams=people_queries.teams(on),
        promised=promised,
    )
    if given is not None and form.is_valid():
        wave = refusals.attempt(form, lambda: _publish(found, form, request.actor))
        if wave is not None:
            jobs.nudge(tasks.announce_results)
            words = ngettext(
                "Published: %(count)s person sees their result.",
                "Published: %(count)s people see their own result.",
                wave.people,
            )
            messages.success(request, words % {"count": formats.number(wave.people)})
            return redirect("appraisals:publish", found.pk)
    context = {
        "nav": "performance",
        "cycle": found,
        "form": form,
        "promised": promised,
        "progress": queries.progress_of(found),
        "waves": queries.waves_of(found),
        "can_publish": rules.can_publish(request.actor, found),
    }
    return render(request, "appraisals/publish.html", context, status=422 if form.errors else 200)


def _publish(found: Cycle, form: forms.WaveForm, by: access.Actor) -> Any:
    entry_ids = None
    if form.cleaned_data["whom"] == forms.WaveForm.LIST:
        listed = queries.listed(found, form.listed_numbers())
        if listed.unknown:
            named = formats.listed(listed.unknown[:8])
            raise refusals.Refused(
                _("Not waiting for a result here: %(numbers)s") % {"numbers": named}, field="numbers"
            )
        entry_ids = listed.entry_ids
    whom = actions.Whom(form.cleaned_data["unit"], form.cleaned_data["team"], entry_ids)
    return actions.publish_wave(cycle=found, whom=whom, terms=form.terms(), by=by, at=timezone.now())


@require_POST
@access.member
def acknowledge(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    found = entry_views.visible(request, entry_id)
    form = forms.AcknowledgeForm(request.POST)
    said = refusals.attempt(
        form,
        lambda: actions.acknowledge_result(
            entry=found, comment=form.cleaned_data["comment"], by=request.actor, at=timezone.now()
        ),
    )
    if said is None:
        return entry_views.page(request, found, status=422, acknowledge_form=form)
    messages.success(request, _("Noted: you have read your result."))
    return redirect("appraisals:entry", found.pk)
