"""Retiring, closing a month, importing targets, and the rows behind a value, as JSON."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from performance.kpis import actions
from performance.kpis.models import Metric, MonthClose, Target
from performance.people import models as people
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, base, certify, formula, make_dataset

Visit = Callable[..., Client]
ROOT = "/api/v1"


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> Metric:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    return Metric.objects.get()


@pytest.fixture
def budget(here: Cast) -> Any:
    columns = {"on_month": "text", "kpi": "text", "store": "text", "amount": "decimal"}
    return make_dataset("budget", columns, [("2026-01", "revenue", "Binjiang", "40.00")])


def post(browser: Client, address: str, data: Any = None) -> Any:
    return browser.post(f"{ROOT}/{address}", data or {}, content_type="application/json")


def test_an_owner_retires_a_metric_and_nobody_else(revenue: Metric, cast: Cast, client_for: Visit) -> None:
    address = f"metrics/{revenue.pk}/retire/"
    assert post(client_for(cast.employee), address).status_code == 403
    assert post(client_for(cast.auditor), address).status_code == 403
    assert post(client_for(cast.stranger), address).status_code == 404
    assert post(client_for(cast.finance_owner), address, {"reason": "Replaced"}).status_code == 200
    revenue.refresh_from_db()
    assert revenue.retired_at is not None


def test_a_metric_that_others_use_is_not_retired(
    revenue: Metric, here: Cast, actor: Any, client_for: Visit
) -> None:
    certify(here, actor, "double", formula("revenue * 2"))
    answer = post(client_for(here.finance_owner), f"metrics/{revenue.pk}/retire/")
    assert (answer.status_code, answer.json()["title"]) == (422, "in_use")


def test_finance_closes_a_month_once(revenue: Metric, cast: Cast, client_for: Visit) -> None:
    given = {"month": "2026-01-01"}
    for person in (cast.employee, cast.auditor, cast.business_owner):
        assert post(client_for(person), "metric-months/close/", given).status_code == 403
    finance = client_for(cast.finance_owner)
    assert post(finance, "metric-months/close/", given).status_code == 201
    assert MonthClose.objects.get().closed_by_id == cast.finance_owner.pk
    again = post(finance, "metric-months/close/", given)
    assert again.status_code in (409, 422)
    assert "month" in again.json()["errors"]


def test_targets_are_imported_from_a_dataset(
    revenue: Metric, budget: Any, cast: Cast, client_for: Visit
) -> None:
    given = {
        "dataset": str(budget.pk),
        "metric_column": "kpi",
        "month_column": "on_month",
        "value_column": "amount",
        "dimensions": {"store": "store"},
    }
    for person in (cast.employee, cast.auditor):
        assert post(client_for(person), "metric-targets/import/", given).status_code == 403
    finance = client_for(cast.finance_owner)
    refused = post(finance, "metric-targets/import/", given | {"value_column": "kpi"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["value_column"])
    unknown = post(finance, "metric-targets/import/", given | {"dataset": str(revenue.pk)})
    assert unknown.status_code == 404
    assert post(finance, "metric-targets/import/", given).json() == {"changed": 1}
    assert post(finance, "metric-targets/import/", given).json() == {"changed": 0}
    assert Target.objects.get().slice == {"store": "Binjiang"}


def test_the_rows_behind_a_value_are_for_those_who_may_see_them(
    revenue: Metric, cast: Cast, client_for: Visit
) -> None:
    address = f"{ROOT}/metrics/{revenue.pk}/rows/"
    given = {"since": "2026-01-01", "store": "Binjiang"}
    for person in (cast.finance_owner, cast.auditor):
        found = client_for(person).get(address, given).json()
        assert (found["total"], found["aggregated"].rstrip("0").rstrip(".")) == (2, "30")
        assert found["columns"][0] == "sale"
        assert sorted(row[0] for row in found["rows"]) == [1, 2]
    refused = client_for(cast.employee).get(address, given)
    assert refused.status_code == 403
    assert "Source rows are open" in refused.json()["detail"]
    assert client_for(cast.stranger).get(address, given).status_code == 404
    assert client_for(cast.finance_owner).get(address, {"page": "0"}).status_code == 400


def test_an_owner_whose_role_was_taken_away_signs_and_sets_nothing(
    here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    version = actions.draft_metric(
        key="revenue", name_en="Revenue", name_zh="", business_owner=here.business_owner,
        finance_owner=here.finance_owner, definition=base(sales, "sum", "quantity * price"),
        by=actor(here.business_owner), at=AT,
    )  # fmt: skip
    actions.submit_for_review(version=version, by=actor(here.business_owner), at=AT)
    finance = client_for(here.finance_owner)
    people.RoleGrant.objects.filter(person=here.finance_owner).delete()
    signed = finance.post(
        f"/api/v1/metric-versions/{version.pk}/sign/", {"side": "finance"}, content_type="application/json"
    )
    assert signed.status_code in (403, 404)
    assert not version.signatures.exists()
