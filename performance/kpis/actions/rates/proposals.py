"""From what somebody has to the next version of the rates: looked at first, then kept, never rewritten."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties, stale, tenancy
from performance.kpis import queries
from performance.kpis.actions.rates import reading
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Metric, Rate, RateKind, RateProposal, RateVersion
from performance.kpis.queries import rates

#: How many changed rates the log spells out; the version itself has all of them.
TOLD = 200
#: Golden Week has eight days without a market, and a weekend may lie before it.
MOST_CARRIED = 10


def propose_rates(
    *,
    kind: str,
    given: reading.Given,
    is_inverse: bool,
    by: access.Actor,
    at: datetime.datetime,
    note: str = "",
    carried_days: int = 0,
) -> RateProposal:
    """What a dry run compares; nothing counts yet. Takes the place of what the person was looking at of this kind.

    `is_inverse`: the rates say how much of the other currency one unit of the organisation's own buys. `carried_days`:
    a rate of a day counts on until the next one, if that comes within so many days. Days that were carried over before
    follow the rate that they rest on, whatever it says. Raises MetricRefused with the row
    that cannot be read.
    """
    currency = by.organisation.currency
    found, left_out = reading.quotes(given, kind=kind, currency=currency, is_inverse=is_inverse)
    if kind == RateKind.DAILY:
        if carried_days > MOST_CARRIED:
            words = {"limit": MOST_CARRIED}
            message = _("At most %(limit)s days are carried over.") % words
            raise MetricRefused(message, code="carried", field="carried_days")
        known = rates.marked_rates(kind, currency, rates.newest_number(kind, currency))
        found = reading.carried_over(found, known, carried_days)
    with transaction.atomic():
        # A form that is sent twice: the second finds what the first has made, and takes its place.
        _one_at_a_time(kind, currency)
        RateProposal.objects.filter(made_by=by.person, kind=kind).delete()
        return RateProposal.objects.create(
            kind=kind,
            currency=currency,
            origin=given.origin,
            origin_name=given.name,
            is_inverse=is_inverse,
            carried_days=carried_days if kind == RateKind.DAILY else 0,
            note=note.strip(),
            rows=[[one.source, one.day.isoformat(), f"{one.rate:f}", one.is_carried] for one in found],
            left_out=left_out,
            made_by=by.person,
            made_at=at,
        )


def discard_rates(*, proposal: RateProposal) -> None:
    """Nothing of it ever counted, so nothing is on record."""
    proposal.delete()


def apply_rates(
    *, proposal: RateProposal, against: int, by: access.Actor, at: datetime.datetime
) -> RateVersion:
    """The next version: what differs from the one before it. Values of months that are not closed follow; closed ones
    stay, and say what they would be.

    `against`: the version that it was compared with when somebody looked, 0 where there was none. Raises MetricRefused:
    conflict (somebody made another version since), nothing (all is as it was); ScoredRefused.
    """
    with transaction.atomic():
        _one_at_a_time(proposal.kind, proposal.currency)
        number = rates.newest_number(proposal.kind, proposal.currency)
        if number != against:
            message = _("Somebody has made another version since. Look at the comparison once more.")
            raise MetricRefused(message, code="conflict")
        diff = rates.rate_diff(proposal)
        if not diff.changes:
            raise MetricRefused(_("All of these rates are known already."), code="nothing")
        duties.refuse_scored_by(by, queries.keys_resting_on([metric.key for metric in diff.metrics]))
        version = RateVersion.objects.create(
            kind=proposal.kind,
            currency=proposal.currency,
            number=number + 1,
            origin=proposal.origin,
            origin_name=proposal.origin_name,
            is_inverse=proposal.is_inverse,
            carried_days=proposal.carried_days,
            note=proposal.note,
            rate_count=len(diff.changes),
            changes=len(diff.changed),
            made_by=by.person,
            made_at=at,
        )
        Rate.objects.bulk_create(
            [
                Rate(
                    version=version,
                    source=one.source,
                    day=one.day,
                    rate=one.after,
                    is_carried=one.is_carried,
                )
                for one in diff.changes
            ],
            batch_size=5000,
        )
        _record(version, diff, by, at)
        stale.mark("metric_rates", [metric.pk for metric in diff.metrics], at=at)
        proposal.delete()
    return version


def _one_at_a_time(kind: str, currency: str) -> None:
    """Two proposals or versions of the same rates follow each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"kpis.rates {tenancy.current_organisation_id()} {kind} {currency}"],
        )


def _record(version: RateVersion, diff: rates.RateDiff, by: access.Actor, at: datetime.datetime) -> None:
    changed: Sequence[rates.RateChange] = diff.changed[:TOLD]
    changes: dict[str, Any] = {
        "kind": version.kind,
        "currency": version.currency,
        "number": version.number,
        "new": len(diff.new),
        "changed": len(diff.changed),
        **{f"{one.source} {one.day}": [one.before, one.after] for one in changed},
    }
    audit.record(by=by, action="kpis.apply_rates", subject=version, at=at, why=version.note, changes=changes)
    closed: list[tuple[Metric, dict[str, Any]]] = [
        (metric, {"number": version.number, "closed": months}) for metric, months in diff.closed
    ]
    audit.record_many(by=by, action="kpis.rates_after_closing", changed=closed, why=version.note, at=at)
