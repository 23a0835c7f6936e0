"""New weights are told to those concerned, with the difference to those of today, so many days before they take hold."""

import datetime
import uuid
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation import access, audit, i18n
from performance.foundation.components import formats
from performance.inbox import actions as inbox_actions
from performance.inbox import models as inbox
from performance.scoring import queries
from performance.scoring.actions.asking import ask
from performance.scoring.actions.drafts import PolicyRefused, locked_row
from performance.scoring.models import ANNOUNCEMENT, MOST_NOTICE, PolicyVersion, VersionState, WeightNotice

ANNOUNCED_AT_ONCE = 200


@transaction.atomic
def set_notice(*, days: int, by: access.Actor, at: datetime.datetime) -> WeightNotice:
    """How many days before new weights take hold people hear of them; those of whom they hear already keep the notice that
    was promised then."""
    if not 0 <= days <= MOST_NOTICE:
        raise PolicyRefused(
            _("Choose a number of days from 0 to %(most)s.") % {"most": MOST_NOTICE},
            code="days_out_of_range",
            field="days",
        )
    notice, _is_new = WeightNotice.objects.select_for_update().get_or_create()
    if notice.days != days:
        before, notice.days = notice.days, days
        notice.save(update_fields=["days"])
        audit.record(
            by=by,
            action="scoring.set_notice",
            subject=by.organisation,
            changes={"days": [before, days]},
            at=at,
        )
    return notice


def refuse_short_notice(version: PolicyVersion, first_day: datetime.date, today: datetime.date) -> None:
    """Nobody hears of new weights later than the organisation has promised."""
    earliest, days = queries.notice_of(version, first_day, today)
    if first_day >= earliest:
        return
    raise PolicyRefused(
        ngettext(
            "People hear of new weights %(days)s day before they take hold: %(earliest)s at the earliest.",
            "People hear of new weights %(days)s days before they take hold: %(earliest)s at the earliest.",
            days,
        )
        % {"days": days, "earliest": formats.day(earliest)},
        code="notice_too_short",
        field="effective_on",
    )


def begin_telling(version: PolicyVersion, plan: Mapping[str, Any], at: datetime.datetime) -> None:
    """From now on those concerned are told of the day and the weights, as they are known now. To be saved by the
    caller."""
    promised = {"notice": queries.days_of_notice()}
    version.told, version.told_from, version.announced_at = _what(version, plan) | promised, at, None


def tell_what_came_out(version: PolicyVersion, plan: Mapping[str, Any], at: datetime.datetime) -> None:
    """Whoever was told of another day, or of weights that signals have moved since, is told again; also of a day that
    was given up since. To be saved by the caller."""
    if version.told is None:
        given = inbox.WorkItem.objects.filter(kind=ANNOUNCEMENT, subject_id=version.pk)
        is_known = not given.exists()
    else:
        is_known = _what(version, plan).items() <= version.told.items()
    if is_known:
        return
    inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=version.pk, by=None, at=at)
    begin_telling(version, plan, at)


def end_telling(version: PolicyVersion, at: datetime.datetime) -> None:
    """What was approved is approved no more. To be saved by the caller."""
    inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=version.pk, by=None, at=at)
    version.told, version.told_from, version.announced_at = None, None, None


@transaction.atomic
def announce_policy(*, version: PolicyVersion, at: datetime.datetime, limit: int = ANNOUNCED_AT_ONCE) -> int:
    """Tells the next `limit` people concerned; returns how many were told. When nobody is left, it is announced. What was
    sent back since it was found waiting tells nobody."""
    version = locked_row(version)
    is_told = version.state == VersionState.APPROVED and version.told_from is not None
    if version.state != VersionState.LOCKED and not is_told:
        return 0
    told = inbox.WorkItem.objects.filter(kind=ANNOUNCEMENT, subject_id=version.pk)
    if version.told_from is not None:
        told = told.filter(assigned_at__gte=version.told_from)
    concerned = queries.people_in_scope(version).exclude(pk__in=told.values("person_id"))
    untold = list(concerned.order_by("pk")[:limit])
    details = _details(version, {person.unit_id for person in untold}, at) if untold else {}
    for person in untold:
        detail_en, detail_zh = details[person.unit_id]
        ask(
            person,
            ANNOUNCEMENT,
            version,
            "Read the new weights of",
            "请阅读新的权重：",
            by=None,
            at=at,
            detail_en=detail_en,
            detail_zh=detail_zh,
        )
    if len(untold) < limit and version.announced_at is None:
        _withdraw_earlier_announcements(version, at)
        version.announced_at = at
        version.save(update_fields=["announced_at"])
    return len(untold)


def _withdraw_earlier_announcements(version: PolicyVersion, at: datetime.datetime) -> None:
    """Nobody needs to read any more what this version replaced, or what governed a period that is over."""
    earlier = PolicyVersion.objects.filter(policy_id=version.policy_id, number__lt=version.number)
    over = Q(period_id=version.period_id) | Q(period__ends_on__lt=queries.day_of(at))
    for subject_id in earlier.filter(over).values_list("pk", flat=True):
        inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=subject_id, by=None, at=at)


def acknowledge_policy(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> int:
    """Somebody concerned has read the announcement."""
    return inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=version.pk, to=by.person, by=by, at=at)


def _what(version: PolicyVersion, plan: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "effective_on": version.first_day.isoformat(),
        "weights": {item["key"]: item["effective_ppm"] for item in plan["components"]},
    }


def _details(
    version: PolicyVersion, unit_ids: Collection[uuid.UUID | None], at: datetime.datetime
) -> dict[uuid.UUID | None, tuple[str, str]]:
    """By unit, what changes for its people, in both languages."""
    plan = queries.plan_of(version, at=at)
    found = queries.differences(version, plan, unit_ids, queries.day_of(at))
    return {
        unit_id: i18n.in_both(partial(_told, version, difference)) for unit_id, difference in found.items()
    }


def _told(version: PolicyVersion, difference: queries.Difference) -> str:
    moved = [
        f"{line.name} {_share(line.before_ppm)} → {_share(line.after_ppm)}"
        for line in sorted(difference.lines, key=lambda line: -abs(line.change_ppm))
        if line.change_ppm
    ]
    day = _("From %(day)s") % {"day": formats.day(version.first_day)}
    told = formats.listed(moved) if moved else _("your weights stay as they are")
    return f"{day}{formats.mark(':')}{told}"


def _share(ppm: int | None) -> str:
    return formats.percent(formats.ppm(ppm), 1)
