"""Runs under way: at which moment they read, what they wait for, and how they end when something breaks."""

import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import PolicyVersion, ScoreRun
from performance.sources import actions as sources
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.scoring import collectors
from tests.scoring.conftest import Actor


@pytest.fixture
def closing(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> people.Period:
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        return quarter


def test_a_freeze_reads_all_evidence_as_of_one_moment(
    closing: people.Period, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        run = actions.freeze_scores(period=closing, by=actor(cast.hr), at=now)
        actions.take_run(run_id=run.pk, at=now, batch=1)
        minutes = 0
        while actions.advance_run(run_id=run.pk, at=now + datetime.timedelta(minutes=minutes)):
            minutes += 1
        run.refresh_from_db()
        assert (run.state, run.done) == ("done", 3)
        assert set(collectors.MOMENTS) == {now}


def test_scores_are_not_frozen_while_their_numbers_are_being_computed(
    closing: people.Period, turnover: Metric, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        stale.mark("metric_definitions", [turnover.pk], at=now)
        with pytest.raises(actions.RunRefused, match="Inventory capital turnover") as refused:
            actions.freeze_scores(period=closing, by=actor(cast.hr), at=now)
        assert refused.value.code == "numbers_pending"
        stale.settle(stale.claim("metric_definitions", limit=1, at=now))
        assert actions.freeze_scores(period=closing, by=actor(cast.hr), at=now).state == "waiting"


def test_scores_are_not_frozen_while_data_under_them_is_being_loaded(
    closing: people.Period, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        sales = tables.make_dataset("sales", SALES, [])
        other = tables.make_dataset("other", SALES, [])
        tables.certify(cast, actor, "sold", tables.base(sales, "sum", "price"))
        stale.settle(stale.claim("metric_definitions", limit=9, at=now))
        sources.start_load(dataset=other, by=actor(cast.finance_owner), at=now)
        load = sources.start_load(dataset=sales, by=actor(cast.finance_owner), at=now)
        with pytest.raises(actions.RunRefused) as refused:
            actions.freeze_scores(period=closing, by=actor(cast.hr), at=now)
        assert refused.value.code == "numbers_pending"
        sources.stop_load(load=load, by=actor(cast.finance_owner), at=now)
        actions.freeze_scores(period=closing, by=actor(cast.hr), at=now)


def test_a_freeze_that_has_not_begun_waits_for_numbers_that_set_out_meanwhile(
    closing: people.Period, turnover: Metric, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        run = actions.freeze_scores(period=closing, by=actor(cast.hr), at=now)
        stale.mark("metric_definitions", [turnover.pk], at=now)
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
        assert _state(cast, run) == ("waiting", 0)
        with tenancy.acting_for(cast.organisation):
            stale.settle(stale.claim("metric_definitions", limit=1, at=now))
        tasks.catch_up.apply()
    assert _state(cast, run) == ("done", 3)


def test_a_lost_connection_leaves_the_run_to_the_sweep(
    locked: PolicyVersion,
    measured: dict[Any, Any],
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(**_given: Any) -> bool:
        raise OperationalError("server closed the connection unexpectedly")

    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        with monkeypatch.context() as patched:
            patched.setattr(actions, "advance_run", lost)
            assert tasks.carry_out_run.apply([str(run.pk)]).failed()
        assert _state(cast, run) == ("running", 0)
        tasks.catch_up.apply()
        assert _state(cast, run) == ("running", 0), "others may be at it"
        with tenancy.acting_for(cast.organisation):
            past = timezone.now() - actions.runs.STANDS_STILL_AFTER
            ScoreRun.objects.filter(pk=run.pk).update(started_at=past)
        tasks.catch_up.apply()
    assert _state(cast, run) == ("done", 3)


def test_a_broken_run_tells_its_readers_nothing_of_the_machinery(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor, client_for: Any
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = "secret of the machinery"  # type: ignore[assignment]
    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        assert tasks.carry_out_run.apply([str(run.pk)]).failed()
    with tenancy.acting_for(cast.organisation):
        run.refresh_from_db()
        assert (run.error, run.problem_code) == ("fault", "fault")
        ScoreRun.objects.filter(pk=run.pk).update(error="ValueError: secret of the machinery")
    page = client_for(cast.hr).get(f"/performance/runs/{run.pk}/").content.decode()
    assert "A score could not be computed" in page
    assert "secret of the machinery" not in page


def test_a_step_of_the_sweep_that_fails_holds_up_no_other(
    locked: PolicyVersion,
    measured: dict[Any, Any],
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise OperationalError("no room left on the disk")

    with tenancy.acting_for(cast.organisation):
        run = actions.start_run(period=quarter, by=actor(cast.hr), at=timezone.now())
    monkeypatch.setattr(tasks.announce_policies, "run", broken)
    monkeypatch.setattr(tasks.rescore_stale, "run", broken)
    with tenancy.remembering(cast.organisation.pk):
        assert tasks.catch_up.apply().successful()
    assert _state(cast, run) == ("done", 3)


@pytest.mark.parametrize("ended", ["waiting", "stopped half way", "stopped before it began", "done"])
def test_no_weights_come_into_force_once_a_freeze_has_begun(
    closing: people.Period,
    locked: PolicyVersion,
    cast: Cast,
    actor: Actor,
    client_for: Any,
    now: datetime.datetime,
    ended: str,
) -> None:
    with tenancy.acting_for(cast.organisation):
        hr = actor(cast.hr)
        version = actions.draft_next_version(policy=locked.policy, period=closing, by=hr, at=now)
        actions.propose_policy(version=version, reason="Once more", by=hr, at=now)
        actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=now)
        run = actions.freeze_scores(period=closing, by=hr, at=now)
        if ended in ("stopped half way", "done"):
            actions.take_run(run_id=run.pk, at=now, batch=1)
            while actions.advance_run(run_id=run.pk, at=now) and ended == "done":
                pass
        if ended.startswith("stopped"):
            actions.stop_run(run=run, by=hr, at=now)
    answer = client_for(cast.hr).post(
        f"/performance/policies/{version.pk}/lock/", {"effective_on": str(locked.effective_on)}
    )
    if ended == "stopped before it began":
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert "measured by the same weights" in answer.content.decode()


def _state(cast: Cast, run: ScoreRun) -> tuple[str, int]:
    with tenancy.acting_for(cast.organisation):
        run.refresh_from_db()
        return run.state, run.done
