"""An export says what the database says, cell by cell, and exactly one file comes of each request."""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.utils import timezone, translation

from performance.appraisals import actions, queries, tasks
from performance.appraisals.models import Cycle, CycleEntry, Export
from performance.foundation import access, cells, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring.models import CurrentScore, Score
from tests.appraisals.conftest import add_people
from tests.appraisals.reading import csv_rows, path, sheet_rows
from tests.conftest import Cast
from tests.scoring import restated

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
EVERY_COLUMN = tuple(queries.COLUMNS)
NASTY = [
    "=HYPERLINK(1)",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "＋1",
    "－1",
    "＠A1",
    "  =1+1",
    "\u3000＝1",
    "\ufeff=1",
    "\u200b@A1",
    "  a",
    "a=b",
    "'quoted",
    'say "hi", you',
    "行\n二",
]


def expected(cycle: Cycle) -> Iterator[dict[str, Any]]:
    """What the database says, read here in another way than the export reads it."""
    scores = {
        current.person_id: current.score
        for current in CurrentScore.objects.select_related("score__version__policy")
    }
    bands = {band.rating: band for band in queries.bands_of(cycle)}
    entries = CycleEntry.objects.filter(cycle=cycle).exclude(state="left_out")
    for entry in sorted(entries, key=lambda entry: entry.number):
        score = scores.get(entry.person_id)
        micro = score.score_micro if score else None
        constant = score.constant_micro if score else None
        rating = None
        if micro is not None:
            rating = max(
                band.rating for band in bands.values() if band.from_micro is None or micro >= band.from_micro
            )
        yield {
            "number": entry.number,
            "name_en": entry.person.name_en,
            "name_zh": entry.person.name_zh,
            "title": entry.person.title_en,
            "unit": entry.unit.name_en if entry.unit else "",
            "team": entry.team.name_en if entry.team else "",
            "manager_number": entry.manager.number if entry.manager else "",
            "manager": entry.manager.name_en if entry.manager else "",
            "state": "Open",
            "score": None if micro is None else Decimal(micro) / 10**6,
            "constant_score": None if constant is None else Decimal(constant) / 10**6,
            "weight_effect": None if micro is None or constant is None else Decimal(micro - constant) / 10**6,
            "coverage": Decimal(score.coverage_ppm) / 10**6 if score else None,
            "score_state": score.get_state_display() if score else "",
            "rating": rating,
            "rating_name": bands[rating].name_en if rating else "",
            "result": rating,
            "result_source": "Suggested by the score" if rating else "",
            "policy": score.version.policy.name_en if score else "",
            "policy_version": score.version.number if score else None,
            "computed_at": score.computed_at if score else None,
            "score_id": str(score.pk) if score else "",
            "name": entry.person.name_en,
            "period": cycle.period.name_en,
            "reason": entry.reason,
        }


def neutral(text: str) -> str:
    if not text:
        return text
    bare = text.strip(" \t\r\n\u3000\ufeff\u200b")
    return "'" + text if text[0] in "\t\r\n" or bare[0] in "=+-@＝＋－＠" else text


def as_cell(value: Any, zone: ZoneInfo) -> Any:
    """What openpyxl reads for it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if isinstance(value, str):
        return neutral(value) or None
    return value


def as_text(value: Any, zone: ZoneInfo) -> str:
    """What a CSV holds for it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime.datetime):
        return value.astimezone(zone).replace(microsecond=0).isoformat()
    return neutral(value) if isinstance(value, str) else str(value)


def with_nasty_names(cycle: Cycle) -> None:
    added = add_people(cycle, len(NASTY))
    for person, name in zip(added, NASTY, strict=True):
        people.Person.objects.filter(pk=person.pk).update(name_en=name, name_zh=name[:60], title_en=name)


def test_the_workbook_equals_the_database_cell_by_cell(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        with_nasty_names(cycle)
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        head, *rows = sheet_rows(export)
        zone = ZoneInfo(cast.organisation.time_zone)
        wanted = list(expected(cycle))
        assert head == [str(column.label) for column in queries.COLUMNS.values()]
        assert len(rows) == len(wanted) == len(cast.members()) + len(NASTY)
        for row, want in zip(rows, wanted, strict=True):
            assert row == [as_cell(want[key], zone) for key in EVERY_COLUMN]


def test_the_text_table_equals_the_database_cell_by_cell(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        with_nasty_names(cycle)
        export = ask(cycle, format="csv")
        tasks.write_export.run(str(export.pk))
        head, *rows = csv_rows(export)
        zone = ZoneInfo(cast.organisation.time_zone)
        assert head == [str(column.label) for column in queries.COLUMNS.values()]
        assert rows == [[as_text(want[key], zone) for key in EVERY_COLUMN] for want in expected(cycle)]


def test_no_cell_is_a_formula_and_cells_are_typed(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        with_nasty_names(cycle)
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        book = openpyxl.load_workbook(path(export))
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f"
                    assert not (isinstance(cell.value, str) and cell.value.startswith(cells.FORMULA_STARTS))
        kinds = {
            key: {type(cell.value) for cell in column[1:] if cell.value is not None}
            for key, column in zip(EVERY_COLUMN, book["Results"].iter_cols(), strict=True)
        }
        assert kinds["number"] == {str}
        assert kinds["rating"] == kinds["policy_version"] == {int}
        assert kinds["computed_at"] == {datetime.datetime}
        assert kinds["score"] <= {float, int}
        assert book["Results"].freeze_panes == "C2"
        assert book["Definitions"].freeze_panes == "C2"


def test_the_second_sheet_defines_every_component_of_every_version_used(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], locked: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        head, *rows = sheet_rows(export, "Definitions")
        found = [dict(zip(head, row, strict=True)) for row in rows]
        planned = locked.planned
        assert [row["Component"] for row in found] == [item["name_en"] for item in planned]
        assert [row["Effective weight"] for row in found] == [
            item["effective_ppm"] / 1_000_000 for item in planned
        ]
        assert {row["Weight policy"] for row in found} == {"Store operations"}
        assert found[1]["Score from value"] == "0 at 4, 100 at 5, 120 at 5.5"


def test_the_third_sheet_says_who_asked_when_and_with_which_filter(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        filters = queries.Filters(team_id=str(cast.team.pk), words="e", rating="none")
        export = ask(cycle, filters=filters)
        tasks.write_export.run(str(export.pk))
        notes = dict(sheet_rows(export, "About"))
        assert notes["Exported by"] == "Hana Hr (P005)"
        assert notes["Team"] == "Store Operations"
        assert notes["Search"] == "e"
        assert notes["Suggested rating"] == "none"
        assert notes["People"] == export.rows == 0
        zone = ZoneInfo(cast.organisation.time_zone)
        assert notes["Asked for at"] == as_cell(export.requested_at, zone)


@pytest.mark.parametrize(
    "filters",
    [
        {"rating": "none"},
        {"rating": "1"},
        {"show": "unscored"},
        {"show": "partial"},
        {"show": "provisional"},
        {"words": "person 1"},
        {"show": "left_out"},
        {"show": "exceptions"},
    ],
)
def test_an_export_holds_what_the_list_shows_under_the_same_filter(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor, filters: dict[str, str]
) -> None:
    with tenancy.acting_for(cast.organisation):
        add_people(cycle, 25)
        left = CycleEntry.objects.get(cycle=cycle, number="M00003")
        actions.leave_out(entry=left, reason="On leave", by=actor(cast.hr), at=timezone.now())
        chosen = queries.Filters.from_mapping(filters)
        export = ask(cycle, format="csv", filters=chosen)
        tasks.write_export.run(str(export.pk))
        listed = queries.narrowed(queries.entries_of(cycle, queries.bands_of(cycle)), chosen)
        numbers = [row[0] for row in csv_rows(export)[1:]]
        assert numbers == [entry.number for entry in listed]
        assert numbers


def test_a_byte_order_mark_only_on_request(cast: Cast, cycle: Cycle, ask: Callable[..., Export]) -> None:
    with tenancy.acting_for(cast.organisation):
        for wanted in (True, False):
            export = ask(cycle, format="csv", with_bom=wanted)
            tasks.write_export.run(str(export.pk))
            assert path(export).read_bytes().startswith(b"\xef\xbb\xbf") is wanted


def test_an_export_speaks_the_language_of_whoever_asked(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        with translation.override("zh-hans"):
            export = ask(cycle, columns=["number", "team", "manager"])
        tasks.write_export.run(str(export.pk))
        book = openpyxl.load_workbook(path(export))
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        assert ("P003", "门店运营部", "米经理") in rows


def test_each_step_of_an_export_is_audited_with_its_filter_and_digest(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor
) -> None:
    import hashlib

    with tenancy.acting_for(cast.organisation):
        export = ask(cycle, filters=queries.Filters(words="Eli"))
        tasks.write_export.run(str(export.pk))
        content = path(export).read_bytes()
        actions.download_export(export=export, by=actor(cast.hr), at=timezone.now())
        rows = AuditRow.objects.filter(subject_id=export.pk).order_by("at", "id")
        assert [row.action.split(".")[1] for row in rows] == [
            "request_export",
            "finish_export",
            "download_export",
        ]
        assert {row.person_id for row in rows} == {cast.hr.pk}
        for row in rows:
            assert row.changes["filters"] == {"words": "Eli"}
            assert row.changes["format"] == "xlsx"
        for row in list(rows)[1:]:
            assert row.changes["sha256"] == export.sha256 == hashlib.sha256(content).hexdigest()
            assert row.changes["bytes"] == export.bytes == len(content)


def test_a_signed_off_cycle_exports_what_was_signed(
    cast: Cast, signed_off: Cycle, actor: Actor, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        frozen = CurrentScore.objects.get(person=cast.employee)
        restated.agree(signed_off.period, cast, actor, {(cast.employee.pk, "okr"): 1_000_000})
        export = ask(signed_off, columns=["number", "score", "score_id"])
        tasks.write_export.run(str(export.pk))
        by_number = {row[0]: row for row in sheet_rows(export)}
        assert by_number["P003"][2] == str(frozen.score_id)
        assert by_number["P003"][1] != 1


def test_a_score_that_comes_after_the_request_is_not_in_the_file(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle, columns=["number", "score_id"])
        current = CurrentScore.objects.get(person=cast.employee)
        before = current.score_id
        later = Score.objects.get(pk=before)
        later.pk, later.computed_at = Score().pk, timezone.now()
        Score.objects.bulk_create([later])
        CurrentScore.objects.filter(pk=current.pk).update(score=later)
        tasks.write_export.run(str(export.pk))
        assert ["P003", str(before)] in sheet_rows(export)
