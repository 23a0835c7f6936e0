"""The people of the main job before their windows, and what their two databases are asked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.sources import models as sources
from tests.conftest import ORGANISATIONS_CLOCK
from tests.e2e import work
from tests.e2e.browsing import Browser

PASSWORD = "correct-horse-battery"
MANAGER, EMPLOYEE, BUSINESS, FINANCE = "AW0274", "AW0276", "AW0016", "AW0241"
TODAY = timezone.now().astimezone(ORGANISATIONS_CLOCK).date()
CENT = Decimal("0.01")


def months_from(year: int, month: int) -> int:
    """How many months lie between that month and this one."""
    return (TODAY.year - year) * 12 + TODAY.month - month


SALES = f"""SELECT s.order_key, s.line_number, (s.order_date + interval '{months_from(2024, 4)} months')::date AS sold_on,
    t.country_name AS country, s.store_key AS store, s.customer_key AS customer, s.quantity, s.net_price, s.unit_cost
    FROM sales s JOIN store t ON t.store_key = s.store_key"""
FREIGHT = f"""SELECT OrderID AS order_id, DATE_ADD(OrderDate, INTERVAL {months_from(1998, 5)} MONTH) AS shipped_on,
    ShipCountry AS country, Freight AS freight FROM Orders"""


class Company:
    """The people of this test as they sit before their windows."""

    def __init__(
        self, language: str, office: work.Office, new_window: Callable[[], Browser] | None = None
    ) -> None:
        self.language = language
        self.new_window = new_window or (lambda: Browser(Client(), language))
        self.office = office
        self.organisation: Any = None
        self.windows: dict[str, Browser] = {}
        self.objective = ""

    def window(self, number: str) -> Browser:
        return self.windows[number]

    def acting(self) -> Any:
        return tenancy.acting_for(self.organisation)

    def person(self, number: str) -> people.Person:
        with self.acting():
            return people.Person.objects.get(number=number)

    @property
    def is_chinese(self) -> bool:
        return self.language == "zh-hans"

    def wait_for_jobs(self) -> None:
        """Until the worker has answered every question and ended every load."""

        def idle() -> bool:
            with self.acting():
                open_states = ["waiting", "running"]
                return not (
                    sources.Probe.objects.filter(state__in=open_states).exists()
                    or sources.Load.objects.filter(state__in=open_states).exists()
                )

        self.office.wait(idle, "questions and loads are done")
