"""Writes: who is away when."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Absence, Person

#: Nobody notes more than this by mistake.
LONGEST = datetime.timedelta(days=366)


def note_absence(
    *,
    person: Person,
    kind: str,
    starts_on: datetime.date,
    ends_on: datetime.date,
    by: Any,
    at: datetime.datetime,
) -> Absence:
    """From the first to the last day, both included, the person is away. Refuses days that are noted already."""
    if ends_on < starts_on:
        raise PeopleRefused(_("The last day lies before the first one."), field="ends_on", code="backward")
    if ends_on - starts_on > LONGEST:
        raise PeopleRefused(_("An absence is a year at most."), field="ends_on", code="too_long")
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        noted = Absence.objects.filter(
            person=person, starts_on__lte=ends_on, ends_on__gte=starts_on, withdrawn_at=None
        )
        if noted.exists():
            raise PeopleRefused(
                _("Some of these days are noted already."), field="starts_on", code="conflict"
            )
        absence = Absence.objects.create(
            person=person, kind=kind, starts_on=starts_on, ends_on=ends_on, noted_by=by.person, noted_at=at
        )
        audit.record(
            by=by,
            action="people.note_absence",
            subject=person,
            at=at,
            changes={"kind": kind, "starts_on": starts_on, "ends_on": ends_on},
        )
    return absence


def withdraw_absence(*, absence: Absence, by: Any, at: datetime.datetime) -> None:
    """These days are worked after all."""
    with transaction.atomic():
        if Absence.objects.filter(pk=absence.pk, withdrawn_at=None).update(withdrawn_at=at):
            audit.record(
                by=by,
                action="people.withdraw_absence",
                subject=absence.person,
                at=at,
                changes={"starts_on": absence.starts_on, "ends_on": absence.ends_on},
            )
