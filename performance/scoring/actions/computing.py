"""Computing scores: gather, reckon, and write what changed. Set-based, and idempotent: twice is the same as once."""

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from performance.foundation import sets, stale
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import evidence, queries
from performance.scoring.actions import writing
from performance.scoring.models import CurrentScore, Missing, RunKind, RunState, ScoreRun, ScoreState


@dataclass(frozen=True)
class Written:
    """How many people were looked at, and for how many a new score was written."""

    looked_at: int
    written: int


def rescore_people(*, person_ids: Iterable[uuid.UUID], at: datetime.datetime) -> Written:
    """Brings these people's scores up to date in every open period."""
    wanted = list(person_ids)
    looked_at = written = 0
    with transaction.atomic():
        for period in queries.open_periods():
            result = compute_scores(period=period, person_ids=wanted, run=None, at=at)
            looked_at, written = looked_at + result.looked_at, written + result.written
    return Written(looked_at, written)


def rescore_users_of_metrics(*, metric_ids: Iterable[uuid.UUID], at: datetime.datetime) -> int:
    """Marks everybody whose score weighs one of these metrics. Returns how many."""
    metrics = Metric.objects.filter(pk__in=list(metric_ids))
    concerned = queries.people_using_metrics(metrics.values_list("key", flat=True))
    stale.mark("score", concerned, at=at)
    return len(concerned)


@transaction.atomic
def compute_scores(
    *,
    period: people.Period,
    person_ids: Iterable[uuid.UUID],
    run: ScoreRun | None,
    at: datetime.datetime,
    as_of: datetime.datetime | None = None,
    state: str = ScoreState.PROVISIONAL,
) -> Written:
    """Scores these people in a period and writes a new Score for each whose result or evidence changed.

    Evidence is read as it was known at `as_of`, else now (`at`).

    People whom no locked policy governs are passed over, and so is everybody whose score is frozen. Without a
    `run`, an incremental one is opened when there is something to write; a run goes by the versions it has pinned.
    """
    fresh, looked_at = fresh_scores(
        period=period,
        person_ids=person_ids,
        at=at,
        as_of=as_of or at,
        state=state,
        pinned=run.versions if run else None,
    )
    written = sum(len(each) for each in fresh)
    if written:
        writing.write(fresh, run=run or _incremental_run(period, looked_at, written, at=at))
    return Written(looked_at, written)


def fresh_scores(
    *,
    period: people.Period,
    person_ids: Iterable[uuid.UUID],
    at: datetime.datetime,
    as_of: datetime.datetime,
    state: str,
    pinned: Sequence[uuid.UUID] | None = None,
) -> tuple[list[writing.Fresh], int]:
    """The scores of these people that differ from the current ones, not saved; and how many people were looked at. Holds
    the people until the caller's transaction ends. `pinned`: the versions to go by, else those that are locked now."""
    wanted = _hold(person_ids)
    current = CurrentScore.objects.filter(period=period, person_id__in=sets.among(wanted))
    in_force, closed = dict[uuid.UUID, str](), set[uuid.UUID]()
    for person_id, digest, is_frozen in current.values_list("person_id", "score__digest", "is_frozen"):
        in_force[person_id] = digest
        if is_frozen:
            closed.add(person_id)
    looked_at, fresh = 0, list[writing.Fresh]()
    open_ids = [person_id for person_id in wanted if person_id not in closed]
    for group in queries.groups(period, open_ids, pinned=pinned):
        looked_at += len(group.person_ids)
        changed = _changed(group, period, in_force, at=at, as_of=as_of, state=state)
        fresh += [changed] if len(changed) else []
    return fresh, looked_at


def _hold(person_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """One worker a person at a time: whoever comes second waits, then reads what the first has seen or later.

    NO KEY: rows that merely refer to the person are still written meanwhile.
    """
    rows = people.Person.objects.filter(pk__in=sets.among(person_ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def _changed(
    group: queries.Group,
    period: people.Period,
    in_force: Mapping[uuid.UUID, str],
    *,
    at: datetime.datetime,
    as_of: datetime.datetime,
    state: str,
) -> writing.Fresh:
    """The scores of a group that differ from those `in_force` (person → digest), not saved yet."""
    inputs, trails = inputs_of(group, period, as_of=as_of)
    reckoned = evidence.reckon_columns(group.segments, inputs, people=len(group.person_ids))
    return writing.differing(
        reckoned,
        person_ids=group.person_ids,
        current=in_force,
        trails=trails,
        stamp=writing.Stamp(period.pk, group.segments[-1].version_id, state, at),
    )


def inputs_of(
    group: queries.Group, period: people.Period, *, as_of: datetime.datetime
) -> tuple[list[evidence.InputColumns], dict[uuid.UUID, str]]:
    """What a group is scored by, as it was known at `as_of`: the columns of each segment, and the trails that people
    share."""
    by_segment, trails = list[evidence.InputColumns](), dict[uuid.UUID, str]()
    for segment in group.segments:
        gathered = evidence.gather(
            components=segment.plan["components"],
            person_ids=group.person_ids,
            period=period,
            as_of=as_of,
            on=datetime.date.fromisoformat(segment.starts_on),
        )
        columns = gathered.columns
        if segment.plan["missing"] == Missing.CARRY_FORWARD:
            closed = queries.last_closed_values(group.person_ids, period)
            columns = evidence.carrying(columns, group.person_ids, closed)
        by_segment.append(columns)
        trails.update(gathered.trails)
    return by_segment, trails


def _incremental_run(
    period: people.Period, looked_at: int, written: int, *, at: datetime.datetime
) -> ScoreRun:
    return ScoreRun.objects.create(
        period=period,
        kind=RunKind.INCREMENTAL,
        state=RunState.DONE,
        total=looked_at,
        done=looked_at,
        written=written,
        asked_at=at,
        started_at=at,
        finished_at=at,
    )
