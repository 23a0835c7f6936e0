"""The pages of sources: connect, look, model, load, and who may."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import models as foundation
from performance.foundation import tenancy
from performance.sources import actions, models
from tests.conftest import Cast
from tests.sources import stage
from tests.sources.real_data import Place

SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def acting_for_cast(cast: Cast) -> Iterator[None]:
    with tenancy.acting_for(cast.organisation):
        yield


@pytest.fixture
def stores(cast: Cast, contoso: Place, acting_for_cast: None) -> models.Dataset:
    dataset = stage.modelled(stage.connected(contoso), {"schema": "public", "table": "store"}, "stores")
    stage.load(dataset)
    return dataset


def work(cast: Cast) -> None:
    """What the worker would have done by now."""
    with tenancy.acting_for(cast.organisation):
        for probe in models.Probe.objects.filter(state="waiting"):
            actions.run_probe(probe_id=probe.pk, clock=timezone.now)
        for load in models.Load.objects.filter(state="waiting"):
            actions.run_load(load_id=load.pk, clock=timezone.now)


def fields_of(form: Any, formset: Any) -> dict[str, Any]:
    """What a browser would send back from the page as it is."""
    sent = {name: form[name].value() for name in form.fields}
    sent |= {
        f"columns-{name}": formset.management_form[name].value() for name in formset.management_form.fields
    }
    for column in formset.forms:
        for name in column.fields:
            value = column[name].value()
            if name == "is_key":
                if value:
                    sent[column.add_prefix(name)] = "on"
            else:
                sent[column.add_prefix(name)] = value if value is not None else ""
    return {name: "" if value is None else value for name, value in sent.items()}


def test_an_administrator_connects_models_and_loads_a_database(
    cast: Cast, client_for: SignIn, contoso: Place
) -> None:
    browser = client_for(cast.administrator)
    values = contoso.values
    answer = browser.post(
        reverse("sources:connect", args=["postgresql"]),
        {
            "name_en": "Shop",
            "name_zh": "商城",
            "host": values["host"],
            "port": values["port"],
            "database": values["database"],
            "user_name": values["user"],
            "password": "never-shown-again",
            "tls": "prefer",
        },
    )
    assert answer.status_code == 302
    page = browser.get(answer["Location"])
    assert b'hx-trigger="every 2s"' in page.content
    work(cast)
    page = browser.get(answer["Location"]).content.decode()
    assert "PostgreSQL" in page
    assert "order_key, line_number" in page
    assert "never-shown-again" not in page
    assert "every 2s" not in page
    connection_url = answer["Location"]
    looked = browser.post(connection_url + "look/", {"schema": "public", "table": "store"})
    waiting = browser.get(looked["Location"])
    assert b"every 2s" in waiting.content
    work(cast)
    state = browser.get(looked["Location"] + "state/")
    assert state["HX-Refresh"] == "true"
    modelling = browser.get(looked["Location"])
    assert "store_key" in modelling.content.decode()
    sent = fields_of(modelling.context["form"], modelling.context["formset"])
    made = browser.post(looked["Location"], sent)
    assert made.status_code == 302, made.context["form"].errors
    running = browser.get(made["Location"])
    assert b"Waiting for a worker" in running.content
    work(cast)
    page = browser.get(made["Location"]).content.decode()
    assert "Fresh" in page
    assert "Contoso Store" in page
    with tenancy.acting_for(cast.organisation):
        dataset = models.Dataset.objects.get()
        assert dataset.row_count == 74
        told = set(foundation.AuditRow.objects.values_list("action", flat=True))
    assert {"sources.connect_source", "sources.look_at_table", "sources.create_dataset"} <= told


def test_a_wrong_password_or_host_is_said_on_the_page(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    sent = {
        "name_en": "Inside",
        "host": "169.254.169.254",
        "database": "d",
        "user_name": "u",
        "tls": "prefer",
    }
    answer = browser.post(reverse("sources:connect", args=["mysql"]), sent)
    work(cast)
    page = browser.get(answer["Location"]).content.decode()
    assert "private network" in page
    assert "Not reachable" in page


def test_a_missing_field_or_a_taken_name_is_422(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.administrator)
    url = reverse("sources:connect", args=["postgresql"])
    assert browser.post(url, {"name_en": "x"}).status_code == 422
    sent = {
        "name_en": stores.connection.name_en,
        "host": "db.example.com",
        "database": "d",
        "user_name": "u",
        "tls": "prefer",
    }
    answer = browser.post(url, sent)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


def test_budgets_are_uploaded_and_modelled(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    text = '门店,月份,预算\n010,2026-05-01,"1,000.50"\n020,soon,5\n'.encode("gbk")
    file = SimpleUploadedFile("budgets.csv", text)
    answer = browser.post(reverse("sources:connect", args=["file"]), {"name_en": "Budgets", "file": file})
    work(cast)
    looked = browser.post(answer["Location"] + "look/", {"table": "budgets"})
    work(cast)
    modelling = browser.get(looked["Location"])
    sent = fields_of(modelling.context["form"], modelling.context["formset"])
    sent |= {"columns-1-type": "date", "columns-1-role": "time", "columns-0-is_key": "on"}
    made = browser.post(looked["Location"], sent)
    assert made.status_code == 302
    work(cast)
    page = browser.get(made["Location"]).content.decode()
    assert "not a date" in page
    assert "1,000.50" in page or "1000.50" in page
    newer = SimpleUploadedFile("budgets.csv", "门店,月份,预算\n010,2026-05-01,7\n".encode())
    assert browser.post(answer["Location"] + "upload/", {"file": newer}).status_code == 302
    work(cast)
    with tenancy.acting_for(cast.organisation):
        dataset = models.Dataset.objects.get()
        assert stage.rows(dataset, "men_dian", "yu_suan") == [("010", 7)]
    june = SimpleUploadedFile("budgets-june.csv", "门店,月份,预算\n010,2026-06-01,8\n".encode())
    assert browser.post(answer["Location"] + "upload/", {"file": june}).status_code == 302
    work(cast)
    card = browser.get(answer["Location"] + "tables/")
    assert [row["dataset"] for row in card.context["tables"]] == [dataset], "by whatever name the file came"
    with tenancy.acting_for(cast.organisation):
        assert stage.rows(dataset, "men_dian", "yu_suan") == [("010", 8)]
    bad = SimpleUploadedFile("budgets.exe", b"MZ")
    assert browser.post(answer["Location"] + "upload/", {"file": bad}).status_code == 422


def test_a_hostile_query_is_refused_where_it_was_typed(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.business_owner)
    url = reverse("sources:look", args=[stores.connection_id])
    for query in ("DROP TABLE store", "SELECT pg_sleep(10)", "SELECT 1; SELECT 2", ""):
        answer = browser.post(url, {"query": query})
        assert answer.status_code == 422
        assert b"is-invalid" in answer.content or b'role="alert"' in answer.content


def test_a_business_owner_changes_columns(cast: Cast, client_for: SignIn, stores: models.Dataset) -> None:
    browser = client_for(cast.business_owner)
    answer = browser.post(reverse("sources:look_again", args=[stores.pk]))
    work(cast)
    modelling = browser.get(answer["Location"])
    sent = fields_of(modelling.context["form"], modelling.context["formset"])
    status = next(
        place for place, row in enumerate(modelling.context["columns"]) if row["column"]["key"] == "status"
    )
    sent[f"columns-{status}-role"] = "ignored"
    assert browser.post(answer["Location"], sent).status_code == 302
    work(cast)
    with tenancy.acting_for(cast.organisation):
        stores.refresh_from_db()
        assert stores.columns.get(key="status").role == "ignored"
        assert stores.row_count == 74


def pages(dataset: models.Dataset) -> list[str]:
    load = models.Load.objects.filter(dataset=dataset).first()
    return [
        reverse("sources:list"),
        reverse("sources:connection", args=[dataset.connection_id]),
        reverse("sources:health", args=[dataset.connection_id]),
        reverse("sources:tables", args=[dataset.connection_id]),
        reverse("sources:runs", args=[dataset.connection_id]),
        reverse("sources:dataset", args=[dataset.pk]),
        reverse("sources:dataset_runs", args=[dataset.pk]),
        reverse("sources:load", args=[load.pk]),
        reverse("sources:load_progress", args=[load.pk]),
    ]


@pytest.mark.parametrize("role", ["administrator", "business_owner", "finance_owner", "auditor"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_those_who_work_with_data_see_the_pages(
    role: str, language: str, cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(getattr(cast, role))
    browser.cookies["accord_language"] = language
    for url in pages(stores):
        assert browser.get(url).status_code == 200, url


@pytest.mark.parametrize("role", ["employee", "manager", "colleague", "hr"])
def test_others_do_not(role: str, cast: Cast, client_for: SignIn, stores: models.Dataset) -> None:
    browser = client_for(getattr(cast, role))
    for url in pages(stores):
        assert browser.get(url).status_code == 403, url


def test_an_administrator_elsewhere_finds_nothing(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.stranger)
    for url in pages(stores)[1:]:
        assert browser.get(url).status_code == 404, url
    for name, key in (("load_now", stores.pk), ("close_dataset", stores.pk), ("test", stores.connection_id)):
        assert browser.post(reverse(f"sources:{name}", args=[key])).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "employee", "business_owner"])
def test_only_administrators_touch_connections(
    role: str, cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(getattr(cast, role))
    assert browser.post(reverse("sources:connect", args=["postgresql"]), {}).status_code == 403
    for name in ("change", "pause", "resume", "close"):
        url = reverse(f"sources:{name}", args=[stores.connection_id])
        assert browser.post(url, {}).status_code == 403, name


def test_an_auditor_starts_nothing(cast: Cast, client_for: SignIn, stores: models.Dataset) -> None:
    browser = client_for(cast.auditor)
    for name, key in (
        ("load_now", stores.pk),
        ("look_again", stores.pk),
        ("close_dataset", stores.pk),
        ("test", stores.connection_id),
        ("list_tables", stores.connection_id),
        ("load_all", stores.connection_id),
        ("look", stores.connection_id),
    ):
        assert browser.post(reverse(f"sources:{name}", args=[key])).status_code == 403, name


def test_a_running_load_shows_its_progress_and_can_be_stopped(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.finance_owner)
    assert browser.post(reverse("sources:load_now", args=[stores.pk])).status_code == 302
    load = models.Load.objects.get(state="waiting")
    models.Load.objects.filter(pk=load.pk).update(
        state="running", rows_read=37, heartbeat_at=timezone.now(), started_at=timezone.now()
    )
    page = browser.get(reverse("sources:load_progress", args=[load.pk])).content.decode()
    assert "37 of 74" in page
    assert "every 2s" in page
    assert browser.post(reverse("sources:stop", args=[load.pk])).status_code == 302
    load.refresh_from_db()
    assert load.state == "cancelled"
    assert browser.post(reverse("sources:stop", args=[load.pk])).status_code == 403


def test_changing_a_source_keeps_the_password_unless_the_address_moves(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.administrator)
    connection = stores.connection
    url = reverse("sources:change", args=[connection.pk])
    page = browser.get(url)
    assert b"password" in page.content
    sent = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    assert browser.post(url, {**sent, "name_en": "Renamed"}).status_code == 302
    moved = browser.post(url, {**sent, "host": "evil.example.com"})
    assert moved.status_code == 422
    assert "password" in moved.content.decode().lower()
    connection.refresh_from_db()
    assert (connection.name_en, connection.host) == ("Renamed", "127.0.0.1")


def test_pause_close_and_reopening_questions(cast: Cast, client_for: SignIn, stores: models.Dataset) -> None:
    browser = client_for(cast.administrator)
    key = stores.connection_id
    browser.post(reverse("sources:pause", args=[key]))
    assert b"Paused" in browser.get(reverse("sources:connection", args=[key])).content
    browser.post(reverse("sources:resume", args=[key]))
    assert browser.post(reverse("sources:close", args=[key])).status_code == 422, (
        "datasets still read from it"
    )
    assert browser.post(reverse("sources:close_dataset", args=[stores.pk])).status_code == 302
    assert browser.post(reverse("sources:close", args=[key])).status_code == 302
    assert models.Connection.objects.get(pk=key).sealed == ""
    assert browser.get(reverse("sources:connection", args=[key])).status_code == 404


def test_answers_of_looks_are_cleared_after_a_day(stores: models.Dataset) -> None:
    assert models.Probe.objects.exclude(answer={}).exists()
    actions.clear_answers(at=stage.AT + datetime.timedelta(hours=25))
    assert not models.Probe.objects.exclude(answer={}).exists()


def test_the_number_of_queries_does_not_grow_with_the_datasets(
    cast: Cast, client_for: SignIn, stores: models.Dataset, django_assert_max_num_queries: Any
) -> None:
    browser = client_for(cast.administrator)
    question = {"schema": "public", "table": "orders"}
    for number in range(4):
        stage.modelled(stores.connection, question, f"orders_{number}")
    with django_assert_max_num_queries(30):
        assert browser.get(reverse("sources:list")).status_code == 200


def test_a_rejected_row_is_told_in_the_names_and_the_order_of_its_columns(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    with tenancy.acting_for(cast.organisation):
        load = models.Load.objects.get(dataset=stores)
        first, second = stores.columns.order_by("number")[:2]
        stores.columns.filter(pk=second.pk).update(name_zh="门店编号")
        models.RejectedRow.objects.create(
            load=load,
            number=7,
            reason="not_a_number",
            column_key=second.key,
            value="abc",
            row={second.key: "abc", first.key: "12", "gone_since": "x"},
        )
    browser = client_for(cast.administrator)
    browser.cookies["accord_language"] = "zh-hans"
    page = browser.get(reverse("sources:load", args=[load.pk]))
    (named,) = page.context["named_rows"]
    assert named.cells == ((first.name_en, "12"), ("门店编号", "abc"), ("gone_since", "x"))
    assert (named.column_name, page.context["reasons"][0].column_name) == ("门店编号", "门店编号")
    assert second.key not in page.content.decode().split('id="card-rejected"')[1]


def test_a_loaded_dataset_leads_to_a_metric_over_it(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    address = f"{reverse('kpis:draft')}?dataset={stores.pk}"
    page = reverse("sources:dataset", args=[stores.pk])
    owner = client_for(cast.business_owner)
    assert address in owner.get(page).content.decode()
    assert address not in client_for(cast.auditor).get(page).content.decode()
    assert owner.get(address).context["form"].chosen_dataset == str(stores.pk)


def test_rows_without_a_business_date_are_told_on_the_dataset_and_its_load(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    with tenancy.acting_for(cast.organisation):
        column = stores.columns.order_by("number")[0]
        load = models.Load.objects.get(dataset=stores)
        models.Load.objects.filter(pk=load.pk).update(undated={column.key: 12})
    client = client_for(cast.administrator)
    for page in (reverse("sources:dataset", args=[stores.pk]), reverse("sources:load", args=[load.pk])):
        assert f"12 rows have no “{column}”" in client.get(page).content.decode()
