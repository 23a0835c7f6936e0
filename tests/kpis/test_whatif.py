"""What if: the result follows by its own formula, as if the rows themselves had changed; nothing is kept."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Metric, MetricValue, Scenario, Target
from performance.kpis.queries import months, whatif
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(days=1)


@pytest.fixture
@ready.made
def margin(here: Cast, actor: Any, sales: Any, costs: Any) -> Metric:
    """Margin over profit over revenue and cost; customers, and revenue for each of them, beside it."""
    certify(here, actor, "revenue", base(sales, "sum", "price * quantity"))
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    certify(here, actor, "profit", formula("revenue - cost", "money:CNY", missing_policy="zero"))
    certify(here, actor, "margin", formula("profit / revenue * 100", "percent"))
    certify(here, actor, "per_customer", formula("revenue / customers", "money:CNY/count:customer"))
    actions.refresh_values(at=AT)
    return Metric.objects.get(key="margin")


def metric(key: str) -> Metric:
    return Metric.objects.get(key=key)


def told(
    key: str, moves: dict[str, tuple[str, str]], month: datetime.date = JANUARY, **more: Any
) -> whatif.WhatIf:
    ground = whatif.ground_of(
        metric(key), since=month, until=months.last_of(month), within=more.pop("within", {})
    )
    moved = {name: (way, Decimal(number)) for name, (way, number) in moves.items()}
    return whatif.what_if(ground, whatif.Moves(moved, **more))


def after(scenario: whatif.WhatIf) -> dict[str, Decimal | None]:
    return {line.metric.key: line.after for line in [*scenario.tree, *scenario.others]}


def test_without_a_move_the_scenario_is_the_base(margin: Metric) -> None:
    scenario = told("profit", {})
    assert [line.metric.key for line in scenario.tree] == ["profit", "revenue", "cost"]
    assert all(line.before == line.after for line in scenario.tree)
    assert scenario.result.before == queries.value_at("profit", {}, JANUARY).value == Decimal("23.05")
    assert not scenario.brought
    assert not scenario.others


def test_what_is_moved_moves_the_result_and_what_else_rests_on_it(margin: Metric) -> None:
    scenario = told("profit", {"revenue": ("percent", "10"), "cost": ("amount", "2")})
    assert (scenario.result.after, scenario.result.change) == (Decimal("24.56"), Decimal("1.51"))
    assert {one.metric.key: one.amount for one in scenario.brought} == {
        "revenue": Decimal("3.51"),
        "cost": Decimal("-2.00"),
    }
    assert [line.metric.key for line in scenario.others] == ["margin", "per_customer"]


def test_the_drivers_bring_the_change_that_is_shown_also_through_a_ratio(margin: Metric) -> None:
    scenario = told("margin", {"revenue": ("percent", "10"), "cost": ("value", "9.99")})
    assert sum(one.amount for one in scenario.brought) == scenario.result.change
    assert all(one.amount for one in scenario.brought)


def test_the_order_of_moves_changes_nothing(margin: Metric) -> None:
    moves = {"revenue": ("percent", "-7"), "cost": ("amount", "1.23")}
    turned = dict(reversed(moves.items()))
    one, other = told("margin", moves), told("margin", turned)
    assert (one.tree, one.others, one.brought) == (other.tree, other.others, other.brought)


def test_the_result_is_what_changed_rows_would_have_given(margin: Metric, sales: Any, costs: Any) -> None:
    scenario = told("margin", {"revenue": ("percent", "10"), "cost": ("percent", "-50")})
    for dataset, column, factor in ((sales, "price", "1.1"), (costs, "amount", "0.5")):
        with connection.cursor() as cursor:
            relation = queries.sheet_of(dataset).relation
            cursor.execute(f'UPDATE {relation} SET "{column}" = "{column}" * {factor}')
    MetricValue.objects.filter(superseded_at=None).update(superseded_at=AT)
    actions.refresh_values(at=LATER)
    recomputed = {
        one.metric.key: round(one.value, 2)
        for one in queries.values().filter(period_start=JANUARY, slice_key="{}").select_related("metric")
    }
    followed = after(scenario)
    for key in ("margin", "profit", "revenue", "cost", "per_customer"):
        assert followed[key] == recomputed[key], key


def test_volume_moves_revenue_and_cost_and_price_only_revenue(margin: Metric) -> None:
    ground = told("profit", {}, FEBRUARY)
    assert [one.key for one in ground.volumes] == ["customers"]
    scenario = told("profit", {"customers": ("percent", "100")}, FEBRUARY, volume="customers")
    assert scenario.result.after == scenario.result.before * 2
    assert scenario.prices == {"revenue": "Per customer"}
    both = told(
        "profit",
        {"customers": ("percent", "100"), "revenue": ("percent", "10")},
        FEBRUARY,
        volume="customers",
    )
    assert after(both)["revenue"] == Decimal("22.22"), "10.10 at 11.11 each for two"
    assert after(both)["cost"] == Decimal("8.08")
    assert sum(one.amount for one in both.brought) == both.result.change


def test_a_number_in_the_middle_can_be_moved_and_hides_what_is_below(margin: Metric) -> None:
    scenario = told("margin", {"profit": ("percent", "10"), "cost": ("percent", "50")})
    profit = next(line for line in scenario.tree if line.metric.key == "profit")
    assert profit.is_held
    assert profit.after == Decimal("25.36"), "23.05 and a tenth, whatever cost does"
    amounts = {one.metric.key: one.amount for one in scenario.brought}
    assert amounts["cost"] == 0
    assert amounts["profit"] == scenario.result.change


def test_within_a_part_only_its_values_move(margin: Metric) -> None:
    scenario = told("profit", {"revenue": ("percent", "10")}, within={"store": "Binjiang"})
    assert (scenario.result.before, scenario.result.after) == (Decimal("18.00"), Decimal("21.00"))


def test_a_missing_number_is_said(margin: Metric) -> None:
    scenario = told("margin", {}, datetime.date(2026, 3, 1))
    assert "missing" in scenario.refusal
    assert scenario.result.after is None


def test_fewer_days_set_cash_free(here: Cast, actor: Any) -> None:
    columns = {"on_day": "date", "city": "text", "store": "text", "amount": "decimal"}
    rows = {
        "receivables": [("2026-01-31", "H", "B", "600.00")],
        "stock": [("2026-01-31", "H", "B", "400.00")],
        "payables": [("2026-01-31", "H", "B", "300.00")],
        "sold": [("2026-01-15", "H", "B", "620.00")],
        "spent": [("2026-01-15", "H", "B", "310.00")],
    }
    for key in ("receivables", "stock", "payables"):
        certify(
            here,
            actor,
            key,
            base(tables.make_dataset(key, columns, rows[key]), "last", "amount", unit="money:CNY"),
        )
    for key in ("sold", "spent"):
        certify(here, actor, key, base(tables.make_dataset(key, columns, rows[key]), "sum", "amount"))
    calendar = [(f"2026-01-{day:02}", "H", "B", "1") for day in range(1, 32)]
    certify(here, actor, "days", base(tables.make_dataset("days", columns, calendar), "count", unit="day"))
    certify(here, actor, "dso", formula("receivables / sold * days", "day", direction="down"))
    certify(here, actor, "dio", formula("stock / spent * days", "day", direction="down"))
    certify(here, actor, "dpo", formula("payables / spent * days", "day", direction="band"))
    certify(here, actor, "ccc", formula("dso + dio - dpo", "day", direction="down"))
    actions.refresh_values(at=AT)
    scenario = told("ccc", {"dso": ("amount", "-5"), "dpo": ("amount", "3")})
    cash = {one.metric.key: (one.days, one.daily, one.released) for one in scenario.cash}
    assert cash == {
        "dso": (Decimal("-5.00"), Decimal("20.00"), Decimal("100.00")),
        "dpo": (Decimal("3.00"), Decimal("10.00"), Decimal("30.00")),
    }
    assert scenario.released == Decimal("130.00")
    assert scenario.result.change == Decimal("-8.00")
    collected = told("ccc", {"receivables": ("amount", "-100")})
    assert collected.released == Decimal("100.00"), "a smaller balance is the same cash"


PAGE = {"span": "2026-01-01_2026-01-31", "way_revenue": "percent", "move_revenue": "10"}


def test_the_page_works_without_scripts_and_keeps_nothing(
    margin: Metric, here: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:what_if", args=[metric("profit").pk])
    page = client_for(here.employee).get(address, PAGE)
    assert page.status_code == 200
    assert "¥26.56" in page.content.decode()
    assert not Scenario.objects.exists()
    assert not Target.objects.exists()
    part = client_for(here.employee).get(reverse("kpis:what_if_result", args=[metric("profit").pk]), PAGE)
    assert "¥26.56" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_a_number_that_cannot_be_is_said_beside_its_field(
    margin: Metric, here: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:what_if", args=[metric("profit").pk])
    page = client_for(here.employee).get(address, PAGE | {"move_revenue": "-101"})
    assert page.status_code == 422
    assert "Between −100 and 1000 per cent." in page.content.decode()


def test_a_metric_without_values_says_so(here: Cast, actor: Any, sales: Any, client_for: Visit) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    page = client_for(here.employee).get(reverse("kpis:what_if", args=[metric("revenue").pk]))
    assert page.status_code == 200
    assert "There is nothing to move yet" in page.content.decode()


def test_the_page_asks_as_often_for_a_deeper_tree(margin: Metric, here: Cast, client_for: Visit) -> None:
    client = client_for(here.employee)

    def asked(key: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("kpis:what_if", args=[metric(key).pk]), PAGE).status_code == 200
        return len(captured)

    asked("revenue")
    assert asked("revenue") == asked("margin")


def test_everybody_of_the_organisation_may_try_and_nobody_else(
    margin: Metric, here: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:what_if", args=[margin.pk])
    for person in here.members():
        assert client_for(person).get(address, PAGE).status_code == 200, person
    assert client_for(here.stranger).get(address, PAGE).status_code == 404


def test_the_api_tells_the_same(margin: Metric, here: Cast, client_for: Visit) -> None:
    given = {
        "since": "2026-01-01",
        "until": "2026-01-31",
        "moves": {"revenue": {"way": "percent", "number": "10"}},
    }
    address = reverse("api_metric_what_if", args=[metric("profit").pk])
    answer = client_for(here.employee).post(address, given, content_type="application/json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert Decimal(body["tree"][0]["after"]) == Decimal("26.56")
    assert [Decimal(one["amount"]) for one in body["brought"]] == [Decimal("3.51")]
