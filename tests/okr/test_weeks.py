"""Which periods a week is reported in: a year beside a quarter, two quarters in the week between them."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries, tasks
from okr.models import CheckIn, CheckInDuty, Objective
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import ready
from tests.okr.conftest import WEEK, content, monday_of

A_DAY = datetime.timedelta(days=1)
JSON = {"content_type": "application/json"}


@pytest.fixture
def monday(now):
    """Of the last full week."""
    return monday_of(now.date()) - WEEK


@pytest.fixture
def two_quarters(acting_cast, quarter, monday):
    """The border lies within the week: the Tuesday belongs to the first, the Wednesday to the second."""
    people.Period.objects.filter(pk=quarter.pk).update(
        starts_on=monday - 80 * A_DAY, ends_on=monday + A_DAY, state="closing"
    )
    second = people.Period.objects.create(
        name_en="Next", starts_on=monday + 2 * A_DAY, ends_on=monday + 90 * A_DAY, state="active"
    )
    quarter.refresh_from_db()
    return quarter, second


@pytest.fixture
@ready.made
def year(acting_cast, now):
    first = datetime.date(now.year, 1, 1)
    return people.Period.objects.create(
        name_en=f"The year {now.year}",
        kind="year",
        starts_on=first,
        ends_on=first.replace(month=12, day=31),
        state="active",
    )


def goal_in(period, title, propose, agree, **fields):
    goal = agree(propose(content(title), period=period, **fields))
    return goal, goal.key_results.get()


def at(day, hour=10):
    return datetime.datetime.combine(day, datetime.time(hour), datetime.UTC)


def half(row):
    return actions.Reading(row.pk, value=Decimal(5), confidence=4)


def test_the_last_value_of_a_quarter_counts_although_the_next_was_reported_on(
    two_quarters, propose, agree, check_in, monday, now
):
    first, second = two_quarters
    old, old_row = goal_in(first, "Then", propose, agree)
    _new, new_row = goal_in(second, "Now", propose, agree)
    check_in(half(new_row), period=second)
    check_in(half(old_row), period=first, week_starts_on=monday - WEEK)
    old.refresh_from_db()
    old_row.refresh_from_db()
    assert (old_row.current, old.progress_micro) == (Decimal(5), 50_000_000)
    check_in(actions.Reading(old_row.pk, value=Decimal(2)), period=first, week_starts_on=monday - 2 * WEEK)
    old_row.refresh_from_db()
    assert old_row.current == Decimal(5), "a later week was reported on already"


def test_in_the_week_between_two_quarters_each_has_a_check_in_of_its_own(
    two_quarters, propose, agree, check_in, cast, monday, client_for, actor
):
    first, second = two_quarters
    _old, old_row = goal_in(first, "Then", propose, agree)
    _new, new_row = goal_in(second, "Now", propose, agree)
    tuesday, thursday = monday + A_DAY, monday + 3 * A_DAY
    assert queries.periods_of_week(monday, tuesday) == [first]
    assert queries.periods_of_week(monday, thursday) == [second, first]
    before = check_in(half(old_row), period=first, week_starts_on=monday, at=at(tuesday), wins="Last day")
    people.Period.objects.filter(pk=first.pk).update(progress_locked_at=at(tuesday, 20))
    after = check_in(half(new_row), period=second, week_starts_on=monday, at=at(thursday))
    assert (before.number, after.number, after.corrects) == (1, 1, None)
    again = check_in(
        half(new_row), period=second, week_starts_on=monday, at=at(thursday, 11), wins="First day"
    )
    assert (again.number, again.corrects_id) == (2, after.pk)
    assert set(queries.newest_entries(CheckIn.objects.all())) == {before, again}
    page = client_for(cast.manager).get(reverse("okr:person_check_ins", args=[cast.employee.pk]))
    assert "Last day" in page.content.decode()
    assert "First day" in page.content.decode()
    (count,) = queries.counts_by_week(cast.team, [monday], thursday, actor(cast.hr))
    assert (count.reported, count.owing) == (1, 1)


def test_goals_of_a_year_are_reported_on_one_page_with_those_of_the_quarter(
    quarter, year, propose, agree, cast, client_for, now
):
    _mine, row = goal_in(quarter, "This quarter", propose, agree)
    long, long_row = goal_in(year, "This year", propose, agree)
    client = client_for(cast.employee)
    page = client.get(reverse("okr:home")).content.decode()
    assert page.index("This quarter") < page.index("This year")
    assert year.name_en in page
    iso = now.date().isocalendar()
    posted = {f"value-{row.pk}": "4", f"value-{long_row.pk}": "5", "wins": "Both"}
    answer = client.post(reverse("okr:check_in", args=[f"{iso.year}-W{iso.week:02}"]), posted)
    assert answer.status_code == 302
    one = CheckIn.objects.get()
    assert (one.period_id, one.entries.count()) == (quarter.pk, 2)
    long.refresh_from_db()
    assert long.progress_micro == 50_000_000
    sent = {
        "week_starts_on": str(monday_of(now.date())),
        "readings": [{"key_result": str(long_row.pk), "value": "6"}],
    }
    assert client.post("/api/v1/goals/check-ins/", sent, **JSON).status_code == 201
    long.refresh_from_db()
    assert long.progress_micro == 60_000_000


def test_a_locked_quarter_does_not_keep_the_year_from_being_reported(
    quarter, year, propose, agree, check_in, cast, client_for, now
):
    mine, row = goal_in(quarter, "This quarter", propose, agree)
    _long, long_row = goal_in(year, "This year", propose, agree)
    people.Period.objects.filter(pk=quarter.pk).update(progress_locked_at=now)
    iso = now.date().isocalendar()
    address = reverse("okr:check_in", args=[f"{iso.year}-W{iso.week:02}"])
    client = client_for(cast.employee)
    assert client.post(address, {f"value-{row.pk}": "9", f"value-{long_row.pk}": "5"}).status_code == 302
    assert CheckIn.objects.get().period_id == year.pk
    assert list(Objective.objects.order_by("created_at").values_list("progress_micro", flat=True)) == [
        None,
        50_000_000,
    ]
    with pytest.raises(actions.CheckInRefused) as refused:
        check_in(half(row), period=year)
    assert refused.value.code == "not_yours"
    assert mine.progress_micro is None


def test_whoever_has_goals_of_the_year_alone_is_asked_and_nobody_twice(
    quarter, year, propose, agree, cast, now
):
    goal_in(quarter, "This quarter", propose, agree)
    goal_in(year, "This year", propose, agree)
    goal_in(year, "This year too", propose, agree, by=cast.colleague)
    with tenancy.remembering(cast.organisation.pk):
        tasks.keep_rhythm.apply().get()
        tasks.keep_rhythm.apply().get()
    assert set(CheckInDuty.objects.values_list("person_id", "period_id")) == {
        (cast.employee.pk, quarter.pk),
        (cast.colleague.pk, year.pk),
    }


def test_page_and_api_file_a_week_under_the_same_period(
    acting_cast, quarter, propose, agree, cast, client_for, monday, now
):
    """The quarter ends with the Sunday of that week, and the next one has begun."""
    people.Period.objects.filter(pk=quarter.pk).update(
        starts_on=monday - 80 * A_DAY, ends_on=monday + 6 * A_DAY
    )
    people.Period.objects.create(
        name_en="Next", starts_on=monday + WEEK, ends_on=monday + 90 * A_DAY, state="active"
    )
    _goal, row = goal_in(quarter, "Then", propose, agree)
    client = client_for(cast.employee)
    sent = {"week_starts_on": str(monday), "readings": [{"key_result": str(row.pk), "value": "5"}]}
    assert client.post("/api/v1/goals/check-ins/", sent, **JSON).status_code == 201
    iso = monday.isocalendar()
    page = reverse("okr:check_in", args=[f"{iso.year}-W{iso.week:02}"])
    assert client.post(page, {f"value-{row.pk}": "6"}).status_code == 302
    assert list(CheckIn.objects.order_by("number").values_list("number", "period_id")) == [
        (1, quarter.pk),
        (2, quarter.pk),
    ]


def test_an_old_check_in_keeps_the_colour_that_it_had_in_its_week(
    quarter, propose, agree, check_in, cast, client_for, now
):
    today = now.date()
    people.Period.objects.filter(pk=quarter.pk).update(
        starts_on=today - 80 * A_DAY, ends_on=today + 10 * A_DAY
    )
    quarter.refresh_from_db()
    _goal, row = goal_in(quarter, "Steady", propose, agree)
    early = monday_of(today - 70 * A_DAY)
    one = check_in(actions.Reading(row.pk, value=Decimal(4)), week_starts_on=early, at=at(early + 4 * A_DAY))
    manager = client_for(cast.manager)
    page = manager.get(reverse("okr:conversation", args=[one.pk]))
    assert page.context["pace"].status_of_entry(one.entries.get()) == "good"
    fragment = manager.get(reverse("okr:reply", args=[one.pk]), headers={"HX-Request": "true"})
    assert fragment.context["row"].status == "good"
    today_it_is = queries.Expected(queries.pace_of(quarter, today).expected_micro, by_checkpoints=False)
    assert today_it_is.status(one.entries.get().progress_micro) == "bad"


@pytest.mark.parametrize("by_api", [False, True])
def test_marking_all_as_read_leaves_what_waits_for_an_answer(
    by_api, quarter, propose, agree, check_in, cast, client_for
):
    _goal, row = goal_in(quarter, "Stuck", propose, agree)
    _other, fine = goal_in(quarter, "Fine", propose, agree, by=cast.colleague)
    stuck = check_in(actions.Reading(row.pk, value=Decimal(10)), blockers="No staff", asks=cast.manager)
    calm = check_in(actions.Reading(fine.pk, value=Decimal(10)), by=cast.colleague, wins="All good")
    manager = client_for(cast.manager)
    if by_api:
        told = manager.post("/api/v1/goals/check-ins/acknowledge/", **JSON)
        assert told.json() == {"acknowledged": 1}
    else:
        manager.post(reverse("okr:mark_read"))
    assert (stuck.replies.count(), calm.replies.count()) == (0, 1)
    assert WorkItem.objects.filter(kind="goals.blocker", done_at=None).exists()
