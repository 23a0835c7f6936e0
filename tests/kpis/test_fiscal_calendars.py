"""Metrics of organisations whose months are of weeks, held against a calendar and sums that are reckoned here apart."""

import dataclasses
import datetime
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import stale, tenancy
from performance.kpis import actions, queries, rules, semantics, tasks
from performance.kpis.forms import planning as plan_forms
from performance.kpis.models import Metric, MonthClose, Target
from performance.kpis.queries import comparing, forecasts, months, planning, rates
from performance.kpis.templatetags import metrics as tags
from performance.people.actions import organisations as people
from performance.people.models import Period
from performance.people.queries import WorkDays
from performance.sources import models as sources
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import base, certify, formula

Visit = Callable[..., Client]
A_WEEK, A_DAY = datetime.timedelta(weeks=1), datetime.timedelta(days=1)
COLUMNS = {"line": "integer", "on_day": "date", "store": "text", "customer": "integer", "amount": "decimal"}
WEEKS = {"445": [4, 4, 5] * 4, "544": [5, 4, 4] * 4, "13": [4] * 13}
LATER = datetime.datetime(2027, 3, 1, 6, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Shop:
    """`months`, `quarters`: (first day, last day) in order, from the first of a year on; `year`: how many a year has."""

    cast: Cast
    lines: list[tuple[Any, ...]]
    dataset: Any
    months: list[tuple[datetime.date, datetime.date]]
    quarters: list[tuple[datetime.date, datetime.date]]
    year: int

    def sold(self, span: tuple[datetime.date, datetime.date], store: str = "") -> list[tuple[Any, ...]]:
        return [one for one in self.lines if span[0] <= one[1] <= span[1] and store in ("", one[2])]


def first_days(first_month: int) -> list[datetime.date]:
    """Of the fiscal years that begin in 2024 to 2028: the Monday at most three days from the first of the month."""
    near = [
        [datetime.date(year, first_month, 1) + A_DAY * off for off in range(-3, 4)]
        for year in range(2024, 2029)
    ]
    return [next(day for day in days if day.weekday() == 0) for days in near]


@pytest.fixture(params=[("445", 2), ("13", 1)], ids=["4-4-5 from February", "13 periods"])
def shop(request: Any, cast: Cast, actor: Any) -> Iterator[Shop]:
    """Two stores that sell on every third day of four years, one of which has 53 weeks."""
    pattern, first_month = request.param
    organisation = cast.organisation
    organisation.fiscal_pattern, organisation.fiscal_start_month = pattern, first_month
    organisation.save()
    years = first_days(first_month)
    assert {(after - begin).days // 7 for begin, after in itertools.pairwise(years)} == {52, 53}
    begins = []
    for year in years[:-1]:
        begins += [year + A_WEEK * sum(WEEKS[pattern][:number]) for number in range(len(WEEKS[pattern]))]
    spans = [(one, after - A_DAY) for one, after in zip(begins, [*begins[1:], years[-1]], strict=True)]
    size = len(WEEKS[pattern])
    quarters = []
    for year in range(0, len(spans), size):
        for first, last in ((0, 2), (3, 5), (6, 8), (9, size - 1)):
            quarters.append((spans[year + first][0], spans[year + last][1]))
    lines = [
        (
            number,
            years[0] + A_DAY * 3 * number,
            "AB"[number % 2],
            number % 7,
            Decimal(number * 37 % 1000) / 100,
        )
        for number in range(1, 350)
    ]
    with tenancy.acting_for(organisation):
        dataset = tables.make_dataset("lines", COLUMNS, lines)
        yield Shop(cast, lines, dataset, spans, quarters, size)


@pytest.fixture
def metrics(shop: Shop, actor: Any) -> dict[str, Metric]:
    here, since = shop.cast, {"effective_from": shop.months[0][0]}
    cut = since | {"dimensions": {"store": "store"}}
    wrong = base(shop.dataset, "sum", "amount", **cut | {"effective_from": shop.months[0][0] + A_DAY})
    with pytest.raises(actions.MetricRefused, match=r"P01 FY\d+ begins on 20"):
        certify(here, actor, "wrong", wrong)
    certify(here, actor, "revenue", base(shop.dataset, "sum", "amount", **cut))
    certify(here, actor, "customers", base(shop.dataset, "distinct", "customer", **cut))
    certify(here, actor, "each", formula("revenue / customers", **since))
    year = formula("revenue", kind="cumulative", accumulation="year", **since)
    with pytest.raises(semantics.DefinitionRefused, match="summed over the fiscal year"):
        certify(here, actor, "wrong", dataclasses.replace(year, year_starts_in=10))
    certify(here, actor, "ytd", year)
    last = formula("revenue", kind="cumulative", accumulation="rolling", accumulation_months=5, **since)
    certify(here, actor, "rolling", last)
    actions.refresh_values(at=LATER)
    assert not Metric.objects.exclude(problem="").exists()
    return {metric.key: metric for metric in Metric.objects.all()}


def kept(key: str, grain: str, store: str = "") -> dict[tuple[datetime.date, datetime.date], Decimal]:
    found = queries.values(grain).filter(
        metric__key=key, slice_key=queries.slice_key({"store": store} if store else {})
    )
    return {(one.period_start, one.period_end): one.value for one in found}


def total(lines: list[tuple[Any, ...]]) -> Decimal:
    return sum((one[4] for one in lines), Decimal(0))


def test_months_and_quarters_of_weeks_have_the_values_of_their_days(
    shop: Shop, metrics: dict[str, Metric]
) -> None:
    for store in ("", "A"):
        for grain, spans in (("month", shop.months), ("quarter", shop.quarters)):
            sold = {span: lines for span in spans if (lines := shop.sold(span, store))}
            heads = {span: len({one[3] for one in lines}) for span, lines in sold.items()}
            assert kept("revenue", grain, store) == {span: total(lines) for span, lines in sold.items()}
            assert kept("customers", grain, store) == heads
            assert kept("each", grain, store) == {
                span: round(Fraction(total(lines)) / heads[span], 12) for span, lines in sold.items()
            }
    known = [span for span in shop.months if shop.sold(span)]
    by_month = [total(shop.sold(span)) for span in known]
    year = {span: sum(by_month[place - place % shop.year : place + 1]) for place, span in enumerate(known)}
    assert kept("ytd", "month") == year
    assert kept("ytd", "quarter") == {
        span: next(value for month, value in reversed(year.items()) if month[0] <= span[1])
        for span in shop.quarters
        if span[0] <= known[-1][0]
    }
    assert kept("rolling", "month") == {
        span: sum(by_month[max(place - 4, 0) : place + 1]) for place, span in enumerate(known)
    }


def test_the_year_before_is_the_month_of_the_same_number_and_a_path_grows_with_its_days(
    shop: Shop, metrics: dict[str, Metric], actor: Any
) -> None:
    place = 2 * shop.year + 3
    month, before = shop.months[place][0], shop.months[place - shop.year]
    points = queries.series(metrics["revenue"], {}, shop.year + 1, month)
    assert [point.month for point in points] == [
        span[0] for span in shop.months[place - shop.year : place + 1]
    ]
    version = queries.versions_in_force(month)[metrics["revenue"].pk]
    against, _path = comparing.compared(points, comparing.YEAR, version, month)
    assert against == total(shop.sold(before))
    days = (shop.months[place][1] - month).days + 1
    assert comparing.path_today(Decimal(100), version, month, month + A_DAY * 7) == Decimal(700) / days
    quarter = next(span for span in shop.quarters if span[0] <= month <= span[1])
    Period.objects.create(name_en="Own", starts_on=quarter[0], ends_on=quarter[1], kind="quarter")
    assert queries.period_spans() == []
    found = queries.period_value("revenue", {}, Period.objects.get())
    assert found.value == total(shop.sold(quarter))


def test_finance_closes_a_month_of_weeks_and_what_comes_in_later_leaves_it_as_it_was(
    shop: Shop, metrics: dict[str, Metric], actor: Any
) -> None:
    finance = actor(shop.cast.finance_owner)
    place = shop.year + 1
    closed, following = shop.months[place], shop.months[place + 1]
    with pytest.raises(actions.MetricRefused, match="first day"):
        actions.close_month(month=closed[0] + A_DAY, by=finance, at=LATER)
    actions.close_month(month=closed[0], by=finance, at=LATER)
    actions.refresh_values(at=LATER)
    more = [(9001, closed[1], "A", 1, Decimal(5)), (9002, following[0], "A", 1, Decimal(7))]
    tables.add_rows(shop.dataset, COLUMNS, more)
    actions.refresh_values(at=LATER)
    values = kept("revenue", "month")
    assert values[closed] == total(shop.sold(closed))
    assert values[following] == total(shop.sold(following)) + 7
    states = queries.values().filter(metric__key="revenue", state="closed").values_list("period_start")
    assert set(states) == {(closed[0],)}
    assert [months.key(one.month) for one in MonthClose.objects.all()] == [closed[0].isoformat()]
    # The letter after the month comes on the second workday of the one that follows.
    due = rules.next_day_of("monthly", 2, closed[1], WorkDays(), months.calendar())
    assert due == following[0] + A_DAY


def test_budgets_are_read_by_days_numbers_and_the_names_of_months(
    shop: Shop, metrics: dict[str, Metric], actor: Any
) -> None:
    finance = actor(shop.cast.finance_owner)
    first, second = shop.months[shop.year + 4][0], shop.months[shop.year + 5][0]
    year, number = months.calendar().place(second)
    written = [
        f"{first + A_DAY * 8:%Y/%m/%d}",
        months.name(second),
        f"{year}财年{number + 1}月",
        f"fy{year}-p{number + 2}",
    ]
    budget = tables.make_dataset(
        "budget", {"month": "text", "amount": "decimal"}, [(text, at) for at, text in enumerate(written)]
    )
    columns = actions.TargetColumns(month_column="month", value_column="amount", metric=metrics["revenue"])
    actions.import_targets(dataset=budget, columns=columns, by=finance, at=LATER)
    found = list(Target.objects.order_by("value").values_list("period_start", "period_end"))
    assert found == shop.months[shop.year + 4 : shop.year + 8]
    plain = tables.make_dataset("named", {"month": "text", "amount": "decimal"}, [("2026-05", 1)])
    if shop.year == 12:
        # Called alike: the one that holds most of the days of May 2026.
        actions.import_targets(dataset=plain, columns=columns, by=finance, at=LATER)
        target = Target.objects.exclude(period_start__in=[span[0] for span in found]).get()
        assert target.period_start <= datetime.date(2026, 5, 15) <= target.period_end
    else:
        with pytest.raises(actions.MetricRefused, match="“2026-05” is no month of the fiscal calendar"):
            actions.import_targets(dataset=plain, columns=columns, by=finance, at=LATER)


def test_average_and_closing_rates_are_those_of_the_month_of_weeks(shop: Shop, actor: Any) -> None:
    first, second, third = shop.months[:3]
    euro = {"dimensions": {}, "unit": "money:CNY", "effective_from": first[0]}
    sources.DatasetColumn.objects.filter(dataset=shop.dataset, key="amount").update(currency="EUR")
    certify(shop.cast, actor, "bought", base(shop.dataset, "sum", "amount", currency_rule="average", **euro))
    certify(shop.cast, actor, "owed", base(shop.dataset, "last", "amount", currency_rule="closing", **euro))
    tables.make_rates(shop.cast, "average", [("EUR", first[0], "2"), ("EUR", third[0], "3")])
    days = [first[1] - A_DAY, second[0], second[1] - A_DAY * 2]
    tables.make_rates(shop.cast, "closing", [("EUR", day, rate) for rate, day in enumerate(days, 5)])
    actions.refresh_values(at=LATER)
    assert kept("bought", "month")[first] == total(shop.sold(first)) * 2
    assert kept("bought", "month")[second] is None
    assert kept("bought", "month")[third] == total(shop.sold(third)) * 3
    assert [kept("owed", "month")[span] for span in (first, second)] == [
        shop.sold(first)[-1][4] * 5,
        shop.sold(second)[-1][4] * 7,
    ]
    [covered] = rates.covered("average", "CNY", 1)
    assert (covered.missing_count, covered.missing) == (1, [second[0]])


def test_pages_name_months_by_their_number_and_lead_to_them_by_their_first_day(
    shop: Shop, metrics: dict[str, Metric], client_for: Visit
) -> None:
    browser = client_for(shop.cast.finance_owner)
    span = [span for span in shop.months if shop.sold(span)][-3]
    year, number = months.calendar().place(span[0])
    name, key = f"P{number:02d} FY{year}", span[0].isoformat()
    named = [reverse(f"kpis:{page}", args=[metrics["revenue"].pk]) for page in ("values", "change")]
    own = ("targets", "rows", "metric", "what_if", "plan_targets", "alert_rules")
    silent = [reverse(f"kpis:{page}", args=[metrics["ytd"].pk]) for page in own]
    silent += [reverse(f"kpis:{page}") for page in ("alerts", "rates", "scenarios", "library")]
    for page in [reverse("kpis:board"), *named, *silent]:
        answer = browser.get(page, {"month": key, "vs": "year", "known": key})
        assert answer.status_code == 200, page
        if page not in silent:
            assert name in answer.content.decode(), page
    # As signatures keep months, and running totals those that are missing.
    assert tags.month_of_text(key) == span[0]
    before = shop.months[shop.year][0]
    assert browser.post(reverse("kpis:close_month"), {"month": before.isoformat()}).status_code == 302
    assert MonthClose.objects.get().month == before
    board = browser.get(reverse("kpis:board"), {"month": key})
    assert board.context["board"].month == span[0]
    assert f'<option value="{key}" selected>{name} (' in board.content.decode()
    told = browser.get(named[0], {"month": key})
    assert told.context["chart"]["x"][-1] == months.name(told.context["points"][-1].month)
    setting = reverse("kpis:set_target", args=[metrics["revenue"].pk])
    answer = browser.post(setting, {"kind": "target", "month": key, "slice": "{}", "value": "12"})
    assert answer.status_code == 302
    assert [(one.period_start, one.period_end) for one in Target.objects.all()] == [span]


def test_another_calendar_has_all_values_computed_again_until_a_month_is_closed(
    here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    actions.refresh_values(at=LATER)
    tasks.refresh_stale_values.apply()
    by, finance = actor(here.administrator), actor(here.finance_owner)
    organisation = by.organisation

    def changed(**fields: Any) -> None:
        people.edit_organisation(organisation=organisation, fields=fields, by=by, at=LATER)

    changed(fiscal_start_month=7)
    assert not stale.waiting("metric_values")
    changed(fiscal_pattern="445", fiscal_start_month=1)
    assert stale.waiting("metric_values")
    tasks.refresh_stale_values.apply()
    first, last = datetime.date(2025, 12, 29), datetime.date(2026, 1, 25)
    assert kept("revenue", "month")[first, last] == 10
    assert {start.day for start, _end in kept("revenue", "month")} == {29, 26}
    actions.close_month(month=first, by=finance, at=LATER)
    with pytest.raises(actions.MetricRefused, match="Finance has closed months") as refused:
        changed(fiscal_pattern="13")
    assert (refused.value.field, organisation.fiscal_pattern) == ("fiscal_pattern", "445")
    given = {key: getattr(organisation, key) for key in people.EDITABLE} | {"fiscal_start_month": "4"}
    page = client_for(here.administrator).post(reverse("people:settings"), given)
    assert page.status_code == 422
    assert "Finance has closed months" in str(page.context["form"].errors["fiscal_start_month"])
    changed(currency="EUR")


def test_plans_and_forecasts_count_in_years_of_the_calendar(shop: Shop, metrics: dict[str, Metric]) -> None:
    year = shop.months[2 * shop.year : 3 * shop.year]
    asked = planning.SpreadAsked(
        kind="target", slice={}, first=year[0][1], months=shop.year, total=Decimal(1000), way="season"
    )
    plan = planning.plan_of(metrics["revenue"], asked)
    assert [row.month for row in plan.rows] == [span[0] for span in year]
    past = [
        [Fraction(total(shop.sold(span))) for span in shop.months[at : at + shop.year]]
        for at in (0, shop.year)
    ]
    shapes = [[value / sum(values) for value in values] for values in past]
    assert [row.share for row in plan.rows] == [(one + two) / 2 for one, two in zip(*shapes, strict=True)]
    assert sum(row.after for row in plan.rows) == 1000
    with pytest.raises(planning.PlanRefused, match=f"between 1 and {2 * shop.year} months"):
        planning.plan_of(metrics["revenue"], dataclasses.replace(asked, months=2 * shop.year + 1))
    [history, *_parts] = forecasts.histories(metrics["revenue"].pk, shop.months[2 * shop.year + 5][1])
    known = [one for one in history.values if one is not None]
    assert (history.season, history.after_month) == (shop.year, shop.months[2 * shop.year + 4][0])
    assert known == [float(total(shop.sold(span))) for span in shop.months[: 2 * shop.year + 5]]
    assert plan_forms.first_offered(year[0][1]) == year[0][0]
    assert plan_forms.first_offered(year[-1][0]) == shop.months[3 * shop.year][0]
