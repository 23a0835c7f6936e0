"""The score that would follow: the kept inputs with other values of metrics, reckoned as the score was."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring import collectors

ClientFor = Callable[[people.Person], Client]
MICRO = 1_000_000


@pytest.fixture
def score(locked: PolicyVersion, measured: Any, quarter: people.Period, cast: Cast) -> Score:
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        found = queries.current_score(cast.employee.pk, quarter)
        assert found is not None
        return found


def supposed(score: Score, cast: Cast, **values: str) -> queries.Supposed:
    with tenancy.acting_for(cast.organisation):
        person = people.Person.objects.select_related("unit").get(pk=score.person_id)
        given = {key: Decimal(value) for key, value in values.items()}
        return queries.supposed_score(score, person, within=dict(person.unit.slice), values=given)


def test_the_score_is_what_a_run_over_those_values_would_give(
    score: Score, cast: Cast, quarter: people.Period
) -> None:
    found = supposed(score, cast, turnover="5")
    assert found.before == score.score_micro
    assert [line.name for line in found.lines] == ["Inventory capital turnover"]
    assert found.lines[0].value_after == 100 * MICRO
    collectors.VALUES[cast.employee.pk, "turnover"] = 5 * MICRO
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        again = queries.current_score(cast.employee.pk, quarter)
    assert again is not None
    assert again.pk != score.pk
    assert found.after == again.score_micro


def test_the_same_value_and_other_metrics_move_nothing(score: Score, cast: Cast) -> None:
    assert supposed(score, cast, turnover="4.62").change == 0
    other = supposed(score, cast, revenue="9")
    assert not other.lines
    assert other.change == 0


def test_a_huge_value_is_reckoned_and_an_impossible_one_is_not_supposed(score: Score, cast: Cast) -> None:
    huge = supposed(score, cast, turnover="999999999999999999999999.123456")
    assert huge.lines[0].name == "Inventory capital turnover"
    for value in ("1e24", "-1e400", "NaN", "Infinity"):
        found = supposed(score, cast, turnover=value)
        assert not found.lines
        assert found.change == 0


def test_the_panel_tells_only_ones_own(
    score: Score, cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        slice_ = people.Person.objects.select_related("unit").get(pk=cast.employee.pk).unit.slice
    given = {
        "since": f"{quarter.starts_on}",
        "until": f"{quarter.ends_on}",
        "slice": json.dumps(slice_),
        "value_turnover": "5",
    }
    page = client_for(cast.employee).get(reverse("scoring:supposed"), given)
    assert "Your score would follow" in page.content.decode()
    for person in (cast.colleague, cast.auditor, cast.stranger):
        other = client_for(person).get(reverse("scoring:supposed"), given).content.decode()
        assert "Your score would follow" not in other
    odd = client_for(cast.employee).get(
        reverse("scoring:supposed"), given | {"since": "x", "slice": "[", "value_turnover": "y"}
    )
    assert "You have no score of exactly these days" in odd.content.decode()


def test_the_api_tells_the_same_of_scores_one_may_see(
    score: Score, cast: Cast, client_for: ClientFor
) -> None:
    address = f"/api/v1/scores/{score.pk}/supposed/"
    given = {"values": {"turnover": "5"}}
    answer = client_for(cast.employee).post(address, given, content_type="application/json")
    assert answer.json()["after"] == supposed(score, cast, turnover="5").after
    refused = client_for(cast.colleague).post(address, given, content_type="application/json")
    assert refused.status_code == 404
