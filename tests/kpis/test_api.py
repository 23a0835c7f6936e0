"""The same rules and actions, as JSON."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from performance.kpis import actions
from performance.kpis.models import Metric, MetricVersion, Target
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, base, certify, formula

Visit = Callable[..., Client]
ROOT = "/api/v1"


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> Metric:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    return Metric.objects.get()


def test_members_read_metrics_and_values_and_others_find_nothing(
    revenue: Metric, cast: Cast, client_for: Visit
) -> None:
    for person in cast.members():
        browser = client_for(person)
        assert [one["key"] for one in browser.get(f"{ROOT}/metrics/").json()["results"]] == ["revenue"]
        detail = browser.get(f"{ROOT}/metrics/{revenue.pk}/").json()
        assert [one["state"] for one in detail["versions"]] == ["certified"]
        assert len(detail["versions"][0]["signatures"]) == 2
    stranger = client_for(cast.stranger)
    assert stranger.get(f"{ROOT}/metrics/").json()["results"] == []
    assert stranger.get(f"{ROOT}/metrics/{revenue.pk}/").status_code == 404
    assert stranger.get(f"{ROOT}/metrics/{revenue.pk}/values/").status_code == 404
    assert Client().get(f"{ROOT}/metrics/").status_code in (401, 403)


def test_values_are_asked_by_slice_and_cut(revenue: Metric, cast: Cast, client_for: Visit) -> None:
    browser = client_for(cast.employee)
    address = f"{ROOT}/metrics/{revenue.pk}/values/"

    def asked(**given: str) -> list[tuple[str, dict[str, str]]]:
        found = browser.get(address, given).json()["results"]
        return sorted((one["value"].rstrip("0").rstrip("."), one["slice"]) for one in found)

    assert asked(until="2026-01-31") == [("35.05", {})]
    assert asked(until="2026-01-31", by="store") == [
        ("30", {"store": "Binjiang"}),
        ("5.05", {"store": "Nanshan"}),
    ]
    assert asked(until="2026-01-31", by="store", city="Shenzhen") == [
        ("5.05", {"city": "Shenzhen", "store": "Nanshan"})
    ]
    assert asked(grain="quarter") == [("45.15", {})]
    assert asked(as_of="2020-01-01T00:00:00Z") == []
    assert browser.get(address, {"grain": "week"}).status_code == 400


def test_a_metric_is_drafted_submitted_and_signed_by_both(here: Cast, sales: Any, client_for: Visit) -> None:
    business, finance = client_for(here.business_owner), client_for(here.finance_owner)
    given = {
        "key": "revenue",
        "name_en": "Revenue",
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
        "kind": "base",
        "unit": "money:CNY",
        "effective_from": "2026-01-01",
        "dataset": str(sales.pk),
        "aggregation": "sum",
        "expression": "quantity * price",
        "time_column": "on_day",
        "dimensions": {"store": "store"},
        "tie_out_reason": "There is no ledger here.",
    }

    def post(browser: Client, address: str, data: Any = None) -> Any:
        return browser.post(f"{ROOT}/{address}", data or {}, content_type="application/json")

    for person in (here.employee, here.manager, here.hr, here.auditor):
        assert post(client_for(person), "metrics/", given).status_code == 403
    refused = post(business, "metrics/", given | {"expression": "quantity * colour"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["expression"])
    one_owner = given | {"finance_owner": str(here.business_owner.pk)}
    assert post(business, "metrics/", one_owner).json()["title"] == "one_owner"
    version = post(business, "metrics/", given).json()
    sign = f"metric-versions/{version['id']}/sign/"
    address = f"{ROOT}/metric-versions/{version['id']}/"
    worded = given | {"description_en": "What customers paid."}
    assert client_for(here.manager).put(address, worded, content_type="application/json").status_code == 404
    edited = business.put(address, worded, content_type="application/json")
    assert edited.json()["description_en"] == business.get(address).json()["description_en"]
    assert edited.json()["description_en"] == "What customers paid."
    assert post(business, sign, {"side": "business"}).status_code == 403
    assert post(business, f"metric-versions/{version['id']}/submit/").json()["state"] == "review"
    assert post(business, sign, {"side": "finance"}).status_code == 403
    assert post(business, sign, {"side": "business"}).json()["state"] == "review"
    assert post(business, sign, {"side": "business"}).json()["title"] == "signed_already"
    assert post(finance, sign, {"side": "finance"}).json()["state"] == "certified"
    assert business.put(address, given, content_type="application/json").status_code == 403
    assert MetricVersion.objects.get().signatures.count() == 2


def test_targets_are_put_by_owners(revenue: Metric, cast: Cast, client_for: Visit) -> None:
    address = f"{ROOT}/metrics/{revenue.pk}/targets/"
    given = {
        "kind": "budget",
        "rows": [{"month": "2026-01-01", "slice": {"store": "Nanshan"}, "value": "6.5"}],
    }
    put = {"content_type": "application/json"}
    assert client_for(cast.employee).put(address, given, **put).status_code == 403
    owner = client_for(cast.finance_owner)
    assert owner.put(address, given, **put).json() == {"changed": 1}
    assert owner.put(address, given, **put).json() == {"changed": 0}
    assert Target.objects.count() == 1
    assert owner.get(address).json()["results"][0]["value"] == "6.500000000000"


def test_drafts_are_not_shown_to_everybody(
    here: Cast, actor: Any, revenue: Metric, client_for: Visit
) -> None:
    actions.draft_metric(
        key="double",
        name_en="Double",
        name_zh="",
        business_owner=here.business_owner,
        finance_owner=here.finance_owner,
        definition=formula("revenue * 2"),
        by=actor(here.business_owner),
        at=AT,
    )
    seen = {
        person.number: len(client_for(person).get(f"{ROOT}/metrics/").json()["results"])
        for person in (here.employee, here.hr, here.auditor, here.finance_owner)
    }
    assert list(seen.values()) == [1, 1, 2, 2]


@pytest.mark.parametrize("key", ["x', (SELECT 1)) --", "Store", "a b", "", "s" * 61])
def test_a_dimension_has_a_plain_key(here: Cast, sales: Any, client_for: Visit, key: str) -> None:
    given = {
        "key": "revenue",
        "name_en": "Revenue",
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
        "kind": "base",
        "effective_from": "2026-01-01",
        "dataset": str(sales.pk),
        "aggregation": "sum",
        "expression": "quantity * price",
        "time_column": "sold_on",
        "dimensions": {key: "store"},
    }
    browser = client_for(here.business_owner)
    answer = browser.post(f"{ROOT}/metrics/", given, content_type="application/json")
    assert answer.status_code == 422, answer.json()
    assert answer.json()["errors"]["dimensions"]
    assert not Metric.objects.exists()
