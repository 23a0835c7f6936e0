"""Saying which objective serves which."""

import datetime
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import following, progress, work
from okr.actions.proposals import require_open_goals, require_open_progress
from okr.actions.refusals import ObjectiveRefused
from okr.models import Alignment, Objective
from okr.models.alignment import AlignmentKind
from okr.models.objectives import WHOLE_PPM, State
from performance.foundation import access, audit
from performance.foundation.components import formats
from performance.people import queries as people

ACCEPTANCE = ("accepted_by", "accepted_at")


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
    together pass the whole. A contribution is an offer until the side of the parent takes it."""
    if child.period_id != parent.period_id:
        raise ObjectiveRefused(
            _("Both objectives belong to the same period."), code="other_period", field="parent"
        )
    share = share_ppm if kind == AlignmentKind.CONTRIBUTES else 0
    following.refuse_former_manager(child, by=by, at=at, line=_line_of(child, by, at))
    is_theirs = _takes(parent, by, at)
    is_taken = is_theirs or kind == AlignmentKind.SUPPORTS
    acceptance = {"accepted_by": by.person, "accepted_at": at} if is_taken else dict.fromkeys(ACCEPTANCE)
    told = {"kind": kind, "share_ppm": share, **acceptance}
    try:
        with transaction.atomic():
            period = _require_open(child, parent)
            # The parent's row is the lock on its shares.
            progress.lock([parent.pk, child.pk])
            _refuse_changing_what_counts(child, parent, is_theirs)
            if (is_taken and kind == AlignmentKind.CONTRIBUTES) or _counts(child, parent).exists():
                require_open_progress(period)
            _require_room(parent, child, share, kind)
            link, _is_new = Alignment.objects.update_or_create(
                child=child,
                parent=parent,
                defaults=told,
                create_defaults={**told, "by": by.person, "at": at},
            )
            progress.roll_up(progress.lock([child.pk, parent.pk]), at=at)
            if is_taken:
                work.offer_settled(link, by=by, at=at)
            else:
                readers = queries.readers_among(child, [parent.owner_id], people.day_at(by.organisation, at))
                work.offer_contribution(
                    link, child, parent, is_shown=bool(readers), about=by.person, by=by, at=at
                )
            audit.record(
                by=by,
                action="okr.align_objectives" if is_taken else "okr.offer_contribution",
                subject=child,
                changes={"parent": parent, "kind": kind, "share_ppm": share},
                at=at,
            )
    except IntegrityError as error:
        raise ObjectiveRefused(
            _("That would close a circle: it already serves this objective."), code="cycle", field="parent"
        ) from error
    return link


def accept_contribution(*, link: Alignment, by: access.Actor, at: datetime.datetime) -> Alignment:
    """The side of what is served takes an offer: from now on it counts."""
    with transaction.atomic():
        require_open_progress(_require_open(link.child, link.parent))
        locked = progress.lock([link.parent_id, link.child_id])
        link = (
            Alignment.objects.select_for_update(of=("self",))
            .select_related("child", "parent")
            .get(pk=link.pk)
        )
        following.refuse_former_manager(link.parent, by=by, at=at, line=_line_of(link.parent, by, at))
        if not link.is_offer:
            raise ObjectiveRefused(_("This counts already."), code="conflict")
        _require_room(link.parent, link.child, link.share_ppm, link.kind)
        link.accepted_by, link.accepted_at = by.person, at
        link.save(update_fields=list(ACCEPTANCE))
        progress.roll_up(locked, at=at)
        work.offer_settled(link, by=by, at=at)
        audit.record(
            by=by,
            action="okr.accept_contribution",
            subject=link.child,
            changes={"parent": link.parent, "share_ppm": link.share_ppm},
            at=at,
        )
    return link


def part_objectives(*, link: Alignment, by: access.Actor, at: datetime.datetime) -> None:
    """Takes a link back, or declines an offer. What counts towards an objective its own side lets go. Twice is once."""
    with transaction.atomic():
        period = _require_open(link.child, link.parent)
        locked = progress.lock([link.parent_id])
        if not Alignment.objects.select_for_update().filter(pk=link.pk).exists():
            return
        _refuse_changing_what_counts(link.child, link.parent, _takes(link.parent, by, at))
        if _counts(link.child, link.parent).exists():
            require_open_progress(period)
        work.offer_settled(link, by=by, at=at)
        audit.record(
            by=by,
            action="okr.part_objectives",
            subject=link.child,
            changes={"parent": link.parent},
            at=at,
        )
        link.delete()
        progress.roll_up(locked, at=at)


def _takes(parent: Objective, by: access.Actor, at: datetime.datetime) -> bool:
    return rules.can_take_contributions(by, parent, _line_of(parent, by, at))


def _line_of(objective: Objective, by: access.Actor, at: datetime.datetime) -> list[uuid.UUID]:
    return people.line_above(objective.owner_id, people.day_at(by.organisation, at))


def _refuse_changing_what_counts(child: Objective, parent: Objective, is_theirs: bool) -> None:
    if not is_theirs and _counts(child, parent).exists():
        raise ObjectiveRefused(
            _(
                "This counts already. The owner of the objective that it serves, or their manager, changes that."
            ),
            code="counts",
            field="parent",
        )


def _counts(child: Objective, parent: Objective) -> QuerySet[Alignment]:
    """The contribution of one to the other, where it has been taken."""
    links = Alignment.objects.filter(child=child, parent=parent, kind=AlignmentKind.CONTRIBUTES)
    return links.exclude(accepted_at=None)


def _require_open(child: Objective, parent: Objective) -> Any:
    """What serves what is part of the goals: it rests when they are locked, and a draft or a sealed goal takes no
    part in it. The refusal names neither: whoever takes an offer need not see what was offered.
    Returns the period as it is now."""
    period = people.hold_period(child.period_id)
    require_open_goals(period)
    for objective in (child, parent):
        if objective.state in (State.DRAFT, State.CLOSED):
            raise ObjectiveRefused(
                _("A draft or a closed objective serves nothing, and nothing serves it."),
                code="not_standing",
                field="parent",
            )
    return period


def _require_room(parent: Objective, child: Objective, share: int, kind: str) -> None:
    if kind != AlignmentKind.CONTRIBUTES:
        return
    if not 0 < share <= WHOLE_PPM:
        raise ObjectiveRefused(_("A share lies above 0% and up to 100%."), code="share", field="share")
    others = Alignment.objects.filter(parent=parent, kind=kind).exclude(child=child).exclude(accepted_at=None)
    taken = sum(others.values_list("share_ppm", flat=True))
    if taken + share > WHOLE_PPM:
        raise ObjectiveRefused(
            _("The other contributions leave only %(rest)s%% of this objective.")
            % {"rest": formats.number(formats.ppm(WHOLE_PPM - taken))},
            code="share",
            field="share",
        )
