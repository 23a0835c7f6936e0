"""A model without a date, a key or a measure is said where it is made and where it is read, with what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.sources import queries
from tests.conftest import Cast
from tests.kpis import tables
from tests.sources import stage
from tests.sources.test_api import ROOT
from tests.sources.test_views import fields_of, work

Visit = Callable[..., Client]
SAYS = {
    "date": "No column is a date",
    "key": "No column is a key",
    "measure": "No column is a measure",
}


def said(page: str) -> list[str]:
    return [gap for gap, words in SAYS.items() if words in page]


@pytest.mark.parametrize(
    ("columns", "gaps"),
    [
        ([("date", "time", False), ("text", "key", True), ("decimal", "measure", False)], []),
        ([("timestamp", "dimension", True), ("decimal", "measure", False)], []),
        ([("date", "ignored", False), ("text", "dimension", False)], ["date", "key", "measure"]),
        ([("text", "key", False), ("date", "time", False)], ["measure"]),
    ],
)
def test_what_is_left_out_counts_for_nothing(columns: Any, gaps: list[str]) -> None:
    found = queries.model_gaps(
        {"type": type_, "role": role, "is_key": is_key} for type_, role, is_key in columns
    )
    assert found == gaps


def test_a_page_and_the_api_say_what_a_dataset_lacks(cast: Cast, client_for: Visit) -> None:
    with tenancy.acting_for(cast.organisation):
        bare = tables.make_dataset("bare", {"name": "text"}, [("a",)], keys=[])
        full = tables.make_dataset(
            "full", {"sale": "integer", "on_day": "date", "amount": "decimal"}, [(1, "2026-01-05", "1")],
            keys=["sale"],
        )  # fmt: skip
    browser = client_for(cast.business_owner)
    for dataset, gaps in ((bare, ["date", "key", "measure"]), (full, [])):
        assert said(browser.get(reverse("sources:dataset", args=[dataset.pk])).content.decode()) == gaps
        assert browser.get(f"{ROOT}datasets/{dataset.pk}/").json()["gaps"] == gaps


def test_a_list_that_others_take_columns_from_needs_neither_date_nor_measure(
    cast: Cast, client_for: Visit
) -> None:
    with tenancy.acting_for(cast.organisation):
        shops = tables.make_dataset("shops", {"shop": "text", "city": "text"}, [("1", "X")], keys=["shop"])
        sales = tables.make_dataset("sales", {"sale": "integer", "shop": "text"}, [(1, "1")], keys=["sale"])
        page = reverse("sources:dataset", args=[shops.pk])
        browser = client_for(cast.business_owner)
        assert said(browser.get(page).content.decode()) == ["date", "measure"]
        stage.actions.join_dataset(
            dataset=sales, other=shops, key="shop", pairs=[("shop", "shop")], taken=["city"], by=None, at=stage.AT
        )  # fmt: skip
        assert said(browser.get(page).content.decode()) == []


def test_a_key_that_is_taken_is_not_proposed(cast: Cast, client_for: Visit) -> None:
    browser = client_for(cast.administrator)
    with tenancy.acting_for(cast.organisation):
        tables.make_dataset("budgets", {"name": "text"}, [("a",)], keys=["name"])
        connection = stage.actions.connect_source(kind="file", name_en="Budgets", by=None, at=stage.AT)
        stage.actions.upload_file(
            connection=connection, name="budgets.csv", chunks=[b"store\nHZ01\n"], by=None, at=stage.AT
        )
    looked = browser.post(reverse("sources:look", args=[connection.pk]), {"table": "budgets"})
    work(cast)
    assert browser.get(looked["Location"]).context["form"].initial["key"] == "budgets_2"


def test_a_form_says_it_before_it_is_saved_and_with_every_change(cast: Cast, client_for: Visit) -> None:
    browser = client_for(cast.administrator)
    with tenancy.acting_for(cast.organisation):
        connection = stage.actions.connect_source(kind="file", name_en="Budgets", by=None, at=stage.AT)
        text = b"store,day,amount\nHZ01,2026-05-01,10\nHZ01,2026-05-02,11\n"
        stage.actions.upload_file(
            connection=connection, name="budgets.csv", chunks=[text], by=None, at=stage.AT
        )
    looked = browser.post(reverse("sources:look", args=[connection.pk]), {"table": "budgets"})
    work(cast)
    modelling = browser.get(looked["Location"])
    assert said(modelling.content.decode()) == ["key"]
    sent = fields_of(modelling.context["form"], modelling.context["formset"])
    address = reverse("sources:model_gaps", args=[modelling.context["probe"].pk])
    chosen = sent | {"columns-0-is_key": "on", "columns-1-role": "ignored", "columns-2-role": "dimension"}
    assert said(browser.post(address, chosen).content.decode()) == ["date", "measure"]
    assert browser.post(address, {}).status_code == 200, "without columns nothing breaks"
    assert client_for(cast.auditor).post(address, chosen).status_code == 403
    assert client_for(cast.employee).post(address, chosen).status_code == 403
    assert client_for(cast.stranger).post(address, chosen).status_code == 404
