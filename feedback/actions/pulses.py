"""Writes: one side of the weekly pulse."""

import datetime
import uuid

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback import queries
from feedback.models import Pulse
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import queries as people
from performance.people import rules as people_rules
from performance.people.models import Person


class PulseRefused(refusals.Refused):
    """A pulse cannot be sent."""


def send_pulse(
    *,
    by: access.Actor,
    at: datetime.datetime,
    employee: Person,
    manager: Person,
    week_start: datetime.date,
    answers: dict[str, int],
) -> Pulse:
    """Sends one side of the week's pulse; asks the other side when it was the first."""
    on = people.day_at(by.organisation, at)
    line = people.manager_of(employee.pk, on)
    if line is None or line.pk != manager.pk or by.person_id not in (employee.pk, manager.pk):
        raise PulseRefused(_("The pulse is between a person and their manager of today."))
    if week_start != people_rules.monday_of(on):
        raise PulseRefused(_("This week's pulse can be sent until Sunday."), code="too_late")
    if set(answers) != set(queries.QUESTIONS) or not all(1 <= value <= 5 for value in answers.values()):
        raise PulseRefused(_("Answer each question from 1 to 5."))
    other = manager if by.person_id == employee.pk else employee
    with transaction.atomic():
        # One side of a pair at a time, so that the second one sees that the first has answered.
        Person.objects.select_for_update(no_key=True).get(pk=employee.pk)
        pulse = _one_side(employee, manager, week_start, answers, by=by, at=at)
        week_key = uuid.uuid5(employee.pk, f"{manager.pk} {week_start}")
        inbox.resolve_work(kind="feedback.pulse", subject_id=week_key, to=by.person, by=by, at=at)
        answered = Pulse.objects.filter(
            employee=employee, manager=manager, week_start=week_start, author=other
        ).exists()
        if not answered:
            inbox.assign_work(
                to=other,
                kind="feedback.pulse",
                subject_id=week_key,
                title_en=f"Weekly pulse with {by.person.name_en}",
                title_zh=f"与{by.person.name_zh or by.person.name_en}的每周感受",
                url=reverse("feedback:home") + "#card-pulse",
                due_on=week_start + datetime.timedelta(days=6),
                by=by,
                at=at,
            )
        audit.record(
            by=by, action="feedback.send_pulse", subject=employee, at=at, changes={"week": week_start}
        )
    return pulse


def _one_side(
    employee: Person,
    manager: Person,
    week_start: datetime.date,
    answers: dict[str, int],
    *,
    by: access.Actor,
    at: datetime.datetime,
) -> Pulse:
    try:
        with transaction.atomic():
            return Pulse.objects.create(
                employee=employee,
                manager=manager,
                author=by.person,
                week_start=week_start,
                sent_at=at,
                **answers,
            )
    except IntegrityError as error:
        raise PulseRefused(_("You have already sent this week's pulse."), code="conflict") from error
