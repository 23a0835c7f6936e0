"""Columns that a dataset takes from another one: metrics are cut by them, and nothing is counted twice."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import tenancy
from performance.foundation.models import AuditRow, StaleRow
from performance.kpis import actions, queries
from performance.kpis.models import Metric, Problem
from performance.kpis.queries import rows
from performance.sources import actions as sources
from performance.sources import models
from performance.sources import queries as source_queries
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY, JANUARY, add_rows, base, certify, make_dataset

Visit = Callable[..., Client]
SHOPS = {"code": "text", "region": "text", "opened_on": "date", "desks": "integer"}


@pytest.fixture
@ready.made
def shops(here: Cast) -> models.Dataset:
    """Nanshan is not in it; the Bund sells nothing."""
    return make_dataset(
        "shops",
        SHOPS,
        [("Binjiang", "East", "2020-01-01", 4), ("Bund", "East", "2021-01-01", 7)],
        keys=["code"],
    )


@pytest.fixture
@ready.made
def joined(here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset) -> models.Join:
    return join(sales, shops, by=actor(here.business_owner))


def join(sales: models.Dataset, shops: models.Dataset, **given: Any) -> models.Join:
    return sources.join_dataset(
        **{
            "dataset": sales,
            "other": shops,
            "key": "shop",
            "pairs": [("store", "code")],
            "taken": ["region", "desks"],
            "by": None,
            "at": AT,
        }
        | given
    )


def revenue(here: Cast, actor: Any, sales: models.Dataset) -> Metric:
    return certify(
        here, actor, "revenue", base(sales, "sum", "quantity * price", dimensions={"region": "shop_region"})
    ).metric


def by_region(metric: Metric, month: Any) -> dict[str, Decimal | None]:
    found = queries.values().filter(metric=metric, period_start=month)
    return {value.slice.get("region", "total"): value.value for value in found}


def test_a_metric_is_cut_by_a_column_of_another_dataset(
    here: Cast, actor: Any, sales: models.Dataset, joined: models.Join
) -> None:
    metric = revenue(here, actor, sales)
    actions.refresh_values(at=AT)
    assert by_region(metric, JANUARY) == {
        "total": Decimal("35.05"),
        "East": Decimal("30.00"),
        "": Decimal("5.05"),
    }


def test_what_comes_into_the_other_dataset_moves_the_metric(
    here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset, joined: models.Join
) -> None:
    metric = revenue(here, actor, sales)
    actions.refresh_values(at=AT)
    add_rows(shops, SHOPS, [("Nanshan", "South", "2022-01-01", 1)])
    assert queries.metrics_reading([shops.pk]) == {metric.pk}
    assert queries.keys_over([shops.pk]) == {"revenue"}
    actions.refresh_values(metric_ids=queries.metrics_reading([shops.pk]), at=AT)
    assert by_region(metric, JANUARY)["South"] == Decimal("5.05")


def test_columns_of_the_other_dataset_count_in_the_arithmetic_of_each_row(
    here: Cast, actor: Any, sales: models.Dataset, joined: models.Join
) -> None:
    metric = certify(here, actor, "desks", base(sales, "sum", "shop_desks", dimensions={})).metric
    actions.refresh_values(at=AT)
    january = queries.values().get(metric=metric, period_start=JANUARY)
    assert (january.value, january.coverage_ppm) == (8, 666_666), "Nanshan's row has no desks"


def test_the_rows_behind_a_value_show_what_was_joined(
    here: Cast, actor: Any, sales: models.Dataset, joined: models.Join
) -> None:
    version = certify(
        here, actor, "revenue", base(sales, "sum", "quantity * price", dimensions={"region": "shop_region"})
    )
    trace = rows.trace(version, slice={"region": "East"}, since=JANUARY, until=FEBRUARY)
    place = [column.key for column in trace.columns].index("shop_region")
    assert (trace.total, trace.aggregated) == (3, Decimal("40.10"))
    assert {row[place] for row in trace.rows} == {"East"}


def test_a_metric_waits_while_the_other_dataset_is_read_anew(
    here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset, joined: models.Join
) -> None:
    metric = revenue(here, actor, sales)
    actions.refresh_values(at=AT)
    models.Dataset.objects.filter(pk=shops.pk).update(loaded_at=None)
    add_rows(shops, SHOPS, [("Nanshan", "South", "2022-01-01", 1)])
    actions.refresh_values(at=AT)
    metric.refresh_from_db()
    assert metric.problem == Problem.READING
    assert "South" not in by_region(metric, JANUARY)


@pytest.mark.parametrize("change", ["key", "type", "column", "removed"])
def test_what_changes_under_a_join_keeps_the_values_and_is_said(
    here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset, joined: models.Join, change: str
) -> None:
    metric = revenue(here, actor, sales)
    actions.refresh_values(at=AT)
    before = by_region(metric, JANUARY)
    columns = models.DatasetColumn.objects.filter(dataset=shops)
    if change == "key":
        columns.filter(key="opened_on").update(is_key=True)
    elif change == "type":
        columns.filter(key="code").update(type="integer", role="dimension")
    elif change == "column":
        columns.filter(key="region").update(role="ignored")
    else:
        sources.remove_join(join=joined, by=actor(here.business_owner), at=AT)
    actions.refresh_values(at=AT)
    metric.refresh_from_db()
    assert metric.problem == Problem.GONE
    assert by_region(metric, JANUARY) == before


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"pairs": []}, "pairs"),
        ({"pairs": [("store", "region")]}, "pairs"),
        ({"pairs": [("sale", "code")]}, "types"),
        ({"pairs": [("nowhere", "code")]}, "types"),
        ({"taken": []}, "taken"),
        ({"taken": ["nothing"]}, "taken"),
        ({"taken": ["region", "region"]}, "taken"),
    ],
)
def test_an_unsound_join_is_refused_and_nothing_is_kept(
    sales: models.Dataset, shops: models.Dataset, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(sources.SourceRefused) as caught:
        join(sales, shops, **given)
    assert caught.value.code == code
    assert not models.Join.objects.exists()


def test_only_copied_datasets_with_a_key_are_joined(
    sales: models.Dataset, costs: models.Dataset, shops: models.Dataset
) -> None:
    for dataset, other, code in ((sales, costs, "not_joinable"), (shops, shops, "not_joinable")):
        with pytest.raises(sources.SourceRefused) as caught:
            join(dataset, other)
        assert caught.value.code == code
    models.Dataset.objects.filter(pk=sales.pk).update(mode="live")
    with pytest.raises(sources.SourceRefused) as caught:
        join(sales, shops)
    assert caught.value.code == "live"


def test_names_are_taken_once(sales: models.Dataset, shops: models.Dataset, joined: models.Join) -> None:
    with pytest.raises(sources.SourceRefused) as caught:
        join(sales, shops)
    assert caught.value.code == "key_taken"


def test_a_column_of_its_own_is_meant_where_a_join_has_the_same_name(
    here: Cast, actor: Any, sales: models.Dataset, joined: models.Join
) -> None:
    """It may come with the next file; nothing that reads the dataset breaks."""
    models.DatasetColumn.objects.create(
        dataset=sales, number=99, source_name="x", key="shop_region", type="text", role="dimension"
    )
    with connection.cursor() as cursor:
        columns = [{"key": each.key, "type": each.type} for each in sales.columns.all()]
        cursor.execute("SELECT dataset_rows.shape(%s, %s::jsonb)", [sales.pk, json.dumps(columns)])
    metric = revenue(here, actor, sales)
    actions.refresh_values(at=AT)
    assert by_region(metric, JANUARY) == {"total": Decimal("35.05"), "": Decimal("35.05")}


def test_a_join_is_matched_by_columns_of_the_dataset_itself(
    here: Cast, sales: models.Dataset, joined: models.Join
) -> None:
    regions = make_dataset("regions", {"name": "text", "head": "text"}, [("East", "Li")], keys=["name"])
    with pytest.raises(sources.SourceRefused) as caught:
        join(sales, regions, key="region", pairs=[("shop_region", "name")], taken=["head"])
    assert caught.value.code == "types"


def test_a_month_is_settled_when_what_is_joined_is(
    here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset, joined: models.Join
) -> None:
    revenue(here, actor, sales)
    models.Dataset.objects.filter(pk=shops.pk).update(settling_days=30)
    assert queries.settling_days() == 30


def test_targets_are_read_from_a_dataset_that_takes_columns(
    here: Cast, actor: Any, sales: models.Dataset, shops: models.Dataset
) -> None:
    metric = certify(here, actor, "revenue", base(sales, "sum", "quantity * price")).metric
    plans = make_dataset(
        "plans", {"on": "text", "store": "text", "goal": "decimal"}, [("2026-01", "Bund", "7")]
    )
    join(plans, shops, taken=["region"])
    columns = actions.TargetColumns(month_column="on", value_column="goal", metric=metric)
    assert actions.import_targets(dataset=plans, columns=columns, by=actor(here.finance_owner), at=AT) == 1


def test_a_join_is_told_in_the_log_and_to_the_metrics(here: Cast, actor: Any, joined: models.Join) -> None:
    row = AuditRow.objects.get(action="sources.join_dataset")
    assert row.changes == {
        "other": "Shops",
        "matched": "store = code",
        "taken": "shop_region, shop_desks",
    }
    assert StaleRow.objects.filter(kind="metric_values", subject_id=joined.dataset_id).exists()


def test_reading_many_datasets_costs_as_much_as_reading_one(
    here: Cast, sales: models.Dataset, costs: models.Dataset, shops: models.Dataset, joined: models.Join
) -> None:
    def asked(datasets: list[models.Dataset]) -> int:
        with CaptureQueriesContext(connection) as caught:
            queries.sheets_of(datasets)
        return len(caught)

    assert asked([sales]) == asked([sales, costs, shops]) == 3
    join(costs, shops)
    assert asked([sales, costs, shops]) == 3


# --- Pages and API ---------------------------------------------------------------------------------------


def test_a_dataset_takes_columns_on_its_pages(
    cast: Cast, client_for: Visit, sales: models.Dataset, shops: models.Dataset
) -> None:
    browser = client_for(cast.business_owner)
    page = browser.get(reverse("sources:dataset", args=[sales.pk])).content.decode()
    address = reverse("sources:join", args=[sales.pk])
    assert address in page
    assert "Shops" in browser.get(address).content.decode()
    form = browser.get(address, {"other": str(shops.pk)}).content.decode()
    assert "Code is our column" in form
    sent = {"key": "shop", "pair_code": "store", "taken": ["region"]}
    odd = browser.post(f"{address}?other={shops.pk}", sent | {"pair_code": ""})
    assert odd.status_code == 422
    assert browser.post(f"{address}?other={shops.pk}", sent).status_code == 302
    page = browser.get(reverse("sources:dataset", args=[sales.pk])).content.decode()
    assert "shop_region" in page
    with tenancy.acting_for(cast.organisation):
        made = models.Join.objects.get()
        assert source_queries.unmatched(made) == 1
    removed = browser.post(reverse("sources:remove_join", args=[sales.pk, made.pk]))
    assert removed.status_code == 302
    assert browser.post(reverse("sources:remove_join", args=[sales.pk, made.pk])).status_code == 404


def test_without_another_dataset_the_page_says_what_is_missing(
    cast: Cast, client_for: Visit, sales: models.Dataset
) -> None:
    page = client_for(cast.finance_owner).get(reverse("sources:join", args=[sales.pk])).content.decode()
    assert "No other dataset to take from" in page


def test_joins_are_for_those_who_work_with_data(
    cast: Cast, client_for: Visit, sales: models.Dataset, shops: models.Dataset, joined: models.Join
) -> None:
    page, api = reverse("sources:join", args=[sales.pk]), reverse("api_joins", args=[sales.pk])
    given = {"other": str(shops.pk), "key": "again", "pairs": {"store": "code"}, "taken": ["region"]}
    outcomes = {
        name: (
            client_for(getattr(cast, name)).get(page).status_code,
            client_for(getattr(cast, name)).get(api).status_code,
            client_for(getattr(cast, name)).post(api, given, content_type="application/json").status_code,
        )
        for name in ("employee", "manager", "hr", "auditor", "stranger", "finance_owner")
    }
    assert outcomes == {
        "employee": (403, 403, 403),
        "manager": (403, 403, 403),
        "hr": (403, 403, 403),
        "auditor": (403, 200, 403),
        "stranger": (404, 404, 404),
        "finance_owner": (200, 200, 201),
    }


def test_the_api_joins_and_parts(
    cast: Cast, client_for: Visit, sales: models.Dataset, shops: models.Dataset
) -> None:
    browser, api = client_for(cast.business_owner), reverse("api_joins", args=[sales.pk])
    given = {"other": str(shops.pk), "key": "shop", "pairs": {"store": "code"}, "taken": ["region"]}
    made = browser.post(api, given, content_type="application/json").json()
    assert made["pairs"] == {"store": "code"}
    assert [each["id"] for each in browser.get(api).json()] == [made["id"]]
    wrong = browser.post(api, given | {"key": "x", "pairs": {}}, content_type="application/json")
    assert wrong.status_code == 422
    assert "Name a column for each part" in wrong.content.decode()
    assert browser.delete(reverse("api_join", args=[sales.pk, made["id"]])).status_code == 204
    assert browser.get(api).json() == []
