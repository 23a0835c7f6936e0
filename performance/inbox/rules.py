"""When somebody may be written to, how often that is tried, who may set up what is told outside, and who says when
things are overdue."""

import datetime
import zoneinfo
from typing import Any

from performance.foundation import access
from performance.inbox.models import MailRule
from performance.people import rules as people

#: A message that was being sent for so long is given up for lost.
SENDING_LASTS = datetime.timedelta(minutes=10)
ATTEMPTS = 6
#: From tomorrow on; what is put off for longer is forgotten.
SNOOZED_AT_MOST = datetime.timedelta(days=90)


def can_manage_webhooks(actor: access.Actor) -> bool:
    return people.can_administer(actor)


def can_add_chats(actor: access.Actor) -> bool:
    """Everybody their own, but those who only read."""
    return not actor.only_reads


def days_to_snooze(today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """The first and the last day until which an item may be put off. `today` by the organisation's clock."""
    return today + datetime.timedelta(days=1), today + SNOOZED_AT_MOST


def end_of_quiet(rule: MailRule, organisation: Any, at: datetime.datetime) -> datetime.datetime | None:
    """When the quiet hours that hold this moment end; None outside them. They may cross midnight."""
    if rule.quiet_from is None or rule.quiet_until is None:
        return None
    here = at.astimezone(zoneinfo.ZoneInfo(organisation.time_zone))
    crosses = rule.quiet_from > rule.quiet_until
    if crosses:
        is_quiet = here.hour >= rule.quiet_from or here.hour < rule.quiet_until
    else:
        is_quiet = rule.quiet_from <= here.hour < rule.quiet_until
    if not is_quiet:
        return None
    day = here.date() + datetime.timedelta(days=crosses and here.hour >= rule.quiet_from)
    return datetime.datetime.combine(day, datetime.time(rule.quiet_until), here.tzinfo)


def can_set_overdue_rule(actor: access.Actor) -> bool:
    return not actor.only_reads and actor.has_role("hr")
