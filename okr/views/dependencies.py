"""What objectives need from each other: asked, answered, withdrawn, met."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from okr import actions, forms, queries, rules
from okr.models import Dependency
from okr.views import reading
from performance.foundation import access, refusals
from performance.people import queries as people


@access.member
@require_POST
def ask(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Says what this objective needs from another one."""
    actor = request.actor
    one, line = reading.found(request, objective_id)
    access.require(rules.can_ask_of(actor, one, line))
    form = reading.need_form(request, one, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        on = access.get_or_404(reading.visible(request), pk=given["on"])
        try:
            actions.ask_of_objective(
                objective=one,
                on=on,
                what=given["what"],
                due_on=given["due_on"],
                by=actor,
                at=timezone.now(),
            )
        except actions.ObjectiveRefused as refusal:
            refusals.place(form, refusal)
        else:
            messages.success(request, _("Asked. It is an ask until they accept it."))
            return redirect(_card(one.pk))
    context = {**reading.objective_context(request, one.pk), "need_form": form}
    return render(request, "okr/objective.html", context, status=422)


@access.member
def askable(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """The objectives to choose from, narrowed by words."""
    one, line = reading.found(request, objective_id)
    access.require(rules.can_ask_of(request.actor, one, line))
    form = reading.need_form(request, one, words=request.GET.get("words", ""))
    return render(request, "okr/_askable.html", {"need_form": form})


@access.member
@require_POST
def accept(request: HttpRequest, dependency_id: uuid.UUID) -> HttpResponse:
    """Takes on what is needed."""
    one = _asked(request, dependency_id)
    try:
        actions.accept_dependency(dependency=one, by=request.actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Accepted. Both objectives show it."))
    return redirect(_card(one.on_id))


@access.member
@require_POST
def decline(request: HttpRequest, dependency_id: uuid.UUID) -> HttpResponse:
    """Does not take it on, and says why."""
    one = _asked(request, dependency_id)
    form = forms.DeclineForm(request.POST, auto_id=f"decline-{one.pk}-%s")
    if form.is_valid():
        try:
            actions.decline_dependency(
                dependency=one, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()
            )
        except actions.ObjectiveRefused as refusal:
            if refusal.field not in form.fields:
                messages.error(request, str(refusal.message))
                return redirect(_card(one.on_id))
            form.add_error(refusal.field, str(refusal.message))
        else:
            messages.success(request, _("Declined. Whoever asked reads why."))
            return redirect(_card(one.on_id))
    context = reading.objective_context(request, one.on_id, declining={one.pk: form})
    return render(request, "okr/objective.html", context, status=422)


@access.member
@require_POST
def withdraw_ask(request: HttpRequest, dependency_id: uuid.UUID) -> HttpResponse:
    """Needs it no more, or puts aside what was declined."""
    one = _found(request, dependency_id)
    line = people.line_above(one.objective.owner_id, people.today(request.actor.organisation))
    access.require(rules.can_take_off(request.actor, one, line))
    try:
        actions.withdraw_dependency(
            dependency=one, by=request.actor, at=timezone.now(), seen=request.POST.get("seen", "")
        )
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Taken off."))
    return redirect(_card(one.objective_id))


@access.member
@require_POST
def meet(request: HttpRequest, dependency_id: uuid.UUID) -> HttpResponse:
    """What was needed is there."""
    actor = request.actor
    one = _found(request, dependency_id)
    today = people.today(actor.organisation)
    asking_line = people.line_above(one.objective.owner_id, today)
    asked_line = people.line_above(one.on.owner_id, today)
    access.require(rules.can_meet(actor, one, asking_line, asked_line))
    try:
        actions.meet_dependency(dependency=one, by=actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Met."))
    sees_objective = reading.visible(request).filter(pk=one.objective_id).exists()
    return redirect(_card(one.objective_id if sees_objective else one.on_id))


def _found(request: HttpRequest, dependency_id: uuid.UUID) -> Dependency:
    return access.get_or_404(queries.dependencies_within_reach(request.actor), pk=dependency_id)


def _asked(request: HttpRequest, dependency_id: uuid.UUID) -> Dependency:
    """One within reach that the actor may answer; they see the objective that it is needed from."""
    one = _found(request, dependency_id)
    line = people.line_above(one.on.owner_id, people.today(request.actor.organisation))
    access.require(rules.can_answer(request.actor, one, line))
    access.get_or_404(reading.visible(request), pk=one.on_id)
    return one


def _card(objective_id: uuid.UUID) -> str:
    return f"{reverse('okr:objective', args=[objective_id])}#card-alignment"
