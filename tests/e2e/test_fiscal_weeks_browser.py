"""The pages of a metric where months are weeks, in a real browser: wide and on a phone, light and dark."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric
from performance.kpis.queries import months
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify, formula

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

STORES = ("Binjiang", "Nanshan", "Xihu")


@pytest.fixture
def newest(empty_database: None, cast: Cast, actor: Any, now: datetime.datetime) -> datetime.date:
    """Fifteen of thirteen periods a year, of three stores; the oldest ones closed. The newest that is over."""
    cast.organisation.fiscal_pattern, cast.organisation.fiscal_start_month = "13", 2
    cast.organisation.save()
    with tenancy.acting_for(cast.organisation):
        newest = months.months_before(months.first_of(now.date()), 1)
        known = months.run(newest, 15)
        rows = [
            (
                number * 10 + place,
                month + datetime.timedelta(days=2 + place),
                "Hangzhou",
                store,
                number % 4 + place,
                1,
                900 + 70 * place + 13 * number,
            )
            for number, month in enumerate(known)
            for place, store in enumerate(STORES)
        ]
        dataset = tables.make_dataset("sales", SALES, rows)
        since = {"effective_from": known[0]}
        certify(cast, actor, "revenue", base(dataset, "sum", "price", **since), name_zh="营业收入")
        people = base(dataset, "distinct", "customer", unit="count:customer", **since)
        certify(cast, actor, "customers", people, name_zh="顾客数")
        each = formula("revenue / customers", "money:CNY/count:customer", **since)
        certify(cast, actor, "per_customer", each, name_zh="客均收入")
        at, by = timezone.now(), actor(cast.finance_owner)
        actions.refresh_values(at=at)
        planned = [(month, {}, Decimal(3100)) for month in known[-3:]]
        actions.set_targets(
            metric=Metric.objects.get(key="revenue"), kind="target", rows=planned, by=by, at=at
        )
        for month in known[:-3]:
            actions.close_month(month=month, by=by, at=at)
        actions.refresh_values(at=at)
        return newest


@pytest.mark.parametrize("language", screen.SCREENS)
def test_periods_of_weeks_are_named_and_fit_every_page_of_a_metric(
    language: str,
    newest: datetime.date,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.finance_owner, watch)
    look = screen.Look(tab, live_server.url)
    with tenancy.acting_for(cast.organisation), translation.override(language):
        metric = Metric.objects.get(key="per_customer")
        named = months.name(newest)
    look.at(reverse("kpis:board") + f"?metric={metric.pk}&vs=month&by=store")
    playwright.expect(tab.locator(".head-meta")).to_contain_text(named)
    assert named in tab.locator("#card-heat").inner_text()
    for page, asked in (
        ("values", f"?known={newest}"),
        ("change", ""),
        ("targets", ""),
        ("plan_targets", ""),
        ("what_if", ""),
    ):
        look.at(reverse(f"kpis:{page}", args=[metric.pk]) + asked)
    look.at(reverse("kpis:values", args=[metric.pk]))
    playwright.expect(tab.locator("#card-values h2")).to_contain_text(named)
