"""Scores: exact, idempotent, and the same however the work was interrupted."""

import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from performance.foundation import jobs, stale, tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score, ScoreRun
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.conftest import MICRO, Actor


def _scored(cast: Cast) -> list[people.Person]:
    return [cast.employee, cast.colleague, cast.manager]


def _compute(cast: Cast, period: people.Period) -> actions.Written:
    with tenancy.acting_for(cast.organisation):
        return actions.compute_scores(
            period=period, person_ids=[person.pk for person in _scored(cast)], run=None, at=timezone.now()
        )


def _results(cast: Cast) -> dict[Any, Any]:
    with tenancy.acting_for(cast.organisation):
        current = CurrentScore.objects.select_related("score")
        return {item.person_id: (item.score.digest, item.score.score_micro) for item in current}


def _score(cast: Cast, person: people.Person, period: people.Period) -> Score:
    score = queries.current_score(person.pk, period)
    assert score is not None
    return score


def test_contributions_sum_exactly_to_the_score(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        for person in _scored(cast):
            score = _score(cast, person, quarter)
            lines = evidence.explanation_of(score)["components"]
            assert sum(line["contribution_micro"] for line in lines) == score.score_micro
            assert sum(line["constant_contribution_micro"] for line in lines) == score.constant_micro
            assert sum(line["effective_ppm"] for line in lines) == 1_000_000


def test_a_score_is_the_weighted_sum_of_what_was_measured(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    weights = {item["key"]: item["effective_ppm"] for item in locked.planned}
    expected = 82 * weights["okr"] + 62 * weights["turnover"] + 80 * weights["pulse"]
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, quarter)
    assert score.score_micro == expected
    assert score.constant_micro == (82 * 50 + 62 * 30 + 80 * 20) * 10_000
    assert score.coverage_ppm == 1_000_000


def test_a_missing_component_is_left_out_not_counted_as_zero(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.manager, quarter)
        lines = {line["key"]: line for line in evidence.explanation_of(score)["components"]}
    assert lines["pulse"]["treatment"] == "left_out"
    assert lines["pulse"]["effective_ppm"] == 0
    assert score.score_micro is not None
    assert score.score_micro >= 90 * MICRO
    assert score.coverage_ppm < 1_000_000


def test_without_any_evidence_there_is_no_score(
    locked: PolicyVersion, cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, quarter)
    assert score.score_micro is None


def test_computing_twice_writes_once(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    assert _compute(cast, quarter).written == 3
    assert _compute(cast, quarter).written == 0
    collectors.VALUES[cast.employee.pk, "okr"] = 83 * MICRO
    assert _compute(cast, quarter).written == 1
    with tenancy.acting_for(cast.organisation):
        assert Score.objects.count() == 4
        assert CurrentScore.objects.count() == 3


def test_a_score_cannot_be_changed_or_deleted(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Score.objects.update(score_micro=100 * MICRO)
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM scoring_score")


def test_two_versions_in_a_period_weigh_by_their_days(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        second = actions.draft_next_version(policy=locked.policy, period=quarter, by=actor(cast.hr), at=now)
        drafts = [
            draft.__class__(**{**draft.__dict__, "base_ppm": base * 10_000})
            for draft, base in zip(queries.drafts_of(second), (20, 30, 50), strict=True)
        ]
        actions.revise_draft(
            version=second,
            period=quarter,
            stage="growth",
            missing="leave_out",
            step_cap_ppm=None,
            components=drafts,
            reason="The pulse matters more",
            by=actor(cast.hr),
            at=now,
        )
        actions.propose_policy(version=second, by=actor(cast.hr), at=now)
        actions.approve_policy(version=second, side="business", by=actor(cast.business_owner), at=now)
        actions.approve_policy(version=second, side="finance", by=actor(cast.finance_owner), at=now)
        last_day = quarter.ends_on
        second = actions.lock_policy(version=second, effective_on=last_day, by=actor(cast.hr), at=now)
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, quarter)
        [first_days, second_days] = [segment["days"] for segment in evidence.segments_named(score)]
        weights = [
            {item["key"]: item["effective_ppm"] for item in version.planned} for version in (locked, second)
        ]
        values = {"okr": 82, "turnover": 62, "pulse": 80}
        totals = [sum(values[key] * weight[key] for key in values) for weight in weights]
        expected = round((totals[0] * first_days + totals[1] * second_days) / (first_days + second_days))
        locked.refresh_from_db()
        assert locked.state == "superseded"
        assert queries.replay_score(score).is_identical
    assert second_days == 1
    assert score.score_micro == expected


def test_stale_people_are_scored_by_the_sweep_although_the_broker_was_away(
    locked: PolicyVersion,
    measured: dict[Any, Any],
    cast: Cast,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("the broker is away")

    with monkeypatch.context() as patched:
        patched.setattr(jobs.OrganisationTask, "apply_async", broken)
        with django_capture_on_commit_callbacks(execute=True), tenancy.acting_for(cast.organisation):
            jobs.nudge(tasks.rescore_stale)
    assert _results(cast) == {}
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    assert len(_results(cast)) == 3
    with tenancy.acting_for(cast.organisation):
        assert stale.waiting("score") == 0


def test_a_task_delivered_twice_changes_nothing(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast
) -> None:
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.apply()
        before = _results(cast)
        tasks.rescore_stale.apply()
    assert _results(cast) == before
    with tenancy.acting_for(cast.organisation):
        assert Score.objects.count() == 3


def test_a_worker_killed_before_settling_leaves_the_work_to_be_done_again(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(claimed: stale.Claim) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stale, "settle", killed)
        with pytest.raises(KeyboardInterrupt), tenancy.remembering(cast.organisation.pk):
            tasks.rescore_stale.run()
    assert _results(cast) == {}
    with tenancy.acting_for(cast.organisation):
        assert stale.waiting("score") == 3
        later = timezone.now() + stale.CLAIM_LASTS + datetime.timedelta(seconds=1)
        claimed = stale.claim("score", limit=10, at=later)
        assert len(claimed.subject_ids) == 3


def test_a_full_run_goes_on_after_a_kill_between_batches(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=now)
        assert actions.take_run(run_id=run.pk, at=now, batch=1) == 3
        assert actions.advance_run(run_id=run.pk, at=now)
        run.refresh_from_db()
        assert (run.state, run.done, run.total) == ("running", 1, 3)
        assert not actions.take_run(run_id=run.pk, at=now), "somebody is at it"
        # The worker dies here. Nothing moves any more, and another one takes the run over.
        later = now + datetime.timedelta(minutes=3)
        assert actions.take_run(run_id=run.pk, at=later) == 2
        while actions.advance_run(run_id=run.pk, at=later):
            pass
        run.refresh_from_db()
        assert (run.state, run.done, run.written) == ("done", 3, 3)
    interrupted = _results(cast)
    with tenancy.acting_for(cast.organisation):
        assert actions.compute_scores(
            period=quarter, person_ids=[person.pk for person in _scored(cast)], run=None, at=later
        ) == actions.Written(3, 0)
    assert _results(cast) == interrupted


def test_incremental_and_full_computation_agree(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.apply()
    incremental = _results(cast)
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
        tasks.carry_out_run.apply([str(run.pk)])
        run.refresh_from_db()
        assert (run.state, run.written) == ("done", 0)
    assert _results(cast) == incremental


def test_a_stopped_run_stands_still_and_is_taken_up_again(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=now)
        actions.take_run(run_id=run.pk, at=now, batch=1)
        actions.advance_run(run_id=run.pk, at=now)
        actions.stop_run(run=run, by=actor(cast.hr), at=now)
        assert not actions.advance_run(run_id=run.pk, at=now)
        actions.resume_run(run=run, by=actor(cast.hr), at=now)
        tasks.carry_out_run.apply([str(run.pk)])
        run.refresh_from_db()
        assert (run.state, run.done) == ("done", 3)


def test_one_run_a_period_at_a_time(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.start_run(period=quarter, by=actor(cast.hr), at=now)
        with pytest.raises(actions.RunRefused) as refused:
            actions.start_run(period=quarter, by=actor(cast.hr), at=now)
        assert refused.value.code == "conflict"


def test_a_failing_source_ends_the_run_with_its_reason(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor, now: datetime.datetime
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = "not a number"  # type: ignore[assignment]
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=now)
    with tenancy.remembering(cast.organisation.pk):
        assert tasks.carry_out_run.apply([str(run.pk)]).failed()
    with tenancy.acting_for(cast.organisation):
        run.refresh_from_db()
        assert run.state == "failed"
        assert run.error


def test_frozen_scores_never_move_again(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    now = timezone.now()
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(actions.RunRefused):
            actions.freeze_scores(period=quarter, by=actor(cast.hr), at=now)
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=now)
        tasks.carry_out_run.apply([str(run.pk)])
        frozen = _score(cast, cast.employee, quarter)
        assert frozen.is_frozen
    collectors.VALUES[cast.employee.pk, "okr"] = 10 * MICRO
    assert _compute(cast, quarter).written == 0
    with tenancy.acting_for(cast.organisation):
        assert _score(cast, cast.employee, quarter).pk == frozen.pk
        assert queries.replay_score(frozen).is_identical


def _place(score: Score, key: str) -> int:
    """Where a component stands in the columns of a score of one stretch."""
    return [line["key"] for line in score.basis.content["components"]].index(key)


def test_replay_notices_a_score_that_does_not_follow_from_its_inputs(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, quarter)
        assert queries.replay_score(score).is_identical
        score.raw_micro[_place(score, "okr")] += 1
        assert queries.replay_score(score).differences == ("score", "okr", "digest")


def test_replay_notices_a_reference_that_was_changed_though_the_sum_is_the_same(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, quarter)
        score.refs = score.refs.replace("Ledger 6401", "Another ledger")
        replay = queries.replay_score(score)
        assert (replay.differences, replay.is_altered) == (("digest",), True)
        assert replay.kept_micro == replay.again_micro


def test_carry_forward_takes_the_last_frozen_value(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    now = timezone.now()
    _compute(cast, quarter)
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=now)
        tasks.carry_out_run.apply([str(run.pk)])
        after = people.Period.objects.create(
            name_en="Next",
            starts_on=quarter.ends_on + datetime.timedelta(days=1),
            ends_on=quarter.ends_on + datetime.timedelta(days=90),
            state="active",
        )
        version = actions.draft_next_version(policy=locked.policy, period=after, by=actor(cast.hr), at=now)
        actions.revise_draft(
            version=version,
            period=after,
            stage="mature",
            missing="carry_forward",
            step_cap_ppm=50_000,
            components=queries.drafts_of(version),
            reason="Next quarter",
            by=actor(cast.hr),
            at=now,
        )
        actions.propose_policy(version=version, by=actor(cast.hr), at=now)
        actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=now)
        actions.lock_policy(version=version, by=actor(cast.hr), at=now)
    collectors.VALUES[cast.employee.pk, "pulse"] = None
    _compute(cast, after)
    with tenancy.acting_for(cast.organisation):
        score = _score(cast, cast.employee, after)
        lines = {line["key"]: line for line in evidence.explanation_of(score)["components"]}
        assert lines["pulse"]["treatment"] == "carried"
        assert lines["pulse"]["value_micro"] == 80 * MICRO
        assert queries.replay_score(score).is_identical


def test_a_changed_metric_rescopes_to_the_people_who_are_weighed_by_it(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert queries.people_using_metrics(["revenue"]) == []
        concerned = queries.people_using_metrics(["turnover", "revenue"])
    assert set(concerned) == {person.pk for person in _scored(cast)}


def test_nobody_outside_the_policy_is_scored(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        written = actions.compute_scores(
            period=quarter, person_ids=[cast.hr.pk, cast.boss.pk], run=None, at=timezone.now()
        )
        assert written == actions.Written(0, 0)
        assert not ScoreRun.objects.exists()
