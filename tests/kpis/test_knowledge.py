"""What was known on a day, and what was restated since."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import Metric
from performance.kpis.queries import knowledge
from performance.people.models import Organisation
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, MARCH, base, certify
from tests.kpis.test_versions import revised

Visit = Callable[..., Client]
THIRTIETH = datetime.date(2026, 4, 30)
#: 23:59 in Shanghai on 30 April, and a minute later.
BEFORE_MIDNIGHT = datetime.datetime(2026, 4, 30, 15, 59, tzinfo=datetime.UTC)
AFTER_MIDNIGHT = datetime.datetime(2026, 4, 30, 16, 0, tzinfo=datetime.UTC)


@pytest.fixture
@ready.made
def restated(here: Cast, actor: Any, sales: Any) -> Metric:
    """Known on 30 April; then January got a sale more, February another definition, and March came."""
    Organisation.objects.filter(pk=here.organisation.pk).update(time_zone="Asia/Shanghai")
    here.organisation.refresh_from_db()
    metric = certify(here, actor, "revenue", base(sales, "sum", "quantity * price")).metric
    actions.refresh_values(at=BEFORE_MIDNIGHT)
    tables.add_rows(sales, SALES, [(5, "2026-01-20", "Shenzhen", "Nanshan", 3, 1, "0.95")])
    actions.refresh_values(at=AFTER_MIDNIGHT)
    revised(here, actor, metric, base(sales, "sum", "price", effective_from=FEBRUARY))
    tables.add_rows(sales, SALES, [(6, "2026-03-02", "Hangzhou", "Binjiang", 3, 2, "7.00")])
    tables.add_rows(sales, SALES, [(7, "2026-02-02", "Hangzhou", "Binjiang", 3, 1, "1.00")])
    actions.refresh_values(at=AT)
    return metric


def told(metric: Metric, here: Cast, on: datetime.date, **asked: Any) -> list[tuple[Any, ...]]:
    given = {"within": {}, "month": JANUARY} | asked
    found = knowledge.known_on(metric, here.organisation, on, **given)
    return [
        (
            row.month,
            row.then.value if row.then else None,
            row.now.value if row.now else None,
            row.difference,
            row.state,
            row.reason,
            row.steps,
            row.first_at,
        )
        for row in found.months
    ]


def test_each_month_is_told_as_it_was_known_at_the_end_of_the_day(restated: Metric, here: Cast) -> None:
    assert told(restated, here, THIRTIETH) == [
        (MARCH, None, 7, None, "new", "", 1, AT),
        (
            FEBRUARY,
            Decimal("10.10"),
            Decimal("11.10"),
            Decimal("1.00"),
            "restated",
            "definition",
            1,
            AT,
        ),
        (
            JANUARY,
            Decimal("35.05"),
            Decimal("36.00"),
            Decimal("0.95"),
            "restated",
            "data",
            1,
            AFTER_MIDNIGHT,
        ),
    ]


def test_a_day_ends_by_the_clock_of_the_organisation(restated: Metric, here: Cast) -> None:
    first_of_may = told(restated, here, datetime.date(2026, 5, 1))
    assert first_of_may[-1][1:6] == (Decimal("36.00"), Decimal("36.00"), 0, "same", "")
    Organisation.objects.filter(pk=here.organisation.pk).update(time_zone="UTC")
    here.organisation.refresh_from_db()
    assert told(restated, here, THIRTIETH)[-1][1] == Decimal("36.00")


def test_nothing_was_known_before_the_first_day(restated: Metric, here: Cast) -> None:
    rows = told(restated, here, datetime.date(2026, 4, 1))
    assert [row[4] for row in rows] == ["new", "new", "new"]


def test_a_part_and_the_parts_of_a_month_are_told_too(restated: Metric, here: Cast) -> None:
    (january,) = told(restated, here, THIRTIETH, within={"store": "Nanshan"})
    assert january[1:4] == (Decimal("5.05"), Decimal("6.00"), Decimal("0.95"))
    found = knowledge.known_on(restated, here.organisation, THIRTIETH, within={}, month=JANUARY, cut="store")
    assert [(row.label, row.state) for row in found.parts] == [("Binjiang", "same"), ("Nanshan", "restated")]
    assert found.restated == 2


def test_a_month_closed_since_says_so(restated: Metric, here: Cast, actor: Any) -> None:
    later = AT + datetime.timedelta(days=2)
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=later)
    actions.refresh_values(at=later)
    january = told(restated, here, AT.date())[-1]
    assert january[4:6] == ("same", "closed")


def test_the_page_and_the_api_tell_the_same(restated: Metric, here: Cast, client_for: Visit) -> None:
    address = reverse("kpis:values", args=[restated.pk])
    asked = {"known": "2026-04-30", "month": "2026-01", "by": "store"}
    for person in here.members():
        page = client_for(person).get(address, asked)
        text = page.content.decode()
        assert page.status_code == 200, person
        assert "2 months were restated since." in text
        assert "+¥0.95" in text
        assert "another definition: version 1 → 2" in text
    browser = client_for(here.employee)
    assert "Choose a day" in browser.get(address).content.decode()
    assert browser.get(address, {"known": "2026-13-40"}).context["known"] is None
    api = f"/api/v1/metrics/{restated.pk}/known/"
    answer = browser.get(api, {"on": "2026-04-30", "month": "2026-01-15", "by": "store"}).json()
    assert answer["restated"] == 2
    january = answer["months"][-1]
    assert (january["state"], january["reason"], Decimal(january["difference"])) == (
        "restated",
        "data",
        Decimal("0.95"),
    )
    assert Decimal(january["then"]["value"]) == Decimal("35.05")
    assert [row["slice"] for row in answer["parts"]] == [{"store": "Binjiang"}, {"store": "Nanshan"}]
    assert browser.get(api).status_code == 400
    stranger = client_for(here.stranger)
    assert stranger.get(address, asked).status_code == 404
    assert stranger.get(api, {"on": "2026-04-30"}).status_code == 404


def test_it_asks_no_more_of_more_parts_and_months(restated: Metric, here: Cast, sales: Any) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as asked:
            knowledge.known_on(restated, here.organisation, THIRTIETH, within={}, month=JANUARY, cut="store")
        return len(asked)

    before = counted()
    assert before <= 12
    rows = [
        (100 + number, f"2025-{1 + number % 12:02}-03", "Hangzhou", f"S{number}", 1, 1, "1.00")
        for number in range(40)
    ]
    tables.add_rows(sales, SALES, rows)
    tables.add_rows(sales, SALES, [(200, "2026-01-04", "Hangzhou", "S1", 1, 1, "1.00")])
    actions.refresh_values(at=AT + datetime.timedelta(hours=1))
    assert counted() == before
