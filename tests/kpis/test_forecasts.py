"""Forecasts as they are kept and seen: made by workers, superseded and never rewritten, shown with what they are worth."""

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.kpis import actions, forecasting, queries, tasks
from performance.kpis.forecasting import library
from performance.kpis.models import Forecast, Metric, MetricValue
from performance.kpis.queries import forecasts, months
from performance.people import queries as people
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import base, certify, formula

Visit = Callable[..., Client]
HISTORY = 30
LONG_AGO = datetime.date(2020, 1, 1)


@pytest.fixture(autouse=True)
def drifting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """In place of the library: last year's month and the growth since. Answers how often it was asked."""
    asked: list[int] = []

    def drift(method: str, values: np.ndarray, season: int, horizon: int) -> np.ndarray:
        asked.append(len(values))
        return np.resize(values[-season:], horizon) * 1.05

    monkeypatch.setattr(library, "is_installed", lambda: True)
    monkeypatch.setattr(library, "forecast", drift)
    return asked


def amount(back: int, share: float = 1.0) -> str:
    """A trend, a season, and a little that cannot be foreseen."""
    swing = 200 * math.sin(back * math.pi / 6) + 30 * math.cos(back * 7)
    return f"{(2000 - 12 * back + swing) * share:.2f}"


@pytest.fixture
def today(here: Cast) -> datetime.date:
    return people.today(here.organisation)


@pytest.fixture
def last(today: datetime.date) -> datetime.date:
    """The last month that is over, and its days for late numbers too: on the first days of a month, the one before."""
    month = months.months_before(today, 1)
    is_settled = months.settled_on(month, Dataset._meta.get_field("settling_days").default) <= today
    return month if is_settled else months.months_before(month, 1)


@pytest.fixture
@ready.made
def shops(here: Cast, last: datetime.date) -> Dataset:
    """Two and a half years of Binjiang, one year of Nanshan."""
    rows: list[tuple[Any, ...]] = []
    for back in range(HISTORY):
        month = months.months_before(last, back)
        rows.append((2 * back, month, "Hangzhou", "Binjiang", back, 1, amount(back)))
        if back < 12:
            rows.append((2 * back + 1, month, "Shenzhen", "Nanshan", back, 1, amount(back, 0.1)))
    return tables.make_dataset("sales", SALES, rows)


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, shops: Dataset) -> Metric:
    certify(here, actor, "revenue", base(shops, "sum", "price", effective_from=LONG_AGO), name_zh="营业收入")
    actions.refresh_values(at=timezone.now())
    return Metric.objects.get(key="revenue")


def run() -> int:
    return tasks.refresh_forecasts.apply().get()


def current(metric: Metric) -> dict[str, Forecast]:
    return {one.slice_key: one for one in Forecast.objects.filter(metric=metric, superseded_at=None)}


def total(metric: Metric) -> forecasts.Ahead:
    return forecasts.ahead(metric, {}, additivity="additive")


def test_the_whole_and_its_parts_with_two_years_are_foreseen(revenue: Metric, last: datetime.date) -> None:
    assert run() == 3
    found = current(revenue)
    assert set(found) == {"{}", '{"city": "Hangzhou"}', '{"store": "Binjiang"}'}
    whole = found["{}"]
    assert (whole.after_month, whole.refusal, len(whole.points), whole.known_months) == (
        last,
        "",
        12,
        HISTORY,
    )
    assert stale.waiting(forecasts.STALE) == 0


def test_running_again_changes_nothing(revenue: Metric, drifting: list[int]) -> None:
    run()
    before = list(Forecast.objects.order_by("pk").values())
    drifting.clear()
    assert run() == 0
    stale.mark(forecasts.STALE, [revenue.pk])
    assert run() == 0
    assert drifting == []
    assert list(Forecast.objects.order_by("pk").values()) == before


def test_a_value_that_changes_makes_a_new_forecast_and_the_old_one_stays(
    revenue: Metric, shops: Dataset, last: datetime.date
) -> None:
    run()
    before = current(revenue)
    tables.add_rows(shops, SALES, [(900, last, "Shenzhen", "Nanshan", 1, 1, "500.00")])
    actions.refresh_values(at=timezone.now())
    assert run() == 1
    after = current(revenue)
    assert after['{"store": "Binjiang"}'].pk == before['{"store": "Binjiang"}'].pk
    assert after["{}"].pk != before["{}"].pk
    old = Forecast.objects.get(pk=before["{}"].pk)
    assert old.superseded_at is not None
    assert old.points == before["{}"].points


def test_a_month_that_is_over_makes_a_new_forecast_without_any_new_value(
    revenue: Metric, today: datetime.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    in_two_months = months.months_before(today, -2).replace(day=20)
    monkeypatch.setattr(people, "today_here", lambda: in_two_months)
    assert forecasts.metrics_to_foresee(in_two_months) == [revenue.pk]
    run()
    found = current(revenue)["{}"]
    assert (found.after_month, found.refusal) == (months.months_before(in_two_months, 1), "ended")
    assert forecasts.metrics_to_foresee(in_two_months) == []


def test_months_that_may_still_move_are_not_built_upon(revenue: Metric, shops: Dataset) -> None:
    day = datetime.date(2026, 5, 10)
    assert forecasts.standing_month(day) == datetime.date(2026, 4, 1)
    Dataset.objects.filter(pk=shops.pk).update(settling_days=9)
    assert forecasts.standing_month(day) == datetime.date(2026, 4, 1)
    Dataset.objects.filter(pk=shops.pk).update(settling_days=10)
    assert forecasts.standing_month(day) == datetime.date(2026, 3, 1)


def test_a_part_that_lost_its_months_has_no_forecast_any_more(
    revenue: Metric, here: Cast, actor: Any
) -> None:
    run()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kpis_metricvalue SET superseded_at = now() WHERE metric_id = %s AND dimensions = 'store'",
            [revenue.pk],
        )
    stale.mark(forecasts.STALE, [revenue.pk])
    assert run() == 1
    assert '{"store": "Binjiang"}' not in current(revenue)


def test_a_worker_that_dies_while_it_foresees_loses_nothing(
    revenue: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*given: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as killed:
        killed.setattr(forecasting, "foresee", die)
        with pytest.raises(SystemExit):
            tasks.refresh_forecasts.apply(throw=True)
    assert not Forecast.objects.exists()
    assert stale.waiting(forecasts.STALE) == 1
    assert run() == 0, "another worker may still be at it"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE foundation_stalerow SET claimed_at = claimed_at - interval '11 minutes'")
    assert run() == 3


def test_who_was_taken_for_dead_does_not_write_over_the_other(
    revenue: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    foresee = forecasting.foresee

    def slowly(*given: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE foundation_stalerow SET claim = gen_random_uuid()")
        return foresee(*given)

    monkeypatch.setattr(forecasting, "foresee", slowly)
    assert run() == 0
    assert not Forecast.objects.exists()


def test_forecasts_are_never_rewritten(revenue: Metric) -> None:
    run()
    whole = current(revenue)["{}"]
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Forecast.objects.filter(pk=whole.pk).update(points=[])
    Forecast.objects.filter(pk=whole.pk).update(superseded_at=timezone.now())
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Forecast.objects.filter(pk=whole.pk).update(superseded_at=None)


def test_a_retired_metric_is_not_foreseen(revenue: Metric) -> None:
    Metric.objects.filter(pk=revenue.pk).update(retired_at=timezone.now())
    assert run() == 0
    assert stale.waiting(forecasts.STALE) == 0


def test_a_metric_that_waits_for_the_library_is_foreseen_once_it_is_there(
    revenue: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(library, "is_installed", lambda: False)
        assert run() == 1
        assert total(revenue).refusal == "not_installed"
        assert run() == 0
    assert run() == 3
    assert total(revenue).refusal == ""


def set_targets(metric: Metric, here: Cast, actor: Any, first: datetime.date, value: str) -> None:
    quarter = months.months_before(first, (first.month - 1) % 3)
    rows = [(months.months_before(quarter, -number), {}, Decimal(value)) for number in range(3)]
    by = actor(here.business_owner)
    actions.set_targets(metric=metric, kind="target", rows=rows, by=by, at=timezone.now())


def test_what_adds_up_is_likely_to_reach_a_low_sum_and_unlikely_a_high_one(
    revenue: Metric, here: Cast, actor: Any, today: datetime.date
) -> None:
    run()
    assert total(revenue).chances == []
    chances = {}
    for value in ("500", "2150", "9000"):
        set_targets(revenue, here, actor, today, value)
        (chances[value],) = total(revenue).chances
    assert chances["500"].target == 1500
    assert chances["500"].chance > 0.9 > chances["2150"].chance > 0.1 > chances["9000"].chance > 0
    assert chances["500"].low_80 < chances["500"].expected < chances["500"].high_80
    assert chances["500"].tested > 0
    assert 0 <= (chances["500"].came_true or 0) <= 1


def test_the_expected_sum_holds_the_months_that_are_known(
    revenue: Metric, here: Cast, actor: Any, today: datetime.date, last: datetime.date
) -> None:
    run()
    set_targets(revenue, here, actor, today, "2000")
    said = total(revenue)
    (chance,) = said.chances
    inside = [month.value for month in said.months if month.month <= chance.ends_on]
    known = MetricValue.objects.filter(
        metric=revenue, grain="month", slice_key="{}", superseded_at=None, period_start__gte=chance.starts_on
    )
    assert chance.expected == sum(inside) + sum(value.value or 0 for value in known)


def test_what_does_not_add_up_is_held_against_its_last_month(
    here: Cast, actor: Any, shops: Dataset, today: datetime.date
) -> None:
    highest = base(shops, "max", "price", effective_from=LONG_AGO, unit="money:CNY")
    certify(here, actor, "highest", highest)
    actions.refresh_values(at=timezone.now())
    run()
    metric = Metric.objects.get(key="highest")
    set_targets(metric, here, actor, today, "1000")
    said = forecasts.ahead(metric, {}, additivity=metric.versions.get().additivity)
    (chance,) = said.chances
    assert chance.target == 1000
    assert chance.expected == next(m.value for m in said.months if months.last_of(m.month) == chance.ends_on)


def test_where_less_is_better_the_chance_is_the_other_one(
    revenue: Metric, here: Cast, actor: Any, today: datetime.date
) -> None:
    run()
    set_targets(revenue, here, actor, today, "500")
    up = total(revenue).chances[0].chance
    revenue.direction = "down"
    assert total(revenue).chances[0].chance == pytest.approx(1 - up)
    revenue.direction = "band"
    assert total(revenue).chances == []


def test_what_can_be_said_of_slices_that_are_not_foreseen(revenue: Metric) -> None:
    run()
    nanshan = forecasts.ahead(revenue, {"store": "Nanshan"}, additivity="additive")
    assert (nanshan.refusal, nanshan.known_months) == ("too_short", 12)
    MetricValue.objects.filter(metric=revenue, slice_key='{"store": "Nanshan"}').update(
        superseded_at=timezone.now()
    )
    assert forecasts.ahead(revenue, {"store": "Nanshan"}, additivity="additive").known_months == 0
    both = forecasts.ahead(revenue, {"store": "Binjiang", "city": "Hangzhou"}, additivity="additive")
    assert both.refusal == "many"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Typically"), ("zh-hans", "通常偏差")],
)
def test_everybody_here_sees_the_forecast_and_nobody_elsewhere_does(
    revenue: Metric, cast: Cast, actor: Any, client_for: Visit, today: datetime.date, language: str, said: str
) -> None:
    run()
    set_targets(revenue, cast, actor, today, "2000")
    api = f"/api/v1/metrics/{revenue.pk}/forecast/"
    for person in cast.members():
        person.user.language = language
        person.user.save(update_fields=["language"])
        browser = client_for(person)
        for page in (reverse("kpis:board"), reverse("kpis:values", args=[revenue.pk])):
            answer = browser.get(page)
            text = answer.content.decode()
            assert said in text, (person, page)
            assert len(answer.context["chart"]["forecast"]) == forecasts.SHOWN
        assert len(browser.get(api).json()["months"]) == 12
    stranger = client_for(cast.stranger)
    assert stranger.get(api).status_code == 404
    assert said not in stranger.get(reverse("kpis:board")).content.decode()


def test_the_table_beside_the_chart_says_what_the_chart_draws(
    revenue: Metric, here: Cast, client_for: Visit
) -> None:
    run()
    answer = client_for(here.employee).get(reverse("kpis:values", args=[revenue.pk]))
    chart, text = answer.context["chart"], answer.content.decode()
    ahead = answer.context["ahead"]
    assert chart["x"][chart["forecast_at"]] == f"{ahead.months[0].month:%Y-%m}"
    assert chart["x"][-1] == f"{ahead.shown[-1].month:%Y-%m}"
    assert len(chart["target"]) == len(chart["x"])
    table = text[text.index('id="trend-table"') : text.index("</table>", text.index('id="trend-table"'))]
    assert table.count("Forecast") == forecasts.SHOWN
    assert f"¥{ahead.months[0].value:,.2f}" in table


def test_the_forecast_is_read_over_the_api(revenue: Metric, here: Cast, client_for: Visit) -> None:
    api = f"/api/v1/metrics/{revenue.pk}/forecast/"
    browser = client_for(here.employee)
    before = browser.get(api).json()
    assert (before["refusal"], before["months"], before["way"]) == ("waiting", [], None)
    run()
    found = browser.get(api, {"store": "Binjiang"}).json()
    assert found["slice"] == {"store": "Binjiang"}
    assert found["way"] in forecasting.WAYS
    first = found["months"][0]
    bounds = [Decimal(first[key]) for key in ("low_95", "low_80", "value", "high_80", "high_95")]
    assert bounds == sorted(bounds)
    assert Decimal(found["error"]) > 0
    assert found["tested"] > 0
    assert browser.get(api, {"store": "Nanshan"}).json()["refusal"] == "too_short"


def test_a_short_series_is_told_how_many_months_it_needs(
    here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    actions.refresh_values(at=timezone.now())
    run()
    text = client_for(here.employee).get(reverse("kpis:board")).content.decode()
    assert "No forecast" in text


def test_organisations_keep_their_forecasts_apart(revenue: Metric, cast: Cast) -> None:
    run()
    with tenancy.acting_for(cast.elsewhere):
        assert not Forecast.objects.exists()
        assert run() == 0


def test_reading_takes_the_same_queries_however_many_are_foreseen(
    revenue: Metric, here: Cast, actor: Any, today: datetime.date
) -> None:
    run()
    set_targets(revenue, here, actor, today, "2000")
    with CaptureQueriesContext(connection) as seen:
        total(revenue)
    assert len(seen) <= 8


def test_formulas_are_foreseen_like_sums(revenue: Metric, here: Cast, actor: Any) -> None:
    certify(here, actor, "double", formula("revenue * 2", effective_from=LONG_AGO))
    actions.refresh_values(at=timezone.now())
    run()
    double = Metric.objects.get(key="double")
    assert queries.latest_month([double.pk]) is not None
    assert current(double)["{}"].way == current(revenue)["{}"].way
