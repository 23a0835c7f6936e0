"""Writes: organisations are founded and set up."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.foundation import audit, tenancy
from performance.people.actions.names import sorting_name
from performance.people.actions.people import both_names
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import (
    CalendarDay,
    Membership,
    Organisation,
    Person,
    Role,
    RoleGrant,
    User,
    WorkCalendar,
)

EDITABLE = (
    "name_en",
    "name_zh",
    "language",
    "time_zone",
    "currency",
    "country",
    "fiscal_start_month",
    "fiscal_pattern",
    "goal_visibility",
)


def found_organisation(
    *,
    name_en: str,
    user: User,
    person_name: str,
    at: datetime.datetime,
    name_zh: str = "",
    **fields: Any,
) -> Organisation:
    """A new organisation with its first person, who administers it and keeps its people."""
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise ValueError(f"Not a field of an organisation: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        organisation = Organisation.objects.create(name_en=name_en.strip(), name_zh=name_zh.strip(), **fields)
        Membership.objects.create(user=user, organisation=organisation)
        with tenancy.acting_for(organisation):
            founder_en, founder_zh = both_names(person_name, "")
            founder = Person.objects.create(
                user=user,
                number="1",
                name_en=founder_en,
                name_zh=founder_zh,
                name_sort=sorting_name(founder_en, founder_zh),
                email=user.email,
            )
            for role in (Role.ADMINISTRATOR, Role.HR):
                RoleGrant.objects.create(person=founder, role=role)
            _default_calendar()
            audit.record(by=founder, action="people.found_organisation", subject=organisation, at=at)
    return organisation


def edit_organisation(
    *, organisation: Organisation, fields: Mapping[str, Any], by: Any, at: datetime.datetime
) -> Organisation:
    """Names, language, time zone, currency, fiscal calendar, whose holidays, and who sees goals. Raises what the apps that
    follow the fiscal calendar refuse it with."""
    changes = {
        key: [getattr(organisation, key), value]
        for key, value in fields.items()
        if key in EDITABLE and getattr(organisation, key) != value
    }
    if not changes:
        return organisation
    with transaction.atomic():
        _tell_of_calendar(organisation, changes, at)
        for key, (_old, value) in changes.items():
            setattr(organisation, key, value)
        organisation.save(update_fields=list(changes))
        tenancy.hold_organisation(organisation)
        audit.record(by=by, action="people.edit_organisation", subject=organisation, at=at, changes=changes)
    return organisation


def _tell_of_calendar(
    organisation: Organisation, changes: Mapping[str, list[Any]], at: datetime.datetime
) -> None:
    """The apps above this one may refuse another fiscal calendar, and follow it."""
    fields = ("fiscal_pattern", "fiscal_start_month")
    if changes.keys().isdisjoint(fields):
        return
    # Whoever acts by this calendar, as by closing a month, has done so or waits.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    before = tuple(getattr(organisation, key) for key in fields)
    after = tuple(changes[key][1] if key in changes else getattr(organisation, key) for key in fields)
    for name in settings.CALENDAR_FOLLOWERS:
        import_string(name)(before=before, after=after, at=at)


def set_calendar_day(
    *,
    on: datetime.date,
    is_worked: bool,
    by: Any,
    at: datetime.datetime,
    note_en: str = "",
    note_zh: str = "",
) -> CalendarDay:
    """One day that differs from the country's rule: a holiday of our own, or a Saturday that is worked."""
    with transaction.atomic():
        calendar = _default_calendar()
        day, _is_new = CalendarDay.objects.update_or_create(
            calendar=calendar,
            on=on,
            defaults={"is_worked": is_worked, "note_en": note_en, "note_zh": note_zh},
        )
        audit.record(
            by=by,
            action="people.set_calendar_day",
            subject=calendar,
            at=at,
            changes={"day": on, "worked": is_worked},
        )
    return day


def clear_calendar_day(*, day: CalendarDay, by: Any, at: datetime.datetime) -> None:
    """The day follows the country's rule again."""
    with transaction.atomic():
        audit.record(
            by=by, action="people.clear_calendar_day", subject=day.calendar, at=at, changes={"day": day.on}
        )
        day.delete()


def _default_calendar() -> WorkCalendar:
    calendar = WorkCalendar.objects.filter(is_default=True).first()
    if calendar is None:
        calendar = WorkCalendar.objects.create(name_en="Work calendar", name_zh="工作日历", is_default=True)
    return calendar


def refuse_taken_email(email: str) -> None:
    """An account belongs to one address; whoever has one signs in with it instead."""
    if User.objects.filter(email__iexact=email).exists():
        raise PeopleRefused(
            _("There is an account with this e-mail address. Sign in with it."), field="email"
        )
