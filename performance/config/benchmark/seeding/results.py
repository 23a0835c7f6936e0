"""Results for a hundred thousand people: one score that is computed, copied by the database for everybody else."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone
from psycopg import sql

from performance.appraisals import actions as appraisals
from performance.appraisals.models import Cycle
from performance.config.benchmark.seeding.people import Company
from performance.foundation import tenancy
from performance.scoring import actions
from performance.scoring.models import Score

SCORES = """
    WITH t AS MATERIALIZED (SELECT * FROM scoring_score WHERE id = %(template)s)
    INSERT INTO scoring_score (id, person_id, score_micro, constant_micro, coverage_ppm, {columns})
    SELECT accord_uuid7(), p.id, 30000000 + abs(hashtext(p.id::text)) %% 80000000,
        31000000 + abs(hashtext('c' || p.id::text)) %% 80000000, 1000000 - abs(hashtext(p.number)) %% 3 * 100000,
        {copied}
    FROM people_person p, t
    WHERE p.organisation_id = %(organisation)s AND p.id <> t.person_id
"""
CURRENT = """
    INSERT INTO scoring_currentscore (id, organisation_id, person_id, period_id, score_id, is_frozen)
    SELECT accord_uuid7(), organisation_id, person_id, period_id, id, false FROM scoring_score
    WHERE organisation_id = %(organisation)s AND id <> %(template)s
"""


def tell(company: Company) -> Cycle:
    """Everybody's score, and an open cycle over them. Inside `acting_for`."""
    actions.compute_scores(
        period=company.period, person_ids=[company.line[-1].pk], run=None, at=timezone.now()
    )
    given = {"organisation": tenancy.current_organisation_id(), "template": Score.objects.get().pk}
    own = {"id", "person_id", "score_micro", "constant_micro", "coverage_ppm"}
    names = [
        sql.Identifier(str(field.column))
        for field in Score._meta.local_concrete_fields
        if field.column not in own
    ]
    copying = sql.SQL(SCORES).format(
        columns=sql.SQL(", ").join(names),
        copied=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names),
    )
    with connection.cursor() as cursor:
        cursor.execute(copying, given)
        cursor.execute(CURRENT, given)
    return appraisals.open_cycle(
        period=company.period,
        name_en="Appraisal",
        name_zh="考核",
        by=company.actor(company.staff["hr"]),
        at=timezone.now(),
    )
