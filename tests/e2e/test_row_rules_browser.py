"""Who sees which rows, in a real browser: an administrator names the column, and a store's people read their own store; a
formula shares a cost out; an owner says why a month differs. Wide in English, a phone in Chinese."""

from __future__ import annotations

import datetime
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries import months
from performance.people.models import BusinessUnit
from performance.sources.models import Dataset, RowRule
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify, formula

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

STORES = {"Binjiang": "Hangzhou", "Xiaoshan": "Hangzhou", "Nanshan": "Shenzhen", "Futian": "Shenzhen"}
BOOKS = {"line": "integer", "on_day": "date", "amount": "decimal"}


@pytest.fixture
def revenue(empty_database: None, cast: Cast, actor: Any, now: datetime.datetime) -> Metric:
    """Fourteen months of four stores; the ledger has a month too little, and the rent of the head office."""
    at = now
    with tenancy.acting_for(cast.organisation):
        run = months.run(months.months_before(now.date(), 1), 14)
        sold, booked, rent = [], [], []
        for place, month in enumerate(run):
            day, whole = month.replace(day=5), 0
            for number, (store, city) in enumerate(STORES.items()):
                amount = 1000 * (number + 2) + 17 * place * (number + 1)
                whole += amount
                sold.append((place * 10 + number, day, city, store, number, 1, amount))
            booked.append((place, day, whole - (250 if place == 12 else 0)))
            rent.append((place, day, 1000 + place))
        sales = tables.make_dataset("sales", SALES, sold, keys=["sale"])
        ledger = tables.make_dataset("ledger", BOOKS, booked)
        office = tables.make_dataset("rent", BOOKS, rent)
        certify(cast, actor, "account_4000", base(ledger, "sum", "amount", dimensions={}), name_zh="科目4000")
        certify(
            cast,
            actor,
            "hq_cost",
            base(office, "sum", "amount", dimensions={}),
            name_en="Rent",
            name_zh="租金",
        )
        actions.refresh_values(at=at)
        tied = base(sales, "sum", "price", tie_out="account_4000", tie_out_tolerance="10 %")
        certify(cast, actor, "revenue", tied, name_zh="营业收入")
        metric = Metric.objects.get(key="revenue")
        exact = base(sales, "sum", "price", tie_out="account_4000", tie_out_tolerance="300")
        version = actions.revise_metric(metric=metric, definition=exact, by=actor(cast.business_owner), at=at)
        tables.sign(version, actor(cast.business_owner), actor(cast.finance_owner))
        rule = {"hq_cost": {"way": "share", "metric": "revenue"}}
        wording = formula("revenue - hq_cost", dimensions={"store": ""}, allocations=rule)
        certify(cast, actor, "profit", wording, name_zh="利润")
        actions.refresh_values(at=at)
        tables.add_rows(ledger, BOOKS, [(99, run[12].replace(day=6), -500)])
        actions.refresh_values(at=at)
        actions.watch_tie_outs(organisation=cast.organisation, at=at)
        for store in STORES:
            BusinessUnit.objects.create(code=store, name_en=store, slice={"store": store})
        cast.employee.unit = BusinessUnit.objects.get(code="Nanshan")
        cast.employee.save(update_fields=["unit"])
        return metric


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_a_rule_is_set_and_a_store_reads_its_own_rows(
    language: str,
    revenue: Metric,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    expect = playwright.expect
    with tenancy.acting_for(cast.organisation):
        sales = Dataset.objects.get(key="sales")
        profit = MetricVersion.objects.get(metric__key="profit")
    admin = screen.tab_of(chromium, live_server.url, language, cast.administrator, watch)
    look = screen.Look(admin, live_server.url)
    look.at(reverse("sources:narrow", args=[sales.pk]))
    admin.locator("#id_column_store").select_option("store")
    admin.locator("#card-all input[value=administrator]").uncheck()
    admin.locator("#id_people").fill("P999")
    admin.locator("main form button[type=submit]").click()
    expect(admin.locator("#id_people")).to_have_attribute("aria-invalid", "true")
    look.here("nobody has that number")
    admin.locator("#id_people").fill("P001")
    admin.locator("main form button[type=submit]").click()
    expect(admin.locator("#card-rights")).to_contain_text("Bo Boss" if language == "en" else "薄总")
    look.here("the dataset and its rule")
    with tenancy.acting_for(cast.organisation):
        assert RowRule.objects.filter(dataset=sales, dimension="store", column="store").exists()

    store = screen.tab_of(chromium, live_server.url, language, cast.employee, watch)
    look = screen.Look(store, live_server.url)
    look.at(f"{reverse('kpis:board')}?metric={revenue.pk}&by=store&vs=month")
    expect(store.locator("#card-ranked a")).to_have_count(1)
    expect(store.locator("#card-ranked")).to_contain_text("Nanshan")
    look.at(f"{reverse('kpis:values', args=[revenue.pk])}?by=store")
    expect(store.locator("#card-values")).not_to_contain_text("Binjiang")
    look.at(reverse("kpis:rows", args=[revenue.pk]))
    expect(store.locator("#card-rows tbody tr")).to_have_count(1)
    look.at(f"{reverse('kpis:change', args=[revenue.pk])}?by=store")

    owner = screen.tab_of(chromium, live_server.url, language, cast.finance_owner, watch)
    look = screen.Look(owner, live_server.url)
    look.at(f"{reverse('kpis:values', args=[profit.metric_id])}?by=store")
    look.at(reverse("kpis:metric", args=[profit.metric_id]))
    look.at(reverse("kpis:metric", args=[revenue.pk]))
    owner.locator("#tie-out-reason").fill("Booked a month late.")
    owner.locator("#card-tied form button[type=submit]").click()
    expect(owner.locator("#card-tied")).to_contain_text("Booked a month late.")
    look.here("a reason beside its month")
    look.at(reverse("kpis:revise", args=[profit.metric_id]))
    expect(owner.locator("#id_allocation_0_by")).to_have_value("revenue")
    owner.locator("#id_allocation_0_way").select_option("fixed")
    owner.locator("#id_allocation_0_by").fill("Nanshan 60")
    owner.locator("#metric-form button[type=submit]").last.click()
    expect(owner.locator("#allocations .t-bad")).to_be_visible()
    look.here("shares that do not make up the whole")
