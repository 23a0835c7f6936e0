"""Finding goals in a long list: one's own with one press, and those of a person by name in either language."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.people import models as people
from tests.okr.conftest import content


@pytest.fixture
def many(propose, cast):
    people.Person.objects.filter(pk=cast.manager.pk).update(name_en="Mia Manager", name_zh="米经理")
    mine = propose(content("Of the employee"))
    theirs = propose(content("Of the manager"), by=cast.manager)
    return mine, theirs


def titles(client, **asked):
    page = client.get(reverse("okr:objectives"), asked)
    return {row.objective.title for row in page.context["rows"]}


@pytest.mark.parametrize("words", ["mia", "米经理", "经理", "Mia manager"])
def test_words_find_the_owner_by_name_in_either_language(many, cast, client_for, words):
    assert titles(client_for(cast.employee), q=words) == {"Of the manager"}


def test_words_of_the_text_and_of_a_name_narrow_together(many, cast, client_for):
    client = client_for(cast.employee)
    assert titles(client, q="Of Mia") == {"Of the manager"}
    assert titles(client, q="employee Mia") == set()
    assert titles(client_for(cast.stranger), q="Mia") == set()


def test_one_press_shows_mine_or_my_teams_and_another_takes_it_away(many, cast, client_for):
    client = client_for(cast.employee)
    page = client.get(reverse("okr:objectives"), {"q": "of"})
    mine, team = page.context["quick"]
    assert (mine[2], team[2]) == (False, False)
    narrowed = client.get(reverse("okr:objectives") + mine[1])
    assert {row.objective.title for row in narrowed.context["rows"]} == {"Of the employee"}
    assert 'aria-current="true">Mine' in narrowed.content.decode()
    _label, back, is_on = narrowed.context["quick"][0]
    assert is_on
    assert back == "?q=of"
    team_page = client.get(reverse("okr:objectives") + team[1])
    assert {row.objective.team for row in team_page.context["rows"]} == {cast.team}


def test_finding_asks_as_much_of_the_database_for_many_as_for_one(many, propose, cast, client_for):
    client = client_for(cast.employee)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as made:
            client.get(reverse("okr:objectives"), {"q": "Mia"})
        return len(made)

    cost()
    before = cost()
    for number in range(5):
        propose(content(f"More {number}"), by=cast.manager)
    assert cost() == before
