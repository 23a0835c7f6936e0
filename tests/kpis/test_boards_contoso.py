"""Like for like over Contoso: both totals equal SQL of its own on the source, by the stores that sold in both months."""

import datetime
from decimal import Decimal
from typing import Any

from performance.kpis.models import Metric
from performance.kpis.queries import boards, likeness
from tests.kpis.test_real_data import _allowed, certified, kept, lines
from tests.sources.real_data import Place

__all__ = ["_allowed", "certified", "lines"]

TOTALS = """
WITH months AS (
    SELECT date_trunc('month', order_date)::date AS month, s.*, t.country_code
    FROM sales s JOIN store t ON t.store_key = s.store_key
),
both_months AS (
    SELECT store_key FROM months WHERE month = '{since}' INTERSECT
    SELECT store_key FROM months WHERE month = '{until}'
)
SELECT month, sum(quantity * net_price), sum(quantity * unit_cost), count(DISTINCT customer_key)
FROM months WHERE month IN ('{since}', '{until}') AND store_key IN (SELECT store_key FROM both_months)
GROUP BY month ORDER BY month
"""


def pairs() -> list[tuple[datetime.date, datetime.date]]:
    months = sorted(month for month, _slice in kept("revenue", "", "month"))
    found = [(months[place - 1], months[place]) for place in range(1, len(months), 5)]
    return found + [(months[place - 12], months[place]) for place in range(12, len(months), 5)]


def test_both_totals_are_those_of_the_stores_that_sold_in_both_months(
    certified: None, contoso: Place
) -> None:
    left_out = 0
    for since, until in pairs():
        truth = contoso.rows(TOTALS.format(since=since, until=until))
        assert [row[0] for row in truth] == [since, until]
        expected: dict[str, list[Any]] = {
            "revenue": [],
            "customers": [],
            "margin": [],
            "profit_per_customer": [],
        }
        for _month, revenue, cogs, customers in truth:
            expected["revenue"].append(revenue)
            expected["customers"].append(customers)
            expected["margin"].append(round((revenue - cogs) / revenue * 100, 12))
            expected["profit_per_customer"].append(round((revenue - cogs) / customers, 12))
        for key, sides in expected.items():
            told = likeness.like_for_like(
                Metric.objects.get(key=key), since=since, until=until, within={}, cut="store"
            )
            assert not told.refusal
            assert [told.alike.before, told.alike.after] == sides, (key, since, until)
        left_out += told.left_out_count
    assert left_out > 10, "stores open and close in these data"


def test_within_a_country_only_its_stores_count(certified: None, contoso: Place) -> None:
    since, until = pairs()[-1]
    country = "DE"
    question = TOTALS.replace("WHERE month IN", f"WHERE country_code = '{country}' AND month IN")
    truth = contoso.rows(question.format(since=since, until=until))
    told = likeness.like_for_like(
        Metric.objects.get(key="profit_per_customer"),
        since=since,
        until=until,
        within={"country": country},
        cut="store",
    )
    assert [told.alike.before, told.alike.after] == [
        round((revenue - cogs) / customers, 12) for _month, revenue, cogs, customers in truth
    ]


def test_a_board_against_the_year_before_equals_the_source(certified: None, contoso: Place) -> None:
    since, until = pairs()[-1]
    found = boards.board(
        today=datetime.date(2026, 5, 14),
        at=datetime.datetime(2026, 5, 14, tzinfo=datetime.UTC),
        month=until,
        metric_id=Metric.objects.get(key="margin").pk,
        cut="store",
        basis="year",
    )
    assert found is not None
    by_store = {
        (month, store): round((revenue - cogs) / revenue * 100, 12)
        for month, store, revenue, cogs in contoso.rows(
            "SELECT date_trunc('month', order_date)::date, store_key::text, sum(quantity * net_price),"
            f" sum(quantity * unit_cost) FROM sales WHERE date_trunc('month', order_date) IN ('{since}', '{until}')"
            " GROUP BY 1, 2"
        )
    }
    assert len(found.ranked) > 20
    for one in found.ranked:
        assert one.value == by_store[until, one.slice["store"]]
        assert one.against == by_store.get((since, one.slice["store"]))
    totals = {month: value.value for (month, _all), value in kept("margin", "", "month").items()}
    assert (found.chosen.value, found.chosen.against) == (totals[until], totals[since])
    assert found.chosen.gap == totals[until] - (totals[since] or Decimal(0))
