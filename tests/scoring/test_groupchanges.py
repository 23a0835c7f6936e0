"""What moved the mean of a group, how its weights moved, and its file."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring import collectors, groups
from tests.scoring.conftest import MICRO, Actor, in_force

ClientFor = Callable[[people.Person], Client]


@pytest.fixture
def two_periods(
    scored_before: PolicyVersion,
    unit: people.BusinessUnit,
    before: people.Period,
    quarter: people.Period,
    next_draft: PolicyVersion,
    cast: Cast,
    actor: Actor,
) -> list[people.Person]:
    """Seven with a frozen score of the quarter before. In this one, by other weights, the last is gone and another one
    has come."""
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        persons = groups.hire(unit, "CROWD", 8)
        first = [person.pk for person in persons[:7]]
        actions.compute_scores(period=before, person_ids=first, run=None, at=now, state="frozen")
        actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=now)
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        in_force(next_draft, cast, actor, on=people_queries.today(cast.organisation))
        for at, person in enumerate(persons):
            collectors.VALUES[person.pk, "okr"] = (49 + 9 * at) * MICRO
        then = [person.pk for person in (*persons[:6], persons[7])]
        actions.compute_scores(period=quarter, person_ids=then, run=None, at=now)
    return persons


def test_the_change_of_the_mean_is_performance_weights_and_people_exactly(
    two_periods: list[people.Person], cast: Cast, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    change = groups.asked_of(client_for(cast.hr), f"units/{unit.pk}/")["change"]
    assert change["both"] == 6
    assert change["people_micro"] != 0
    assert change["performance_micro"] != 0
    assert change["change_micro"] == change["now_micro"] - change["before_micro"]
    parts = (change[f"{name}_micro"] for name in ("performance", "weight", "people"))
    assert sum(parts) == change["change_micro"]
    for name in ("performance_micro", "weight_micro"):
        assert sum(line[name] for line in change["components"]) == change[name]
    with tenancy.acting_for(cast.organisation):
        each = [
            queries.change_since(score)
            for score in Score.objects.filter(person__in=two_periods[:6], period__state="active")
        ]
        mean = Fraction(sum(one.performance_micro for one in each if one), 6)
    assert abs(change["performance_micro"] - mean) <= Fraction(1, 2)


def test_only_frozen_scores_are_compared_with(
    two_periods: list[people.Person],
    before: people.Period,
    cast: Cast,
    unit: people.BusinessUnit,
    client_for: ClientFor,
) -> None:
    change = groups.asked_of(client_for(cast.hr), f"units/{unit.pk}/")["change"]
    with tenancy.acting_for(cast.organisation):
        of_unit = CurrentScore.objects.filter(period=before, person__unit=unit)
        frozen = list(of_unit.filter(is_frozen=True).values_list("score__score_micro", flat=True))
        assert of_unit.filter(is_frozen=False, score__score_micro__isnull=False).exists()
    assert change["before_people"] == len(frozen) == 7
    assert abs(change["before_micro"] - Fraction(sum(frozen), 7)) <= Fraction(1, 2)
    # Beside the card of that period, which has the mean of all, it would tell of those that are not frozen yet.
    assert groups.asked_of(client_for(cast.finance_owner), f"units/{unit.pk}/")["change"] is None


def test_the_split_as_written_sums_and_is_told_to_whoever_sees_each_score(
    two_periods: list[people.Person],
    before: people.Period,
    cast: Cast,
    unit: people.BusinessUnit,
    client_for: ClientFor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        late = CurrentScore.objects.filter(period=before, is_frozen=False).values_list("person_id", flat=True)
        actions.compute_scores(
            period=before, person_ids=list(late), run=None, at=timezone.now(), state="frozen"
        )
    address = reverse("scoring:unit_card", args=[unit.pk])
    change = client_for(cast.auditor).get(address).context["card"].change
    assert change.performance + change.weights + change.from_people == change.points
    assert sum((line.performance for line in change.lines), Decimal(0)) == change.performance
    assert sum((line.weights for line in change.lines), Decimal(0)) == change.weights
    to_owner = groups.asked_of(client_for(cast.finance_owner), f"units/{unit.pk}/")
    assert (to_owner["change"]["both"], to_owner["change"]["components"]) == (0, [])
    assert "told to those who see each score" in groups.text_of(client_for(cast.finance_owner), address)


def test_weights_are_shown_over_the_periods(
    two_periods: list[people.Person], cast: Cast, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    weights = groups.asked_of(client_for(cast.hr), f"units/{unit.pk}/")["weights"]
    assert len(weights) == 2
    assert weights[0]["percent"] != weights[1]["percent"]
    for row in weights:
        assert sum(Decimal(each) for each in row["percent"].values()) == 100


def test_a_past_period_is_shown_as_it_was(
    two_periods: list[people.Person],
    before: people.Period,
    cast: Cast,
    unit: people.BusinessUnit,
    client_for: ClientFor,
) -> None:
    then = groups.asked_of(client_for(cast.hr), f"units/{unit.pk}/?period={before.pk}")
    assert then["period"] == str(before.pk)
    assert then["change"] is None
    assert then["weights"] == []
    assert (
        client_for(cast.hr).get(f"/api/v1/scorecards/organisation/?period={uuid.uuid4()}").status_code == 404
    )


def test_the_file_says_what_the_page_says_and_is_the_same_in_a_year(
    two_periods: list[people.Person],
    before: people.Period,
    cast: Cast,
    unit: people.BusinessUnit,
    actor: Actor,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hr, address = client_for(cast.hr), reverse("scoring:unit_file", args=[unit.pk])
    card = hr.get(reverse("scoring:unit_card", args=[unit.pk])).context["card"]
    written = groups.read_back(b"".join(hr.get(address).streaming_content))
    assert card.mean is not None
    figures = [str(card.mean.points), "Crowd 3", "CROWD3"]
    figures += [str(line.points) for line in card.mean.lines] + [step.name for step in card.steps]
    figures += [f"{abs(line.performance)}" for line in card.change.lines]
    for figure in figures:
        assert figure in written, figure

    def content(at: Any) -> bytes:
        today = people_queries.today(cast.organisation)
        scope = queries.visible_scope(actor(cast.hr), today, unit_id=unit.pk)
        assert scope is not None
        frozen = queries.group_card(scope, before, actor(cast.hr), today)
        return actions.export_group_card(card=frozen, by=actor(cast.hr), at=at, on=today).read()

    with tenancy.acting_for(cast.organisation):
        first, later = content(timezone.now()), timezone.now() + timezone.timedelta(days=400)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert content(later) == first
