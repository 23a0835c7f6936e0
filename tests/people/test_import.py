"""Importing people: messy files, a dry run that names cells, all or nothing, and nothing twice."""

import datetime
import io
import os
import pathlib
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from performance.foundation import audit, sheets, stale, tenancy
from performance.foundation.models import AuditRow
from performance.people import actions, models, queries
from performance.people.actions import PeopleRefused
from tests.conftest import Cast

REFERENCE = pathlib.Path(
    os.environ.get("ACCORD_REFERENCE_DATA", settings.BASE_DIR.parent / "shared" / "data")
)
ADVENTURE_WORKS = REFERENCE / "hr" / "adventureworks_org_290.csv"
HEADER = "Number,Name,Manager,Joined,Team,E-mail\n"


@pytest.fixture
def upload(cast: Cast, now: datetime.datetime) -> Callable[..., models.PeopleImport]:
    """Uploads text or bytes as HR; to be called inside `acting_for`."""

    def do(content: str | bytes, name: str = "people.csv") -> models.PeopleImport:
        data = content.encode() if isinstance(content, str) else content
        return actions.upload_people(file_name=name, content=data, by=cast.hr, at=now)

    return do


@pytest.fixture
def apply(cast: Cast, now: datetime.datetime) -> Callable[[models.PeopleImport], models.PeopleImport]:
    def do(upload: models.PeopleImport) -> models.PeopleImport:
        return actions.apply_import(upload=upload, by=cast.hr, at=now)

    return do


@pytest.fixture(autouse=True)
def _acting(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield


def errors_of(upload: models.PeopleImport) -> dict[str, str]:
    return {error["cell"]: error["text"] for error in upload.report["errors"]}


@pytest.mark.skipif(not ADVENTURE_WORKS.exists(), reason="the reference file is not here")
def test_the_reference_file_gives_290_people_with_one_root(upload: Any, apply: Any, now: Any) -> None:
    organisation = models.Organisation.objects.create(name_en="Adventure Works")
    with tenancy.acting_for(organisation):
        hr = models.Person.objects.create(number="HR", name_en="Hr", hired_on=datetime.date(2007, 1, 1))
        content = ADVENTURE_WORKS.read_bytes()
        first = actions.upload_people(file_name="org.csv", content=content, by=hr, at=now)
        assert first.report["errors"] == []
        assert first.report["counts"] == {
            "new": 290,
            "changed": 0,
            "values": 0,
            "same": 0,
            "errors": 0,
            "absent": 1,
            "left_out": 0,
        }
        actions.apply_import(upload=first, by=hr, at=now)
        today = queries.today(organisation)
        people = models.Person.objects.exclude(pk=hr.pk)
        assert people.count() == 290
        assert queries.managers(today).count() == 47
        assert models.Team.objects.count() == 16
        roots = people.exclude(pk__in=models.ReportingLine.objects.values("person_id"))
        assert [root.number for root in roots] == ["AW0001"]
        assert queries.counts_below([roots[0].pk], today)[roots[0].pk][1] == 289
        assert max(len(queries.line_above(person.pk, today)) for person in people) == 4

        again = actions.upload_people(file_name="org.csv", content=content, by=hr, at=now)
        assert again.report["counts"]["new"] == again.report["counts"]["changed"] == 0
        assert again.report["counts"]["same"] == 290
        with pytest.raises(PeopleRefused, match="changes nothing"):
            actions.apply_import(upload=again, by=hr, at=now)


def test_a_dry_run_saves_nothing(upload: Any) -> None:
    before = models.Person.objects.count()
    made = upload(HEADER + "N1,Ann Lee,P001,2024-01-02,Night shift,ann@x.example\n")
    assert made.report["counts"]["new"] == 1
    assert made.report["new_teams"] == ["Night shift"]
    assert models.Person.objects.count() == before
    assert not models.Team.objects.filter(name_en="Night shift").exists()


def test_messy_cells_are_read_as_meant(upload: Any, apply: Any) -> None:
    apply(
        upload(
            "\ufeff工号,姓名,Manager,入职日期,部门\n"
            '  N1 ,"Lee, Ann", P001 ,14/01/09,\u3000Night shift \n'
            "N2,林悦,n1,2024年3月5日,night SHIFT\n"
            "Ｎ3,欧阳小明,林悦,20240306,-\n"
        )
    )
    ann, lin, ou = (models.Person.objects.get(number=number) for number in ("N1", "N2", "N3"))
    assert (ann.name_en, ann.hired_on) == ("Ann Lee", datetime.date(2009, 1, 14))
    assert (lin.name_zh, lin.name_en, lin.name_sort) == ("林悦", "Lin Yue", "lin yue")
    assert lin.hired_on == datetime.date(2024, 3, 5)
    assert ou.name_sort == "ouyang xiaoming"
    today = datetime.date(2024, 6, 1)
    assert queries.manager_of(ou.pk, today) == lin
    assert queries.manager_of(lin.pk, today) == ann
    assert queries.team_of(lin.pk, today) == queries.team_of(ann.pk, today)
    assert queries.team_of(ou.pk, today) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_files_are_read_in_each_encoding(upload: Any, encoding: str) -> None:
    made = upload("工号;姓名;城市\nN1;林悦;成都\n".encode(encoding))
    assert made.report["new"][0]["name_zh"] == "林悦"


def test_a_workbook_is_read_with_numbers_and_dates(upload: Any, apply: Any) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([])
    sheet.append(["Employee No.", "Full name", "Hire date", "Grade"])
    sheet.append([417, "Lin Yue", datetime.date(2022, 3, 4), 7])
    file = io.BytesIO()
    book.save(file)
    apply(upload(file.getvalue(), "people.xlsx"))
    person = models.Person.objects.get(number="417")
    assert (person.hired_on, person.level) == (datetime.date(2022, 3, 4), "7")


def test_every_wrong_cell_is_named_by_row_and_column(upload: Any) -> None:
    made = upload(
        HEADER
        + "N1,=cmd|' /C calc'!A0,P001,2024-01-02,,\n"
        + "N2,Ben,P0O1,31/06/2026,,ben\n"
        + ",Cy,,,,\n"
        + "N1,Dora,,,,\n"
        + "N5,,,,,\n"
        + "N6,Fay,N6,,,\n"
    )
    errors = errors_of(made)
    assert set(errors) == {"B2", "C3", "D3", "F3", "A4", "A5", "B6", "C7"}
    assert "formula" in errors["B2"]
    assert "30 days" in errors["D3"]
    assert "Row 2" in errors["A5"]
    near = next(error for error in made.report["errors"] if error["cell"] == "C3")["suggestions"]
    assert ["P001", "Bo Boss"] in [list(pair) for pair in near]


def test_a_row_with_a_problem_counts_as_an_error_alone(upload: Any) -> None:
    report = upload(HEADER + "900,Ada One,,2020-01-01,,\n901,Bea Two,900,soon,,\n").report
    counted = {name: report["counts"][name] for name in ("new", "changed", "same", "errors")}
    assert counted == {"new": 1, "changed": 0, "same": 0, "errors": 1}


def test_dates_that_can_be_read_both_ways_are_said_to_be_read_day_first(upload: Any) -> None:
    unsure = upload(HEADER + "900,Ada One,,02-11-26,,\n901,Bea Two,900,05-05-26,,\n")
    assert unsure.report["assumed"] == [["02-11-26", "2026-11-02"]]
    for sure in ("13-11-25", "2026-11-02", "30-Jun-26"):
        rows = f"900,Ada One,,{sure},,\n" + ("901,Bea Two,900,02-11-26,,\n" if sure == "13-11-25" else "")
        assert upload(HEADER + rows).report["assumed"] == [], sure


def test_a_language_in_brackets_names_the_column(upload: Any) -> None:
    for header in (
        "Number,Name,Name (Chinese)",
        "工号,姓名（英文）,姓名（中文）",
        "No.,Name (English),Chinese name",
    ):
        mapping = upload(f"{header}\n900,Ada One,艾达\n").mapping
        assert (mapping["name_en"], mapping["name_zh"]) == (1, 2), header


def test_forward_references_work_and_loops_do_not(upload: Any) -> None:
    fine = upload(HEADER + "N1,Ann,N2,,,\nN2,Ben,P001,,,\n")
    assert fine.report["counts"]["errors"] == 0
    loop = upload(HEADER + "N1,Ann,N2,,,\nN2,Ben,N3,,,\nN3,Cy,N1,,,\n")
    assert set(errors_of(loop)) == {"C2", "C3", "C4"}


def test_a_loop_through_people_who_are_here_is_found(cast: Cast, upload: Any) -> None:
    made = upload("Number,Name,Manager\nP001,Bo Boss,P003\n")
    assert "loop" in errors_of(made)["C2"]


def test_nothing_is_saved_while_one_cell_is_wrong(upload: Any, apply: Any) -> None:
    made = upload(HEADER + "N1,Ann,P001,,,\nN2,Ben,NOBODY,,,\n")
    with pytest.raises(PeopleRefused, match="still wrong"):
        apply(made)
    assert not models.Person.objects.filter(number="N1").exists()


def test_a_cell_is_mended_in_place_and_a_row_left_out(upload: Any, apply: Any, now: Any) -> None:
    made = upload(HEADER + "N1,Ann,P0O1,,,\nN2,Ben,NOBODY,,,\n")
    made = actions.mend_cells(upload=made, texts={"C2": "P001", "C999": "P001", "ZZ2": "x"}, at=now)
    assert made.mended == {"C2": "P001"}, "what is no cell of the file is not kept"
    made = actions.leave_row_out(upload=made, row=3, at=now)
    apply(made)
    assert models.Person.objects.filter(number__startswith="N").count() == 1


def test_only_what_differs_changes_and_the_log_says_what(cast: Cast, upload: Any, apply: Any) -> None:
    made = upload("Number,Name,Title,Manager\nP003,Eli Employee,Planner,P001\nP004,Cody Colleague,,\n")
    assert made.report["counts"]["changed"] == 1
    assert made.report["counts"]["same"] == 1
    apply(made)
    today = queries.today(cast.organisation)
    yesterday = today - datetime.timedelta(days=1)
    assert queries.manager_of(cast.employee.pk, today) == cast.boss
    assert queries.manager_of(cast.employee.pk, yesterday) == cast.manager
    row = audit.rows(subject_id=cast.employee.pk).get(action="people.import_person")
    assert row.changes["title_en"] == ["", "Planner"]


def test_a_planned_change_survives_an_import(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    later = queries.today(cast.organisation) + datetime.timedelta(days=30)
    actions.change_manager(person=cast.employee, manager=cast.hr, starts_on=later, by=cast.hr, at=now)
    apply(upload("Number,Name,Manager\nP003,Eli Employee,P001\n"))
    assert queries.manager_of(cast.employee.pk, later) == cast.hr
    assert queries.manager_of(cast.employee.pk, later - datetime.timedelta(days=1)) == cast.boss


def test_apply_declines_when_people_changed_meanwhile(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    made = upload("Number,Name,Title\nP003,Eli Employee,Planner\n")
    actions.edit_person(person=cast.employee, fields={"title_en": "Buyer"}, by=cast.hr, at=now)
    with pytest.raises(PeopleRefused, match="changed since") as refused:
        apply(made)
    assert refused.value.code == "conflict"


def test_an_import_is_taken_back_within_a_day(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    today = queries.today(cast.organisation)
    made = apply(
        upload("Number,Name,Title,Manager,Team\nP003,Eli Employee,Planner,P001,Night\nN1,Ann,,P003,Night\n")
    )
    actions.undo_import(upload=made, by=cast.hr, at=now)
    assert not models.Person.objects.filter(number="N1").exists()
    assert not models.Team.objects.filter(name_en="Night").exists()
    assert queries.manager_of(cast.employee.pk, today) == cast.manager
    assert queries.team_of(cast.employee.pk, today) == cast.team
    assert models.Person.objects.get(pk=cast.employee.pk).title_en == ""


def test_taking_back_brings_the_lines_of_leavers_back(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    today = queries.today(cast.organisation)
    later = today + datetime.timedelta(days=60)
    made = apply(upload(f"Number,Name,Last day\nP004,Cody Colleague,{today + datetime.timedelta(days=9)}\n"))
    assert queries.manager_of(cast.colleague.pk, later) is None
    actions.undo_import(upload=made, by=cast.hr, at=now)
    assert queries.manager_of(cast.colleague.pk, later) == cast.manager
    assert queries.team_of(cast.colleague.pk, later) == cast.team
    assert models.Person.objects.get(pk=cast.colleague.pk).left_on is None


def test_taking_back_leaves_no_new_unit_behind(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    made = apply(upload("Number,Name,Business unit\nN1,Ann,Moon base\n"))
    assert models.BusinessUnit.objects.filter(name_en="Moon base").exists()
    actions.undo_import(upload=made, by=cast.hr, at=now)
    assert not models.BusinessUnit.objects.filter(name_en="Moon base").exists()


def test_whoever_comes_or_changes_is_scored_anew(cast: Cast, upload: Any, apply: Any) -> None:
    apply(upload("Number,Name,Title\nP003,Eli Employee,Planner\nN1,Ann,\n"))
    ann = models.Person.objects.get(number="N1")
    assert set(stale.claim("score", limit=9).subject_ids) == {ann.pk, cast.employee.pk}


def test_an_import_in_use_is_not_taken_back(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    made = apply(upload("Number,Name\nN1,Ann\n"))
    ann = models.Person.objects.get(number="N1")
    actions.change_manager(
        person=cast.colleague, manager=ann, starts_on=queries.today(cast.organisation), by=cast.hr, at=now
    )
    with pytest.raises(PeopleRefused, match="worked with"):
        actions.undo_import(upload=made, by=cast.hr, at=now)
    assert models.Person.objects.filter(number="N1").exists()


def test_a_file_of_nothing_is_refused_in_words(upload: Any) -> None:
    for content in (b"", b"\x00\x01\x02\x03", b"Number,Name\n", b"PK\x03\x04broken"):
        with pytest.raises(sheets.SheetRefused):
            upload(content)


def test_columns_are_chosen_when_the_guess_does_not_do(upload: Any, now: Any) -> None:
    made = upload("A,B\nN1,Ann\n")
    assert made.checked_at is None
    with pytest.raises(PeopleRefused, match="Employee number"):
        actions.map_columns(upload=made, mapping={"name_en": 1}, at=now)
    made = actions.map_columns(upload=made, mapping={"number": 0, "name_en": 1}, at=now)
    assert made.report["counts"]["new"] == 1


def test_a_large_import_takes_a_fixed_number_of_statements(
    upload: Any, apply: Any, django_assert_max_num_queries: Any
) -> None:
    for size in (20, 200):
        lines = "".join(f"B{size}-{n},Person {n},P001,2024-01-01,Team {n % 7},\n" for n in range(size))
        made = upload(HEADER + lines)
        with django_assert_max_num_queries(45):
            apply(made)
    assert AuditRow.objects.filter(action="people.apply_import").count() == 2


def test_a_loop_with_a_planned_change_is_refused_in_words(
    cast: Cast, upload: Any, apply: Any, now: Any
) -> None:
    later = queries.today(cast.organisation) + datetime.timedelta(days=30)
    models.ReportingLine.objects.filter(person=cast.hr).delete()
    actions.change_manager(person=cast.boss, manager=cast.hr, starts_on=later, by=None, at=now)
    made = upload("Number,Name,Manager\nP005,Hana Hr,P001\n")
    assert made.report["counts"]["errors"] == 0
    with pytest.raises(PeopleRefused, match="form a loop"):
        apply(made)


def test_somebody_who_left_long_ago_is_imported_without_a_line(upload: Any, apply: Any) -> None:
    made = upload("Number,Name,Manager,Left,Team\nZ1,Old Hand,P001,2024-05-01,OPS\n")
    assert errors_of(made) == {}
    apply(made)
    person = models.Person.objects.get(number="Z1")
    assert person.left_on == datetime.date(2024, 5, 1)
    assert not models.ReportingLine.objects.filter(person=person).exists()
    assert not models.TeamMembership.objects.filter(person=person).exists()


def test_a_second_team_becomes_the_primary_one(cast: Cast, upload: Any, apply: Any, now: Any) -> None:
    today = queries.today(cast.organisation)
    team = actions.start_team(code="FIN", name_en="Finance", by=cast.hr, at=now)
    actions.join_team(
        person=cast.employee,
        team=team,
        starts_on=today - datetime.timedelta(days=9),
        by=cast.hr,
        at=now,
        is_primary=False,
    )
    apply(upload("Number,Name,Team\nP003,,Finance\n"))
    assert queries.team_of(cast.employee.pk, today) == team


def test_a_closed_team_and_a_manager_who_left_are_cells_that_are_wrong(
    cast: Cast, upload: Any, apply: Any, now: Any
) -> None:
    yesterday = queries.today(cast.organisation) - datetime.timedelta(days=1)
    team = actions.start_team(code="OLD", name_en="Old team", by=cast.hr, at=now)
    actions.close_team(team=team, on=yesterday, by=cast.hr, at=now)
    actions.deactivate_person(person=cast.colleague, left_on=yesterday, by=cast.hr, at=now)
    made = upload("Number,Name,Manager,Team\nN1,Ann Lee,P004,\nP003,,,Old team\nN2,Ben Li,P001,OLD\n")
    errors = errors_of(made)
    assert list(errors) == ["C2", "D3", "D4"]
    assert "Cody Colleague will have left" in errors["C2"]
    assert "closed on that day" in errors["D3"]


def test_a_line_to_a_manager_with_a_last_day_ends_with_it(
    cast: Cast, upload: Any, apply: Any, now: Any
) -> None:
    last_day = queries.today(cast.organisation) + datetime.timedelta(days=30)
    actions.deactivate_person(person=cast.colleague, left_on=last_day, by=cast.hr, at=now)
    apply(upload("Number,Name,Manager\nN1,Ann Lee,P004\n"))
    line = models.ReportingLine.objects.get(person__number="N1")
    assert line.ends_on == last_day + datetime.timedelta(days=1)


def test_a_leaver_whom_somebody_will_report_to_by_plan_is_named(cast: Cast, upload: Any, now: Any) -> None:
    today = queries.today(cast.organisation)
    actions.change_manager(
        person=cast.auditor,
        manager=cast.colleague,
        starts_on=today + datetime.timedelta(days=60),
        by=cast.hr,
        at=now,
    )
    made = upload(f"Number,Name,Left\nP004,,{today.isoformat()}\n")
    assert "1 of their reports" in errors_of(made)["C2"]
