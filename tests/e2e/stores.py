"""Thirteen people of two stores, with goals and certified numbers of a quarter that is over, and frozen, and of this one.

What they are weighed by so far: goals 50, what a customer of their own store spends 30, the margin of all stores 20.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from okr import actions as okr
from okr.models import Objective
from performance.foundation import access, tenancy
from performance.kpis import tasks as kpi_tasks
from performance.kpis.queries import months
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import PolicyVersion, Score, WeightPolicy
from tests.conftest import Cast, Newcomer, make_people, report_to
from tests.kpis import tables
from tests.kpis.conftest import COSTS, SALES
from tests.okr.conftest import content, key_result, moment, monday_of

Actor = Callable[[people.Person], access.Actor]

OKR, CUSTOMER, MARGIN = "okr", "customer", "margin"
#: (English name, Chinese name, Hangzhou's store or Shenzhen's, level): one level has too few people to be told of.
HIRED = (
    ("Ann Arnold", "安宁", "Binjiang", "P4"),
    ("Ben Baker", "白川", "Binjiang", "P4"),
    ("Cai Chen", "蔡晨", "Binjiang", "P4"),
    ("Dana Dong", "董丹", "Binjiang", "P4"),
    ("Edo Evers", "易多", "Binjiang", "P4"),
    ("Fei Fang", "方菲", "Binjiang", "P5"),
    ("Gao Gang", "高刚", "Binjiang", "P5"),
    ("Han Hui", "韩慧", "Nanshan", "P5"),
    ("Ida Ivers", "伊达", "Nanshan", "P5"),
    ("Jin Jing", "金晶", "Nanshan", "P6"),
    ("Kai Kong", "孔凯", "Nanshan", "P6"),
)
#: What one customer spends, in the quarter before and in this one.
SPENT = {"Binjiang": (104, 112), "Nanshan": (96, 93)}
#: Customers of a store in a month; each buys once, on its first day.
CUSTOMERS = 4
#: What everybody says of their week.
WINS = "Two more stores are on the calendar."
#: Of what is sold so much is cost, in percent, in the quarter before and in this one.
COST = (50, 47)


@dataclass(frozen=True)
class Stores:
    """The company as the test finds it."""

    cast: Cast
    before: people.Period
    quarter: people.Period
    policy: WeightPolicy
    #: Of the employee, in this quarter.
    goal: Objective

    def acting(self) -> Any:
        return tenancy.acting_for(self.cast.organisation)

    def work(self) -> None:
        """What workers do once they are nudged, or by the next sweep."""
        with tenancy.remembering(self.cast.organisation.pk):
            kpi_tasks.refresh_stale_values.apply(throw=True)
            tasks.catch_up.apply(throw=True)

    def version(self) -> PolicyVersion:
        """The newest one, as it stands now."""
        with self.acting():
            return PolicyVersion.objects.select_related("policy").order_by("-number")[0]

    def score(self, person: people.Person, period: people.Period) -> Score:
        with self.acting():
            found = queries.current_score(person.pk, period)
        assert found is not None, f"{person} has no score"
        return found


def found(cast: Cast, quarter: people.Period, actor: Actor) -> Stores:
    with tenancy.acting_for(cast.organisation):
        before = _quarter_before(quarter)
        stores = people.BusinessUnit.objects.create(code="STORES", name_en="Stores", name_zh="门店")
        everybody = _hire(cast, stores)
        _measure(cast, actor, before, quarter)
        version = _weigh(cast, actor, stores, before)
        for place, person in enumerate(everybody):
            _pursue(cast, actor, before, person, 3 + place * 5 % 8)
        goals = [
            _pursue(cast, actor, quarter, person, 4 + place * 5 % 7) for place, person in enumerate(everybody)
        ]
        at = timezone.now()
        people_actions.move_period(period=before, to="closing", by=actor(cast.hr), at=at)
    company = Stores(cast, before, quarter, version.policy, goals[0])
    company.work()
    with company.acting():
        actions.freeze_scores(period=before, by=actor(cast.hr), at=timezone.now())
    company.work()
    with company.acting():
        people_actions.move_period(period=before, to="closed", by=actor(cast.hr), at=timezone.now())
    assert company.score(cast.employee, before).is_frozen
    return company


def _quarter_before(quarter: people.Period) -> people.Period:
    last = quarter.starts_on - datetime.timedelta(days=1)
    first = (last.replace(day=1) - datetime.timedelta(days=45)).replace(day=1)
    return people.Period.objects.create(
        name_en="The quarter before", name_zh="上一季度", starts_on=first, ends_on=last, state="active"
    )


def _hire(cast: Cast, stores: people.BusinessUnit) -> list[people.Person]:
    """The employee and the colleague among them."""
    units = {
        name: people.BusinessUnit.objects.create(
            code=name.upper(), name_en=name, name_zh=name_zh, parent=stores, slice={"store": name}
        )
        for name, name_zh in (("Binjiang", "滨江店"), ("Nanshan", "南山店"))
    }
    hired = make_people(
        *(
            Newcomer(
                f"S{place:03}",
                name,
                fields={
                    "name_zh": name_zh,
                    "unit": units[store],
                    "level": level,
                },
            )
            for place, (name, name_zh, store, level) in enumerate(HIRED)
        )
    )
    report_to(cast.manager, *hired)
    for person, store, level in ((cast.employee, "Binjiang", "P4"), (cast.colleague, "Nanshan", "P5")):
        person.unit, person.level = units[store], level
        person.save(update_fields=["unit", "level"])
    return [cast.employee, cast.colleague, *hired]


def _measure(cast: Cast, actor: Actor, before: people.Period, quarter: people.Period) -> None:
    """Two certified metrics over the sales and costs of both quarters so far."""
    sales: list[Any] = []
    costs: list[Any] = []
    this_month = people_queries.today(cast.organisation).replace(day=1)
    begun = (this_month.year - before.starts_on.year) * 12 + this_month.month - before.starts_on.month + 1
    for month in months.run(this_month, begun):
        which = int(month >= quarter.starts_on)
        for store, spent in SPENT.items():
            for _customer in range(CUSTOMERS):
                sales.append((len(sales), month, "", store, len(sales), 1, spent[which]))
                costs.append((len(costs), month, "", store, Decimal(spent[which] * COST[which]) / 100))
    since = before.starts_on
    sold = tables.make_dataset("sales", SALES, sales)
    revenue = tables.base(sold, "sum", "price", effective_from=since)
    buyers = tables.base(sold, "distinct", "customer", unit="count:customer", effective_from=since)
    cost = tables.base(tables.make_dataset("costs", COSTS, costs), "sum", "amount", effective_from=since)
    per_customer = tables.formula("revenue / customers", "money:CNY/count:customer", effective_from=since)
    margin = tables.formula("(revenue - cost) / revenue * 100", "percent", effective_from=since)
    tables.certify(cast, actor, "revenue", revenue, name_zh="营业收入")
    tables.certify(cast, actor, "customers", buyers, name_zh="顾客数")
    tables.certify(cast, actor, "cost", cost, name_zh="成本")
    tables.certify(
        cast, actor, "per_customer", per_customer, name_en="Spent per customer", name_zh="客均消费"
    )
    tables.certify(cast, actor, "gross_margin", margin, name_en="Gross margin", name_zh="毛利率")


def _weigh(cast: Cast, actor: Actor, stores: people.BusinessUnit, period: people.Period) -> PolicyVersion:
    """The first weights, in force since the first day of the period."""
    at = timezone.now() - (
        people_queries.today(cast.organisation) - period.starts_on + datetime.timedelta(days=3)
    )
    version = actions.draft_policy(
        name_en="Store operations",
        name_zh="门店运营",
        unit=stores,
        period=period,
        stage="mature",
        missing="leave_out",
        step_cap_ppm=50_000,
        components=_components(),
        bands=[
            evidence.Band("Building", "待提升"),
            evidence.Band("Solid", "稳健", 60_000_000),
            evidence.Band("Strong", "出色", 75_000_000),
        ],
        reason="First version",
        by=actor(cast.hr),
        at=at,
    )
    version = actions.propose_policy(version=version, by=actor(cast.hr), at=at)
    actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=at)
    version = actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=at)
    return actions.lock_policy(version=version, by=actor(cast.hr), at=at)


def _components() -> list[evidence.ComponentDraft]:
    def line(floor: int, target: int, stretch: int) -> dict[str, str]:
        ends = {"floor": str(floor), "target": str(target), "stretch": str(stretch)}
        return {"kind": "linear", "direction": "higher"} | ends

    return [
        evidence.ComponentDraft(OKR, "OKR attainment", "okr", "okr", 500_000, name_zh="OKR 达成", color=1),
        evidence.ComponentDraft(
            CUSTOMER,
            "Spent per customer",
            "business",
            "kpi",
            300_000,
            name_zh="客均消费",
            color=2,
            source_ref="per_customer",
            slice="own_unit",
            curve=line(80, 120, 140),
            multipliers={"mature": 1_100_000},
        ),
        evidence.ComponentDraft(
            MARGIN,
            "Gross margin",
            "finance",
            "kpi",
            200_000,
            name_zh="毛利率",
            color=6,
            source_ref="gross_margin",
            slice={},
            curve=line(20, 50, 60),
        ),
    ]


def _pursue(
    cast: Cast, actor: Actor, period: people.Period, person: people.Person, reached: int
) -> Objective:
    """A goal of the period, agreed with the manager, reported on once: so far of ten."""
    at = timezone.now()
    if period.ends_on < people_queries.today(cast.organisation):
        at = moment(monday_of(period.starts_on) + datetime.timedelta(weeks=6), 2, 10)
    goal = okr.propose_objective(
        period=period,
        content=content("Shelves never stand empty", key_result("increase", "Stores with the calendar")),
        by=actor(person),
        at=at,
    )
    goal = okr.agree_objective(objective=goal, version_number=1, by=actor(cast.manager), at=at)
    reading = okr.Reading(
        goal.key_results.get().pk, value=Decimal(reached), confidence=4, note="The printer was late."
    )
    okr.submit_check_in(
        period=period,
        week_starts_on=monday_of(people_queries.day_at(cast.organisation, at)),
        readings=[reading],
        wins=WINS,
        by=actor(person),
        at=at,
    )
    return goal
