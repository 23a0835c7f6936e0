"""Finding goals in a long list: one's own with one press, and those of a person by name in either language."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.people import models as people
from tests import ready
from tests.okr.conftest import content, key_result


@pytest.fixture
@ready.made
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


@pytest.mark.parametrize("words", ["calendar", "日历", "calendar mia"])
def test_words_find_a_goal_by_its_key_results_in_the_list_and_on_the_map(
    propose, agree, cast, client_for, words
):
    people.Person.objects.filter(pk=cast.manager.pk).update(name_en="Mia Manager", name_zh="米经理")
    text = content("The season", key_result(title="Order calendar 订货日历"))
    agree(propose(text, by=cast.manager))
    client = client_for(cast.employee)
    assert titles(client, q=words) == {"The season"}
    mapped = client.get(reverse("okr:strategy"), {"q": words})
    assert "1 goal found" in mapped.content.decode()
    assert "The season" in client.get(reverse("search"), {"q": words}).content.decode()


def test_the_palette_shows_first_what_is_called_so_and_fills_no_list_with_one_kind(
    propose, agree, cast, client_for
):
    for number in range(9):
        people.Person.objects.create(
            organisation=cast.organisation,
            number=f"S{number}",
            name_en=f"Ann {number}",
            title_en="Stock keeper",
        )
    agree(propose(content("Shelves", key_result(title="Stock counted"))))
    agree(propose(content("Never out of stock")))
    groups = client_for(cast.employee).get(reverse("search"), {"q": "stock"}).context["groups"]
    assert [str(title) for title, _found in groups] == ["Goals", "People"]
    assert [hit[0] for hit in groups[0][1]] == ["Never out of stock", "Shelves"]
    assert len(groups[1][1]) == 5
