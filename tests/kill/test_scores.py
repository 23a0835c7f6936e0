"""Whoever dies while scores are computed, the scores come out as if nobody had."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from okr.models import KeyResult, Objective
from performance.config.benchmark.seeding import scores as seeded_scores
from performance.foundation import stale
from performance.foundation.models import StaleRow
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.actions import runs
from performance.scoring.models import CurrentScore, Score, ScoreRun
from tests import services
from tests.kill.conftest import House, until

#: People of one part of a run here.
PART = 500

pytestmark = pytest.mark.kill

Acting = Callable[[], Any]


@pytest.fixture
def undisturbed(house: House, acting: Acting) -> dict[Any, tuple[Any, ...]]:
    """person → the score as one calm process computes it; nothing of it is kept."""
    with acting():
        everybody = [person.pk for person in house.company.line]
        actions.rescore_people(person_ids=everybody, at=timezone.now())
        found = _scores()
        transaction.set_rollback(True)
    assert len(found) == len(house.company.line)
    return found


@pytest.fixture
def no_scores_yet(house: House, acting: Acting) -> Iterator[None]:
    """Scores are append-only, so the owner clears them away."""
    with house.owner() as owner:
        owner.autocommit = True
        # A worker may still be looking at what the test before asked for.
        services.insistently(
            owner,
            "TRUNCATE scoring_currentscore, scoring_score, scoring_scorerun, foundation_stalerow CASCADE",
        )
    yield
    house.lose_messages()


def _scores() -> dict[Any, tuple[Any, ...]]:
    rows = CurrentScore.objects.values_list(
        "person_id",
        "score__score_micro",
        "score__constant_micro",
        "score__coverage_ppm",
        "score__contribution_micro",
        "score__effective_ppm",
        "score__digest",
    )
    return {person_id: result for person_id, *result in rows}


def _time_passes(house: House) -> None:
    """An hour later, as far as runs and claims can tell."""
    with house.owner() as owner:
        house.see_rows(owner)
        owner.execute("UPDATE scoring_scorerun SET started_at = started_at - interval '1 hour'")
        owner.execute("UPDATE scoring_scorerunpart SET finished_at = finished_at - interval '1 hour'")
        owner.execute("UPDATE foundation_stalerow SET claimed_at = claimed_at - interval '1 hour'")


def _run_asked_for(house: House, acting: Acting) -> str:
    """Divided already: the company is smaller than one part."""
    with acting():
        run = seeded_scores.start_run(house.company)
        runs.take_run(run_id=run.pk, at=timezone.now(), batch=PART)
        ScoreRun.objects.filter(pk=run.pk).update(state="waiting")
        return str(run.pk)


def _state(acting: Acting, run_id: str) -> tuple[str, int]:
    with acting():
        return ScoreRun.objects.values_list("state", "done").get(pk=run_id)


def _is_done(acting: Acting, run_id: str) -> bool:
    return _state(acting, run_id)[0] == "done"


def _last_of_line(acting: Acting) -> Any:
    """The person whom the second batch reaches last."""
    with acting():
        return (
            people.Person.objects.filter(unit__code__startswith="S0")
            .order_by("-pk")
            .values_list("pk", flat=True)[0]
        )


def _nothing_is_left(acting: Acting) -> bool:
    with acting():
        return not StaleRow.objects.filter(kind__in=["score", "score_inputs"]).exists()


def test_a_worker_killed_in_mid_run_leaves_a_run_that_another_one_finishes(
    house: House, acting: Acting, no_scores_yet: None, undisturbed: dict[Any, Any]
) -> None:
    run_id = _run_asked_for(house, acting)
    worker = house.running_worker()
    with house.owner() as barrier:
        house.see_rows(barrier)
        barrier.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [_last_of_line(acting)])
        house.send(tasks.carry_out_run, run_id)
        until(lambda: _state(acting, run_id) == ("running", PART), "the first batch is committed")
        until(house.is_waiting_for_a_lock, "the worker stands in its second batch")
        worker.kill()
    with acting():
        assert CurrentScore.objects.count() == PART, "what was committed stays, the rest is not there"
    assert _state(acting, run_id)[0] == "running"
    house.lose_messages()
    _time_passes(house)
    house.running_worker()
    house.beat()
    until(lambda: _is_done(acting, run_id), "another worker finishes the run")
    with acting():
        assert _scores() == undisturbed
        assert Score.objects.count() == len(undisturbed), "nobody was scored twice"


def test_a_run_delivered_twice_to_two_workers_at_once_is_carried_out_once(
    house: House, acting: Acting, no_scores_yet: None, undisturbed: dict[Any, Any]
) -> None:
    run_id = _run_asked_for(house, acting)
    house.running_worker()
    second = house.start_worker()
    with house.owner() as barrier:
        house.see_rows(barrier)
        barrier.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [_last_of_line(acting)])
        for _delivery in range(4):
            house.send(tasks.carry_out_run, run_id)
        until(house.is_waiting_for_a_lock, "one worker is in the run")
        until(lambda: house.waiting_messages() == 0, "the other one has taken and left the rest")
        until(lambda: _state(acting, run_id) == ("running", PART), "all other parts are done")
    until(lambda: _is_done(acting, run_id), "the run ends")
    second.kill()
    with acting():
        assert _scores() == undisturbed
        assert Score.objects.count() == len(undisturbed)


def test_a_lost_message_is_found_again_by_the_sweep(
    house: House, acting: Acting, no_scores_yet: None, undisturbed: dict[Any, Any]
) -> None:
    house.stop_workers()
    run_id = _run_asked_for(house, acting)
    house.send(tasks.carry_out_run, run_id)
    assert house.lose_messages() == 1
    house.running_worker()
    house.beat()
    until(lambda: _is_done(acting, run_id), "the sweep takes the run up")
    with acting():
        assert _scores() == undisturbed


WEB_PROCESS_THAT_DIES = """
import os, sys
import django
django.setup()
from django.conf import settings
from django.test import Client
from performance.foundation import jobs
from performance.people.models import User

# Between commit and nudge: where the message would be sent, the process is gone.
jobs._send = lambda *given: os._exit(9)
email, path, fields = sys.argv[1], sys.argv[2], dict(pair.split("=", 1) for pair in sys.argv[3:])
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(User.objects.get(email=email))
print(client.post(path, fields).status_code)
"""


def test_a_web_process_killed_between_commit_and_nudge_loses_nothing(
    house: House, acting: Acting, no_scores_yet: None
) -> None:
    house.running_worker()
    place = next(
        place for place in range(600, 0, -1) if place % 5 in (1, 2) and place % 2 == 0 and place % 10
    )
    person = house.company.line[place]
    with acting():
        actions.rescore_people(person_ids=[person.pk], at=timezone.now())
        before = _scores()[person.pk]
        key_results = list(KeyResult.objects.filter(owner=person))
        objective_ids = list(Objective.objects.filter(owner=person).values_list("pk", flat=True))
    fields = [f"value-{each.pk}={each.target:f}" for each in key_results]
    year, week, _day = datetime.datetime.now(tz=_zone(house)).date().isocalendar()
    died = house.run_python(WEB_PROCESS_THAT_DIES, person.email, f"/check-ins/{year}-W{week:02}/", *fields)
    assert died.returncode == 9, died.stdout + died.stderr
    with acting():
        committed = Objective.objects.filter(pk__in=objective_ids)
        assert {objective.progress_micro for objective in committed} == {100_000_000}, "the check-in is there"
        assert _scores()[person.pk] == before, "its score is not there yet"
        assert StaleRow.objects.filter(kind="score", subject_id=person.pk).exists()
    assert house.waiting_messages() == 0
    house.beat()
    until(lambda: _nothing_is_left(acting), "the sweep computes what is stale")
    with acting():
        swept = _scores()[person.pk]
        assert swept != before
    with acting():
        assert actions.rescore_people(person_ids=[person.pk], at=timezone.now()).written == 0, (
            "nothing differs"
        )


def test_a_worker_killed_while_it_holds_stale_people_gives_them_back(
    house: House, acting: Acting, no_scores_yet: None, undisturbed: dict[Any, Any]
) -> None:
    worker = house.running_worker()
    some = sorted(person.pk for person in house.company.line)[:300]
    with house.owner() as barrier:
        house.see_rows(barrier)
        barrier.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [some[-1]])
        with acting():
            stale.mark("score", some)
        house.send(tasks.rescore_stale)
        until(house.is_waiting_for_a_lock, "the worker holds its claim")
        worker.kill()
    house.running_worker()
    house.beat()
    _time_passes(house)
    house.beat()
    until(lambda: _nothing_is_left(acting), "everything is computed")
    with acting():
        assert _scores() == {person_id: undisturbed[person_id] for person_id in some}
        assert Score.objects.count() == len(some)


def _zone(house: House) -> Any:
    return zoneinfo.ZoneInfo(house.company.organisation.time_zone)
