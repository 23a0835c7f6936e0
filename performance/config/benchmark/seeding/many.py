"""Goals for a hundred thousand people: those of one person made by hand, and copied by the database for everybody else."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db import connection, models
from django.utils import timezone
from psycopg import sql

from okr.models import KeyResult, Objective, ProgressPoint
from performance.config.benchmark.seeding import goals
from performance.config.benchmark.seeding.people import Company
from performance.foundation import tenancy

OBJECTIVES = """
    WITH t AS MATERIALIZED (SELECT * FROM okr_objective WHERE id = ANY(%(templates)s))
    INSERT INTO okr_objective (id, owner_id, agreer_id, proposed_by_id, progress_micro, coverage_ppm, {columns})
    SELECT accord_uuid7(), p.id, %(head)s, p.id, abs(hashtext(p.id::text || t.id::text)) %% 120000001, 1000000,
        {copied}
    FROM people_person p JOIN people_businessunit u ON u.id = p.unit_id, t
    WHERE p.organisation_id = %(organisation)s AND u.code LIKE 'S0%%' AND p.id <> ALL(%(others)s)
"""
KEY_RESULTS = """
    WITH k AS MATERIALIZED (
        SELECT k.*, t.title AS of_title FROM okr_keyresult k JOIN okr_objective t ON t.id = k.objective_id
        WHERE t.id = ANY(%(templates)s)
    )
    INSERT INTO okr_keyresult (id, objective_id, owner_id, {columns})
    SELECT accord_uuid7(), o.id, o.owner_id, {copied}
    FROM okr_objective o JOIN k ON k.of_title = o.title
    WHERE o.organisation_id = %(organisation)s AND o.id <> ALL(%(templates)s)
"""
POINTS = """
    INSERT INTO okr_progresspoint (id, organisation_id, objective_id, at, progress_micro, coverage_ppm,
        provisional, version_number, policy_number)
    SELECT accord_uuid7(), organisation_id, id, %(at)s, progress_micro, 1000000, false, 1, 0
    FROM okr_objective WHERE organisation_id = %(organisation)s
"""


def tell(company: Company) -> None:
    """Three objectives of three key results for everybody in the line, each at some progress."""
    at = timezone.now()
    objectives, key_results = goals.three_of(company, 1, at)
    Objective.objects.bulk_create(objectives)
    KeyResult.objects.bulk_create(key_results)
    given: dict[str, Any] = {
        "organisation": tenancy.current_organisation_id(),
        "head": company.line[0].pk,
        "others": [person.pk for person in company.line[:2]],
        "templates": [objective.pk for objective in objectives],
        "at": at,
    }
    own = {"id", "owner_id", "agreer_id", "proposed_by_id", "progress_micro", "coverage_ppm"}
    _copy(OBJECTIVES, Objective, own, "t", given)
    _copy(KEY_RESULTS, KeyResult, {"id", "objective_id", "owner_id"}, "k", given)
    with connection.cursor() as cursor:
        cursor.execute(POINTS, given)


def _copy(
    statement: str, model: type[models.Model], own: set[str], template: str, given: dict[str, Any]
) -> None:
    names = [
        sql.Identifier(str(field.column))
        for field in model._meta.local_concrete_fields
        if field.column not in own
    ]
    whole = sql.SQL(statement).format(
        columns=sql.SQL(", ").join(names),
        copied=sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.Identifier(template), name) for name in names),
    )
    with connection.cursor() as cursor:
        cursor.execute(whole, given)


def move_goals(person_id: uuid.UUID, *, at: datetime.datetime) -> None:
    """Takes each of somebody's objectives a step further, as a check-in leaves it."""
    ProgressPoint.objects.bulk_create(
        ProgressPoint(
            objective=objective,
            at=at,
            progress_micro=(objective.progress_micro or 0) + 1_234_567,
            coverage_ppm=1_000_000,
            version_number=1,
        )
        for objective in Objective.objects.filter(owner_id=person_id)
    )
