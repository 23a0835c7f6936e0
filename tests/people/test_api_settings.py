"""By API: the organisation, its calendar, roles, and the log."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models
from tests.conftest import Cast


def readers(cast: Cast) -> tuple[models.Person, ...]:
    return cast.administrator, cast.hr, cast.auditor


@pytest.mark.parametrize("name", ["api_organisation", "api_calendar_days", "api_roles", "api_audit_log"])
def test_settings_are_read_by_those_who_keep_or_audit_them(
    cast: Cast, send: Any, with_token: Any, name: str
) -> None:
    address = reverse(name)
    for person in cast.members():
        expected = 200 if person in readers(cast) else 403
        assert send(person, "get", address).status_code == expected, person
    assert Client().get(address).status_code in (401, 403)
    assert with_token(cast.hr, "people:read").get(address).status_code == 403
    assert with_token(cast.hr, "settings:read").get(address).status_code == 200


def test_the_administrator_edits_the_organisation(cast: Cast, send: Any, is_kept_to: Any) -> None:
    address = reverse("api_organisation")
    given = {"currency": "EUR", "country": "", "fiscal_start_month": 4}
    is_kept_to((cast.administrator,), "patch", address, given, of_us=False)
    changed = send(cast.administrator, "patch", address, given)
    assert changed.status_code == 200
    assert changed.json() | given == changed.json()
    assert changed.json()["name_en"] == "Harbour Retail"
    with tenancy.acting_for(cast.organisation):
        row = AuditRow.objects.get(action="people.edit_organisation")
    assert row.changes["currency"] == ["CNY", "EUR"]
    assert send(cast.stranger, "get", address).json()["currency"] == "CNY"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "XXX"),
        ("country", "ZZ"),
        ("time_zone", "Mars/Base"),
        ("fiscal_start_month", 13),
        ("goal_visibility", "nobody"),
        ("name_en", ""),
    ],
)
def test_an_organisation_keeps_to_what_its_form_offers(cast: Cast, send: Any, field: str, value: Any) -> None:
    answer = send(cast.administrator, "patch", reverse("api_organisation"), {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_day_of_our_own_is_noted_and_cleared(cast: Cast, send: Any, is_kept_to: Any) -> None:
    address = reverse("api_calendar_days")
    given = {"on": "2031-05-05", "is_worked": False, "note_en": "Founders' day"}
    keepers = (cast.hr, cast.administrator)
    is_kept_to(keepers, "post", address, given, of_us=False)
    noted = send(cast.hr, "post", address, given)
    assert noted.status_code == 201
    anew = send(cast.administrator, "post", address, given | {"is_worked": True}).json()
    assert anew["id"] == noted.json()["id"]
    listed = send(cast.auditor, "get", address).json()["results"]
    assert [(day["on"], day["is_worked"]) for day in listed] == [("2031-05-05", True)]
    one = reverse("api_calendar_day", args=[anew["id"]])
    is_kept_to(keepers, "delete", one)
    assert send(cast.hr, "delete", one).status_code == 204
    assert send(cast.hr, "get", address).json()["results"] == []


def test_the_administrator_gives_a_role_and_takes_it_back(
    cast: Cast, send: Any, is_kept_to: Any, with_token: Any
) -> None:
    address = reverse("api_roles")
    given = {"person_id": str(cast.employee.pk), "role": "business_owner", "why": "new metric"}
    is_kept_to((cast.administrator,), "post", address, given)
    assert with_token(cast.administrator, "people:write").post(address, given).status_code == 403
    made = with_token(cast.administrator, "settings:write").post(
        address, json.dumps(given), content_type="application/json"
    )
    assert made.status_code == 201
    again = send(cast.administrator, "post", address, given)
    assert again.status_code == 422
    assert "role" in again.json()["errors"]
    held = send(cast.hr, "get", address).json()["results"]
    assert {"person_id": given["person_id"], "role": "business_owner"}.items() <= held[0].items()
    one = reverse("api_role", args=[cast.employee.pk, "business_owner"])
    is_kept_to((cast.administrator,), "delete", one)
    assert send(cast.administrator, "delete", one).status_code == 204
    assert send(cast.administrator, "delete", one).status_code == 422


def test_roles_that_do_not_go_together_are_pointed_out(cast: Cast, send: Any) -> None:
    given = {"person_id": cast.business_owner.pk, "role": "finance_owner"}
    made = send(cast.administrator, "post", reverse("api_roles"), given).json()
    assert "one person cannot give both" in made["conflicts"][0]
    held = send(cast.auditor, "get", reverse("api_roles")).json()["results"]
    pointed_out = {row["person_id"] for row in held if row["conflicts"]}
    assert pointed_out == {str(cast.business_owner.pk)}


def test_the_last_administrator_keeps_the_role(cast: Cast, send: Any) -> None:
    one = reverse("api_role", args=[cast.administrator.pk, "administrator"])
    answer = send(cast.administrator, "delete", one)
    assert answer.status_code == 422
    assert answer.json()["title"] == "last_administrator"


def test_the_log_is_searched_and_paged(cast: Cast, send: Any) -> None:
    for city in ("Chengdu", "Xi'an", "Wuhan"):
        send(cast.hr, "patch", reverse("api_person", args=[cast.employee.pk]), {"city": city})
    send(cast.hr, "patch", reverse("api_person", args=[cast.colleague.pk]), {"city": "Chengdu"})
    address = reverse("api_audit_log")
    log = send(cast.auditor, "get", address, {"q": "edit_person"}).json()["results"]
    assert [row["subject_id"] for row in log] == [str(cast.colleague.pk)] + 3 * [str(cast.employee.pk)]
    assert log[0]["person_name"] == "Hana Hr"
    assert log[0]["changes"] == {"city": ["", "Chengdu"]}
    page = send(cast.hr, "get", address, {"subject": cast.employee.pk, "page_size": 2}).json()
    rows = page["results"]
    while page["next"]:
        page = send(cast.hr, "get", page["next"]).json()
        rows += page["results"]
    assert [row["changes"]["city"][1] for row in rows] == ["Wuhan", "Xi'an", "Chengdu"]
    assert send(cast.stranger, "get", address).json()["results"] == []
    assert send(cast.hr, "post", address).status_code == 405
