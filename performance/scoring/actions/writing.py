"""Scores into their tables: what differs from the score in force, as lines of text in one statement.

COPY refuses tables with walls, and a row of parameters for each score takes longer to build than to insert.
"""

import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection
from uuid_utils.compat import uuid7

from performance import engine
from performance.foundation import tenancy
from performance.scoring import evidence
from performance.scoring.models import Score, ScoreBasis, ScoreRun, ScoreState, ScoreTrail


@dataclass(frozen=True)
class Stamp:
    """What the scores of one writing have in common."""

    period_id: uuid.UUID
    version_id: uuid.UUID
    state: str
    computed_at: datetime.datetime


@dataclass(frozen=True)
class FreshScore:
    """One score that differs from the one in force: `written` and `refs` as it is kept, `place` among those that were
    reckoned with it."""

    person_id: uuid.UUID
    written: str
    refs: str
    digest: str
    among: evidence.ReckonedColumns = field(repr=False)
    place: int

    @cached_property
    def reckoned(self) -> evidence.Reckoned:
        return self.among.row(self.place)


@dataclass(frozen=True)
class Fresh:
    """Scores under one basis, not saved yet. `trails`: those they share, by id."""

    basis_id: uuid.UUID
    basis: str
    trails: Mapping[uuid.UUID, str]
    stamp: Stamp
    scores: Sequence[FreshScore]

    def __len__(self) -> int:
        return len(self.scores)

    def evidence_of(self, score: FreshScore) -> Mapping[str, object]:
        """What it was computed from, as `evidence.evidence_of` says it of a kept one."""
        trails = {str(trail_id): json.loads(text) for trail_id, text in self.trails.items()}
        return evidence.whole_evidence(json.loads(self.basis), score.reckoned, score.refs, trails)


def differing(
    reckoned: evidence.ReckonedColumns,
    *,
    person_ids: Sequence[uuid.UUID],
    current: Mapping[uuid.UUID, str],
    trails: Mapping[uuid.UUID, str],
    stamp: Stamp,
) -> Fresh:
    """Those of these people whose digest is not the one in force (`current`)."""
    basis = evidence.canonical(reckoned.basis)
    basis_id = evidence.content_id(basis)
    scores = []
    together = zip(person_ids, reckoned.parts(), reckoned.refs(), strict=True)
    for place, (person_id, written, refs) in enumerate(together):
        digest = evidence.digest(
            basis_id, written, refs, state=stamp.state, engine_version=engine.ENGINE_VERSION
        )
        if current.get(person_id) != digest:
            scores.append(FreshScore(person_id, written, refs, digest, reckoned, place))
    return Fresh(basis_id, basis, trails, stamp, scores)


def write(fresh: Sequence[Fresh], *, run: ScoreRun) -> None:
    """Writes the scores, puts them in force, and keeps once what they share. In the caller's transaction."""
    keep_shared(fresh)
    for each in fresh:
        lines = [line_of(score) for score in each.scores]
        put_in_force(lines, basis_id=each.basis_id, stamp=each.stamp, run=run)


def keep_shared(fresh: Sequence[Fresh]) -> None:
    """Keeps once what these scores share, in the order of the ids: others write the same rows at the same time."""
    bases = {each.basis_id: each.basis for each in fresh}
    trails = {trail_id: text for each in fresh for trail_id, text in each.trails.items()}
    ScoreBasis.objects.bulk_create(
        [ScoreBasis(pk=basis_id, content=json.loads(text)) for basis_id, text in sorted(bases.items())],
        ignore_conflicts=True,
    )
    ScoreTrail.objects.bulk_create(
        [ScoreTrail(pk=trail_id, refs=json.loads(text)) for trail_id, text in sorted(trails.items())],
        ignore_conflicts=True,
    )


def line_of(score: FreshScore) -> str:
    """A score as it is written."""
    return f"{uuid7()}\t{score.person_id}\t{score.digest}\t{score.refs}\t{score.written}"


def put_in_force(
    lines: Sequence[str],
    *,
    basis_id: uuid.UUID,
    stamp: Stamp,
    run: ScoreRun,
    engine_version: str = engine.ENGINE_VERSION,
) -> None:
    """Writes scores that share a basis, given as lines, and puts them in force. What they share is kept already."""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "lines": "\n".join(lines),
                "organisation": tenancy.current_organisation_id(),
                "period": stamp.period_id,
                "version": stamp.version_id,
                "run": run.pk,
                "basis": basis_id,
                "state": stamp.state,
                "is_frozen": stamp.state == ScoreState.FROZEN,
                "engine": engine_version,
                "at": stamp.computed_at,
            },
        )


#: A line has the id, the person, the digest, the references, and what `evidence.parts` gives.
FIRST_PART = 5
STATEMENT = f"""
WITH given AS MATERIALIZED (
    SELECT string_to_array(line, E'\\t', E'\\\\N') AS part
    FROM unnest(string_to_array(%(lines)s, E'\\n')) AS line
), kept AS (
    INSERT INTO {Score._meta.db_table} (
        organisation_id, period_id, version_id, run_id, basis_id, state, engine_version, computed_at,
        id, person_id, digest, refs, {", ".join(evidence.COLUMNS)}
    )
    SELECT %(organisation)s, %(period)s, %(version)s, %(run)s, %(basis)s, %(state)s, %(engine)s, %(at)s,
        part[1]::uuid, part[2]::uuid, part[3], part[4],
        {", ".join(f"part[{FIRST_PART + at}]::{kind}" for at, kind in enumerate(evidence.COLUMNS.values()))}
    FROM given
)
INSERT INTO scoring_currentscore (id, organisation_id, person_id, period_id, score_id, is_frozen)
SELECT accord_uuid7(), %(organisation)s, part[2]::uuid, %(period)s, part[1]::uuid, %(is_frozen)s FROM given
ON CONFLICT (organisation_id, person_id, period_id)
DO UPDATE SET score_id = EXCLUDED.score_id, is_frozen = EXCLUDED.is_frozen
"""  # noqa: S608 - names of columns and types alone
