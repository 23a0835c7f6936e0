"""Ready packs propose: the dataset that fits a table best, and the columns that are called alike or are the only ones
that can be meant; people choose others where that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import packs, queries
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables

Visit = Callable[..., Client]
SALES = {
    "SalesOrderDate": "date",
    "net_revenues": "decimal",
    "line_cost_total": "decimal",
    "qty": "integer",
    "order_code": "text",
    "member_no": "integer",
    "stores_id": "text",
    "city": "text",
}
STOCK = {"snapshot_date": "date", "inventory_amount": "decimal", "shop": "text", "category": "text"}


def chinese(key: str, named: dict[str, tuple[str, str]]) -> Any:
    """A dataset whose columns are named in Chinese alone; key → (type, name)."""
    dataset = tables.make_dataset(key, {column: kind for column, (kind, _name) in named.items()}, [])
    for column, (_kind, name) in named.items():
        dataset.columns.filter(key=column).update(name_zh=name, name_en="")
    return dataset


def proposed(dataset: Any, table: str, pack: str = "retail") -> dict[str, str]:
    return packs.proposed(packs.load(pack).table(table), queries.sheet_of(dataset))


def test_columns_are_proposed_that_are_called_alike_in_english(here: Cast) -> None:
    columns = {key.lower(): kind for key, kind in SALES.items()}
    dataset = tables.make_dataset("pos", columns, [])
    dataset.columns.filter(key="salesorderdate").update(name_en="SalesOrderDate")
    assert proposed(dataset, "sales") == {
        "sold_on": "salesorderdate",
        "amount": "net_revenues",
        "cost": "line_cost_total",
        "quantity": "qty",
        "order": "order_code",
        "customer": "member_no",
        "store": "stores_id",
        "region": "city",
    }


def test_columns_are_proposed_that_are_called_alike_in_chinese(here: Cast) -> None:
    named = {
        "c_1": ("date", "下单时间"),
        "c_2": ("decimal", "销售金额（元）"),
        "c_3": ("decimal", "销售成本合计"),
        "c_4": ("text", "订单号码"),
        "c_5": ("text", "会员编码"),
        "c_6": ("text", "门店代码"),
        "c_7": ("text", "收货人"),
    }
    assert proposed(chinese("pos", named), "sales") == {
        "sold_on": "c_1",
        "amount": "c_2",
        "cost": "c_3",
        "order": "c_4",
        "customer": "c_5",
        "store": "c_6",
    }


def test_a_column_that_may_be_two_is_left_to_people(here: Cast) -> None:
    two = tables.make_dataset("two", {"revenue_net": "decimal", "revenue_sum": "decimal"}, [])
    assert proposed(two, "sales") == {}
    # One that is the stock in pieces is not its value, and a customer's name identifies nobody.
    other = tables.make_dataset("other", {"stock_qty": "decimal", "customer_name": "text"}, [])
    assert proposed(other, "stock") == {}
    assert proposed(other, "sales") == {}


def test_the_only_day_decides_the_month_and_of_two_neither_does(here: Cast) -> None:
    one = tables.make_dataset("one", {"posting": "date", "amount": "decimal"}, [])
    assert proposed(one, "sales") == {"sold_on": "posting", "amount": "amount"}
    two = tables.make_dataset("two", {"posting": "date", "arrival": "date", "amount": "decimal"}, [])
    assert proposed(two, "sales") == {"amount": "amount"}


def test_what_a_query_makes_is_not_found_by_chance(here: Cast) -> None:
    dataset = tables.make_dataset("odd", {"order_sequences": "integer", "next_year_at": "date"}, [])
    assert "order_number_of_customer" not in proposed(dataset, "sales")
    assert "sold_on_next_year" not in proposed(dataset, "sales")


@pytest.fixture
@ready.made
def three(here: Cast) -> dict[str, Any]:
    """Sales, stock, an index with a day and a value that is neither, and postings of cities with a day."""
    columns = {key.lower(): kind for key, kind in SALES.items()}
    return {
        "index": tables.make_dataset("demand_index", {"date": "date", "value": "decimal"}, []),
        "stock": tables.make_dataset("warehouse", STOCK, []),
        "postings": tables.make_dataset(
            "postings", {"posted": "date", "city": "text", "debit": "decimal"}, []
        ),
        "sales": tables.make_dataset("pos_lines", columns, []),
    }


def test_the_page_begins_with_the_datasets_that_fit_best(
    three: dict[str, Any], here: Cast, client_for: Visit
) -> None:
    browser = client_for(here.business_owner)
    address = reverse("kpis:pack", args=["retail"])
    page = browser.get(address)
    chosen = {key: each.dataset for key, each in page.context["form"].chosen.items()}
    assert chosen == {"sales": three["sales"], "stock": three["stock"]}
    assert page.context["new"] > 5
    text = page.content.decode()
    assert "Proposed are the datasets whose columns fit best" in text
    for dataset in chosen.values():
        assert f'value="{dataset.pk}" selected' in text
    assert "8 of 11 columns found" in text
    # Whoever chooses is not overruled: no dataset, or another one.
    asked = {"sales": "", "stock": str(three["index"].pk)}
    page = browser.get(address, asked)
    assert {key: each.dataset for key, each in page.context["form"].chosen.items()} == {
        "stock": three["index"]
    }
    assert "Proposed are" not in page.content.decode()


def test_of_two_datasets_that_fit_the_one_with_the_name_of_the_table_comes_first(here: Cast) -> None:
    columns = {"day": "date", "amount": "decimal", "store": "text", "customer": "text", "order": "text"}
    tables.make_dataset("archive", columns | {"quantity": "integer", "cost": "decimal"}, [])
    named = tables.make_dataset("sales_lines", columns, [])
    found = queries.proposed_tables(packs.load("retail"))
    assert found["sales"].dataset == named


def test_a_day_an_amount_and_a_city_alone_are_no_table_of_a_pack(here: Cast) -> None:
    tables.make_dataset("postings", {"posted": "date", "amount": "decimal", "city": "text"}, [])
    assert queries.proposed_tables(packs.load("internet")) == {}
    spend = tables.make_dataset("ad_spend", {"posted": "date", "amount": "decimal", "city": "text"}, [])
    assert queries.proposed_tables(packs.load("internet"))["spend"].dataset == spend


def test_a_dataset_serves_one_table_and_more_of_them_take_no_more_queries(
    three: dict[str, Any], here: Cast
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            found = queries.proposed_tables(packs.load("retail"))
        used = [each.dataset.pk for each in found.values()]
        assert len(used) == len(set(used))
        return len(caught)

    before = cost()
    for number in range(4):
        tables.make_dataset(f"more_{number}", STOCK, [])
    assert cost() == before


def test_the_api_says_what_is_proposed_to_who_drafts_metrics(
    three: dict[str, Any], here: Cast, client_for: Visit
) -> None:
    address = reverse("api_metric_pack", args=["retail"])
    found = client_for(here.business_owner).get(address).json()["proposed"]
    assert set(found) == {"sales", "stock"}
    assert found["stock"]["dataset"] == str(three["stock"].pk)
    assert found["stock"]["columns"]["stock_value"] == "inventory_amount"
    assert client_for(here.employee).get(address).json()["proposed"] == {}
