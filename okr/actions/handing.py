"""Handing on a call for help."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr.actions import work
from okr.actions.refusals import CheckInRefused, require_length
from okr.models import CheckIn, HandedOn
from okr.queries import check_ins
from performance.foundation import access, audit
from performance.people import queries as people

LONGEST_REASON = 300


def hand_on(
    *, check_in: CheckIn, to: Any, by: access.Actor, at: datetime.datetime, why: str = ""
) -> HandedOn:
    """Asks somebody else to help in the actor's place: they may read the check-in from now on, as far as goals that
    they may see go, and find it in their inbox. Refused once the actor's help is no longer waited for, so that two
    who act at once hand on once."""
    require_length(why.strip(), LONGEST_REASON, "why", refused=CheckInRefused)
    if to.pk in (check_in.person_id, by.person_id):
        raise CheckInRefused(_("Ask somebody else."), code="asks", field="to")
    on = people.day_at(by.organisation, at)
    if not people.active_people(on).filter(pk=to.pk).exists():
        raise CheckInRefused(_("This person is not here."), code="asks", field="to")
    if not people.people_who_write(on).filter(pk=to.pk).exists():
        raise CheckInRefused(_("An auditor only reads. Ask somebody else."), code="asks", field="to")
    with transaction.atomic():
        first = check_ins.entries_of(check_in).get(number=1)
        newest = check_ins.newest_entry(check_in)
        if not work.help_handed_on(first, newest, former=by.person, to=to, by=by, at=at):
            raise CheckInRefused(_("Your help is no longer waited for."), code="conflict")
        row = HandedOn.objects.create(check_in=first, by=by.person, to=to, why=why.strip(), at=at)
        audit.record(by=by, action="okr.hand_on_help", subject=first, changes={"to": to}, why=row.why, at=at)
    return row
