"""What-ifs of policy owners as tests make them, and people enough that groups are told."""

import dataclasses
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion, PolicyWhatIf
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor


def goals_and_pulse(version: PolicyVersion, okr: int, pulse: int, **changed: Any) -> evidence.Content:
    """What the draft says, with these base weights in per cent."""
    content = queries.content_of(version)
    weighed = {"okr": okr * 10_000, "pulse": pulse * 10_000}
    parts = tuple(dataclasses.replace(each, base_ppm=weighed[each.key]) for each in content.components)
    return dataclasses.replace(content, components=parts, **changed)


def tried(
    version: PolicyVersion, actor: Actor, by: people.Person, supposed: evidence.Content
) -> PolicyWhatIf:
    """Asked for and reckoned. Inside `acting_for`."""
    what_if = actions.try_what_if(version=version, supposed=supposed, by=actor(by), at=timezone.now())
    assert actions.carry_out_at_once(what_if, at=timezone.now()) == []
    return what_if


@pytest.fixture
def many(
    scored_before: PolicyVersion, unit: people.BusinessUnit, before: people.Period, cast: Cast, measured: Any
) -> list[people.Person]:
    """Twelve more people with goals and pulse, scored in the quarter before."""
    with tenancy.acting_for(cast.organisation):
        persons = [
            people.Person.objects.create(number=f"M{at}", name_en=f"Many {at}", unit=unit, level="P4")
            for at in range(12)
        ]
        for at, person in enumerate(persons):
            measured[person.pk, "okr"] = (60 + 2 * at) * MICRO
            measured[person.pk, "turnover"] = 4_620_000
            measured[person.pk, "pulse"] = 4 * MICRO
        actions.compute_scores(
            period=before, person_ids=[each.pk for each in persons], run=None, at=timezone.now()
        )
        return persons
