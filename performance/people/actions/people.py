"""Writes: people come, and what stands in the directory about them changes. Nobody is deleted."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from performance.foundation import audit, stale
from performance.people import queries
from performance.people.actions import invitations, lines, moving, roles, teams
from performance.people.actions.names import is_chinese, romanised, sorting_name
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, Team

EDITABLE = (
    "number",
    "name_en",
    "name_zh",
    "email",
    "title_en",
    "title_zh",
    "level",
    "city",
    "hired_on",
    "unit",
)


# Which policy weighs somebody, whether they are weighed at all, and whose figures count follow from these.
WEIGHED_BY = frozenset({"unit", "hired_on", "left_on"})


def add_person(
    *,
    number: str,
    name_en: str = "",
    name_zh: str = "",
    by: Any,
    at: datetime.datetime,
    manager: Person | None = None,
    team: Team | None = None,
    **fields: Any,
) -> Person:
    """Adds a person, with a manager and a primary team from the day they join. Nobody gets an e-mail yet."""
    name_en, name_zh = both_names(name_en, name_zh)
    with transaction.atomic():
        person = Person(number=number.strip(), name_en=name_en, name_zh=name_zh, **_clean(fields))
        person.name_sort = sorting_name(name_en, name_zh)
        _save(person)
        audit.record(by=by, action="people.add_person", subject=person, at=at, changes={"number": number})
        stale.mark("score", [person.pk], at=at)
        starts_on = person.hired_on or queries.day_at(person.organisation, at)
        if manager is not None:
            lines.change_manager(person=person, manager=manager, starts_on=starts_on, by=by, at=at)
        if team is not None:
            teams.join_team(person=person, team=team, starts_on=starts_on, by=by, at=at)
    return person


def edit_person(
    *,
    person: Person,
    fields: Mapping[str, Any],
    by: Any,
    at: datetime.datetime,
    unit_since: datetime.date | None = None,
) -> Person:
    """Changes what stands in the directory. Managers and teams are dated and have their own actions.

    `unit_since`: the first day in another unit; what was before stays. Without, the unit is corrected: it counts as if it
    had been so since the last move.
    """
    wanted = _clean({key: value for key, value in fields.items() if key in EDITABLE})
    with transaction.atomic():
        person = locked(person)
        if person.erased_at is not None:
            raise PeopleRefused(_("The personal data of this person was erased."), code="erased")
        changes: dict[str, Any] = {
            key: [getattr(person, key), value]
            for key, value in wanted.items()
            if getattr(person, key) != value
        }
        if not changes:
            return person
        if "email" in changes:
            roles.refuse_out_of_reach(person, by)
            invitations.withdraw_for([person.pk], at)
        if "unit" in changes and unit_since is not None:
            _move(person, unit_since, at)
        for key in changes:
            setattr(person, key, wanted[key])
        if "unit" in changes and unit_since is not None:
            changes["unit_since"] = unit_since
        person.name_en, person.name_zh = both_names(person.name_en, person.name_zh)
        person.name_sort = sorting_name(person.name_en, person.name_zh)
        _save(person)
        audit.record(by=by, action="people.edit_person", subject=person, at=at, changes=changes)
        if not WEIGHED_BY.isdisjoint(changes):
            stale.mark("score", [person.pk], at=at)
    return person


def _move(person: Person, since: datetime.date, at: datetime.datetime) -> None:
    """From that day on in the unit that is about to be written."""
    if since > queries.day_at(person.organisation, at):
        raise PeopleRefused(
            _("A move to another unit is entered on its day or afterwards."), field="unit_since"
        )
    if person.hired_on is not None and since < person.hired_on:
        raise PeopleRefused(_("This day is before the person joined."), field="unit_since")
    moving.note_moves({person.pk: (person.unit_id, since)})


def both_names(name_en: str, name_zh: str) -> tuple[str, str]:
    """Latin and Chinese name. A Chinese name alone is also written in pinyin. Refuses when there is neither."""
    name_en, name_zh = " ".join(name_en.split()), "".join(name_zh.split())
    if name_en and not name_zh and is_chinese(name_en):
        name_en, name_zh = "", "".join(name_en.split())
    if not name_en and not name_zh:
        raise PeopleRefused(_("A person needs a name."), field="name_en")
    return name_en or romanised(name_zh), name_zh


def locked(person: Person) -> Person:
    """The row as it is now, held until the end of the transaction: who comes second sees what the first did."""
    return (
        Person.objects.select_for_update(of=("self",))
        .select_related("organisation", "unit")
        .get(pk=person.pk)
    )


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = {key: value.strip() if isinstance(value, str) else value for key, value in fields.items()}
    if "email" in cleaned:
        cleaned["email"] = (cleaned["email"] or "").lower()
    return cleaned


def _save(person: Person) -> None:
    """Saves, and says in words which of the two unique columns is taken."""
    others = Person.objects.exclude(pk=person.pk)
    if others.filter(number=person.number).exists():
        raise PeopleRefused(_("Somebody else has this employee number."), field="number")
    if person.email and others.filter(email__iexact=person.email).exists():
        raise PeopleRefused(_("Somebody else has this e-mail address."), field="email")
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise PeopleRefused(
            _("Somebody else has just taken this number or e-mail address."), code="conflict"
        ) from error
