"""The check by night: what came about one change at a time is what a computation over everybody gives, or somebody hears."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import evidence, stale, tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import (
    SCORE_CHECK,
    CurrentScore,
    PolicyVersion,
    Score,
    ScoreDifference,
    ScoreRun,
)
from tests.conftest import ORGANISATIONS_CLOCK, Cast
from tests.scoring import collectors
from tests.scoring.conftest import Actor

ClientFor = Callable[[people.Person], Client]


@pytest.fixture
def night(now: datetime.datetime) -> datetime.datetime:
    """Three o'clock of a later night, in the organisation's own time."""
    local = (now + datetime.timedelta(days=1)).astimezone(ORGANISATIONS_CLOCK)
    return local.replace(hour=3, minute=0, second=0, microsecond=0)


@pytest.fixture
def scored(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period
) -> dict[uuid.UUID, str]:
    """Everybody's scores as they came about by themselves; person → digest."""
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.apply()
    return _digests(cast)


def _digests(cast: Cast) -> dict[uuid.UUID, str]:
    with tenancy.acting_for(cast.organisation):
        return dict(CurrentScore.objects.values_list("person_id", "score__digest"))


def _checked(cast: Cast, at: datetime.datetime, batch: int = 2) -> ScoreRun:
    """The check of this night, carried out to its end."""
    with tenancy.acting_for(cast.organisation):
        [run_id] = actions.ask_for_checks(at=at)
        assert actions.take_run(run_id=run_id, at=at, batch=batch)
        while actions.advance_run(run_id=run_id, at=at):
            pass
        return ScoreRun.objects.get(pk=run_id)


def _waiting(cast: Cast) -> set[uuid.UUID]:
    return set(WorkItem.objects.filter(kind=SCORE_CHECK, done_at=None).values_list("person_id", flat=True))


def test_a_check_finds_every_score_as_it_stands_and_writes_none(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = Score.objects.count()
    run = _checked(cast, night)
    assert (run.state, run.total, run.done, run.written) == ("done", 3, 3, 0)
    assert _digests(cast) == scored
    with tenancy.acting_for(cast.organisation):
        assert Score.objects.count() == before
        assert not _waiting(cast)


def test_what_changed_without_a_mark_is_found_told_and_mended(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = 11_000_000
    run = _checked(cast, night)
    assert (run.done, run.written) == (3, 1)
    with tenancy.acting_for(cast.organisation):
        [found] = ScoreDifference.objects.filter(run=run)
        assert (found.person_id, found.keys) == (cast.employee.pk, ["okr"])
        assert found.kept is not None
        assert found.kept.digest == scored[cast.employee.pk]
        assert _waiting(cast) == {cast.hr.pk, cast.administrator.pk}
        assert stale.waiting("score") == 1
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.apply()
    with tenancy.acting_for(cast.organisation):
        now_in_force = CurrentScore.objects.select_related("score").get(person=cast.employee)
        assert now_in_force.score.score_micro == found.again_micro
    assert _checked(cast, night + datetime.timedelta(days=1)).written == 0
    with tenancy.acting_for(cast.organisation):
        assert _waiting(cast) == {cast.hr.pk, cast.administrator.pk}, "nobody has said what was behind it"


def test_a_score_that_is_known_to_be_out_of_date_is_no_difference(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = 11_000_000
    with tenancy.acting_for(cast.organisation):
        stale.mark("score", [cast.employee.pk], at=night)
    assert _checked(cast, night).written == 0


def test_a_missing_score_is_a_difference(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        CurrentScore.objects.filter(person=cast.colleague).delete()
    run = _checked(cast, night)
    with tenancy.acting_for(cast.organisation):
        found = ScoreDifference.objects.get(run=run)
    assert (found.person_id, found.kept_id) == (cast.colleague.pk, None)


def test_a_check_waits_until_changed_metrics_were_followed_to_their_people(
    scored: dict[uuid.UUID, str], turnover: Any, cast: Cast, night: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        stale.mark("score_inputs", [turnover.pk], at=night)
        [run_id] = actions.ask_for_checks(at=night)
        assert actions.take_run(run_id=run_id, at=night)
        assert not actions.advance_run(run_id=run_id, at=night)
        waiting = ScoreRun.objects.get(pk=run_id)
        assert (waiting.state, waiting.done) == ("waiting", 0)
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        done = ScoreRun.objects.get(pk=run_id)
        assert (done.state, done.done, done.written) == ("done", 3, 0)


def test_a_metric_that_changes_while_evidence_is_read_puts_the_check_back(
    scored: dict[uuid.UUID, str],
    turnover: Any,
    cast: Cast,
    night: datetime.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tenancy.acting_for(cast.organisation):
        [run_id] = actions.ask_for_checks(at=night)
        assert actions.take_run(run_id=run_id, at=night)

    def changed_meanwhile(**given: Any) -> Any:
        collectors.VALUES[cast.employee.pk, "turnover"] = 5_100_000
        stale.mark("score_inputs", [turnover.pk], at=night)
        return collect(**given)

    collect = collectors.collect
    with monkeypatch.context() as patched:
        patched.setattr(collectors, "collect", changed_meanwhile)
        with tenancy.acting_for(cast.organisation):
            assert not actions.advance_run(run_id=run_id, at=night)
    with tenancy.acting_for(cast.organisation):
        run = ScoreRun.objects.get(pk=run_id)
        assert (run.state, run.done, run.written) == ("waiting", 0, 0)
        assert not ScoreDifference.objects.exists()


def test_what_is_only_called_otherwise_is_no_difference_and_is_called_so(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = evidence.Ref("Ledger 6401, sales", "总账 6401 销售", "/metrics/", "3")
    monkeypatch.setattr(collectors, "REF", renamed)
    assert _checked(cast, night).written == 0
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.apply()
    assert set(_digests(cast).values()).isdisjoint(scored.values())


def test_one_score_that_cannot_be_computed_hides_no_other(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = "not a number"  # type: ignore[assignment]
    collectors.VALUES[cast.colleague.pk, "okr"] = 11_000_000
    run = _checked(cast, night, batch=3)
    assert (run.state, run.done, run.written) == ("done", 3, 2)
    with tenancy.acting_for(cast.organisation):
        found = dict(ScoreDifference.objects.values_list("person_id", "is_fault"))
    assert found == {cast.employee.pk: True, cast.colleague.pk: False}


def test_a_check_that_breaks_is_told_and_another_one_is_not_taken_up_beside_it(
    scored: dict[uuid.UUID, str],
    cast: Cast,
    night: datetime.datetime,
    actor: Actor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        [run_id] = actions.ask_for_checks(at=night)
        assert actions.take_run(run_id=run_id, at=night)
        actions.fail_run(run_id=run_id, at=night)
        run = ScoreRun.objects.get(pk=run_id)
        assert (run.state, run.problem_code) == ("failed", "check_fault")
        assert _waiting(cast) == {cast.hr.pk, cast.administrator.pk}
        actions.ask_for_checks(at=night + datetime.timedelta(days=1))
        with pytest.raises(actions.RunRefused, match="under way"):
            actions.resume_run(run=run, by=actor(cast.hr), at=night)
        actions.close_check(run=run, reason="The disk was full", by=actor(cast.hr), at=night)
        assert not _waiting(cast)


def test_what_is_frozen_is_followed_into_the_periods_that_may_carry_it_forward(
    scored: dict[uuid.UUID, str], cast: Cast, quarter: people.Period, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=now)
        actions.take_run(run_id=run.pk, at=now)
        while actions.advance_run(run_id=run.pk, at=now):
            pass
        assert stale.waiting("score") == 3


def test_a_killed_check_goes_on_and_counts_nobody_twice(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    for person in (cast.employee, cast.colleague, cast.manager):
        collectors.VALUES[person.pk, "okr"] = 11_000_000
    with tenancy.acting_for(cast.organisation):
        [run_id] = actions.ask_for_checks(at=night)
        assert actions.take_run(run_id=run_id, at=night, batch=1) == 3
        assert actions.advance_run(run_id=run_id, at=night)
        later = night + datetime.timedelta(minutes=3)
        assert actions.take_run(run_id=run_id, at=later) == 2
        while actions.advance_run(run_id=run_id, at=later):
            pass
        run = ScoreRun.objects.get(pk=run_id)
        assert (run.done, run.written) == (3, 3)
        assert ScoreDifference.objects.filter(run=run).count() == 3


def test_a_period_is_checked_once_a_night_from_two_o_clock_on(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert actions.ask_for_checks(at=night.replace(hour=1, minute=59)) == []
        [first] = actions.ask_for_checks(at=night)
        assert actions.ask_for_checks(at=night + datetime.timedelta(hours=1)) == []
        ScoreRun.objects.filter(pk=first).update(state="done")
        assert actions.ask_for_checks(at=night + datetime.timedelta(hours=2)) == []
        assert len(actions.ask_for_checks(at=night + datetime.timedelta(days=1))) == 1


def test_who_keeps_scores_closes_what_a_check_found_and_says_why(
    scored: dict[uuid.UUID, str],
    cast: Cast,
    night: datetime.datetime,
    actor: Actor,
    client_for: ClientFor,
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = 11_000_000
    run = _checked(cast, night)
    page, address = reverse("scoring:run", args=[run.pk]), reverse("scoring:run_close_check", args=[run.pk])
    shown = client_for(cast.hr).get(page).content.decode()
    assert cast.employee.name_en in shown
    # An administrator keeps the runs, and does not see what others score.
    assert cast.employee.name_en not in client_for(cast.administrator).get(page).content.decode()
    for stranger in (cast.employee, cast.manager, cast.business_owner, cast.auditor):
        assert client_for(stranger).post(address, {"reason": "Seen"}).status_code == 403
    assert client_for(cast.stranger).post(address, {"reason": "Seen"}).status_code in (403, 404)
    client = client_for(cast.hr)
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "A value typed into the database"}).status_code == 302
    assert client.post(address, {"reason": "Again"}).status_code == 409
    with tenancy.acting_for(cast.organisation):
        assert not _waiting(cast)


def test_the_api_lists_differences_to_those_who_see_the_scores(
    scored: dict[uuid.UUID, str], cast: Cast, night: datetime.datetime, client_for: ClientFor
) -> None:
    collectors.VALUES[cast.employee.pk, "okr"] = 11_000_000
    run = _checked(cast, night)
    base = f"/api/v1/score-runs/{run.pk}/"
    [told] = client_for(cast.hr).get(f"{base}differences/").json()
    assert (told["person"], told["keys"]) == (str(cast.employee.pk), ["okr"])
    assert told["kept_micro"] != told["again_micro"]
    assert client_for(cast.administrator).get(f"{base}differences/").json() == []
    assert client_for(cast.employee).get(f"{base}differences/").status_code == 403
    closed = client_for(cast.hr).post(f"{base}looked-into/", {"reason": "Typed into the database"})
    assert closed.status_code == 200
