"""Runs over everybody: started by a person, carried out in parts by workers side by side, stopped and taken up again."""

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from performance.foundation import access, audit, i18n, refusals, stale
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries
from performance.scoring.actions import checking, computing, restating
from performance.scoring.models import (
    CurrentScore,
    RunKind,
    RunProblem,
    RunState,
    ScoreRun,
    ScoreRunPart,
    ScoreState,
)

#: People of a part: enough that the queries about it weigh little, few enough that whoever waits for one of them waits
#: less than a second.
BATCH = 2000
#: A part takes seconds. Where none was finished for so long, whoever worked on the run is gone.
STANDS_STILL_AFTER = datetime.timedelta(minutes=2)


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


def compare_scores(*, period: people.Period, by: access.Actor | None, at: datetime.datetime) -> ScoreRun:
    """Asks whether frozen scores of a period would come out otherwise by what is known now."""
    if not CurrentScore.objects.filter(period=period, is_frozen=True).exists():
        raise RunRefused(_("No score of this period is frozen."), code="not_frozen")
    return _ask_for_run(RunKind.RESTATE, period, by=by, at=at)


@transaction.atomic
def stop_run(*, run: ScoreRun, by: access.Actor, at: datetime.datetime) -> None:
    """Stops after the parts in progress. What was written stays; the run can be taken up again."""
    stopped = ScoreRun.objects.filter(pk=run.pk, state__in=[RunState.WAITING, RunState.RUNNING])
    if not stopped.update(state=RunState.STOPPED, finished_at=at):
        raise RunRefused(_("This run has ended already."), code="conflict")
    audit.record(by=by, action="scoring.stop_run", subject=run, at=at)


def resume_run(*, run: ScoreRun, by: access.Actor, at: datetime.datetime) -> None:
    """Takes up a stopped or failed run where it stood."""
    ended = ScoreRun.objects.filter(pk=run.pk, state__in=[RunState.STOPPED, RunState.FAILED])
    with _one_at_a_time(), transaction.atomic():
        if not ended.update(state=RunState.WAITING, finished_at=None, error=""):
            raise RunRefused(_("Only a stopped run can be taken up again."), code="conflict")
        audit.record(by=by, action="scoring.resume_run", subject=run, at=at)


@transaction.atomic
def take_run(*, run_id: uuid.UUID, at: datetime.datetime, batch: int = BATCH) -> int:
    """Begins a run that waits, or takes up one that stands still. Returns how many of its parts are unfinished; 0 where
    there is nothing to do here and now: others are at it.

    All parts go by the weights that were locked at this first moment. Weights come into force while a run over everybody
    is under way, never while scores are frozen: whom the run still scores by the old ones is marked for rescoring. Should
    numbers be on their way when a freeze or a comparison of frozen scores begins, it waits for the sweep.
    """
    # Whoever locks weights of the period waits for this, or this for them.
    people_queries.hold_period(ScoreRun.objects.only("period_id").get(pk=run_id).period_id)
    run = _held(run_id)
    if not run.is_open or (run.state == RunState.RUNNING and _moves(run, at)):
        return 0
    if not run.parts.exists():
        is_new = run.started_at is None
        if (
            is_new
            and run.kind in (RunKind.FREEZE, RunKind.RESTATE)
            and queries.metrics_on_their_way(run.period, at)
        ):
            return 0
        _divide(run, batch, at=at)
    run.state = RunState.RUNNING
    unfinished = run.parts.filter(finished_at=None).count()
    if not unfinished:
        _conclude(run, at=at)
    run.save()
    return unfinished


@transaction.atomic
def advance_run(*, run_id: uuid.UUID, at: datetime.datetime) -> bool:
    """Computes a part that nobody works on and says so, in one transaction. False when there is none.

    What is frozen is frozen as it stood at one moment, that of the beginning: colleagues are compared by the same
    numbers, however long the run takes. A check waits for the sweep while changed metrics have not been followed to the
    people whose scores they are in; it compares with the weights that are locked now, as scores that came about by
    themselves go by those.
    """
    run = ScoreRun.objects.select_related("period").get(pk=run_id)
    if run.state != RunState.RUNNING:
        return False
    part = free_part(run)
    if part is None:
        return False
    person_ids = _people_of(part, run)
    result = _computed(run, person_ids, at=at) if person_ids else computing.Written(0, 0)
    run = _held(run_id)
    if result is None:
        run.state = RunState.WAITING if run.is_open else run.state
        run.save(update_fields=["state"])
        return False
    part.finished_at = at
    part.save(update_fields=["finished_at"])
    run.done, run.written = run.done + len(person_ids), run.written + result.written
    run.total = max(run.total, run.done)
    if run.state == RunState.RUNNING and not run.parts.filter(finished_at=None).exists():
        _conclude(run, at=at)
    run.save()
    return run.state == RunState.RUNNING


def _moves(run: ScoreRun, at: datetime.datetime) -> bool:
    """Whether somebody has begun or finished a part of it lately."""
    newest: datetime.datetime | None = run.parts.aggregate(newest=Max("finished_at"))["newest"]
    moved_at = newest or run.started_at
    return moved_at is not None and moved_at > at - STANDS_STILL_AFTER


def free_part(run: ScoreRun) -> ScoreRunPart | None:
    """The first part that nobody works on, held until the transaction ends."""
    unfinished = run.parts.filter(finished_at=None).select_for_update(skip_locked=True, of=("self",))
    part: ScoreRunPart | None = unfinished.first()
    return part


def _held(run_id: uuid.UUID) -> ScoreRun:
    """The run as it is now, changed by nobody else until the transaction ends. NO KEY: scores that refer to it are written
    meanwhile."""
    rows = ScoreRun.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("period").get(pk=run_id)


def _divide(run: ScoreRun, batch: int, *, at: datetime.datetime) -> None:
    """Into parts of so many people. Whoever comes later belongs to the last one."""
    if run.kind != RunKind.CHECK and run.versions is None:
        run.versions = queries.fixed_versions(run.period)
    everybody = queries.scored_people(run.period, pinned=run.versions).order_by("pk")
    person_ids = list(everybody.values_list("pk", flat=True))
    bounds = [None, *person_ids[batch - 1 : len(person_ids) - 1 : batch], None]
    ScoreRunPart.objects.bulk_create(
        ScoreRunPart(run=run, number=number, after=after, until=until)
        for number, (after, until) in enumerate(pairwise(bounds), 1)
    )
    run.total, run.done, run.written = len(person_ids), 0, 0
    run.started_at = run.started_at or at


def _people_of(part: ScoreRunPart, run: ScoreRun) -> list[uuid.UUID]:
    people_of = queries.scored_people(run.period, pinned=run.versions).order_by("pk")
    if part.after:
        people_of = people_of.filter(pk__gt=part.after)
    if part.until:
        people_of = people_of.filter(pk__lte=part.until)
    return list(people_of.values_list("pk", flat=True))


def _computed(
    run: ScoreRun, person_ids: list[uuid.UUID], *, at: datetime.datetime
) -> computing.Written | None:
    """None: not now."""
    if run.kind == RunKind.CHECK:
        return checking.check_scores(run=run, person_ids=person_ids, at=at)
    if run.kind == RunKind.RESTATE:
        return restating.compare_frozen(run=run, person_ids=person_ids, at=at)
    freezes = run.kind == RunKind.FREEZE
    result = computing.compute_scores(
        period=run.period,
        person_ids=person_ids,
        run=run,
        at=at,
        as_of=run.started_at if freezes else at,
        state=ScoreState.FROZEN if freezes else ScoreState.PROVISIONAL,
    )
    if freezes or run.versions != queries.fixed_versions(run.period):
        # What is closed may be carried forward into periods that are open. Weights that come into force after this line
        # mark everybody themselves, and whoever follows the mark waits for these people, who are held.
        stale.mark("score", person_ids, at=at)
    return result


def _conclude(run: ScoreRun, *, at: datetime.datetime) -> None:
    run.state, run.finished_at = RunState.DONE, at
    if run.kind == RunKind.CHECK:
        checking.conclude_check(run=run, at=at)
    if run.kind == RunKind.RESTATE:
        restating.conclude_comparison(run=run, at=at)


@transaction.atomic
def fail_run(*, run_id: uuid.UUID, at: datetime.datetime) -> None:
    """Notes that a run ended early; what broke stands in the log, not on pages. It can be taken up again."""
    run = ScoreRun.objects.select_related("period").get(pk=run_id)
    code = RunProblem.CHECK_FAULT if run.only_compares else RunProblem.FAULT
    ended = ScoreRun.objects.filter(pk=run_id, state=RunState.RUNNING).update(
        state=RunState.FAILED, finished_at=at, error=code
    )
    if ended and run.only_compares:
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
        if not any(
            name in str(error)
            for name in ("one_run_at_a_time", "one_check_at_a_time", "one_comparison_at_a_time")
        ):
            raise
        raise RunRefused(_("A run of this period is under way."), code="conflict") from error
