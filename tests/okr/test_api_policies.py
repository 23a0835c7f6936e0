"""How a period counts progress, by API."""

import datetime
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from okr.models import OkrPolicy
from performance.people import actions as people_actions

JSON = {"content_type": "application/json"}


@pytest.fixture
def address(quarter, acting_cast):
    return reverse("api_okr_policy", args=[quarter.pk])


def test_hr_sets_the_policy_and_reads_its_versions(address, cast, client_for):
    client = client_for(cast.hr)
    assert (client.get(address).json()["number"], client.get(address).json()["versions"]) == (0, [])
    answer = client.post(address, {"over": "cap", "cap_percent": 150, "reason": "Reward more."}, **JSON)
    assert answer.status_code == 200, answer.content
    client.post(address, {"missing": "zero", "reason": "No report, no progress."}, **JSON)
    told = client.get(address).json()
    assert (told["number"], told["over"], told["cap_percent"], told["missing"]) == (2, "cap", 150, "zero")
    assert [each["number"] for each in told["versions"]] == [2, 1]
    assert told["by"] == str(cast.hr.pk)


def test_how_objectives_are_carried_over_is_set_and_read_with_the_rest(address, cast, client_for):
    client = client_for(cast.hr)
    assert client.get(address).json()["carry_over"] == "restart"
    answer = client.post(address, {"carry_over": "from_current", "reason": "Go on."}, **JSON)
    assert (answer.status_code, answer.json()["carry_over"]) == (200, "from_current")
    assert answer.json()["versions"][0]["carry_over"] == "from_current"


def test_a_running_period_is_not_counted_differently_without_a_reason(address, cast, client_for):
    refused = client_for(cast.administrator).post(address, {"over": "cap"}, **JSON)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["reason"])
    assert not OkrPolicy.objects.exists()


def test_a_cap_below_the_whole_is_refused(address, cast, client_for):
    answer = client_for(cast.hr).post(address, {"cap_percent": 90, "reason": "Less."}, **JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["cap_percent"])


def test_what_a_new_version_would_move_is_told_before_it_is_set(address, quarter, reported, cast, client_for):
    client, look = client_for(cast.hr), reverse("api_okr_policy_preview", args=[quarter.pk])
    told = client.post(look, {"missing": "zero"}, **JSON).json()
    assert (told["counted"], told["moved"], told["unseen"], told["unlisted"]) == (1, 1, 0, 0)
    (mover,) = told["movers"]
    assert (mover["objective"], mover["before"], mover["after"]) == (
        str(reported.pk),
        "50.000000",
        "12.500000",
    )
    assert not OkrPolicy.objects.exists()
    late = client.post(address, {"missing": "zero", "reason": "So.", "based_on": 3}, **JSON)
    assert late.status_code == 409
    answer = client.post(address, {"missing": "zero", "reason": "So.", "based_on": 0}, **JSON)
    assert answer.status_code == 200
    assert client.post(look, {"missing": "zero"}, **JSON).status_code == 422
    assert client_for(cast.employee).post(look, {"missing": "zero"}, **JSON).status_code == 403


def test_others_neither_read_nor_set_it_and_the_auditor_reads(address, cast, client_for):
    given = {"over": "cap", "reason": "Why not."}
    for person in (cast.employee, cast.manager, cast.boss, cast.business_owner):
        assert client_for(person).get(address).status_code == 403
        assert client_for(person).post(address, given, **JSON).status_code == 403
    assert client_for(cast.auditor).get(address).status_code == 200
    assert client_for(cast.auditor).post(address, given, **JSON).status_code == 403
    assert client_for(cast.stranger).get(address).status_code == 404
    assert client_for(cast.stranger).post(address, given, **JSON).status_code == 404
    unknown = reverse("api_okr_policy", args=[uuid.uuid4()])
    assert client_for(cast.hr).get(unknown).status_code == 404
    assert not OkrPolicy.objects.exists()


def test_a_token_sets_it_only_with_the_scope_to_write(address, cast, actor, now):
    _token, secret = people_actions.create_token(
        actor=actor(cast.hr),
        name="script",
        scopes=["goals:read"],
        expires_at=now + datetime.timedelta(days=1),
        at=now,
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(address).status_code == 200
    assert client.post(address, {"over": "cap", "reason": "Why not."}, **JSON).status_code == 403
