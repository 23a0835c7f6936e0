"""How people want to be written to."""

import datetime
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation import access
from performance.inbox.actions.work import InboxRefused
from performance.inbox.models import MailPace, MailRule

HOURS = range(24)


def set_mail_rule(
    *,
    pace: str,
    daily_hour: int,
    quiet_from: int | None,
    quiet_until: int | None,
    wants_week: bool,
    by: access.Actor,
    at: datetime.datetime,
) -> MailRule:
    """Everybody sets their own. Quiet hours have both ends, which differ."""
    if pace not in MailPace.values:
        raise InboxRefused(_("Choose one of the ways."), field="pace")
    if daily_hour not in HOURS:
        raise InboxRefused(_("Choose an hour of the day."), field="daily_hour")
    told: dict[str, Any] = {
        "pace": pace,
        "daily_hour": daily_hour,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "wants_week": wants_week,
    }
    for field in ("quiet_from", "quiet_until"):
        if told[field] is not None and told[field] not in HOURS:
            raise InboxRefused(_("Choose an hour of the day."), field=field)
    if (quiet_from is None) != (quiet_until is None):
        field = "quiet_until" if quiet_until is None else "quiet_from"
        raise InboxRefused(_("Quiet hours need a beginning and an end."), field=field)
    if quiet_from is not None and quiet_from == quiet_until:
        raise InboxRefused(_("Quiet hours end at another hour than they begin."), field="quiet_until")
    rule, _is_new = MailRule.objects.update_or_create(person=by.person, defaults=told)
    return rule
