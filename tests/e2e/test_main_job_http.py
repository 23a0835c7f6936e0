"""The whole main job through HTTP, without scripts, on real data, in both languages.

Contoso in a real PostgreSQL, Northwind in a real MariaDB, budgets from a workbook, AdventureWorks as people. The
dates of both companies are moved by whole months, so that their last month is this one; every number is
compared with SQL that the test runs on the sources themselves.
"""

from __future__ import annotations

import pytest

from tests.e2e import work
from tests.e2e.company import Company
from tests.e2e.steps import alerts, exports, goals, metrics, numbers, week, weights
from tests.e2e.steps import people as people_steps
from tests.e2e.steps import sources as source_steps
from tests.sources.real_data import Place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.long]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_main_job(language: str, office: work.Office, contoso: Place, northwind: Place) -> None:
    company = Company(language, office)
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
