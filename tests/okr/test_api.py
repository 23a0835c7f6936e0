"""The API goes through the same rules and actions as the pages."""

from decimal import Decimal

import pytest
from django.urls import reverse

from okr.models import Objective
from tests.okr.conftest import monday_of

JSON = {"content_type": "application/json"}


@pytest.fixture
def body(quarter):
    return {
        "period": str(quarter.pk),
        "title": "Never out of stock",
        "key_results": [
            {"kind": "increase", "title": "Stores", "weight": "60", "start": "0", "target": "10.5"},
            {
                "kind": "milestones",
                "title": "Calendar",
                "weight": "40",
                "milestones": [{"title": "One"}, {"title": "Two"}],
            },
        ],
    }


def test_propose_suggest_agree_check_in_and_reply(body, cast, client_for, now):
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    proposed = employee.post(reverse("api_objectives"), body, **JSON)
    assert proposed.status_code == 201, proposed.content
    one = proposed.json()
    assert (one["state"], one["progress"], one["versions"][0]["signatures"][0]["side"]) == (
        "proposed",
        None,
        "owner",
    )
    stores = one["key_results"][0]
    assert (stores["weight"], Decimal(stores["target"])) == ("60", Decimal("10.5"))

    suggested = manager.post(
        reverse("api_suggest_edit", args=[one["id"]]),
        {"field": f"{stores['id']}.target", "new": "12", "reason": "Bolder."},
        **JSON,
    )
    assert suggested.status_code == 201, suggested.content
    accepted = employee.post(reverse("api_accept_edit", args=[suggested.json()["id"]]))
    assert accepted.status_code == 200, accepted.content
    stale = manager.post(reverse("api_agree_objective", args=[one["id"]]), {"version": 1}, **JSON)
    assert (stale.status_code, stale["Content-Type"]) == (409, "application/problem+json")
    agreed = manager.post(reverse("api_agree_objective", args=[one["id"]]), {"version": 2}, **JSON)
    assert agreed.json()["state"] == "active"

    week = {
        "week_starts_on": str(monday_of(now.date())),
        "wins": "Two stores.",
        "readings": [{"key_result": stores["id"], "value": "6", "confidence": 4}],
    }
    submitted = employee.post(reverse("api_check_ins"), week, **JSON)
    assert submitted.status_code == 201, submitted.content
    assert Decimal(submitted.json()["entries"][0]["progress"]) == 50
    replied = manager.post(
        reverse("api_reply", args=[submitted.json()["id"]]), {"text": "Well done."}, **JSON
    )
    assert replied.status_code == 201
    (listed,) = manager.get(reverse("api_check_ins")).json()["results"]
    assert listed["replies"][0]["text"] == "Well done."


def test_an_unsound_text_is_a_problem_with_its_field(body, cast, client_for):
    body["key_results"][0]["weight"] = "50"
    answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
    assert answer.status_code == 422
    assert "weights" in answer.json()["errors"]


def test_an_owner_who_is_not_here_is_refused(body, cast, client_for):
    body["key_results"][0]["owner"] = str(cast.stranger.pk)
    answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["0.owner"])


def test_nobody_proposes_for_who_is_not_below_them(body, cast, client_for):
    for person, status in ((cast.colleague, 403), (cast.stranger, 404)):
        body["owner"] = str(person.pk)
        answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
        assert answer.status_code == status
    body["owner"] = str(cast.employee.pk)
    assert client_for(cast.boss).post(reverse("api_objectives"), body, **JSON).status_code == 201


def test_a_key_result_of_another_objective_is_never_taken_over(body, active, cast, client_for):
    theirs = active.key_results.first()
    body["key_results"][0]["id"] = str(theirs.pk)
    answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
    assert answer.status_code == 201
    theirs.refresh_from_db()
    assert theirs.objective_id == active.pk
    assert Objective.objects.count() == 2


def test_without_signing_in_there_is_no_way(client, db):
    assert client.get(reverse("api_objectives")).status_code in (401, 403)


def test_a_milestone_is_weighed_and_weighed_anew_and_keeps_its_weight_where_none_is_said(
    body, cast, client_for
):
    employee, steps = client_for(cast.employee), body["key_results"][1]["milestones"]

    def weights(answer):
        assert answer.status_code in (200, 201), answer.content
        return [(step["title"], step["weight"]) for step in answer.json()["key_results"][1]["milestones"]]

    steps[0]["weight"] = 3
    proposed = employee.post(reverse("api_objectives"), body, **JSON)
    assert weights(proposed) == [("One", 3), ("Two", 1)]
    for row, kept in zip(body["key_results"], proposed.json()["key_results"], strict=True):
        row["id"] = kept["id"]
    del steps[0]["weight"]
    steps[1]["weight"] = 4
    address = reverse("api_change_objective", args=[proposed.json()["id"]])
    assert weights(employee.post(address, body, **JSON)) == [("One", 3), ("Two", 4)]


@pytest.mark.parametrize(
    ("place", "field", "many"),
    [
        (1, "milestones", [{"title": f"Step {number}"} for number in range(51)]),
        (0, "checkpoints", [{"on": "2026-01-31", "value": "1"}] * 27),
        (0, "slice", {f"d{number}": "x" for number in range(11)}),
        (0, "slice", {"d" * 81: "x"}),
        (0, "slice", {"store": "x" * 201}),
    ],
)
def test_a_key_result_has_bounded_parts(body, acting_cast, cast, client_for, place, field, many):
    body["key_results"][place][field] = many
    answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
    assert answer.status_code in (400, 422), answer.content
    assert field in str(answer.json()["errors"])
    assert not Objective.objects.exists()


def test_titles_are_one_line_of_what_one_sees(body, cast, client_for):
    body["title"] = "Never out\n of \u0007stock"
    body["key_results"][0]["title"] = "Stores\tserved\r\n"
    body["key_results"][1]["milestones"][0]["title"] = "One\nstep"
    answer = client_for(cast.employee).post(reverse("api_objectives"), body, **JSON)
    one = answer.json()
    assert one["title"] == "Never out of stock"
    assert one["key_results"][0]["title"] == "Stores served"
    assert one["key_results"][1]["milestones"][0]["title"] == "One step"
