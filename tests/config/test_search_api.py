"""The search of the command palette over the API: what a page finds, within what a token may read."""

import datetime
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import actions
from tests.conftest import Cast


def test_search_finds_people_by_their_name_and_says_which(cast: Cast, client_for: Any) -> None:
    hits = client_for(cast.employee).get(reverse("api_search"), {"q": cast.manager.name_en}).json()
    assert {"kind": "person", "id": str(cast.manager.pk)}.items() <= hits[0].items()
    assert hits[0]["url"] == reverse("people:person", args=[cast.manager.pk])


def test_search_without_words_finds_nothing(cast: Cast, client_for: Any) -> None:
    assert client_for(cast.employee).get(reverse("api_search"), {"q": "  "}).json() == []


def test_a_token_finds_what_its_scopes_may_read_and_opens_nothing_without_one(cast: Cast, actor: Any) -> None:
    def found(*scopes: str) -> Any:
        with tenancy.acting_for(cast.organisation):
            _token, secret = actions.create_token(
                actor=actor(cast.employee),
                name="search",
                scopes=list(scopes),
                expires_at=timezone.now() + datetime.timedelta(days=1),
                at=timezone.now(),
            )
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        return client.get(reverse("api_search"), {"q": cast.manager.name_en})

    assert [hit["kind"] for hit in found("people:read").json()] == ["person"]
    assert found("goals:read").json() == []
    assert found("inbox:read").status_code == 403
