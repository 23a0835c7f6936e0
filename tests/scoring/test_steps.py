"""Down from a score: no step is offered that its page would refuse, and none is held back that it would open."""

import dataclasses
import uuid
from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import access, evidence, tenancy
from performance.kpis.models import Dimension, Metric
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.conftest import MICRO

ClientFor = Callable[[people.Person], Client]
OPEN, PRIVATE = uuid.UUID(int=1), uuid.UUID(int=2)


def titles(actor: access.Actor, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The private one opens for its owner, the employee."""
    return {each: "" for each in ids if each == OPEN or actor.person.number == "P003"}


@pytest.fixture
def led_down(
    locked: PolicyVersion,
    turnover: Metric,
    measured: dict[Any, Any],
    cast: Cast,
    quarter: people.Period,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Score]:
    """The employee's score, read from these pages."""
    settings.OBJECTIVE_TITLES = "tests.scoring.test_steps.titles"

    def make(*urls: str) -> Score:
        [first, *_rest] = refs = tuple(
            evidence.Ref(f"Step {at}", "", url, "1") for at, url in enumerate(urls)
        )
        monkeypatch.setattr(collectors, "REF", first)
        found = collectors.collect

        def collect(**given: Any) -> list[evidence.EvidenceColumn]:
            return [
                dataclasses.replace(column, trails=[trail and refs for trail in column.trails])
                for column in found(**given)
            ]

        monkeypatch.setattr(collectors, "collect", collect)
        collectors.VALUES[cast.employee.pk, "okr"] = 77 * MICRO
        with tenancy.acting_for(cast.organisation):
            actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
            score = queries.current_score(cast.employee.pk, quarter)
        assert score is not None
        return score

    return make


def test_the_start_up_check_names_what_does_not_answer_for_objectives(settings: Any) -> None:
    assert queries.check_objectives() == []
    settings.OBJECTIVE_TITLES, settings.OBJECTIVE_PAGE = "okr.queries.nowhere", "okr:nowhere"
    assert [message.id for message in queries.check_objectives()] == ["scoring.E003", "scoring.E005"]
    settings.OBJECTIVE_TITLES = "tests.scoring.test_steps.OPEN"
    assert "scoring.E004" in [message.id for message in queries.check_objectives()]


def _offered(client: Client, score: Score, *urls: str) -> list[bool]:
    for name in ("evidence", "evidence_panel"):
        answer = client.get(reverse(f"scoring:{name}", args=[score.pk, "turnover"]))
        assert answer.status_code == 200
        text = answer.content.decode()
        found = [f'href="{url.replace("&", "&amp;")}"' in text for url in urls]
    return found


def test_rows_are_offered_to_whom_their_page_opens(
    led_down: Callable[..., Score],
    turnover: Metric,
    unit: people.BusinessUnit,
    cast: Cast,
    client_for: ClientFor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.BusinessUnit.objects.filter(pk=unit.pk).update(slice={"store": "Binjiang"})
        Dimension.objects.create(key="store", name_en="Store")
    page = reverse("kpis:rows", args=[turnover.pk])
    urls = [
        f"{page}?since=2026-01-01&until=2026-03-31",
        f"{page}?since=2026-01-01&store=Binjiang&until=2026-03-31",
    ]
    score = led_down(*urls)
    for name, expected in (
        ("employee", [False, True]),
        ("manager", [False, True]),
        ("boss", [False, False]),
        ("hr", [False, False]),
        ("auditor", [True, True]),
    ):
        client = client_for(getattr(cast, name))
        assert _offered(client, score, *urls) == expected, name
        assert [client.get(url).status_code == 200 for url in urls] == expected, name
    for name in ("business_owner", "finance_owner", "administrator", "colleague", "stranger"):
        address = reverse("scoring:evidence", args=[score.pk, "turnover"])
        assert client_for(getattr(cast, name)).get(address).status_code == 404, name


def test_an_objective_is_offered_to_whoever_may_see_it(
    led_down: Callable[..., Score], cast: Cast, client_for: ClientFor
) -> None:
    urls = [reverse("okr:objective", args=[each]) for each in (OPEN, PRIVATE)]
    score = led_down(*urls)
    assert _offered(client_for(cast.employee), score, *urls) == [True, True]
    assert _offered(client_for(cast.manager), score, *urls) == [True, False]
    page = client_for(cast.manager).get(reverse("scoring:evidence", args=[score.pk, "turnover"]))
    assert "Open to those who may see this objective" in page.content.decode()


def test_many_objectives_cost_no_more_queries_than_one(
    led_down: Callable[..., Score], cast: Cast, client_for: ClientFor
) -> None:
    client = client_for(cast.employee)

    def counted(number: int) -> int:
        urls = [reverse("okr:objective", args=[uuid.UUID(int=at + 1)]) for at in range(number)]
        address = reverse("scoring:evidence", args=[led_down(*urls).pk, "turnover"])
        client.get(address)
        with CaptureQueriesContext(connection) as queried:
            assert client.get(address).status_code == 200
        return len(queried)

    assert counted(1) == counted(9)
