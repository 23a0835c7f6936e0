"""Objectives agreed by both sides, what serves what, and twelve weeks of check-ins, as the actions leave them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from okr import rules
from okr.models import Agreement, Alignment, KeyResult, KeyResultContent, Objective, ObjectiveVersion
from okr.models.contents import Content
from performance.config.benchmark.seeding.people import STORE_DIMENSION, Company
from performance.engine import progress
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.kpis import queries as kpis
from performance.people import models as people_models
from performance.people import queries as people

WEEKS = 12
#: Everybody but the head, who leads and has nobody to agree with, has so many objectives of three key results.
GOALS_EACH = 3
THIRDS = (340_000, 330_000, 330_000)

CHECK_INS = """
    INSERT INTO okr_checkin (id, organisation_id, person_id, period_id, week_starts_on, number, wins, plans,
        blockers, at)
    SELECT accord_uuid7(), %(organisation)s, owner_id, %(period)s, week, 1, 'The week went to plan.',
        'Go on with the second key result.', '', week + time '16:00' + interval '4 days'
    FROM (SELECT DISTINCT owner_id FROM okr_objective WHERE organisation_id = %(organisation)s) owners,
        unnest(%(weeks)s::date[]) week
"""
ENTRIES = """
    INSERT INTO okr_keyresultentry (id, organisation_id, check_in_id, key_result_id, value, confidence, note,
        progress_micro, provisional, version_number, at)
    SELECT accord_uuid7(), %(organisation)s, c.id, k.id, round(k.start + (k.current - k.start) * part.of_now, 2),
        1 + (c.week_starts_on - date '2020-01-06') / 7 %% 5, '',
        (k.progress_micro * part.of_now)::bigint, false, 1, c.at
    FROM okr_checkin c
    JOIN okr_keyresult k ON k.owner_id = c.person_id,
    LATERAL (SELECT (array_position(%(weeks)s::date[], c.week_starts_on))::numeric / %(count)s AS of_now) part
    WHERE c.organisation_id = %(organisation)s AND k.organisation_id = %(organisation)s
"""
POINTS = """
    INSERT INTO okr_progresspoint (id, organisation_id, objective_id, at, progress_micro, coverage_ppm,
        provisional, version_number, policy_number)
    SELECT accord_uuid7(), %(organisation)s, o.id, c.at,
        (o.progress_micro * array_position(%(weeks)s::date[], c.week_starts_on)::numeric / %(count)s)::bigint,
        1000000, false, 1, 0
    FROM okr_checkin c JOIN okr_objective o ON o.owner_id = c.person_id
    WHERE c.organisation_id = %(organisation)s AND o.organisation_id = %(organisation)s
"""


def tell(company: Company, at: datetime.datetime) -> None:
    stores = _revenue_per_customer(company)
    objectives: list[Objective] = []
    key_results: list[KeyResult] = []
    for place in range(1, len(company.line)):
        for number in range(GOALS_EACH):
            objective, its_own = _objective(company, place, number, stores, at)
            objectives.append(objective)
            key_results += its_own
    _measure(objectives, key_results)
    Objective.objects.bulk_create(objectives, batch_size=2000)
    KeyResult.objects.bulk_create(key_results, batch_size=2000)
    _sign(objectives, key_results, at)
    _align(company, objectives, at)
    _check_in(company)
    _leave_work(company, objectives, at)


def three_of(company: Company, place: int, at: datetime.datetime) -> tuple[list[Objective], list[KeyResult]]:
    """The objectives of one person of the line, measured and not saved, none of them filled by a metric."""
    made = [_objective(company, place, number, {}, at) for number in range(GOALS_EACH)]
    objectives = [objective for objective, _key_results in made]
    key_results = [each for _objective, its_own in made for each in its_own]
    _measure(objectives, key_results)
    return objectives, key_results


def _revenue_per_customer(company: Company) -> dict[str, Decimal | None]:
    """What the metric says of each store's quarter: what a bound key result fills itself with."""
    slices = [{STORE_DIMENSION: f"S{number:03d}"} for number in range(company.stores)]
    found = kpis.period_values([("revenue_per_customer", part) for part in slices], company.period)
    return {
        part[STORE_DIMENSION]: found["revenue_per_customer", kpis.slice_key(part)].value for part in slices
    }


def _objective(
    company: Company, place: int, number: int, stores: dict[str, Decimal | None], at: datetime.datetime
) -> tuple[Objective, list[KeyResult]]:
    owner, agreer = company.line[place], company.manager_of(place)
    objective = Objective(
        period=company.period,
        owner=owner,
        agreer=agreer,
        title=f"Objective {number + 1} of {owner.name_en}: shelves that never stand empty",
        state="active",
        version_number=1,
        agreed_at=at - datetime.timedelta(weeks=WEEKS),
        proposed_by=owner,
        created_at=at - datetime.timedelta(weeks=WEEKS),
        checked_at=at,
        confidence=1 + place % 5,
    )
    seen = (place * 37 + number * 11) % 100
    if place % 10 == 0 and number == 0 and owner.unit is not None:
        store = owner.unit.slice[STORE_DIMENSION]
        third = KeyResult(
            kind="kpi",
            title="Revenue per customer of the store",
            unit="¥",
            metric_key="revenue_per_customer",
            slice={STORE_DIMENSION: store},
            start=Decimal(100),
            target=Decimal(400),
            current=stores[store],
        )
    else:
        third = KeyResult(
            kind="percent",
            title="Shelves checked",
            start=Decimal(0),
            target=Decimal(100),
            current=Decimal(seen),
        )
    three = [
        KeyResult(
            kind="increase",
            title="Suppliers who confirm on the same day",
            start=Decimal(0),
            target=Decimal(40),
            current=Decimal(seen) * 40 / 100,
        ),
        KeyResult(
            kind="decrease",
            title="Out-of-stock items in the top 200",
            unit="%",
            start=Decimal("5.2"),
            target=Decimal(2),
            current=Decimal("5.2") - Decimal(seen) * Decimal("0.03"),
        ),
        third,
    ]
    for ordinal, (key_result, weight) in enumerate(zip(three, THIRDS, strict=True)):
        key_result.objective, key_result.owner = objective, owner
        key_result.ordinal, key_result.weight_ppm = ordinal, weight
        key_result.confidence, key_result.filled_at = 1 + place % 5, at
    return objective, three


def _measure(objectives: list[Objective], key_results: list[KeyResult]) -> None:
    """Progress as the engine counts it, all key results at once."""
    measured = progress.key_results_progress(
        [
            progress.KeyResult(kind=each.kind, start=each.start, target=each.target, current=each.current)  # type: ignore[arg-type]
            for each in key_results
        ]
    )
    for key_result, value in zip(key_results, measured, strict=True):
        key_result.progress_micro = value
    for place, objective in enumerate(objectives):
        own = key_results[3 * place : 3 * place + 3]
        rolled = progress.objective_progress(
            [progress.RollupItem(str(each.pk), each.progress_micro, each.weight_ppm) for each in own]
        )
        objective.progress_micro, objective.coverage_ppm = rolled.value_micro, rolled.coverage_ppm


def _sign(objectives: list[Objective], key_results: list[KeyResult], at: datetime.datetime) -> None:
    versions = [
        ObjectiveVersion(
            objective=objective,
            number=1,
            content=_content(objective, key_results[3 * place : 3 * place + 3]).to_json(),
            state="in_force",
            by=objective.proposed_by,
            at=objective.created_at,
            settled_at=objective.agreed_at,
        )
        for place, objective in enumerate(objectives)
    ]
    ObjectiveVersion.objects.bulk_create(versions, batch_size=2000)
    Agreement.objects.bulk_create(
        [
            Agreement(version=version, side=side, person=person, at=version.at)
            for version in versions
            for side, person in (
                ("owner", version.objective.owner),
                ("manager", version.objective.agreer),
            )
        ],
        batch_size=5000,
    )


def _align(company: Company, objectives: list[Objective], at: datetime.datetime) -> None:
    """Everybody's first goal supports the first goal of their manager: a tree as deep as the line."""
    first = {place: objectives[GOALS_EACH * (place - 1)] for place in range(1, len(company.line))}
    Alignment.objects.bulk_create(
        [
            Alignment(
                child=objective,
                parent=above,
                kind="supports",
                by=objective.owner,
                at=at,
                accepted_by=objective.owner,
                accepted_at=at,
            )
            for place, objective in first.items()
            if (above := first.get(company.place_above(place)))
        ],
        batch_size=2000,
    )


def _content(objective: Objective, key_results: list[KeyResult]) -> Content:
    return Content(
        title=objective.title,
        key_results=tuple(
            KeyResultContent(
                id=each.pk,
                kind=each.kind,
                title=each.title,
                weight_ppm=each.weight_ppm,
                owner_id=each.owner_id,
                unit=each.unit,
                start=each.start,
                target=each.target,
                metric_key=each.metric_key,
                slice=each.slice,
            )
            for each in key_results
        ),
    )


def _check_in(company: Company) -> None:
    this_week = rules.monday_of(people.today(company.organisation))
    weeks = [this_week - datetime.timedelta(weeks=back) for back in range(WEEKS, 0, -1)]
    given: dict[str, Any] = {
        "organisation": tenancy.current_organisation_id(),
        "period": company.period.pk,
        "weeks": weeks,
        "count": WEEKS,
    }
    with connection.cursor() as cursor:
        for statement in (CHECK_INS, ENTRIES, POINTS):
            cursor.execute(statement, given)


def _leave_work(company: Company, objectives: list[Objective], at: datetime.datetime) -> None:
    """Two things wait for everybody who has goals."""
    waiting: dict[people_models.Person, list[Objective]] = {}
    for objective in objectives:
        waiting.setdefault(objective.owner, []).append(objective)
    WorkItem.objects.bulk_create(
        [
            WorkItem(
                person=person,
                kind="goals.reply",
                subject_id=objective.pk,
                title_en="Read the reply to your check-in",
                title_zh="请阅读对您周报的回复",
                url=f"/goals/{objective.pk}/",
                assigned_by=objective.agreer,
                assigned_at=at,
            )
            for person, own in waiting.items()
            for objective in own[:2]
        ],
        batch_size=5000,
    )
