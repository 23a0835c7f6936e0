"""How far a metric may be from the ledger account that it is tied out to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from performance.kpis.semantics.refusing import DefinitionRefused

WRITTEN = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,8})?)\s*(?P<percent>[%％])?")


@dataclass(frozen=True)
class Tolerance:
    """`most`: in the metric's own unit, or in percent of what the ledger holds."""

    most: Decimal
    is_percent: bool

    @classmethod
    def of(cls, text: str) -> Tolerance:
        """“250.00” is an amount, “0.5 %” a share of the ledger, nothing means equal to the last digit."""
        found = WRITTEN.fullmatch(text.strip() or "0")
        if found is None:
            message = _("Write an amount such as 250, or a share of the ledger such as 0.5 %.")
            raise DefinitionRefused(message, field="tie_out_tolerance")
        return cls(Decimal(found["number"]), found["percent"] is not None)

    def allows(self, difference: Decimal, ledger: Decimal) -> bool:
        """Exact: nothing is rounded before it is compared."""
        if self.is_percent:
            return abs(difference) * 100 <= abs(ledger) * self.most
        return abs(difference) <= self.most
