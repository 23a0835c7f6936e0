"""The map of confidence: what the newest answer of each week was, and only of what one may see."""

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import KeyResult
from tests.okr.conftest import WEEK, content, key_result, monday_of


@pytest.fixture
def answered(active, check_in, cast, now, quarter):
    """Two weeks of answers; the last one was corrected."""

    def say(week, confidences, at):
        keys = list(
            KeyResult.objects.filter(objective=active, kind__in=("increase", "decrease")).order_by("ordinal")
        )
        readings = [
            actions.Reading(each.pk, value=each.start, confidence=confidence)
            for each, confidence in zip(keys, confidences, strict=True)
        ]
        return check_in(*readings, week_starts_on=week, at=at)

    this = monday_of(now.date())
    say(this, (4, 2), now)
    say(this, (5, 3), now)
    return this


def test_the_lowest_of_the_newest_answers_stands_for_the_week(answered, active):
    (row,) = queries.confidence_rows([active], [answered - WEEK, answered])
    assert row.weeks == ((answered - WEEK, None), (answered, 3))
    assert row.change is None


def test_the_page_holds_only_what_one_may_see(answered, active, propose, agree, cast, client_for):
    secret = agree(propose(content("Merge two stores in silence", key_result(), visibility="private")))
    address = reverse("okr:confidence")
    for person, sees in (
        (cast.employee, True),
        (cast.manager, True),
        (cast.colleague, False),
        (cast.hr, False),
    ):
        shown = client_for(person).get(address).content.decode()
        assert active.title in shown, person
        assert (secret.title in shown) is sees, person
    assert active.title not in client_for(cast.stranger).get(address).content.decode()


def test_the_map_asks_the_same_number_of_questions_at_any_size(
    answered, propose, agree, cast, client_for, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser, address = client_for(cast.employee), reverse("okr:confidence")
    browser.get(address)
    with CaptureQueriesContext(connection) as first:
        browser.get(address)
    for number in range(5):
        agree(propose(content(f"Another {number}")))
    with django_assert_num_queries(len(first)):
        browser.get(address)
