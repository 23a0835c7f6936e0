"""A metric beside the ledger account that it is tied out to, month by month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.engine import fixed
from performance.kpis import semantics, units
from performance.kpis.models import Metric, MetricVersion, TieOutReason, VersionState
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries import previews
from performance.kpis.queries.definitions import certified_metrics, newest_certified, open_versions
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import values
from performance.kpis.semantics import slice_key

#: Months that are compared: the last ones that both sides have whole.
MONTHS = 12


@dataclass(frozen=True)
class TieOutRow:
    """One month. A side that is None has no value there, which is no agreement."""

    month: datetime.date
    own: Decimal | None
    ledger: Decimal | None
    is_within: bool
    #: Why it is off, said of these very figures; None where nobody has said so.
    reason: TieOutReason | None = None

    @property
    def difference(self) -> Decimal | None:
        """The metric less the account, exact."""
        if self.own is None or self.ledger is None:
            return None
        return fixed.EXACT.subtract(self.own, self.ledger)


@dataclass(frozen=True)
class TieOut:
    """`rows`: newest first; empty where the two sides share no whole month, and `why_nothing` says which one lacks
    values."""

    account: Metric
    tolerance: str
    is_reversed: bool
    rows: Sequence[TieOutRow]
    why_nothing: Any = ""

    @property
    def off(self) -> list[TieOutRow]:
        return [row for row in self.rows if not row.is_within]

    @property
    def unexplained(self) -> list[TieOutRow]:
        """The months that are off and have no reason, the newest first."""
        return [row for row in self.off if row.reason is None]

    @property
    def is_passing(self) -> bool:
        return bool(self.rows) and not self.off


def newest_wording(key: str) -> MetricVersion | None:
    """The newest certified version of the metric with this key, else the one that is being worked on."""
    signed = newest_certified().filter(metric__key=key).first()
    return signed or open_versions().filter(metric__key=key).first()


def is_certified(key: str) -> bool:
    return certified_metrics().filter(key=key).exists()


def needs_reason(version: MetricVersion) -> bool:
    """Whether money that is read from data neither names its ledger account nor says why it has none. What others are
    tied out to is the ledger itself. One query where it has neither."""
    if (
        version.tie_out
        or version.tie_out_reason
        or not version.is_base
        or not units.parse(version.unit).is_money
    ):
        return False
    alive = [VersionState.DRAFT, VersionState.REVIEW, VersionState.CERTIFIED]
    return not MetricVersion.objects.filter(tie_out=version.metric.key, state__in=alive).exists()


def tie_out_of(version: MetricVersion, *, on: datetime.date, sight: Sight = EVERYTHING) -> TieOut | None:
    """The months that both sides have whole, up to the last that has ended on that day; None where no account is named.
    What is in force is compared as it is kept, another version as it would be. A constant number of queries."""
    if not version.tie_out:
        return None
    account = Metric.objects.filter(key=version.tie_out).first()
    if account is None:
        return None
    if version.is_open and sight.rows.of(version.dataset_id) is not None:
        return _of(version, account, [], _("You see only some of the rows that it is counted from."))
    ledger = _kept(account.pk, sight)
    try:
        own = _would_be(version) if version.is_open else _kept(version.metric_id, sight)
    except previews.PreviewTooSlow:
        return _of(version, account, [], _("The metric could not be computed in time. Try again."))
    if not own or not ledger:
        lacking = version.metric if not own else account
        message = _("There is nothing to compare: %(metric)s has no value yet.") % {"metric": lacking.name}
        return _of(version, account, [], message)
    first, last = max(min(own), min(ledger)), min(max(own), max(ledger), _last_ended(on))
    tolerance = semantics.Tolerance.of(version.tie_out_tolerance)
    reasons = _reasons(version.metric_id)
    rows = [
        _row(month, own.get(month), ledger.get(month), tolerance, version.tie_out_reversed, reasons)
        for month in reversed(calendar_months.run(last, MONTHS))
        if month >= first
    ]
    return _of(
        version, account, rows, _("There is nothing to compare: the two share no month that has ended.")
    )


def _of(version: MetricVersion, account: Metric, rows: list[TieOutRow], why_nothing: Any) -> TieOut:
    return TieOut(
        account, version.tie_out_tolerance, version.tie_out_reversed, rows, "" if rows else why_nothing
    )


def _row(
    month: datetime.date,
    own: Decimal | None,
    ledger: Decimal | None,
    tolerance: semantics.Tolerance,
    is_reversed: bool,
    reasons: Mapping[datetime.date, TieOutReason],
) -> TieOutRow:
    if ledger is not None and is_reversed:
        ledger = -ledger
    said = reasons.get(month)
    reason = said if said is not None and (said.own, said.ledger) == (own, ledger) else None
    row = TieOutRow(month, own, ledger, is_within=False, reason=reason)
    if row.difference is None or ledger is None or not tolerance.allows(row.difference, ledger):
        return row
    return TieOutRow(month, own, ledger, is_within=True)


def _kept(metric_id: Any, sight: Sight) -> dict[datetime.date, Decimal]:
    found = sight.seen(values()).filter(metric=metric_id, slice_key=slice_key({}), value__isnull=False)
    newest = found.order_by("-period_start").values_list("period_start", "value")[: 2 * MONTHS]
    return {month: value for month, value in newest if value is not None}


def _would_be(version: MetricVersion) -> dict[datetime.date, Decimal]:
    rows = previews.preview(version, months=2 * MONTHS)
    return {row.month: row.value for row in rows if row.value is not None}


def _last_ended(on: datetime.date) -> datetime.date:
    """The first day of the last month that has ended on that day."""
    return calendar_months.months_before(calendar_months.first_of(on), 1)


def _reasons(metric_id: Any) -> dict[datetime.date, TieOutReason]:
    """The newest reason of each month."""
    found = (
        TieOutReason.objects.filter(metric=metric_id).select_related("stated_by").order_by("stated_at", "id")
    )
    return {one.month: one for one in found}
