"""The whole main job in a real browser, in both languages: the same steps as through HTTP, with every script on."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest

from tests.e2e import looking, work
from tests.e2e.company import Company
from tests.e2e.steps import alerts, exports, goals, metrics, numbers, week, weights
from tests.e2e.steps import people as people_steps
from tests.e2e.steps import sources as source_steps
from tests.e2e.window import Watch, Window
from tests.sources.real_data import Place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("language", ["en", pytest.param("zh-hans", marks=pytest.mark.long)])
def test_the_main_job_in_a_browser(
    language: str,
    office: work.Office,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
    contoso: Place,
    northwind: Place,
) -> None:
    company = Company(language, office, lambda: Window(chromium, live_server.url, language, watch))
    people_steps.found_the_company(company)
    people_steps.import_people_and_open_a_quarter(company)
    source_steps.connect_two_databases_and_upload_budgets(company, contoso, northwind)
    metrics.sign_metrics(company)
    numbers.values_equal_the_sources(company, contoso, northwind)
    alerts.resolve_an_alert(company, contoso)
    goals.agree_an_objective(company)
    week.check_in_and_talk(company)
    weights.lock_a_policy(company)
    weights.scores_lead_down_to_rows(company, contoso)
    exports.hr_exports(company)
    looking.no_violations(company)
