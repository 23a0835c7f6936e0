"""An alert in a real browser: seen on the board, taken up, resolved, remembered at its point; wide and on a phone."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Alert, Metric
from performance.kpis.queries import months
from tests.conftest import Cast
from tests.e2e.looking import AXE, RULES, RUN, SWITCH
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

SCREENS = {"en": (1440, 900), "zh-hans": (390, 844)}
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def watch() -> Iterator[Watch]:
    found = Watch()
    yield found
    assert not found.elsewhere
    assert not found.complaints


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


@pytest.mark.parametrize("language", SCREENS)
def test_an_alert_from_the_board_to_its_note(
    language: str,
    alert: Alert,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    width, height = SCREENS[language]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", locale=language[:2]
    )
    client = Client()
    client.force_login(cast.business_owner.user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url},
            {"name": "accord_language", "value": language, "url": live_server.url},
        ]
    )
    tab = context.new_page()
    watch.over(tab, live_server.url)

    def sound(path: str) -> None:
        """Opens it and looks: nothing wider than the screen, nothing that axe finds, light and dark."""
        tab.goto(live_server.url + path, wait_until="load")
        assert tab.evaluate(WIDER) <= 0, path
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        for theme in ("light", "dark"):
            tab.evaluate(SWITCH, theme)
            assert tab.evaluate(RUN, RULES) == [], (path, theme)

    page = reverse("kpis:alert", args=[alert.pk])
    for path in (
        reverse("kpis:board"),
        reverse("kpis:alerts"),
        reverse("kpis:alert_rules", args=[alert.metric_id]),
        page,
    ):
        sound(path)
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
    sound(page)
    values = f"{reverse('kpis:values', args=[alert.metric_id])}?month={alert.month:%Y-%m}&store=Binjiang"
    sound(values)
    assert "A fair in town." in tab.inner_text("#card-notes")
    with tenancy.acting_for(cast.organisation):
        alert.refresh_from_db()
        assert alert.state == "resolved"
