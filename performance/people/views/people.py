"""HR writes: people come, change, move and leave."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from performance.foundation import access, jobs
from performance.people import actions, forms, queries, rules, tasks
from performance.people.models import Person
from performance.people.views import frame


def _person(request: HttpRequest, person_id: uuid.UUID) -> Person:
    actor = request.actor
    person = access.get_or_404(queries.people_visible_to(actor).select_related("organisation"), pk=person_id)
    access.require(rules.can_edit_people(actor))
    return person


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def add_person(request: HttpRequest) -> HttpResponse:
    access.require(rules.can_edit_people(request.actor))
    form = forms.NewPersonForm(request.POST or None, on=frame.today(request))
    added: list[Person] = []

    def write() -> None:
        added.append(actions.add_person(**form.cleaned_data, by=request.actor, at=timezone.now()))

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(
            request, _("%(person)s was added") % {"person": added[0]}, "people:person", added[0].pk
        )
    context = frame.people_frame(request, "directory") | {"form": form}
    return render(request, "people/add_person.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def edit_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    person = _person(request, person_id)
    initial = {key: getattr(person, key) for key in forms.PersonForm.base_fields}
    form = forms.EditPersonForm(request.POST or None, initial=initial)

    def write() -> None:
        fields = dict(form.cleaned_data)
        actions.edit_person(
            person=person,
            unit_since=fields.pop("unit_since"),
            fields=fields,
            by=request.actor,
            at=timezone.now(),
        )

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("Saved"), "people:person", person.pk)
    context = frame.people_frame(request, "directory") | {"form": form, "person": person}
    return render(request, "people/edit_person.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def change_manager(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """From a day on, somebody reports to somebody else. The form stands on the person's page too."""
    person = _person(request, person_id)
    today = frame.today(request)
    form = forms.ChangeManagerForm(
        request.POST or None, person=person, on=today, initial={"starts_on": today}
    )

    def write() -> None:
        actions.change_manager(person=person, **form.cleaned_data, by=request.actor, at=timezone.now())

    if request.method == "POST" and frame.attempt(form, write):
        planned = form.cleaned_data["starts_on"] > today
        text = _("The change is planned") if planned else _("The manager was changed")
        return frame.saved(request, text, "people:person", person.pk)
    context = frame.people_frame(request, "directory") | {
        "form": form,
        "person": person,
        "managers": queries.managers(today).exclude(pk=person.pk)[:100],
    }
    return render(request, "people/change_manager.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("hr")
def withdraw_change(request: HttpRequest, line_id: uuid.UUID) -> HttpResponse:
    access.require(rules.can_edit_people(request.actor))
    line = access.get_or_404(queries.reporting_lines(), pk=line_id)
    actions.withdraw_change(line=line, by=request.actor, at=timezone.now())
    return frame.saved(request, _("The change was withdrawn"), "people:person", line.person_id)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def deactivate_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    person = _person(request, person_id)
    access.require(rules.can_deactivate(request.actor, person))
    today = frame.today(request)
    form = forms.DeactivateForm(request.POST or None, person=person, on=today, initial={"left_on": today})

    def write() -> None:
        actions.deactivate_person(person=person, **form.cleaned_data, by=request.actor, at=timezone.now())

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("The last day is noted"), "people:person", person.pk)
    context = frame.people_frame(request, "directory") | {
        "form": form,
        "person": person,
        "reports": queries.reports_of(person.pk, today).count(),
        # Also who only will report to them, by plan, goes to somebody else.
        "hands_over": queries.lines_led(person.pk, today).exists(),
        "managers": queries.managers(today).exclude(pk=person.pk)[:100],
    }
    return render(request, "people/deactivate_person.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("hr")
def return_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    person = _person(request, person_id)
    actions.return_person(
        person=person,
        hired_on=frame.today(request),
        by=request.actor,
        at=timezone.now(),
    )
    return frame.saved(request, _("Welcome back"), "people:person", person.pk)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def erase_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    person = _person(request, person_id)
    access.require(rules.can_erase(request.actor, person))
    form = forms.EraseForm(request.POST or None)

    def write() -> None:
        actions.erase_personal_data(person=person, **form.cleaned_data, by=request.actor, at=timezone.now())

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("The personal data was erased"), "people:person", person.pk)
    context = frame.people_frame(request, "directory") | {"form": form, "person": person}
    return render(request, "people/erase_person.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("hr")
def invite_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Sends the link by e-mail; the worker does it, and the sweep when the worker was away."""
    person = _person(request, person_id)
    invitation = actions.invite_person(person=person, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.send_invitation, str(invitation.pk))
    return frame.saved(
        request, _("Invited: %(email)s") % {"email": invitation.email}, "people:person", person.pk
    )


@require_POST
@access.role("hr")
def withdraw_invitation(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    person = _person(request, person_id)
    for invitation in queries.open_invitations(person):
        actions.withdraw_invitation(invitation=invitation, by=request.actor, at=timezone.now())
    return redirect("people:person", person.pk)
