"""Days without a market take the rate before them where somebody says so, and follow it."""

from decimal import Decimal
from typing import Any

import pytest

from performance.kpis.queries import rates
from tests.conftest import Cast
from tests.kpis.tables import make_rates
from tests.kpis.test_rates import applied, kept, known, proposed

FRIDAY, SATURDAY, SUNDAY, MONDAY = (("EUR", f"2026-01-{day:02}") for day in (9, 10, 11, 12))


@pytest.fixture
def weekend(here: Cast, actor: Any) -> None:
    """Friday's rate is carried over to Saturday and Sunday."""
    text = "2026-01-09 EUR 8\n2026-01-12 EUR 8.5\n2026-01-09 USD 7"
    proposal = proposed(here, actor, text, carried_days=2)
    assert (applied(here, actor, proposal).rate_count, len(known())) == (5, 5)


def marks() -> dict[tuple[str, str], bool]:
    found = rates.marked_rates("daily", "CNY", 99)
    return {(source, day.isoformat()): is_carried for (source, day), (_rate, is_carried) in found.items()}


@pytest.mark.usefixtures("weekend")
def test_carried_days_follow_the_rate_that_they_rest_on(here: Cast, actor: Any) -> None:
    version = kept(here, actor, "2026-01-09 EUR 8.1")
    assert (version.rate_count, version.changes, version.carried_days) == (3, 3, 0)
    assert [known()[day] for day in (FRIDAY, SATURDAY, SUNDAY)] == [Decimal("8.1")] * 3
    assert [marks()[day] for day in (FRIDAY, SATURDAY, SUNDAY, MONDAY)] == [False, True, True, False]
    assert known()[MONDAY] == Decimal("8.5")
    assert kept(here, actor, "2026-01-12 EUR 8.6").rate_count == 1, "nothing rests on Monday"


@pytest.mark.usefixtures("weekend")
def test_a_rate_given_for_a_carried_day_is_carried_no_more(here: Cast, actor: Any) -> None:
    diff = rates.rate_diff(proposed(here, actor, "2026-01-10 EUR 8"))
    assert [(one.day.day, one.was_carried, one.is_carried) for one in diff.changes] == [(10, True, False)]
    kept(here, actor, "2026-01-10 EUR 8")
    kept(here, actor, "2026-01-09 EUR 8.1")
    assert [known()[day] for day in (FRIDAY, SATURDAY, SUNDAY)] == [Decimal("8.1"), 8, 8], (
        "Sunday rests on Saturday"
    )
    assert [marks()[day] for day in (SATURDAY, SUNDAY)] == [False, True]


@pytest.mark.usefixtures("weekend")
def test_nothing_is_carried_over_a_rate_that_was_given_meanwhile(here: Cast, actor: Any) -> None:
    waiting = proposed(here, actor, "2026-01-09 EUR 8.1")
    make_rates(here, "daily", [("EUR", "2026-01-10", "9")])
    assert applied(here, actor, waiting).rate_count == 1
    assert [known()[day] for day in (FRIDAY, SATURDAY, SUNDAY)] == [Decimal("8.1"), 9, 8]
    assert [marks()[day] for day in (FRIDAY, SATURDAY, SUNDAY)] == [False, False, True]
