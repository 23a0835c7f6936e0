"""A unit with a policy for the employee, the colleague and their manager; everybody else stands outside it."""

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis.models import Metric, MetricVersion
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion, Score, ScoreQuestion
from tests import ready
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.approvals import A_DAY, Actor, approve

MICRO = 1_000_000


def component(key: str, base: int, **fields: Any) -> evidence.ComponentDraft:
    """A component by its base weight in percent."""
    given = {"name_en": key.title(), "category": "okr", "source_kind": "okr", "color": 1} | fields
    return evidence.ComponentDraft(key=key, base_ppm=base * 10_000, **given)


def three_components() -> list[evidence.ComponentDraft]:
    return [
        component("okr", 50, name_en="OKR attainment", name_zh="OKR 达成"),
        component(
            "turnover",
            30,
            name_en="Inventory capital turnover",
            name_zh="存货资金周转",
            category="fused",
            source_kind="kpi",
            source_ref="turnover",
            color=2,
            curve={"kind": "linear", "direction": "higher", "floor": "4", "target": "5", "stretch": "5.5"},
            multipliers={"growth": 800_000, "mature": 1_400_000},
        ),
        component(
            "pulse",
            20,
            name_en="Weekly pulse",
            name_zh="每周脉搏",
            category="feedback",
            source_kind="feedback",
            color=6,
            curve={"kind": "linear", "direction": "higher", "floor": "1", "target": "5"},
        ),
    ]


@pytest.fixture(autouse=True)
def sources(settings: Any) -> Iterator[None]:
    name = "tests.scoring.collectors.collect"
    settings.SCORE_SOURCES = {"okr": name, "kpi": name, "feedback": name}
    collectors.VALUES.clear()
    collectors.MOMENTS.clear()
    yield
    collectors.VALUES.clear()


@pytest.fixture
@ready.made
def unit(cast: Cast) -> people.BusinessUnit:
    with tenancy.acting_for(cast.organisation):
        unit = people.BusinessUnit.objects.create(code="STORES", name_en="Stores", name_zh="门店")
        scored = [cast.employee.pk, cast.colleague.pk, cast.manager.pk]
        people.Person.objects.filter(pk__in=scored).update(unit=unit)
        return unit


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return people_queries.today(cast.organisation)


@pytest.fixture
@ready.made
def turnover(cast: Cast, now: datetime.datetime) -> Metric:
    """The certified metric that the policy weighs: what was sold by what lies in stock."""
    with tenancy.acting_for(cast.organisation):
        metric = Metric.objects.create(
            key="turnover",
            name_en="Inventory capital turnover",
            name_zh="存货资金周转",
            business_owner=cast.business_owner,
            finance_owner=cast.finance_owner,
            unit="number",
            direction="up",
            created_at=now,
        )
        MetricVersion.objects.create(
            metric=metric,
            number=1,
            state="certified",
            kind="ratio",
            formula="sold / stock",
            unit="number",
            direction="up",
            effective_from=datetime.date(2020, 1, 1),
            proposed_by=cast.business_owner,
            proposed_at=now,
            certified_at=now,
        )
        return metric


@pytest.fixture
@ready.made
def draft(
    cast: Cast,
    unit: people.BusinessUnit,
    turnover: Metric,
    quarter: people.Period,
    actor: Actor,
    sources: None,
) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        return actions.draft_policy(
            name_en="Store operations",
            name_zh="门店运营",
            unit=unit,
            period=quarter,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=50_000,
            components=three_components(),
            reason="First version",
            by=actor(cast.hr),
            at=timezone.now(),
        )


def in_force(
    version: PolicyVersion,
    cast: Cast,
    actor: Actor,
    *,
    on: datetime.date | None = None,
    at: datetime.datetime | None = None,
) -> PolicyVersion:
    """A draft through the rest of its life: proposed, approved by both sides, locked. Inside `acting_for`."""
    at = at or timezone.now()
    version = approve(version, cast, actor, at)
    return actions.lock_policy(version=version, effective_on=on, by=actor(cast.hr), at=at)


@pytest.fixture
@ready.made
def proposal(draft: PolicyVersion, cast: Cast, actor: Actor) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        return actions.propose_policy(version=draft, by=actor(cast.hr), at=timezone.now())


@pytest.fixture
@ready.made
def approved(proposal: PolicyVersion, cast: Cast, actor: Actor) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        actions.approve_policy(
            version=proposal, side="business", by=actor(cast.business_owner), at=timezone.now()
        )
        return actions.approve_policy(
            version=proposal, side="finance", by=actor(cast.finance_owner), at=timezone.now()
        )


@pytest.fixture
@ready.made
def locked(approved: PolicyVersion, cast: Cast, today: datetime.date, actor: Actor) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        return actions.lock_policy(version=approved, effective_on=today, by=actor(cast.hr), at=timezone.now())


@pytest.fixture
def measured(cast: Cast) -> dict[Any, Any]:
    """What the sources say of the three scored people."""
    for person, okr, turnover, pulse in (
        (cast.employee, 82, "4.62", "4.2"),
        (cast.colleague, 64, "5.1", "3.5"),
        (cast.manager, 90, "4.9", None),
    ):
        collectors.VALUES[person.pk, "okr"] = okr * MICRO
        collectors.VALUES[person.pk, "turnover"] = round(float(turnover) * MICRO)
        collectors.VALUES[person.pk, "pulse"] = round(float(pulse) * MICRO) if pulse else None
    return collectors.VALUES


@pytest.fixture
@ready.made
def before(cast: Cast, quarter: people.Period) -> people.Period:
    """The quarter before the one that holds today."""
    last = quarter.starts_on - datetime.timedelta(days=1)
    first = (last.replace(day=1) - datetime.timedelta(days=45)).replace(day=1)
    with tenancy.acting_for(cast.organisation):
        return people.Period.objects.create(
            name_en="The quarter before", name_zh="上一季度", starts_on=first, ends_on=last, state="closing"
        )


@pytest.fixture
@ready.made
def scored_before(
    cast: Cast,
    unit: people.BusinessUnit,
    turnover: Metric,
    before: people.Period,
    actor: Actor,
    sources: None,
    measured: dict[Any, Any],
) -> PolicyVersion:
    """The policy that governed the quarter before, with scores of three people, which nobody has frozen yet."""
    at = timezone.now() - (people_queries.today(cast.organisation) - before.starts_on)
    at -= datetime.timedelta(days=3)
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_policy(
            name_en="Store operations",
            name_zh="门店运营",
            unit=unit,
            period=before,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=50_000,
            components=three_components(),
            reason="First version",
            by=actor(cast.hr),
            at=at,
        )
        version = in_force(version, cast, actor, at=at)
        scored = [cast.employee.pk, cast.colleague.pk, cast.manager.pk]
        actions.compute_scores(period=before, person_ids=scored, run=None, at=timezone.now())
        return version


@pytest.fixture
@ready.made
def next_draft(
    scored_before: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> PolicyVersion:
    """Goals 70, pulse 30: without the turnover, which weighed before."""
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_next_version(
            policy=scored_before.policy, period=quarter, by=actor(cast.hr), at=timezone.now()
        )
        return redrafted(version, cast, actor)


def redrafted(version: PolicyVersion, cast: Cast, actor: Actor, **changed: Any) -> PolicyVersion:
    """The draft with goals 70 and pulse 30, or what is given. Inside `acting_for`."""
    okr, _turnover, pulse = three_components()
    given: dict[str, Any] = {
        "period": version.period,
        "stage": "mature",
        "missing": "leave_out",
        "step_cap_ppm": None,
        "components": [
            dataclasses.replace(okr, base_ppm=700_000),
            dataclasses.replace(pulse, base_ppm=300_000),
        ],
        "reason": "Goals count more",
    }
    return actions.revise_draft(version=version, **(given | changed), by=actor(cast.hr), at=timezone.now())


@pytest.fixture
@ready.made
def demand(cast: Cast, now: datetime.datetime) -> Metric:
    with tenancy.acting_for(cast.organisation):
        metric = Metric.objects.create(
            key="demand",
            name_en="Demand index",
            name_zh="需求指数",
            business_owner=cast.business_owner,
            finance_owner=cast.finance_owner,
            unit="number",
            direction="up",
            decimals=1,
            created_at=now,
        )
        MetricVersion.objects.create(
            metric=metric,
            number=1,
            state="certified",
            kind="ratio",
            formula="bought / base",
            unit="number",
            direction="up",
            effective_from=datetime.date(2020, 1, 1),
            proposed_by=cast.business_owner,
            proposed_at=now,
            certified_at=now,
        )
        return metric


@pytest.fixture
def revise(draft: PolicyVersion, demand: Metric, cast: Cast, actor: Actor) -> Callable[..., PolicyVersion]:
    """Writes market rules in the draft. Inside `acting_for`."""

    def write(*rules: evidence.RuleDraft) -> PolicyVersion:
        return actions.revise_draft(
            version=draft,
            period=draft.period,
            stage=draft.stage,
            missing=draft.missing,
            step_cap_ppm=None,
            components=three_components(),
            market=rules,
            reason="Demand is soft",
            by=actor(cast.hr),
            at=timezone.now(),
        )

    return write


@pytest.fixture
def score(locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period) -> Score:
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(
            period=quarter,
            person_ids=[cast.employee.pk, cast.colleague.pk, cast.manager.pk],
            run=None,
            at=timezone.now(),
        )
        found = queries.current_score(cast.employee.pk, quarter)
    assert found is not None
    return found


@pytest.fixture
def asked(score: Score, cast: Cast, actor: Actor) -> Callable[..., ScoreQuestion]:
    """Asks, by the employee unless told otherwise, about stock turnover unless told otherwise."""

    def ask(by: people.Person = cast.employee, **given: Any) -> ScoreQuestion:
        with tenancy.acting_for(cast.organisation):
            question: ScoreQuestion = actions.ask_about_score(
                **{"score": score, "component_key": "turnover", "text": "Why 62?"} | given,
                by=actor(by),
                at=timezone.now(),
            )
        return question

    return ask


@pytest.fixture
@ready.made
def next_quarter(cast: Cast, quarter: people.Period) -> people.Period:
    with tenancy.acting_for(cast.organisation):
        return people.Period.objects.create(
            name_en="The quarter after",
            name_zh="下一季度",
            starts_on=quarter.ends_on + A_DAY,
            ends_on=quarter.ends_on + 90 * A_DAY,
            state="active",
        )


@pytest.fixture
def coming(locked: PolicyVersion, next_quarter: people.Period, cast: Cast, actor: Actor) -> PolicyVersion:
    """The next quarter's draft after weights that govern now: goals 40, turnover 30, pulse 30."""
    okr, turnover, pulse = three_components()
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_next_version(
            policy=locked.policy, period=next_quarter, by=actor(cast.hr), at=timezone.now()
        )
        return redrafted(
            version,
            cast,
            actor,
            period=next_quarter,
            components=[
                dataclasses.replace(okr, base_ppm=400_000),
                dataclasses.replace(turnover, multipliers={}),
                dataclasses.replace(pulse, base_ppm=300_000),
            ],
        )
