"""The API of sources: connect, look, model, load and read, by the rules of the pages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from performance.foundation import tenancy
from performance.sources import actions, models
from tests.conftest import Cast
from tests.sources.real_data import Place
from tests.sources.test_views import work

SignIn = Callable[[Any], Client]
ROOT = "/api/v1/sources/"


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


def send(browser: Client, path: str, body: dict[str, Any]) -> Any:
    return browser.post(ROOT + path, body, content_type="application/json")


def connected(browser: Client, place: Place) -> str:
    values = place.values
    answer = send(
        browser,
        "connections/",
        {
            "kind": place.kind,
            "name_en": "Shop",
            "host": values["host"],
            "port": values["port"],
            "database": values["database"],
            "user_name": values["user"],
            "password": "never-shown-again",
        },
    )
    assert answer.status_code == 201, answer.content
    assert "never-shown-again" not in answer.content.decode()
    return answer.json()["id"]


def test_a_dataset_is_connected_modelled_loaded_and_read(
    cast: Cast, client_for: SignIn, contoso: Place
) -> None:
    browser = client_for(cast.administrator)
    key = connected(browser, contoso)
    asked = send(
        browser, f"connections/{key}/probes/", {"kind": "describe", "schema": "public", "table": "store"}
    )
    assert asked.status_code == 202
    work(cast)
    probe = browser.get(f"{ROOT}probes/{asked.json()['id']}/").json()
    assert probe["state"] == "done"
    taken = ("source_name", "key", "type", "role", "is_key", "source_type")
    columns = [{name: column[name] for name in taken} for column in probe["answer"]["columns"]]
    made = send(
        browser,
        "datasets/",
        {
            "connection": key,
            "key": "stores",
            "name_en": "Stores",
            "schema_name": "public",
            "table_name": "store",
            "columns": columns,
        },
    )
    assert made.status_code == 201, made.content
    work(cast)
    dataset = made.json()["id"]
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = browser.get(f"{ROOT}datasets/{dataset}/rows/", {"limit": 20, "cursor": cursor}).json()
        assert page["columns"][0] == "store_key"
        seen, cursor, pages = [*seen, *(row[0] for row in page["rows"])], page["next"], pages + 1
    assert (pages, len(seen), seen) == (4, 74, sorted(set(seen)))
    for bent in ("x", "WyJ4Il0=", "WyJ4IiwgInkiXQ==", "e30="):
        assert browser.get(f"{ROOT}datasets/{dataset}/rows/", {"cursor": bent}).status_code == 400, bent
    (load,) = browser.get(f"{ROOT}datasets/{dataset}/loads/").json()["results"]
    assert (load["state"], load["rows_inserted"]) == ("done", 74)
    again = send(browser, f"datasets/{dataset}/loads/", {"full": True})
    assert again.status_code == 202
    assert send(browser, f"loads/{again.json()['id']}/stop/", {}).json()["state"] == "cancelled"
    assert send(browser, f"loads/{again.json()['id']}/stop/", {}).status_code == 403
    (every,) = send(browser, f"connections/{key}/loads/", {}).json()
    assert (every["dataset"], every["state"]) == (dataset, "waiting")
    assert send(client_for(cast.employee), f"connections/{key}/loads/", {}).status_code == 403
    assert send(browser, f"loads/{every['id']}/stop/", {}).json()["state"] == "cancelled"
    renamed = {**made.json(), "columns": columns, "connection": key, "name_en": "Shops"}
    address = f"{ROOT}datasets/{dataset}/"
    put = browser.put(address, renamed, content_type="application/json")
    assert put.status_code == 202, put.content
    assert browser.get(address).json()["name_en"] == "Shops"
    moved = renamed | {"connection": dataset}
    assert browser.put(address, moved, content_type="application/json").status_code == 400
    assert client_for(cast.employee).put(address, renamed, content_type="application/json").status_code == 403
    twice = send(browser, "datasets/", renamed)
    assert twice.status_code == 422
    assert twice.json()["errors"]["key"]


def test_a_file_is_uploaded_and_its_datasets_are_loaded(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    key = send(browser, "connections/", {"kind": "file", "name_en": "Budgets"}).json()["id"]
    file = SimpleUploadedFile("budgets.csv", b"store,budget\n010,5\n,6\n")
    assert browser.post(f"{ROOT}connections/{key}/files/", {"file": file}).status_code == 202
    column = {"type": "text", "role": "key", "is_key": True}
    columns = [
        {"source_name": "store", "key": "store", **column},
        {"source_name": "budget", "key": "budget", "type": "decimal", "role": "measure"},
    ]
    body = {
        "connection": key,
        "key": "budgets",
        "name_en": "Budgets",
        "table_name": "budgets",
        "columns": columns,
    }
    dataset = send(browser, "datasets/", body).json()["id"]
    work(cast)
    (load,) = browser.get(f"{ROOT}datasets/{dataset}/loads/").json()["results"]
    assert (load["rows_inserted"], load["rows_rejected"]) == (1, 1)
    (rejected,) = browser.get(f"{ROOT}loads/{load['id']}/rejected/").json()["results"]
    assert rejected["reason"] == "key_missing"


def test_rows_without_a_key_are_read_in_pages_too(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    key = send(browser, "connections/", {"kind": "file", "name_en": "Visits"}).json()["id"]
    file = SimpleUploadedFile("visits.csv", b"store,visits\nA,5\nA,5\nB,7\n")
    assert browser.post(f"{ROOT}connections/{key}/files/", {"file": file}).status_code == 202
    columns = [
        {"source_name": "store", "key": "store", "type": "text", "role": "dimension"},
        {"source_name": "visits", "key": "visits", "type": "integer", "role": "measure"},
    ]
    body = {
        "connection": key,
        "key": "visits",
        "name_en": "Visits",
        "table_name": "visits",
        "columns": columns,
    }
    dataset = send(browser, "datasets/", body).json()["id"]
    work(cast)
    first = browser.get(f"{ROOT}datasets/{dataset}/rows/", {"limit": 2}).json()
    rest = browser.get(f"{ROOT}datasets/{dataset}/rows/", {"limit": 2, "cursor": first["next"]}).json()
    assert sorted(first["rows"] + rest["rows"]) == [["A", 5], ["A", 5], ["B", 7]]
    assert rest["next"] is None


@pytest.mark.parametrize("role", ["employee", "hr", "manager"])
def test_others_are_refused(role: str, cast: Cast, client_for: SignIn) -> None:
    browser = client_for(getattr(cast, role))
    for path in ("connections/", "datasets/"):
        assert browser.get(ROOT + path).status_code == 403
    assert send(browser, "connections/", {"kind": "file", "name_en": "x"}).status_code == 403


def test_an_auditor_reads_and_does_not_write(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.auditor)
    assert browser.get(ROOT + "connections/").status_code == 200
    assert send(browser, "connections/", {"kind": "file", "name_en": "x"}).status_code == 403


def test_a_business_owner_does_not_connect_and_a_stranger_finds_nothing(
    cast: Cast, client_for: SignIn, contoso: Place
) -> None:
    key = connected(client_for(cast.administrator), contoso)
    owner = client_for(cast.business_owner)
    assert send(owner, "connections/", {"kind": "file", "name_en": "x"}).status_code == 403
    assert owner.get(f"{ROOT}connections/{key}/").status_code == 200
    stranger = client_for(cast.stranger)
    assert stranger.get(f"{ROOT}connections/{key}/").status_code == 404
    assert send(stranger, f"connections/{key}/probes/", {"kind": "check"}).status_code == 404
    assert stranger.get(ROOT + "connections/").json()["results"] == []


def test_a_hostile_query_is_a_problem_and_not_a_query(cast: Cast, client_for: SignIn, contoso: Place) -> None:
    browser = client_for(cast.administrator)
    key = connected(browser, contoso)
    answer = send(browser, f"connections/{key}/probes/", {"kind": "describe", "query": "DROP TABLE store"})
    assert answer.status_code == 422
    assert answer.json()["title"] == "query_not_select"


def test_a_load_that_failed_says_why(cast: Cast, client_for: SignIn) -> None:
    with tenancy.acting_for(cast.organisation):
        connection = actions.connect_source(kind="file", name_en="Empty", by=None, at=timezone.now())
        column = actions.ColumnPlan(source_name="a", key="a", type="text", role="dimension")
        plan = actions.DatasetPlan(key="empty", name_en="Empty", table_name="a", columns=[column])
        dataset, _load = actions.create_dataset(connection=connection, plan=plan, by=None, at=timezone.now())
    work(cast)
    browser = client_for(cast.finance_owner)
    (load,) = browser.get(f"{ROOT}datasets/{dataset.pk}/loads/").json()["results"]
    assert (load["state"], load["problem_code"]) == ("failed", "file_missing")
    assert load["problem"]
    assert models.Dataset.objects is not None
