"""Loads of REST sources: repeatable, safe to kill, honest about late rows and lost columns, and frugal."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest

from performance.foundation.models import AuditRow
from performance.people.models import Organisation
from performance.sources import actions, models
from performance.sources.actions import claiming
from tests.sources import stage
from tests.sources.rest_server import SECRET, Shop, orders, served
from tests.sources.stage import AT, Clock, Killed

pytestmark = pytest.mark.usefixtures("webs_closed")

LATER = AT + datetime.timedelta(minutes=10)


@pytest.fixture
def shop(settings: Any) -> Iterator[Shop]:
    with served(orders(9)) as shop:
        settings.ACCORD_EGRESS_ALLOW = shop.allow
        yield shop


def connected(shop: Shop, **values: Any) -> models.Connection:
    return actions.connect_source(
        kind="rest",
        name_en="Shop",
        base_address=shop.base,
        by=None,
        at=AT,
        **{"auth": "bearer", "password": SECRET} | values,
    )


def modelled(connection: models.Connection, endpoint: dict[str, Any], **options: Any) -> models.Dataset:
    actions.add_endpoint(connection=connection, values={"name": "orders", **endpoint}, by=None, at=AT)
    return stage.modelled(
        connection,
        {"schema": "", "table": "orders"},
        "orders",
        change=lambda proposal: {"is_key": proposal.key == "id"},
        **options,
    )


PAGED = {
    "path": "cursors",
    "rows_path": "rows",
    "paging": "cursor",
    "page_parameter": "after",
    "next_path": "meta.next",
}
SINCE = {"path": "since", "since_parameter": "updated_since"}


def test_a_load_is_complete_and_twice_changes_nothing(acting: Organisation, shop: Shop) -> None:
    dataset = modelled(connected(shop), PAGED)
    assert stage.counts(stage.load(dataset))["inserted"] == 9
    done = stage.load(dataset)
    assert (done.rows_unchanged, done.rows_inserted, done.rows_deleted) == (9, 0, 0)
    assert stage.rows(dataset, "id", "store_code")[0] == (1, "01")
    assert {one.headers["authorization"] for one in shop.asked} == {f"Bearer {SECRET}"}
    shop.orders.pop(0)
    assert stage.load(dataset).rows_deleted == 1, "a load of everything tells what is gone"


def test_a_load_killed_between_pages_is_taken_up_by_another_worker(acting: Organisation, shop: Shop) -> None:
    calm = modelled(connected(shop), PAGED)
    stage.load(calm)
    expected = stage.rows(calm, "id", "amount", "updated_at")
    connection = actions.connect_source(kind="rest", name_en="Again", base_address=shop.base, by=None, at=AT)
    actions.add_endpoint(connection=connection, values={"name": "orders", **PAGED}, by=None, at=AT)
    dataset = stage.modelled(
        connection,
        {"schema": "", "table": "orders"},
        "orders_again",
        change=lambda proposal: {"is_key": proposal.key == "id"},
    )
    load = actions.start_load(dataset=dataset, by=None, at=AT)
    with pytest.raises(Killed):
        actions.run_load(load_id=load.pk, clock=Clock(die_at=5), batch_rows=2)
    load.refresh_from_db()
    assert load.state == "running"
    assert 0 < load.rows_read < 9
    assert stage.rows(dataset, "id") == [], "half a load is no load"
    assert actions.run_load(load_id=load.pk, clock=Clock(LATER), batch_rows=2)
    load.refresh_from_db()
    assert (load.attempt, load.rows_read, load.rows_inserted) == (2, 9, 9)
    assert stage.rows(dataset, "id", "amount", "updated_at") == expected


def test_only_what_is_new_is_read_and_nothing_is_taken_for_gone(acting: Organisation, shop: Shop) -> None:
    dataset = modelled(connected(shop), SINCE, cursor_column="updated_at", overlap_days=3)
    stage.load(dataset)
    assert dataset.cursor == {"type": "timestamp", "value": "2026-05-09T08:00:00+00:00"}
    late = {**orders(1)[0], "id": 99, "updated_at": "2026-05-07T00:00:00Z"}
    shop.orders[:] = [one for one in shop.orders if one["id"] != 8] + [late]
    shop.asked.clear()
    done = stage.load(dataset, Clock(LATER))
    assert shop.asked[-1].query == {"updated_since": "2026-05-06T08:00:00Z"}
    assert (done.rows_read, done.rows_inserted, done.rows_deleted) == (4, 1, 0), done.problem
    assert not done.is_full
    full = stage.load(dataset, Clock(LATER), is_full=True)
    assert full.rows_deleted == 1


def test_a_column_that_the_source_drops_is_reported_and_the_rows_stay(
    acting: Organisation, shop: Shop
) -> None:
    dataset = modelled(connected(shop), PAGED)
    stage.load(dataset)
    for one in shop.orders:
        del one["amount"]
        one["coupon"] = None
    failed = stage.load(dataset)
    assert (failed.state, failed.problem_code) == ("failed", "column_missing")
    assert {(change["column"], change["change"]) for change in failed.drift} == {
        ("amount", "gone"),
        ("coupon", "new"),
    }
    assert len(stage.rows(dataset, "id")) == 9


def test_rows_that_do_not_fit_are_kept_aside(acting: Organisation, shop: Shop) -> None:
    dataset = modelled(connected(shop), PAGED)
    shop.orders[0]["amount"] = "much"
    del shop.orders[1]["id"]
    done = stage.load(dataset)
    assert (done.rows_inserted, done.rows_rejected) == (7, 2)
    assert sorted(row.reason for row in done.rejected_rows.all()) == ["key_missing", "not_decimal"]


def test_a_busy_source_puts_the_load_off(acting: Organisation, shop: Shop) -> None:
    dataset = modelled(connected(shop), PAGED)
    shop.before = [(429, {"Retry-After": "9999"}, SECRET.encode())]
    load = stage.load(dataset)
    assert (load.state, load.problem_code) == ("waiting", "source_busy")
    assert load.due_at > AT
    assert load.attempt < claiming.MAX_ATTEMPTS


def test_the_secret_is_in_no_row_that_people_read(acting: Organisation, shop: Shop) -> None:
    connection = connected(shop)
    dataset = modelled(connection, {"path": "all", "parameters": {"token": "in-a-parameter"}})
    shop.before = [(401, {}, SECRET.encode())]
    failed = stage.load(dataset)
    assert failed.problem_code == "credentials_refused"
    kept = [
        *AuditRow.objects.values_list("changes", flat=True),
        *models.Load.objects.values_list("problem_params", flat=True),
        *models.Connection.objects.values_list("sealed", flat=True),
    ]
    assert SECRET not in json.dumps(kept)
    assert "in-a-parameter" not in json.dumps(kept)


def test_another_address_or_way_of_signing_in_needs_the_secret_again(
    acting: Organisation, shop: Shop
) -> None:
    connection = connected(shop)
    for values in (
        {"base_address": "https://example.com"},
        {"auth": "header", "header_name": "X-Key"},
        {"auth": "oauth", "user_name": "c", "token_address": "https://example.com/token"},
    ):
        with pytest.raises(actions.SourceRefused) as refused:
            actions.change_connection(connection=connection, values=values, password="", by=None, at=AT)
        assert (refused.value.code, refused.value.field) == ("password_needed", "password")
    changed = actions.change_connection(
        connection=connection, values={"auth": "none"}, password="", by=None, at=AT
    )
    assert changed.sealed == ""


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"base_address": "ftp://example.com"}, "base_address"),
        ({"auth": "bearer", "password": ""}, "password"),
        ({"auth": "basic", "user_name": ""}, "user_name"),
        ({"auth": "header", "header_name": "Host"}, "header_name"),
        ({"auth": "oauth", "user_name": "c", "token_address": ""}, "token_address"),
        ({"auth": "oauth", "user_name": "c", "token_address": "file:///token"}, "token_address"),
    ],
)
def test_an_address_is_judged_before_it_is_kept(
    acting: Organisation, values: dict[str, str], field: str
) -> None:
    given = {"base_address": "https://example.com/v1", "password": SECRET, **values}
    with pytest.raises(actions.SourceRefused) as refused:
        actions.connect_source(kind="rest", name_en="Shop", by=None, at=AT, **given)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"path": "../admin"}, "path"),
        ({"rows_path": "length(@)"}, "rows_path"),
        ({"paging": "page"}, "page_parameter"),
        ({"paging": "cursor"}, "next_path"),
        ({"page_size": 10}, "size_parameter"),
    ],
)
def test_an_endpoint_is_judged_before_it_is_kept(
    acting: Organisation, shop: Shop, values: dict[str, Any], field: str
) -> None:
    connection = connected(shop)
    with pytest.raises(actions.SourceRefused) as refused:
        actions.add_endpoint(connection=connection, values={"name": "a", **values}, by=None, at=AT)
    assert refused.value.field == field


def test_an_endpoint_in_use_is_neither_renamed_nor_removed(acting: Organisation, shop: Shop) -> None:
    connection = connected(shop)
    dataset = modelled(connection, SINCE, cursor_column="updated_at")
    stage.load(dataset)
    endpoint = models.Endpoint.objects.get()
    with pytest.raises(actions.SourceRefused) as refused:
        actions.change_endpoint(endpoint=endpoint, values={"name": "other"}, by=None, at=AT)
    assert refused.value.code == "in_use"
    with pytest.raises(actions.SourceRefused):
        actions.remove_endpoint(endpoint=endpoint, by=None, at=AT)
    actions.change_endpoint(endpoint=endpoint, values={"path": "all"}, by=None, at=AT)
    dataset.refresh_from_db()
    assert dataset.cursor == {}, "it is read anew from the other path"
    with pytest.raises(actions.SourceRefused):
        actions.add_endpoint(connection=connection, values={"name": "orders"}, by=None, at=AT)


def test_a_query_is_for_databases_only(acting: Organisation, shop: Shop) -> None:
    with pytest.raises(Exception, match="Only a database takes queries"):
        actions.ask_source(
            connection=connected(shop), kind="describe", question={"query": "SELECT 1"}, by=None, at=AT
        )
