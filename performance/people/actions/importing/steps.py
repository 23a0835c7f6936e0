"""Writes: the steps of an import up to the dry run. Nothing about people is saved here."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from performance.foundation import sheets
from performance.people import queries
from performance.people.actions import roles
from performance.people.actions.importing import columns, plan, shapes
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import BusinessUnit, PeopleImport, Person, ReportingLine, Team, TeamMembership

SHOWN = 500
SHOWN_PROBLEMS = 200


@transaction.atomic
def upload_people(*, file_name: str, content: bytes, by: Any, at: datetime.datetime) -> PeopleImport:
    """Keeps the file with a guess of its columns, and tries it out when the guess is complete."""
    sheet = sheets.read_sheet(content, file_name)
    upload = PeopleImport.objects.create(
        file_name=file_name[-200:],
        content=content,
        mapping=columns.guess(sheet.headers),
        uploaded_by=getattr(by, "person", by),
        uploaded_at=at,
    )
    if not columns.missing(upload.mapping):
        _try_out(upload, at)
    return upload


@transaction.atomic
def map_columns(*, upload: PeopleImport, mapping: Mapping[str, int], at: datetime.datetime) -> PeopleImport:
    """Says which column means what, and tries the file out."""
    held = _held(upload)
    if len(set(mapping.values())) < len(mapping):
        raise PeopleRefused(_("Each column can mean one thing."), code="column_twice")
    held.mapping = dict(mapping)
    held.mended, held.left_out = {}, []
    return _try_out(held, at)


@transaction.atomic
def mend_cells(*, upload: PeopleImport, texts: Mapping[str, str], at: datetime.datetime) -> PeopleImport:
    """Replaces the texts of these cells, in the import alone, and tries the file out again, once for all of them. What
    names no cell below the headers is not kept."""
    held = _held(upload)
    held.mended = held.mended | {cell.upper(): text.strip()[:300] for cell, text in texts.items()}
    return _try_out(held, at)


@transaction.atomic
def leave_row_out(*, upload: PeopleImport, row: int, at: datetime.datetime) -> PeopleImport:
    """The row is skipped; its person, if here already, stays as they are."""
    held = _held(upload)
    held.left_out = sorted({*held.left_out, row})
    return _try_out(held, at)


@transaction.atomic
def start_changes_on(
    *, upload: PeopleImport, starts_on: datetime.date, at: datetime.datetime
) -> PeopleImport:
    """From which day new managers and teams hold."""
    held = _held(upload)
    held.starts_on = starts_on
    return _try_out(held, at)


@transaction.atomic
def check_import(*, upload: PeopleImport, at: datetime.datetime) -> PeopleImport:
    """The dry run: what would change, and what stands in the way. Saves the report and nothing else."""
    return _try_out(_held(upload), at)


def _held(upload: PeopleImport) -> PeopleImport:
    """The import as it is now, held until the end of the transaction; refused once it was applied."""
    held = PeopleImport.objects.select_for_update().get(pk=upload.pk)
    _refuse_applied(held)
    return held


def _try_out(upload: PeopleImport, at: datetime.datetime) -> PeopleImport:
    check = prepared(upload, at)
    if upload.mended:
        known = check.sheet.cells()
        upload.mended = {cell: text for cell, text in upload.mended.items() if cell in known}
    made = plan.make(check)
    upload.report = _report(check, made)
    upload.checked_at = at
    upload.save()
    return upload


def prepared(upload: PeopleImport, at: datetime.datetime, by: Any = None) -> shapes.Check:
    """The file beside the people who are here now. Eight statements, whatever their number.

    `by` is who imports it; whoever uploaded it when absent.
    """
    _refuse_incomplete(upload.mapping)
    today = queries.day_at(upload.organisation, at)
    starts_on = upload.starts_on or today
    # An open team comes after a closed one of the same name, and is the one that is meant.
    teams = list(Team.objects.order_by(F("closed_on").asc(nulls_last=True)))
    closed_on = {team.name_en: team.closed_on for team in teams}
    return shapes.Check(
        sheet=sheets.read_sheet(bytes(upload.content), upload.file_name),
        mapping=upload.mapping,
        known=_known(starts_on),
        today=today,
        starts_on=starts_on,
        mended=upload.mended,
        left_out=frozenset(upload.left_out),
        team_names=_names(teams),
        closed_teams={name: day for name, day in closed_on.items() if day is not None},
        unit_names=_names(BusinessUnit.objects.all()),
        out_of_reach=frozenset(
            person.number.lower() for person in roles.out_of_reach(by or upload.uploaded_by).values()
        ),
    )


def _names(groups: Iterable[Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    for group in groups:
        for word in (group.code, group.name_zh, group.name_en):
            if word:
                names[word.lower()] = group.name_en
    return names


def _known(starts_on: datetime.date) -> dict[str, shapes.Known]:
    people = list(Person.objects.select_related("unit").filter(erased_at=None))
    keys: dict[uuid.UUID, str] = {person.pk: person.number.lower() for person in people}
    lines = _dated(ReportingLine.objects.all(), starts_on, lambda line: keys.get(line.manager_id, ""))
    teams = _dated(
        TeamMembership.objects.filter(is_primary=True).select_related("team"),
        starts_on,
        lambda membership: membership.team.name_en,
    )
    return {
        keys[person.pk]: shapes.Known(
            id=person.pk,
            number=person.number,
            values={key: getattr(person, key) for key in shapes.PLAIN},
            unit=person.unit.name_en if person.unit else "",
            lines=tuple(lines[person.pk]),
            teams=tuple(teams[person.pk]),
        )
        for person in people
    }


def _dated(rows: Any, starts_on: datetime.date, key_of: Any) -> dict[uuid.UUID, list[Any]]:
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows.exclude(ends_on__lte=starts_on):
        found[row.person_id].append((row.starts_on, row.ends_on, key_of(row)))
    return found


def _report(check: shapes.Check, made: shapes.Plan) -> dict[str, Any]:
    """The plan as the page shows it; long lists are cut, counts are not."""
    labels = {key: known.values.get("name_en") or known.number for key, known in check.known.items()}
    labels = made.names | labels
    return {
        "digest": made.digest,
        "rows": len(check.sheet.rows),
        "columns": len(check.mapping),
        "headers": len(check.sheet.headers),
        "encoding": check.sheet.encoding,
        "starts_on": check.starts_on.isoformat(),
        "counts": {
            "new": len(made.new),
            "changed": len(made.changed),
            "values": sum(len(change.fields) for change in made.changed),
            "same": made.same,
            "errors": len(made.problems),
            "absent": made.absent,
            "left_out": made.left_out,
        },
        "new_teams": made.new_teams,
        "new_units": made.new_units,
        "tops": made.tops[:5],
        "tops_count": len(made.tops),
        "assumed": [[text, date.isoformat()] for text, date in made.assumed],
        "new": [_new_row(row, labels) for row in made.new[:SHOWN]],
        "changed": [_changed_row(change, labels) for change in made.changed[:SHOWN]],
        "errors": [_problem(check, problem) for problem in made.problems[:SHOWN_PROBLEMS]],
    }


def _new_row(row: shapes.Row, labels: Mapping[str, str]) -> dict[str, Any]:
    values = row.values
    return {
        "row": row.number,
        "name": row.name,
        "name_zh": values.get("name_zh", ""),
        "title": values.get("title_en") or values.get("title_zh", ""),
        "team": values.get("team", ""),
        "manager": labels.get(row.manager or "", ""),
        "joins": _text(values.get("hired_on")),
    }


def _changed_row(change: shapes.Change, labels: Mapping[str, str]) -> dict[str, Any]:
    def shown(key: str, value: Any) -> str:
        return labels.get(value or "", "") if key == "manager" else _text(value)

    dated = {"manager", "team"} & set(change.fields)
    return {
        "row": change.row.number,
        "id": str(change.known.id),
        "name": labels[change.row.person],
        "fields": [
            {"field": key, "before": shown(key, before), "after": shown(key, after)}
            for key, (before, after) in change.fields.items()
        ],
        "from": change.starts_on.isoformat() if dated else "",
    }


def _problem(check: shapes.Check, problem: shapes.Problem) -> dict[str, Any]:
    """The problem with the row above and below it, as they stand in the file."""
    order = sorted(check.mapping.values())
    rows = check.sheet.rows
    at = next(index for index, (number, _texts) in enumerate(rows) if number == problem.row)
    return {
        "row": problem.row,
        "cell": problem.cell,
        "column": check.sheet.headers[problem.column] if problem.column >= 0 else "",
        "text": problem.text,
        "value": problem.value,
        "suggestions": problem.suggestions,
        "letters": [[sheets.letter(index), check.sheet.headers[index]] for index in order],
        "context": [
            {
                "number": number,
                "cells": [
                    {
                        "value": plan.cell_text(check, number, index, texts),
                        "bad": number == problem.row and index == problem.column,
                    }
                    for index in order
                ],
            }
            for number, texts in rows[max(0, at - 1) : at + 2]
        ],
    }


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _refuse_incomplete(mapping: Mapping[str, int]) -> None:
    wanting = columns.missing(dict(mapping))
    if wanting:
        raise PeopleRefused(
            _("Choose the column for: %(fields)s.") % {"fields": ", ".join(str(label) for label in wanting)},
            code="column_missing",
        )


def _refuse_applied(upload: PeopleImport) -> None:
    if upload.applied_at is not None:
        raise PeopleRefused(_("This file was applied already."), code="conflict")
