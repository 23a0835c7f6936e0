"""Who is away: noted and taken back on the person's page."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access
from performance.people import actions, forms, queries, rules
from performance.people.views import directory, frame


@require_POST
@access.member
def note_absence(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    person = access.get_or_404(queries.people_visible_to(actor).select_related("unit"), pk=person_id)
    access.require(rules.can_note_absence(actor, person, queries.line_above(person.pk, frame.today(request))))
    form = forms.AbsenceForm(request.POST)

    def write() -> None:
        actions.note_absence(person=person, **form.cleaned_data, by=actor, at=timezone.now())

    if frame.attempt(form, write):
        return frame.saved(request, _("The days are noted"), "people:person", person.pk)
    context = directory.page_of(request, person) | {"absence_form": form}
    return render(request, "people/directory.html", context, status=422)


@require_POST
@access.member
def withdraw_absence(request: HttpRequest, absence_id: uuid.UUID) -> HttpResponse:
    absence = access.get_or_404(queries.standing_absences(), pk=absence_id)
    line = queries.line_above(absence.person_id, frame.today(request))
    access.require(rules.can_note_absence(request.actor, absence.person, line))
    actions.withdraw_absence(absence=absence, by=request.actor, at=timezone.now())
    return frame.saved(request, _("The days are worked after all"), "people:person", absence.person_id)
