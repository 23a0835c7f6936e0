"""Frozen scores held against what is known now. What comes out otherwise is proposed with its causes and its impact; no
score is written here.

A comparison is a run like others, so that parts, killed workers and the sweep need nothing of their own. It reads evidence
as it was known at one moment, that of its beginning, so that all of a proposal speaks of the same figures.
"""

import datetime
import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Min

from performance import engine
from performance.engine import bands as engine_bands
from performance.engine import fixed
from performance.foundation import audit, sets, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, queries
from performance.scoring.actions import computing, deciding, writing
from performance.scoring.actions.simulations import BIN_EDGE, BIN_WIDTH
from performance.scoring.models import (
    CauseKind,
    CurrentScore,
    RestatedScore,
    Restatement,
    RestatementCause,
    RestatementState,
    RunKind,
    Score,
    ScoreRun,
    ScoreState,
)

#: So many of the latest periods with frozen scores are compared by night; older ones when somebody asks.
PERIODS_BY_NIGHT = 4
#: An hour after the check of open periods: rather not beside it.
BEGINS_AT_HOUR = 3
AT_ONCE = 1000
#: So many causes are kept by name, those of the most people first; all of them are in the digest.
MAX_CAUSES = 500
CUT = 300


#: What differs, and whom it concerns where that is one person alone.
Found = tuple[uuid.UUID | None, evidence.Cause]


@dataclass
class _Impact:
    """What a comparison found, added up person by person. `causes`: for how many people each."""

    causes: Counter[Found] = field(default_factory=Counter)
    changes: list[int] = field(default_factory=list)
    total: int = 0
    up: int = 0
    down: int = 0

    def add(self, row: RestatedScore) -> None:
        self.total += 1
        if row.change_micro is not None:
            self.changes.append(row.change_micro)
            self.up += row.after_band > row.before_band
            self.down += row.after_band < row.before_band
        for kept in row.causes:
            cause = evidence.cause_from(kept)
            self.causes[None if cause.is_shared else row.person_id, cause] += 1

    @property
    def digest(self) -> str:
        """Of what changed, wherever and in whatever order it was found."""
        said = sorted(evidence.canonical([str(who), cause.kept()]) for who, cause in self.causes)
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    @property
    def bins(self) -> list[int]:
        changes = fixed.column(self.changes)
        everyone = np.ones(len(self.changes), dtype=np.bool_)
        return list(engine_bands.histogram(changes, everyone, width_micro=BIN_WIDTH, edge_micro=BIN_EDGE))


def ask_for_comparisons(*, at: datetime.datetime) -> list[uuid.UUID]:
    """A comparison of each of the latest periods with frozen scores, once a night and set of weights, however often it is
    asked for. Returns those asked for now."""
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    local = people_queries.local_time(organisation, at)
    if local.hour < BEGINS_AT_HOUR:
        return []
    asked = []
    for period in queries.frozen_periods()[:PERIODS_BY_NIGHT]:
        weights = hashlib.sha256(str(queries.fixed_versions(period)).encode()).hexdigest()[:16]
        key = f"{local.date()}/{weights}"
        if ScoreRun.objects.filter(period=period, key=key).exists():
            continue
        try:
            with transaction.atomic():
                run = ScoreRun.objects.create(period=period, kind=RunKind.RESTATE, key=key, asked_at=at)
        except IntegrityError:
            # Another worker asked at the same moment, or somebody's comparison is under way.
            continue
        asked.append(run.pk)
    return asked


def compare_frozen(
    *, run: ScoreRun, person_ids: Sequence[uuid.UUID], at: datetime.datetime
) -> computing.Written:
    """Holds these people's frozen scores against what comes out now, and keeps what differs with its causes. In the
    caller's transaction."""
    kept = _frozen(run.period, person_ids)
    found = 0
    for group in queries.groups(run.period, kept, pinned=run.versions):
        found += _compare_group(run, group, kept, at=at)
    return computing.Written(len(kept), found)


def conclude_comparison(*, run: ScoreRun, at: datetime.datetime) -> None:
    """Proposes what was found, once: what already waits or was rejected is not proposed again, and what waits with other
    causes gives way. In the caller's transaction, which holds the run."""
    impact = _impact(run)
    standing = (
        Restatement.objects.select_for_update(of=("self",))
        .filter(period=run.period, state__in=[RestatementState.PROPOSED, RestatementState.AGREED])
        .first()
    )
    if standing and standing.state == RestatementState.AGREED:
        # It is about to be adopted; what is left to be said then is found the next night.
        _forget(run)
        return
    known = Restatement.objects.filter(period=run.period, digest=impact.digest)
    is_known = known.filter(state__in=[RestatementState.PROPOSED, RestatementState.REJECTED]).exists()
    if standing and (not impact.total or standing.digest != impact.digest):
        deciding.overtake(standing, at=at)
    if not impact.total or is_known:
        _forget(run)
        return
    restatement = Restatement.objects.create(
        period=run.period,
        run=run,
        digest=impact.digest,
        total=impact.total,
        compared=len(impact.changes),
        higher=sum(change > 0 for change in impact.changes),
        lower=sum(change < 0 for change in impact.changes),
        band_up=impact.up,
        band_down=impact.down,
        change_micro=sum(impact.changes),
        bins=impact.bins,
        proposed_by=run.started_by,
        proposed_at=at,
    )
    RestatedScore.objects.filter(run=run).update(restatement=restatement)
    _keep_causes(restatement, impact.causes)
    deciding.put_before(restatement, at=at)
    audit.record(
        by=run.started_by,
        action="scoring.propose_restatement",
        subject=restatement,
        changes={"people": impact.total, "causes": len(impact.causes)},
        at=at,
    )


def _frozen(period: people.Period, person_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Score]:
    found = CurrentScore.objects.filter(
        period=period, person_id__in=sets.among(person_ids), is_frozen=True
    ).select_related("score__basis", "score__version")
    return {current.person_id: current.score for current in found}


def _compare_group(
    run: ScoreRun, group: queries.Group, kept: Mapping[uuid.UUID, Score], *, at: datetime.datetime
) -> int:
    as_of = run.started_at or at
    inputs, trails = computing.inputs_of(group, run.period, as_of=as_of)
    fresh = writing.differing(
        evidence.reckon_columns(group.segments, inputs, people=len(group.person_ids)),
        person_ids=group.person_ids,
        current={person_id: kept[person_id].digest for person_id in group.person_ids},
        trails=trails,
        stamp=writing.Stamp(run.period_id, group.segments[-1].version_id, ScoreState.FROZEN, at),
    )
    if not len(fresh):
        return 0
    kept_trails = queries.trails_of(kept[score.person_id] for score in fresh.scores)
    kinds = {
        key: component["source_kind"]
        for segment in group.segments
        for key, component in segment.components.items()
    }
    persons = people.Person.objects.filter(pk__in=sets.among(score.person_id for score in fresh.scores))
    then = people_queries.unit_then(run.period.ends_on)
    units = dict(persons.annotate(unit_then=then).values_list("pk", "unit_then"))
    rows = []
    for score in fresh.scores:
        before = kept[score.person_id]
        causes, differs = evidence.causes(
            evidence.evidence_of(before, kept_trails)["segments"],
            fresh.evidence_of(score)["segments"],  # type: ignore[arg-type]
            kinds,
        )
        if differs:
            rows.append(_row(run, before, score, causes, fresh, units[score.person_id]))
    if rows:
        writing.keep_shared([fresh])
        RestatedScore.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def _row(
    run: ScoreRun,
    before: Score,
    score: writing.FreshScore,
    causes: Sequence[evidence.Cause],
    fresh: writing.Fresh,
    unit_id: uuid.UUID | None,
) -> RestatedScore:
    was, becomes = before.score_micro, score.reckoned.score_micro
    bands = evidence.bounds_of(evidence.bands_from((before.version.plan or {}).get("bands", ())))
    moves = engine_bands.moves(fixed.optional_column([was]), fixed.optional_column([becomes]), bands)
    return RestatedScore(
        run=run,
        person_id=score.person_id,
        unit_id=unit_id,
        kept=before,
        version_id=fresh.stamp.version_id,
        before_micro=was,
        after_micro=becomes,
        change_micro=int(moves.change_micro[0]) if moves.compared[0] else None,
        before_band=int(moves.before_band[0]),
        after_band=int(moves.after_band[0]),
        causes=[cause.kept() for cause in causes],
        basis=fresh.basis_id,
        engine_version=engine.ENGINE_VERSION,
        line=writing.line_of(score),
    )


def _impact(run: ScoreRun) -> _Impact:
    impact = _Impact()
    rows = RestatedScore.objects.filter(run=run).defer("line").order_by("pk")
    for row in rows.iterator(AT_ONCE):
        impact.add(row)
    return impact


def _forget(run: ScoreRun) -> None:
    """What was found is known already, or nothing is left of it."""
    RestatedScore.objects.filter(run=run).delete()


def _keep_causes(restatement: Restatement, found: Mapping[Found, int]) -> None:
    """Those of the most people first, each with how it came about where that is known."""
    first = RestatedScore.objects.filter(restatement=restatement).aggregate(at=Min("kept__computed_at"))
    ordered = sorted(found, key=lambda each: (-found[each], evidence.canonical(each[1].kept())))
    origins = queries.origins_of([cause for _person_id, cause in ordered], restatement, first["at"])
    rows = []
    for person_id, cause in ordered[:MAX_CAUSES]:
        origin = origins.get(cause.url)
        rows.append(
            RestatementCause(
                restatement=restatement,
                kind=cause.kind if cause.kind in CauseKind.values else CauseKind.METRIC,
                component_key=cause.key,
                person_id=person_id,
                people=found[person_id, cause],
                label_en=cause.label[0][:CUT],
                label_zh=cause.label[1][:CUT],
                url=cause.url,
                before_en=cause.before[0][:200],
                before_zh=cause.before[1][:200],
                after_en=cause.after[0][:200],
                after_zh=cause.after[1][:200],
                before_micro=cause.before_micro,
                after_micro=cause.after_micro,
                via=origin.via[:200] if origin else "",
                by_id=origin.by_id if origin else None,
                known_at=origin.known_at if origin else None,
            )
        )
    RestatementCause.objects.bulk_create(rows, batch_size=AT_ONCE)
