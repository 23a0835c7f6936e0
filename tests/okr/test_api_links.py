"""Which objective serves which, by API: read, link, take back."""

import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from okr.models import Alignment
from performance.foundation import tenancy
from performance.people import actions as people_actions
from tests import ready
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


@pytest.fixture
@ready.made
def goals(propose, agree, acting_cast):
    """The employee's objective, and the manager's that it may serve."""
    child = agree(propose())
    parent = agree(propose(content("Full shelves everywhere"), by=acting_cast.manager))
    return child, parent


def link(client, child, parent, **fields):
    address = reverse("api_objective_links", args=[child.pk])
    return client.post(address, {"parent": str(parent.pk), "share": "25.5"} | fields, **JSON)


def test_the_owner_links_reads_and_takes_the_link_back(goals, cast, client_for):
    child, parent = goals
    client = client_for(cast.employee)
    linked = link(client, child, parent)
    assert linked.status_code == 201, linked.content
    assert (linked.json()["kind"], Decimal(linked.json()["share"])) == ("contributes", Decimal("25.5"))
    assert link(client, child, parent, share="30").json()["id"] == linked.json()["id"]
    assert Alignment.objects.get().share_ppm == 300_000
    up = client.get(reverse("api_objective_links", args=[child.pk])).json()
    down = client.get(reverse("api_objective_links", args=[parent.pk])).json()
    assert [each["parent"] for each in up["serves"]] == [str(parent.pk)]
    assert [each["child"] for each in down["served_by"]] == [str(child.pk)]
    assert "Full shelves everywhere" in client.get(reverse("okr:objective", args=[child.pk])).content.decode()
    assert client.delete(reverse("api_objective_link", args=[linked.json()["id"]])).status_code == 204
    assert not Alignment.objects.exists()


def test_who_may_not_change_a_goal_neither_links_nor_parts_it(goals, cast, client_for):
    child, parent = goals
    linked = link(client_for(cast.employee), child, parent).json()["id"]
    for person, status in (
        (cast.colleague, 403),
        (cast.hr, 403),
        (cast.auditor, 403),
        (cast.stranger, 404),
    ):
        client = client_for(person)
        assert link(client, child, parent).status_code == status, person
        assert client.delete(reverse("api_objective_link", args=[linked])).status_code == status, person
    assert client_for(cast.auditor).get(reverse("api_objective_links", args=[child.pk])).status_code == 200
    assert client_for(cast.stranger).get(reverse("api_objective_links", args=[child.pk])).status_code == 404


def test_only_goals_of_teams_and_of_those_above_are_served(goals, propose, agree, cast, client_for):
    child, _parent = goals
    theirs = agree(propose(content("Another goal"), by=cast.colleague))
    assert link(client_for(cast.employee), child, theirs).status_code == 403


def test_a_share_that_passes_the_whole_is_refused_beside_its_field(goals, propose, agree, cast, client_for):
    child, parent = goals
    client = client_for(cast.employee)
    offered = link(client, child, parent, share="70").json()
    assert offered["accepted_at"] is None
    take = reverse("api_take_contribution", args=[offered["id"]])
    for person, status in (
        (cast.employee, 403),
        (cast.colleague, 403),
        (cast.auditor, 403),
        (cast.stranger, 404),
    ):
        assert client_for(person).post(take, **JSON).status_code == status, person
    assert client_for(cast.manager).post(take, **JSON).json()["accepted_at"]
    assert client_for(cast.manager).post(take, **JSON).json()["title"] == "conflict"
    other = agree(propose(content("One more")))
    refused = link(client, other, parent, share="40")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["share"])
    assert refused["Content-Type"] == "application/problem+json"
    assert link(client, other, parent, share="101").status_code == 400


def test_a_goal_serves_neither_itself_nor_what_serves_it(goals, cast, client_for):
    child, parent = goals
    client = client_for(cast.manager)
    assert link(client, child, parent).status_code == 201
    assert link(client, parent, child).status_code == 403


def test_a_token_links_only_with_the_scope_to_write(goals, cast, actor, client_for, now):
    child, parent = goals
    with tenancy.acting_for(cast.organisation):
        _token, secret = people_actions.create_token(
            actor=actor(cast.employee),
            name="script",
            scopes=["goals:read"],
            expires_at=now + datetime.timedelta(days=1),
            at=now,
        )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(reverse("api_objective_links", args=[child.pk])).status_code == 200
    assert link(client, child, parent).status_code == 403


def test_links_rest_while_goals_are_locked(goals, cast, client_for, quarter, actor, now):
    child, parent = goals
    client = client_for(cast.employee)
    linked = link(client, child, parent).json()
    with tenancy.acting_for(cast.organisation):
        people_actions.lock_goals(period=quarter, by=actor(cast.hr), at=now)
    refused = link(client, child, parent, share="90")
    assert (refused.status_code, refused.json()["title"]) == (422, "goals_locked")
    assert client.delete(reverse("api_objective_link", args=[linked["id"]])).status_code == 422
    with tenancy.acting_for(cast.organisation):
        assert Alignment.objects.get().share_ppm == 255_000


def test_a_draft_serves_nothing(goals, propose, cast, client_for):
    _child, parent = goals
    draft = propose(content("Not yet"), is_draft=True)
    refused = link(client_for(cast.employee), draft, parent)
    assert (refused.status_code, refused.json()["title"]) == (422, "not_standing")
