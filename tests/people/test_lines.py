"""Dated reporting lines: no loops on any day, plans, transfers, leaving; roles, periods and names beside them."""

import concurrent.futures
import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from performance.foundation import refusals, stale, tenancy
from performance.foundation.models import AuditRow
from performance.people import actions, models, queries
from performance.people.actions import PeopleRefused
from tests.conftest import LONG_AGO, Cast


@pytest.fixture(autouse=True)
def _acting(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


def days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


def test_the_database_refuses_a_loop_however_it_is_written(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="reporting line"), transaction.atomic():
        models.ReportingLine.objects.bulk_create(
            [models.ReportingLine(person=cast.boss, manager=cast.employee, starts_on=LONG_AGO)]
        )


def test_the_database_refuses_a_loop_on_the_days_that_overlap_only(cast: Cast, today: datetime.date) -> None:
    models.ReportingLine.objects.filter(person=cast.manager).update(ends_on=today)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.ReportingLine.objects.create(person=cast.boss, manager=cast.manager, starts_on=today - days(1))
    models.ReportingLine.objects.create(person=cast.boss, manager=cast.manager, starts_on=today)


def test_the_walk_is_made_also_when_nobody_acts_for_the_organisation_any_more(cast: Cast) -> None:
    def write_late() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS lines_without_cycles DEFERRED")
            models.ReportingLine.objects.create(person=cast.boss, manager=cast.manager, starts_on=LONG_AGO)
            cursor.execute("SELECT set_config('app.organisation', '', true)")
            cursor.execute("SET CONSTRAINTS lines_without_cycles IMMEDIATE")

    with pytest.raises(IntegrityError):
        write_late()


def test_change_manager_refuses_a_loop_in_words(cast: Cast, now: Any, today: datetime.date) -> None:
    with pytest.raises(PeopleRefused) as refused:
        actions.change_manager(person=cast.boss, manager=cast.employee, starts_on=today, by=cast.hr, at=now)
    assert refused.value.code == "cycle"
    assert "Eli Employee reports to Bo Boss" in str(refused.value)


def test_the_past_keeps_its_manager(cast: Cast, now: Any, today: datetime.date) -> None:
    actions.change_manager(person=cast.employee, manager=cast.boss, starts_on=today, by=cast.hr, at=now)
    assert queries.manager_of(cast.employee.pk, today) == cast.boss
    assert queries.manager_of(cast.employee.pk, today - days(1)) == cast.manager
    row = AuditRow.objects.get(action="people.change_manager")
    assert row.changes["manager"] == ["Mia Manager", "Bo Boss"]


def test_a_later_plan_stays_when_the_line_changes_before_it(
    cast: Cast, now: Any, today: datetime.date
) -> None:
    actions.change_manager(person=cast.employee, manager=cast.hr, starts_on=today + days(30), by=None, at=now)
    actions.change_manager(
        person=cast.employee, manager=cast.boss, starts_on=today + days(10), by=None, at=now
    )
    expected = {0: cast.manager, 10: cast.boss, 29: cast.boss, 30: cast.hr}
    for offset, manager in expected.items():
        assert queries.manager_of(cast.employee.pk, today + days(offset)) == manager


def test_a_change_in_force_is_not_withdrawn(cast: Cast, now: Any, today: datetime.date) -> None:
    line = actions.change_manager(person=cast.employee, manager=cast.boss, starts_on=today, by=None, at=now)
    assert line
    with pytest.raises(PeopleRefused, match="in force"):
        actions.withdraw_change(line=line, by=cast.hr, at=now)


def test_manager_and_report_change_places_in_two_steps(cast: Cast, now: Any, today: datetime.date) -> None:
    actions.change_manager(person=cast.employee, manager=cast.boss, starts_on=today, by=None, at=now)
    actions.change_manager(person=cast.manager, manager=cast.employee, starts_on=today, by=None, at=now)
    assert queries.line_above(cast.manager.pk, today) == [cast.employee.pk, cast.boss.pk]


def test_leaving_hands_over_the_reports_and_closes_the_account(
    cast: Cast, now: Any, today: datetime.date
) -> None:
    yesterday = today - days(1)
    with pytest.raises(PeopleRefused, match="2 people report to them"):
        actions.deactivate_person(person=cast.manager, left_on=yesterday, by=cast.hr, at=now)
    actions.deactivate_person(
        person=cast.manager, left_on=yesterday, reports_to=cast.boss, by=cast.hr, at=now
    )
    assert queries.manager_of(cast.employee.pk, today) == cast.boss
    assert queries.manager_of(cast.employee.pk, yesterday) == cast.manager
    assert queries.load_actor(user=cast.manager.user, organisation_id=cast.organisation.pk) is None


def test_the_last_administrator_stays(cast: Cast, now: Any, today: datetime.date) -> None:
    with pytest.raises(PeopleRefused, match="only administrator"):
        actions.deactivate_person(person=cast.administrator, left_on=today, by=cast.hr, at=now)
    with pytest.raises(PeopleRefused, match="only administrator"):
        actions.revoke_role(person=cast.administrator, role="administrator", by=cast.hr, at=now)


def test_erasing_removes_what_names_the_person_and_keeps_them_countable(
    cast: Cast, now: Any, today: datetime.date
) -> None:
    with pytest.raises(PeopleRefused, match="once the person has left"):
        actions.erase_personal_data(person=cast.colleague, by=cast.hr, at=now, why="asked on Monday")
    actions.deactivate_person(person=cast.colleague, left_on=today - days(2), by=cast.hr, at=now)
    left = models.Person.objects.get(pk=cast.colleague.pk)
    actions.erase_personal_data(person=left, by=cast.hr, at=now, why="asked on Monday")
    left.refresh_from_db()
    assert "Cody" not in f"{left.name_en}{left.name_zh}{left.email}{left.number}"
    assert models.ReportingLine.objects.filter(person=left).exists()


def test_a_new_primary_team_ends_the_one_before(cast: Cast, now: Any, today: datetime.date) -> None:
    finance = actions.start_team(code="FIN", name_en="Finance", by=cast.hr, at=now)
    actions.join_team(person=cast.employee, team=finance, starts_on=today, by=cast.hr, at=now)
    assert queries.team_of(cast.employee.pk, today) == finance
    assert queries.team_of(cast.employee.pk, today - days(1)) == cast.team
    with pytest.raises(PeopleRefused, match="inside itself"):
        actions.edit_team(
            team=finance, name_en="Finance", name_zh="", parent=finance, lead=None, by=cast.hr, at=now
        )


def test_the_outline_leads_from_the_top_to_the_reports(cast: Cast, today: datetime.date, actor: Any) -> None:
    root = queries.outline(cast.manager, today, actor(cast.colleague))
    assert root.person == cast.boss
    assert root.everyone == 8
    node = root.find(cast.manager.pk)
    assert node
    assert node.is_current
    assert [child.person for child in node.children] == [cast.colleague, cast.employee]
    assert root.children[0].person == cast.manager
    assert root.more == 3


def test_periods_of_a_kind_do_not_overlap_and_lock_separately(cast: Cast, now: Any) -> None:
    given = {"kind": "quarter", "by": cast.hr, "at": now}
    first, last = datetime.date(2026, 1, 1), datetime.date(2026, 3, 31)
    period = actions.open_period(name_en="Q1", starts_on=first, ends_on=last, **given)
    with pytest.raises(PeopleRefused, match="covers some"):
        actions.open_period(name_en="again", starts_on=last, ends_on=last + days(30), **given)
    actions.lock_goals(period=period, by=cast.hr, at=now)
    period.refresh_from_db()
    assert period.goals_locked_at
    assert period.progress_locked_at is None
    with pytest.raises(PeopleRefused, match="Say why"):
        actions.unlock_goals(period=period, by=cast.hr, at=now, why=" ")


def test_no_reason_fills_the_log(cast: Cast, now: Any) -> None:
    """Whatever form it comes by: what stands there stays for good."""
    first, last = datetime.date(2026, 1, 1), datetime.date(2026, 3, 31)
    period = actions.open_period(
        kind="quarter", name_en="Q1", starts_on=first, ends_on=last, by=cast.hr, at=now
    )
    actions.lock_goals(period=period, by=cast.hr, at=now)
    with pytest.raises(refusals.Refused, match="4000") as refused, transaction.atomic():
        actions.unlock_goals(period=period, by=cast.hr, at=now, why="x" * 4001)
    assert refused.value.code == "too_long"
    period.refresh_from_db()
    assert period.goals_locked_at


@pytest.mark.parametrize(
    ("pattern", "month", "on", "expected"),
    [
        ("months", 1, "2026-05-14", (2026, 2, "2026-04-01", "2026-06-30")),
        ("months", 4, "2026-05-14", (2027, 1, "2026-04-01", "2026-06-30")),
        ("months", 4, "2026-02-01", (2026, 4, "2026-01-01", "2026-03-31")),
        ("445", 1, "2026-01-01", (2026, 1, "2025-12-29", "2026-03-29")),
        ("445", 1, "2026-12-31", (2026, 4, "2026-09-28", "2027-01-03")),
        ("13", 1, "2026-03-22", (2026, 1, "2025-12-29", "2026-03-22")),
        ("13", 1, "2026-12-31", (2026, 4, "2026-09-07", "2027-01-03")),
    ],
)
def test_quarters_follow_the_fiscal_calendar(
    cast: Cast, pattern: str, month: int, on: str, expected: tuple[Any, ...]
) -> None:
    cast.organisation.fiscal_pattern, cast.organisation.fiscal_start_month = pattern, month
    quarter = queries.fiscal_quarter(cast.organisation, datetime.date.fromisoformat(on))
    assert (quarter.year, quarter.number, str(quarter.starts_on), str(quarter.ends_on)) == expected


@pytest.mark.parametrize(
    ("pattern", "month", "on", "expected"),
    [
        ("months", 4, "2026-05-14", (2027, 2, "2026-05-01", "2026-05-31")),
        ("months", 4, "2026-03-31", (2026, 12, "2026-03-01", "2026-03-31")),
        ("445", 1, "2026-02-01", (2026, 2, "2026-01-26", "2026-02-22")),
        ("445", 1, "2026-03-01", (2026, 3, "2026-02-23", "2026-03-29")),
        ("454", 1, "2026-03-01", (2026, 2, "2026-01-26", "2026-03-01")),
        ("544", 1, "2026-02-01", (2026, 1, "2025-12-29", "2026-02-01")),
        ("13", 1, "2026-12-31", (2026, 13, "2026-11-30", "2027-01-03")),
    ],
)
def test_months_follow_the_fiscal_calendar(
    cast: Cast, pattern: str, month: int, on: str, expected: tuple[Any, ...]
) -> None:
    cast.organisation.fiscal_pattern, cast.organisation.fiscal_start_month = pattern, month
    found = queries.fiscal_month(cast.organisation, datetime.date.fromisoformat(on))
    assert (found.year, found.number, str(found.starts_on), str(found.ends_on)) == expected


@pytest.mark.parametrize("pattern", models.FiscalPattern.values)
def test_months_and_quarters_cover_every_day_once(cast: Cast, pattern: str) -> None:
    cast.organisation.fiscal_pattern = pattern
    quarter = queries.fiscal_quarter(cast.organisation, datetime.date(2024, 1, 10))
    month = queries.fiscal_month(cast.organisation, quarter.starts_on)
    for _number in range(40):
        assert month in queries.months_of(cast.organisation, quarter)
        if month.ends_on == quarter.ends_on:
            following = queries.next_quarter(cast.organisation, quarter)
            assert following.starts_on == quarter.ends_on + days(1)
            quarter = following
        after = queries.next_month(cast.organisation, month)
        assert after.starts_on == month.ends_on + days(1)
        month = after


def test_work_days_know_holidays_make_up_days_and_our_own(cast: Cast, now: Any) -> None:
    work_days = queries.work_days(cast.organisation)
    assert not work_days.is_workday(datetime.date(2025, 10, 1))
    assert work_days.is_workday(datetime.date(2025, 10, 11))
    assert work_days.between(datetime.date(2025, 10, 1), datetime.date(2025, 10, 8)) == 0
    actions.set_calendar_day(on=datetime.date(2025, 10, 11), is_worked=False, by=cast.hr, at=now)
    assert not queries.work_days(cast.organisation).is_workday(datetime.date(2025, 10, 11))


@pytest.mark.parametrize(
    ("name_en", "name_zh", "expected"),
    [
        ("Lin Yue", "林悦", "lin yue"),
        ("", "单小明", "shan xiaoming"),
        ("", "欧阳修", "ouyang xiu"),
        ("Elena Petrova", "", "elena petrova"),
    ],
)
def test_names_sort_by_sound(name_en: str, name_zh: str, expected: str) -> None:
    assert actions.sorting_name(name_en, name_zh) == expected


def test_a_move_to_another_unit_makes_the_score_out_of_date(cast: Cast, now: Any) -> None:
    unit = models.BusinessUnit.objects.create(code="moon", name_en="Moon base")
    actions.edit_person(person=cast.employee, fields={"city": "Tycho"}, by=cast.hr, at=now)
    assert not stale.claim("score", limit=9)
    actions.edit_person(person=cast.employee, fields={"unit": unit}, by=cast.hr, at=now)
    assert stale.claim("score", limit=9).subject_ids == [cast.employee.pk]


def test_an_edit_keeps_what_somebody_else_wrote_meanwhile(cast: Cast, now: Any, today: Any) -> None:
    seen_before = models.Person.objects.get(pk=cast.colleague.pk)
    actions.deactivate_person(person=cast.colleague, left_on=today, by=cast.hr, at=now)
    actions.edit_person(person=seen_before, fields={"city": "Tycho"}, by=cast.hr, at=now)
    assert models.Person.objects.get(pk=cast.colleague.pk).left_on == today


def test_threads_that_ask_for_a_year_at_once_find_its_holidays(cast: Cast) -> None:
    work_days = queries.work_days(cast.organisation)
    for year in range(2018, 2027):
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            day = datetime.date(year, 10, 1)
            assert not any(threads.map(work_days.is_workday, [day] * 16))


def test_no_index_of_lines_begins_with_the_organisation_and_goes_on_without_the_person() -> None:
    """With such a one, the walk against loops reads everybody's lines at each step while the table has no statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_get_indexdef(indexrelid, 1, true), pg_get_indexdef(indexrelid, 2, true)
            FROM pg_index WHERE indrelid = 'people_reportingline'::regclass"""
        )
        led = [second for first, second in cursor.fetchall() if first == "organisation_id"]
    assert set(led) == {"person_id"}
