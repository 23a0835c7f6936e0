"""Sums over the scores of many, made where they are kept. Nothing else of groups knows that a score is kept in columns."""

import datetime
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet

from performance.engine import score as engine_score
from performance.foundation import access, tenancy
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import CurrentScore, Score, ScoreBasis
from performance.scoring.queries import scopes
from performance.scoring.queries.scores import people_with_visible_scores

#: What is summed of a component over people, and what a score keeps it as.
SUMMED = {
    "value": "value_micro",
    "weight": "effective_ppm",
    "constant_weight": "constant_ppm",
    "points": "contribution_micro",
    "constant": "constant_contribution_micro",
}
STATEMENT = f"""
SELECT score.basis_id, line.place, count(*), {", ".join(f"sum(line.{name})" for name in SUMMED)}
FROM {Score._meta.db_table} score
CROSS JOIN LATERAL unnest(score.treatment, {", ".join(f"score.{kept}" for kept in SUMMED.values())})
    WITH ORDINALITY AS line(treatment, {", ".join(SUMMED)}, place)
WHERE score.organisation_id = %(organisation)s AND score.id = ANY(%(scores)s) AND line.treatment <> %(left_out)s
GROUP BY score.basis_id, line.place
"""  # noqa: S608 - names of columns alone
FIGURES = ("value_micro", "effective_ppm", "contribution_micro")


def sums_of(score_ids: Iterable[uuid.UUID]) -> dict[str, Counter[str]]:
    """component → `number` of people for whom it counts, and the sums of `SUMMED` over them. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "organisation": tenancy.current_organisation_id(),
                "scores": list(score_ids),
                "left_out": engine_score.LEFT_OUT,
            },
        )
        found = cursor.fetchall()
    keys = _keys_of({basis_id for basis_id, *_rest in found})
    sums: dict[str, Counter[str]] = {}
    for basis_id, place, *figures in found:
        of_key = sums.setdefault(keys[basis_id][place - 1], Counter())
        of_key.update(dict(zip(("number", *SUMMED), map(int, figures), strict=True)))
    return sums


def patterns_unseen(
    period: people.Period, actor: access.Actor, on: datetime.date
) -> dict[uuid.UUID | None, Counter[frozenset[str]]]:
    """unit → which components count together for how many people whose scores this reader does not see. Two queries."""
    found = list(
        unseen_scores(period, actor, on)
        .values_list("unit_then", "score__basis_id", "score__treatment")
        .annotate(number=Count("pk"))
        .order_by()
    )
    keys = _keys_of({basis_id for _unit_id, basis_id, *_rest in found})
    patterns: dict[uuid.UUID | None, Counter[frozenset[str]]] = {}
    for unit_id, basis_id, treatments, number in found:
        counting = frozenset(
            key
            for key, treatment in zip(keys[basis_id], treatments, strict=True)
            if treatment != engine_score.LEFT_OUT
        )
        patterns.setdefault(unit_id, Counter())[counting] += number
    return patterns


def unseen_scores(period: people.Period, actor: access.Actor, on: datetime.date) -> QuerySet[Any]:
    """The scores of a period in which anything counted, of people whose scores this reader does not see; with
    `unit_then`."""
    seen = Q(person__in=people_with_visible_scores(actor, on).values("pk"))
    found = CurrentScore.objects.filter(~seen, period=period, score__score_micro__isnull=False)
    return scopes.with_units(found)


def columns_of(score_ids: Sequence[uuid.UUID], scores_micro: Sequence[int]) -> engine_score.ScoreColumns:
    """Kept scores as the engine's columns, in this order. Two queries."""
    found = list(Score.objects.filter(pk__in=score_ids).values_list("pk", "basis_id", "treatment", *FIGURES))
    keys_of = _keys_of({basis_id for _pk, basis_id, *_rest in found})
    keys = tuple(sorted(set().union(*keys_of.values())))
    places = {key: place for place, key in enumerate(keys)}
    rows = {pk: row for row, pk in enumerate(score_ids)}
    figures = np.zeros((len(FIGURES), len(score_ids), len(keys)), dtype=np.int64)
    for basis_id, of_basis in keys_of.items():
        kept = [each for each in found if each[1] == basis_id]
        given = np.array([each[3:] for each in kept], dtype=np.int64)
        given[:, 0][np.array([each[2] for each in kept]) == engine_score.LEFT_OUT] = 0
        at = np.ix_([rows[each[0]] for each in kept], [places[key] for key in of_basis])
        for figure in range(len(FIGURES)):
            figures[figure][at] = given[:, figure]
    nothing = np.zeros_like(figures[0])
    scores = np.array(scores_micro, dtype=np.int64)
    return engine_score.ScoreColumns(
        keys=keys,
        score_micro=scores,
        constant_score_micro=scores,
        scored=np.ones(len(scores), dtype=np.bool_),
        values_micro=figures[0],
        treatment=nothing.astype(np.uint8),
        effective_ppm=figures[1],
        constant_ppm=nothing,
        contributions_micro=figures[2],
        constant_contributions_micro=nothing,
        coverage_ppm=np.zeros(len(scores), dtype=np.int64),
        penalised=np.zeros(len(scores), dtype=np.bool_),
    )


def _keys_of(basis_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[str]]:
    """basis → its components, in the order of the columns. One query."""
    found = ScoreBasis.objects.filter(pk__in=basis_ids).values_list("pk", "content")
    return {pk: evidence.component_keys(content) for pk, content in found}
