"""What comes into force in the midst of its period is expected from that day on."""

import dataclasses
import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import KeyResult, Objective
from tests.okr.checkpoints.courses import points
from tests.okr.conftest import content, key_result

PERCENT = 1_000_000


def expected(objective, day, quarter):
    """Of its first key result and of itself."""
    one = queries.with_key_results(Objective.objects.filter(pk=objective.pk)).get()
    pace = queries.pace_of(quarter, day)
    row = queries.key_result_rows(one, pace)[0]
    whole = queries.rows_of([one], {quarter.pk: pace}, {quarter.pk: queries.policy_of(quarter)})[0]
    return row.expected, whole.expected


@pytest.fixture
def agree_on(cast, actor, on):
    """Brings what is proposed into force at noon of the given day of the quarter."""

    def do(objective, day):
        at = datetime.datetime.combine(on(day), datetime.time(4), datetime.UTC)
        version = objective.versions.get(state="proposed")
        for person in (objective.owner, objective.agreer):
            actions.agree_objective(
                objective=objective, version_number=version.number, by=actor(person), at=at
            )
        objective.refresh_from_db()
        return objective

    return do


def test_what_is_agreed_by_the_first_day_is_expected_over_the_whole_period(propose, agree_on, on, quarter):
    one = agree_on(propose(content()), 1)
    assert one.key_results.get().paced_from is None
    row, whole = expected(one, on(50), quarter)
    assert (row.micro, whole.micro, row.since) == (50 * PERCENT, 50 * PERCENT, None)


def test_what_is_agreed_later_starts_that_day_and_is_whole_on_the_last(propose, agree_on, on, quarter):
    one = agree_on(propose(content()), 51)
    for day, percent in ((20, 0), (50, 0), (51, 2), (75, 50), (100, 100)):
        row, whole = expected(one, on(day), quarter)
        assert (row.micro, whole.micro) == (percent * PERCENT, percent * PERCENT)
        assert (row.since, whole.since) == (on(51), on(51))
        assert not row.by_checkpoints
        assert not whole.by_checkpoints


def test_it_is_not_behind_on_the_day_on_which_it_is_agreed(propose, agree_on, on, quarter):
    one = agree_on(propose(content()), 51)
    KeyResult.objects.filter(objective=one).update(progress_micro=0)
    row = one.key_results.select_related("objective__period").get()
    assert queries.paces_of([row], on(51), quarter.organisation).status_of(row) == "good"
    assert queries.paces_of([row], on(90), quarter.organisation).status_of(row) == "bad"


def test_a_later_version_moves_the_beginning_of_new_key_results_alone(
    propose, agree_on, on, quarter, actor, cast, now
):
    one = agree_on(propose(content("Both", key_result(title="Old"))), 21)
    text = queries.content_of(one)
    (old,) = text.key_results
    changed = dataclasses.replace(
        text,
        key_results=(
            dataclasses.replace(old, title="Old, said better", weight_ppm=500_000, target=Decimal(20)),
            key_result(title="New", weight=50),
        ),
    )
    actions.propose_change(
        objective=one, content=changed, by=actor(cast.employee), at=now, reason="There is more to it."
    )
    agree_on(one, 61)
    begun = dict(one.key_results.values_list("title", "paced_from"))
    assert begun == {"Old, said better": on(21), "New": on(61)}
    _row, whole = expected(one, on(60), quarter)
    assert (whole.micro, whole.by_checkpoints, whole.since) == (25 * PERCENT, True, None)


def test_a_later_version_leaves_what_was_removed_long_ago_as_it_was(
    propose, agree_on, on, quarter, actor, cast, now
):
    one = agree_on(
        propose(content("Two", key_result(title="Stays", weight=50), key_result(title="Goes", weight=50))), 21
    )
    text = queries.content_of(one)
    stays = next(each for each in text.key_results if each.title == "Stays")
    for day, key_results in (
        (41, (dataclasses.replace(stays, weight_ppm=PERCENT),)),
        (61, (stays, key_result(title="New", weight=50))),
    ):
        actions.propose_change(
            objective=one,
            content=dataclasses.replace(text, key_results=key_results),
            by=actor(cast.employee),
            at=now,
            reason="Other things matter now.",
        )
        agree_on(one, day)
    begun = dict(one.key_results.values_list("title", "paced_from"))
    assert begun == {"Stays": on(21), "Goes": on(21), "New": on(61)}


def test_checkpoints_follow_the_beginning_unless_they_lie_before_it(propose, agree_on, on, quarter):
    later = agree_on(propose(content("Later", key_result(checkpoints=points((on(75), 1))))), 51)
    assert [expected(later, on(day), quarter)[0].micro for day in (50, 75)] == [0, 10 * PERCENT]
    before = agree_on(propose(content("Before", key_result(checkpoints=points((on(25), 1))))), 51)
    assert [expected(before, on(day), quarter)[0].micro for day in (25, 100)] == [10 * PERCENT, 100 * PERCENT]


def test_the_page_says_since_when(propose, agree_on, on, quarter, cast, client_for):
    one = agree_on(propose(content()), 31)
    page = client_for(cast.employee).get(reverse("okr:objective", args=[one.pk])).content.decode()
    assert "expected, linear by workday since" in page
    told = client_for(cast.employee).get(reverse("api_objective", args=[one.pk])).json()
    assert told["key_results"][0]["paced_from"] == on(31).isoformat()
