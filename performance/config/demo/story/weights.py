"""Chapter 4: HR proposes how the retail people are weighed, both sides approve, and scores are computed."""

import datetime
from typing import Any

from django.utils import timezone

from performance.config.demo import calendar
from performance.config.demo.story.stage import Stage, Words
from performance.people import actions as people_actions
from performance.people.models import BusinessUnit, Period
from performance.scoring import actions, evidence
from performance.scoring.models import PolicyVersion, WeightPolicy

HR, BUSINESS, FINANCE = "LM-0004", "LM-0005", "LM-0006"


def linear(floor: str, target: str, stretch: str, direction: str = "higher") -> dict[str, Any]:
    return {"kind": "linear", "direction": direction, "floor": floor, "target": target, "stretch": stretch}


COMPONENTS = [
    evidence.ComponentDraft(
        key="okr", name_en="OKR attainment", name_zh="OKR 达成", category="okr", source_kind="okr", source_ref="",
        slice={}, base_ppm=350_000, min_ppm=200_000, max_ppm=500_000, color=1, curve={"kind": "identity"},
        multipliers={},
    ),
    evidence.ComponentDraft(
        key="profit_per_customer", name_en="Profit per customer", name_zh="客均利润", category="fused",
        source_kind="kpi", source_ref="profit_per_customer", slice="own_unit", base_ppm=250_000, min_ppm=100_000,
        max_ppm=400_000, color=4, curve=linear("0", "180", "320"), multipliers={"mature": 1_200_000, "growth": 850_000},
    ),
    evidence.ComponentDraft(
        key="gross_margin", name_en="Gross margin", name_zh="毛利率", category="fused", source_kind="kpi",
        source_ref="gross_margin", slice="own_unit", base_ppm=200_000, min_ppm=100_000, max_ppm=300_000, color=2,
        curve=linear("38", "53", "60"), multipliers={"mature": 1_100_000},
    ),
    evidence.ComponentDraft(
        key="cost_share", name_en="Cost share of revenue", name_zh="成本占收入比", category="fused",
        source_kind="kpi", source_ref="cost_share", slice="own_unit", base_ppm=200_000, min_ppm=50_000,
        max_ppm=300_000, color=5, curve=linear("105", "82", "65", "lower"),
        multipliers={"growth": 850_000, "mature": 1_200_000},
    ),
]  # fmt: skip

#: An outside number: nobody whom these weights score can move it.
MARKET = [
    evidence.RuleDraft(
        key="soft-demand", name_en="Soft demand", name_zh="需求走弱", metric_key="demand_index",
        starts_micro=95_000_000, full_micro=93_500_000, months=2, until_months=2,
        effects={"cost_share": 1_150_000, "gross_margin": 1_100_000, "profit_per_customer": 850_000},
    ),
]  # fmt: skip


REASONS: dict[str, Words] = {
    "growth": ("Three stores are young: reaching people counts more than what each leaves.",
               "三家门店还年轻：先把人引进来，比每位顾客带来多少更重要。"),
    "mature": ("The chain earns more from those who return than from new doors.", "老顾客带来的利润高于新开门店。"),
}  # fmt: skip


def tell(stage: Stage) -> None:
    last, this = Period.objects.order_by("starts_on")
    for period, stage_of_life in ((last, "growth"), (this, "mature")):
        _lock(stage, period, stage_of_life)
    compute(stage, last, is_frozen=True)
    compute(stage, this)


def _lock(stage: Stage, period: Period, stage_of_life: str) -> None:
    hr, at = stage.actor(HR), calendar.at(calendar.shift(period.starts_on, -1).replace(day=14), 10)
    version = _draft(stage, period, stage_of_life, at)
    actions.propose_policy(version=version, reason=version.reason, by=hr, at=at)
    for side, number in (("business", BUSINESS), ("finance", FINANCE)):
        actions.approve_policy(version=version, side=side, by=stage.actor(number), at=at)
    actions.lock_policy(version=version, effective_on=None, by=hr, at=at)


def _draft(stage: Stage, period: Period, stage_of_life: str, at: datetime.datetime) -> PolicyVersion:
    """The first quarter's weights, then the same with the next stage of life."""
    hr = stage.actor(HR)
    policy = WeightPolicy.objects.first()
    reason = stage.say(REASONS[stage_of_life])
    if policy is None:
        return actions.draft_policy(
            name_en="Retail operations",
            name_zh="零售运营",
            unit=BusinessUnit.objects.get(code="RETAIL"),
            period=period,
            stage=stage_of_life,
            missing="leave_out",
            step_cap_ppm=50_000,
            components=COMPONENTS,
            market=MARKET,
            reason=reason,
            by=hr,
            at=at,
        )
    version = actions.draft_next_version(policy=policy, period=period, by=hr, at=at)
    return actions.revise_draft(
        version=version,
        period=period,
        stage=stage_of_life,
        missing="leave_out",
        step_cap_ppm=50_000,
        components=COMPONENTS,
        reason=reason,
        by=hr,
        at=at,
    )


def compute(stage: Stage, period: Period, *, is_frozen: bool = False) -> None:
    """A full run, carried out here; a running installation gives it to the worker."""
    hr = stage.actor(HR)
    at = timezone.now()
    if is_frozen:
        period = people_actions.move_period(period=period, to="closing", by=hr, at=at)
        run = actions.freeze_scores(period=period, by=hr, at=at)
    else:
        run = actions.start_run(period=period, by=hr, at=at)
    actions.take_run(run_id=run.pk, at=at)
    while actions.advance_run(run_id=run.pk, at=timezone.now()):
        continue
    if is_frozen:
        people_actions.move_period(period=period, to="closed", by=hr, at=at)
