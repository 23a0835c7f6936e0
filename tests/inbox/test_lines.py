"""Nobody's reporting line changes behind their back."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.inbox import actions
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people.models import ReportingLine
from tests.conftest import Cast

A_WEEK = datetime.timedelta(days=7)


@pytest.fixture
def change(cast: Cast, actor: Any, now: Any) -> Any:
    def do(manager: Any, starts_on: datetime.date | None = None, by: Any = None) -> Any:
        with tenancy.acting_for(cast.organisation):
            return people_actions.change_manager(
                person=cast.employee,
                manager=manager,
                starts_on=starts_on or now.date(),
                by=actor(by or cast.hr),
                at=now,
            )

    return do


def told(cast: Cast) -> dict[str, str]:
    with tenancy.acting_for(cast.organisation):
        items = WorkItem.objects.filter(kind="people.line", done_at=None).select_related("person")
        return {item.person.name_en: item.title_en for item in items}


def test_hr_who_makes_herself_a_manager_is_seen_by_the_person_and_the_manager(
    change: Any, cast: Cast, now: Any
) -> None:
    change(cast.hr)
    found = told(cast)
    assert set(found) == {cast.employee.name_en, cast.manager.name_en}
    assert found[cast.employee.name_en].endswith(f"you report to {cast.hr.name_en}")
    assert found[cast.manager.name_en].endswith(f"{cast.employee.name_en} does not report to you any more")


def test_the_new_manager_is_told_once_it_holds_but_not_of_a_plan(change: Any, cast: Cast, now: Any) -> None:
    change(cast.boss, now.date() + A_WEEK)
    assert set(told(cast)) == {cast.employee.name_en, cast.manager.name_en}
    change(cast.business_owner)
    assert set(told(cast)) == {cast.employee.name_en, cast.manager.name_en, cast.business_owner.name_en}
    assert told(cast)[cast.business_owner.name_en].endswith(f"{cast.employee.name_en} reports to you")


def test_a_plan_that_is_withdrawn_is_told_to_the_person_alone(
    change: Any, cast: Cast, actor: Any, now: Any
) -> None:
    change(cast.boss, now.date() + A_WEEK)
    with tenancy.acting_for(cast.organisation):
        line = ReportingLine.objects.get(person=cast.employee, manager=cast.boss)
        people_actions.withdraw_change(line=line, by=actor(cast.hr), at=now)
    assert set(told(cast)) == {cast.employee.name_en}
    assert told(cast)[cast.employee.name_en].endswith(f"you report to {cast.manager.name_en}")


def test_it_is_done_by_reading_it_on_the_page_and_by_the_api(
    change: Any, cast: Cast, client_for: Callable[..., Any]
) -> None:
    change(cast.boss)
    with tenancy.acting_for(cast.organisation):
        items = {item.person_id: item for item in WorkItem.objects.filter(kind="people.line")}
    employee = client_for(cast.employee)
    assert "Mark as read" in employee.get(reverse("inbox:list")).content.decode()
    assert employee.post(reverse("inbox:read", args=[items[cast.manager.pk].pk])).status_code == 404
    assert employee.post(reverse("inbox:read", args=[items[cast.employee.pk].pk])).status_code == 302
    endpoint = reverse("api_inbox_read", args=[items[cast.manager.pk].pk])
    assert client_for(cast.manager).post(endpoint).status_code == 204
    assert set(told(cast)) == {cast.boss.name_en}


def test_nothing_else_is_done_by_reading_it(cast: Cast, actor: Any, now: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        item = actions.assign_work(
            to=cast.employee,
            kind="goals.agreement",
            subject_id=cast.employee.pk,
            title_en="Agree",
            title_zh="确认",
            url="/",
            by=None,
            at=now,
        )
        with pytest.raises(actions.InboxRefused, match="where it stands"):
            actions.read_note(item=item, by=actor(cast.employee), at=now)
