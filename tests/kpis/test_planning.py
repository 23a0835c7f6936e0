"""Targets planned in one go: what is shown is what is set, it sums to the whole, and it can be taken back."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import duties
from performance.foundation.models import AuditRow
from performance.kpis import actions
from performance.kpis.models import Metric, Target, TargetPlan
from performance.kpis.queries import planning
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, base, certify, formula

Visit = Callable[..., Client]
NEXT_YEAR = datetime.date(2026, 1, 1)
WHOLE: dict[str, str] = {}


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any) -> Metric:
    """Each month of 2025: 10 at Binjiang and 5 at Nanshan, in December nine times as much at Binjiang."""
    rows: list[tuple[Any, ...]] = []
    for month in range(1, 13):
        price = "90.00" if month == 12 else "10.00"
        rows.append((len(rows), f"2025-{month:02}-05", "Hangzhou", "Binjiang", 1, 1, price))
        rows.append((len(rows), f"2025-{month:02}-06", "Shenzhen", "Nanshan", 2, 1, "5.00"))
    sales = tables.make_dataset("sales", SALES, rows)
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    certify(here, actor, "per_customer", formula("revenue / customers", "money:CNY/count:customer"))
    actions.refresh_values(at=AT)
    return Metric.objects.get(key="revenue")


def spread(way: str = "season", total: str = "1000", **more: Any) -> planning.SpreadAsked:
    return planning.SpreadAsked(
        **{"kind": "target", "first": NEXT_YEAR, "months": 12, "total": Decimal(total), "way": way} | more
    )


def cascade(way: str = "last_year", **more: Any) -> planning.CascadeAsked:
    return planning.CascadeAsked(
        **{"kind": "target", "first": NEXT_YEAR, "months": 12, "cut": "store", "way": way} | more
    )


@pytest.fixture
def apply(here: Cast, actor: Any) -> Callable[..., TargetPlan]:
    def given(metric: Metric, asked: Any, by: Any = None) -> TargetPlan:
        seen = planning.plan_of(metric, asked).digest
        who = actor(by or here.business_owner)
        return actions.apply_target_plan(metric=metric, asked=asked, seen=seen, by=who, at=AT)

    return given


def set_so_far(metric: Metric, slice_key: str = "{}") -> dict[int, Decimal]:
    found = Target.objects.filter(metric=metric, slice_key=slice_key)
    return {target.period_start.month: target.value for target in found}


def test_a_year_follows_the_season_and_its_months_sum_to_it(revenue: Metric) -> None:
    plan = planning.plan_of(revenue, spread(total="1000.01"))
    assert sum(row.after for row in plan.rows) == Decimal("1000.01")
    assert plan.rows[-1].after == Decimal("365.39"), "95 of 260"
    assert {row.after for row in plan.rows[:-1]} <= {Decimal("57.69"), Decimal("57.70")}
    assert plan.total == Decimal("1000.01")
    assert not Target.objects.exists(), "looking sets nothing"


def test_own_percentages_sum_to_a_hundred_or_are_refused(revenue: Metric) -> None:
    quarter = {"months": 3, "way": "own"}
    plan = planning.plan_of(revenue, spread(percents=[Decimal(20), Decimal(30), Decimal(50)], **quarter))
    assert [row.after for row in plan.rows] == [Decimal(200), Decimal(300), Decimal(500)]
    with pytest.raises(planning.PlanRefused, match="sum to 90"):
        planning.plan_of(revenue, spread(percents=[Decimal(20), Decimal(30), Decimal(40)], **quarter))
    with pytest.raises(planning.PlanRefused, match="3 in all"):
        planning.plan_of(revenue, spread(percents=[Decimal(100)], **quarter))


def test_without_a_whole_past_year_there_is_no_season(revenue: Metric) -> None:
    with pytest.raises(planning.PlanRefused, match="No past year"):
        planning.plan_of(revenue, spread(first=datetime.date(2025, 1, 1)))


def test_what_does_not_add_up_over_time_is_the_same_or_a_straight_line(revenue: Metric) -> None:
    metric = Metric.objects.get(key="per_customer")
    flat = planning.plan_of(metric, spread("flat", "60"))
    assert {row.after for row in flat.rows} == {Decimal(60)}
    assert flat.total is None
    line = planning.plan_of(metric, spread("line", "59.50", months=3))
    assert [row.after for row in line.rows] == [Decimal("51.50"), Decimal("55.50"), Decimal("59.50")]
    assert "47.50" in line.said[0], "where it starts is said"
    with pytest.raises(planning.PlanRefused, match="does not add up over time"):
        planning.plan_of(metric, spread("season"))
    with pytest.raises(planning.PlanRefused, match="adds up over time"):
        planning.plan_of(revenue, spread("flat"))


def test_the_target_of_the_whole_is_shared_out_by_last_years_shares(revenue: Metric, apply: Any) -> None:
    apply(revenue, spread("even", "1000"))
    plan = planning.plan_of(revenue, cascade())
    for month in range(12):
        whole = set_so_far(revenue)[month + 1]
        assert sum(row.after for row in plan.rows if row.month.month == month + 1) == whole
    binjiang, nanshan = plan.parts
    assert (binjiang.label, nanshan.label) == ("Binjiang", "Nanshan")
    assert binjiang.after + nanshan.after == 1000
    assert round(binjiang.after) == 769, "200 of 260 last year"
    even = planning.plan_of(revenue, cascade("even"))
    assert sum(part.after for part in even.parts) == 1000
    assert all(abs(part.after - 500) < 1 for part in even.parts)


def test_shares_of_what_is_computed_anew_for_every_total_are_refused(revenue: Metric, apply: Any) -> None:
    metric = Metric.objects.get(key="per_customer")
    apply(metric, spread("flat", "60"))
    with pytest.raises(planning.PlanRefused, match="computed anew"):
        planning.plan_of(metric, cascade())
    with pytest.raises(planning.PlanRefused, match="no target in these months"):
        planning.plan_of(revenue, cascade())


def test_what_is_set_is_what_was_seen_with_one_row_in_the_log_of_each(revenue: Metric, apply: Any) -> None:
    plan = apply(revenue, spread(total="1000"))
    assert sum(set_so_far(revenue).values()) == 1000
    assert AuditRow.objects.filter(action="kpis.apply_target_plan", subject_id=plan.pk).count() == 1
    (row,) = AuditRow.objects.filter(action="kpis.set_targets", subject_id=revenue.pk)
    assert len(row.changes) == 12


def test_what_changed_since_it_was_seen_is_not_overwritten(revenue: Metric, here: Cast, actor: Any) -> None:
    seen = planning.plan_of(revenue, spread()).digest
    by = actor(here.finance_owner)
    actions.set_targets(metric=revenue, kind="target", rows=[(NEXT_YEAR, WHOLE, Decimal(1))], by=by, at=AT)
    with pytest.raises(actions.MetricRefused, match="changed since you looked"):
        actions.apply_target_plan(metric=revenue, asked=spread(), seen=seen, by=by, at=AT)
    assert set_so_far(revenue) == {1: 1}


def test_a_plan_is_taken_back_whole(revenue: Metric, here: Cast, actor: Any, apply: Any) -> None:
    by = actor(here.finance_owner)
    actions.set_targets(metric=revenue, kind="target", rows=[(NEXT_YEAR, WHOLE, Decimal(7))], by=by, at=AT)
    plan = apply(revenue, spread())
    actions.undo_target_plan(plan=plan, by=by, at=AT)
    assert set_so_far(revenue) == {1: 7}
    with pytest.raises(actions.MetricRefused, match="already"):
        actions.undo_target_plan(plan=plan, by=by, at=AT)


def test_a_plan_that_somebody_worked_on_stays(revenue: Metric, here: Cast, actor: Any, apply: Any) -> None:
    plan, by = apply(revenue, spread()), actor(here.finance_owner)
    actions.set_targets(metric=revenue, kind="target", rows=[(NEXT_YEAR, WHOLE, Decimal(7))], by=by, at=AT)
    with pytest.raises(actions.MetricRefused, match="changed since"):
        actions.undo_target_plan(plan=plan, by=by, at=AT)


def test_whoever_is_scored_by_it_plans_no_target(
    revenue: Metric, apply: Any, settings: Any, here: Cast, actor: Any
) -> None:
    plan = apply(revenue, spread())
    settings.SCORED_BY = "tests.kpis.test_planning.everybody_is_scored"
    with pytest.raises(duties.ScoredRefused):
        apply(revenue, spread(total="2000"))
    with pytest.raises(duties.ScoredRefused):
        actions.undo_target_plan(plan=plan, by=actor(here.business_owner), at=AT)
    assert sum(set_so_far(revenue).values()) == 1000


def everybody_is_scored(person_id: Any, keys: Any) -> bool:
    return True


def test_a_budget_is_planned_beside_the_target(revenue: Metric, apply: Any) -> None:
    apply(revenue, spread())
    apply(revenue, spread(kind="budget", total="900"))
    sums = {kind: sum(t.value for t in Target.objects.filter(kind=kind)) for kind in ("target", "budget")}
    assert sums == {"target": 1000, "budget": 900}


FORM = {
    "what": "spread",
    "kind": "target",
    "slice": "{}",
    "first": "2026-01",
    "span": "12",
    "total": "1000",
    "way": "even",
}


def test_the_page_shows_the_plan_sets_it_and_takes_it_back(
    revenue: Metric, here: Cast, client_for: Visit
) -> None:
    client = client_for(here.business_owner)
    page = client.get(reverse("kpis:plan_targets", args=[revenue.pk]), FORM)
    assert page.status_code == 200
    plan = page.context["plan"]
    assert not Target.objects.exists()
    address = reverse("kpis:apply_target_plan", args=[revenue.pk])
    assert client.post(address, FORM | {"seen": "another"}).status_code == 409
    done = client.post(address, FORM | {"seen": plan.digest})
    assert done.status_code == 302
    assert sum(set_so_far(revenue).values()) == 1000
    shown = client.get(done["Location"]).content.decode()
    assert "card-plans" in shown
    undo = reverse("kpis:undo_target_plan", args=[TargetPlan.objects.get().pk])
    assert shown.count(f'action="{undo}"') == 2, "in the toast and in the list"
    assert client.post(undo).status_code == 302
    assert not Target.objects.exists()


def test_what_is_wrong_is_said_beside_its_field(revenue: Metric, here: Cast, client_for: Visit) -> None:
    page = client_for(here.business_owner).get(
        reverse("kpis:plan_targets", args=[revenue.pk]), FORM | {"way": "own", "percents": "50 40"}
    )
    assert page.status_code == 422
    assert "percents" in page.context["spread"].errors


def test_the_cast_meets_the_plan(revenue: Metric, here: Cast, client_for: Visit) -> None:
    address = reverse("kpis:plan_targets", args=[revenue.pk])
    for name in ("employee", "manager", "hr", "administrator", "auditor", "colleague"):
        assert client_for(getattr(here, name)).get(address, FORM).status_code == 403, name
    for name in ("business_owner", "finance_owner"):
        assert client_for(getattr(here, name)).get(address, FORM).status_code == 200, name
    assert client_for(here.stranger).get(address, FORM).status_code in (403, 404)


def test_the_api_shows_and_sets_the_same_plan(revenue: Metric, here: Cast, client_for: Visit) -> None:
    client, address = client_for(here.finance_owner), reverse("api_metric_target_plans", args=[revenue.pk])
    given = {"what": "spread", "first": "2026-01-01", "months": 12, "way": "season", "total": "1000"}
    shown = client.post(address, given, content_type="application/json").json()
    assert shown["applied"] is None
    assert sum(Decimal(row["after"]) for row in shown["rows"]) == 1000
    done = client.post(address, given | {"seen": shown["digest"]}, content_type="application/json").json()
    assert done["applied"]
    assert len(client.get(address).json()["results"]) == 1
    assert client.post(reverse("api_undo_target_plan", args=[done["applied"]])).status_code == 204
    assert not Target.objects.exists()
    for name in ("employee", "auditor"):
        asked = client_for(getattr(here, name)).post(address, given, content_type="application/json")
        assert asked.status_code == 403, name


def test_a_plan_over_many_stores_asks_no_more_often(revenue: Metric, apply: Any) -> None:
    apply(revenue, spread())

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            planning.plan_of(revenue, cascade())
        return len(captured)

    few = asked()
    sales = Metric.objects.get(key="revenue").versions.get().dataset
    tables.add_rows(
        sales, SALES, [(90 + n, "2025-03-09", "Hangzhou", f"Store {n}", 8, 1, "7.00") for n in range(9)]
    )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    assert asked() == few
