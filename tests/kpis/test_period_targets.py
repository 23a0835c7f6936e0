"""What a quarter is held against: its own target, else those of its months, and nothing where one of them has none."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from performance.kpis import actions, queries
from performance.kpis.models import Metric
from performance.kpis.queries.pages import Span
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY, JANUARY, MARCH, base, certify

QUARTER = Span(JANUARY, datetime.date(2026, 3, 31))
FIRST_TWO = Span(JANUARY, datetime.date(2026, 2, 28))


@pytest.fixture
def plan(here: Cast, actor: Any, sales: Any) -> Any:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    certify(here, actor, "highest", base(sales, "max", "price"))
    actions.refresh_values(at=AT)

    def target(key: str, month: datetime.date, value: int) -> None:
        actions.set_targets(
            metric=Metric.objects.get(key=key),
            kind="target",
            rows=[(month, {}, Decimal(value))],
            by=actor(here.finance_owner),
            at=AT,
        )

    return target


def held_against(key: str, span: Span) -> Decimal | None:
    return queries.period_values([(key, {})], span)[key, "{}"].target


def test_months_add_up_to_the_target_of_their_quarter_once_each_has_one(plan: Any) -> None:
    plan("revenue", JANUARY, 10)
    plan("revenue", FEBRUARY, 20)
    # Two months of a plan are none of the quarter: it would be reached with the third for nothing.
    assert held_against("revenue", QUARTER) is None
    assert held_against("revenue", FIRST_TWO) == 30
    plan("revenue", MARCH, 40)
    assert held_against("revenue", QUARTER) == 70


def test_what_does_not_add_up_is_held_against_the_last_month_and_no_earlier_one(plan: Any) -> None:
    plan("highest", FEBRUARY, 20)
    assert held_against("highest", QUARTER) is None
    assert held_against("highest", FIRST_TWO) == 20
    plan("highest", MARCH, 40)
    assert held_against("highest", QUARTER) == 40
