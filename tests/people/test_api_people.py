"""By API: somebody is added, invited, moved, leaves, returns, and is erased."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import jobs, tenancy
from performance.foundation.models import AuditRow
from performance.people import models, queries
from tests.conftest import Cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


@pytest.fixture
def newcomer(cast: Cast) -> models.Person:
    """Here, but without an account."""
    with tenancy.acting_for(cast.organisation):
        return models.Person.objects.create(number="N1", name_en="Nia New", email="nia@harbour.example")


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []
    monkeypatch.setattr(jobs, "nudge", lambda task, *given: sent.append((task.name, *given)))
    return sent


def last_audit(cast: Cast) -> str:
    with tenancy.acting_for(cast.organisation):
        return AuditRow.objects.order_by("-id")[0].action


def test_somebody_is_added_with_manager_team_and_unit(cast: Cast, send: Any, today: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        unit = models.BusinessUnit.objects.create(code="N", name_en="North")
    given = {"number": "A1", "name_en": "Ann Lee", "manager_id": cast.manager.pk, "team_id": cast.team.pk}
    answer = send(cast.hr, "post", reverse("api_people"), given | {"unit_id": unit.pk})
    assert answer.status_code == 201
    assert answer.json()["unit_id"] == str(unit.pk)
    one = send(cast.hr, "get", reverse("api_person", args=[answer.json()["id"]])).json()
    assert (one["manager_id"], one["team_id"]) == (str(cast.manager.pk), str(cast.team.pk))
    units = send(cast.employee, "get", reverse("api_units")).json()["results"]
    assert [row["code"] for row in units] == ["N"]
    changed = send(cast.hr, "patch", reverse("api_person", args=[one["id"]]), {"unit_id": None})
    assert changed.json()["unit_id"] is None


def test_nobody_is_added_under_a_manager_of_another_organisation(cast: Cast, send: Any) -> None:
    given = {"number": "A1", "name_en": "Ann Lee", "manager_id": cast.stranger.pk}
    assert send(cast.hr, "post", reverse("api_people"), given).status_code == 404
    with tenancy.acting_for(cast.organisation):
        assert not models.Person.objects.filter(number="A1").exists()


def test_the_directory_is_narrowed_to_a_team(cast: Cast, send: Any) -> None:
    found = send(cast.employee, "get", reverse("api_people"), {"team": cast.team.pk}).json()["results"]
    assert {row["number"] for row in found} == {"P002", "P003", "P004"}


def test_direct_reports_are_those_of_a_day(cast: Cast, send: Any) -> None:
    address = reverse("api_person_reports", args=[cast.manager.pk])
    found = send(cast.colleague, "get", address).json()["results"]
    assert {row["number"] for row in found} == {"P003", "P004"}
    assert send(cast.colleague, "get", address, {"asof": "2019-01-01"}).json()["results"] == []
    assert send(cast.stranger, "get", address).status_code == 404


def test_a_day_beyond_any_calendar_is_declined(cast: Cast, send: Any) -> None:
    address = reverse("api_deactivate_person", args=[cast.employee.pk])
    answer = send(cast.hr, "post", address, {"left_on": "9999-12-31"})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["left_on"]


def test_an_invitation_is_sent_and_withdrawn(
    cast: Cast, send: Any, newcomer: models.Person, nudged: list[Any], is_kept_to: Any
) -> None:
    address = reverse("api_person_invitation", args=[newcomer.pk])
    for method in ("post", "delete"):
        is_kept_to((cast.hr,), method, address)
    assert send(cast.hr, "get", address).status_code == 404
    answer = send(cast.hr, "post", address)
    assert answer.status_code == 201
    assert nudged == [("performance.people.tasks.send_invitation", answer.json()["id"])]
    assert last_audit(cast) == "people.invite_person"
    assert send(cast.hr, "delete", address).status_code == 204
    assert send(cast.hr, "get", address).json()["withdrawn_at"] is not None
    assert last_audit(cast) == "people.withdraw_invitation"
    assert send(cast.hr, "delete", address).status_code == 204


def test_whoever_signs_in_already_is_not_invited(cast: Cast, send: Any, nudged: list[Any]) -> None:
    answer = send(cast.hr, "post", reverse("api_person_invitation", args=[cast.employee.pk]))
    assert answer.status_code == 422
    assert answer.json()["title"] == "no_change"
    assert nudged == []


def test_a_planned_change_is_seen_and_withdrawn(
    cast: Cast, send: Any, today: datetime.date, is_kept_to: Any
) -> None:
    given = {"manager_id": cast.boss.pk, "starts_on": (today + 9 * DAY).isoformat()}
    send(cast.hr, "post", reverse("api_person_manager", args=[cast.employee.pk]), given)
    changes = reverse("api_line_changes")
    planned = send(cast.auditor, "get", changes, {"person": cast.employee.pk}).json()["results"][0]
    assert planned["is_planned"]
    assert (planned["before_id"], planned["manager_id"]) == (str(cast.manager.pk), str(cast.boss.pk))
    assert send(cast.stranger, "get", changes).json()["results"] == []
    assert send(cast.stranger, "get", changes, {"person": cast.employee.pk}).status_code == 404
    address = reverse("api_withdraw_line_change", args=[planned["id"]])
    is_kept_to((cast.hr,), "post", address)
    assert send(cast.hr, "post", address).status_code == 204
    assert send(cast.hr, "post", address).status_code == 404
    with tenancy.acting_for(cast.organisation):
        assert queries.manager_of(cast.employee.pk, today + 20 * DAY) == cast.manager
        line = models.ReportingLine.objects.get(person=cast.employee)
    answer = send(cast.hr, "post", reverse("api_withdraw_line_change", args=[line.pk]))
    assert answer.status_code == 422
    assert answer.json()["title"] == "in_force"


def test_somebody_leaves_and_their_reports_move(
    cast: Cast, send: Any, today: datetime.date, is_kept_to: Any
) -> None:
    address = reverse("api_deactivate_person", args=[cast.manager.pk])
    given: dict[str, Any] = {"left_on": today.isoformat()}
    is_kept_to((cast.hr,), "post", address, given)
    answer = send(cast.hr, "post", address, given)
    assert answer.status_code == 422
    assert "reports_to" in answer.json()["errors"]
    answer = send(cast.hr, "post", address, given | {"reports_to_id": cast.boss.pk, "why": "moves away"})
    assert answer.json()["left_on"] == today.isoformat()
    assert last_audit(cast) == "people.deactivate_person"
    with tenancy.acting_for(cast.organisation):
        assert queries.manager_of(cast.employee.pk, today + DAY) == cast.boss
    own = send(cast.hr, "post", reverse("api_deactivate_person", args=[cast.hr.pk]), given)
    assert own.status_code == 403


def test_somebody_returns(cast: Cast, send: Any, today: datetime.date, is_kept_to: Any) -> None:
    address = reverse("api_return_person", args=[cast.employee.pk])
    assert send(cast.hr, "post", address).status_code == 409
    given = {"left_on": (today - DAY).isoformat()}
    send(cast.hr, "post", reverse("api_deactivate_person", args=[cast.employee.pk]), given)
    for person in (cast.manager, cast.administrator, cast.auditor):
        assert send(person, "post", address).status_code == 403
    assert send(cast.stranger, "post", address).status_code == 404
    assert send(cast.hr, "post", address).json()["left_on"] is None
    assert send(cast.employee, "get", reverse("api_people")).status_code == 200


def test_personal_data_is_erased_once_somebody_has_left(cast: Cast, send: Any, today: datetime.date) -> None:
    address = reverse("api_erase_person", args=[cast.employee.pk])
    assert send(cast.hr, "post", address, {"why": "asked"}).status_code == 403
    given = {"left_on": (today - DAY).isoformat()}
    send(cast.hr, "post", reverse("api_deactivate_person", args=[cast.employee.pk]), given)
    for person in (cast.manager, cast.administrator, cast.auditor):
        assert send(person, "post", address, {"why": "asked"}).status_code == 403
    assert send(cast.stranger, "post", address, {"why": "asked"}).status_code == 404
    refused = send(cast.hr, "post", address, {"why": ""})
    assert refused.status_code == 422
    assert "why" in refused.json()["errors"]
    erased = send(cast.hr, "post", address, {"why": "asked by letter"}).json()
    assert erased["number"].startswith("erased-")
    assert erased["email"] == ""


def test_a_token_changes_people_by_its_scope_alone(
    cast: Cast, with_token: Any, newcomer: models.Person, nudged: list[Any]
) -> None:
    address = reverse("api_person_invitation", args=[newcomer.pk])
    assert with_token(cast.hr, "people:read").post(address).status_code == 403
    assert with_token(cast.hr, "people:write").post(address).status_code == 201
    assert with_token(cast.employee, "people:write").post(address).status_code == 403


def test_the_directory_is_exported_by_hr_and_auditors(cast: Cast, send: Any) -> None:
    address = reverse("api_export_people")
    for reader in (cast.hr, cast.auditor):
        text = send(reader, "get", address, {"q": "eli"}).getvalue().decode("utf-8-sig")
        assert [line.split(",")[0] for line in text.splitlines()] == ["Number", "P003"]
    for person in (cast.employee, cast.manager, cast.administrator):
        assert send(person, "get", address).status_code == 403
    with tenancy.acting_for(cast.organisation):
        assert AuditRow.objects.filter(action="people.export_people").count() == 2
