"""What was asked in an earlier week and has had no answer stays before the manager."""

import pytest
from django.urls import reverse

from okr import actions
from tests.okr.conftest import WEEK, monday_of


@pytest.fixture
def team_page(cast, client_for):
    return lambda **query: client_for(cast.manager).get(reverse("okr:my_team"), query).content.decode()


@pytest.fixture
def weeks_ago(active, check_in, quarter, now):
    """Checks in for so many weeks ago."""
    quarter.starts_on -= 6 * WEEK
    quarter.save()

    def do(count, **fields):
        return check_in(week_starts_on=monday_of(now.date()) - count * WEEK, **fields)

    return do


def test_earlier_weeks_that_wait_for_an_answer_stand_on_the_managers_page_oldest_first(
    weeks_ago, team_page, cast
):
    weeks_ago(1, blockers="The lift is broken.", asks=cast.manager)
    oldest = weeks_ago(3, blockers="The gate is shut.")
    weeks_ago(2, wins="All is well.")
    page = team_page()
    assert "Needs a reply 2" in page
    assert "Nobody has checked in yet" not in page
    assert page.index("The gate is shut.") < page.index("The lift is broken.")
    assert reverse("okr:conversation", args=[oldest.pk]) in page
    assert "All is well." not in page
    assert "The gate is shut." not in team_page(show="all")


def test_an_answer_takes_the_week_away_and_ones_own_words_do_not(weeks_ago, team_page, cast, actor, now):
    asked = weeks_ago(2, blockers="The lift is broken.", asks=cast.colleague)
    actions.reply_to_check_in(check_in=asked, text="Still so.", by=actor(cast.employee), at=now)
    assert "The lift is broken." in team_page()
    actions.reply_to_check_in(check_in=asked, text="On it.", by=actor(cast.colleague), at=now)
    assert 'id="earlier-weeks"' not in team_page()


def test_the_last_correction_of_an_earlier_week_is_shown_once(weeks_ago, team_page):
    weeks_ago(2, blockers="The lift is broken.")
    weeks_ago(2, blockers="The lift and the gate are broken.")
    page = team_page()
    assert "The lift is broken." not in page
    assert page.count("The lift and the gate are broken.") == 1


def test_the_teams_of_others_are_not_shown(weeks_ago, cast, client_for):
    weeks_ago(2, blockers="The lift is broken.")
    for person in (cast.colleague, cast.hr, cast.boss):
        page = client_for(person).get(reverse("okr:my_team"), follow=True).content.decode()
        assert "The lift is broken." not in page
