"""How scores of groups spread: no step tells of few people, neither by itself nor by what groups leave of one another."""

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries
from performance.scoring.models import Score
from performance.scoring.queries import scopes, spreads
from performance.scoring.queries.suppressing import LEAST
from tests.conftest import Cast
from tests.scoring import groups
from tests.scoring.conftest import Actor
from tests.scoring.test_groupcards import company

__all__ = ["company"]

ClientFor = Callable[[people.Person], Client]
TOP, LEFT, RIGHT, DEEP = (uuid.UUID(int=at) for at in range(1, 5))
PARENTS: dict[uuid.UUID, uuid.UUID | None] = {TOP: None, LEFT: TOP, RIGHT: TOP, DEEP: LEFT}
STEPS = st.lists(st.integers(0, 9), min_size=3, max_size=3)


def _is_safe(numbers: Any) -> bool:
    return all(number == 0 or number >= LEAST for number in numbers)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_put_together_each_step_holds_nobody_or_enough_and_none_is_lost(numbers: list[int]) -> None:
    steps = spreads.merged(numbers)
    assert [at for step in steps for at in step] == list(range(len(numbers)))
    sums = [sum(numbers[at] for at in step) for step in steps]
    assert _is_safe(sums) or len(steps) == 1


@given(st.fixed_dictionaries(dict.fromkeys(PARENTS, STEPS)))
def test_no_group_less_what_is_told_inside_it_leaves_few_people_in_a_step(
    own: dict[uuid.UUID, list[int]],
) -> None:
    unseen: dict[scopes.UnitId, Any] = {}
    for unit, numbers in own.items():
        for node in (*scopes.upwards(unit, PARENTS), None):
            unseen[node] = unseen.get(node, 0) + np.array(numbers)
    told = spreads.told_among(unseen, {*PARENTS, None}, PARENTS)
    for node in told:
        inside = [
            each
            for each in told
            if each is not None and each != node and (node is None or node in scopes.upwards(each, PARENTS))
        ]
        direct = [
            each for each in inside if not any(other in scopes.upwards(each, PARENTS)[1:] for other in inside)
        ]
        assert _is_safe(unseen[node] - sum((unseen[each] for each in direct), np.zeros(3, dtype=int)))


@pytest.mark.parametrize("name", ["business_owner", "finance_owner", "administrator", "manager"])
def test_whoever_does_not_see_each_score_is_told_no_step_of_few_people_and_no_median(
    name: str,
    company: groups.Company,
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    client_for: ClientFor,
) -> None:
    reader, today = getattr(cast, name), people_queries.today(cast.organisation)
    unit_ids = (None, company.stores.pk, company.north.pk)
    with tenancy.acting_for(cast.organisation):
        opened = [queries.visible_scope(actor(reader), today, unit_id=unit_id) for unit_id in unit_ids]
        cards = [queries.group_card(scope, quarter, actor(reader), today) for scope in opened if scope]
        seen = set(queries.people_with_visible_scores(actor(reader), today).values_list("pk", flat=True))
        hidden = list(Score.objects.exclude(person__in=seen).values_list("score_micro", flat=True))
        told_of = scopes.told_nodes(actor(reader), quarter, today, scopes.unit_parents())
        spread = spreads.told_spread(quarter, actor(reader), today, told_of, scopes.unit_parents())
    assert cards[0].steps
    for card in cards:
        assert card.mean is not None
        assert card.mean.median_micro is None
        assert sum(step.number for step in card.steps) in (0, card.number)
    by_step = [
        sum((band.low_micro or 0) <= micro < (band.high_micro or 10**9) for micro in hidden)
        for band in spread.bands
    ]
    assert _is_safe(by_step)
    assert sum(by_step) == len(hidden) >= LEAST
    assert len([number for number in by_step if number]) > 1, "not all put together"
    if name != "manager":
        assert [step.number for step in cards[0].steps] == by_step
    told = groups.asked_of(client_for(reader), "organisation/")
    assert told["mean"]["median_micro"] is None
    address = reverse("scoring:organisation_card")
    text = groups.text_of(client_for(reader), address)
    assert "No median is told" in text
    assert "Steps are put together" in text
    assert "None" not in text
    if name != "manager":
        north = groups.text_of(client_for(reader), reverse("scoring:unit_card", args=[company.north.pk]))
        assert "Not told here" in north, "its steps would tell of few people"
    file = client_for(reader).get(reverse("scoring:organisation_file"))
    assert "No median is told" in groups.read_back(b"".join(file.streaming_content))


def test_whoever_sees_each_score_is_told_every_step_and_the_median(
    company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    for name in ("hr", "auditor"):
        told = groups.asked_of(client_for(getattr(cast, name)), "organisation/")
        assert told["mean"]["median_micro"] is not None
        assert any(0 < step["number"] < LEAST for step in told["distribution"])
        assert "No median" not in groups.text_of(
            client_for(getattr(cast, name)), reverse("scoring:organisation_card")
        )
