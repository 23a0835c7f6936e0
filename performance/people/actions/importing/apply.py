"""Writes: an import is applied whole or not at all, in a fixed number of set-based statements."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from performance.foundation import audit, stale
from performance.people import rules
from performance.people.actions import invitations, leaving, lines, moving, roles
from performance.people.actions.importing import plan, shapes, steps
from performance.people.actions.names import romanised, sorting_name
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import (
    BusinessUnit,
    PeopleImport,
    Person,
    ReportingLine,
    Team,
    TeamMembership,
    UnitStay,
)

BATCH = 1000
A_DAY = datetime.timedelta(days=1)
UNDO_LASTS = datetime.timedelta(hours=24)


def apply_import(*, upload: PeopleImport, by: Any, at: datetime.datetime) -> PeopleImport:
    """Saves what the dry run showed. Declines while a cell is wrong, and when people changed since it was shown."""
    try:
        with transaction.atomic():
            upload = PeopleImport.objects.select_for_update().get(pk=upload.pk)
            if upload.applied_at is not None:
                raise PeopleRefused(_("This file was applied already."), code="conflict")
            check = steps.prepared(upload, at, by)
            made = plan.make(check)
            _refuse_unready(upload, made)
            roles.refuse_last_administrator(_saying_goodbye(made))
            upload.before = _write(made)
            invitations.withdraw_for(_readdressed(upload.before), at)
            upload.applied_at = at
            upload.save(update_fields=["before", "applied_at"])
            _tell(upload, made, by, at)
            roles.end_roles(_gone(made, check.today), by=by, at=at)
            stale.mark("score", _touched(upload.before), at=at)
    except IntegrityError as error:
        raise PeopleRefused(_refused_by_database(error), code="conflict") from error
    return upload


def undo_import(*, upload: PeopleImport, by: Any, at: datetime.datetime) -> PeopleImport:
    """Takes an import back within a day: new people go, changed values return, lines and teams are as before.

    Declines when somebody has worked with the new people since, or another import followed.
    """
    try:
        with transaction.atomic():
            upload = PeopleImport.objects.select_for_update().get(pk=upload.pk)
            _refuse_undoing(upload, by, at)
            touched = _restore(upload.before)
            invitations.withdraw_for(_readdressed(upload.before), at)
            upload.undone_at = at
            upload.save(update_fields=["undone_at"])
            audit.record(by=by, action="people.undo_import", subject=upload, at=at)
            stale.mark("score", touched, at=at)
    except (ProtectedError, IntegrityError) as error:
        raise PeopleRefused(
            _("Somebody has worked with these people since. Change or deactivate them one by one."),
            code="in_use",
        ) from error
    return upload


def _refuse_undoing(upload: PeopleImport, by: Any, at: datetime.datetime) -> None:
    if upload.applied_at is None or upload.undone_at is not None:
        raise PeopleRefused(_("There is nothing to take back."), code="conflict")
    if at > upload.applied_at + UNDO_LASTS:
        raise PeopleRefused(_("An import can be taken back within 24 hours."), code="too_late")
    if PeopleImport.objects.filter(applied_at__gt=upload.applied_at, undone_at=None).exists():
        raise PeopleRefused(_("Take back the later import first."), code="conflict")
    for person in roles.out_of_reach(by, _readdressed(upload.before)).values():
        raise PeopleRefused(rules.readdressing_refused(person), code="out_of_reach")


def _refuse_unready(upload: PeopleImport, made: shapes.Plan) -> None:
    if made.problems:
        # A problem that the dry run did not show is told here: it may come from who applies the file.
        shown = upload.report.get("counts", {}).get("errors")
        text = _("Some cells are still wrong. Nothing was saved.") if shown else made.problems[0].text
        raise PeopleRefused(text, code="errors")
    if made.digest != upload.report.get("digest"):
        raise PeopleRefused(
            _("People have changed since this file was checked. Look at the new result."), code="conflict"
        )
    if not made.new and not made.changed:
        raise PeopleRefused(_("The file changes nothing."), code="no_change")


def _write(made: shapes.Plan) -> dict[str, Any]:
    """All rows of the plan. Returns what is needed to take it back."""
    teams = _groups(Team, made.new_teams)
    units = _groups(BusinessUnit, made.new_units)
    people = _add_people(made, units)
    before, stays = _change_people(made, people, units)
    leaving = _leaving(made, people)
    ended = {"ended_lines": _end(ReportingLine, leaving), "ended_memberships": _end(TeamMembership, leaving)}
    line_rows, memberships = _starting(made, people, teams)
    return {
        "new": [str(people[row.person].pk) for row in made.new],
        "teams": [str(teams[name.lower()]) for name in made.new_teams],
        "units": [str(units[name.lower()]) for name in made.new_units],
        "values": before,
        "stays": stays,
        **ended,
        "lines": _replace(ReportingLine, line_rows),
        "memberships": _replace(TeamMembership, memberships),
    }


def _groups(model: type[Team] | type[BusinessUnit], new: list[str]) -> dict[str, uuid.UUID]:
    """Starts the teams or units that are new; name in lower case → id, of all of them."""
    longest = model._meta.get_field("code").max_length or 40
    taken = set(model.objects.values_list("code", flat=True))
    fresh = []
    for name in new:
        code = name[:longest]
        if code in taken:
            code = f"{name[: longest - 7]}-{uuid.uuid4().hex[:6]}"
        taken.add(code)
        fresh.append(model(code=code, name_en=name))
    model.objects.bulk_create(fresh, batch_size=BATCH)
    named = model.objects.values_list("name_en", "pk")
    if model is Team:
        named = named.order_by(F("closed_on").asc(nulls_last=True))
    return {name.lower(): key for name, key in named}


def _add_people(made: shapes.Plan, units: dict[str, uuid.UUID]) -> dict[str, Person]:
    """Everybody by key: those who are here, and the new ones."""
    people = {person.number.lower(): person for person in Person.objects.filter(erased_at=None)}
    fresh = []
    for row in made.new:
        person = Person(number=row.values["number"])
        _fill(person, {key: value for key, value in row.values.items() if key in shapes.PLAIN})
        person.unit_id = units.get(row.values.get("unit", "").lower())
        people[row.person] = person
        fresh.append(person)
    Person.objects.bulk_create(fresh, batch_size=BATCH)
    return people


def _fill(person: Person, values: dict[str, Any]) -> None:
    for key, value in values.items():
        setattr(person, key, value)
    if not person.name_en and person.name_zh:
        person.name_en = romanised(person.name_zh)
    person.name_sort = sorting_name(person.name_en, person.name_zh)


def _change_people(
    made: shapes.Plan, people: dict[str, Person], units: dict[str, uuid.UUID]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What stood there before, and which stays in units came and went."""
    touched = []
    moves: dict[uuid.UUID, tuple[uuid.UUID | None, datetime.date]] = {}
    before: dict[str, dict[str, Any]] = {}
    for change in made.changed:
        values = {key: after for key, (_before, after) in change.fields.items() if key in shapes.PLAIN}
        if not values and "unit" not in change.fields:
            continue
        person = people[change.row.person]
        kept = [*values, "name_en", "name_sort", "unit_id"]
        before[str(person.pk)] = {key: audit.plain(getattr(person, key)) for key in kept}
        _fill(person, values)
        if "unit" in change.fields:
            if person.unit_id is not None:
                # Whoever had none was noted incompletely: nobody comes from nowhere.
                moves[person.pk] = (person.unit_id, change.starts_on)
            person.unit_id = units[change.fields["unit"][1].lower()]
        touched.append(person)
    Person.objects.bulk_update(touched, [*shapes.PLAIN, "name_sort", "unit"], batch_size=BATCH)
    fresh, gone = moving.note_moves(moves)
    return before, _record(fresh=fresh, ended=(), removed=gone)


def _starting(
    made: shapes.Plan, people: dict[str, Person], teams: dict[str, uuid.UUID]
) -> tuple[list[ReportingLine], list[TeamMembership]]:
    """The lines and memberships that begin: for somebody new on their first day, else on the chosen day."""
    line_rows: list[ReportingLine] = []
    memberships: list[TeamMembership] = []
    closed = dict(Team.objects.exclude(closed_on=None).values_list("pk", "closed_on"))

    def begin(person: Person, manager: str | None, team: str, starts_on: datetime.date) -> None:
        if manager:
            ends_on = lines.last_days_over(None, person, people[manager])
            manager_id = people[manager].pk
            line_rows.append(
                ReportingLine(person=person, manager_id=manager_id, starts_on=starts_on, ends_on=ends_on)
            )
        if team:
            key = teams[team.lower()]
            ends_on = lines.last_days_over(closed.get(key), person)
            memberships.append(
                TeamMembership(person=person, team_id=key, starts_on=starts_on, ends_on=ends_on)
            )

    for row in made.new:
        person = people[row.person]
        starts_on = person.hired_on or made.starts_on
        # Whoever left before that day brings neither: their row tells of the past.
        if starts_on is not None and (person.left_on is None or person.left_on >= starts_on):
            begin(person, row.manager, row.values.get("team", ""), starts_on)
    for change in made.changed:
        manager = change.fields.get("manager", (None, None))[1]
        begin(people[change.row.person], manager, change.fields.get("team", ("", ""))[1], change.starts_on)
    return line_rows, memberships


def _leaving(made: shapes.Plan, people: dict[str, Person]) -> dict[uuid.UUID, datetime.date]:
    """person → the day after their last one, of everybody whom the file says goodbye to."""
    days = {change.row.person: change.fields.get("left_on", (None, None))[1] for change in made.changed}
    return {people[key].pk: left_on + A_DAY for key, left_on in days.items() if left_on is not None}


def _saying_goodbye(made: shapes.Plan) -> list[uuid.UUID]:
    """Who leaves by the file, on whatever day."""
    return [change.known.id for change in made.changed if "left_on" in change.fields]


def _gone(made: shapes.Plan, today: datetime.date) -> list[uuid.UUID]:
    """Whose last day is over by the file, and whose was before it: nobody comes back with the roles of then."""
    days = {
        change.known.id: change.fields["left_on"] for change in made.changed if "left_on" in change.fields
    }
    return [key for key, pair in days.items() if any(day is not None and day < today for day in pair)]


def _end(
    model: type[ReportingLine] | type[TeamMembership], leaving: dict[uuid.UUID, datetime.date]
) -> dict[str, Any]:
    """Nothing of somebody who leaves goes on after their last day. Returns what it replaced."""
    held = model.objects.filter(person_id__in=list(leaving))
    removed = [row for row in held if row.starts_on >= leaving[row.person_id]]
    ended = [
        row
        for row in held
        if row.starts_on < leaving[row.person_id]
        and (row.ends_on is None or row.ends_on > leaving[row.person_id])
    ]
    record = _record(fresh=(), ended=ended, removed=removed)
    for row in ended:
        row.ends_on = leaving[row.person_id]
    model.objects.filter(pk__in=[row.pk for row in removed]).delete()
    model.objects.bulk_update(ended, ["ends_on"], batch_size=BATCH)
    return record


def _replace(model: type[ReportingLine] | type[TeamMembership], fresh: Sequence[Any]) -> dict[str, Any]:
    """Ends what holds on the day a new row begins, up to the next planned one. Returns what it replaced."""
    begins = {row.person_id: row for row in fresh}
    ended, removed = [], []
    for old in model.objects.filter(person_id__in=list(begins)):
        row = begins[old.person_id]
        if isinstance(old, TeamMembership) and not old.is_primary and old.team_id != row.team_id:
            continue
        if old.starts_on > row.starts_on:
            row.ends_on = min(row.ends_on or old.starts_on, old.starts_on)
        elif old.starts_on == row.starts_on:
            removed.append(old)
        elif old.ends_on is None or old.ends_on > row.starts_on:
            ended.append(old)
    record = _record(fresh=fresh, ended=ended, removed=removed)
    for old in ended:
        old.ends_on = begins[old.person_id].starts_on
    model.objects.filter(pk__in=[old.pk for old in removed]).delete()
    model.objects.bulk_update(ended, ["ends_on"], batch_size=BATCH)
    model.objects.bulk_create(fresh, batch_size=BATCH)
    return record


def _record(*, fresh: Iterable[Any], ended: Iterable[Any], removed: Iterable[Any]) -> dict[str, Any]:
    """What an undo needs: which rows came, until when the shortened ones went, and those that are gone."""
    return {
        "new": [str(row.pk) for row in fresh],
        "ended": [[str(row.pk), audit.plain(row.ends_on)] for row in ended],
        "removed": [_kept(row) for row in removed],
    }


def _kept(row: Any) -> dict[str, Any]:
    columns = [field.attname for field in row._meta.concrete_fields if field.name != "organisation"]
    return {column: audit.plain(getattr(row, column)) for column in columns}


def _readdressed(before: dict[str, Any]) -> list[uuid.UUID]:
    """Whose e-mail address an import changed."""
    return [uuid.UUID(key) for key, values in before["values"].items() if "email" in values]


def _touched(before: dict[str, Any]) -> list[uuid.UUID]:
    """Whom an import brought or changed."""
    return [uuid.UUID(key) for key in (*before["new"], *before["values"])]


def _restore(before: dict[str, Any]) -> list[uuid.UUID]:
    """What was written last goes first. Returns whose values are as before."""
    for model, keys in (
        (ReportingLine, ("lines", "ended_lines")),
        (TeamMembership, ("memberships", "ended_memberships")),
    ):
        for key in keys:
            _restore_rows(model, before[key])
    # Imports of before units were dated kept none.
    if "stays" in before:
        _restore_rows(UnitStay, before["stays"])
    values = before["values"]
    people = list(Person.objects.select_for_update(of=("self",)).filter(pk__in=list(values)))
    for person in people:
        for column, value in values[str(person.pk)].items():
            setattr(person, column, value)
    back = [person for person in people if person.left_on is None and person.parted_at is not None]
    for person in back:
        person.parted_at = None
    leaving.open_access(back)
    Person.objects.bulk_update(people, [*shapes.PLAIN, "name_sort", "unit", "parted_at"], batch_size=BATCH)
    Person.objects.filter(pk__in=before["new"]).delete()
    Team.objects.filter(pk__in=before["teams"], memberships=None).delete()
    BusinessUnit.objects.filter(pk__in=before["units"], people=None).delete()
    return [person.pk for person in people]


def _restore_rows(
    model: type[ReportingLine] | type[TeamMembership] | type[UnitStay], record: dict[str, Any]
) -> None:
    model.objects.filter(pk__in=record["new"]).delete()
    until = dict(record["ended"])
    rows: list[Any] = list(model.objects.filter(pk__in=list(until)))
    for row in rows:
        row.ends_on = until[str(row.pk)]
    if rows:
        model.objects.bulk_update(rows, ["ends_on"], batch_size=BATCH)
    model.objects.bulk_create([model(**kept) for kept in record["removed"]], batch_size=BATCH)


def _tell(upload: PeopleImport, made: shapes.Plan, by: Any, at: datetime.datetime) -> None:
    """One row for the file, and one for each person whose data changed."""
    audit.record(
        by=by,
        action="people.apply_import",
        subject=upload,
        at=at,
        changes={"new": len(made.new), "changed": len(made.changed), "same": made.same},
    )
    people = Person.objects.in_bulk([change.known.id for change in made.changed])
    audit.record_many(
        by=by,
        action="people.import_person",
        changed=_changed(made, people),
        why=upload.file_name,
        at=at,
    )


def _changed(made: shapes.Plan, people: dict[uuid.UUID, Person]) -> Iterable[tuple[Any, dict[str, Any]]]:
    for change in made.changed:
        yield people[change.known.id], {key: list(pair) for key, pair in change.fields.items()}


def _refused_by_database(error: IntegrityError) -> str:
    if lines.is_loop(error):
        return _("With the changes planned for later days, these lines would form a loop.")
    return _("Somebody has changed the same people just now. Check the file again.")
