"""What the values of a definition are: grains, slices, totals, coverage, versions, closed months."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from performance.foundation import stale
from performance.kpis import actions, queries
from performance.kpis.models import MetricValue
from performance.people.models import Period
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import COSTS, SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

LATER = AT + datetime.timedelta(hours=1)


def value(key: str, on: datetime.date = JANUARY, grain: str = "month", **slice: str) -> Decimal | None:
    found = queries.value_at(key, slice, on, grain)
    return None if found is None else found.value


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))


@pytest.fixture
@ready.made
def cost(here: Cast, actor: Any, costs: Any) -> None:
    certify(here, actor, "cost", base(costs, "sum", "amount"))


def test_a_sum_is_exact_for_every_combination_of_slices(revenue: None) -> None:
    actions.refresh_values(at=AT)
    assert value("revenue") == Decimal("35.05")
    assert value("revenue", city="Hangzhou") == Decimal("30.00")
    assert value("revenue", store="Nanshan") == Decimal("5.05")
    assert value("revenue", city="Shenzhen", store="Nanshan") == Decimal("5.05")
    assert value("revenue", FEBRUARY) == Decimal("10.10")
    assert value("revenue", FEBRUARY, store="Nanshan") is None
    assert value("revenue", grain="quarter") == Decimal("45.15")


def test_people_are_counted_once_at_every_grain(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    actions.refresh_values(at=AT)
    assert [value("customers", store=store) for store in ("Binjiang", "Nanshan")] == [2, 1]
    assert value("customers") == 2
    assert value("customers", FEBRUARY) == 1
    assert value("customers", grain="quarter") == 2


@pytest.mark.parametrize(
    ("aggregation", "expression", "expected"),
    [
        ("count", "", 3),
        ("min", "price", Decimal("1.01")),
        ("max", "price", 10),
        ("avg", "quantity", Decimal(8) / 3),
    ],
)
def test_every_aggregation_reads_the_rows_of_its_slice(
    here: Cast, actor: Any, sales: Any, aggregation: str, expression: str, expected: Any
) -> None:
    certify(here, actor, "found", base(sales, aggregation, expression))
    actions.refresh_values(at=AT)
    found = value("found")
    assert found is not None
    assert abs(found - expected) < Decimal("1e-11")


def test_a_balance_takes_the_last_day_of_each_store_and_never_sums_over_time(here: Cast, actor: Any) -> None:
    stock = tables.make_dataset(
        "stock",
        COSTS,
        [
            (1, "2026-01-10", "Hangzhou", "Binjiang", "100"),
            (2, "2026-01-31", "Hangzhou", "Binjiang", "80"),
            (3, "2026-01-30", "Shenzhen", "Nanshan", "50"),
            (4, "2026-02-28", "Hangzhou", "Binjiang", "70"),
        ],
    )
    certify(here, actor, "stock", base(stock, "last", "amount", unit="money:CNY"))
    actions.refresh_values(at=AT)
    assert value("stock") == 130
    assert value("stock", store="Binjiang") == 80
    assert value("stock", grain="quarter") == 120


def test_a_filter_counts_only_its_rows(here: Cast, actor: Any, sales: Any) -> None:
    filters = [
        {"column": "city", "op": "in", "value": ["Shenzhen"]},
        {"column": "quantity", "op": ">", "value": "1"},
    ]
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price", filters=filters))
    actions.refresh_values(at=AT)
    assert value("revenue") == Decimal("5.05")


def test_instants_fall_on_the_days_of_the_datasets_time_zone(here: Cast, actor: Any) -> None:
    late = tables.make_dataset(
        "late",
        {"on_day": "timestamp", "amount": "decimal"},
        [("2026-01-31T16:30:00Z", "1"), ("2026-01-31T15:59:59Z", "2")],
    )
    certify(here, actor, "late", base(late, "sum", "amount", dimensions={}))
    actions.refresh_values(at=AT)
    assert (value("late"), value("late", FEBRUARY)) == (2, 1)


def test_a_ratio_divides_sums_and_its_total_is_no_average(
    here: Cast, actor: Any, revenue: None, cost: None
) -> None:
    certify(here, actor, "margin", formula("(revenue - cost) / revenue * 100", "percent"))
    actions.refresh_values(at=AT)
    assert value("margin", store="Binjiang") == 60
    assert value("margin") == round((Decimal("35.05") - 12) / Decimal("35.05") * 100, 12)
    assert value("margin", grain="quarter", store="Binjiang") == 60


def test_a_store_without_cost_shows_its_coverage_instead_of_a_wrong_profit(
    here: Cast, actor: Any, revenue: None, cost: None
) -> None:
    certify(here, actor, "profit", formula("revenue - cost"))
    actions.refresh_values(at=AT)
    nanshan = queries.value_at("profit", {"store": "Nanshan"}, JANUARY)
    total = queries.value_at("profit", {}, JANUARY)
    assert nanshan is not None
    assert total is not None
    assert (nanshan.value, nanshan.coverage_ppm) == (None, 500_000)
    assert (total.value, total.coverage_ppm) == (Decimal("23.05"), 750_000)
    assert total.inputs == {"revenue": "35.05", "cost": "12"}


@pytest.mark.parametrize(
    ("policy", "store", "total"), [("zero", Decimal("5.05"), Decimal("23.05")), ("block", None, None)]
)
def test_the_missing_policy_decides_what_a_gap_does(
    here: Cast, actor: Any, revenue: None, cost: None, policy: str, store: Any, total: Any
) -> None:
    certify(here, actor, "profit", formula("revenue - cost", missing_policy=policy))
    actions.refresh_values(at=AT)
    assert value("profit", store="Nanshan") == store
    assert value("profit") == total
    assert value("profit", FEBRUARY) == Decimal("6.06")


def test_profit_per_customer_joins_two_datasets_and_knows_its_unit(
    here: Cast, actor: Any, revenue: None, cost: None, sales: Any
) -> None:
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    fused = certify(here, actor, "profit_per_customer", formula("(revenue - cost) / customers"))
    actions.refresh_values(at=AT)
    assert fused.unit == "money:CNY/count:customer"
    assert fused.kind == "ratio"
    assert queries.lineage(fused, JANUARY).is_fused
    assert value("profit_per_customer", store="Binjiang") == 9


def test_closed_months_keep_their_values_and_later_ones_count_them_as_closed(
    here: Cast, actor: Any, revenue: None, sales: Any
) -> None:
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    actions.refresh_values(at=AT)
    tables.add_rows(
        sales,
        SALES,
        [
            (9, "2026-01-15", "Hangzhou", "Binjiang", 9, 1, "100"),
            (10, "2026-02-15", "Hangzhou", "Binjiang", 9, 1, "7"),
        ],
    )
    actions.refresh_values(at=LATER)
    january, february = queries.value_at("revenue", {}, JANUARY), queries.value_at("revenue", {}, FEBRUARY)
    assert january is not None
    assert february is not None
    assert (january.value, january.state) == (Decimal("35.05"), "closed")
    assert (february.value, february.state) == (Decimal("17.10"), "provisional")
    assert value("revenue", grain="quarter") == Decimal("52.15")


def test_a_closed_month_takes_no_new_part_beside_its_total(
    here: Cast, actor: Any, revenue: None, sales: Any
) -> None:
    actions.refresh_values(at=AT)
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    actions.refresh_values(at=AT)
    rows = [(number, f"2026-0{number}-15", "Beijing", "Sanlitun", 9, 1, "50") for number in (1, 2)]
    tables.add_rows(sales, SALES, rows)
    actions.refresh_values(at=LATER)
    assert value("revenue") == Decimal("35.05")
    assert value("revenue", store="Sanlitun") is None
    assert value("revenue", FEBRUARY, store="Sanlitun") == 50
    assert value("revenue", grain="quarter") == Decimal("95.15")


def test_a_metric_that_is_certified_after_a_month_was_closed_has_its_value_there(
    here: Cast, actor: Any, revenue: None
) -> None:
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    certify(here, actor, "double", formula("revenue * 2"))
    actions.refresh_values(at=LATER)
    found = queries.value_at("double", {"store": "Nanshan"}, JANUARY)
    assert found is not None
    assert (found.value, found.state) == (Decimal("10.10"), "closed")


def test_a_new_value_supersedes_the_old_one_which_stays(
    here: Cast, actor: Any, revenue: None, sales: Any
) -> None:
    actions.refresh_values(at=AT)
    before = MetricValue.objects.count()
    assert actions.refresh_values(at=LATER) == []
    assert MetricValue.objects.count() == before
    tables.add_rows(sales, SALES, [(9, "2026-01-15", "Hangzhou", "Binjiang", 9, 1, "1")])
    assert len(actions.refresh_values(at=LATER)) == 1
    history = MetricValue.objects.filter(grain="month", period_start=JANUARY, slice_key="{}").order_by(
        "as_of"
    )
    assert [(kept.value, kept.as_of, kept.superseded_at) for kept in history] == [
        (Decimal("35.05"), AT, LATER),
        (Decimal("36.05"), LATER, None),
    ]
    assert stale.waiting("score_inputs") == 1


def test_the_database_refuses_to_rewrite_a_value(revenue: None) -> None:
    actions.refresh_values(at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        MetricValue.objects.filter(slice_key="{}").update(value=1)


def test_each_month_follows_the_version_of_its_time(
    here: Cast, actor: Any, revenue: None, sales: Any
) -> None:
    metric = queries.metric_by_key("revenue")
    assert metric is not None
    business, finance = actor(here.business_owner), actor(here.finance_owner)
    changed = base(sales, "sum", "quantity * price * 2", effective_from=FEBRUARY, change_note="Doubled.")
    version = actions.revise_metric(metric=metric, definition=changed, by=business, at=AT)
    tables.sign(version, business, finance)
    actions.refresh_values(at=AT)
    assert (value("revenue"), value("revenue", FEBRUARY)) == (Decimal("35.05"), Decimal("20.20"))


def test_a_period_of_any_days_has_a_value_of_its_own(
    here: Cast, actor: Any, revenue: None, sales: Any
) -> None:
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    certify(here, actor, "per_customer", formula("revenue / customers"))
    days = (datetime.date(2026, 1, 20), datetime.date(2026, 2, 10))
    period = Period.objects.create(name_en="Sprint", kind="custom", starts_on=days[0], ends_on=days[1])
    half = Period.objects.create(
        name_en="Half", kind="custom", starts_on=JANUARY, ends_on=datetime.date(2026, 6, 30)
    )
    actions.refresh_values(at=AT)
    assert queries.period_value("revenue", {}, period).value == Decimal("35.15")
    assert queries.period_value("revenue", {}, half).value == Decimal("45.15")
    assert queries.period_value("customers", {}, period).value == 2
    assert queries.period_value("per_customer", {}, half).value == Decimal("22.575")
    assert queries.period_value("revenue", {"store": "Nanshan"}, half).value == Decimal("5.05")
    assert queries.period_value("nothing", {}, half).value is None


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_a_gap_that_counts_as_zero_is_a_gap_all_the_same(here: Cast, actor: Any, grain: str) -> None:
    """January has three rows of which one says nothing, February one that does."""
    rows = [
        (1, "2026-01-05", "Hangzhou", "Binjiang", "10"),
        (2, "2026-01-06", "Hangzhou", "Binjiang", None),
        (3, "2026-01-07", "Hangzhou", "Binjiang", "5"),
        (4, "2026-02-07", "Hangzhou", "Binjiang", "1"),
    ]
    stock = tables.make_dataset("stock", COSTS, rows)
    certify(here, actor, "stock", base(stock, "sum", "amount", missing_policy="zero"))
    actions.refresh_values(at=AT)
    found = queries.value_at("stock", {}, JANUARY, grain)
    assert found is not None
    expected = {"month": (15, 666_666), "quarter": (16, 750_000)}
    assert (found.value, found.coverage_ppm) == expected[grain]


@pytest.mark.django_db
def test_slices_are_named_as_postgresql_writes_them() -> None:
    given = {"store": 'B"in\\j', "é": "中文", "aa": "x", "b": "\t"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT jsonb_build_object('store', %s, 'é', %s, 'aa', 'x', 'b', %s)::text",
            ['B"in\\j', "中文", "\t"],
        )
        (expected,) = cursor.fetchone()
    assert queries.slice_key(given) == expected
