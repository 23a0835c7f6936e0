"""What stays undone goes up the line: once a level, by kind and person only, and it ends with the work itself."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import audit, tenancy
from performance.inbox import actions, tasks
from performance.inbox.models import Delivery, OverdueRule, WorkItem
from performance.people import actions as people_actions
from tests import races
from tests.conftest import Cast, make_person, report_to

#: No holidays near.
MONDAY = datetime.date(2026, 3, 2)


def moment(day: int, hour: int = 10) -> datetime.datetime:
    """Day 0 is the Monday; 4 the Friday, 7 the next Monday."""
    on = MONDAY + datetime.timedelta(days=day)
    return datetime.datetime.combine(on, datetime.time(hour), ZoneInfo("Asia/Shanghai"))


def ask(kind: str = "goals.agreement", to: Any = None, at: Any = None, **fields: Any) -> WorkItem:
    return actions.assign_work(
        **{
            "to": to,
            "kind": kind,
            "subject_id": uuid.uuid4(),
            "title_en": "Close store 07",
            "title_zh": "关闭07号店",
            "detail_en": "A private objective",
            "url": "/goals/",
            "by": None,
            "at": at or moment(0),
        }
        | fields
    )


def sweep(organisation: Any, at: datetime.datetime) -> None:
    actions.note_due_days(organisation=organisation, at=at)
    actions.escalate_overdue(organisation=organisation, at=at)


def told() -> list[tuple[str, str]]:
    items = WorkItem.objects.filter(kind__endswith=".overdue", done_at=None).select_related("person")
    return [(item.person.name_en, item.title_en) for item in items.order_by("assigned_at")]


@pytest.fixture
def here(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield cast.organisation


def test_what_has_no_due_day_gets_one_after_five_workdays(here: Any, cast: Cast) -> None:
    item, mention = ask(to=cast.employee), ask("goals.mention", to=cast.employee)
    sweep(here, moment(0))
    item.refresh_from_db()
    mention.refresh_from_db()
    assert item.due_on == MONDAY + datetime.timedelta(days=7)
    assert mention.due_on is None, "nothing that only tells somebody is ever late"
    sweep(here, moment(1))
    item.refresh_from_db()
    assert item.due_on == MONDAY + datetime.timedelta(days=7)


def test_what_is_found_long_after_it_came_is_not_late_at_once(here: Any, cast: Cast) -> None:
    item = ask(to=cast.employee, at=moment(-60))
    sweep(here, moment(0))
    item.refresh_from_db()
    assert item.due_on == MONDAY + datetime.timedelta(days=7)
    assert told() == []


def test_after_the_grace_the_manager_hears_of_it_and_after_another_theirs(here: Any, cast: Cast) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    # Monday's due day, Tuesday to Monday is the grace.
    sweep(here, moment(7))
    assert told() == []
    sweep(here, moment(8))
    sweep(here, moment(8, 18))
    line = f"An agreement is overdue with {cast.employee.name_en}"
    assert told() == [(cast.manager.name_en, line)]
    sweep(here, moment(15))
    assert len(told()) == 1
    sweep(here, moment(16))
    assert told() == [(cast.manager.name_en, line), (cast.boss.name_en, line)]
    for day in range(17, 60):
        sweep(here, moment(day))
    assert len(told()) == 2, "two levels, once each"
    item.refresh_from_db()
    assert (item.escalated_to, item.escalations, item.escalate_on) == (cast.boss, 2, None)


def test_the_line_is_told_of_kind_and_person_and_of_nothing_else(here: Any, cast: Cast) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    item = WorkItem.objects.get(person=cast.manager)
    words = " ".join((item.title_en, item.title_zh, item.detail_en, item.detail_zh, item.url))
    assert "store 07" not in words
    assert "07号店" not in words
    assert "private" not in words
    assert item.title_zh == "易员工的目标确认已逾期"
    assert item.kind == "goals.overdue"
    assert item.url == reverse("people:person", args=[cast.employee.pk])
    assert Delivery.objects.filter(item=item).count() == 1


@pytest.mark.parametrize("kind", ["feedback.pulse", "feedback.note", "goals.check_in", "goals.missed"])
def test_some_kinds_stay_between_those_whom_they_concern(here: Any, cast: Cast, kind: str) -> None:
    ask(kind, to=cast.employee, due_on=MONDAY)
    sweep(here, moment(30))
    assert told() == []


def test_what_is_done_is_waited_for_by_nobody_up_the_line(here: Any, cast: Cast) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    sweep(here, moment(16))
    assert len(told()) == 2
    actions.resolve_work(
        kind=item.kind, subject_id=item.subject_id, by=cast.employee, at=moment(17), to=cast.employee
    )
    assert told() == []
    sweep(here, moment(30))
    assert told() == []


def test_days_away_are_no_days_of_grace(here: Any, cast: Cast, actor: Any) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(2))
    people_actions.note_absence(
        person=cast.employee,
        kind="leave",
        starts_on=MONDAY + datetime.timedelta(days=3),
        ends_on=MONDAY + datetime.timedelta(days=10),
        by=actor(cast.employee),
        at=moment(2),
    )
    # Two days of grace before the leave; three more, from Friday to Tuesday; told on Wednesday.
    sweep(here, moment(15))
    assert told() == []
    sweep(here, moment(16))
    assert [name for name, _line in told()] == [cast.manager.name_en]


def test_a_manager_who_is_away_is_passed_over(here: Any, cast: Cast, actor: Any) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    people_actions.note_absence(
        person=cast.manager,
        kind="leave",
        starts_on=MONDAY,
        ends_on=MONDAY + datetime.timedelta(days=30),
        by=actor(cast.manager),
        at=moment(0),
    )
    sweep(here, moment(8))
    assert [name for name, _line in told()] == [cast.boss.name_en]


def test_nobody_is_told_at_the_weekend_or_when_somebody_has_left(here: Any, cast: Cast) -> None:
    ask(to=cast.employee, due_on=MONDAY + datetime.timedelta(days=4))
    OverdueRule.objects.create(grace_days=0)
    sweep(here, moment(5))
    assert told() == []
    cast.employee.left_on = MONDAY
    cast.employee.save(update_fields=["left_on"])
    sweep(here, moment(7))
    assert told() == []


def test_hr_says_how_long_and_how_far(here: Any, cast: Cast, actor: Any) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(1))
    actions.set_overdue_rule(due_days=3, grace_days=1, levels=1, by=actor(cast.hr), at=moment(1))
    actions.set_overdue_rule(due_days=3, grace_days=1, levels=1, by=actor(cast.hr), at=moment(1))
    assert audit.rows().filter(action="inbox.set_overdue_rule").count() == 1
    sweep(here, moment(2))
    assert [name for name, _line in told()] == [cast.manager.name_en]
    sweep(here, moment(30))
    assert len(told()) == 1
    item.refresh_from_db()
    assert item.escalate_on is None
    with pytest.raises(actions.InboxRefused, match="from 0 to 20"):
        actions.set_overdue_rule(due_days=3, grace_days=21, levels=1, by=actor(cast.hr), at=moment(1))


def test_with_nobody_to_hear_of_it_nothing_goes_up(here: Any, cast: Cast, actor: Any) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(1))
    actions.set_overdue_rule(due_days=5, grace_days=0, levels=0, by=actor(cast.hr), at=moment(1))
    sweep(here, moment(30))
    assert told() == []


def test_whoever_takes_over_hears_what_the_leaver_was_told(here: Any, cast: Cast) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    actions.pass_work_on(person=cast.manager, to=cast.boss, at=moment(9))
    assert [name for name, _line in told()] == [cast.boss.name_en]
    actions.resolve_work(kind=item.kind, subject_id=item.subject_id, by=None, at=moment(10))
    assert told() == []


def test_queries_do_not_grow_with_the_number_of_items(here: Any, cast: Cast) -> None:
    def counted(items: int) -> int:
        for _number in range(items):
            ask(to=cast.employee, due_on=MONDAY)
        actions.note_due_days(organisation=here, at=moment(1))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sweep(here, moment(8))
        return len(queries)

    assert counted(2) == counted(20)


def test_an_item_that_nobody_looked_at_is_told_by_the_task_in_the_morning_only(
    here: Any, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    for at, expected in ((moment(8, 8), 0), (moment(8, 9), 1), (moment(8, 9), 1)):
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        tasks.escalate_overdue.apply()
        assert len(told()) == expected


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_one_thing_once(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        ask(to=cast.employee, due_on=MONDAY)
        actions.note_due_days(organisation=cast.organisation, at=moment(1))

    outcomes = races.first_holds_while_second_runs(
        cast.organisation,
        lambda: actions.escalate_overdue(organisation=cast.organisation, at=moment(8)),
        lambda: actions.escalate_overdue(organisation=cast.organisation, at=moment(8)),
    )
    assert sorted(outcomes) == [0, 1]
    with tenancy.acting_for(cast.organisation):
        assert len(told()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_done_while_it_is_being_told_leaves_nobody_waiting(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        item = ask(to=cast.employee, due_on=MONDAY)
        actions.note_due_days(organisation=cast.organisation, at=moment(1))
    races.second_waits_for_first(
        cast.organisation,
        lambda: actions.escalate_overdue(organisation=cast.organisation, at=moment(8)),
        lambda: actions.resolve_work(
            kind=item.kind, subject_id=item.subject_id, by=cast.employee, at=moment(8)
        ),
    )
    with tenancy.acting_for(cast.organisation):
        assert WorkItem.objects.filter(kind="goals.overdue").count() == 1
        assert told() == []


def test_only_hr_changes_it_on_the_page_and_by_the_api(cast: Cast, client_for: Callable[..., Any]) -> None:
    page, endpoint = reverse("inbox:overdue_rule"), reverse("api_inbox_overdue")
    given = {"due_days": 3, "grace_days": 2, "levels": 1}
    for person in (cast.employee, cast.manager, cast.auditor):
        assert client_for(person).get(page).status_code == 200
        assert client_for(person).post(page, given).status_code == 403
        answer = client_for(person).put(endpoint, given, content_type="application/json")
        assert answer.status_code == 403
    assert client_for(cast.hr).post(page, given).status_code == 302
    assert client_for(cast.hr).post(page, given | {"levels": 3}).status_code == 422
    answer = client_for(cast.hr).put(endpoint, given | {"due_days": 4}, content_type="application/json")
    assert answer.json() == given | {"due_days": 4}
    assert client_for(cast.employee).get(endpoint).json() == given | {"due_days": 4}
    refused = client_for(cast.hr).put(endpoint, given | {"levels": 3}, content_type="application/json")
    assert refused.status_code == 400


def test_the_list_says_to_whom_it_went(here: Any, cast: Cast, client_for: Callable[..., Any]) -> None:
    ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    page = client_for(cast.employee).get(reverse("inbox:list")).content.decode()
    assert f"escalated to {cast.manager.name_en} on 10 Mar" in page
    chinese = client_for(cast.employee).get(reverse("inbox:list"), headers={"accept-language": "zh-hans"})
    assert "已上报米经理" in chinese.content.decode()
    row = client_for(cast.employee).get(reverse("api_inbox")).json()["results"][0]
    assert row["escalated_to_id"] == str(cast.manager.pk)
    assert row["escalated_on"] == "2026-03-10"


def test_the_list_says_on_which_day_the_next_level_hears_of_it_while_one_will(
    here: Any, cast: Cast, client_for: Callable[..., Any]
) -> None:
    def said() -> list[bool]:
        page = client_for(cast.employee).get(reverse("inbox:list")).content.decode()
        grace, next_level, nobody = (
            "5 workdays after that, it is told up your line",
            "If it stays undone, the next of your line hears of it on 18 Mar",
            "changes neither that nor who hears of it",
        )
        return [words in page for words in (grace, next_level, nobody)]

    ask(to=cast.employee, due_on=MONDAY)
    assert said() == [True, False, False]
    sweep(here, moment(8))
    assert said() == [False, True, False]
    sweep(here, moment(16))
    assert said() == [False, False, True]


def test_somebody_without_a_line_keeps_it(here: Any, cast: Cast) -> None:
    alone = make_person("P100", "Alma Alone")
    below = make_person("P101", "Bert Below")
    report_to(alone, below)
    ask(to=alone, due_on=MONDAY)
    ask(to=below, due_on=MONDAY)
    for day in (8, 16, 30):
        sweep(here, moment(day))
    assert [name for name, _line in told()] == [alone.name_en]


def test_what_was_told_of_something_done_meanwhile_is_swept_away(here: Any, cast: Cast) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    # However it was closed, and whatever was forgotten then.
    WorkItem.objects.filter(pk=item.pk).update(done_at=moment(9))
    assert actions.close_what_is_done(at=moment(9)) == 1
    assert told() == []


def test_somebody_who_gets_a_manager_later_is_told_of_then(here: Any, cast: Cast) -> None:
    alone = make_person("P100", "Alma Alone")
    ask(to=alone, due_on=MONDAY)
    sweep(here, moment(8))
    assert told() == []
    report_to(cast.manager, alone)
    sweep(here, moment(9))
    assert [name for name, _line in told()] == [cast.manager.name_en]


def test_what_is_overdue_is_told_to_the_new_line_when_the_line_changes(
    here: Any, cast: Cast, actor: Any
) -> None:
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    line = f"An agreement is overdue with {cast.employee.name_en}"
    assert told() == [(cast.manager.name_en, line)]

    def reports_to(manager: Any, day: int) -> None:
        people_actions.change_manager(
            person=cast.employee,
            manager=manager,
            starts_on=moment(day).date(),
            by=actor(cast.hr),
            at=moment(9),
        )

    reports_to(cast.colleague, 20)
    assert told() == [(cast.manager.name_en, line)], "a plan changes nothing yet"
    reports_to(cast.hr, 9)
    assert told() == [(cast.hr.name_en, line)]
    item.refresh_from_db()
    assert (item.escalated_to, item.escalations) == (cast.hr, 1)
    actions.resolve_work(kind=item.kind, subject_id=item.subject_id, by=cast.employee, at=moment(10))
    assert told() == []


def test_a_planned_line_passes_what_is_overdue_below_on_when_it_takes_effect(
    here: Any, cast: Cast, actor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = make_person("P100", "Nia New")
    item = ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    sweep(here, moment(16))
    levels = [name for name, _line in told()]
    assert levels == [cast.manager.name_en, cast.boss.name_en]
    people_actions.change_manager(
        person=cast.manager, manager=new, starts_on=moment(18).date(), by=actor(cast.hr), at=moment(17)
    )
    assert actions.pass_overdue_on(organisation=here, at=moment(17)) == 0, "a plan changes nothing yet"
    monkeypatch.setattr(tasks.timezone, "now", lambda: moment(18))
    tasks.escalate_overdue.run()
    assert [name for name, _line in told()] == [cast.manager.name_en, new.name_en]
    item.refresh_from_db()
    assert (item.escalated_to, item.escalations) == (new, 2)
    assert actions.pass_overdue_on(organisation=here, at=moment(18)) == 0


def test_a_line_that_changes_today_passes_on_what_is_overdue_below(here: Any, cast: Cast, actor: Any) -> None:
    new = make_person("P100", "Nia New")
    ask(to=cast.employee, due_on=MONDAY)
    sweep(here, moment(8))
    sweep(here, moment(16))
    people_actions.change_manager(
        person=cast.manager, manager=new, starts_on=moment(17).date(), by=actor(cast.hr), at=moment(17)
    )
    assert [name for name, _line in told()] == [cast.manager.name_en, new.name_en]
