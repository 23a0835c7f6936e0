"""A policy approved by both sides and locked; scores by the worker, down to the source rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from performance.kpis import queries as kpis
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring import queries as scoring
from performance.scoring.models import PolicyVersion, ScoreRun
from tests.e2e.browsing import Page
from tests.e2e.company import BUSINESS, EMPLOYEE, FINANCE, SALES, TODAY, Company
from tests.sources.real_data import Place


def lock_a_policy(company: Company) -> None:
    hr = company.window("HR")
    page = hr.open(reverse("scoring:policy_new"))
    while "c-2-name_en" not in page.form("^$|new/").fields:
        page = page.submit("^$|new/", {}, button="do=add", status=None)
    with company.acting():
        unit = people.BusinessUnit.objects.get(name_en="Sales unit")
        period = people.Period.objects.get()
    page = page.submit(
        "^$|new/",
        {
            "name_en": "Sales",
            "name_zh": "销售",
            "unit": unit.pk,
            "period": period.pk,
            "stage": "mature",
            "reason": "Returning customers first.",
            "c-0-name_en": "OKR attainment",
            "c-0-name_zh": "OKR 达成",
            "c-0-category": "okr",
            "c-0-source": "okr:",
            "c-0-base": "50",
            "c-0-lowest": "20",
            "c-0-highest": "60",
            "c-1-name_en": "Profit per customer",
            "c-1-name_zh": "客均利润",
            "c-1-category": "fused",
            "c-1-source": "kpi:profit_per_customer",
            "c-1-slice": "{}",
            "c-1-base": "30",
            "c-1-highest": "40",
            "c-1-curve": "linear",
            "c-1-floor": "0",
            "c-1-target": "2000",
            "c-1-stretch": "3000",
            "c-1-stage_mature": "1.2",
            "c-2-name_en": "Gross margin",
            "c-2-name_zh": "毛利率",
            "c-2-category": "finance",
            "c-2-source": "kpi:gross_margin",
            "c-2-slice": "{}",
            "c-2-base": "20",
            "c-2-curve": "linear",
            "c-2-floor": "20",
            "c-2-target": "60",
        },
        button="do=save",
    )
    page = page.submit("/propose/", {"reason": "Returning customers first."})
    for number in (BUSINESS, FINANCE):
        company.window(number).open(page.url).submit("/approve/")
    page = hr.open(page.url).submit("/lock/", _first_day(hr.open(page.url)))
    with company.acting():
        version = PolicyVersion.objects.get()
        assert version.state == "locked"
        assert sum(each["effective_ppm"] for each in version.planned) == 1_000_000
        assert {each["key"]: each["base_ppm"] for each in version.planned} == {
            "okr-attainment": 500_000,
            "profit-per-customer": 300_000,
            "gross-margin": 200_000,
        }


def _first_day(page: Page) -> dict[str, str]:
    return {"effective_on": f"{TODAY}"} if "effective_on" in page.form("/lock/").fields else {}


def scores_lead_down_to_rows(company: Company, contoso: Place) -> None:
    """Computed by the worker; the scorecard's figures are those of the score, and lead to the source rows."""
    hr, employee = company.window("HR"), company.window(EMPLOYEE)
    with company.acting():
        period = people.Period.objects.get()
    hr.open(reverse("scoring:runs")).submit("/runs/start/", {"period": period.pk})
    person = company.person(EMPLOYEE)
    company.office.wait(lambda: _score(company, person), "the score is computed")
    company.office.wait(lambda: _run_is_done(company), "the run ends")
    with company.acting():
        score = scoring.current_score(person.pk, period)
        assert score is not None
        assert scoring.replay_score(score).is_identical
        lines = {line["key"]: line for line in evidence.explanation_of(score)["components"]}
        assert sum(line["contribution_micro"] for line in lines.values()) == score.score_micro
        assert score.constant_micro is not None
    card = employee.open(reverse("scoring:my_scorecard"))
    assert f"{Decimal(score.score_micro) / 10**6:.1f}" in card.text, "the score is on the card"
    panel = employee.open(reverse("scoring:evidence", args=[score.pk, "profit-per-customer"]))
    metric = panel.follow(r"/metrics/[0-9a-f-]{36}/")
    rows = metric.browser.open(reverse("kpis:rows", args=[_metric_id(company)]), status=None)
    assert rows.status in (200, 403), "whoever may not see customers' rows is told so"
    seen = company.window(BUSINESS).open(
        reverse("kpis:rows", args=[_metric_id(company)]), {"month": f"{TODAY:%Y-%m}"}
    )
    expected = contoso.rows(
        f"SELECT count(*) FROM ({SALES}) lines WHERE date_trunc('month', sold_on) = DATE '{TODAY:%Y-%m}-01'"
    )[0][0]
    assert f"{expected:,}" in seen.text, "as many source rows as the source has"


def _metric_id(company: Company) -> Any:
    with company.acting():
        metric = kpis.metric_by_key("profit_per_customer")
        assert metric is not None
        return metric.pk


def _score(company: Company, person: people.Person) -> Any:
    with company.acting():
        return scoring.current_score(person.pk, people.Period.objects.get())


def _run_is_done(company: Company) -> bool:
    with company.acting():
        return ScoreRun.objects.filter(kind="full", state="done").exists()
