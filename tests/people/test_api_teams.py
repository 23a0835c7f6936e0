"""By API: teams are started, changed and closed."""

from typing import Any

from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models, queries
from tests.conftest import Cast


def test_hr_starts_a_team_within_another(cast: Cast, send: Any, is_kept_to: Any) -> None:
    address = reverse("api_teams")
    given = {"name_en": "Night Shift", "parent_id": cast.team.pk, "lead_id": cast.employee.pk}
    is_kept_to((cast.hr,), "post", address, given, of_us=False)
    assert send(cast.stranger, "post", address, given).status_code == 404
    made = send(cast.hr, "post", address, given)
    assert made.status_code == 201
    assert made.json()["code"] == "Night Shift"
    assert made.json()["parent_id"] == str(cast.team.pk)
    again = send(cast.hr, "post", address, given)
    assert again.status_code == 422
    assert "code" in again.json()["errors"]


def test_a_change_of_a_team_leaves_the_rest_as_it_was(cast: Cast, send: Any, is_kept_to: Any) -> None:
    address = reverse("api_team", args=[cast.team.pk])
    is_kept_to((cast.hr,), "patch", address, {"name_en": "Shops"})
    changed = send(cast.hr, "patch", address, {"name_en": "Shops"}).json()
    assert (changed["name_en"], changed["name_zh"]) == ("Shops", "门店运营部")
    assert changed["lead_id"] == str(cast.manager.pk)
    assert send(cast.hr, "patch", address, {"lead_id": None}).json()["lead_id"] is None
    assert send(cast.hr, "patch", address, {"lead_id": cast.stranger.pk}).status_code == 404


def test_a_team_cannot_stand_inside_itself(cast: Cast, send: Any) -> None:
    answer = send(cast.hr, "patch", reverse("api_team", args=[cast.team.pk]), {"parent_id": cast.team.pk})
    assert answer.status_code == 422
    assert "parent" in answer.json()["errors"]


def test_every_member_sees_who_belongs_to_a_team(cast: Cast, send: Any) -> None:
    one, members = (reverse(name, args=[cast.team.pk]) for name in ("api_team", "api_team_members"))
    assert send(cast.colleague, "get", one).json()["members"] == 3
    found = send(cast.auditor, "get", members).json()["results"]
    assert {row["number"] for row in found} == {"P002", "P003", "P004"}
    assert send(cast.colleague, "get", one, {"asof": "2019-01-01"}).json()["members"] == 0
    for address in (one, members):
        assert send(cast.stranger, "get", address).status_code == 404


def test_a_closed_team_keeps_its_history(cast: Cast, send: Any, is_kept_to: Any, with_token: Any) -> None:
    address = reverse("api_close_team", args=[cast.team.pk])
    is_kept_to((cast.hr,), "post", address)
    assert with_token(cast.hr, "people:read").post(address).status_code == 403
    assert with_token(cast.hr, "people:write").post(address).status_code == 204
    assert send(cast.hr, "get", reverse("api_teams")).json()["results"] == []
    today = queries.today(cast.organisation)
    one = send(cast.hr, "get", reverse("api_team", args=[cast.team.pk])).json()
    assert one["closed_on"] == today.isoformat()
    with tenancy.acting_for(cast.organisation):
        assert models.TeamMembership.objects.filter(team=cast.team, ends_on=today).count() == 3
