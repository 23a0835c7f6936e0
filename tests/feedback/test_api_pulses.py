"""The pulse by API: it opens only for both."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.models import Pulse
from performance.foundation import access, tenancy
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[people.Person], Client]


def send(client: Client, other: people.Person, value: int) -> int:
    body = {"other": str(other.pk), "manageable": value, "helped": value, "clear": value}
    return client.post(reverse("api_pulses"), body, content_type="application/json").status_code


def pair(client: Client, other: people.Person) -> dict[str, Any]:
    pairs = client.get(reverse("api_pulses")).json()
    return next(each for each in pairs if each["other"] == str(other.pk))


def test_the_others_answers_appear_only_when_both_have_sent(cast: Cast, client_for: SignIn) -> None:
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    assert send(employee, cast.manager, 2) == 204
    waiting = pair(manager, cast.employee)
    assert (waiting["rows"], waiting["shown_week"]) == ([], None)
    assert (waiting["mine_sent"], waiting["theirs_sent"]) == (False, True)
    assert send(manager, cast.employee, 4) == 204
    assert [(row["mine"], row["theirs"]) for row in pair(manager, cast.employee)["rows"]] == [(4, 2)] * 3
    shown = pair(employee, cast.manager)
    assert [(row["mine"], row["theirs"], row["history"]) for row in shown["rows"]] == [(2, 4, [2])] * 3
    assert (shown["employee"], shown["manager"]) == (str(cast.employee.pk), str(cast.manager.pk))


def test_nobody_else_sees_the_pulse_of_a_pair(cast: Cast, client_for: SignIn) -> None:
    send(client_for(cast.employee), cast.manager, 2)
    send(client_for(cast.manager), cast.employee, 4)
    for person in (cast.colleague, cast.boss, cast.hr, cast.auditor, cast.stranger):
        told = client_for(person).get(reverse("api_pulses"))
        assert told.status_code == 200
        assert all(each["rows"] == [] and not each["theirs_sent"] for each in told.json()), person
        assert str(cast.employee.pk) not in told.content.decode()


def test_an_auditor_sends_none_and_a_token_needs_the_scope(
    cast: Cast, client_for: SignIn, actor: Callable[[people.Person], access.Actor]
) -> None:
    assert send(client_for(cast.auditor), cast.boss, 3) == 403
    with tenancy.acting_for(cast.organisation):
        _token, secret = people_actions.create_token(
            actor=actor(cast.employee),
            name="script",
            scopes=["goals:read"],
            expires_at=timezone.now() + datetime.timedelta(days=1),
            at=timezone.now(),
        )
        assert not Pulse.objects.exists()
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(reverse("api_pulses")).status_code == 403
    assert send(client, cast.manager, 3) == 403
