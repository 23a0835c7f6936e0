"""Drafting a metric in its form, and what the live check says."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import Metric, MetricVersion
from tests.conftest import Cast
from tests.kpis.tables import AT, base, certify, formula

Visit = Callable[..., Client]


def typed(dataset: Any, **more: Any) -> dict[str, Any]:
    return {
        "kind": "base",
        "dataset": str(dataset.pk),
        "aggregation": "sum",
        "expression": "quantity * price",
        "time_column": "on_day",
        "dimensions": ["store", "city"],
        "unit": "money:CNY",
        "decimals": "2",
        "direction": "up",
        "missing_policy": "null",
        "effective_from": "2026-01-01",
    } | more


def test_an_owner_drafts_a_metric_in_the_form(here: Cast, sales: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    named = {
        "key": "revenue",
        "name_en": "Revenue",
        "name_zh": "营业收入",
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
        "filter_0_column": "city",
        "filter_0_op": "in",
        "filter_0_value": "Hangzhou, Shenzhen",
    }
    address = reverse("kpis:draft")
    assert browser.get(address, {"dataset": str(sales.pk)}).status_code == 200
    assert browser.get(reverse("kpis:fields"), {"kind": "base", "dataset": str(sales.pk)}).status_code == 200
    wrong = browser.post(address, typed(sales, **named, expression="quantity * colour"))
    assert wrong.status_code == 422
    assert "colour" in str(wrong.context["form"].errors["expression"])
    assert browser.post(address, typed(sales, **named)).status_code == 302
    version = MetricVersion.objects.get()
    assert version.filters == [{"column": "city", "op": "in", "value": ["Hangzhou", "Shenzhen"]}]
    assert version.dimensions == {"city": "city", "store": "store"}
    for person in (here.employee, here.manager, here.hr, here.auditor):
        assert client_for(person).get(address).status_code == 403


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "derived", "formula": "revenue - cost"}, "23.05"),
        ({"kind": "derived", "formula": "revenue +"}, "cannot be read"),
        ({"kind": "derived", "formula": ""}, "Write a formula"),
        ({"kind": "base"}, "Choose the data"),
        ({"kind": "derived", "formula": "revenue - secrets"}, "There is no metric called"),
        ({"kind": "derived", "formula": "营业收入 / 2", "unit": "count:order"}, "not order"),
        ({"kind": "derived", "formula": "revenue; DROP TABLE x"}, "has no meaning"),
    ],
)
def test_the_live_check_says_what_a_formula_gives_or_why_not(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, given: dict[str, str], expected: str
) -> None:
    browser = client_for(cast.business_owner)
    answer = browser.post(reverse("kpis:check"), {"decimals": "2"} | given)
    assert answer.status_code == 200
    assert expected in answer.content.decode()


def test_the_live_check_waits_for_a_column(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, sales: Any
) -> None:
    browser = client_for(cast.business_owner)
    given = typed(sales, expression="")
    assert "Choose a column" in browser.post(reverse("kpis:check"), given).content.decode()
    assert "35.05" in browser.post(reverse("kpis:check"), typed(sales)).content.decode()


def test_a_dimension_that_an_input_lacks_is_refused_with_the_reason(
    here: Cast, actor: Any, metrics: dict[str, Metric], sales: Any
) -> None:
    certify(here, actor, "heads", base(sales, "count", unit="count:person", dimensions={"city": "city"}))
    with pytest.raises(actions.DefinitionRefused, match="Heads cannot be told apart by store"):
        certify(here, actor, "per_head", formula("revenue / heads", dimensions={"store": ""}))


def test_a_formula_may_not_lead_back_to_itself(here: Cast, actor: Any, metrics: dict[str, Metric]) -> None:
    with pytest.raises(actions.FormulaRefused, match="There is no metric called"):
        actions.revise_metric(
            metric=metrics["revenue"],
            definition=formula("profit + cost"),
            by=actor(here.business_owner),
            at=AT,
        )
