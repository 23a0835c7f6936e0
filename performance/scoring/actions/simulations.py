"""Simulations of a draft: asked for, carried out in batches by a worker, and never twice."""

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from performance.engine import bands as engine_bands
from performance.engine import errors, fixed
from performance.foundation import access, audit
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, queries
from performance.scoring.actions.drafts import (
    PolicyRefused,
    forget_simulations,
    locked_row,
    refuse_own_weights,
)
from performance.scoring.models import (
    WHOLE,
    CurrentScore,
    PolicyVersion,
    SimulatedScore,
    Simulation,
    SimulationState,
    Tenure,
)

BATCH = 500
CLEARED_AT_ONCE = 2000
# A worker that has not finished a batch within this time counts as dead and another one goes on.
HELD_FOR = datetime.timedelta(minutes=2)
PARTS_KEPT = 2
BIN_WIDTH, BIN_EDGE = WHOLE // 4, 3 * WHOLE
NEAR, LIMIT = WHOLE, 2 * WHOLE


@transaction.atomic
def simulate_policy(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> list[Simulation]:
    """Asks for simulations of a draft on the latest past periods; a task carries them out. What is under way for the
    same content goes on, everything else begins anew."""
    version = locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft is simulated."), code="not_a_draft")
    refuse_own_weights(version, by)
    periods = queries.periods_to_simulate(version, queries.day_of(at))
    if not periods:
        raise PolicyRefused(
            _("No period that is over has scores of these people: there is nothing to simulate on."),
            code="nothing_to_simulate",
        )
    try:
        plan = queries.plan_of(version)
    except errors.InvalidInput as refusal:
        raise PolicyRefused(evidence.Trouble(refusal.code, None).message, code=refusal.code) from refusal
    digest = queries.content_digest(version, plan)
    of_version = Simulation.objects.filter(version=version)
    under_way = of_version.filter(
        digest=digest,
        period__in=periods,
        state__in=[SimulationState.WAITING, SimulationState.RUNNING],
    )
    going_on = {simulation.period_id: simulation for simulation in under_way}
    forget_simulations(of_version.exclude(pk__in=[each.pk for each in going_on.values()]))
    total = queries.people_in_scope(version).count()
    simulations = [
        going_on.get(period.pk)
        or Simulation.objects.create(
            version=version,
            period=period,
            digest=digest,
            plan=plan,
            total=total,
            asked_by=by.person,
            asked_at=at,
        )
        for period in periods
    ]
    audit.record(
        by=by, action="scoring.simulate_policy", subject=version, changes={"periods": len(periods)}, at=at
    )
    return simulations


def take_simulation(*, simulation_id: uuid.UUID, at: datetime.datetime) -> bool:
    """Whether this worker may carry it out: it waits, or whoever held it is gone. Compare and set."""
    free = Q(state=SimulationState.WAITING) | Q(state=SimulationState.RUNNING, held_until__lt=at)
    taken = Simulation.objects.filter(free, pk=simulation_id)
    return bool(taken.update(state=SimulationState.RUNNING, held_until=at + HELD_FOR))


@transaction.atomic
def advance_simulation(*, simulation_id: uuid.UUID, at: datetime.datetime, batch: int = BATCH) -> bool:
    """Reckons the next batch and remembers how far it came, in one transaction. False when nothing is left, also where
    the draft was simulated anew or discarded meanwhile."""
    rows = Simulation.objects.select_for_update(of=("self",)).select_related(
        "version__policy",
        "version__period",
        "what_if__version__policy",
        "what_if__version__period",
        "period",
    )
    simulation = rows.filter(pk=simulation_id, state=SimulationState.RUNNING).first()
    if simulation is None or simulation.of is None:
        return False
    everybody = queries.people_in_scope(simulation.of).order_by("pk")
    if simulation.started_at is None:
        simulation.started_at, simulation.total = at, everybody.count()
    ahead = everybody.filter(pk__gt=simulation.reached) if simulation.reached else everybody
    persons = list(ahead[:batch])
    if persons:
        _reckon(simulation, persons)
        simulation.reached, simulation.done = persons[-1].pk, simulation.done + len(persons)
        simulation.held_until = at + HELD_FOR
    is_last = len(persons) < batch
    if is_last:
        simulation.state, simulation.finished_at = SimulationState.DONE, at
        simulation.held_until = None
    simulation.save()
    return not is_last


def fail_simulation(*, simulation_id: uuid.UUID, at: datetime.datetime) -> None:
    """Notes that it ended early; what broke stands in the log, not on pages. It can be asked for anew."""
    Simulation.objects.filter(pk=simulation_id, state=SimulationState.RUNNING).update(
        state=SimulationState.FAILED, held_until=None, finished_at=at
    )


@transaction.atomic
def clear_forgotten(*, batch: int = CLEARED_AT_ONCE) -> bool:
    """Takes away one batch of the results of a forgotten simulation, with the last batch itself. False when no other is
    left, or another worker is at it."""
    forgotten = Simulation.objects.filter(state=SimulationState.FORGOTTEN).order_by("pk")
    simulation = forgotten.select_for_update(skip_locked=True).first()
    if simulation is None:
        return False
    ids = list(SimulatedScore.objects.filter(simulation=simulation).values_list("pk", flat=True)[:batch])
    SimulatedScore.objects.filter(pk__in=ids).delete()
    if len(ids) < batch:
        simulation.delete()
    return True


def _reckon(simulation: Simulation, persons: Sequence[people.Person]) -> None:
    """Writes what the draft would have made of these people's kept scores, and adds it to the figures over all."""
    by_person = {person.pk: person for person in persons}
    current = list(_kept_scores(simulation.period, by_person).order_by("person_id"))
    versions = PolicyVersion.objects.in_bulk(
        {uuid.UUID(segment["version"]) for each in current for segment in evidence.segments_named(each.score)}
    )
    kept = [
        evidence.Kept(queries.segments_of(each.score, versions), evidence.inputs_of(each.score))
        for each in current
    ]
    results = evidence.resimulated(simulation.plan, kept)
    teams = people_queries.teams_of(by_person, simulation.period.ends_on)
    before = fixed.optional_column(each.score.score_micro for each in current)
    after = fixed.optional_column(result.reckoned.score_micro for result in results)
    moves = engine_bands.moves(
        before, after, evidence.bounds_of(evidence.bands_from(simulation.plan["bands"]))
    )
    SimulatedScore.objects.bulk_create(
        [
            SimulatedScore(
                simulation=simulation,
                person_id=each.person_id,
                score_id=each.score_id,
                unit_id=by_person[each.person_id].unit_id,
                team=teams.get(each.person_id),
                level=by_person[each.person_id].level,
                tenure=_tenure(by_person[each.person_id], simulation.period.ends_on),
                before_micro=each.score.score_micro,
                after_micro=result.reckoned.score_micro,
                change_micro=int(moves.change_micro[row]) if moves.compared[row] else None,
                before_band=int(moves.before_band[row]),
                after_band=int(moves.after_band[row]),
                absent=list(result.absent),
                parts=_parts(evidence.explanation_of(each.score), result),
            )
            for row, (each, result) in enumerate(zip(current, results, strict=True))
        ],
        batch_size=BATCH,
    )
    simulation.unscored += len(persons) - len(current)
    simulation.provisional += sum(
        not each.is_frozen for each, compared in zip(current, moves.compared, strict=True) if compared
    )
    absent = Counter(simulation.absent)
    absent.update(key for result in results for key in result.absent)
    simulation.absent = dict(absent)
    count_moves(simulation, moves)


def _kept_scores(period: people.Period, persons: Mapping[uuid.UUID, people.Person]) -> QuerySet[CurrentScore]:
    return CurrentScore.objects.filter(period=period, person_id__in=list(persons)).select_related(
        "score__basis"
    )


def count_moves(simulation: Simulation, moves: engine_bands.Moves, *, sign: int = 1) -> None:
    """Adds moves to the figures over all; with a sign of −1 it takes them away."""
    changes = moves.change_micro[moves.compared]
    size = np.abs(changes)
    steps = (moves.after_band - moves.before_band)[moves.compared]
    simulation.compared += sign * len(changes)
    simulation.incomparable += sign * int((~moves.compared).sum())
    simulation.within += sign * int((size <= NEAR).sum())
    simulation.beyond += sign * int((size > LIMIT).sum())
    simulation.band_up += sign * int((steps > 0).sum())
    simulation.band_down += sign * int((steps < 0).sum())
    simulation.change_micro += sign * int(changes.sum())
    bins = engine_bands.histogram(
        moves.change_micro, moves.compared, width_micro=BIN_WIDTH, edge_micro=BIN_EDGE
    )
    counted = simulation.bins or [0] * len(bins)
    simulation.bins = [had + sign * new for had, new in zip(counted, bins, strict=True)]


def _parts(explanation: Mapping[str, Any], result: evidence.Resimulated) -> list[list[Any]]:
    """The components whose points change most, with the score that each has."""
    had = {line["key"]: line["contribution_micro"] for line in explanation["components"]}
    lines = [
        (line["contribution_micro"] - had.get(result.origins[line["key"]], 0), line)
        for line in result.reckoned.explanation["components"]
        if line["key"] in result.origins and line["value_micro"] is not None
    ]
    largest = sorted(lines, key=lambda item: (-abs(item[0]), item[1]["key"]))[:PARTS_KEPT]
    return [[line["key"], line["value_micro"]] for change, line in largest if change]


def _tenure(person: people.Person, on: datetime.date) -> Tenure:
    """By full years; somebody who joined after the day counts as new."""
    since = person.hired_on
    if since is None:
        return Tenure.UNKNOWN
    years = on.year - since.year - ((on.month, on.day) < (since.month, since.day))
    if years < 1:
        return Tenure.UNDER_ONE
    return Tenure.ONE_TO_THREE if years < 3 else Tenure.OVER_THREE
