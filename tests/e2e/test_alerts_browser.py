"""An alert in a real browser: seen on the board, taken up, resolved, remembered at its point; wide and on a phone."""

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
from performance.kpis.models import Alert, Metric
from performance.kpis.queries import months
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def alert(empty_database: None, cast: Cast, actor: Any, now: datetime.datetime) -> Alert:
    """The last settled month sold thrice the usual."""
    with tenancy.acting_for(cast.organisation):
        settled = months.months_before(now.date().replace(day=1), 2)
        rows = [
            (
                number,
                month.replace(day=3),
                "Hangzhou",
                "Binjiang",
                1,
                1,
                300 if month == settled else 100 + number % 5,
            )
            for number, month in enumerate(months.run(settled, 15))
        ]
        certify(
            cast,
            actor,
            "revenue",
            base(tables.make_dataset("sales", SALES, rows), "sum", "price"),
            name_zh="营业收入",
        )
        at = timezone.now()
        actions.refresh_values(at=at)
        metric = Metric.objects.get()
        for kind, more in (
            ("threshold", {"operator": "above", "value": Decimal(250)}),
            ("anomaly", {"cut": "store"}),
        ):
            wording = actions.RuleWording(kind=kind, **more)  # type: ignore[arg-type]
            actions.set_alert_rule(metric=metric, wording=wording, by=actor(cast.finance_owner), at=at)
        # Judged as on the tenth of the month after, when it had settled and was the last one.
        then = datetime.datetime.combine(
            months.months_before(settled, -1).replace(day=10), datetime.time(8), datetime.UTC
        )
        actions.watch_values(organisation=cast.organisation, at=then)
        Alert.objects.update(due_on=now.date() + datetime.timedelta(days=5))
        return Alert.objects.get(kind="anomaly")


@pytest.mark.parametrize("language", screen.SCREENS)
def test_an_alert_from_the_board_to_its_note(
    language: str,
    alert: Alert,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.business_owner, watch)
    look = screen.Look(tab, live_server.url)
    page = reverse("kpis:alert", args=[alert.pk])
    for path in (
        reverse("kpis:board"),
        reverse("kpis:alerts"),
        reverse("kpis:alert_rules", args=[alert.metric_id]),
        page,
    ):
        look.at(path)
    tab.goto(live_server.url + reverse("kpis:board"))
    tab.locator(f"a.lead-link[href='{page}']").click()
    tab.fill("[name=cause]", "A fair in town.")
    tab.fill("[name=action]", "More staff for its days.")
    tab.locator("form[action$='/take-up/'] button[type=submit]").click()
    tab.wait_for_load_state("load")
    tab.fill("[name=resolution]", "The fair is over.")
    tab.locator("form[action$='/resolve/'] button[type=submit]").click()
    tab.wait_for_load_state("load")
    assert "The fair is over." in tab.inner_text("main")
    look.at(page)
    values = f"{reverse('kpis:values', args=[alert.metric_id])}?month={alert.month:%Y-%m}&store=Binjiang"
    look.at(values)
    assert "A fair in town." in tab.inner_text("#card-notes")
    with tenancy.acting_for(cast.organisation):
        alert.refresh_from_db()
        assert alert.state == "resolved"
