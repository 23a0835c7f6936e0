"""A whole that is closed to a reader is not to be worked out from others: older ones, quarters, running totals, formulas."""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Alert, AlertRule, Forecast, Metric, PointNote
from performance.kpis.queries import changes, forecasts, previews
from performance.sources import queries as sources
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, MARCH, base, certify, formula
from tests.kpis.test_narrowed_values import (  # noqa: F401
    OTHER,
    OWN,
    SECRET,
    revenue,
    sold,
    stores,
)

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(days=1)
#: What Binjiang and Nanshan come to.
BOTH = f"{Decimal(OWN) + Decimal(SECRET):.2f}"


@pytest.fixture
@ready.made
def alone(here: Cast, actor: Any, revenue: Metric) -> Metric:  # noqa: F811
    """In February Futian sold nothing: of the stores outside Binjiang only Nanshan did. In March all three sold as in
    January."""
    certify(here, actor, "doubled", formula("revenue * 2", dimensions={"store": ""}))
    certify(here, actor, "summed", formula("revenue * 1", dimensions={"city": ""}))
    certify(
        here,
        actor,
        "so_far",
        formula("revenue", kind="cumulative", accumulation="year", dimensions={"store": ""}),
    )
    dataset = Dataset.objects.get(key="sales")
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {sources.row_relation(dataset)} WHERE store = 'Futian' AND on_day >= '2026-02-01'"
        )
    shops = (("Hangzhou", "Binjiang", OWN), ("Shenzhen", "Nanshan", SECRET), ("Shenzhen", "Futian", OTHER))
    rows = [
        (30 + place, "2026-03-05", city, store, 1, 1, price)
        for place, (city, store, price) in enumerate(shops)
    ]
    tables.add_rows(dataset, SALES, rows)
    actions.refresh_values(at=AT)
    return revenue


def known(sight: queries.Sight, key: str, month: datetime.date, grain: str = "month") -> Decimal | None:
    found = queries.value_at(key, {}, month, grain, sight=sight)
    return None if found is None else found.value


def test_a_formula_does_not_tell_the_whole_that_its_input_hides(
    here: Cast, actor: Any, alone: Metric
) -> None:
    sight = queries.sight_of(actor(here.employee))
    for key in ("revenue", "doubled", "summed"):
        assert known(sight, key, JANUARY) is not None, key
        assert known(sight, key, FEBRUARY) is None, key
        assert known(sight, key, MARCH) is not None, key
        assert known(queries.sight_of(actor(here.finance_owner)), key, FEBRUARY) is not None, key


def test_a_quarter_does_not_tell_its_one_closed_month(here: Cast, actor: Any, alone: Metric) -> None:
    sight = queries.sight_of(actor(here.employee))
    assert known(sight, "revenue", FEBRUARY, "quarter") is None
    assert known(queries.sight_of(actor(here.finance_owner)), "revenue", FEBRUARY, "quarter") is not None
    own = queries.value_at("revenue", {"store": "Binjiang"}, FEBRUARY, "quarter", sight=sight)
    assert own is not None
    assert own.value == 3 * Decimal(OWN)


def test_a_running_total_does_not_tell_a_closed_month_in_it(here: Cast, actor: Any, alone: Metric) -> None:
    sight = queries.sight_of(actor(here.employee))
    assert known(sight, "so_far", JANUARY) is not None
    assert known(sight, "so_far", FEBRUARY) is None
    assert known(sight, "so_far", MARCH) is None
    assert known(queries.sight_of(actor(here.finance_owner)), "so_far", MARCH) is not None
    told = changes.explained(
        Metric.objects.get(key="so_far"), since=JANUARY, until=MARCH, within={}, sight=sight
    )
    assert told.after is None


def test_what_is_said_of_a_running_total_does_not_tell_a_closed_month_in_it(
    here: Cast, actor: Any, alone: Metric
) -> None:
    """An alert in March has the total of the year, and a note on it says why."""
    so_far = Metric.objects.get(key="so_far")
    owner = here.finance_owner
    for metric in (so_far, alone):
        rule = AlertRule.objects.create(
            metric=metric, kind="threshold", operator="above", value=1, slice={}, slice_key="{}", set_by=owner,
            set_at=AT,
        )  # fmt: skip
        for month in (JANUARY, MARCH):
            Alert.objects.create(
                rule=rule, metric=metric, kind="threshold", slice={}, slice_key="{}", month=month, value=5,
                value_now=5, high=1, owner=owner, due_on=month, opened_at=AT,
            )  # fmt: skip
            PointNote.objects.create(
                metric=metric,
                slice={},
                slice_key="{}",
                month=month,
                text="Why",
                written_by=owner,
                written_at=AT,
            )
    for visible in (queries.visible_alerts, queries.visible_notes):
        told = set(visible(actor(here.employee)).values_list("metric__key", "month"))
        assert told == {("so_far", JANUARY), ("revenue", JANUARY), ("revenue", MARCH)}
        assert ("so_far", MARCH) in visible(actor(owner)).values_list("metric__key", "month")


def test_what_is_foreseen_from_a_closed_month_is_closed_beside_indicators_too(
    here: Cast, actor: Any, alone: Metric
) -> None:
    Forecast.objects.create(
        metric=alone,
        slice_key="{}",
        after_month=MARCH,
        way="seasonal_naive",
        points=[["1"] * 5],
        basis="-",
        made_at=AT,
    )
    april = datetime.date(2026, 4, 1)
    for person, number in ((here.employee, 0), (here.finance_owner, 1)):
        found = forecasts.month_ahead([alone], {}, april, sight=queries.sight_of(actor(person)))
        assert len(found) == number, person


def test_what_was_known_while_one_part_was_closed_stays_closed(
    here: Cast, actor: Any, client_for: Visit, alone: Metric
) -> None:
    """Futian's sales of February arrive a day later: the whole is open from then on, as it was before it is not."""
    dataset = Dataset.objects.get(key="sales")
    tables.add_rows(dataset, SALES, [(40, "2026-02-05", "Shenzhen", "Futian", 1, 1, OTHER)])
    actions.refresh_values(at=LATER)
    sight = queries.sight_of(actor(here.employee))
    assert known(sight, "revenue", FEBRUARY) == Decimal(BOTH) + Decimal(OTHER)
    values = reverse("kpis:values", args=[alone.pk])
    moment = (AT + datetime.timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    then = re.compile(rf"(?<!\d){re.escape(BOTH)}")
    for address in (
        f"{values}?month=2026-02",
        f"{values}?month=2026-02&known={AT.date()}",
        f"{reverse('api_metric_values', args=[alone.pk])}?as_of={moment}",
        f"{reverse('api_metric_known', args=[alone.pk])}?on={AT.date()}",
    ):
        assert not then.search(client_for(here.employee).get(address).content.decode()), address
        assert then.search(client_for(here.finance_owner).get(address).content.decode()), address


def test_what_was_known_until_one_part_was_left_stays_closed(here: Cast, actor: Any, alone: Metric) -> None:
    """The sales of Futian in January turn out to be Nanshan's: the whole is the same, and not to be seen any more."""
    dataset = Dataset.objects.get(key="sales")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {sources.row_relation(dataset)} SET store = 'Nanshan' WHERE on_day < '2026-02-01'"
            " AND store = 'Futian'"
        )
    actions.refresh_values(at=LATER)
    sight = queries.sight_of(actor(here.employee))
    assert known(sight, "revenue", JANUARY) is None
    tables.add_rows(dataset, SALES, [(41, "2026-01-06", "Shenzhen", "Futian", 1, 1, "5.00")])
    actions.refresh_values(at=LATER + datetime.timedelta(days=1))
    assert known(sight, "revenue", JANUARY) is not None
    for at in (AT, LATER):
        moment = at + datetime.timedelta(hours=1)
        of_then = queries.values_known_at(moment).filter(metric=alone, period_start=JANUARY, dimensions="")
        assert of_then.count() == 1
        assert not sight.seen(of_then, is_past=True).exists()


def test_what_is_still_in_force_is_not_told_of_a_moment_at_which_one_part_was_closed(
    here: Cast, actor: Any, alone: Metric
) -> None:
    """Some sales of Nanshan in February turn out to be Futian's: the whole stays what it was, and is open from then on."""
    dataset = Dataset.objects.get(key="sales")
    sight, seer = queries.sight_of(actor(here.employee)), queries.sight_of(actor(here.finance_owner))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {sources.row_relation(dataset)} SET price = price - 5 WHERE store = 'Nanshan'"
            " AND on_day BETWEEN '2026-02-01' AND '2026-02-28'"
        )
    tables.add_rows(dataset, SALES, [(42, "2026-02-06", "Shenzhen", "Futian", 1, 1, "5.00")])
    actions.refresh_values(at=LATER)
    assert known(sight, "revenue", FEBRUARY) == Decimal(BOTH)
    moment = AT + datetime.timedelta(hours=1)
    of_then = queries.values_known_at(moment).filter(metric=alone, period_start=FEBRUARY, dimensions="")
    assert of_then.get().superseded_at is None
    assert seer.seen(of_then, is_past=True).exists()
    assert not sight.seen(of_then, is_past=True).exists()


def test_a_whole_that_stayed_the_same_while_one_part_was_closed_in_between_is_not_told(
    here: Cast, actor: Any, client_for: Visit, alone: Metric
) -> None:
    """For a day the sales of Futian in January are taken for Nanshan's, then they are Futian's again: the whole is the
    same all along, and it had two closed parts when it came as it has today."""
    dataset = Dataset.objects.get(key="sales")
    relation = sources.row_relation(dataset)

    def move(before: str, after: str, price: str, at: datetime.datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {relation} SET store = %s WHERE on_day < '2026-02-01' AND store = %s AND price = %s",
                [after, before, price],
            )
        actions.refresh_values(at=at)

    sight, seer = queries.sight_of(actor(here.employee)), queries.sight_of(actor(here.finance_owner))
    own = actor(here.employee)

    def of_then(moment: datetime.datetime, key: str) -> Any:
        return queries.values_known_at(moment).filter(metric__key=key, period_start=JANUARY, dimensions="")

    before = AT + datetime.timedelta(hours=1)
    for key in ("revenue", "doubled"):
        assert sight.seen(of_then(before, key), is_past=True).exists(), key
    move("Futian", "Nanshan", OTHER, LATER)
    move("Nanshan", "Futian", OTHER, LATER + datetime.timedelta(days=1))
    assert known(queries.sight_of(own), "revenue", JANUARY) is not None
    for key in ("revenue", "doubled"):
        for moment in (before, LATER + datetime.timedelta(hours=1), LATER + datetime.timedelta(days=2)):
            assert of_then(moment, key).get().superseded_at is None, key
            assert seer.seen(of_then(moment, key), is_past=True).exists(), key
            assert not sight.seen(of_then(moment, key), is_past=True).exists(), (key, moment)


def test_the_draft_of_a_running_total_does_not_tell_it_either(here: Cast, actor: Any, alone: Metric) -> None:
    sight = queries.sight_of(actor(here.employee))
    draft = formula("revenue", kind="cumulative", accumulation="year", unit="money:CNY", year_starts_in=1)
    assert {row.month for row in previews.preview(draft)} >= {JANUARY, FEBRUARY, MARCH}
    assert {row.month for row in previews.preview(draft, sight=sight)} == {JANUARY}


def test_what_one_owner_was_shown_is_not_the_others_to_read(
    here: Cast,
    actor: Any,
    client_for: Visit,
    revenue: Metric,  # noqa: F811
) -> None:
    """Finance sees all stores and signs a draft that picks one of them; business, who drafted it, sees none."""
    business, finance = actor(here.business_owner), actor(here.finance_owner)
    nanshan = [{"column": "store", "op": "=", "value": "Nanshan"}]
    definition = base(Dataset.objects.get(key="sales"), "sum", "price", filters=nanshan, dimensions={})
    version = actions.draft_metric(
        key="nanshan", name_en="Nanshan", name_zh="", business_owner=here.business_owner,
        finance_owner=here.finance_owner, definition=definition, by=business, at=AT,
    )  # fmt: skip
    actions.submit_for_review(version=version, by=business, at=AT)
    mark = queries.impact_of(queries.visible_versions(finance).get(pk=version.pk), finance).mark
    actions.sign_version(version=version, side="finance", by=finance, at=AT, seen=mark)
    addresses = (
        reverse("kpis:metric", args=[version.metric_id]),
        reverse("api_metric", args=[version.metric_id]),
        reverse("api_metric_version", args=[version.pk]),
    )
    for address in addresses:
        assert SECRET in client_for(here.finance_owner).get(address).content.decode(), address
        assert SECRET not in client_for(here.business_owner).get(address).content.decode(), address
