"""Ready packs: what is in the files makes sense, columns are matched by name, and what is possible becomes drafts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from performance.foundation.models import AuditRow
from performance.kpis import actions, formulas, packs, queries, semantics, units
from performance.kpis.models import Dimension, Metric, MetricVersion
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, base, certify, sign

Visit = Callable[..., Client]
EVERY = packs.every()
COLUMNS = {
    "order_id": "integer",
    "order_date": "date",
    "会员号": "integer",
    "store_code": "text",
    "quantity": "integer",
    "net_price": "decimal",
    "unit_cost": "decimal",
}


@pytest.fixture
@ready.made
def lines(here: Cast) -> Any:
    columns = {("member" if key == "会员号" else key): kind for key, kind in COLUMNS.items()}
    dataset = tables.make_dataset(
        "lines",
        columns,
        [
            (1, "2026-01-05", 1, "A", 1, "10.00", "4.00"),
            (1, "2026-01-05", 1, "A", 2, "5.00", "2.50"),
            (2, "2026-01-09", 2, "B", 1, "7.00", None),
        ],
    )
    dataset.columns.filter(key="member").update(name_zh="会员号")
    return dataset


def mapped(dataset: Any, table: str = "sales", pack: str = "retail") -> dict[str, packs.Chosen]:
    sheet = queries.sheet_of(dataset)
    columns = packs.proposed(packs.load(pack).table(table), sheet)
    return {table: packs.Chosen(dataset, sheet, columns)}


def draft(here: Cast, actor: Any, chosen: Any, pack: str = "retail", **more: Any) -> list[actions.Outcome]:
    given = {"business_owner": here.business_owner, "finance_owner": here.finance_owner} | more
    return actions.draft_pack(
        pack=packs.load(pack), mapped=chosen, by=actor(here.business_owner), at=AT, **given
    )


@pytest.mark.parametrize("pack", EVERY, ids=lambda pack: pack.key)
def test_what_is_in_a_pack_is_whole_and_said_in_both_languages(pack: packs.Pack) -> None:
    keys = [metric.key for metric in pack.metrics]
    assert len(set(keys)) == len(keys)
    tables_used = {metric.table for metric in pack.metrics if metric.table}
    assert tables_used == {table.key for table in pack.tables}
    said: list[Any] = [pack, *pack.tables, *pack.metrics]
    for table in pack.tables:
        said += table.columns
        assert len(table.dimensions) <= semantics.MAX_DIMENSIONS
        used = {key for metric in pack.of_table(table.key) for key in metric.needed}
        assert used | {column.key for column in table.dimensions} == {column.key for column in table.columns}
    for one in said:
        assert one.name_en
        assert one.name_zh
        assert bool(one.description_en) == bool(one.description_zh)
    for metric in pack.metrics:
        assert metric.description_en
        assert bool(metric.source_en) == bool(metric.source_zh)
        assert metric.entry.is_base == bool(metric.table)
        assert set(metric.inputs) <= set(keys)
        assert units.parse(metric.entry.text("unit"))


@pytest.mark.parametrize("pack", EVERY, ids=lambda pack: pack.key)
def test_every_metric_of_a_pack_can_be_drafted_over_tables_that_have_its_columns(
    here: Cast, actor: Any, pack: packs.Pack
) -> None:
    kinds = {"day": "date", "number": "decimal", "figure": "integer", "value": "text"}
    chosen = {}
    for table in pack.tables:
        dataset = tables.make_dataset(
            f"{pack.key}_{table.key}", {column.key: kinds[column.type] for column in table.columns}, []
        )
        chosen |= mapped(dataset, table.key, pack.key)
        assert set(chosen[table.key].columns) == {column.key for column in table.columns}
    found = draft(here, actor, chosen, pack.key)
    assert [one.state for one in found] == ["new"] * len(pack.metrics)
    for one in found:
        assert one.version is not None
        given = next(metric for metric in pack.metrics if metric.key == one.entry.key)
        expected = units.in_currency(units.parse(given.entry.text("unit")), "CNY")
        assert one.version.unit == str(expected), one.entry.key
        if one.version.is_base:
            names = {column.dimension for column in pack.table(given.table).dimensions}
            assert set(one.version.dimensions) == names
    for version in queries.in_order_of_signing(MetricVersion.objects.select_related("metric")):
        sign(version, actor(here.business_owner), actor(here.finance_owner))


def test_columns_are_proposed_by_key_name_and_usual_names_in_either_language(lines: Any) -> None:
    assert mapped(lines)["sales"].columns == {
        "sold_on": "order_date",
        "amount": "quantity * net_price",
        "cost": "quantity * unit_cost",
        "quantity": "quantity",
        "order": "order_id",
        "customer": "member",
        "store": "store_code",
    }


def test_a_column_of_another_type_is_never_proposed(here: Cast) -> None:
    dataset = tables.make_dataset("odd", {"order_date": "text", "revenue": "text", "customer": "decimal"}, [])
    assert mapped(dataset)["sales"].columns == {}


def test_what_is_missing_is_told_for_each_metric(lines: Any) -> None:
    found = {
        one.metric.key: one
        for one in packs.possible(packs.load("retail"), mapped(lines), {"orders": True, "customers": False})
    }
    assert found["revenue"].is_new
    assert found["gross_profit"].is_new
    assert [column.key for column in found["returning_customers"].columns] == ["order_number_of_customer"]
    assert [metric.key for metric in found["repurchase_rate"].inputs] == ["returning_customers", "customers"]
    assert (found["orders"].is_there, found["orders"].is_new) == (True, False)
    assert found["average_order_value"].is_new
    assert [metric.key for metric in found["profit_per_customer"].inputs] == ["customers"]
    assert found["closing_stock"].table is packs.load("retail").table("stock")


def test_what_is_possible_becomes_drafts_and_what_is_there_stays(here: Cast, actor: Any, lines: Any) -> None:
    certify(
        here,
        actor,
        "orders",
        base(lines, "distinct", "order_id", unit="order", time_column="order_date", dimensions={}),
    )
    found = {one.entry.key: one for one in draft(here, actor, mapped(lines), without={"cost_per_customer"})}
    assert found["orders"].state == "skipped"
    assert {one.state for key, one in found.items() if key != "orders"} == {"new"}
    assert "cost_per_customer" not in found
    cost = MetricVersion.objects.get(metric__key="cost_of_sales")
    assert (cost.expression, cost.missing_policy, cost.state) == ("quantity * unit_cost", "block", "draft")
    assert dict(cost.dimensions) == {"store": "store_code"}
    store = Dimension.objects.get(key="store")
    assert (store.name_en, store.name_zh) == ("Store", "门店")
    row = AuditRow.objects.get(action="kpis.draft_pack")
    assert row.changes["pack"] == "retail"
    assert "orders," not in row.changes["new"]
    with pytest.raises(actions.MetricRefused, match="Nothing new is possible"):
        draft(here, actor, mapped(lines), without={"cost_per_customer"})


def test_one_refusal_keeps_everything_out(here: Cast, actor: Any, lines: Any) -> None:
    """The organisation's own `orders` is money: what the pack computes from it makes no sense."""
    certify(here, actor, "orders", base(lines, "sum", "net_price", time_column="order_date", dimensions={}))
    with pytest.raises(actions.ImportRefused) as refused:
        draft(here, actor, mapped(lines))
    wrong = [one.entry.key for one in refused.value.outcomes if one.state == "refused"]
    assert wrong == ["average_order_value", "orders_per_customer"]
    assert list(Metric.objects.values_list("key", flat=True)) == ["orders"]
    kept = draft(here, actor, mapped(lines), without=set(wrong))
    assert {one.state for one in kept} == {"new", "skipped"}


def test_a_store_without_cost_shows_coverage_and_no_profit(here: Cast, actor: Any, lines: Any) -> None:
    draft(here, actor, mapped(lines))
    for version in queries.in_order_of_signing(MetricVersion.objects.select_related("metric")):
        sign(version, actor(here.business_owner), actor(here.finance_owner))
    actions.refresh_values(at=AT)
    profit = {
        value.slice.get("store", ""): (value.value, value.coverage_ppm)
        for value in queries.values("month").filter(metric__key="gross_profit")
    }
    assert profit == {"A": (11, 1_000_000), "B": (None, 500_000), "": (None, 750_000)}


def test_arithmetic_is_put_into_an_expression_with_its_brackets() -> None:
    by = {"amount": formulas.parse("a - b"), "rate": formulas.parse("c + 1")}
    assert (
        formulas.replaced(formulas.parse("amount / rate * (-amount)"), by) == "(a - b) / (c + 1) * (-(a - b))"
    )


# --- Pages and API --------------------------------------------------------------------------------------


def posted(here: Cast, lines: Any, **more: Any) -> dict[str, Any]:
    found = mapped(lines)["sales"]
    return {
        "sales": str(lines.pk),
        "of-sales": str(lines.pk),
        **{f"sales-{key}": text for key, text in found.columns.items()},
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
    } | more


def test_the_mapping_step_works_without_javascript(here: Cast, lines: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    assert b"Ready packs" in browser.get(reverse("kpis:library")).content
    page = browser.get(reverse("kpis:packs"))
    assert [pack.key for pack, _there in page.context["offered"]] == list(packs.NAMES)
    address = reverse("kpis:pack", args=["retail"])
    assert browser.get(address, {"sales": ""}).context["new"] == 0
    page = browser.get(address, {"sales": str(lines.pk)})
    form = page.context["form"]
    assert form["sales-amount"].value() == "quantity * net_price"
    assert page.context["new"] == 12
    assert browser.post(address, posted(here, lines)).status_code == 302
    assert MetricVersion.objects.filter(state="draft").count() == 12


def test_errors_stand_beside_their_field(here: Cast, lines: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    address = reverse("kpis:pack", args=["retail"])
    wrong = {"sales-amount": "quantity * store_code", "sales-sold_on": "quantity"}
    page = browser.post(address, posted(here, lines, **wrong))
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"sales-amount", "sales-sold_on"}
    page = browser.post(address, posted(here, lines, business_owner=""))
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"business_owner"})
    assert not Metric.objects.exists()
    page = browser.post(address, posted(here, lines, finance_owner=str(here.business_owner.pk)))
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"finance_owner"})


def test_the_display_follows_the_columns(here: Cast, lines: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    check = reverse("kpis:pack_check", args=["retail"])
    part = browser.post(check, posted(here, lines, **{"sales-cost": "", "offered": ["orders"], "metric": []}))
    assert part.context["new"] == 6
    text = part.content.decode()
    assert "Needs the column: Cost of the line" in text
    assert 'value="orders" id="metric-orders">' in text
    with translation.override("zh-hans"):
        text = browser.post(check, posted(here, lines), HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "revenue" in text
    columns = reverse("kpis:pack_columns", args=["retail"])
    again = {"sales": str(lines.pk), "of-sales": str(lines.pk), "sales-amount": "net_price"}
    assert browser.get(columns, again).context["form"]["sales-amount"].value() == "net_price"
    other = again | {"of-sales": str(here.business_owner.pk)}
    part = browser.get(columns, other)
    assert part.context["form"]["sales-amount"].value() == "quantity * net_price"


def test_only_who_drafts_metrics_sees_packs(here: Cast, lines: Any, client_for: Visit) -> None:
    employee = client_for(here.employee)
    for name in ("pack", "pack_columns"):
        assert employee.get(reverse(f"kpis:{name}", args=["retail"])).status_code == 403
    assert employee.get(reverse("kpis:packs")).status_code == 403
    for name in ("pack", "pack_check"):
        assert employee.post(reverse(f"kpis:{name}", args=["retail"]), posted(here, lines)).status_code == 403
    assert client_for(here.business_owner).get(reverse("kpis:pack", args=["mining"])).status_code == 404


def test_the_api_drafts_packs(here: Cast, lines: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    names = [one["key"] for one in browser.get(reverse("api_metric_packs")).json()]
    assert names == list(packs.NAMES)
    address = reverse("api_metric_pack", args=["retail"])
    detail = browser.get(address).json()
    assert detail["tables"][0]["columns"][0]["key"] == "sold_on"
    owners = {
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
    }

    def post(sales: dict[str, Any], **more: Any) -> Any:
        sent = {"tables": {"sales": {"dataset": str(lines.pk)} | sales}, **owners, **more}
        return browser.post(address, sent, content_type="application/json")

    dry = post({})
    assert (dry.status_code, len(dry.json()["outcomes"])) == (200, 12)
    assert not Metric.objects.exists()
    assert post({"columns": {"amount": "store_code"}}).status_code == 422
    assert post({"columns": {"colour": "store_code"}}).status_code == 400
    assert post({"columns": {}}).json()["title"] == "nothing_possible"
    kept = post({"columns": {"sold_on": "order_date", "amount": "net_price"}}, dry_run=False)
    assert kept.status_code == 201
    assert [one["key"] for one in kept.json()["outcomes"]] == ["revenue"]
    assert MetricVersion.objects.get().expression == "net_price"
    assert browser.get(reverse("api_metric_pack", args=["mining"])).status_code == 404
