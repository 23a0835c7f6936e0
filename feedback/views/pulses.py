"""The weekly pulse."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from feedback import actions, forms, queries
from feedback.views import frame
from performance.foundation import access, refusals
from performance.people import queries as people


@require_http_methods(["GET", "POST"])
@access.member
def pulse(request: HttpRequest) -> HttpResponse:
    """Card of the weekly pulse: one form for each pair that I have not answered this week."""
    refused = None
    if request.method == "POST":
        try:
            _send_pulse(request)
        except refusals.Refused as refusal:
            refused = refusal
        else:
            if not request.htmx:
                return redirect("feedback:home")
    response = render(
        request,
        "feedback/_card_pulse.html" if request.htmx else "feedback/pulse.html",
        frame.frame(request, "pulse") | {"refused": refused},
        status=refused.status if refused else 200,
    )
    if request.method == "POST" and not refused:
        response["HX-Trigger"] = "todo:changed"
    return response


def _send_pulse(request: HttpRequest) -> None:
    on = people.today(request.actor.organisation)
    pairs = {str(pair.other.pk): pair for pair in queries.pulse_pairs(request.actor, on)}
    pair = pairs.get(request.POST.get("with", ""))
    form = forms.PulseForm(request.POST)
    if pair is None or not form.is_valid():
        raise actions.PulseRefused(_("Answer each question from 1 to 5."))
    actions.send_pulse(
        by=request.actor,
        at=timezone.now(),
        employee=pair.employee,
        manager=pair.manager,
        week_start=pair.week_start,
        answers=form.cleaned_data,
    )
