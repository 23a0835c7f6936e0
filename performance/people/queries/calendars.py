"""Reads: which days are worked. The country's holidays and make-up days, changed by the organisation's own."""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import holidays
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.people.models import CalendarDay, Organisation

SATURDAY = 5
# What a reader of English and a reader of Chinese would rather read, best first.
READERS = (("en_US", "en_GB"), ("zh_CN", "zh_HK", "zh_TW", "en_US"))
# Where organisations of this product are at home; other countries go by their code.
NAMED = {
    "CN": _("China"),
    "HK": _("Hong Kong"),
    "MO": _("Macau"),
    "TW": _("Taiwan"),
    "SG": _("Singapore"),
    "MY": _("Malaysia"),
    "TH": _("Thailand"),
    "VN": _("Vietnam"),
    "ID": _("Indonesia"),
    "PH": _("Philippines"),
    "JP": _("Japan"),
    "KR": _("South Korea"),
    "IN": _("India"),
    "AE": _("United Arab Emirates"),
    "AU": _("Australia"),
    "NZ": _("New Zealand"),
    "US": _("United States"),
    "CA": _("Canada"),
    "MX": _("Mexico"),
    "BR": _("Brazil"),
    "GB": _("United Kingdom"),
    "IE": _("Ireland"),
    "DE": _("Germany"),
    "AT": _("Austria"),
    "CH": _("Switzerland"),
    "FR": _("France"),
    "NL": _("Netherlands"),
    "BE": _("Belgium"),
    "ES": _("Spain"),
    "IT": _("Italy"),
    "PL": _("Poland"),
    "SE": _("Sweden"),
    "ZA": _("South Africa"),
}


@dataclass(frozen=True)
class WorkDays:
    """Answers for any day without asking the database again. `overrides`: day → worked or not."""

    country: str = ""
    overrides: Mapping[datetime.date, bool] = field(default_factory=dict)

    def is_workday(self, on: datetime.date) -> bool:
        own = self.overrides.get(on)
        if own is not None:
            return own
        if self.country:
            return _year(self.country, on.year).is_working_day(on)
        return on.weekday() < SATURDAY

    def between(self, first: datetime.date, last: datetime.date) -> int:
        """How many days are worked from `first` to `last`, both included."""
        days = (last - first).days + 1
        return sum(self.is_workday(first + datetime.timedelta(days=n)) for n in range(days))

    def note(self, on: datetime.date) -> str:
        """The holiday's name, in the reader's language where it is known; empty on other days."""
        if not self.country:
            return ""
        known = _year(self.country, on.year).supported_languages
        language = next((each for each in READERS[i18n.is_chinese()] if each in known), None)
        return _year(self.country, on.year, language).get(on, "")


@functools.lru_cache(maxsize=512)
def _year(code: str, year: int, language: str | None = None) -> holidays.HolidayBase:
    """One year of a country, complete before any thread shares it: one that fills itself when asked says that a year
    is there while it is still empty."""
    return holidays.country_holidays(code, years=year, expand=False, language=language)


def countries() -> list[tuple[str, str]]:
    """(code, name) of the countries whose holidays are known; those with a name first."""
    others = sorted(set(holidays.list_supported_countries(include_aliases=False)) - set(NAMED))
    return [(code, str(name)) for code, name in NAMED.items()] + [(code, code) for code in others]


def country_name(code: str) -> str:
    return str(NAMED.get(code, code))


def work_days(organisation: Organisation) -> WorkDays:
    """The organisation's calendar: its country's rule and its own days. One query."""
    return WorkDays(organisation.country, dict(own_days().values_list("on", "is_worked")))


def own_days() -> QuerySet[CalendarDay]:
    """Days on which the organisation differs from its country."""
    return CalendarDay.objects.filter(calendar__is_default=True).order_by("on")


def special_days(
    work_days: WorkDays, on: datetime.date, days: int = 183
) -> list[tuple[datetime.date, bool, str]]:
    """(day, worked, name) of the coming half year where a weekday is off or a weekend is worked."""
    found = []
    for number in range(days):
        day = on + datetime.timedelta(days=number)
        worked = work_days.is_workday(day)
        if worked != (day.weekday() < SATURDAY):
            found.append((day, worked, work_days.note(day)))
    return found
