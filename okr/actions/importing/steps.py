"""Writes: an import of goals up to its dry run. Nothing about goals is saved here."""

import dataclasses
import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions.importing import cells, columns, naming, plan, reports, shapes
from okr.actions.proposals import require_open_goals
from okr.actions.refusals import ObjectiveRefused
from okr.models import GoalImport, Objective
from performance.foundation import access, sheets
from performance.kpis import queries as kpis
from performance.people import models as people_models
from performance.people import queries as people

MAX_BYTES = 5 * sheets.MEGABYTE
MAX_ROWS = 5_000


def upload_goals(
    *, file_name: str, content: bytes, period: Any, by: access.Actor, at: datetime.datetime
) -> GoalImport:
    """Keeps the file and tries it out. Refuses what is no table of goals, and a period whose goals are locked."""
    require_open_goals(period)
    upload = GoalImport(
        file_name=file_name[-200:],
        content=content,
        period=period,
        uploaded_by=by.person,
        uploaded_at=at,
    )
    return _try_out(upload, by=by, at=at)


def hold(upload: GoalImport) -> GoalImport:
    """The import as it is now, locked until the transaction ends."""
    rows = GoalImport.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("period").get(pk=upload.pk)


def hold_waiting(upload: GoalImport) -> GoalImport:
    """The same of one that is not applied yet; another is a conflict."""
    held = hold(upload)
    if held.applied_at is not None:
        raise ObjectiveRefused(_("This file was applied already."), code="conflict")
    return held


def check_goal_import(*, upload: GoalImport, by: access.Actor, at: datetime.datetime) -> GoalImport:
    """The dry run anew, against the goals as they are now."""
    with transaction.atomic():
        held = hold_waiting(upload)
        return _try_out(held, by=by, at=at)


def mend_goal_cells(
    *, upload: GoalImport, texts: Mapping[str, str], by: access.Actor, at: datetime.datetime
) -> GoalImport:
    """Replaces the texts of these cells, in the import alone, and tries the file out again, once for all of them. What
    names no cell below the headers is not kept."""
    with transaction.atomic():
        held = hold_waiting(upload)
        given = {cell.upper(): cells.tidy(text)[: cells.LONGEST] for cell, text in texts.items()}
        held.mended = held.mended | given
        return _try_out(held, by=by, at=at)


def _try_out(upload: GoalImport, *, by: access.Actor, at: datetime.datetime) -> GoalImport:
    check = prepared(upload, by=by, at=at)
    if upload.mended:
        known = check.sheet.cells()
        upload.mended = {cell: text for cell, text in upload.mended.items() if cell in known}
    upload.report = reports.report_of(check, plan.make(check))
    upload.checked_at = at
    upload.save()
    return upload


def prepared(upload: GoalImport, *, by: access.Actor, at: datetime.datetime) -> shapes.Check:
    """The file beside the goals and people who are here now, in a constant number of queries."""
    content = bytes(upload.content)
    sheet = sheets.read_sheet(
        content, upload.file_name, most_bytes=MAX_BYTES, most_rows=MAX_ROWS, tidy=cells.tidy
    )
    sheet = _as_mended(sheet, upload.mended)
    mapping = columns.mapping_of(sheet.headers)
    if "objective" not in mapping:
        raise ObjectiveRefused(
            _("No column is called “Objective”. The first row holds the names of the columns."),
            code="column_missing",
            field="file",
        )
    on = people.day_at(by.organisation, at)
    found = _People(sheet, mapping, by, on)
    ids = _ids(sheet, mapping)
    period = upload.period
    here, elsewhere = queries.standing_goals(
        by, period.pk, on, owner_ids=found.ids, team_ids=found.team_ids, ids=ids
    )
    found.also(here)
    left = queries.drafts_left(by, period.pk)
    may_change = frozenset(each.pk for each in here if _may_change(by, each, found.below))
    return shapes.Check(
        sheet=sheet,
        mapping=mapping,
        from_workbook=sheets.is_workbook(content, upload.file_name),
        period_name=str(period),
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        period_words=frozenset(cells.key(word) for word in (period.name_en, period.name_zh) if word),
        currency=by.organisation.currency,
        me=by.person_id,
        imports_for_all=rules.can_import_for_all(by),
        below=found.below,
        my_teams=found.my_teams,
        people=found.people,
        teams=found.teams,
        memberships=queries.memberships_of(found.ids, on),
        managed=frozenset(people.managers_of(found.ids, on)),
        standing=[_standing(each, is_left=each.pk in left) for each in here],
        elsewhere={key: str(each.period) for key, each in elsewhere.items()},
        metrics=[
            shapes.Metric(each.key, tuple(filter(None, (each.name_en, each.name_zh))), each.direction)
            for each in kpis.certified_metrics()
        ],
        may_change=may_change,
    )


def _as_mended(sheet: sheets.Sheet, mended: Mapping[str, str]) -> sheets.Sheet:
    """The cells as they count; a name that is no cell below the headers changes nothing."""
    if not mended:
        return sheet
    rows = [
        (number, [mended.get(f"{sheets.letter(place)}{number}", text) for place, text in enumerate(texts)])
        for number, texts in sheet.rows
    ]
    return dataclasses.replace(sheet, rows=rows)


class _People:
    """Whom the file names: owners, teams, sponsors, owners of key results, and whom the importer may speak for."""

    def __init__(
        self, sheet: sheets.Sheet, mapping: dict[str, int], by: access.Actor, on: datetime.date
    ) -> None:
        named = [
            mapping[field]
            for field in ("owner_number", "owner_email", "owner", "sponsor", "key_result_owner")
            if field in mapping
        ]
        texts = {texts[place] for _number, texts in sheet.rows for place in named} - {""}
        words = {cells.key(text.removeprefix("'")) for text in texts} | {
            naming.turned(text) for text in texts
        }
        called = list(queries.people_called(words))
        here = people.people_who_write(on).filter(pk__in=[each.pk for each in called])
        writers = set(here.values_list("pk", flat=True))
        self.people = [_person(each, on, writes=each.pk in writers) for each in called]
        self.below = frozenset(people.ids_below(by.person_id, on))
        self.my_teams = frozenset(people.teams_spoken_for(by.person_id, on).values_list("pk", flat=True))
        wanted = (
            {cells.key(texts[mapping["team"]]) for _n, texts in sheet.rows} if "team" in mapping else set()
        )
        self.teams = [
            shapes.Team(
                team.pk,
                tuple(word for word in (team.code, team.name_en, team.name_zh) if word),
                str(team),
                team.lead_id,
            )
            for team in people.teams(on)
        ]
        meant = [team for team in self.teams if wanted & set(map(cells.key, team.words))]
        self.team_ids = {team.id for team in meant}
        self.ids = {person.id for person in self.people} | {by.person_id}
        self.ids |= {team.lead_id for team in meant if team.lead_id is not None}

    def also(self, standing: list[Objective]) -> None:
        """The owners of what is here may be called what they are."""
        known = {person.id for person in self.people}
        owners = {each.owner_id: each.owner for each in standing}
        for each in standing:
            owners |= {row.owner_id: row.owner for row in each.key_results.all()}
        self.people += [
            shapes.Person(key, one.number, one.email, (), str(one), is_here=False)
            for key, one in owners.items()
            if key not in known
        ]


def _person(one: people_models.Person, on: datetime.date, *, writes: bool) -> shapes.Person:
    is_here = (one.left_on is None or one.left_on >= on) and (one.hired_on is None or one.hired_on <= on)
    names = tuple(word for word in (one.name_en, one.name_zh) if word)
    return shapes.Person(one.pk, one.number, one.email, names, str(one), is_here, writes)


def _ids(sheet: sheets.Sheet, mapping: dict[str, int]) -> set[uuid.UUID]:
    found = set()
    for _number, texts in sheet.rows if "objective_id" in mapping else ():
        try:
            found.add(uuid.UUID(texts[mapping["objective_id"]]))
        except ValueError:
            continue
    return found


def _standing(one: Objective, *, is_left: bool) -> shapes.Standing:
    """Of its versions, what is proposed alone is loaded, where the importer may read it."""
    content = queries.content_of_rows(one, one.key_results.all())
    proposal = next((each.as_content for each in one.versions.all()), None)
    return shapes.Standing(
        one,
        content,
        proposal if proposal != content else None,
        hides_proposal=one.hides_proposal,  # type: ignore[attr-defined]
        is_left=is_left,
    )


def _may_change(by: access.Actor, one: Objective, below: frozenset[uuid.UUID]) -> bool:
    line = (by.person_id,) if one.owner_id in below else ()
    return rules.can_change_by_import(by, one, line)
