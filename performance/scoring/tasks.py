"""Background work: scores of what is stale, runs over everybody, simulations, announcements, locks on the first day. Each is
safe to run twice."""

import logging
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from celery import group, shared_task
from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone

from performance.foundation import jobs, stale, tenancy
from performance.scoring import actions, queries
from performance.scoring.models import (
    PolicyVersion,
    RunState,
    ScoreRun,
    Simulation,
    SimulationState,
    VersionState,
)

logger = logging.getLogger(__name__)
CLAIMED_AT_ONCE = 200
#: So many workers at most work on one run.
HANDS = 8


def _here() -> AbstractContextManager[None]:
    return tenancy.acting_for(tenancy.current_organisation_id())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def rescore_stale() -> int:
    """Computes what is marked stale, in bounded batches, each settled with its results. Returns how many people."""
    _expand_inputs()
    people = 0
    while claimed := stale.claim("score", limit=CLAIMED_AT_ONCE, at=timezone.now()):
        try:
            with _here():
                actions.rescore_people(person_ids=claimed.subject_ids, at=timezone.now())
                stale.settle(claimed)
        except (OperationalError, InterfaceError):
            # Not a score's fault: a lost connection, a deadlock. The batch stays marked for the next sweep.
            raise
        except Exception:
            logger.exception("A batch of scores broke; its people are computed one by one.")
            _rescore_singly(claimed)
        people += len(claimed.subject_ids)
    return people


def _rescore_singly(claimed: stale.Claim) -> None:
    """Whoever's score cannot be computed holds up nobody else. They stay marked, and are tried again when the claim
    has grown old."""
    for person_id, mark in claimed.marks.items():
        try:
            with _here():
                actions.rescore_people(person_ids=[person_id], at=timezone.now())
                stale.settle_some(claimed, {person_id: mark})
        except Exception:
            logger.exception("The score of %s cannot be computed.", person_id)


def _expand_inputs() -> None:
    """Changed metrics become stale people."""
    while claimed := stale.claim("score_inputs", limit=CLAIMED_AT_ONCE, at=timezone.now()):
        with _here():
            actions.rescore_users_of_metrics(metric_ids=claimed.subject_ids, at=timezone.now())
            stale.settle(claimed)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def carry_out_run(run_id: str) -> None:
    """Carries out one run, part by part, with other workers beside it."""
    with _here():
        parts = actions.take_run(run_id=uuid.UUID(run_id), at=timezone.now())
    others = min(parts, HANDS) - 1
    if others > 0:
        try:
            group(help_with_run.s(run_id) for _hand in range(others)).apply_async(retry=False)
        except jobs.BROKER_FAULTS:
            logger.warning("The score run %s goes on with one worker.", run_id, exc_info=True)
    if parts:
        help_with_run.run(run_id)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def help_with_run(run_id: str) -> None:
    """Takes parts of a run until there are no more."""
    run = uuid.UUID(run_id)
    _advance(
        f"The score run {run_id}",
        advance=partial(actions.advance_run, run_id=run),
        fail=partial(actions.fail_run, run_id=run),
    )


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def carry_out_simulation(simulation_id: str) -> None:
    """Carries out one simulation in batches."""
    simulation = uuid.UUID(simulation_id)
    _carry_out(
        f"The simulation {simulation_id}",
        take=partial(actions.take_simulation, simulation_id=simulation),
        advance=partial(actions.advance_simulation, simulation_id=simulation),
        fail=partial(actions.fail_simulation, simulation_id=simulation),
    )


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def clear_forgotten_simulations() -> None:
    """Takes away what was simulated and counts no more, a batch at a time."""
    more = True
    while more:
        with _here():
            more = actions.clear_forgotten()


def _carry_out(
    what: str, *, take: Callable[..., bool], advance: Callable[..., bool], fail: Callable[..., None]
) -> None:
    """Batch by batch, each in a transaction of its own. A second delivery finds it taken and leaves."""
    with _here():
        if not take(at=timezone.now()):
            return
    _advance(what, advance=advance, fail=fail)


def _advance(what: str, *, advance: Callable[..., bool], fail: Callable[..., None]) -> None:
    try:
        more = True
        while more:
            with _here():
                more = advance(at=timezone.now())
    except (OperationalError, InterfaceError):
        # A lost connection, a deadlock: nothing is wrong with it. The sweep takes it up when it has stood still.
        raise
    except Exception:
        logger.exception("%s broke.", what)
        with _here():
            fail(at=timezone.now())
        raise


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def check_by_night() -> None:
    """Once a night everybody's scores are computed again and compared, those of open periods and frozen ones; the sweep
    takes up what dies on the way."""
    with _here():
        asked = actions.ask_for_checks(at=timezone.now())
    with _here():
        asked += actions.ask_for_comparisons(at=timezone.now())
    for run_id in asked:
        _attempt(carry_out_run.run, str(run_id))


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def carry_out_restatements() -> None:
    """Puts in force what both sides have agreed to. One that breaks holds up no other."""
    with _here():
        agreed = actions.agreed_restatements()
    for restatement_id in agreed:
        _attempt(partial(_carry_out_restatement, restatement_id))


def _carry_out_restatement(restatement_id: uuid.UUID) -> None:
    with _here():
        actions.carry_out_restatement(restatement_id=restatement_id, at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def announce_policies() -> None:
    """Tells everybody concerned of weights that are locked or will be on a day that is known, a batch at a time."""
    with _here():
        to_tell = Q(state=VersionState.LOCKED) | Q(state=VersionState.APPROVED, told_from__isnull=False)
        waiting = list(PolicyVersion.objects.filter(to_tell, announced_at=None).order_by("approved_at"))
    for version in waiting:
        told = actions.ANNOUNCED_AT_ONCE
        while told == actions.ANNOUNCED_AT_ONCE:
            with _here():
                told = actions.announce_policy(version=version, at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def lock_due_policies() -> None:
    """Locks what both sides have approved on its first day. One that breaks holds up no other."""
    with _here():
        due = list(queries.due_versions(queries.day_of(timezone.now())))
    for version in due:
        _attempt(partial(_lock_when_due, version))


def _lock_when_due(version: PolicyVersion) -> None:
    with _here():
        actions.lock_at_first_day(version=version, at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def catch_up() -> None:
    """The sweep: what a lost message or a killed worker left behind. A step that fails holds up no other."""
    _attempt(announce_policies.run)
    _attempt(lock_due_policies.run)
    _attempt(carry_out_restatements.run)
    _attempt(rescore_stale.run)
    _attempt(_clear_old_what_ifs)
    _attempt(clear_forgotten_simulations.run)
    with _here():
        open_runs = ScoreRun.objects.filter(state__in=[RunState.WAITING, RunState.RUNNING])
        run_ids = list(open_runs.order_by("asked_at").values_list("pk", flat=True))
        simulations = Simulation.objects.filter(state__in=[SimulationState.WAITING, SimulationState.RUNNING])
        simulation_ids = list(simulations.order_by("asked_at").values_list("pk", flat=True))
    for run_id in run_ids:
        _attempt(carry_out_run.run, str(run_id))
    for simulation_id in simulation_ids:
        _attempt(carry_out_simulation.run, str(simulation_id))


def _clear_old_what_ifs() -> None:
    with _here():
        actions.clear_old_what_ifs(at=timezone.now())


def _attempt(step: Callable[..., object], *given: str) -> None:
    try:
        step(*given)
    except Exception:
        logger.exception("A step of the sweep failed; the next sweep tries it again.")
