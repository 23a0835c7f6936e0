"""A certified metric that has left its ledger: work for both owners, until it ties again or they say why it does not."""

import datetime
import functools
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from performance.foundation import access, audit, i18n
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.inbox import queries as inbox_queries
from performance.kpis import queries
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Metric, MetricVersion, TieOutReason
from performance.kpis.queries import months
from performance.people import queries as people
from performance.people.models import Organisation

TIE_OUT_WORK = "metrics.tie_out"
#: By when the owners look at it.
ANSWER_DAYS = 5
#: Characters of a reason; a line break is one.
LONGEST_REASON = 1000


def watch_tie_outs(*, organisation: Organisation, at: datetime.datetime) -> int:
    """Looks at every metric in force that names an account. Answers how many have left it without a reason. Once or
    twice: the outcome is the same."""
    today = people.day_at(organisation, at)
    tied = [version for version in queries.versions_in_force(today).values() if version.tie_out]
    metrics = Metric.objects.select_related("business_owner", "finance_owner").in_bulk(
        [version.metric_id for version in tied]
    )
    left: dict[uuid.UUID, queries.TieOut] = {}
    for version in tied:
        version.metric = metrics[version.metric_id]
        found = queries.tie_out_of(version, on=today) if version.metric.retired_at is None else None
        if found is not None and found.unexplained:
            left[version.metric_id] = found
    with transaction.atomic():
        waiting = set(inbox_queries.open_of_kind(TIE_OUT_WORK).values_list("subject_id", flat=True))
        _assign(left, metrics, waiting, today, at)
        inbox.resolve_many(kind=TIE_OUT_WORK, subject_ids=waiting - left.keys(), by=None, at=at)
    return len(left)


def explain_tie_out(*, version: MetricVersion, reason: str, by: access.Actor, at: datetime.datetime) -> int:
    """An owner says why the months that are off differ. It holds for these very figures: another restatement asks
    anew. Answers for how many months. Raises MetricRefused: reason, too_long, nothing_off."""
    # Browsers send two characters for the line break that they count as one.
    reason = reason.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not reason:
        raise MetricRefused(_("Say why the two differ."), code="reason", field="reason")
    if len(reason) > LONGEST_REASON:
        message = _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_REASON}
        raise MetricRefused(message, code="too_long", field="reason")
    found = queries.tie_out_of(version, on=people.day_at(by.organisation, at))
    off = found.unexplained if found is not None else []
    if found is None or not off:
        raise MetricRefused(_("No month is off without a reason."), code="nothing_off")
    with transaction.atomic():
        TieOutReason.objects.bulk_create(
            TieOutReason(
                metric=version.metric,
                month=row.month,
                own=row.own,
                ledger=row.ledger,
                reason=reason,
                stated_by=by.person,
                stated_at=at,
            )
            for row in off
        )
        inbox.resolve_work(kind=TIE_OUT_WORK, subject_id=version.metric_id, by=by, at=at)
        figures = {months.key(row.month): [audit.plain(row.own), audit.plain(row.ledger)] for row in off}
        audit.record(
            by=by,
            action="kpis.explain_tie_out",
            subject=version.metric,
            at=at,
            why=reason,
            changes={"tie_out": figures},
        )
    return len(off)


def _assign(
    left: Mapping[uuid.UUID, queries.TieOut],
    metrics: Mapping[uuid.UUID, Metric],
    waiting: set[uuid.UUID],
    today: datetime.date,
    at: datetime.datetime,
) -> None:
    for metric_id, found in left.items():
        metric = metrics[metric_id]
        title_en, title_zh = i18n.in_both(functools.partial(_title, metric, found))
        detail_en, detail_zh = i18n.in_both(functools.partial(_months, found))
        for owner in (metric.business_owner, metric.finance_owner):
            inbox.assign_work(
                to=owner,
                kind=TIE_OUT_WORK,
                subject_id=metric_id,
                title_en=title_en,
                title_zh=title_zh,
                detail_en=detail_en,
                detail_zh=detail_zh,
                url=reverse("kpis:metric", args=[metric_id]) + "#card-tied",
                # What is open already keeps the day that it has.
                due_on=None if metric_id in waiting else today + datetime.timedelta(days=ANSWER_DAYS),
                by=None,
                at=at,
            )


def _title(metric: Metric, found: queries.TieOut) -> str:
    words = {"metric": metric.name, "account": found.account.name, "number": len(found.unexplained)}
    return (
        ngettext(
            "%(metric)s has left %(account)s: %(number)s month off",
            "%(metric)s has left %(account)s: %(number)s months off",
            len(found.unexplained),
        )
        % words
    )


def _months(found: queries.TieOut) -> str:
    return formats.listed(months.name(row.month) for row in found.unexplained)
