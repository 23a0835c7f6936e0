"""The people of a cycle by API: exceptions, newcomers, one's own result."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.appraisals.models import Cycle, CycleEntry
from performance.foundation import access, tenancy
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import Cast, make_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[people.Person], Client]
JSON: dict[str, Any] = {"content_type": "application/json"}
WHY = {"reason": "On parental leave."}


def token_client(
    cast: Cast, person: people.Person, actor: Callable[[people.Person], access.Actor], *scopes: str
) -> Client:
    """A client with a personal token instead of a session."""
    with tenancy.acting_for(cast.organisation):
        _token, secret = people_actions.create_token(
            actor=actor(person),
            name="script",
            scopes=scopes,
            expires_at=timezone.now() + datetime.timedelta(days=1),
            at=timezone.now(),
        )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def entry_of(cast: Cast, cycle: Cycle, person: people.Person) -> CycleEntry:
    with tenancy.acting_for(cast.organisation):
        return CycleEntry.objects.get(cycle=cycle, person=person)


@pytest.fixture
def somebody(cast: Cast, cycle: Cycle) -> people.Person:
    """Hired after the period has ended: not in the cycle's population."""
    after = cycle.period.ends_on + datetime.timedelta(days=1)
    with tenancy.acting_for(cast.organisation):
        return make_person("P100", "Nora New", hired_on=after)


def test_hr_leaves_somebody_out_and_takes_them_in_again(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    client, entry = client_for(cast.hr), entry_of(cast, cycle, cast.employee)
    left = client.post(reverse("api_leave_out", args=[entry.pk]), WHY, **JSON)
    assert (left.status_code, left.json()["state"]) == (200, "left_out")
    listed = client.get(reverse("api_cycle_entries", args=[cycle.pk]), {"show": "left_out"}).json()["results"]
    assert [each["person"] for each in listed] == [str(cast.employee.pk)]
    again = client.post(reverse("api_leave_out", args=[entry.pk]), WHY, **JSON)
    assert (again.status_code, again.json()["title"]) == (409, "conflict")
    back = client.post(reverse("api_take_back", args=[entry.pk]), WHY, **JSON)
    assert (back.status_code, back.json()["state"]) == (200, "open")


def test_hr_adds_an_exception_with_its_reason_once(
    cast: Cast, cycle: Cycle, somebody: people.Person, client_for: SignIn
) -> None:
    client, address = client_for(cast.hr), reverse("api_cycle_exceptions", args=[cycle.pk])
    body = WHY | {"person": str(somebody.pk)}
    added = client.post(address, body, **JSON)
    assert (added.status_code, added.json()["number"]) == (201, "P100")
    entry = entry_of(cast, cycle, somebody)
    assert (entry.is_exception, entry.reason) == (True, WHY["reason"])
    again = client.post(address, body, **JSON)
    assert (again.status_code, list(again.json()["errors"])) == (422, ["person"])
    assert client.post(address, {"person": str(somebody.pk)}, **JSON).status_code == 400
    assert client.post(address, WHY | {"person": str(cast.stranger.pk)}, **JSON).status_code == 404


def test_hr_takes_in_who_came_later(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    with tenancy.acting_for(cast.organisation):
        newcomer = make_person("P101", "Nick Newcomer")
    client, address = client_for(cast.hr), reverse("api_cycle_newcomers", args=[cycle.pk])
    assert client.post(address).json() == {"added": 1}
    assert client.post(address).json() == {"added": 0}
    assert entry_of(cast, cycle, newcomer).number == "P101"


def test_nobody_but_hr_changes_who_is_in_and_hr_not_themselves(
    cast: Cast, cycle: Cycle, somebody: people.Person, client_for: SignIn, actor: Any
) -> None:
    entry = entry_of(cast, cycle, cast.employee)
    addresses = [
        (reverse("api_leave_out", args=[entry.pk]), WHY),
        (reverse("api_take_back", args=[entry.pk]), WHY),
        (reverse("api_cycle_exceptions", args=[cycle.pk]), WHY | {"person": str(somebody.pk)}),
        (reverse("api_cycle_newcomers", args=[cycle.pk]), {}),
    ]
    token = token_client(cast, cast.hr, actor, "performance:read")
    for address, body in addresses:
        for person in (cast.employee, cast.colleague, cast.manager, cast.administrator, cast.auditor):
            assert client_for(person).post(address, body, **JSON).status_code == 403, (address, person)
        assert client_for(cast.stranger).post(address, body, **JSON).status_code == 404, address
        assert token.post(address, body, **JSON).status_code == 403, address
    own = entry_of(cast, cycle, cast.hr)
    assert client_for(cast.hr).post(reverse("api_leave_out", args=[own.pk]), WHY, **JSON).status_code == 403


def test_after_the_sign_off_who_is_in_stays(cast: Cast, signed_off: Cycle, client_for: SignIn) -> None:
    entry = entry_of(cast, signed_off, cast.employee)
    answer = client_for(cast.hr).post(reverse("api_leave_out", args=[entry.pk]), WHY, **JSON)
    assert (answer.status_code, answer.json()["title"]) == (409, "conflict")
    newcomers = reverse("api_cycle_newcomers", args=[signed_off.pk])
    assert client_for(cast.hr).post(newcomers).status_code == 403


def test_a_person_reads_their_own_result_once_it_is_published(
    cast: Cast, published: Cycle, client_for: SignIn
) -> None:
    entry = entry_of(cast, published, cast.employee)
    address = reverse("api_entry", args=[entry.pk])
    for person in (cast.manager, cast.boss, cast.hr, cast.auditor):
        assert client_for(person).get(address).status_code == 200
    assert entry_of(cast, published, cast.employee).seen_at is None
    told = client_for(cast.employee).get(address).json()
    assert (told["person"], told["state"]) == (str(cast.employee.pk), "published")
    assert told["score"] is not None
    assert entry_of(cast, published, cast.employee).seen_at is not None
    for person in (cast.colleague, cast.administrator, cast.stranger):
        assert client_for(person).get(address).status_code == 404


def test_before_it_is_published_a_result_does_not_exist_for_its_person(
    cast: Cast, signed_off: Cycle, client_for: SignIn
) -> None:
    entry = entry_of(cast, signed_off, cast.employee)
    assert client_for(cast.employee).get(reverse("api_entry", args=[entry.pk])).status_code == 404


def test_everybody_lists_their_own_published_results_and_no_others(
    cast: Cast, published: Cycle, client_for: SignIn, actor: Any
) -> None:
    address = reverse("api_own_results")
    (told,) = client_for(cast.employee).get(address).json()["results"]
    assert told["id"] == str(entry_of(cast, published, cast.employee).pk)
    assert (told["cycle"], told["period"]) == (str(published.pk), str(published.period_id))
    assert told["score"] is not None
    assert client_for(cast.stranger).get(address).json()["results"] == []
    assert token_client(cast, cast.employee, actor, "goals:read").get(address).status_code == 403
