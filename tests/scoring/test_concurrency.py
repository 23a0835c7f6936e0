"""Two workers at once, on real connections: nobody is scored twice, nothing is lost."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring.conftest import Actor

pytestmark = pytest.mark.django_db(transaction=True)


def _together(*works: Any) -> None:
    """Runs these at the same moment, each on a connection of its own."""
    gate = threading.Barrier(len(works))
    failures: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            gate.wait(10)
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


def test_two_workers_on_the_same_people_write_each_score_once(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    ids = [cast.employee.pk, cast.colleague.pk, cast.manager.pk]

    def work() -> None:
        with tenancy.acting_for(cast.organisation):
            actions.compute_scores(period=quarter, person_ids=ids, run=None, at=timezone.now())

    _together(work, work, work)
    with tenancy.acting_for(cast.organisation):
        assert Score.objects.count() == 3
        assert CurrentScore.objects.count() == 3


def test_a_run_delivered_to_two_workers_and_a_sweep_at_once_end_as_one(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())

    def carry_out() -> None:
        with tenancy.remembering(cast.organisation.pk):
            assert tasks.carry_out_run.apply([str(run.pk)]).successful()

    def rescore() -> None:
        with tenancy.remembering(cast.organisation.pk):
            assert tasks.rescore_stale.apply().successful()

    _together(carry_out, carry_out, rescore)
    with tenancy.acting_for(cast.organisation):
        run.refresh_from_db()
        assert (run.state, run.done) == ("done", 3)
        assert Score.objects.count() == 3
        assert stale.waiting("score") == 0


def test_two_owners_of_a_side_at_once_leave_one_approval(
    proposal: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    refused: list[str] = []

    def approve(person_id: uuid.UUID) -> Any:
        def work() -> None:
            with tenancy.acting_for(cast.organisation):
                by = actor(people.Person.objects.select_related("user").get(pk=person_id))
                try:
                    actions.approve_policy(version=proposal, side="business", by=by, at=timezone.now())
                except actions.PolicyRefused as refusal:
                    refused.append(refusal.code)

        return work

    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.boss, role="business_owner")
    _together(approve(cast.business_owner.pk), approve(cast.boss.pk))
    assert refused == ["conflict"]
    with tenancy.acting_for(cast.organisation):
        assert proposal.approvals.count() == 1
