"""Runs over everybody: started by a person, carried out in batches by a worker, stopped and taken up again."""

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from performance.foundation import access, audit, i18n, refusals, stale
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries
from performance.scoring.actions import checking, computing
from performance.scoring.models import CurrentScore, RunKind, RunProblem, RunState, ScoreRun, ScoreState

BATCH = 500
# A worker that has not finished a batch within this time counts as dead and another one goes on.
HELD_FOR = datetime.timedelta(minutes=2)


class RunRefused(refusals.Refused):
    """A run that cannot be started, stopped or taken up."""


def start_run(*, period: people.Period, by: access.Actor | None, at: datetime.datetime) -> ScoreRun:
    """Asks for everybody's scores of a period; a task carries it out. One run a period at a time."""
    return _ask_for_run(RunKind.FULL, period, by=by, at=at)


@transaction.atomic
def freeze_scores(*, period: people.Period, by: access.Actor | None, at: datetime.datetime) -> ScoreRun:
    """Asks for the closing of a period's scores: computed once more, then never again.

    Refused while numbers that they rest on are still being loaded or computed. From here on no weights come into force
    for the period: whoever locks some at this moment is waited for, and counts.
    """
    period = people_queries.hold_period(period.pk)
    if period.state not in (people.PeriodState.CLOSING, people.PeriodState.CLOSED):
        raise RunRefused(_("Scores are frozen while the period closes."), code="period_not_closing")
    unsettled = queries.metrics_on_their_way(period, at)
    if unsettled:
        raise RunRefused(
            _("Still being loaded or computed: %(metrics)s. Freeze the scores when these numbers are in.")
            % {"metrics": formats.listed(i18n.local(metric, "name") for metric in unsettled)},
            code="numbers_pending",
        )
    if CurrentScore.objects.filter(period=period, is_frozen=False).exists() or not _any_score(period):
        return _ask_for_run(RunKind.FREEZE, period, by=by, at=at)
    raise RunRefused(_("All scores of this period are frozen already."), code="frozen_already")


@transaction.atomic
def stop_run(*, run: ScoreRun, by: access.Actor, at: datetime.datetime) -> None:
    """Stops after the batch in progress. What was written stays; the run can be taken up again."""
    stopped = ScoreRun.objects.filter(pk=run.pk, state__in=[RunState.WAITING, RunState.RUNNING])
    if not stopped.update(state=RunState.STOPPED, held_until=None, finished_at=at):
        raise RunRefused(_("This run has ended already."), code="conflict")
    audit.record(by=by, action="scoring.stop_run", subject=run, at=at)


def resume_run(*, run: ScoreRun, by: access.Actor, at: datetime.datetime) -> None:
    """Takes up a stopped or failed run where it stood."""
    ended = ScoreRun.objects.filter(pk=run.pk, state__in=[RunState.STOPPED, RunState.FAILED])
    with _one_at_a_time(), transaction.atomic():
        if not ended.update(state=RunState.WAITING, held_until=None, finished_at=None, error=""):
            raise RunRefused(_("Only a stopped run can be taken up again."), code="conflict")
        audit.record(by=by, action="scoring.resume_run", subject=run, at=at)


def take_run(*, run_id: uuid.UUID, at: datetime.datetime) -> bool:
    """Whether this worker may carry out the run: it waits, or whoever held it is gone. Compare and set."""
    free = Q(state=RunState.WAITING) | Q(state=RunState.RUNNING, held_until__lt=at)
    return bool(
        ScoreRun.objects.filter(free, pk=run_id).update(state=RunState.RUNNING, held_until=at + HELD_FOR)
    )


@transaction.atomic
def advance_run(*, run_id: uuid.UUID, at: datetime.datetime, batch: int = BATCH) -> bool:
    """Computes the next batch and remembers how far it came, in one transaction. False when nothing is left.

    All batches go by the weights that were locked at the first one. Weights come into force while a run over everybody
    is under way, never while scores are frozen: whom the run still scores by the old ones is marked for rescoring.

    What is frozen is frozen as it stood at one moment, that of the first batch: colleagues are compared by the same
    numbers, however long the run takes. Should numbers be on their way at that moment, the run waits for the sweep. So
    does a check while changed metrics have not been followed to the people whose scores they are in; it compares with
    the weights that are locked now, as scores that came about by themselves go by those.
    """
    # Whoever locks weights of the period waits for the batch, or the batch for them.
    people_queries.hold_period(ScoreRun.objects.only("period_id").get(pk=run_id).period_id)
    run = ScoreRun.objects.select_for_update(of=("self",)).select_related("period").get(pk=run_id)
    if run.state != RunState.RUNNING:
        return False
    freezes = run.kind == RunKind.FREEZE
    if freezes and run.started_at is None and queries.metrics_on_their_way(run.period, at):
        return _put_back(run)
    is_check = run.kind == RunKind.CHECK
    locked = queries.fixed_versions(run.period)
    if run.versions is None and not is_check:
        run.versions = locked
    everybody = queries.scored_people(run.period, pinned=run.versions).order_by("pk")
    if run.started_at is None:
        run.started_at, run.total = at, everybody.count()
    ahead = everybody.filter(pk__gt=run.reached) if run.reached else everybody
    person_ids = list(ahead.values_list("pk", flat=True)[:batch])
    if person_ids:
        if is_check:
            found = checking.check_scores(run=run, person_ids=person_ids, at=at)
            if found is None:
                return _put_back(run)
            result = found
        else:
            result = computing.compute_scores(
                period=run.period,
                person_ids=person_ids,
                run=run,
                at=at,
                as_of=run.started_at if freezes else at,
                state=ScoreState.FROZEN if freezes else ScoreState.PROVISIONAL,
            )
            if run.versions != locked or freezes:
                # What is closed may be carried forward into periods that are open.
                stale.mark("score", person_ids, at=at)
        run.reached, run.done = person_ids[-1], run.done + len(person_ids)
        run.written += result.written
        run.held_until = at + HELD_FOR
    is_last = len(person_ids) < batch
    if is_last:
        run.state, run.finished_at, run.held_until = RunState.DONE, at, None
        if is_check:
            checking.conclude_check(run=run, at=at)
    run.save()
    return not is_last


def _put_back(run: ScoreRun) -> bool:
    """It waits; the sweep takes it up."""
    run.state, run.held_until = RunState.WAITING, None
    run.save(update_fields=["state", "held_until"])
    return False


@transaction.atomic
def fail_run(*, run_id: uuid.UUID, at: datetime.datetime) -> None:
    """Notes that a run ended early; what broke stands in the log, not on pages. It can be taken up again."""
    run = ScoreRun.objects.select_related("period").get(pk=run_id)
    code = RunProblem.CHECK_FAULT if run.kind == RunKind.CHECK else RunProblem.FAULT
    ended = ScoreRun.objects.filter(pk=run_id, state=RunState.RUNNING).update(
        state=RunState.FAILED, held_until=None, finished_at=at, error=code
    )
    if ended and run.kind == RunKind.CHECK:
        checking.tell_of_broken_check(run=run, at=at)


def _ask_for_run(
    kind: str, period: people.Period, *, by: access.Actor | None, at: datetime.datetime
) -> ScoreRun:
    total = queries.scored_people(period).count()
    if not total:
        raise RunRefused(_("No locked policy governs anybody in this period."), code="no_policy")
    with _one_at_a_time(), transaction.atomic():
        run = ScoreRun.objects.create(
            period=period, kind=kind, total=total, started_by=getattr(by, "person", None), asked_at=at
        )
        audit.record(by=by, action=f"scoring.start_{kind}_run", subject=run, at=at)
    return run


def _any_score(period: people.Period) -> bool:
    return CurrentScore.objects.filter(period=period).exists()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Turns the database's refusal of a second open run into words."""
    try:
        yield
    except IntegrityError as error:
        if not any(name in str(error) for name in ("one_run_at_a_time", "one_check_at_a_time")):
            raise
        raise RunRefused(_("A run of this period is under way."), code="conflict") from error
