"""What a column of money is in: one currency, or the one that another column names."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.sources import actions, models, queries
from tests.conftest import Cast
from tests.sources.test_views import acting_for_cast, fields_of, stores, work

__all__ = ["acting_for_cast", "stores"]

SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


def plan_of(dataset: models.Dataset, **currencies: str) -> actions.DatasetPlan:
    return actions.DatasetPlan(
        key=dataset.key,
        name_en=dataset.name_en,
        schema_name=dataset.schema_name,
        table_name=dataset.table_name,
        time_zone=dataset.time_zone,
        columns=[
            actions.ColumnPlan(
                source_name=column.source_name,
                key=column.key,
                type=column.type,
                role=column.role,
                is_key=column.is_key,
                currency=currencies.get(column.key, ""),
            )
            for column in dataset.columns.all()
        ],
    )


@pytest.mark.parametrize(
    ("currencies", "said"),
    [
        ({"country_code": "EUR"}, "country_code is no number"),
        ({"square_meters": "eur"}, "Name a currency for square_meters"),
        ({"square_meters": "EURO"}, "Name a currency for square_meters"),
        ({"square_meters": "store_code"}, "Name a currency for square_meters"),
        ({"square_meters": "nowhere"}, "Name a currency for square_meters"),
    ],
)
def test_what_is_no_currency_is_refused_with_its_column(
    cast: Cast, stores: models.Dataset, currencies: dict[str, str], said: str
) -> None:
    with (
        tenancy.acting_for(cast.organisation),
        pytest.raises(actions.SourceRefused, match=said) as refused,
    ):
        actions.change_dataset(
            dataset=stores, plan=plan_of(stores, **currencies), by=None, at=stores.created_at
        )
    assert refused.value.code == "currency"


def test_the_currency_of_a_column_is_chosen_on_the_page_and_is_on_record(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.business_owner)
    answer = browser.post(reverse("sources:look_again", args=[stores.pk]))
    work(cast)
    modelling = browser.get(answer["Location"])
    sent = fields_of(modelling.context["form"], modelling.context["formset"])
    places = {row["column"]["key"]: place for place, row in enumerate(modelling.context["columns"])}
    sent[f"columns-{places['square_meters']}-currency"] = "country_code"
    sent[f"columns-{places['store_code']}-currency"] = "EUR"
    assert browser.post(answer["Location"], sent).status_code == 302
    work(cast)
    with tenancy.acting_for(cast.organisation):
        found = {column.key: column.currency for column in stores.columns.all() if column.currency}
        assert found == {"square_meters": "country_code", "store_code": "EUR"}
        read = {column.key: column.currency for column in queries.reading_of(stores).columns}
        assert read["square_meters"] == "country_code"
        noted = AuditRow.objects.filter(action="sources.change_dataset").latest("at")
        assert "square_meters: integer, measure, country_code" in noted.changes["columns"][1]
    page = browser.get(reverse("sources:dataset", args=[stores.pk])).content.decode()
    assert "currency in country_code" in page
    again = browser.get(answer["Location"])
    shown = again.context["formset"].forms[places["square_meters"]]["currency"].value()
    assert shown == "country_code"
    sent[f"columns-{places['square_meters']}-currency"] = "nowhere"
    assert browser.post(answer["Location"], sent).status_code == 422


def test_the_api_says_and_takes_the_currency_of_a_column(
    cast: Cast, client_for: SignIn, stores: models.Dataset
) -> None:
    browser = client_for(cast.administrator)
    address = f"/api/v1/sources/datasets/{stores.pk}/"
    told = browser.get(address).json()
    for column in told["columns"]:
        column["currency"] = "USD" if column["key"] == "square_meters" else ""
    told = {name: value for name, value in told.items() if value is not None}
    assert browser.put(address, told, content_type="application/json").status_code == 202
    found = {column["key"]: column["currency"] for column in browser.get(address).json()["columns"]}
    assert found["square_meters"] == "USD"
