"""One policy over everybody in the line, locked from the quarter's first day, and the scores under it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils import timezone

from performance.config.benchmark.seeding.people import Company
from performance.foundation import tenancy
from performance.people import queries as people
from performance.people.models import BusinessUnit
from performance.scoring import actions, evidence
from performance.scoring.models import ScoreRun

COMPONENTS = [
    evidence.ComponentDraft(
        key="okr",
        name_en="OKR attainment",
        name_zh="OKR 达成",
        category="okr",
        source_kind="okr",
        base_ppm=500_000,
        min_ppm=200_000,
        max_ppm=700_000,
    ),
    evidence.ComponentDraft(
        key="revenue_per_customer",
        name_en="Revenue per customer",
        name_zh="客均收入",
        category="fused",
        source_kind="kpi",
        source_ref="revenue_per_customer",
        base_ppm=300_000,
        min_ppm=100_000,
        max_ppm=500_000,
        color=2,
        curve={"kind": "linear", "direction": "higher", "floor": "100", "target": "400", "stretch": "600"},
        multipliers={"mature": 1_200_000},
    ),
    evidence.ComponentDraft(
        key="customers",
        name_en="Customers",
        name_zh="顾客数",
        category="business",
        source_kind="kpi",
        source_ref="customers",
        base_ppm=200_000,
        min_ppm=50_000,
        max_ppm=400_000,
        color=5,
        curve={"kind": "linear", "direction": "higher", "floor": "10", "target": "300"},
    ),
]


def lock_policy(
    company: Company, at: datetime.datetime, components: Sequence[evidence.ComponentDraft] = COMPONENTS
) -> None:
    hr = company.actor(company.staff["hr"])
    version = actions.draft_policy(
        name_en="Stores",
        name_zh="门店",
        unit=BusinessUnit.objects.get(code="STORES"),
        period=company.period,
        stage="mature",
        missing="leave_out",
        step_cap_ppm=50_000,
        components=components,
        reason="First version",
        by=hr,
        at=at,
    )
    actions.propose_policy(version=version, by=hr, at=at)
    for side in ("business", "finance"):
        actions.approve_policy(
            version=version, side=side, by=company.actor(company.staff[f"{side}_owner"]), at=at
        )
    day = max(company.period.starts_on, people.day_at(company.organisation, at))
    actions.lock_policy(version=version, effective_on=day, by=hr, at=at)


def start_run(company: Company) -> ScoreRun:
    """A full run that waits for a worker. To be called inside `acting_for`."""
    return actions.start_run(period=company.period, by=company.actor(company.staff["hr"]), at=timezone.now())


def compute(company: Company) -> None:
    """A full run, carried out here in its batches."""
    with tenancy.acting_for(company.organisation):
        run = start_run(company)
        actions.take_run(run_id=run.pk, at=timezone.now())
    more = True
    while more:
        with tenancy.acting_for(company.organisation):
            more = actions.advance_run(run_id=run.pk, at=timezone.now())
