"""Two workers at once, on real connections: nobody is scored twice, nothing is lost. Weights locked while scores are
frozen: one of the two comes first."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, tasks
from performance.scoring.models import (
    CurrentScore,
    PolicyVersion,
    Score,
    ScoreRun,
    SimulatedScore,
    Simulation,
)
from tests import races
from tests.conftest import Cast
from tests.scoring.conftest import Actor, component, redrafted

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


def test_workers_take_different_parts_of_a_run_side_by_side(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
        assert actions.take_run(run_id=run.pk, at=timezone.now(), batch=1) == 3
    under_way = threading.Barrier(2, timeout=races.PATIENCE_SECONDS)

    def one_part() -> None:
        with tenancy.acting_for(cast.organisation):
            part = actions.runs.free_part(run)
            under_way.wait()
            assert part is not None
            taken.append(part.number)

    taken: list[int] = []
    _together(one_part, one_part)
    assert sorted(taken) == [1, 2], "neither waits for the other"


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


@pytest.fixture
def coming(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> PolicyVersion:
    """Other weights for the period that is closing, approved by both sides."""
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_next_version(policy=locked.policy, period=quarter, by=actor(cast.hr), at=now)
        version = actions.revise_draft(
            version=version,
            period=quarter,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[component("okr", 90), component("pulse", 10, source_kind="feedback")],
            reason="Goals count more",
            by=actor(cast.hr),
            at=now,
        )
        actions.propose_policy(version=version, by=actor(cast.hr), at=now)
        actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        version = actions.approve_policy(
            version=version, side="finance", by=actor(cast.finance_owner), at=now
        )
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
    return version


def _governed_by(cast: Cast) -> set[tuple[uuid.UUID, ...]]:
    """The versions by which anybody's current score was computed."""
    with tenancy.acting_for(cast.organisation):
        return {
            tuple(uuid.UUID(segment["version"]) for segment in evidence.segments_named(current.score))
            for current in CurrentScore.objects.select_related("score")
        }


def _freeze_to_the_end(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        run = ScoreRun.objects.get(kind="freeze")
    with tenancy.remembering(cast.organisation.pk):
        assert tasks.carry_out_run.apply([str(run.pk)]).successful()


def test_weights_locked_while_a_freeze_is_being_asked_for_wait_and_are_refused(
    coming: PolicyVersion, locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    today = locked.effective_on
    outcomes = races.second_waits_for_first(
        cast.organisation,
        lambda: actions.freeze_scores(period=quarter, by=actor(cast.hr), at=timezone.now()),
        lambda: actions.lock_policy(version=coming, effective_on=today, by=actor(cast.hr), at=timezone.now()),
    )
    assert isinstance(outcomes[0], ScoreRun)
    assert isinstance(outcomes[1], actions.PolicyRefused)
    assert outcomes[1].code == "being_frozen"
    _freeze_to_the_end(cast)
    assert _governed_by(cast) == {(locked.pk,)}


def test_a_freeze_asked_for_while_weights_are_being_locked_waits_and_goes_by_them(
    coming: PolicyVersion, locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    today = locked.effective_on
    outcomes = races.second_waits_for_first(
        cast.organisation,
        lambda: actions.lock_policy(version=coming, effective_on=today, by=actor(cast.hr), at=timezone.now()),
        lambda: actions.freeze_scores(period=quarter, by=actor(cast.hr), at=timezone.now()),
    )
    assert isinstance(outcomes[0], PolicyVersion)
    assert isinstance(outcomes[1], ScoreRun)
    _freeze_to_the_end(cast)
    assert _governed_by(cast) == {(coming.pk,)}


def test_weights_locked_while_a_part_is_being_scored_wait_for_nobody_and_count_in_the_end(
    coming: PolicyVersion, locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
        actions.take_run(run_id=run.pk, at=timezone.now(), batch=1)
    has_written, may_commit = threading.Event(), threading.Event()

    def one_part() -> None:
        with tenancy.acting_for(cast.organisation):
            assert actions.advance_run(run_id=run.pk, at=timezone.now())
            has_written.set()
            assert may_commit.wait(races.PATIENCE_SECONDS)

    def lock() -> None:
        assert has_written.wait(races.PATIENCE_SECONDS)
        with tenancy.acting_for(cast.organisation):
            actions.lock_policy(
                version=coming, effective_on=locked.effective_on, by=actor(cast.hr), at=timezone.now()
            )
        may_commit.set()

    _together(one_part, lock)
    with tenancy.acting_for(cast.organisation):
        # Everybody is scored by what the run has pinned, and then by what came into force.
        while actions.advance_run(run_id=run.pk, at=timezone.now()):
            pass
    assert _governed_by(cast) == {(locked.pk,)}
    with tenancy.remembering(cast.organisation.pk):
        assert tasks.rescore_stale.apply().successful()
    assert _governed_by(cast) == {(coming.pk,)}


def test_a_simulation_delivered_to_three_workers_at_once_is_carried_out_once(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        [simulation] = actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())

    def carry_out() -> None:
        with tenancy.remembering(cast.organisation.pk):
            assert tasks.carry_out_simulation.apply([str(simulation.pk)]).successful()

    _together(carry_out, carry_out, carry_out)
    with tenancy.acting_for(cast.organisation):
        simulation.refresh_from_db()
        assert (simulation.state, simulation.done, simulation.compared) == ("done", 3, 3)
        assert SimulatedScore.objects.count() == 3


def test_a_draft_that_is_edited_and_simulated_anew_under_a_workers_hands_keeps_the_new_simulation_alone(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        [first] = actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())

    def carry_out() -> None:
        with tenancy.remembering(cast.organisation.pk):
            assert tasks.carry_out_simulation.apply([str(first.pk)]).successful()

    def anew() -> None:
        with tenancy.acting_for(cast.organisation):
            version = redrafted(next_draft, cast, actor, missing="zero")
            actions.simulate_policy(version=version, by=actor(cast.hr), at=timezone.now())

    _together(carry_out, anew, carry_out)
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        [simulation] = Simulation.objects.all()
        assert simulation.pk != first.pk
        assert (simulation.state, simulation.compared) == ("done", 3)
        assert set(SimulatedScore.objects.values_list("simulation_id", flat=True)) == {simulation.pk}
