"""Why a metric moved: the lines sum to the change that is shown, whatever the definition and the cut."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import Metric, MetricValue
from performance.kpis.queries import changes
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
REVENUE = "price * quantity"


def metric(key: str) -> Metric:
    return Metric.objects.get(key=key)


def lines(told: changes.Explained) -> dict[str, Decimal]:
    return {part.label or part.kind: part.brought for part in told.parts}


def told_of(key: str, **more: Any) -> changes.Explained:
    return changes.explained(
        metric(key), **{"since": JANUARY, "until": FEBRUARY, "within": {}, "cut": "store"} | more
    )


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> Any:
    version = certify(here, actor, "revenue", base(sales, "sum", REVENUE))
    actions.refresh_values(at=AT)
    return version


@pytest.fixture
@ready.made
def per_customer(here: Cast, actor: Any, sales: Any) -> Any:
    certify(here, actor, "revenue", base(sales, "sum", REVENUE))
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    version = certify(here, actor, "per_customer", formula("revenue / customers", "money:CNY/count:customer"))
    actions.refresh_values(at=AT)
    return version


def test_what_each_store_lost_sums_to_what_was_lost(revenue: Any) -> None:
    told = told_of("revenue")
    assert (told.before, told.after, told.change) == (Decimal("35.05"), Decimal("10.10"), Decimal("-24.95"))
    assert lines(told) == {"Binjiang": Decimal("-19.90"), "Nanshan": Decimal("-5.05")}
    assert told.parts[0].starts_at == 0
    assert told.parts[-1].ends_at == told.change


def test_a_ratio_is_split_by_its_numbers_and_by_part_and_whoever_counts_twice_is_told(
    per_customer: Any,
) -> None:
    told = told_of("per_customer")
    assert told.change == Decimal("10.10") - Decimal("17.53"), "35.05 by two, 10.10 by one, to the cent"
    assert [each.metric.key for each in told.drivers] == ["revenue", "customers"]
    assert sum(each.brought for each in told.drivers) == told.change
    assert sum(lines(told).values()) == told.change
    assert lines(told)["overlap"] != 0, "customer 1 bought in both stores and counts once in the whole"


def test_a_city_brought_what_its_stores_brought(per_customer: Any, sales: Any) -> None:
    tables.add_rows(
        sales,
        SALES,
        [
            (7, "2026-01-09", "Hangzhou", "Xihu", 7, 1, "9.99"),
            (8, "2026-02-09", "Hangzhou", "Xihu", 8, 3, "7.77"),
        ],
    )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    by_store, by_city = (told_of("revenue", cut=cut) for cut in ("store", "city"))
    assert lines(by_store)["Binjiang"] + lines(by_store)["Xihu"] == lines(by_city)["Hangzhou"]
    assert sum(lines(told_of("per_customer", cut="city")).values()) == told_of("per_customer").change


def test_within_a_city_only_its_stores_are_told(revenue: Any) -> None:
    told = told_of("revenue", within={"city": "Hangzhou"})
    assert lines(told) == {"Binjiang": Decimal("-19.90")}
    assert told.change == Decimal("-19.90")


def test_formulas_over_formulas_are_told_by_what_is_read_from_data(
    here: Cast, actor: Any, sales: Any, costs: Any
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", REVENUE))
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    certify(here, actor, "profit", formula("revenue - cost", "money:CNY", missing_policy="zero"))
    certify(here, actor, "margin", formula("profit / revenue * 100", "percent"))
    actions.refresh_values(at=AT)
    told = told_of("margin")
    assert {each.metric.key for each in told.drivers} == {"revenue", "cost"}
    assert sum(each.brought for each in told.drivers) + told.kept_apart == told.change
    assert sum(lines(told).values()) == told.change


def test_a_change_without_one_of_its_ends_says_so(revenue: Any) -> None:
    told = told_of("revenue", since=datetime.date(2025, 12, 1))
    assert told.refusal == "A number that it is computed from is missing in one of the two months."
    assert not told.parts


def test_an_average_has_no_parts_that_make_it_up(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "price", base(sales, "avg", "price", unit="money:CNY"))
    actions.refresh_values(at=AT)
    told = told_of("price")
    assert not told.cuts
    assert not told.parts
    assert [each.brought for each in told.drivers] == [told.change]


def test_a_closed_month_that_the_definition_would_count_otherwise_is_a_line_of_its_own(revenue: Any) -> None:
    """As where a month was closed under an earlier definition: its kept parts no longer make up its kept whole."""
    total = MetricValue.objects.get(
        metric__key="revenue", period_start=JANUARY, slice_key="{}", superseded_at=None, grain="month"
    )
    MetricValue.objects.filter(pk=total.pk).update(superseded_at=AT)
    MetricValue.objects.create(
        **{
            field.attname: getattr(total, field.attname)
            for field in MetricValue._meta.concrete_fields
            if field.attname not in ("id", "value", "superseded_at")
        },
        value=Decimal("36.05"),
    )
    told = told_of("revenue")
    assert told.change == Decimal("-25.95")
    assert lines(told)["overlap"] == Decimal("-1.00")
    assert sum(lines(told).values()) == told.change


def test_many_parts_are_told_by_the_largest_and_the_sum_of_the_others(
    revenue: Any, sales: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_PARTS", 1)
    told = told_of("revenue")
    assert lines(told) == {"Binjiang": Decimal("-19.90"), "others": Decimal("-5.05")}
    assert told.parts[-1].number == 1


def test_the_page_tells_the_change_with_as_many_queries_for_many_stores(
    per_customer: Any, here: Cast, sales: Any, client_for: Visit
) -> None:
    client = client_for(here.employee)
    address = (
        reverse("kpis:change", args=[metric("per_customer").pk]) + "?from=2026-01&month=2026-02&by=store"
    )

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = client.get(address)
        assert page.status_code == 200
        assert "Binjiang" in page.content.decode()
        return len(captured)

    asked()
    few = asked()
    tables.add_rows(
        sales,
        SALES,
        [(20 + n, "2026-02-09", "Hangzhou", f"Store {n}", 8 + n, 3, "7.77") for n in range(12)],
    )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    assert asked() == few


def test_the_api_tells_the_same(per_customer: Any, here: Cast, client_for: Visit) -> None:
    address = reverse("api_metric_change", args=[metric("per_customer").pk])
    answer = client_for(here.employee).get(
        address, {"since": "2026-01-31", "until": "2026-02-01", "by": "store"}
    )
    assert answer.status_code == 200
    given = answer.json()
    assert given["change"] == "-7.43"
    assert sum(Decimal(part["brought"]) for part in given["parts"]) == Decimal("-7.43")


def test_a_stranger_is_told_nothing(revenue: Any, here: Cast, client_for: Visit) -> None:
    client = client_for(here.stranger)
    assert client.get(reverse("kpis:change", args=[metric("revenue").pk])).status_code == 404
