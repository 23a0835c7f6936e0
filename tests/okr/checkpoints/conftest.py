"""An objective that goes by checkpoints of its own."""

import pytest

from performance.people import models as people
from tests.okr.checkpoints.courses import DAY, points
from tests.okr.conftest import content, key_result


@pytest.fixture
def on(quarter, now, acting_cast):
    """Day n of a quarter of 100 days without weekends, in which today is day 40."""
    first = now.date() - 39 * DAY
    people.Organisation.objects.filter(pk=acting_cast.organisation.pk).update(country="")
    people.Period.objects.filter(pk=quarter.pk).update(starts_on=first, ends_on=first + 99 * DAY)
    calendar, _is_new = people.WorkCalendar.objects.get_or_create(
        is_default=True, defaults={"name_en": "Every day"}
    )
    people.CalendarDay.objects.bulk_create(
        people.CalendarDay(calendar=calendar, on=first + n * DAY, is_worked=True) for n in range(100)
    )
    quarter.refresh_from_db()
    quarter.organisation = acting_cast.organisation
    quarter.organisation.country = ""
    return lambda number: first + (number - 1) * DAY


@pytest.fixture
def seasonal(on, propose, agree):
    """0 → 10 stores of which 1 is expected by day 40 and 2 by day 80."""

    def do(title="Sold in December", **fields):
        row = key_result(checkpoints=points((on(40), 1), (on(80), 2)), **fields)
        return agree(propose(content(title, row)))

    return do
