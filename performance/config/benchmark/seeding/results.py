"""Results for a hundred thousand people: one score that is computed, copied by the database for everybody else."""

from __future__ import annotations

from django.db import connection, models
from django.utils import timezone
from psycopg import sql

from performance.appraisals import actions as appraisals
from performance.appraisals.models import Cycle
from performance.config.benchmark.seeding.people import Company
from performance.foundation import tenancy
from performance.people.models import Person, ReportingLine, TeamMembership
from performance.scoring import actions
from performance.scoring.models import Score

#: How many people are made one by one; the others are copies of them, with the same managers, teams and units.
BY_HAND = 200
COPIES = """
    CREATE TEMPORARY TABLE copies ON COMMIT DROP AS
    SELECT accord_uuid7() AS id, n, t.id AS of
    FROM generate_series(%(first)s, %(last)s) n
    JOIN people_person t ON t.number = 'B' || lpad((100 + n %% 100)::text, 6, '0')
"""
PEOPLE = """
    INSERT INTO people_person (id, user_id, number, name_en, name_zh, name_sort, email, {columns})
    SELECT c.id, NULL, 'B' || lpad(c.n::text, 6, '0'), t.name_en || ' ' || c.n, t.name_zh || c.n,
        t.name_sort || ' ' || c.n, 'p' || c.n || '@benchmark.example', {copied}
    FROM copies c JOIN people_person t ON t.id = c.of
"""
DATED = """
    INSERT INTO {table} (id, person_id, {columns})
    SELECT accord_uuid7(), c.id, {copied} FROM copies c JOIN {table} t ON t.person_id = c.of
"""
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


def copy_people(count: int) -> None:
    """As many more people as `count` asks for. Inside `acting_for`."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"first": BY_HAND, "last": count - 1})
        own = {"id", "user_id", "number", "name_en", "name_zh", "name_sort", "email"}
        cursor.execute(_copying(PEOPLE, Person, own))
        for dated in (ReportingLine, TeamMembership):
            cursor.execute(_copying(DATED, dated, {"id", "person_id"}))


def tell(company: Company) -> Cycle:
    """Everybody's score, and an open cycle over them. Inside `acting_for`."""
    actions.compute_scores(
        period=company.period, person_ids=[company.line[-1].pk], run=None, at=timezone.now()
    )
    given = {"organisation": tenancy.current_organisation_id(), "template": Score.objects.get().pk}
    with connection.cursor() as cursor:
        own = {"id", "person_id", "score_micro", "constant_micro", "coverage_ppm"}
        cursor.execute(_copying(SCORES, Score, own), given)
        cursor.execute(CURRENT, given)
    return appraisals.open_cycle(
        period=company.period,
        name_en="Appraisal",
        name_zh="考核",
        by=company.actor(company.staff["hr"]),
        at=timezone.now(),
    )


def _copying(statement: str, model: type[models.Model], own: set[str]) -> sql.Composed:
    """The statement with every column that is not its own taken from `t`."""
    fields = model._meta.local_concrete_fields
    names = [sql.Identifier(str(field.column)) for field in fields if field.column not in own]
    return sql.SQL(statement).format(
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(names),
        copied=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names),
    )
