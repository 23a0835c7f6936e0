"""Contoso, read from a real PostgreSQL and a real MariaDB by the sources app: every value equals independent SQL."""

import datetime
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from performance.foundation import stale
from performance.kpis import actions, queries, tasks
from performance.kpis.models import Metric, MetricValue
from performance.kpis.queries import changes
from performance.kpis.queries.rows import trace
from performance.sources import models as sources
from tests.conftest import Cast
from tests.kpis.tables import certify, formula
from tests.sources import stage
from tests.sources.real_data import Place

LINES = (
    "SELECT s.order_key, s.line_number, s.order_date, s.customer_key, s.store_key, s.quantity, s.net_price,"
    " s.unit_cost, t.country_code FROM sales s JOIN store t ON t.store_key = s.store_key"
)
KEYS = ("order_key", "line_number")
SINCE = datetime.date(2021, 1, 1)
CUTS = {"": "'{}'", "country": "t.country_code", "store": "s.store_key::text"}
Expected = dict[tuple[datetime.date, str], tuple[Any, ...]]


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def lines(here: Cast, contoso: Place) -> sources.Dataset:
    dataset = stage.modelled(
        stage.connected(contoso),
        {"query": LINES},
        "lines",
        change=lambda proposal: {"is_key": proposal.key in KEYS, **_role(proposal)},
    )
    assert stage.load(dataset).state == "done"
    return dataset


def _role(proposal: Any) -> dict[str, Any]:
    return {"role": "key"} if proposal.key in KEYS else {}


def over(
    dataset: sources.Dataset, aggregation: str, expression: str, unit: str, **more: Any
) -> actions.Definition:
    return actions.Definition(
        **{
            "kind": "base",
            "unit": unit,
            "effective_from": SINCE,
            "dataset": dataset,
            "aggregation": aggregation,
            "expression": expression,
            "time_column": "order_date",
            "dimensions": {"country": "country_code", "store": "store_key"},
        }
        | more
    )


@pytest.fixture
def certified(here: Cast, actor: Any, lines: sources.Dataset) -> None:
    certify(here, actor, "revenue", over(lines, "sum", "quantity * net_price", "money:USD"))
    certify(here, actor, "cogs", over(lines, "sum", "quantity * unit_cost", "money:USD"))
    certify(here, actor, "customers", over(lines, "distinct", "customer_key", "count:customer"))
    certify(
        here, actor, "margin", formula("(revenue - cogs) / revenue * 100", "percent", effective_from=SINCE)
    )
    certify(here, actor, "profit_per_customer", formula("(revenue - cogs) / customers", effective_from=SINCE))
    tasks.refresh_stale_values.apply()


def source_truth(place: Place, cut: str, bucket: str) -> Expected:
    """(first day, slice value) → revenue, cogs, customers, by SQL of its own on the source."""
    found = place.rows(
        f"SELECT date_trunc('{bucket}', s.order_date)::date, {CUTS[cut]},"
        " sum(s.quantity * s.net_price), sum(s.quantity * s.unit_cost), count(DISTINCT s.customer_key)"
        " FROM sales s JOIN store t ON t.store_key = s.store_key GROUP BY 1, 2"
    )
    return {(day, value): tuple(numbers) for day, value, *numbers in found}


def kept(key: str, cut: str, grain: str) -> dict[tuple[datetime.date, str], MetricValue]:
    found = queries.values(grain).filter(metric__key=key, dimensions=cut)
    return {(value.period_start, value.slice.get(cut, "{}")): value for value in found}


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_contoso_equals_sql_on_the_source_by_month_country_and_store(
    certified: None, contoso: Place, grain: str
) -> None:
    assert stale.waiting("metric_values") == stale.waiting("metric_definitions") == 0
    for cut in CUTS:
        truth = source_truth(contoso, cut, grain)
        values = {
            key: kept(key, cut, grain)
            for key in ("revenue", "cogs", "customers", "margin", "profit_per_customer")
        }
        assert len(truth) > (0 if not cut else 30)
        for key in values:
            assert set(values[key]) == set(truth), (key, cut)
        for place, (revenue, cogs, customers) in truth.items():
            assert values["revenue"][place].value == revenue
            assert values["cogs"][place].value == cogs
            assert values["customers"][place].value == customers
            assert values["margin"][place].value == round((revenue - cogs) / revenue * 100, 12)
            assert values["profit_per_customer"][place].value == round((revenue - cogs) / customers, 12)
            assert values["margin"][place].coverage_ppm == 1_000_000


def test_totals_recompute_from_their_inputs_and_are_no_averages(certified: None) -> None:
    months = kept("profit_per_customer", "", "month")
    by_store: dict[datetime.date, list[Decimal]] = defaultdict(list)
    for (month, _store), value in kept("profit_per_customer", "store", "month").items():
        assert value.value is not None
        by_store[month].append(value.value)
    customers = kept("customers", "store", "month")
    averages_differ = 0
    for (month, _all), total in months.items():
        revenue, cogs, number = (Decimal(total.inputs[key]) for key in ("revenue", "cogs", "customers"))
        assert total.value == round((revenue - cogs) / number, 12)
        averages_differ += total.value != sum(by_store[month]) / len(by_store[month])
        assert number <= sum(value.value or 0 for (day, _s), value in customers.items() if day == month)
    assert averages_differ == len(months) > 24


def test_every_change_from_month_to_month_is_made_up_of_what_its_lines_brought(certified: None) -> None:
    months = sorted(month for month, _slice in kept("profit_per_customer", "", "month"))
    told = 0
    for since, until in pairwise(months):
        for key, cut in (("revenue", "store"), ("margin", "store"), ("profit_per_customer", "country")):
            found = changes.explained(
                Metric.objects.get(key=key), since=since, until=until, within={}, cut=cut
            )
            assert not found.refusal
            assert sum(part.brought for part in found.parts) == found.change
            assert sum(each.brought for each in found.drivers) == found.change
            assert not found.kept_apart
            told += len(found.parts)
    assert told > 3000


def test_a_metric_over_two_databases_shows_what_it_covers(
    here: Cast, actor: Any, certified: None, contoso: Place, northwind: Place
) -> None:
    """Costs by store from MariaDB, revenue from PostgreSQL; the costs of one store are not there."""
    costs = contoso.rows(
        "SELECT store_key, (date_trunc('month', order_date) + interval '1 month - 1 day')::date,"
        " sum(quantity * unit_cost) FROM sales GROUP BY 1, 2 ORDER BY 1, 2"
    )
    absent = costs[0][0]
    northwind.run("DROP TABLE IF EXISTS store_costs")
    northwind.run(
        "CREATE TABLE store_costs (store_key int, booked_on date, amount decimal(18,4), primary key (store_key, booked_on))"
    )
    with northwind.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store_costs VALUES (%s, %s, %s)", [row for row in costs if row[0] != absent]
        )
    question = {"schema": northwind.values["database"], "table": "store_costs"}
    booked = stage.modelled(stage.connected(northwind), question, "booked")
    assert stage.load(booked).state == "done"
    certify(
        here,
        actor,
        "booked_cost",
        over(
            booked, "sum", "amount", "money:USD", time_column="booked_on", dimensions={"store": "store_key"}
        ),
    )
    fused = certify(here, actor, "booked_profit", formula("revenue - booked_cost", effective_from=SINCE))
    tasks.refresh_stale_values.apply()
    assert set(fused.dimensions) == {"store"}
    assert queries.lineage(fused, SINCE).is_fused
    truth = source_truth(contoso, "store", "month")
    totals = source_truth(contoso, "", "month")
    values = kept("booked_profit", "store", "month")
    assert set(values) == set(truth)
    for place, (revenue, cogs, _customers) in truth.items():
        if place[1] == str(absent):
            assert (values[place].value, values[place].coverage_ppm) == (None, 500_000)
        else:
            assert (values[place].value, values[place].coverage_ppm) == (revenue - cogs, 1_000_000)
    for (month, _all), total in kept("booked_profit", "", "month").items():
        stores = [store for day, store in truth if day == month]
        missing = truth.get((month, str(absent)), (0, Decimal(0), 0))[1]
        revenue, cogs, _customers = totals[month, "{}"]
        assert total.value == revenue - cogs + missing
        assert total.coverage_ppm == int(1_000_000 * (2 * len(stores) - (missing > 0)) / (2 * len(stores)))
    northwind.run("DROP TABLE store_costs")


def test_the_rows_behind_a_value_are_those_that_the_source_counts(
    here: Cast, certified: None, lines: sources.Dataset, contoso: Place
) -> None:
    metric = queries.metric_by_key("revenue")
    assert metric is not None
    version = queries.versions_in_force(SINCE, [metric.pk])[metric.pk]
    (month, store), (revenue, _cogs, _customers) = max(
        source_truth(contoso, "store", "month").items(), key=lambda pair: pair[1][0]
    )
    found = trace(
        version, slice={"store": store}, since=month, until=month + datetime.timedelta(days=27), limit=1000
    )
    assert found.aggregated == sum(found.amounts)
    whole = trace(version, slice={"store": store}, since=month, until=_last(month))
    assert whole.aggregated == revenue
    counted = contoso.rows(
        f"SELECT count(*) FROM sales WHERE store_key = {store} AND date_trunc('month', order_date) = '{month}'"
    )
    assert whole.total == counted[0][0]


def _last(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=32)).replace(day=1) - datetime.timedelta(days=1)


def test_loading_again_changes_no_value(certified: None, lines: sources.Dataset) -> None:
    before = MetricValue.objects.count()
    assert stage.load(lines, is_full=True).state == "done"
    tasks.refresh_stale_values.apply()
    assert MetricValue.objects.count() == before
    assert not MetricValue.objects.exclude(superseded_at=None).exists()


def test_running_totals_equal_sql_over_the_rows_of_their_windows(
    here: Cast, actor: Any, certified: None, contoso: Place
) -> None:
    """A rolling year and a year from July, by store and in all: summed from the lines by days, not from months."""
    for key, window in (
        ("rolling", {"accumulation": "rolling", "accumulation_months": 12}),
        ("fiscal", {"accumulation": "year", "year_starts_in": 7}),
    ):
        certify(here, actor, key, formula("revenue", kind="cumulative", effective_from=SINCE, **window))
    certify(here, actor, "net", formula("revenue - cogs", effective_from=SINCE))
    certify(
        here,
        actor,
        "net_year",
        formula(
            "net", kind="cumulative", accumulation="rolling", accumulation_months=12, effective_from=SINCE
        ),
    )
    certify(here, actor, "year_margin", formula("net_year / rolling * 100", effective_from=SINCE))
    tasks.refresh_stale_values.apply()
    begins = {
        "rolling": "m - interval '11 months'",
        "fiscal": "date_trunc('year', m - interval '6 months') + interval '6 months'",
    }
    for key, begin in begins.items():
        for cut, column in CUTS.items():
            found = contoso.rows(
                f"SELECT m::date, {column}, sum(s.quantity * s.net_price), sum(s.quantity * s.unit_cost)"
                " FROM generate_series((SELECT date_trunc('month', min(order_date)) FROM sales),"
                " (SELECT max(order_date) FROM sales), interval '1 month') AS m"
                f" JOIN sales s ON s.order_date >= {begin} AND s.order_date < m + interval '1 month'"
                " JOIN store t ON t.store_key = s.store_key GROUP BY 1, 2"
            )
            truth = {(day, value): (revenue, cogs) for day, value, revenue, cogs in found}
            values = kept(key, cut, "month")
            assert set(values) == set(truth)
            assert {place: value.value for place, value in values.items()} == {
                place: revenue for place, (revenue, _cogs) in truth.items()
            }
            if key == "rolling":
                margins = kept("year_margin", cut, "month")
                assert {place: value.value for place, value in margins.items()} == {
                    place: round((revenue - cogs) / revenue * 100, 12)
                    for place, (revenue, cogs) in truth.items()
                }
