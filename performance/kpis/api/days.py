"""Days as the API takes them: of calendars that people use, so that no sum of months leaves them."""

import datetime
from typing import Any

from rest_framework import serializers

from performance.people import queries as people


class DayField(serializers.DateField):
    """A day as pages take it, see people.day_from."""

    def to_internal_value(self, value: Any) -> datetime.date:
        day: datetime.date = super().to_internal_value(value)
        if people.day_from(day.isoformat()) is None:
            self.fail("invalid", format="YYYY-MM-DD")
        return day
