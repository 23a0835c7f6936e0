"""Source rows are only for those whose rows they are, also where the metric does not know the dimension."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.people.models import BusinessUnit
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import base, certify

Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def by_city(here: Cast, actor: Any, sales: Any) -> Any:
    """One metric by city and store, which makes the dimension known; another by city alone."""
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    version = certify(here, actor, "orders", base(sales, "count", dimensions={"city": "city"}))
    return version.metric


def test_rows_of_a_metric_without_the_own_dimension_stay_closed(
    here: Cast, client_for: Visit, by_city: Any
) -> None:
    unit = BusinessUnit.objects.create(code="NS", name_en="Nanshan", slice={"store": "Nanshan"})
    here.employee.unit = unit
    here.employee.save(update_fields=["unit"])
    address = reverse("kpis:rows", args=[by_city.pk])
    answer = client_for(here.employee).get(address, {"month": "2026-01", "store": "Nanshan"})
    assert answer.status_code == 403
    assert "Source rows are open to KPI owners" in answer.content.decode()
    assert client_for(here.finance_owner).get(address, {"month": "2026-01"}).status_code == 200


@pytest.mark.parametrize("page", ["²", "99999999999999999999", "-1", "x"])
def test_a_page_number_that_is_none_shows_the_first_page(
    here: Cast, client_for: Visit, by_city: Any, page: str
) -> None:
    address = reverse("kpis:rows", args=[by_city.pk])
    answer = client_for(here.finance_owner).get(address, {"month": "2026-01", "page": page})
    assert answer.status_code == 200


def test_the_live_check_of_a_metric_that_is_none_answers(here: Cast, client_for: Visit) -> None:
    answer = client_for(here.business_owner).post(reverse("kpis:check"), {"metric": "none"})
    assert answer.status_code == 200


@pytest.mark.parametrize("month", ["0001-01", "9999-12"])
def test_a_month_of_no_calendar_shows_the_latest(
    here: Cast, client_for: Visit, by_city: Any, month: str
) -> None:
    browser = client_for(here.finance_owner)
    for address in (reverse("kpis:board"), reverse("kpis:rows", args=[by_city.pk])):
        assert browser.get(address, {"month": month}).status_code == 200


def test_a_month_that_is_none_cannot_be_closed(here: Cast, client_for: Visit) -> None:
    answer = client_for(here.finance_owner).post(reverse("kpis:close_month"), {"month": "soon"})
    assert answer.status_code == 404
