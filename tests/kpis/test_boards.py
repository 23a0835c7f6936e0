"""The board held against a plan, a budget or an earlier month; like for like; the heat map."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import Metric
from performance.kpis.queries import boards, likeness
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
MARCH_2 = datetime.date(2026, 3, 2)
LAST_JANUARY = datetime.date(2025, 1, 1)
#: A year before, and a store that has closed since; Xihu opened in February.
MORE = [
    (11, "2025-01-07", "Hangzhou", "Binjiang", 1, 1, "20.00"),
    (12, "2025-01-07", "Shenzhen", "Old Town", 7, 1, "50.00"),
    (13, "2026-02-10", "Hangzhou", "Xihu", 1, 1, "4.40"),
    (14, "2026-02-11", "Hangzhou", "Xihu", 9, 2, "3.00"),
]


@pytest.fixture
@ready.made
def metrics(here: Cast, actor: Any, sales: Any) -> dict[str, Metric]:
    tables.add_rows(sales, SALES, MORE)
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    certify(here, actor, "returns", base(sales, "count", "customer", direction="down"))
    certify(here, actor, "price", base(sales, "avg", "price", unit="money:CNY"))
    certify(here, actor, "per_customer", formula("revenue / customers", "money:CNY/count:customer"))
    actions.refresh_values(at=AT)
    return {metric.key: metric for metric in Metric.objects.all()}


def board(metric: Metric, **more: Any) -> boards.Board:
    given = {"today": MARCH_2, "at": AT, "month": FEBRUARY, "metric_id": metric.pk, "cut": "store"} | more
    found = boards.board(**given)
    assert found is not None
    return found


def alike(metric: Metric, **more: Any) -> likeness.Likeness:
    given = {"since": JANUARY, "until": FEBRUARY, "within": {}, "cut": "store"} | more
    return likeness.like_for_like(metric, **given)


def set_figures(cast: Cast, actor: Any, metric: Metric, kind: str, *rows: Any) -> None:
    actions.set_targets(metric=metric, kind=kind, rows=rows, by=actor(cast.business_owner), at=AT)


def test_each_comparison_holds_every_figure_against_what_it_names(
    metrics: dict[str, Metric], here: Cast, actor: Any
) -> None:
    revenue = metrics["revenue"]
    store = {"store": "Binjiang"}
    set_figures(here, actor, revenue, "target", (FEBRUARY, {}, Decimal(25)), (FEBRUARY, store, Decimal(12)))
    set_figures(here, actor, revenue, "budget", (FEBRUARY, {}, Decimal(15)), (FEBRUARY, store, Decimal(9)))
    told = {
        "target": (Decimal(25), Decimal("-4.50"), "off_track", Decimal(12)),
        "budget": (Decimal(15), Decimal("5.50"), "on_track", Decimal(9)),
        "month": (Decimal("35.05"), Decimal("-14.55"), "worse", Decimal(30)),
        "year": (None, None, "unknown", None),
    }
    for basis, expected in told.items():
        found = board(revenue, basis=basis)
        chosen = found.chosen
        first = next(one for one in found.ranked if one.label == "Binjiang")
        assert (chosen.against, chosen.gap, chosen.status, first.against) == expected, basis
        assert found.references.get(FEBRUARY) == expected[0]


def test_a_year_before_is_compared_with_and_drawn_under_its_month(metrics: dict[str, Metric]) -> None:
    found = board(metrics["revenue"], month=JANUARY, basis="year")
    assert (found.chosen.against, found.chosen.status) == (Decimal(70), "worse")
    assert found.compared_month == LAST_JANUARY
    assert found.references[JANUARY] == Decimal(70)
    assert {one.label: one.against for one in found.ranked} == {"Binjiang": Decimal(20), "Nanshan": None}


def test_a_month_that_still_runs_is_no_worse_than_a_whole_one(metrics: dict[str, Metric]) -> None:
    running = board(metrics["revenue"], basis="month", today=datetime.date(2026, 2, 12))
    by_key = {one.metric.key: one.status for one in running.indicators}
    assert by_key["revenue"] == "unknown"
    assert by_key["customers"] == "unknown", "so far fewer have come than in a whole month"
    assert by_key["per_customer"] == "worse", "a ratio of sums is comparable while its month runs"


def test_a_number_of_different_customers_has_no_path_while_its_month_runs(
    metrics: dict[str, Metric], here: Cast, actor: Any
) -> None:
    set_figures(here, actor, metrics["customers"], "target", (FEBRUARY, {}, Decimal(10)))
    running = board(metrics["customers"], today=datetime.date(2026, 2, 12)).chosen
    over = board(metrics["customers"]).chosen
    assert (running.against, running.path, running.status) == (10, None, "unknown")
    assert (over.path, over.status) == (10, "off_track")


def test_a_month_that_an_old_view_asks_for_can_be_chosen_too(metrics: dict[str, Metric]) -> None:
    found = board(metrics["revenue"], month=LAST_JANUARY)
    assert found.months[-1] == LAST_JANUARY == found.month
    assert len(set(found.months)) == len(found.months)
    assert LAST_JANUARY not in board(metrics["revenue"]).months


def test_lower_is_better_where_the_metric_says_so(metrics: dict[str, Metric]) -> None:
    found = board(metrics["returns"], basis="month")
    assert (found.chosen.value, found.chosen.against, found.chosen.status) == (3, 3, "same")
    january = board(metrics["returns"], month=JANUARY, basis="year")
    assert (january.chosen.value, january.chosen.against, january.chosen.status) == (3, 2, "worse")


def test_like_for_like_leaves_out_what_has_no_value_in_both_months(metrics: dict[str, Metric]) -> None:
    told = alike(metrics["revenue"])
    assert (told.whole.before, told.whole.after) == (Decimal("35.05"), Decimal("20.50"))
    assert (told.alike.before, told.alike.after, told.kept) == (Decimal(30), Decimal("10.10"), 1)
    assert [(one.label, one.reason, one.month) for one in told.left_out] == [
        ("Xihu", "began", FEBRUARY),
        ("Nanshan", "ended", JANUARY),
    ]


def test_a_part_that_was_away_for_one_month_has_no_data(metrics: dict[str, Metric], sales: Any) -> None:
    tables.add_rows(sales, SALES, [(21, "2026-03-01", "Shenzhen", "Nanshan", 1, 1, "6.00")])
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    nanshan = next(one for one in alike(metrics["revenue"]).left_out if one.label == "Nanshan")
    assert (nanshan.reason, nanshan.month) == ("no_data", FEBRUARY)


def test_a_ratio_like_for_like_is_the_ratio_of_what_stays(metrics: dict[str, Metric], sales: Any) -> None:
    """Two stores stay; customer 1 buys in both and counts once: no average of the stores' ratios."""
    tables.add_rows(sales, SALES, [(31, "2026-02-20", "Shenzhen", "Nanshan", 1, 1, "8.00")])
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    told = alike(metrics["per_customer"])
    assert told.kept == 2
    assert told.alike.before == Decimal("17.525"), "35.05 by two"
    assert told.alike.after == Decimal("18.10"), "10.10 and 8.00 by one and the same"
    assert alike(metrics["customers"]).alike.after == 1


def test_an_average_like_for_like_is_that_of_the_rows(metrics: dict[str, Metric]) -> None:
    told = alike(metrics["price"], since=LAST_JANUARY, until=JANUARY)
    assert (told.whole.before, told.alike.before, told.alike.after) == (35, 20, 10)


def test_nothing_alike_is_said_in_words(metrics: dict[str, Metric]) -> None:
    told = alike(metrics["revenue"], within={"city": "Shenzhen"}, since=LAST_JANUARY, until=JANUARY)
    assert told.refusal == "No part has a value in both months."
    assert told.alike.change is None
    assert alike(metrics["revenue"], cut="").refusal


def test_the_heat_map_colours_by_what_is_better(metrics: dict[str, Metric]) -> None:
    found = board(metrics["revenue"], month=JANUARY).heat
    assert found is not None
    steps = {(row.label, cell.month): cell.step for row in found.rows for cell in row.cells if cell.step}
    assert steps == {("Binjiang", JANUARY): 5, ("Nanshan", JANUARY): 1}
    lower = board(metrics["returns"], month=JANUARY).heat
    assert lower is not None
    by_label = {row.label: row.cells[-1] for row in lower.rows}
    assert (by_label["Nanshan"].value, by_label["Nanshan"].step, by_label["Binjiang"].step) == (1, 5, 1)


def test_the_heat_map_begins_with_the_first_month_that_is_known(metrics: dict[str, Metric]) -> None:
    """December, January and February lie in the year up to February; nothing is known of December."""
    by_value = board(metrics["revenue"]).heat
    empty = board(metrics["revenue"], month=LAST_JANUARY, heat="target").heat
    assert by_value is not None
    assert empty is not None
    assert by_value.months == [JANUARY, FEBRUARY]
    assert {len(row.cells) for row in by_value.rows} == {2}
    assert empty.is_empty


def test_the_heat_map_holds_values_against_targets_and_the_year_before(
    metrics: dict[str, Metric], here: Cast, actor: Any
) -> None:
    set_figures(here, actor, metrics["revenue"], "target", (JANUARY, {"store": "Nanshan"}, Decimal("5.00")))
    against = board(metrics["revenue"], month=JANUARY, heat="target").heat
    year = board(metrics["revenue"], month=JANUARY, heat="year").heat
    assert against is not None
    assert year is not None
    assert [(row.label, row.cells[-1].number) for row in against.rows] == [
        ("Binjiang", None),
        ("Nanshan", Decimal("0.05")),
    ]
    assert [(row.label, row.cells[-1].number) for row in year.rows] == [
        ("Binjiang", Decimal(10)),
        ("Nanshan", None),
    ]


@pytest.mark.parametrize("basis", ["target", "month", "year", "budget"])
def test_the_cast_reads_every_comparison_and_the_api_tells_the_same(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, basis: str
) -> None:
    asked = {"month": "2026-01", "metric": str(metrics["revenue"].pk), "by": "store", "vs": basis}
    for person in cast.members():
        page = client_for(person).get(reverse("kpis:board"), asked | {"heat": "year"})
        assert page.status_code == 200, person
        assert ('id="card-likeness"' in page.content.decode()) is (basis in ("month", "year"))
    answer = client_for(cast.employee).get(reverse("api_metric_board"), asked | {"month": "2026-01-15"})
    assert answer.status_code == 200
    given = answer.json()
    assert (given["vs"], given["month"]) == (basis, "2026-01-01")
    shown = page.context["board"]
    own = next(one for one in given["indicators"] if one["key"] == "revenue")
    assert own["gap"] == (None if shown.chosen.gap is None else str(shown.chosen.gap))
    assert [row["name"] for row in given["heat"]["rows"]] == ["Binjiang", "Nanshan"]
    stranger = client_for(cast.stranger).get(reverse("api_metric_board"))
    assert stranger.status_code == 404
    assert client_for(cast.employee).get(reverse("api_metric_board"), {"vs": "luck"}).status_code == 400


@pytest.mark.parametrize("basis", ["target", "month", "year"])
def test_the_board_asks_as_much_of_many_stores_as_of_few(
    metrics: dict[str, Metric], here: Cast, sales: Any, client_for: Visit, basis: str
) -> None:
    client = client_for(here.employee)
    asked = {
        "month": "2026-02",
        "metric": str(metrics["per_customer"].pk),
        "by": "store",
        "vs": basis,
        "heat": "year",
    }

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("kpis:board"), asked).status_code == 200
        return len(captured)

    tables.add_rows(
        sales,
        SALES,
        [
            (41, "2025-02-09", "Hangzhou", "Binjiang", 3, 1, "7.00"),
            (42, "2025-02-09", "Hangzhou", "Gone", 3, 1, "7.00"),
        ],
    )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    count()
    few = count()
    rows = [
        (100 + number + shift, day, "Hangzhou", f"Store {number}", 20 + number, 1, "3.00")
        for number in range(20)
        for shift, day in ((0, "2025-02-03"), (50, "2026-01-03"), (100, "2026-02-03"))
        if number % 5
    ]
    tables.add_rows(sales, SALES, rows)
    actions.refresh_values(at=AT + datetime.timedelta(days=2))
    assert count() == few
