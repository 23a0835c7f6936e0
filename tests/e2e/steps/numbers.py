"""Every value against SQL that runs on the sources themselves, to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from performance.kpis import queries as kpis
from tests.e2e.company import BUSINESS, FREIGHT, SALES, TODAY, Company
from tests.e2e.steps.metrics import values_of
from tests.sources.real_data import Place


def values_equal_the_sources(company: Company, contoso: Place, northwind: Place) -> None:
    for dimension in ("", "country", "store"):
        lines = _independent(contoso, dimension)
        for key in ("revenue", "goods_cost", "customers", "gross_margin", "profit_per_customer"):
            wanted = {
                (month, dimension, part): getattr(_Line(*rest), key) for (month, part), rest in lines.items()
            }
            found = {
                where: value for where, value in values_of(company, key).items() if where[1] == dimension
            }
            assert found.keys() == wanted.keys(), key
            wrong = {
                where: (value, wanted[where])
                for where, value in found.items()
                if not _equal(value, wanted[where])
            }
            assert not wrong, f"{key} by {dimension or 'total'}: {wrong}"
    _fused_equals_both(company, contoso, northwind)
    _totals_recompute(company)
    _board_shows_it(company)


class _Line:
    """One month and slice as the source's own SQL sums it up."""

    def __init__(self, revenue: Decimal, goods_cost: Decimal, customers: int) -> None:
        self.revenue, self.goods_cost, self.customers = revenue, goods_cost, Decimal(customers)

    @property
    def gross_margin(self) -> Decimal | None:
        return (self.revenue - self.goods_cost) / self.revenue * 100 if self.revenue else None

    @property
    def profit_per_customer(self) -> Decimal | None:
        return (self.revenue - self.goods_cost) / self.customers if self.customers else None


def _independent(contoso: Place, dimension: str) -> dict[tuple[Any, str], tuple[Any, ...]]:
    rows = contoso.rows(
        f"SELECT date_trunc('month', sold_on)::date, {dimension + '::text' if dimension else chr(39) * 2},"
        " sum(quantity * net_price), sum(quantity * unit_cost), count(DISTINCT customer)"
        f" FROM ({SALES}) lines GROUP BY 1, 2"
    )
    return {(month, part): tuple(rest) for month, part, *rest in rows}


def _equal(found: Decimal | None, wanted: Decimal | None) -> bool:
    """To the cent; ratios as far as they are kept."""
    if found is None or wanted is None:
        return found is wanted
    return abs(found - wanted) < Decimal("1e-9")


def _fused_equals_both(company: Company, contoso: Place, northwind: Place) -> None:
    """Two databases in one number: margin of the one less freight of the other, where both know the country."""
    freight = {
        (month, country): amount
        for month, country, amount in northwind.rows(
            "SELECT CAST(DATE_FORMAT(shipped_on, '%Y-%m-01') AS DATE), country, SUM(freight)"
            f" FROM ({FREIGHT}) shipped GROUP BY 1, 2"
        )
    }
    margin = {
        where: revenue - cost for where, (revenue, cost, _n) in _independent(contoso, "country").items()
    }
    found = {
        (month, part): value
        for (month, dimension, part), value in values_of(company, "margin_after_freight").items()
        if dimension == "country" and value is not None
    }
    both = margin.keys() & freight.keys()
    assert len(both) > 50, "the two companies share countries and months"
    assert {where: found[where] for where in both} == {
        where: margin[where] - freight[where] for where in both
    }


def _totals_recompute(company: Company) -> None:
    """A total is computed from its inputs' totals: a ratio of sums, never a mean of ratios."""
    revenue, cost = values_of(company, "revenue"), values_of(company, "goods_cost")
    margin = values_of(company, "gross_margin")
    for where, value in margin.items():
        recomputed = (revenue[where] - cost[where]) / revenue[where] * 100  # type: ignore[operator]
        assert _equal(value, recomputed), where
    for month in {start for start, dimension, _part in revenue if dimension == "country"}:
        parts = [
            value
            for (start, dimension, _p), value in revenue.items()
            if (start, dimension) == (month, "country")
        ]
        assert sum(parts) == revenue[month, "", ""], month  # type: ignore[arg-type]


def _board_shows_it(company: Company) -> None:
    window = company.window(BUSINESS)
    board = window.open(reverse("kpis:board"))
    for name_en, name_zh in (("Revenue", "收入"), ("Gross margin", "毛利率")):
        assert (name_zh if company.is_chinese else name_en) in board.text
    with company.acting():
        revenue = kpis.metric_by_key("revenue")
    assert revenue is not None
    rows = window.open(
        reverse("kpis:rows", args=[revenue.pk]), {"month": f"{TODAY:%Y-%m}", "country": "Germany"}
    )
    assert rows.status == 200
