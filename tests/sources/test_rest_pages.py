"""REST on the pages and in the API: connect, write an endpoint down, see its rows, load; and who may."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.sources import models
from tests.conftest import Cast
from tests.sources import stage
from tests.sources.rest_server import SECRET, Shop, orders, served
from tests.sources.test_api import ROOT, send
from tests.sources.test_views import fields_of, work

pytestmark = pytest.mark.usefixtures("webs_closed")
SignIn = Callable[[Any], Client]


@pytest.fixture
def shop(settings: Any) -> Iterator[Shop]:
    with served(orders(9)) as shop:
        settings.ACCORD_EGRESS_ALLOW = shop.allow
        yield shop


def connected(browser: Client, shop: Shop, **values: str) -> Any:
    given = {
        "name_en": "Shop",
        "base_address": shop.base,
        "auth": "header",
        "header_name": "X-API-Key",
        "password": SECRET,
    }
    return browser.post(reverse("sources:connect", args=["rest"]), given | values)


def test_a_source_is_connected_looked_at_and_loaded(cast: Cast, client_for: SignIn, shop: Shop) -> None:
    browser = client_for(cast.administrator)
    assert "REST" in browser.get(reverse("sources:new")).content.decode()
    answer = connected(browser, shop)
    assert answer.status_code == 302, answer.content.decode()
    work(cast)
    page = browser.get(answer["Location"]).content.decode()
    assert shop.base in page
    assert SECRET not in page
    with tenancy.acting_for(cast.organisation):
        connection = models.Connection.objects.get()
        assert (connection.state, connection.host, connection.port) == ("connected", "127.0.0.1", shop.port)
    endpoint = {
        "name": "orders",
        "path": "/guarded/",
        "parameters": "kind=sale\r\nstate=paid",
        "rows_path": "",
        "paging": "none",
        "first_page": "1",
        "since_format": "iso",
    }
    looked = browser.post(reverse("sources:add_endpoint", args=[connection.pk]), endpoint)
    assert looked.status_code == 302, looked.content.decode()
    work(cast)
    model = browser.get(looked["Location"])
    assert "store.code" in model.content.decode()
    assert shop.asked[-1].query == {"kind": "sale", "state": "paid"}
    sent = fields_of(model.context["form"], model.context["formset"]) | {"columns-0-is_key": "on"}
    made = browser.post(looked["Location"], sent)
    assert made.status_code == 302, made.content.decode()
    work(cast)
    page = browser.get(made["Location"]).content.decode()
    assert "orders" in page
    with tenancy.acting_for(cast.organisation):
        assert models.Dataset.objects.get().row_count == 9
    assert "/guarded" in browser.get(reverse("sources:connection", args=[connection.pk])).content.decode()


def test_what_is_wrong_is_said_beside_the_field(cast: Cast, client_for: SignIn, shop: Shop) -> None:
    browser = client_for(cast.administrator)
    for values, field in (
        ({"base_address": "ftp://shop.example"}, "base_address"),
        ({"header_name": "Cookie"}, "header_name"),
        ({"password": ""}, "password"),
        ({"auth": "oauth", "user_name": ""}, "user_name"),
    ):
        answer = connected(browser, shop, **values)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
    connected(browser, shop)
    with tenancy.acting_for(cast.organisation):
        connection = models.Connection.objects.get()
    answer = browser.post(
        reverse("sources:add_endpoint", args=[connection.pk]),
        {"name": "a", "path": "a?b=c", "paging": "none", "since_format": "iso"},
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["path"]


def test_an_endpoint_is_changed_and_removed(cast: Cast, client_for: SignIn, shop: Shop) -> None:
    browser = client_for(cast.administrator)
    connected(browser, shop)
    with tenancy.acting_for(cast.organisation):
        connection = models.Connection.objects.get()
    endpoint = {"name": "orders", "path": "all", "paging": "none", "since_format": "iso", "first_page": "0"}
    browser.post(reverse("sources:add_endpoint", args=[connection.pk]), endpoint)
    with tenancy.acting_for(cast.organisation):
        made = models.Endpoint.objects.get()
        assert made.first_page == 0
    where = reverse("sources:change_endpoint", args=[connection.pk, made.pk])
    assert browser.get(where).status_code == 200
    answer = browser.post(where, endpoint | {"path": "pages", "rows_path": "data.items"})
    assert answer.status_code == 302, answer.content.decode()
    with tenancy.acting_for(cast.organisation):
        made.refresh_from_db()
        assert (made.path, made.rows_path) == ("pages", "data.items")
    browser.post(reverse("sources:remove_endpoint", args=[connection.pk, made.pk]))
    with tenancy.acting_for(cast.organisation):
        assert not models.Endpoint.objects.exists()
    assert client_for(cast.employee).get(where).status_code == 403


def test_the_address_is_changed_with_the_secret_only(cast: Cast, client_for: SignIn, shop: Shop) -> None:
    browser = client_for(cast.administrator)
    connected(browser, shop)
    with tenancy.acting_for(cast.organisation):
        connection = models.Connection.objects.get()
    where = reverse("sources:change", args=[connection.pk])
    page = browser.get(where)
    assert SECRET not in page.content.decode()
    sent = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    assert browser.post(where, sent | {"name_en": "Till"}).status_code == 302
    moved = browser.post(where, sent | {"base_address": "https://example.com/v2"})
    assert list(moved.context["form"].errors) == ["password"]


def test_the_api_does_what_the_pages_do(cast: Cast, client_for: SignIn, shop: Shop) -> None:
    browser = client_for(cast.administrator)
    made = send(
        browser,
        "connections/",
        {"kind": "rest", "name_en": "Shop", "base_address": shop.base, "auth": "bearer", "password": SECRET},
    )
    assert made.status_code == 201, made.content
    assert SECRET not in made.content.decode()
    key = made.json()["id"]
    assert (made.json()["base_address"], made.json()["auth"]) == (shop.base, "bearer")
    refused = send(browser, "connections/", {"kind": "rest", "name_en": "B", "base_address": "file:///etc"})
    assert (refused.status_code, refused.json()["title"]) == (422, "bad_address")
    endpoints = f"connections/{key}/endpoints/"
    bad = send(browser, endpoints, {"name": "orders", "path": "guarded", "rows_path": "length(@)"})
    assert (bad.status_code, list(bad.json()["errors"])) == (422, ["rows_path"])
    endpoint = send(browser, endpoints, {"name": "orders", "path": "nowhere"})
    assert endpoint.status_code == 201, endpoint.content
    one = f"{ROOT}{endpoints}{endpoint.json()['id']}/"
    changed = browser.patch(one, {"path": "guarded"}, content_type="application/json")
    assert (changed.status_code, changed.json()["path"]) == (200, "guarded")
    assert browser.get(one).json()["name"] == "orders"
    assert [row["name"] for row in browser.get(ROOT + endpoints).json()["results"]] == ["orders"]
    asked = send(browser, f"connections/{key}/probes/", {"kind": "describe", "table": "orders"})
    work(cast)
    answer = browser.get(f"{ROOT}probes/{asked.json()['id']}/").json()
    assert answer["state"] == "done", answer
    taken = ("source_name", "key", "type", "role")
    columns = [{name: column[name] for name in taken} for column in answer["answer"]["columns"]]
    columns[0]["is_key"] = True
    made = send(
        browser,
        "datasets/",
        {"connection": key, "key": "orders", "name_en": "O", "table_name": "orders", "columns": columns},
    )
    assert made.status_code == 201, made.content
    work(cast)
    rows = browser.get(f"{ROOT}datasets/{made.json()['id']}/rows/").json()
    assert len(rows["rows"]) == 9
    assert browser.delete(one).status_code == 422, "a dataset reads from it"
    assert client_for(cast.employee).get(ROOT + endpoints).status_code == 403
    assert client_for(cast.auditor).get(ROOT + endpoints).status_code == 200
    assert client_for(cast.auditor).delete(one).status_code == 403
    assert client_for(cast.stranger).get(ROOT + endpoints).status_code in (403, 404)


def test_only_a_rest_source_has_endpoints(cast: Cast, client_for: SignIn, tmp_path: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        path = tmp_path / "a.csv"
        path.write_text("id\n1\n")
        connection = stage.uploaded(path)
    browser = client_for(cast.administrator)
    answer = browser.post(
        reverse("sources:add_endpoint", args=[connection.pk]),
        {"name": "a", "paging": "none", "since_format": "iso"},
    )
    assert answer.status_code == 403
