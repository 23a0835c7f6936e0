"""Definitions that a business owner and a finance owner sign; budgets as targets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from performance.kpis import queries as kpis
from performance.kpis.models import MetricValue
from performance.sources import models as sources
from tests.e2e.browsing import Page
from tests.e2e.company import BUSINESS, FINANCE, Company
from tests.e2e.steps.sources import BUDGETED, budget

METRICS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("revenue", "Revenue", "收入", {"expression": "quantity * net_price", "unit": "money:USD"}),
    ("goods_cost", "Cost of goods", "商品成本", {"expression": "quantity * unit_cost", "unit": "money:USD"}),
    ("customers", "Customers", "顾客数", {"aggregation": "distinct", "expression": "customer", "unit": "count:customer"}),
    ("freight", "Freight", "运费", {"dataset": "freight_lines", "expression": "freight", "unit": "money:USD"}),
    ("gross_margin", "Gross margin", "毛利率", {"formula": "(revenue - goods_cost) / revenue * 100", "unit": "percent"}),
    ("profit_per_customer", "Profit per customer", "客均利润", {"formula": "(revenue - goods_cost) / customers"}),
    ("margin_after_freight", "Margin after freight", "扣运费毛利", {"formula": "revenue - goods_cost - freight"}),
]  # fmt: skip


def sign_metrics(company: Company) -> None:
    """Each is drafted by the business owner, submitted, and signed by two people."""
    business, finance = company.window(BUSINESS), company.window(FINANCE)
    for key, name_en, name_zh, given in METRICS:
        page = _draft(company, key, name_en, name_zh, given)
        page = page.submit("/submit/")
        page.submit("/sign/", {"note": "Checked against the ledger."})
        finance.open(page.url).submit("/sign/")
        company.office.wait(lambda key=key: values_of(company, key), f"values of {key}")
        assert "2 " in business.open(page.url).text
    _read_budgets_as_targets(company)


def _draft(company: Company, key: str, name_en: str, name_zh: str, given: dict[str, Any]) -> Page:
    values: dict[str, Any] = {
        "key": key,
        "name_en": name_en,
        "name_zh": name_zh,
        "business_owner": company.person(BUSINESS).pk,
        "finance_owner": company.person(FINANCE).pk,
        "effective_from": "2020-01-01",
        "direction": "down" if key in ("goods_cost", "freight") else "up",
    }
    start = reverse("kpis:draft")
    if "formula" in given:
        start += "?kind=derived"
        values |= {"formula": given["formula"]} | ({"unit": given["unit"]} if "unit" in given else {})
    else:
        dataset = dataset_id(company, given.get("dataset", "sales"))
        start += f"?dataset={dataset}"
        values |= {
            "unit": given["unit"],
            "tie_out_reason": "The company has no ledger here.",
            "aggregation": given.get("aggregation", "sum"),
            "expression": given["expression"],
            "time_column": "shipped_on" if "dataset" in given else "sold_on",
            "dimensions": ["country"] if "dataset" in given else ["country", "store"],
        }
    page = company.window(BUSINESS).open(start)
    if "formula" in given:
        offered = [choice for choice, _label in page.form("^$|new/").fields["dimensions"].choices]
        values["dimensions"] = [one for one in ("country", "store") if one in offered][
            : 1 if "freight" in key else 2
        ]
    return page.submit("^$|new/", values)


def dataset_id(company: Company, key: str) -> Any:
    with company.acting():
        return sources.Dataset.objects.get(key=key).pk


def values_of(company: Company, key: str, grain: str = "month") -> dict[tuple[Any, ...], Decimal | None]:
    """(first day, dimension, its value) → value; the total has neither."""
    with company.acting():
        rows = MetricValue.objects.filter(metric__key=key, grain=grain, superseded_at=None)
        return {
            (start, *next(iter(part.items()), ("", ""))): value
            for start, part, value in rows.values_list("period_start", "slice", "value")
            if len(part) < 2
        }


def _read_budgets_as_targets(company: Company) -> None:
    finance = company.window(FINANCE)
    page = finance.open(reverse("kpis:import_targets"), {"dataset": dataset_id(company, "budgets")})
    with company.acting():
        revenue = kpis.metric_by_key("revenue")
    assert revenue is not None
    page.submit_where(
        "targets",
        lambda form: form.method == "post" and "month_column" in form.fields,
        {
            "kind": "budget",
            "metric": revenue.pk,
            "month_column": "month",
            "value_column": "budget",
            "dimension_country": "country",
        },
    )
    with company.acting():
        found = dict(revenue.targets.values_list("slice__country", "value"))
    assert found == {country: budget(country) for country in BUDGETED}
