"""The timeline draws goals over a fiscal year; two periods stand side by side with figures that add up."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from okr import actions, queries
from tests.okr.conftest import content, key_result


@given(
    day=st.dates(datetime.date(2020, 1, 1), datetime.date(2035, 12, 31)),
    first_month=st.integers(1, 12),
)
def test_a_frame_is_the_fiscal_year_of_the_day_and_its_months_fill_it(day, first_month):
    frame = queries.frame_around(None, day, first_month)
    assert frame.first <= day <= frame.last
    assert (frame.first.month, frame.first.day) == (first_month, 1)
    assert frame.days in (365, 366)
    assert len(frame.months) == 12
    assert abs(sum(width for _first, _x, width in frame.months) - 100) < 0.01
    assert frame.place(frame.first) == 0
    assert frame.place(frame.last + datetime.timedelta(days=1)) == 100


def test_a_bar_runs_from_the_periods_first_day_to_its_last_and_is_filled_by_progress(
    active, check_in, quarter, now, client_for, cast, actor
):
    check_in(actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3))
    active.refresh_from_db()
    frame = queries.frame_around(quarter, now.date())
    (row,) = queries.timeline_rows([active], frame, actor(cast.employee))
    assert row.x == frame.place(quarter.starts_on)
    assert row.x + row.width == pytest.approx(
        frame.place(quarter.ends_on + datetime.timedelta(days=1)), abs=0.01
    )
    assert row.done == pytest.approx(row.width * row.percent / 100, abs=0.01)
    assert [number for _x, number, _day in row.marks] == [1]
    page = client_for(cast.employee).get(reverse("okr:timeline")).content.decode()
    assert active.title in page
    assert 'class="agreed"' in page


def test_the_timeline_shows_the_year_whatever_the_period_and_only_what_one_may_see(
    propose, agree, active, last_quarter, client_for, cast, actor
):
    secret = agree(propose(content("Merge two stores in silence", key_result(), visibility="private")))
    before = agree(propose(content("An earlier one"), period=last_quarter))
    shown = client_for(cast.colleague).get(reverse("okr:timeline")).content.decode()
    assert active.title in shown
    assert secret.title not in shown
    frame_holds = last_quarter.ends_on.year == active.period.starts_on.year
    assert (before.title in shown) is frame_holds
    assert active.title not in client_for(cast.stranger).get(reverse("okr:timeline")).content.decode()


def test_two_periods_stand_side_by_side_and_the_parts_sum_to_the_goals(
    propose, agree, check_in, quarter, last_quarter, now, actor, cast, client_for
):
    half = agree(propose(content("Half way", key_result())))
    agree(propose(content("Untouched", key_result())))
    full = agree(propose(content("An earlier one", key_result()), period=last_quarter))
    check_in(actions.Reading(key_result_id=half.key_results.get().pk, value=5, confidence=3))
    type(full).objects.filter(pk=full.pk).update(progress_micro=100_000_000)
    visible = queries.visible_to(actor(cast.employee))
    before, now_ = queries.totals_of(visible, [last_quarter, quarter])
    assert (before.goals, before.percent, dict(before.parts)["reached"]) == (1, 100, 1)
    assert (now_.goals, now_.percent) == (2, 50)
    for total in (before, now_):
        assert sum(count for _name, count in total.parts) == total.goals
    (row,) = queries.comparison_rows(queries.owners_compared(visible, before=last_quarter, now=quarter))
    assert (row.owner, row.before, row.now, row.change) == (cast.employee, 100, 50, -50)
    page = (
        client_for(cast.employee)
        .get(reverse("okr:compare"), {"before": last_quarter.pk, "now": quarter.pk})
        .content.decode()
    )
    assert re.search(r"−50\s*pp", page)


def test_the_comparison_counts_nothing_that_its_reader_may_not_see(
    propose, agree, quarter, last_quarter, actor, cast
):
    agree(propose(content("In silence", key_result(), visibility="private")))
    agree(propose(content("In the open", key_result())))
    for person, goals in ((cast.employee, 2), (cast.manager, 2), (cast.colleague, 1), (cast.hr, 1)):
        _before, now = queries.totals_of(queries.visible_to(actor(person)), [last_quarter, quarter])
        assert now.goals == goals, person


@pytest.mark.parametrize("page", ["okr:timeline", "okr:compare"])
def test_both_pages_ask_the_same_number_of_questions_at_any_size(
    page, active, last_quarter, propose, agree, client_for, cast, django_assert_num_queries
):
    agree(propose(content("Before"), period=last_quarter))
    browser, address = client_for(cast.employee), reverse(page)
    browser.get(address)
    with CaptureQueriesContext(connection) as first:
        browser.get(address)
    for number in range(4):
        agree(propose(content(f"Another {number}"), by=cast.colleague if number % 2 else None))
    with django_assert_num_queries(len(first)):
        browser.get(address)


def test_a_period_that_does_not_exist_is_no_error(active, client_for, cast):
    for page in ("okr:timeline", "okr:compare", "okr:strategy"):
        answer = client_for(cast.employee).get(reverse(page), {"period": "x", "now": "0", "before": "-"})
        assert answer.status_code == 200, page


def test_the_timeline_says_that_it_shows_every_period_of_a_year(
    active, propose, last_quarter, cast, client_for
):
    propose(content("Of the quarter before"), period=last_quarter)
    client = client_for(cast.employee)
    page = client.get(reverse("okr:timeline")).content.decode()
    assert "Of the quarter before" in page
    assert "every period of this fiscal year" in page
    assert "Year around" in page
    assert "Current period" not in page
    assert "Current period" in client.get(reverse("okr:objectives")).content.decode()
