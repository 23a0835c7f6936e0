"""Cycles by API: bands, readiness and the steps to the results."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.appraisals.models import Cycle
from performance.people import models as people
from tests.appraisals.test_api_entries import JSON, token_client
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[people.Person], Client]


def bounds(told: list[dict[str, Any]]) -> dict[int, Decimal | None]:
    return {each["rating"]: each["from_score"] and Decimal(str(each["from_score"])) for each in told}


def test_hr_changes_a_bound_and_the_others_stay(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    client, address = client_for(cast.hr), reverse("api_cycle_bands", args=[cycle.pk])
    before = bounds(client.get(address).json())
    assert before[1] is None
    top = before[5]
    assert top is not None
    answer = client.put(address, {"bands": [{"rating": 5, "from_score": str(top + 1)}]}, **JSON)
    assert answer.status_code == 200, answer.content
    assert bounds(answer.json()) == before | {5: top + 1}
    assert bounds(client.get(address).json()) == before | {5: top + 1}


def test_bounds_out_of_order_are_refused(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    address = reverse("api_cycle_bands", args=[cycle.pk])
    refused = client_for(cast.hr).put(address, {"bands": [{"rating": 5, "from_score": "1"}]}, **JSON)
    assert (refused.status_code, refused.json()["title"]) == (422, "bands")
    unsound = client_for(cast.hr).put(address, {"bands": [{"rating": 1, "from_score": "1"}]}, **JSON)
    assert unsound.status_code == 400


def test_only_hr_changes_bounds(cast: Cast, cycle: Cycle, client_for: SignIn, actor: Any) -> None:
    address = reverse("api_cycle_bands", args=[cycle.pk])
    body = {"bands": [{"rating": 5, "from_score": "99"}]}
    for person, reads, writes in (
        (cast.manager, 200, 403),
        (cast.auditor, 200, 403),
        (cast.employee, 404, 404),
        (cast.administrator, 404, 404),
        (cast.stranger, 404, 404),
    ):
        assert client_for(person).get(address).status_code == reads, person
        assert client_for(person).put(address, body, **JSON).status_code == writes, person
    token = token_client(cast, cast.hr, actor, "performance:read")
    assert token.get(address).status_code == 200
    assert token.put(address, body, **JSON).status_code == 403


def test_readiness_is_for_hr_and_auditors(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    address = reverse("api_cycle_readiness", args=[cycle.pk])
    told = client_for(cast.hr).get(address).json()
    assert (told["scored"], told["frozen"], told["can_sign_off"]) == (3, 0, False)
    assert client_for(cast.auditor).get(address).status_code == 200
    assert client_for(cast.manager).get(address).status_code == 403
    assert client_for(cast.employee).get(address).status_code == 404
    assert client_for(cast.stranger).get(address).status_code == 404


def test_the_spread_of_ratings_counts_whom_one_may_see(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    address = reverse("api_cycle_distribution", args=[cycle.pk])
    everybody = client_for(cast.hr).get(address).json()
    assert [share["rating"] for share in everybody] == [5, 4, 3, 2, 1, None]
    entries = client_for(cast.hr).get(reverse("api_cycle_entries", args=[cycle.pk])).json()["results"]
    assert sum(share["people"] for share in everybody) == len(entries)
    own = client_for(cast.manager).get(address).json()
    seen = client_for(cast.manager).get(reverse("api_cycle_entries", args=[cycle.pk])).json()["results"]
    assert 0 < sum(share["people"] for share in own) == len(seen) < len(entries)
    assert client_for(cast.employee).get(address).status_code == 404
    assert client_for(cast.stranger).get(address).status_code == 404


def test_sign_off_and_publish_in_their_order(cast: Cast, closed: Cycle, client_for: SignIn) -> None:
    client, address = client_for(cast.hr), reverse("api_cycle", args=[closed.pk])
    early = client.post(address, {"step": "publish"}, **JSON)
    assert (early.status_code, early.json()["title"]) == (422, "not_signed_off")
    assert client_for(cast.manager).post(address, {"step": "sign_off"}, **JSON).status_code == 403
    assert client_for(cast.auditor).post(address, {"step": "sign_off"}, **JSON).status_code == 403
    assert client.post(address, {"step": "sign_off"}, **JSON).json()["state"] == "signed_off"
    again = client.post(address, {"step": "sign_off"}, **JSON)
    assert (again.status_code, again.json()["title"]) == (409, "conflict")
    assert client.post(address, {"step": "publish"}, **JSON).json()["state"] == "published"
    bands = reverse("api_cycle_bands", args=[closed.pk])
    late = client.put(bands, {"bands": [{"rating": 5, "from_score": "99"}]}, **JSON)
    assert late.status_code == 403
