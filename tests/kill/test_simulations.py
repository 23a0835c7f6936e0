"""A worker that dies while a draft is tried on kept scores: what comes out is what one calm process gives."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from performance.config.benchmark.seeding import scores as seeded_scores
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.actions import simulations
from performance.scoring.models import PolicyVersion, SimulatedScore, Simulation, WeightPolicy
from tests.kill.conftest import House, until

pytestmark = pytest.mark.kill

Acting = Callable[[], Any]


@pytest.fixture
def next_draft(house: House, acting: Acting) -> Iterator[PolicyVersion]:
    """Kept scores of everybody, and a draft for the period after, in which goals weigh more."""
    company = house.company
    ends_on = company.period.ends_on
    with acting():
        hr = company.actor(company.staff["hr"])
        everybody = [person.pk for person in company.line]
        actions.rescore_people(person_ids=everybody, at=timezone.now())
        after = people.Period.objects.create(
            name_en="After",
            name_zh="之后",
            starts_on=ends_on + datetime.timedelta(days=1),
            ends_on=ends_on + datetime.timedelta(days=90),
        )
        version = actions.draft_next_version(
            policy=WeightPolicy.objects.get(), period=after, by=hr, at=timezone.now()
        )
        goals = len(seeded_scores.COMPONENTS) - 1
        components = [
            dataclasses.replace(one, base_ppm=one.base_ppm + (50_000 * goals if not place else -50_000))
            for place, one in enumerate(seeded_scores.COMPONENTS)
        ]
        version = actions.revise_draft(
            version=version,
            period=after,
            stage=version.stage,
            missing=version.missing,
            step_cap_ppm=None,
            components=components,
            by=hr,
            at=timezone.now(),
        )
    yield version
    house.lose_messages()
    house.stop_workers()
    with acting():
        actions.discard_draft(version=version, by=hr, at=timezone.now())
        while actions.clear_forgotten():
            pass
        after.delete()
    with house.owner() as owner:
        owner.execute(
            "TRUNCATE scoring_currentscore, scoring_score, scoring_scorerun, foundation_stalerow CASCADE"
        )


def test_a_worker_killed_in_mid_simulation_leaves_one_that_another_worker_finishes(
    house: House, acting: Acting, next_draft: PolicyVersion
) -> None:
    calm = _calm(house, acting, next_draft)
    with acting():
        simulation_id = str(_asked_for(house, next_draft).pk)
        last = people.Person.objects.filter(unit__code__startswith="S0").order_by("-pk")[0]
    worker = house.running_worker()
    with house.owner() as barrier:
        house.see_rows(barrier)
        barrier.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [last.pk])
        house.send(tasks.carry_out_simulation, simulation_id)
        until(
            lambda: _state(acting, simulation_id) == ("running", simulations.BATCH),
            "the first batch is committed",
        )
        until(house.is_waiting_for_a_lock, "the worker stands in its second batch")
        worker.kill()
    with acting():
        assert SimulatedScore.objects.count() == simulations.BATCH, "what was committed stays"
    house.lose_messages()
    with house.owner() as owner:
        house.see_rows(owner)
        owner.execute("UPDATE scoring_simulation SET held_until = held_until - interval '1 hour'")
    house.running_worker()
    house.beat()
    until(lambda: _state(acting, simulation_id)[0] == "done", "another worker finishes it")
    with acting():
        assert _outcome() == calm


def _asked_for(house: House, version: PolicyVersion) -> Simulation:
    """Asked for on a day when the period of the kept scores is over."""
    hr = house.company.actor(house.company.staff["hr"])
    days = house.company.period.ends_on - timezone.localdate() + datetime.timedelta(days=2)
    [simulation] = actions.simulate_policy(version=version, by=hr, at=timezone.now() + days)
    return simulation


def _calm(house: House, acting: Acting, version: PolicyVersion) -> tuple[Any, ...]:
    """As one process computes it that nobody disturbs; nothing of it is kept."""
    with acting():
        simulation = _asked_for(house, version)
        assert actions.take_simulation(simulation_id=simulation.pk, at=timezone.now())
        while actions.advance_simulation(simulation_id=simulation.pk, at=timezone.now()):
            pass
        found = _outcome()
        transaction.set_rollback(True)
    assert len(found[1]) > simulations.BATCH
    assert any(was != after for _person, was, after in found[1])
    return found


def _outcome() -> tuple[Any, ...]:
    """The figures over all, and each person's scores."""
    figures = ("done", "compared", "incomparable", "within", "beyond", "band_up", "band_down", "bins")
    [simulation] = Simulation.objects.values(*figures, "change_micro", "absent")
    rows = SimulatedScore.objects.order_by("person_id")
    return simulation, list(rows.values_list("person_id", "before_micro", "after_micro"))


def _state(acting: Acting, simulation_id: str) -> tuple[str, int]:
    with acting():
        return Simulation.objects.values_list("state", "done").get(pk=simulation_id)
