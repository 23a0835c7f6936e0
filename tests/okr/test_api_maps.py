"""What pages show from further away the API gives too: confidence, the map, the timeline, two periods side by side, and
how each objective stands by which policy."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import Objective
from tests import ready
from tests.okr.conftest import content, monday_of


@pytest.fixture
def get(client_for):
    def ask(person, name, *args, **asked):
        response = client_for(person).get(reverse(name, args=args), asked)
        assert response.status_code == 200, response.content
        return response.json()

    return ask


@pytest.fixture
@ready.made
def private(propose, agree, cast):
    """A goal of the employee that only they and their line may see."""
    return agree(propose(content("Nobody else's business", visibility="private")))


def test_an_objective_says_which_policy_counts_it_what_is_expected_and_how_it_stands(
    active, check_in, cast, get, actor, quarter, now
):
    check_in(actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3))
    (one,) = get(cast.employee, "api_objectives")["results"]
    assert one["policy"] == 0
    assert Decimal(one["progress"]) > 0
    assert Decimal(one["expected"]) > 0
    assert one["status"] in ("good", "warn", "bad")
    assert {each["status"] for each in one["key_results"]} <= {"good", "warn", "bad", "none"}
    by_kind = {each["kind"]: each["expected"] for each in one["key_results"]}
    assert by_kind["increase"] is not None
    assert by_kind.get("yes_no") is None
    actions.set_policy(
        period=quarter, choices={"cap_percent": 120}, reason="Why not.", by=actor(cast.hr), at=now
    )
    assert get(cast.employee, "api_objective", active.pk)["policy"] == 1
    assert get(cast.employee, "api_objectives")["results"][0]["policy"] == 1


def test_confidence_comes_week_by_week_and_of_visible_goals_alone(active, private, check_in, cast, get, now):
    check_in(actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3))
    mine = get(cast.employee, "api_goals_confidence")
    rows = {row["objective"]["title"]: row for row in mine["results"]}
    assert mine["count"] == 2
    said = {week["week_starts_on"]: week["confidence"] for week in rows[active.title]["weeks"]}
    assert said[str(monday_of(now.date()))] == 3
    assert rows[active.title]["objective"]["policy"] == 0
    others = get(cast.colleague, "api_goals_confidence")
    assert [row["objective"]["title"] for row in others["results"]] == [active.title]


def test_the_map_names_what_serves_what_and_opens_what_is_asked(
    active, private, propose, agree, cast, actor, get, now
):
    top = agree(propose(content("At the top"), by=cast.manager))
    actions.align_objectives(
        child=active, parent=top, kind="contributes", share_ppm=250_000, by=actor(cast.employee), at=now
    )
    Objective.objects.get(pk=top.pk).served_by.update(accepted_at=now)
    drawn = get(cast.employee, "api_goals_map")
    assert [(node["objective"]["title"], node["depth"]) for node in drawn["nodes"]] == [
        ("At the top", 0),
        (active.title, 1),
    ]
    (line,) = drawn["lines"]
    assert (line["start"], line["end"], line["kind"]) == (str(active.pk), str(top.pk), "contributes")
    assert Decimal(line["share"]) == 25
    assert drawn["unconnected"] == 1
    assert get(cast.colleague, "api_goals_map")["unconnected"] == 0
    shut = get(cast.employee, "api_goals_map", open="")
    assert [node["is_open"] for node in shut["nodes"]] == [False]
    found = get(cast.employee, "api_goals_map", open="", q=active.title)
    assert [node["objective"]["title"] for node in found["nodes"] if node["is_found"]] == [active.title]


def test_the_timeline_gives_the_year_its_goals_and_when_they_were_agreed(active, private, cast, get, quarter):
    year = get(cast.colleague, "api_goals_timeline")
    assert year["first"] <= str(quarter.starts_on) <= year["last"]
    (row,) = year["results"]
    assert (row["objective"]["title"], row["starts_on"]) == (active.title, str(quarter.starts_on))
    assert [each["version"] for each in row["agreed"]] == [1]


def test_two_periods_are_compared_in_all_and_owner_by_owner(
    active, private, cast, get, quarter, next_quarter
):
    asked = {"before": str(quarter.pk), "now": str(next_quarter.pk)}
    seen = get(cast.employee, "api_compare_periods", **asked)
    assert (seen["before"]["period"], seen["before"]["policy"], seen["before"]["goals"]) == (
        str(quarter.pk),
        0,
        2,
    )
    assert (seen["now"]["goals"], seen["now"]["progress"]) == (0, None)
    (owner,) = seen["results"]
    assert (owner["kind"], owner["owner"], owner["goals_before"]) == ("person", str(cast.employee.pk), 2)
    assert get(cast.colleague, "api_compare_periods", **asked)["before"]["goals"] == 1
    alone = get(cast.employee, "api_compare_periods", now=str(quarter.pk))
    assert (alone["before"], alone["results"]) == (None, [])


@pytest.mark.parametrize(
    "name",
    ["api_objectives", "api_goals_confidence", "api_goals_map", "api_goals_timeline", "api_compare_periods"],
)
def test_more_goals_cost_no_more_queries(
    name, active, propose, agree, cast, client_for, quarter, next_quarter
):
    asked = {"before": quarter.pk, "now": next_quarter.pk} if name == "api_compare_periods" else {}
    client = client_for(cast.employee)
    client.get(reverse(name), asked)
    with CaptureQueriesContext(connection) as before:
        client.get(reverse(name), asked)
    for number in range(4):
        agree(propose(content(f"Another {number}")))
    with CaptureQueriesContext(connection) as after:
        assert client.get(reverse(name), asked).status_code == 200
    assert len(after) == len(before)
