"""What of somebody's goals and check-ins can be cited by whoever may read them."""

import datetime
import uuid
from decimal import Decimal

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from okr.models import CheckIn, Objective
from okr.queries.check_ins import as_read, newest_entries, readable_by, with_conversation
from okr.queries.objectives import percent
from okr.queries.visibility import drafts, visible_to
from performance.foundation import access
from performance.foundation.citing import Citable
from performance.foundation.components import formats

MOST = 60


def citable(
    actor: access.Actor, person_id: uuid.UUID, first: datetime.date, last: datetime.date
) -> list[Citable]:
    """Objectives of periods within these days, then check-ins, the newest first; as far as the reader may see them."""
    return [*_objectives(actor, person_id, first, last), *_check_ins(actor, person_id, first, last)]


def _objectives(
    actor: access.Actor, person_id: uuid.UUID, first: datetime.date, last: datetime.date
) -> list[Citable]:
    seen = visible_to(actor).exclude(drafts()).filter(owner_id=person_id, period__starts_on__lte=last)
    found = seen.filter(period__ends_on__gte=first).select_related("period")
    return [_objective(each) for each in found.order_by("period__starts_on", "created_at")[:MOST]]


def _objective(objective: Objective) -> Citable:
    reached = percent(objective.progress_micro)
    return Citable(
        kind="objective",
        subject=str(objective.pk),
        title=objective.title,
        note=f"{objective.period} · {objective.get_state_display()}",
        said="" if reached is None else _("%(percent)s %% reached") % {"percent": reached},
        url=reverse("okr:objective", args=[objective.pk]),
        percent=None if reached is None else Decimal(reached),
    )


def _check_ins(
    actor: access.Actor, person_id: uuid.UUID, first: datetime.date, last: datetime.date
) -> list[Citable]:
    monday = first - datetime.timedelta(days=first.weekday())
    theirs = CheckIn.objects.filter(person_id=person_id, week_starts_on__gte=monday, week_starts_on__lte=last)
    newest = readable_by(actor).filter(pk__in=newest_entries(theirs).values("pk"))
    rows = with_conversation(newest, actor).order_by("-week_starts_on", "-at")[:MOST]
    return [_check_in(each) for each in as_read(rows, actor) if each.wins or each.plans or each.blockers]


def _check_in(check_in: CheckIn) -> Citable:
    said = check_in.wins or check_in.plans or check_in.blockers
    return Citable(
        kind="check_in",
        subject=str(check_in.pk),
        title=_("Check-in of %(week)s") % {"week": formats.day(check_in.week_starts_on, "short")},
        said=Truncator(said).chars(400),
        url=reverse("okr:conversation", args=[check_in.pk]),
    )
