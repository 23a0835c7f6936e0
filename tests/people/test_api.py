"""The API goes through the same rules as the pages, and meets the same cast."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models, queries
from tests.conftest import Cast

LISTS = ["api_people", "api_teams", "api_periods", "api_tokens", "api_inbox"]


@pytest.mark.parametrize("name", LISTS)
def test_every_member_reads_the_lists(cast: Cast, client_for: Any, name: str) -> None:
    for person in cast.members():
        assert client_for(person).get(reverse(name)).status_code == 200, person
    assert Client().get(reverse(name)).status_code in (401, 403)


def test_people_of_another_organisation_are_not_there(cast: Cast, client_for: Any) -> None:
    stranger = client_for(cast.stranger)
    assert stranger.get(reverse("api_person", args=[cast.employee.pk])).status_code == 404
    numbers = [row["number"] for row in stranger.get(reverse("api_people")).json()["results"]]
    assert numbers == ["X900"]
    answer = stranger.post(
        reverse("api_person_manager", args=[cast.employee.pk]),
        {"manager_id": str(cast.boss.pk), "starts_on": "2026-01-01"},
        content_type="application/json",
    )
    assert answer.status_code == 404


def test_only_hr_writes_people(cast: Cast, client_for: Any) -> None:
    for person in cast.members():
        answer = client_for(person).post(
            reverse("api_people"), {"number": f"A-{person.number}", "name_en": "Ann Lee"}, "application/json"
        )
        assert answer.status_code == (201 if person == cast.hr else 403), person


def test_one_person_is_shown_as_of_a_day(cast: Cast, client_for: Any, now: Any) -> None:
    today = queries.today(cast.organisation)
    hr = client_for(cast.hr)
    address = reverse("api_person", args=[cast.employee.pk])
    changed = hr.post(
        reverse("api_person_manager", args=[cast.employee.pk]),
        {"manager_id": str(cast.boss.pk), "starts_on": today.isoformat()},
        "application/json",
    )
    assert changed.status_code == 204
    assert hr.get(address).json()["manager_id"] == str(cast.boss.pk)
    yesterday = today - datetime.timedelta(days=1)
    assert hr.get(address, {"asof": yesterday.isoformat()}).json()["manager_id"] == str(cast.manager.pk)


def test_a_refusal_is_a_problem_in_words(cast: Cast, client_for: Any) -> None:
    answer = client_for(cast.hr).post(
        reverse("api_person_manager", args=[cast.boss.pk]),
        {"manager_id": str(cast.employee.pk), "starts_on": "2026-01-01"},
        "application/json",
    )
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "cycle"
    assert "loop" in answer.json()["detail"]


def test_a_period_is_opened_and_moved(cast: Cast, client_for: Any) -> None:
    hr = client_for(cast.hr)
    given = {"name_en": "Q1", "kind": "quarter", "starts_on": "2031-01-01", "ends_on": "2031-03-31"}
    opened = hr.post(reverse("api_periods"), given, "application/json")
    assert opened.status_code == 201
    step = reverse("api_period_state", args=[opened.json()["id"]])
    assert hr.post(step, {"to": "active"}, "application/json").json()["state"] == "active"
    assert client_for(cast.auditor).post(step, {"to": "closing"}, "application/json").status_code == 403
    assert hr.post(reverse("api_periods"), given, "application/json").status_code == 422


def test_the_list_pages_by_cursor_at_constant_cost(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.employee)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("api_people"))
    with tenancy.acting_for(cast.organisation):
        models.Person.objects.bulk_create(
            models.Person(number=f"N{n}", name_en=f"New {n}") for n in range(120)
        )
    with CaptureQueriesContext(connection) as many:
        page = client.get(reverse("api_people")).json()
    assert len(many) == len(few)
    seen = [row["number"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["number"] for row in page["results"]]
    assert len(seen) == len(set(seen)) == 129
