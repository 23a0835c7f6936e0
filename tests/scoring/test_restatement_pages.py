"""Restatements by page and by API: who opens and decides them, and what each is told."""

import datetime
from collections.abc import Callable
from typing import Any

from django.test import Client

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import tasks
from performance.scoring.models import Restatement, Score
from tests.conftest import Cast
from tests.scoring import restated
from tests.scoring.conftest import MICRO
from tests.scoring.restated import frozen, later, proposed

__all__ = ["frozen", "later", "proposed"]

ClientFor = Callable[[people.Person], Client]


def _page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_who_opens_the_pages_and_what_each_is_told(
    proposed: Restatement, cast: Cast, client_for: ClientFor
) -> None:
    address = f"/performance/restatements/{proposed.pk}/"
    for person in (cast.hr, cast.auditor, cast.business_owner, cast.finance_owner):
        assert client_for(person).get("/performance/restatements/").status_code == 200
        assert client_for(person).get(address).status_code == 200
    for person in (cast.employee, cast.manager, cast.colleague, cast.administrator):
        assert client_for(person).get("/performance/restatements/").status_code == 403
        assert client_for(person).get(address).status_code == 403
    assert client_for(cast.stranger).get(address).status_code in (403, 404)
    name = cast.employee.name_en
    assert name in _page(client_for(cast.hr), address)
    owners = _page(client_for(cast.business_owner), address)
    assert name not in owners
    assert "Too few people" in owners
    assert f'action="{address}decide/"' in owners
    assert f'action="{address}decide/"' not in _page(client_for(cast.auditor), address)


def test_a_decision_by_page_is_kept_to_the_owners_and_to_one_answer(
    proposed: Restatement, cast: Cast, client_for: ClientFor, quarter: people.Period
) -> None:
    address = f"/performance/restatements/{proposed.pk}/decide/"
    asked = {"side": "business", "decision": "adopt", "reason": "Seen"}
    for person in (
        cast.employee,
        cast.manager,
        cast.hr,
        cast.administrator,
        cast.auditor,
        cast.finance_owner,
    ):
        assert client_for(person).post(address, asked).status_code == 403, person
    assert client_for(cast.stranger).post(address, asked).status_code in (403, 404)
    owner = client_for(cast.business_owner)
    assert owner.post(address, {**asked, "reason": " "}).status_code == 422
    assert owner.post(address, asked).status_code == 302
    assert owner.post(address, asked).status_code == 409
    card = _page(client_for(cast.employee), f"/performance/?period={quarter.pk}")
    assert "Whether it is restated is being decided." in card
    assert client_for(cast.finance_owner).post(address, {**asked, "side": "finance"}).status_code == 302
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_restatements.apply()
    card = _page(client_for(cast.employee), f"/performance/?period={quarter.pk}")
    assert "Restated on" in card
    assert "Seen" in card
    assert "/performance/restatements/" not in card


def test_hr_alone_asks_for_a_comparison(
    frozen: dict[Any, Score], cast: Cast, client_for: ClientFor, quarter: people.Period
) -> None:
    address = "/performance/restatements/compare/"
    asked = {"period": quarter.pk}
    for person in (cast.employee, cast.manager, cast.business_owner, cast.auditor, cast.administrator):
        assert client_for(person).post(address, asked).status_code == 403
    assert client_for(cast.hr).post(address, asked).status_code == 302
    assert client_for(cast.hr).post(address, asked).status_code == 409


def test_the_page_asks_as_much_of_one_person_as_of_many(
    frozen: dict[Any, Score],
    cast: Cast,
    quarter: people.Period,
    later: datetime.datetime,
    client_for: ClientFor,
    django_assert_max_num_queries: Any,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for who in ([cast.employee], [cast.employee, cast.colleague, cast.manager]):
        for person in who:
            restated.restate(person, "okr", 33 * MICRO)
        with tenancy.acting_for(cast.organisation):
            restated.compare(quarter, None, later)
            newest = Restatement.objects.latest("id")
        later += restated.LATER
        client = client_for(cast.hr)
        client.get(f"/performance/restatements/{newest.pk}/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(f"/performance/restatements/{newest.pk}/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_api_tells_and_decides_as_the_pages_do(
    proposed: Restatement, cast: Cast, client_for: ClientFor, quarter: people.Period
) -> None:
    base = f"/api/v1/restatements/{proposed.pk}/"
    for person in (cast.employee, cast.manager, cast.administrator):
        assert client_for(person).get(base).status_code == 403
        assert client_for(person).get("/api/v1/restatements/").status_code == 403
    assert client_for(cast.stranger).get(base).status_code in (403, 404)
    whole = client_for(cast.hr).get(base).json()
    assert whole["impact"]["higher"] == 1
    assert [cause["before"] for cause in whole["causes"]] == ["82"]
    owners = client_for(cast.business_owner).get(base).json()
    assert (owners["impact"], owners["causes"], owners["unlisted"]) == (None, [], 1)
    assert client_for(cast.business_owner).get(f"{base}scores/").json()["results"] == []
    [row] = client_for(cast.auditor).get(f"{base}scores/").json()["results"]
    assert row["person"] == str(cast.employee.pk)
    asked = {"side": "business", "adopts": False, "reason": "Paid out already"}
    for person in (cast.employee, cast.hr, cast.auditor, cast.finance_owner):
        assert client_for(person).post(f"{base}decide/", asked).status_code == 403
    answer = client_for(cast.business_owner).post(f"{base}decide/", asked)
    assert answer.json()["restatement"]["state"] == "rejected"
    assert client_for(cast.business_owner).post(f"{base}decide/", asked).status_code == 409
    run = {"period": quarter.pk, "kind": "restate"}
    assert client_for(cast.administrator).post("/api/v1/score-runs/", run).status_code == 403
    assert client_for(cast.hr).post("/api/v1/score-runs/", run).status_code == 202
