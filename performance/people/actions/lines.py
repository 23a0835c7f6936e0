"""Writes: who reports to whom, from a day on."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people import queries
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, ReportingLine


def change_manager(
    *,
    person: Person,
    manager: Person | None,
    starts_on: datetime.date,
    by: Any,
    at: datetime.datetime,
    why: str = "",
) -> ReportingLine | None:
    """From `starts_on` on, the person reports to somebody else, or to nobody. A later day makes it a plan.

    A change that is planned for after that day stays. What lies before keeps the manager of its time.
    """
    if manager is not None:
        _refuse_impossible(person, manager, starts_on)
    with transaction.atomic():
        _lock_lines(person)
        before = queries.manager_of(person.pk, starts_on)
        if (before and before.pk) == (manager and manager.pk):
            raise PeopleRefused(
                _("This is already the manager on that day."), field="manager", code="no_change"
            )
        line = _replace_line(person, manager, starts_on)
        audit.record(
            by=by,
            action="people.change_manager",
            subject=person,
            at=at,
            why=why,
            changes={"manager": [before, manager], "from": starts_on},
        )
    return line


def withdraw_change(*, line: ReportingLine, by: Any, at: datetime.datetime) -> None:
    """Takes back a change that has not come into force: the line before it goes on as it was."""
    if line.starts_on <= queries.day_at(line.person.organisation, at):
        raise PeopleRefused(_("This change is in force. Plan a new one instead."), code="in_force")
    with transaction.atomic():
        _lock_lines(line.person)
        previous = ReportingLine.objects.filter(person=line.person, ends_on=line.starts_on).first()
        starts_on, ends_on, manager = line.starts_on, line.ends_on, line.manager
        line.delete()
        if previous is not None:
            previous.ends_on = ends_on
            _save(previous)
        audit.record(
            by=by,
            action="people.withdraw_change",
            subject=line.person,
            at=at,
            changes={"manager": [manager, previous and previous.manager], "from": starts_on},
        )


def _replace_line(person: Person, manager: Person | None, starts_on: datetime.date) -> ReportingLine | None:
    """Ends the line that holds on that day and begins the new one, up to the next planned one."""
    lines = ReportingLine.objects.filter(person=person)
    later = lines.filter(starts_on__gt=starts_on).order_by("starts_on").first()
    lines.filter(starts_on=starts_on).delete()
    lines.filter(starts_on__lt=starts_on).filter(Q(ends_on=None) | Q(ends_on__gt=starts_on)).update(
        ends_on=starts_on
    )
    if manager is None:
        return None
    line = ReportingLine(
        person=person, manager=manager, starts_on=starts_on, ends_on=later.starts_on if later else None
    )
    _save(line)
    return line


def _save(line: ReportingLine) -> None:
    """The database walks up the line on every day it holds; a planned line above may close a loop later."""
    try:
        with transaction.atomic():
            line.save()
    except IntegrityError as error:
        if not is_loop(error):
            raise
        raise PeopleRefused(
            _("%(manager)s reports to %(person)s, directly or further down. That would be a loop.")
            % {"manager": line.manager, "person": line.person},
            field="manager",
            code="cycle",
        ) from error


def is_loop(error: IntegrityError) -> bool:
    """Whether the database declined because a line would lead back to its own person."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "lines_without_cycles"


def _lock_lines(person: Person) -> None:
    """One change of a person's line at a time."""
    Person.objects.select_for_update().get(pk=person.pk)


def _refuse_impossible(person: Person, manager: Person, starts_on: datetime.date) -> None:
    if manager.pk == person.pk:
        raise PeopleRefused(_("Nobody is their own manager."), field="manager", code="cycle")
    if manager.left_on is not None and manager.left_on < starts_on:
        raise PeopleRefused(
            _("%(manager)s will have left by then.") % {"manager": manager}, field="manager", code="left"
        )
    if person.left_on is not None and person.left_on < starts_on:
        raise PeopleRefused(
            _("%(person)s will have left by then.") % {"person": person}, field="starts_on", code="left"
        )
    if person.hired_on is not None and starts_on < person.hired_on:
        raise PeopleRefused(
            _("%(person)s joins later than that.") % {"person": person}, field="starts_on", code="not_yet"
        )
