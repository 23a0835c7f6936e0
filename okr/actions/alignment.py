"""Saying which objective serves which."""

import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from okr.actions import progress
from okr.actions.refusals import ObjectiveRefused
from okr.models import Alignment, Objective
from okr.models.alignment import AlignmentKind
from okr.models.objectives import WHOLE_PPM
from performance.foundation import access, audit
from performance.foundation.components import formats


def align_objectives(
    *,
    child: Objective,
    parent: Objective,
    by: access.Actor,
    at: datetime.datetime,
    kind: str = AlignmentKind.CONTRIBUTES,
    share_ppm: int = 0,
) -> Alignment:
    """`child` contributes to `parent` with a share of it in ppm, or supports it. Refuses cycles and shares that
    together pass the whole."""
    if child.period_id != parent.period_id:
        raise ObjectiveRefused(
            _("Both objectives belong to the same period."), code="other_period", field="parent"
        )
    share = share_ppm if kind == AlignmentKind.CONTRIBUTES else 0
    try:
        with transaction.atomic():
            # The parent's row is the lock on its shares.
            progress.lock([parent.pk, child.pk])
            _require_room(parent, child, share, kind)
            link, _is_new = Alignment.objects.update_or_create(
                child=child,
                parent=parent,
                defaults={"kind": kind, "share_ppm": share},
                create_defaults={"kind": kind, "share_ppm": share, "by": by.person, "at": at},
            )
            progress.roll_up(progress.lock([child.pk, parent.pk]), at=at)
            audit.record(
                by=by,
                action="okr.align_objectives",
                subject=child,
                changes={"parent": parent, "kind": kind, "share_ppm": share},
                at=at,
            )
    except IntegrityError as error:
        raise ObjectiveRefused(
            _("That would close a circle: it already serves this objective."), code="cycle", field="parent"
        ) from error
    return link


def part_objectives(*, link: Alignment, by: access.Actor, at: datetime.datetime) -> None:
    """Takes a link back."""
    with transaction.atomic():
        locked = progress.lock([link.parent_id])
        audit.record(
            by=by,
            action="okr.part_objectives",
            subject=link.child,
            changes={"parent": link.parent},
            at=at,
        )
        link.delete()
        progress.roll_up(locked, at=at)


def _require_room(parent: Objective, child: Objective, share: int, kind: str) -> None:
    if kind != AlignmentKind.CONTRIBUTES:
        return
    if not 0 < share <= WHOLE_PPM:
        raise ObjectiveRefused(_("A share lies above 0% and up to 100%."), code="share", field="share")
    others = Alignment.objects.filter(parent=parent, kind=kind).exclude(child=child)
    taken = sum(others.values_list("share_ppm", flat=True))
    if taken + share > WHOLE_PPM:
        raise ObjectiveRefused(
            _("The other contributions leave only %(rest)s%% of this objective.")
            % {"rest": formats.number(formats.ppm(WHOLE_PPM - taken))},
            code="share",
            field="share",
        )
