"""Exchange rates in a real browser: typed, compared, kept; and the pages that speak of them, wide and on a phone."""

from __future__ import annotations

import datetime
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric, RateVersion
from performance.sources.models import Dataset, Probe
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.tables import AT, JANUARY, base, certify, make_rates

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

SOLD = {"sale": "integer", "on_day": "date", "city": "text", "code": "text", "price": "decimal"}


@pytest.fixture
def income(empty_database: None, cast: Cast, actor: Any) -> Metric:
    """Sales in four currencies, of which one has no rate; January is closed."""
    with tenancy.acting_for(cast.organisation):
        rows: list[Any] = []
        for number in range(1, 80):
            code, city = [("EUR", "Paris"), ("USD", "Boston"), ("CNY", "Hangzhou"), ("GBP", "London")][
                number % 4
            ]
            rows.append((number, JANUARY + datetime.timedelta(days=number), city, code, 100 + number))
        dataset = tables.make_dataset("sold", SOLD, rows)
        dataset.columns.filter(key="price").update(currency="code")
        days = [JANUARY + datetime.timedelta(days=step) for step in range(90) if step != 40]
        make_rates(
            cast,
            "daily",
            [(code, day, rate) for day in days for code, rate in (("EUR", "8.1"), ("USD", "6.98"))],
        )
        definition = base(
            dataset,
            "sum",
            "price",
            dimensions={"city": "city"},
            currency_rule="transaction",
            missing_policy="null",
        )
        certify(cast, actor, "income", definition, name_zh="收入")
        actions.close_month(month=JANUARY, by=actor(cast.finance_owner), at=AT)
        actions.refresh_values(at=timezone.now())
        return Metric.objects.get(key="income")


def model_page(cast: Cast) -> str:
    """The dataset as it is modelled again."""
    with tenancy.acting_for(cast.organisation):
        dataset = Dataset.objects.get(key="sold")
        columns = [
            {
                "source_name": key,
                "key": key,
                "type": kind,
                "source_type": kind,
                "date_order": "",
                "role": "dimension",
                "is_key": False,
                "filled_ppm": 1_000_000,
                "examples": ["1"],
            }
            for key, kind in SOLD.items()
        ]
        probe = Probe.objects.create(
            connection=dataset.connection,
            kind="describe",
            question={"table": "sold", "schema": ""},
            state="done",
            asked_at=timezone.now(),
            due_at=timezone.now(),
            finished_at=timezone.now(),
            answer={"columns": columns, "rows": []},
        )
        return f"{reverse('sources:model', args=[probe.pk])}?dataset={dataset.pk}"


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_rates_from_typing_to_the_value_that_they_would_give(
    language: str,
    income: Metric,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.finance_owner, watch)
    look = screen.Look(tab, live_server.url)
    page = reverse("kpis:rates")
    look.at(page)
    tab.check("[name=kind][value=daily]")
    tab.check("[name=direction][value=worth]")
    tab.fill("[name=text]", "2026-01-05 EUR 9.25\n2026-01-05 GBP 9.4\n2026-02-10 EUR 8.15")
    tab.locator("#card-propose button[type=submit]").click()
    tab.wait_for_selector("#card-diff tbody tr")
    assert tab.locator("#card-diff tbody tr").count() == 3
    look.here("comparison")
    tab.locator(".head-act .btn-primary").click()
    tab.locator("#confirm [value=yes]").click()
    tab.wait_for_url(f"**{page}")
    with tenancy.acting_for(cast.organisation):
        version = RateVersion.objects.get(number=2)
        actions.refresh_values(at=timezone.now())
        dataset, draft = Dataset.objects.get(key="sold"), income.versions.get()
    for path in (
        f"{reverse('kpis:board')}?month=2026-02",
        page,
        reverse("kpis:rate_version", args=[version.pk]),
        f"{reverse('kpis:values', args=[income.pk])}?month=2026-01",
        f"{reverse('kpis:values', args=[income.pk])}?month=2026-03",
        f"{reverse('kpis:metric', args=[income.pk])}?version={draft.number}",
        reverse("kpis:revise", args=[income.pk]),
        reverse("sources:dataset", args=[dataset.pk]),
        model_page(cast),
    ):
        look.at(path)
    tab.goto(f"{live_server.url}{reverse('kpis:values', args=[income.pk])}?month=2026-01")
    assert tab.locator("#card-restated b").count() == 1
