"""The board in a real browser: compared, saved under a name, found beside the navigation; wide and on a phone."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric, SavedView, Subscription
from performance.kpis.queries import months, saved_views
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify, formula

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

STORES = ("Binjiang", "Nanshan", "Xihu", "Futian", "Tianfu", "Old Town")


@pytest.fixture
def newest(empty_database: None, cast: Cast, actor: Any, now: datetime.datetime) -> datetime.date:
    """Two years of six stores, one of which has closed and one opened; with targets and budgets."""
    with tenancy.acting_for(cast.organisation):
        newest = months.months_before(now.date().replace(day=1), 1)
        rows = [
            (
                number * 100 + place,
                month.replace(day=3 + place),
                "Hangzhou" if place % 2 else "Shenzhen",
                store,
                number + place,
                1,
                900 + 70 * place + 13 * ((number * (place + 2)) % 9) + 9 * number,
            )
            for number, month in enumerate(months.run(newest, 26))
            for place, store in enumerate(STORES)
            if not (store == "Old Town" and month == newest) and not (store == "Tianfu" and number < 20)
        ]
        dataset = tables.make_dataset("sales", SALES, rows)
        certify(cast, actor, "revenue", base(dataset, "sum", "price"), name_zh="营业收入")
        certify(
            cast,
            actor,
            "customers",
            base(dataset, "distinct", "customer", unit="count:customer"),
            name_zh="顾客数",
        )
        certify(
            cast,
            actor,
            "per_customer",
            formula("revenue / customers", "money:CNY/count:customer"),
            name_zh="客均收入",
        )
        at = timezone.now()
        actions.refresh_values(at=at)
        revenue = Metric.objects.get(key="revenue")
        for kind, amount in (("target", 6200), ("budget", 5900)):
            planned = [(month, {}, Decimal(amount)) for month in months.run(newest, 14)]
            planned += [
                (month, {"store": store}, Decimal(amount) / 5)
                for month in months.run(newest, 12)
                for store in STORES[:4]
            ]
            actions.set_targets(metric=revenue, kind=kind, rows=planned, by=actor(cast.finance_owner), at=at)
        for month in months.run(newest, 26)[:-3]:
            actions.close_month(month=month, by=actor(cast.finance_owner), at=at)
        actions.refresh_values(at=at)
        return newest


@pytest.mark.parametrize("language", screen.SCREENS)
def test_a_board_is_compared_saved_and_mailed(
    language: str,
    newest: datetime.date,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.business_owner, watch)
    look = screen.Look(tab, live_server.url)
    board = reverse("kpis:board")
    with tenancy.acting_for(cast.organisation):
        revenue = Metric.objects.get(key="revenue")
    asked = f"{board}?metric={revenue.pk}&by=store"
    for more in ("&vs=year&heat=year", "&vs=budget&heat=target"):
        look.at(asked + more)
    tab.goto(live_server.url + asked)
    tab.select_option("#f-vs", "month")
    tab.wait_for_url("**vs=month**")
    assert "Old Town" in tab.inner_text("#card-likeness")
    look.at(f"{asked}&vs=month")
    tab.fill("#card-save-view [name=name]", "Stores, month by month")
    tab.locator("#card-save-view button[type=submit]").click()
    tab.wait_for_load_state("load")
    assert tab.inner_text("h1") == "Stores, month by month"
    with tenancy.acting_for(cast.organisation):
        view = SavedView.objects.get()
        assert saved_views.address_of(view) in tab.url
    page = reverse("kpis:saved_view", args=[view.pk])
    look.at(page)
    tab.locator("#card-mail button[type=submit]").click()
    tab.wait_for_load_state("load")
    with tenancy.acting_for(cast.organisation):
        mailed = Subscription.objects.get(ended_at=None)
    end = reverse("kpis:subscription", args=[mailed.pk])
    look.at(end)
    tab.locator("#card-end button[type=submit]").click()
    tab.wait_for_load_state("load")
    with tenancy.acting_for(cast.organisation):
        mailed.refresh_from_db()
        assert mailed.ended_at is not None
