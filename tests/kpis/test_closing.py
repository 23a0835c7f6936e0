"""Finance closes a month: when its data stand still, and without waiting for any number."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import stale
from performance.kpis import actions, queries, tasks
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify

Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    actions.refresh_values(at=AT)


def state() -> str:
    found = queries.value_at("revenue", {}, JANUARY)
    assert found is not None
    return found.state


def test_a_month_is_closed_at_once_and_frozen_by_a_worker(revenue: None, here: Cast, actor: Any) -> None:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    assert not any("kpis_metricvalue" in one["sql"] for one in seen.captured_queries)
    assert stale.waiting("metric_values") == 1
    tasks.refresh_stale_values.apply()
    assert (state(), stale.waiting("metric_values")) == ("closed", 0)


def test_a_month_is_not_closed_while_its_data_may_still_move(
    revenue: None, here: Cast, actor: Any, sales: Dataset
) -> None:
    Dataset.objects.filter(pk=sales.pk).update(settling_days=10)
    by = actor(here.finance_owner)
    noon = datetime.time(12, tzinfo=datetime.UTC)
    with pytest.raises(actions.MetricRefused, match="may still move until 2026-02-11") as refused:
        actions.close_month(
            month=JANUARY, by=by, at=datetime.datetime.combine(datetime.date(2026, 2, 10), noon)
        )
    assert refused.value.code == "not_settled"
    actions.close_month(month=JANUARY, by=by, at=datetime.datetime.combine(datetime.date(2026, 2, 11), noon))


def test_the_board_says_until_when_a_month_may_move(
    revenue: None, here: Cast, sales: Dataset, client_for: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    Dataset.objects.filter(pk=sales.pk).update(settling_days=10)
    monkeypatch.setattr("performance.people.queries.today", lambda organisation: datetime.date(2026, 3, 5))
    page = client_for(here.finance_owner).get(reverse("kpis:board"))
    entries = {entry["month"]: entry for entry in page.context["month_closes"]}
    assert [entries[month]["can_close"] for month in (JANUARY, FEBRUARY)] == [True, False]
    assert "its data may still move until" in page.content.decode()


def test_a_year_mistyped_closes_nothing(here, actor) -> None:
    for month in (datetime.date(1, 1, 1), datetime.date(1900, 1, 1)):
        with pytest.raises(actions.MetricRefused, match="too far back"):
            actions.close_month(month=month, by=actor(here.finance_owner), at=AT)
