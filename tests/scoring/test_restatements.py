"""Frozen scores never change by themselves: what is known later is proposed with its impact, and both sides decide."""

import datetime
import io
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from performance.foundation import stale, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import (
    RESTATED,
    RESTATEMENT,
    CurrentScore,
    RestatedScore,
    Restatement,
    RestatementCause,
    Score,
    ScoreRun,
)
from tests.conftest import Cast
from tests.scoring import restated
from tests.scoring.conftest import MICRO, Actor
from tests.scoring.restated import frozen, in_force, later, proposed

__all__ = ["frozen", "later", "proposed"]


def _waiting(kind: str) -> set[Any]:
    return set(WorkItem.objects.filter(kind=kind, done_at=None).values_list("person_id", flat=True))


def test_nothing_is_proposed_where_every_frozen_score_comes_out_as_it_stands(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, later: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closed")
        run = restated.compare(quarter, None, later)
        assert (run.state, run.done, run.written) == ("done", 3, 0)
        assert not Restatement.objects.exists()
        assert not WorkItem.objects.filter(kind=RESTATEMENT).exists()


def test_what_changed_is_proposed_with_its_causes_and_its_impact_and_no_score_moves(
    proposed: Restatement, frozen: dict[Any, Score], cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert in_force(quarter) == frozen
        [row] = RestatedScore.objects.filter(restatement=proposed)
        assert row.person_id == cast.employee.pk
        assert row.before_micro == frozen[cast.employee.pk].score_micro
        assert row.after_micro is not None
        assert row.before_micro is not None
        assert row.after_micro > row.before_micro
        assert (proposed.total, proposed.higher, proposed.lower) == (1, 1, 0)
        assert proposed.change_micro == row.after_micro - row.before_micro
        assert sum(proposed.bins) == 1
        [cause] = RestatementCause.objects.filter(restatement=proposed)
        assert (cause.kind, cause.component_key, cause.person_id) == ("okr", "okr", cast.employee.pk)
        assert (cause.before_micro, cause.after_micro) == (82 * MICRO, 90 * MICRO)
        assert _waiting(RESTATEMENT) == {cast.business_owner.pk, cast.finance_owner.pk}
        assert _waiting(RESTATED) == {cast.hr.pk}
        assert AuditRow.objects.filter(action="scoring.propose_restatement").count() == 1


def test_two_yeses_put_the_new_scores_in_force_and_the_old_ones_replay_as_before(
    proposed: Restatement,
    frozen: dict[Any, Score],
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    later: datetime.datetime,
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = frozen[cast.employee.pk]
        marked = stale.waiting("score")
        restated.decide(proposed, actor(cast.business_owner), "business", later)
        assert in_force(quarter) == frozen
        agreed = restated.decide(proposed, actor(cast.finance_owner), "finance", later)
        assert agreed.state == "agreed"
        # Known only after the decision: not a part of what was decided.
        restated.restate(cast.employee, "okr", 10 * MICRO)
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_restatements.apply()
    with tenancy.acting_for(cast.organisation):
        [row] = RestatedScore.objects.filter(restatement=proposed)
        after = in_force(quarter)[cast.employee.pk]
        assert after.pk != before.pk
        assert (after.score_micro, after.state) == (row.after_micro, "frozen")
        assert evidence.inputs_of(after)[0]["okr"].value_micro == 90 * MICRO
        for score in (before, after):
            assert queries.replay_score(score).is_identical
        others = {who: score for who, score in in_force(quarter).items() if who != cast.employee.pk}
        assert others == {who: score for who, score in frozen.items() if who != cast.employee.pk}
        assert stale.waiting("score") >= max(marked, 1)
        assert not _waiting(RESTATEMENT)
        assert cast.employee.pk in _waiting(RESTATED)
        by_action = set(AuditRow.objects.values_list("action", flat=True))
        assert {"scoring.adopt_restatement", "scoring.carry_out_restatement"} <= by_action
    out = io.StringIO()
    call_command("replay_scores", shuffle=3, stdout=out)
    assert "4 scores replayed, 4 identical, 0 different" in out.getvalue()


def test_a_no_ends_it_and_the_same_is_not_proposed_again(
    proposed: Restatement,
    frozen: dict[Any, Score],
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    later: datetime.datetime,
) -> None:
    with tenancy.acting_for(cast.organisation):
        given = restated.decide(
            proposed, actor(cast.finance_owner), "finance", later, adopts=False, reason="Paid out already"
        )
        assert given.state == "rejected"
        assert not _waiting(RESTATEMENT)
        restated.compare(quarter, None, later + restated.LATER)
        assert Restatement.objects.count() == 1
        assert not RestatedScore.objects.filter(restatement=None).exists()
        [mark] = queries.marks_of(frozen[cast.employee.pk])
        assert (mark.state, mark.reasons) == ("rejected", ("Paid out already",))
        assert in_force(quarter) == frozen
        # Something more has changed: that is another proposal.
        restated.restate(cast.colleague, "okr", 5 * MICRO)
        restated.compare(quarter, None, later + 2 * restated.LATER)
        assert Restatement.objects.filter(state="proposed", total=2).count() == 1


def test_later_figures_overtake_what_waits_and_what_comes_back_leaves_nothing(
    proposed: Restatement, cast: Cast, quarter: people.Period, later: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        restated.compare(quarter, None, later + restated.LATER)
        assert Restatement.objects.count() == 1, "the same causes are one proposal"
        restated.restate(cast.employee, "okr", 95 * MICRO)
        restated.compare(quarter, None, later + 2 * restated.LATER)
        states = dict(Restatement.objects.values_list("pk", "state"))
        assert states.pop(proposed.pk) == "overtaken"
        assert list(states.values()) == ["proposed"]
        restated.restate(cast.employee, "okr", 82 * MICRO)
        restated.compare(quarter, None, later + 3 * restated.LATER)
        assert set(Restatement.objects.values_list("state", flat=True)) == {"overtaken"}
        assert not _waiting(RESTATEMENT)


def test_a_shared_metric_is_one_cause_for_all_of_its_people(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, later: datetime.datetime
) -> None:
    for person in (cast.employee, cast.colleague):
        restated.restate(person, "turnover", 4 * MICRO)
    with tenancy.acting_for(cast.organisation):
        restated.compare(quarter, None, later)
        causes = RestatementCause.objects.filter(restatement__state="proposed")
        assert {(cause.kind, cause.people, cause.person_id) for cause in causes} == {("kpi", 1, None)}
        assert {cause.before_micro for cause in causes} == {4_620_000, 5_100_000}


def test_a_comparison_runs_once_a_night_and_set_of_weights(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, later: datetime.datetime
) -> None:
    night = later.replace(hour=20)
    with tenancy.acting_for(cast.organisation):
        [run_id] = actions.ask_for_comparisons(at=night)
        assert actions.ask_for_comparisons(at=night) == []
        key = ScoreRun.objects.get(pk=run_id).key
        assert key
        with pytest.raises(IntegrityError, match="run_once_by_key"), transaction.atomic():
            ScoreRun.objects.create(period=quarter, kind="restate", state="done", key=key, asked_at=night)
        restated.carry_out(run_id, night)
        assert actions.ask_for_comparisons(at=night) == []
        assert len(actions.ask_for_comparisons(at=night + datetime.timedelta(days=1))) == 1


def test_a_killed_comparison_goes_on_and_finds_nobody_twice(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, later: datetime.datetime
) -> None:
    for person in (cast.employee, cast.colleague, cast.manager):
        restated.restate(person, "okr", 50 * MICRO)
    with tenancy.acting_for(cast.organisation):
        run = actions.compare_scores(period=quarter, by=None, at=later)
        assert actions.take_run(run_id=run.pk, at=later, batch=1) == 3
        assert actions.advance_run(run_id=run.pk, at=later)
        assert not actions.take_run(run_id=run.pk, at=later), "a doubled message finds it taken"
        on = later + datetime.timedelta(minutes=3)
        assert actions.take_run(run_id=run.pk, at=on) == 2
        while actions.advance_run(run_id=run.pk, at=on):
            pass
        [found] = Restatement.objects.all()
        assert (found.total, RestatedScore.objects.count()) == (3, 3)


def test_an_adoption_that_is_asked_for_twice_happens_once(
    proposed: Restatement, cast: Cast, actor: Actor, later: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        restated.decide(proposed, actor(cast.business_owner), "business", later)
        restated.decide(proposed, actor(cast.finance_owner), "finance", later)
        before = Score.objects.count()
        # The message of the decision is lost: the sweep finds what both sides agreed to.
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
        tasks.carry_out_restatements.apply()
    with tenancy.acting_for(cast.organisation):
        assert not actions.carry_out_restatement(restatement_id=proposed.pk, at=later)
        assert Score.objects.filter(state="frozen").count() == 4
        assert Score.objects.count() >= before + 1
        assert AuditRow.objects.filter(action="scoring.carry_out_restatement").count() == 1


@pytest.mark.parametrize(
    ("who", "side", "code"),
    [
        ("business_owner", "finance", "not_an_owner"),
        ("hr", "business", "not_an_owner"),
        ("employee", "business", "is_scored"),
    ],
)
def test_who_may_not_decide_is_refused_by_the_action(
    proposed: Restatement,
    cast: Cast,
    actor: Actor,
    later: datetime.datetime,
    who: str,
    side: str,
    code: str,
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.employee, role="business_owner")
        with pytest.raises(actions.RestatementRefused) as refused:
            restated.decide(proposed, actor(getattr(cast, who)), side, later)
        assert refused.value.code == code


def test_nobody_decides_on_what_they_asked_for_nor_for_both_sides_nor_without_a_reason(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, actor: Actor, later: datetime.datetime
) -> None:
    restated.restate(cast.employee, "okr", 90 * MICRO)
    with tenancy.acting_for(cast.organisation):
        for role in ("business_owner", "finance_owner"):
            people.RoleGrant.objects.create(person=cast.hr, role=role)
        people.RoleGrant.objects.create(person=cast.business_owner, role="finance_owner")
        restated.compare(quarter, actor(cast.hr), later)
        found = Restatement.objects.select_related("period", "run").get()
        assert found.proposed_by_id == cast.hr.pk
        cases = [
            (cast.hr, "business", "Yes", "own_proposal"),
            (cast.business_owner, "business", " ", "reason_missing"),
        ]
        for person, side, reason, code in cases:
            with pytest.raises(actions.RestatementRefused) as refused:
                restated.decide(found, actor(person), side, later, reason=reason)
            assert refused.value.code == code
        restated.decide(found, actor(cast.business_owner), "business", later)
        with pytest.raises(actions.RestatementRefused) as refused:
            restated.decide(found, actor(cast.business_owner), "finance", later)
        assert refused.value.code == "same_person"


def test_the_database_refuses_what_the_rules_refuse(
    proposed: Restatement, frozen: dict[Any, Score], cast: Cast, later: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        given = {"restatement": proposed, "reason": "Mine", "at": later, "adopts": True}
        decisions = proposed.decisions
        with pytest.raises(IntegrityError, match="scored by it"), transaction.atomic():
            decisions.create(side="business", person=cast.employee, **given)
        with pytest.raises(IntegrityError, match="both sides agree"), transaction.atomic():
            Restatement.objects.filter(pk=proposed.pk).update(state="agreed")
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            RestatedScore.objects.filter(restatement=proposed).update(after_micro=1)
        other = frozen[cast.colleague.pk]
        with pytest.raises(IntegrityError, match="gives way to nothing"), transaction.atomic():
            CurrentScore.objects.filter(person=cast.employee).update(score=other)
        with pytest.raises(IntegrityError, match="gives way to nothing"), transaction.atomic():
            CurrentScore.objects.filter(person=cast.employee).delete()
