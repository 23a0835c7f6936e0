"""An export says what the database says, cell by cell, and exactly one file comes of each request."""

import csv
import datetime
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.conf import settings as django_settings
from django.utils import timezone, translation
from openpyxl.utils import escape

from performance.appraisals import actions, queries, tasks
from performance.appraisals.actions import exports as export_actions
from performance.appraisals.actions import files
from performance.appraisals.models import Cycle, CycleEntry, Export
from performance.foundation import access, cells, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring.models import CurrentScore, Score
from tests.appraisals.conftest import add_people
from tests.conftest import Cast

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
    "a=b",
    "'quoted",
    'say "hi", you',
    "行\n二",
]


@pytest.fixture
def ask(cast: Cast, actor: Actor) -> Callable[..., Export]:
    """Asks for an export of everything, as HR."""

    def asked(cycle: Cycle, **given: Any) -> Export:
        whole = {"format": "xlsx", "columns": EVERY_COLUMN, "by": actor(cast.hr), "at": timezone.now()}
        return actions.request_export(cycle=cycle, **(whole | given))

    return asked


def path(export: Export) -> Path:
    export.refresh_from_db()
    return files.path_of(export)


def sheet_rows(export: Export, sheet: str = "Results") -> list[list[Any]]:
    """Control characters stand as _x000D_ in the file; spreadsheets read them back, openpyxl leaves that to us."""
    book = openpyxl.load_workbook(path(export))
    return [
        [escape.unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in row]
        for row in book[sheet].iter_rows()
    ]


def csv_rows(export: Export) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path(export).read_bytes().decode("utf-8-sig"), newline="")))


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
            "policy": score.version.policy.name_en if score else "",
            "policy_version": score.version.number if score else None,
            "computed_at": score.computed_at if score else None,
            "score_id": str(score.pk) if score else "",
            "reason": entry.reason,
        }


def neutral(text: str) -> str:
    return "'" + text if text[:1] in "=+-@\t\r\n＝＋－＠" and text else text


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
    cast: Cast, signed_off: Cycle, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        frozen = CurrentScore.objects.get(person=cast.employee)
        later = Score.objects.get(pk=frozen.score_id)
        later.pk, later.score_micro = Score().pk, 1_000_000
        Score.objects.bulk_create([later])
        CurrentScore.objects.filter(pk=frozen.pk).update(score=later)
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


def test_a_task_delivered_twice_makes_one_file(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        written = path(export).stat().st_mtime_ns
        tasks.write_export.run(str(export.pk))
        assert path(export).stat().st_mtime_ns == written
        assert [item.name for item in exports_folder.rglob("*") if item.is_file()] == [export.file]
        assert AuditRow.objects.filter(action="appraisals.finish_export").count() == 1


def test_a_stopped_export_leaves_nothing(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor, exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)

        def stopping() -> datetime.datetime:
            row = Export.objects.get(pk=export.pk)
            if row.state == "running":
                actions.stop_export(export=row, by=actor(cast.hr), at=timezone.now())
            return timezone.now()

        assert actions.run_export(export_id=export.pk, now=stopping) is False
        export.refresh_from_db()
        assert (export.state, export.file) == ("stopped", "")
        assert not [item for item in exports_folder.rglob("*") if item.is_file()]
        tasks.catch_up.run()
        export.refresh_from_db()
        assert export.state == "stopped"
        with pytest.raises(actions.ExportRefused):
            actions.download_export(export=export, by=actor(cast.hr), at=timezone.now())


def test_a_slow_worker_does_not_overwrite_the_one_that_took_over(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.acting_for(cast.organisation):
        monkeypatch.setattr(export_actions, "CHUNK", 4)
        export = ask(cycle)
        outcomes: list[bool] = []

        def slow() -> datetime.datetime:
            if Export.objects.get(pk=export.pk).done and not outcomes:
                later = timezone.now() + datetime.timedelta(minutes=3)
                outcomes.append(actions.run_export(export_id=export.pk, now=lambda: later))
            return timezone.now()

        assert actions.run_export(export_id=export.pk, now=slow) is False
        assert outcomes == [True]
        assert len(sheet_rows(export)) == len(cast.members()) + 1
        assert AuditRow.objects.filter(action="appraisals.finish_export").count() == 1


def test_an_export_that_breaks_says_why(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        exports_folder.parent.joinpath("exports").write_text("a file where the folder should be")
        with pytest.raises(OSError, match="exports"):
            actions.run_export(export_id=export.pk)
        export.refresh_from_db()
        assert export.state == "failed"
        assert "NotADirectoryError" in export.error or "FileExistsError" in export.error


def test_files_are_removed_after_their_time_and_the_record_stays(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        file = path(export)
        assert export.expires_at is not None
        assert actions.clear_expired_exports(at=export.expires_at) == 1
        assert not file.exists()
        export.refresh_from_db()
        assert (export.state, export.is_downloadable, len(export.sha256)) == ("done", False, 64)


def test_three_exports_at_once_are_enough(cast: Cast, cycle: Cycle, ask: Callable[..., Export]) -> None:
    with tenancy.acting_for(cast.organisation):
        for _number in range(3):
            ask(cycle)
        with pytest.raises(actions.ExportRefused, match="under way"):
            ask(cycle)


@pytest.mark.parametrize("columns", [[], ["number", "number"], ["password"]])
def test_unknown_or_repeated_columns_are_refused(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], columns: list[str]
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.ExportRefused):
        ask(cycle, columns=columns)


WORKER = """
import sys, time, uuid
import django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[3]
from performance.appraisals.actions import exports
from performance.appraisals import actions
from performance.appraisals.models import Export
from performance.foundation import tenancy
from django.utils import timezone
exports.CHUNK = 5
calls = 0
def now():
    global calls
    calls += 1
    if calls == 4:
        print("in the middle", flush=True)
        time.sleep(60)
    return timezone.now()
with tenancy.remembering(uuid.UUID(sys.argv[1])):
    actions.run_export(export_id=uuid.UUID(sys.argv[2]), now=now)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_a_worker_killed_in_the_middle_is_followed_by_the_sweep_with_the_same_file(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path, format: str
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        add_people(cycle, 30)
        export, undisturbed = ask(cycle, format=format, at=at), ask(cycle, format=format, at=at)
    _kill_a_worker_in_the_middle(cast, export, exports_folder.parent)
    with tenancy.acting_for(cast.organisation):
        export.refresh_from_db()
        assert (export.state, export.file) == ("running", "")
        assert 0 < export.done < export.total
        Export.objects.filter(pk=export.pk).update(held_until=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.run()
    with tenancy.acting_for(cast.organisation):
        export.refresh_from_db()
        undisturbed.refresh_from_db()
        assert (export.state, export.done, undisturbed.state) == ("done", export.total, "done")
        assert path(export).read_bytes() == path(undisturbed).read_bytes()
        assert export.sha256 == undisturbed.sha256
    left = [item for item in exports_folder.rglob("*") if item.is_file()]
    assert len(left) == 2


def _kill_a_worker_in_the_middle(cast: Cast, export: Export, folder: Path) -> None:
    database = django_settings.DATABASES["default"]
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(cast.organisation.pk), str(export.pk), str(folder)],
        env=os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=django_settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "in the middle"
        worker.send_signal(signal.SIGKILL)
    assert worker.returncode == -signal.SIGKILL
