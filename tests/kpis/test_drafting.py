"""A definition goes through the form and comes out as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import MetricVersion
from tests.conftest import Cast
from tests.kpis.tables import AT, base, certify, formula

Visit = Callable[..., Client]

WORDING = {
    "dimensions": {"town": "city", "branch": "store", "buyer": "quantity"},
    "filters": [
        {
            "column": "city",
            "op": "in",
            "value": ["Hangzhou, West", "Shen“zhen”", 'the "old" town', "杭州，西"],
        },
        {"column": "store", "op": "not_in", "value": ["Nanshan"]},
        {"column": "quantity", "op": ">", "value": "1"},
        {"column": "quantity", "op": "<", "value": "9"},
        {"column": "price", "op": "not_null"},
        {"column": "customer", "op": "in", "value": ["1", "2"]},
    ],
    "change_note": "As agreed in May.",
}


def shown(page: Any) -> dict[str, Any]:
    """What a browser would send back of an untouched form."""
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent["dataset"] = str(getattr(sent["dataset"], "pk", sent["dataset"]) or "")
    return {name: value for name, value in sent.items() if value is not None}


def wording(version: MetricVersion) -> dict[str, Any]:
    names = ("expression", "filters", "dimensions", "time_column", "formula", "unit", "missing_policy")
    return {name: getattr(version, name) for name in names}


@pytest.mark.parametrize("page", ["revise", "edit"])
def test_a_definition_that_nobody_touched_in_the_form_stays_as_it_was(
    here: Cast, actor: Any, sales: Any, client_for: Visit, page: str
) -> None:
    definition = base(sales, "sum", "quantity * price", **WORDING)
    if page == "revise":
        version = certify(here, actor, "revenue", definition)
        address = reverse("kpis:revise", args=[version.metric_id])
    else:
        by = actor(here.business_owner)
        given = {"business_owner": here.business_owner, "finance_owner": here.finance_owner}
        version = actions.draft_metric(
            key="revenue", name_en="Revenue", name_zh="", definition=definition, by=by, at=AT, **given
        )
        address = reverse("kpis:edit", args=[version.pk])
    browser = client_for(here.business_owner)
    assert browser.post(address, shown(browser.get(address))).status_code == 302
    newest = MetricVersion.objects.order_by("-number")[0]
    assert newest.number == (2 if page == "revise" else 1)
    assert wording(newest) == wording(version)
    assert newest.change_note == ("" if page == "revise" else "As agreed in May.")


def test_a_filter_of_numbers_is_shown_as_it_is(here: Cast, actor: Any, sales: Any, client_for: Visit) -> None:
    filters = [{"column": "customer", "op": "in", "value": [1, 2]}]
    version = certify(here, actor, "revenue", base(sales, "sum", "price", filters=filters))
    page = client_for(here.business_owner).get(reverse("kpis:revise", args=[version.metric_id]))
    assert shown(page)["filter_0_value"] == "1, 2"


def test_money_that_names_no_currency_is_the_organisations(
    here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    type(here.organisation).objects.filter(pk=here.organisation.pk).update(currency="EUR")
    here.organisation.refresh_from_db()
    version = certify(here, actor, "revenue", base(sales, "sum", "price", unit="money"))
    per_piece = certify(here, actor, "each", formula("revenue / 2", "money"))
    assert {version.unit, version.metric.unit, per_piece.unit} == {"money:EUR"}
    actions.refresh_values(at=AT)
    browser = client_for(here.business_owner)
    page = browser.get(reverse("kpis:values", args=[version.metric_id])).content.decode()
    assert "€" in page
    assert "¥" not in page
    assert "money:EUR" in browser.get(reverse("kpis:draft")).content.decode()
