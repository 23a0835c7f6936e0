"""Writes: who reports to whom, from a day on."""

import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people import queries
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, ReportingLine

A_DAY = datetime.timedelta(days=1)


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
    with transaction.atomic():
        person = _lock_lines(person)
        if manager is not None:
            _refuse_impossible(person, manager, starts_on)
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
        if before is not None or starts_on != person.hired_on:
            _tell(person=person, before=before, manager=manager, starts_on=starts_on, by=by, at=at)
    return line


def withdraw_change(*, line: ReportingLine, by: Any, at: datetime.datetime) -> None:
    """Takes back a change that has not come into force: the line before it goes on as it was."""
    if line.starts_on <= queries.day_at(line.person.organisation, at):
        raise PeopleRefused(_("This change is in force. Plan a new one instead."), code="in_force")
    with transaction.atomic():
        _lock_lines(line.person)
        held = ReportingLine.objects.filter(person=line.person).select_related("person", "manager")
        previous = held.filter(ends_on=line.starts_on).first()
        starts_on, ends_on, manager = line.starts_on, line.ends_on, line.manager
        if previous is not None:
            _refuse_impossible(previous.person, previous.manager, starts_on)
        line.delete()
        if previous is not None:
            previous.ends_on = last_days_over(ends_on, previous.person, previous.manager)
            _save(previous)
        audit.record(
            by=by,
            action="people.withdraw_change",
            subject=line.person,
            at=at,
            changes={"manager": [manager, previous and previous.manager], "from": starts_on},
        )
        # Whoever was to become the manager has not been told of a plan.
        stays = previous.manager if previous is not None else None
        _tell(person=line.person, before=None, manager=stays, starts_on=starts_on, by=by, at=at)


def hand_over_reports(
    *, person: Person, to: Person, from_day: datetime.date, by: Any, at: datetime.datetime
) -> None:
    """Whoever reports to somebody who leaves reports to `to` on the same days instead, from `from_day` on.

    Lines that are planned keep their days. `to` cannot be their own manager: they report to the leaver's manager of
    that day, or to nobody when there is none.
    """
    above = queries.manager_of(person.pk, from_day)
    held = queries.lines_led(person.pk, from_day).select_related("person")
    # Whoever takes over moves up first, so that the others find no loop above them.
    for line in sorted(held, key=lambda line: (line.person_id != to.pk, line.starts_on)):
        successor = above if line.person_id == to.pk else to
        starts_on = max(line.starts_on, from_day)
        if successor is not None and (line.person.left_on is None or line.person.left_on >= starts_on):
            _refuse_impossible(line.person, successor, starts_on)
        _pass_on(line, successor, starts_on)
        audit.record(
            by=by,
            action="people.change_manager",
            subject=line.person,
            at=at,
            changes={"manager": [person, successor], "from": starts_on},
        )


def take_reports_back(*, person: Person, from_day: datetime.date, by: Any, at: datetime.datetime) -> None:
    """Undoes a hand-over that has not come into force: lines that ended with the last day go on, and what took their
    place on the next day goes. A line that was planned for a later day stays with whoever took it over."""
    ended = ReportingLine.objects.filter(manager=person, ends_on=from_day).select_related("person")
    begun = ReportingLine.objects.filter(starts_on=from_day).select_related("manager")
    for line in ended:
        following = begun.filter(person=line.person).first()
        ends_on = following.ends_on if following else None
        if following is not None:
            following.delete()
        line.ends_on = last_days_over(ends_on, line.person)
        _save(line)
        audit.record(
            by=by,
            action="people.withdraw_change",
            subject=line.person,
            at=at,
            changes={"manager": [following and following.manager, person], "from": from_day},
        )


def reopen_own_line(person: Person, from_day: datetime.date) -> None:
    """The line that a withdrawn last day had cut goes on."""
    for line in ReportingLine.objects.filter(person=person, ends_on=from_day).select_related("manager"):
        if line.manager.left_on is None or line.manager.left_on >= from_day:
            line.ends_on = last_days_over(None, line.manager)
            _save(line)


def last_days_over(ends_on: datetime.date | None, *people: Person) -> datetime.date | None:
    """The first day on which something no longer holds: `ends_on`, or sooner, the day after one of them leaves."""
    days = [person.left_on + A_DAY for person in people if person.left_on is not None]
    return min([*days, ends_on] if ends_on is not None else days, default=None)


def _tell(**change: Any) -> None:
    """Nobody's line changes behind their back."""
    for tell in settings.LINE_TELLERS:
        import_string(tell)(**change)


def _pass_on(line: ReportingLine, to: Person | None, starts_on: datetime.date) -> None:
    """From `starts_on` on, the days of a line go to another manager; beside a line to the same one, they join it."""
    lines = ReportingLine.objects.filter(person=line.person)
    ends_on = line.ends_on if to is None else last_days_over(line.ends_on, line.person, to)
    following = lines.filter(manager=to, starts_on=line.ends_on).first() if to and line.ends_on else None
    if line.starts_on < starts_on:
        line.ends_on = starts_on
        line.save()
    else:
        line.delete()
    if to is None or (ends_on is not None and ends_on <= starts_on):
        return
    if following is not None:
        ends_on = following.ends_on
        following.delete()
    joined = lines.filter(manager=to, ends_on=starts_on).first()
    joined = joined or ReportingLine(person=line.person, manager=to, starts_on=starts_on)
    joined.ends_on = ends_on
    _save(joined)


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
    ends_on = last_days_over(later.starts_on if later else None, person, manager)
    line = ReportingLine(person=person, manager=manager, starts_on=starts_on, ends_on=ends_on)
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


def _lock_lines(person: Person) -> Person:
    """One change of a person's line at a time; their days as they are now."""
    return Person.objects.select_for_update().get(pk=person.pk)


def _refuse_impossible(person: Person, manager: Person, starts_on: datetime.date) -> None:
    if manager.pk == person.pk:
        raise PeopleRefused(_("Nobody is their own manager."), field="manager", code="cycle")
    if manager.left_on is not None and manager.left_on < starts_on:
        raise PeopleRefused(
            _("%(manager)s will have left by then.") % {"manager": manager}, field="manager", code="left"
        )
    refuse_outside(person, starts_on)


def refuse_outside(person: Person, starts_on: datetime.date) -> None:
    """Nothing begins after somebody's last day, before their first one, or before the one they came back on."""
    if person.left_on is not None and person.left_on < starts_on:
        raise PeopleRefused(
            _("%(person)s will have left by then.") % {"person": person}, field="starts_on", code="left"
        )
    if person.hired_on is not None and starts_on < person.hired_on:
        raise PeopleRefused(
            _("%(person)s joins later than that.") % {"person": person}, field="starts_on", code="not_yet"
        )
    if person.returned_on is not None and starts_on < person.returned_on:
        raise PeopleRefused(
            _("%(person)s came back later than that.") % {"person": person}, field="starts_on", code="not_yet"
        )
