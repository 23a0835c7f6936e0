"""Which definition a value was computed by, and that its rows are shown by the same."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Metric, MetricVersion
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(hours=1)


def revised(here: Cast, actor: Any, metric: Metric, definition: actions.Definition) -> MetricVersion:
    business, finance = actor(here.business_owner), actor(here.finance_owner)
    version = actions.revise_metric(metric=metric, definition=definition, by=business, at=AT)
    return tables.sign(version, business, finance)


def test_a_definition_comes_into_force_with_a_month(here: Cast, actor: Any, sales: Any) -> None:
    metric = certify(here, actor, "revenue", base(sales, "sum", "price")).metric
    halfway = base(sales, "sum", "quantity", effective_from=datetime.date(2026, 2, 15))
    with pytest.raises(actions.MetricRefused, match="first day of a month") as refused:
        actions.revise_metric(metric=metric, definition=halfway, by=actor(here.business_owner), at=AT)
    assert refused.value.field == "effective_from"


def test_a_version_from_within_a_month_counts_for_all_of_it_wherever_it_is_asked(
    here: Cast, actor: Any, sales: Any
) -> None:
    first = certify(here, actor, "revenue", base(sales, "sum", "price"))
    second = revised(here, actor, first.metric, base(sales, "sum", "price * 2", effective_from=FEBRUARY))
    # As it could be before this was refused.
    MetricVersion.objects.filter(pk=second.pk).update(state="draft")
    MetricVersion.objects.filter(pk=second.pk).update(effective_from=datetime.date(2026, 2, 15))
    MetricVersion.objects.filter(pk=second.pk).update(state="certified")
    actions.refresh_values(at=AT)
    february = queries.value_at("revenue", {}, FEBRUARY)
    assert february is not None
    assert february.version_id == queries.versions_in_force(FEBRUARY)[first.metric_id].pk == second.pk
    assert queries.versions_in_force(JANUARY)[first.metric_id] == first


@pytest.mark.parametrize("key", ["revenue", "double"])
def test_rows_are_shown_by_the_definition_that_a_closed_value_was_computed_by(
    here: Cast, actor: Any, sales: Any, client_for: Visit, key: str
) -> None:
    metric = certify(here, actor, "revenue", base(sales, "sum", "price")).metric
    certify(here, actor, "double", formula("revenue * 2"))
    actions.refresh_values(at=AT)
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    actions.refresh_values(at=AT)
    revised(here, actor, metric, base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=LATER)
    browser = client_for(here.finance_owner)
    asked = Metric.objects.get(key=key)
    days = {"since": "2026-01-01", "until": "2026-01-31"}
    page = browser.get(reverse("kpis:rows", args=[asked.pk]), days)
    assert page.context["trace"].aggregated == Decimal("21.01")
    answer = browser.get(f"/api/v1/metrics/{asked.pk}/rows/", days).json()
    assert answer["aggregated"] == "21.01"
    days = {"since": "2026-02-01", "until": "2026-02-28"}
    assert browser.get(f"/api/v1/metrics/{asked.pk}/rows/", days).json()["aggregated"] == "10.10"
