"""What the tests of the API share."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import actions
from performance.people.models import Person
from tests.conftest import Cast


@pytest.fixture
def send(client_for: Any) -> Callable[..., Any]:
    """Somebody's browser sends JSON: `send(person, "post", address, given)`."""

    def do(person: Person, method: str, address: str, given: Any = None) -> Any:
        return getattr(client_for(person), method)(address, given or {}, content_type="application/json")

    return do


@pytest.fixture
def with_token(cast: Cast, actor: Any) -> Callable[..., Client]:
    """A client with a personal token of these scopes."""

    def do(person: Person, *scopes: str) -> Client:
        now = timezone.now()
        with tenancy.acting_for(cast.organisation):
            _token, secret = actions.create_token(
                actor=actor(person),
                name="script",
                scopes=list(scopes),
                expires_at=now + datetime.timedelta(days=1),
                at=now,
            )
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return do


@pytest.fixture
def is_kept_to(cast: Cast, send: Any) -> Callable[..., None]:
    """Whoever else in the house asks is declined, the auditor too; to the stranger there is no such thing."""

    def check(
        allowed: tuple[Person, ...], method: str, address: str, given: Any = None, *, of_us: bool = True
    ) -> None:
        for person in cast.members():
            if person not in allowed:
                assert send(person, method, address, given).status_code == 403, person
        if of_us:
            assert send(cast.stranger, method, address, given).status_code == 404

    return check
